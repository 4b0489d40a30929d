//! Making offers (RFC 9429 section 5.2).

use super::negotiator::DataWish;
use super::read::{Content, Description};
use super::write::rejected;
use super::{JsepError, Mid, Negotiator, OfferOptions, SessionDescription, Setup};

impl Negotiator {
    /// An offer for the present state. The same state gives the same offer.
    pub fn create_offer(
        &mut self,
        options: &OfferOptions,
    ) -> Result<SessionDescription, JsepError> {
        self.check_open()?;
        let present = self.local().and_then(|base| base.transport.as_ref());
        let present = present.map(|transport| transport.credentials.clone());
        let credentials = self.renewal.offer(
            &mut self.rng,
            present.as_ref(),
            self.exchange.local().is_some(),
            options.ice_restart,
        );
        let mut sdp = self.new_sdp();
        let base = self.local();
        let mut kept = Vec::new();
        let mut data = false;
        for (index, (section, media)) in base
            .iter()
            .flat_map(|base| base.sections.iter().zip(&base.sdp.media).enumerate())
        {
            let mid = Some(&section.mid);
            let keep = section.used && !self.declined(index);
            sdp.media.push(match &section.content {
                Content::Data(_) if keep => {
                    data = true;
                    self.data_media(mid, &credentials, Setup::ActPass)
                }
                Content::Rtp(rtp) if keep => {
                    self.rtp_media(media, rtp, mid, &credentials, Setup::ActPass)
                }
                _ => rejected(media, mid),
            });
            if keep {
                kept.push(index);
            }
        }
        let mut bundle = self.bundle_of(&kept);
        let wanted = self.data != DataWish::None || self.config.always_negotiate_data_channels;
        if wanted && !data {
            let mid = self.fresh_mid(base);
            let media = self.data_media(Some(&mid), &credentials, Setup::ActPass);
            bundle.push(mid);
            // RFC 9429 section 5.2.2: a section that both sides know as rejected is used again.
            match sdp.media.iter_mut().find(|media| media.port == 0) {
                Some(free) => *free = media,
                None => sdp.media.push(media),
            }
        }
        self.finish(sdp, &bundle).map(SessionDescription::offer)
    }

    /// The tags of the sections that are kept, with the owner of the transport first.
    fn bundle_of(&self, kept: &[usize]) -> Vec<Mid> {
        let members = self
            .local()
            .and_then(|base| Some((base, base.transport.as_ref()?)));
        let Some((base, transport)) = members else {
            return Vec::new();
        };
        (transport.members.iter())
            .filter(|index| kept.binary_search(index).is_ok())
            .filter_map(|index| Some(base.sections.get(*index)?.mid.clone()))
            .collect()
    }

    /// Whether the peer has declined our section in the last completed exchange.
    fn declined(&self, index: usize) -> bool {
        let peer = self
            .current_remote()
            .and_then(|remote| remote.sections.get(index));
        self.exchange.local().is_none() && peer.is_some_and(|peer| !peer.used)
    }

    fn fresh_mid(&self, base: Option<&Description>) -> Mid {
        let known: Vec<&Mid> = base
            .into_iter()
            .chain(self.remote())
            .flat_map(|description| description.sections.iter().map(|s| &s.mid))
            .collect();
        // There are at most as many tags in use as sections are allowed.
        (0..=known.len())
            .map(Mid::from)
            .find(|mid| !known.contains(&mid))
            .unwrap_or_else(|| known.len().into())
    }
}
