//! Making answers (RFC 9429 section 5.3).

use super::media::{Description, MediaSection};
use super::offer::rejected;
use super::{JsepError, Negotiator, SessionDescription, Setup, SignalingState};
use crate::dtls;
use crate::ice::Credentials;

impl Negotiator {
    /// An answer to the peer's offer. The same state gives the same answer.
    pub fn create_answer(&mut self) -> Result<SessionDescription, JsepError> {
        self.check_open()?;
        let answering = matches!(
            self.state,
            SignalingState::HaveRemoteOffer | SignalingState::HaveLocalPrAnswer
        );
        let Some(offer) = self.pending_remote.clone().filter(|_| answering) else {
            return Err(JsepError::NothingToAnswer(self.state));
        };
        let mut sdp = self.new_sdp();
        let mut bundle = Vec::new();
        let accepted = offer.sections.iter().position(|section| section.data);
        for (index, (media, section)) in offer.sdp.media.iter().zip(&offer.sections).enumerate() {
            if Some(index) != accepted {
                sdp.media.push(rejected(media, &section.mid));
                continue;
            }
            let credentials = self.answer_credentials(section);
            let mut answer =
                self.data_media(&section.mid, &credentials, self.answer_setup(section));
            // RFC 3264 section 6: the protocol and the formats are those of the offer.
            answer.protocol.clone_from(&media.protocol);
            answer.formats.clone_from(&media.formats);
            if let Some((_, map)) = media.section.attribute("sctpmap") {
                answer.section.push_attribute("sctpmap", map);
            }
            sdp.media.push(answer);
            // RFC 9143 section 7.3: only what was offered as a bundle is answered as one.
            if offer.bundle.contains(&section.mid) {
                bundle.push(section.mid.clone());
            }
        }
        self.finish(sdp, &bundle).map(SessionDescription::answer)
    }

    /// RFC 8445 section 9: the peer's restart is answered with new credentials.
    fn answer_credentials(&mut self, offered: &MediaSection) -> Credentials {
        let fragment = |section: &MediaSection| section.credentials.clone().map(|c| c.ufrag);
        let known = self
            .current_remote
            .as_ref()
            .and_then(Description::data)
            .and_then(fragment);
        let ours = self.pending_local.as_ref().or(self.current_local.as_ref());
        let ours = ours
            .and_then(Description::data)
            .and_then(|data| data.credentials.clone());
        let answered_before = self.state == SignalingState::HaveLocalPrAnswer;
        match ours {
            Some(ours) if answered_before || known == fragment(offered) => ours,
            _ => self.draft_credentials(),
        }
    }

    /// RFC 8842 section 5.3: active if we may choose, and an existing association keeps its roles.
    fn answer_setup(&self, offered: &MediaSection) -> Setup {
        match (offered.setup, self.dtls_role) {
            (Some(Setup::Active), _) => Setup::Passive,
            (Some(Setup::Passive), _) => Setup::Active,
            (_, Some(dtls::Role::Server)) => Setup::Passive,
            _ => Setup::Active,
        }
    }
}
