//! Whether a description fits what was described before.

use super::error::LocalChange;
use super::exchange::Agreed;
use super::media::agree_to_send;
use super::read::{Content, Description, MediaSection};
use super::{Direction, JsepError, Mid, Negotiator, SdpType};
use crate::wire::sdp::Media;

impl Negotiator {
    /// A local description may be changed by the application, within what it is about.
    pub(super) fn check_local(&self, read: &Description) -> Result<(), JsepError> {
        if read.kind == SdpType::Offer {
            let known = self.current_local().map_or(0, |local| local.sections.len());
            if read.sections.len() < known {
                return Err(JsepError::NotCreated(LocalChange::SectionsRemoved));
            }
            let agreed = self.agreed.as_ref();
            if agreed
                .and_then(|agreed| agreed.replaced(&agreed.local, read))
                .is_some()
            {
                return Err(JsepError::NotCreated(LocalChange::SectionReplaced));
            }
        } else if let Some(offer) = self.exchange.remote() {
            check_count(offer, read)?;
            let beyond = offer
                .sections
                .iter()
                .zip(&read.sections)
                .any(|(o, a)| !o.used && a.content != Content::Rejected);
            if beyond {
                return Err(JsepError::NotCreated(LocalChange::BeyondOffer));
            }
        }
        for transport in &read.transports {
            // What the peer is told follows the grammar, whoever wrote it.
            if transport.credentials.validate().is_err() {
                return Err(JsepError::NotCreated(LocalChange::Credentials));
            }
            if !(transport.fingerprints.iter()).all(|f| self.config.fingerprints.contains(f)) {
                return Err(JsepError::NotCreated(LocalChange::Fingerprint));
            }
        }
        Ok(())
    }

    pub(super) fn check_remote(&self, read: &Description) -> Result<(), JsepError> {
        if read.kind == SdpType::Offer {
            let known = self
                .current_remote()
                .map_or(0, |remote| remote.sections.len());
            if read.sections.len() < known {
                return Err(JsepError::SectionsRemoved {
                    known,
                    offered: read.sections.len(),
                });
            }
            let agreed = self.agreed.as_ref();
            if let Some(mid) = agreed.and_then(|agreed| agreed.replaced(&agreed.remote, read)) {
                return Err(JsepError::SectionReplaced(mid.clone()));
            }
        } else if let Some(offer) = self.exchange.local() {
            check_count(offer, read)?;
            let kinds = offer.sdp.media.iter().zip(&read.sdp.media);
            let sections = offer.sections.iter().zip(&read.sections).zip(kinds);
            for ((ours, theirs), (our_media, media)) in sections {
                let fits = ours.used && ours.mid == theirs.mid && our_media.kind == media.kind;
                if theirs.used && !fits {
                    return Err(JsepError::SectionMismatch(theirs.mid.clone()));
                }
                check_media(ours, theirs, media)?;
            }
        }
        self.check_sctp_port(read)
    }

    /// RFC 8841 section 10.3: an association keeps its ports. Another port would ask for another
    /// association; to have one, the data section is declined and offered anew, or DTLS restarts.
    fn check_sctp_port(&self, read: &Description) -> Result<(), JsepError> {
        let (local, remote) = self.in_force();
        let known = remote
            .filter(|_| local.is_some_and(|local| local.data().is_some()))
            .and_then(|remote| Some((remote.data()?, remote.data_transport()?)));
        let new = read
            .data()
            .and_then(|data| Some((data, read.data_transport()?)));
        if let (Some((known, before)), Some((new, after))) = (known, new)
            && known.sctp_port != new.sctp_port
            && before.shares_certificate(after)
        {
            return Err(JsepError::SctpPortChanged {
                from: known.sctp_port,
                to: new.sctp_port,
            });
        }
        Ok(())
    }
}

/// What is not declined has to be usable: taking it for declined would leave both sides with
/// another idea of the session.
fn check_media(ours: &MediaSection, theirs: &MediaSection, media: &Media) -> Result<(), JsepError> {
    let Some(offered) = ours.rtp() else {
        return Ok(());
    };
    let mid = || theirs.mid.clone();
    match &theirs.content {
        Content::Unknown if media.port != 0 => match media.section.has("rtcp-mux") {
            false => Err(JsepError::RtcpMux(mid())),
            true => Err(JsepError::SectionMismatch(mid())),
        },
        Content::Rtp(answered) => {
            let most = offered.direction.reversed();
            let flows = answered.direction.intersection(most) != Direction::Inactive;
            let common = agree_to_send(&offered.codecs, &answered.codecs);
            match flows && !offered.codecs.is_empty() && common.is_empty() {
                true => Err(JsepError::NoCommonCodec(mid())),
                false => Ok(()),
            }
        }
        _ => Ok(()),
    }
}

impl Agreed {
    /// The section of the side that has `known`, whose place an offer gives to another although
    /// neither side has rejected it. A side that has left out its names may begin to say them.
    fn replaced<'a>(&self, known: &'a Description, offer: &Description) -> Option<&'a Mid> {
        let both = self.local.sections.iter().zip(&self.remote.sections);
        let places = both.zip(known.sections.iter().zip(&offer.sections));
        let kinds = known.sdp.media.iter().zip(&offer.sdp.media);
        for (((ours, theirs), (before, after)), (old, new)) in places.zip(kinds) {
            let goes_on = ours.used && theirs.used && after.content != Content::Rejected;
            let named = before.named && after.named;
            if goes_on && ((named && before.mid != after.mid) || old.kind != new.kind) {
                return Some(&before.mid);
            }
        }
        None
    }
}

fn check_count(offer: &Description, answer: &Description) -> Result<(), JsepError> {
    let (offered, answered) = (offer.sections.len(), answer.sections.len());
    if offered == answered {
        Ok(())
    } else {
        Err(JsepError::SectionCount { offered, answered })
    }
}
