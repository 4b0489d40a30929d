//! Whether a description fits what was described before.

use super::error::LocalChange;
use super::read::{Content, Description};
use super::{JsepError, Negotiator, SdpType};

impl Negotiator {
    /// A local description may be changed by the application, within what it is about.
    pub(super) fn check_local(&self, read: &Description) -> Result<(), JsepError> {
        if read.kind == SdpType::Offer {
            let known = self.current_local().map_or(0, |local| local.sections.len());
            if read.sections.len() < known {
                return Err(JsepError::NotCreated(LocalChange::SectionsRemoved));
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
        } else if let Some(offer) = self.exchange.local() {
            check_count(offer, read)?;
            let kinds = offer.sdp.media.iter().zip(&read.sdp.media);
            let sections = offer.sections.iter().zip(&read.sections).zip(kinds);
            for ((ours, theirs), (our_media, media)) in sections {
                let fits = ours.used && ours.mid == theirs.mid && our_media.kind == media.kind;
                if theirs.used && !fits {
                    return Err(JsepError::SectionMismatch(theirs.mid.clone()));
                }
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

fn check_count(offer: &Description, answer: &Description) -> Result<(), JsepError> {
    let (offered, answered) = (offer.sections.len(), answer.sections.len());
    if offered == answered {
        Ok(())
    } else {
        Err(JsepError::SectionCount { offered, answered })
    }
}
