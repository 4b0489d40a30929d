//! Making answers (RFC 9429 section 5.3).

use super::exchange::Exchange;
use super::read::{Content, Description, TransportAttributes};
use super::write::{is_one_line, rejected};
use super::{JsepError, Mid, Negotiator, SessionDescription, Setup, SignalingState};
use crate::dtls;
use crate::ice::Credentials;
use crate::wire::sdp::Media;

impl Negotiator {
    /// An answer to the peer's offer. The same state gives the same answer.
    pub fn create_answer(&mut self) -> Result<SessionDescription, JsepError> {
        self.check_open()?;
        let offer = self.offer_to_answer()?;
        let connect = match &offer.transport {
            Some(transport) => {
                let (known, setup) = (self.known_credentials(transport), transport.setup);
                let credentials = known.unwrap_or_else(|| self.renewal.draft(&mut self.rng));
                Some((credentials, self.answer_setup(setup)))
            }
            None => None,
        };
        let mut sdp = self.new_sdp();
        let mut bundle = Vec::new();
        let offer = self.offer_to_answer()?;
        for (media, section) in offer.sdp.media.iter().zip(&offer.sections) {
            // RFC 9429 section 5.3.1: a mid if, and only if, the offer has one.
            let mid = section.named.then_some(&section.mid);
            let answer = match (&connect, &section.content) {
                (Some((credentials, setup)), Content::Data(_)) if section.used => {
                    self.data_answer(media, mid, credentials, *setup)
                }
                (Some((credentials, setup)), Content::Rtp(rtp)) if section.used => {
                    self.rtp_media(media, rtp, mid, credentials, *setup)
                }
                _ => rejected(media, mid),
            };
            sdp.media.push(answer);
        }
        // RFC 9143 section 7.3: only what was offered as a bundle is answered as one, in its order,
        // so that the section that owns the transport stays the first.
        if let Some(transport) = offer.transport.as_ref().filter(|t| t.bundled) {
            let members = transport.members.iter();
            let mids = members.filter_map(|index| Some(offer.sections.get(*index)?.mid.clone()));
            bundle.extend(mids);
        }
        self.finish(sdp, &bundle).map(SessionDescription::answer)
    }

    fn offer_to_answer(&self) -> Result<&Description, JsepError> {
        let answering = matches!(
            self.exchange,
            Exchange::RemoteOffer(_) | Exchange::LocalPrAnswer { .. }
        );
        (self.exchange.remote())
            .filter(|_| answering)
            .ok_or_else(|| JsepError::NothingToAnswer(self.signaling_state()))
    }

    fn data_answer(
        &self,
        offered: &Media,
        mid: Option<&Mid>,
        credentials: &Credentials,
        setup: Setup,
    ) -> Media {
        let mut answer = self.data_media(mid, credentials, setup);
        // RFC 3264 section 6: the protocol and the formats are those of the offer.
        answer.protocol.clone_from(&offered.protocol);
        answer.formats.clone_from(&offered.formats);
        if let Some((_, map)) = offered.section.attribute("sctpmap")
            && is_one_line(map)
        {
            answer.section.push_attribute("sctpmap", map);
        }
        answer
    }

    /// Our present credentials, unless the peer restarts ICE: RFC 8445 section 9 has that answered
    /// with new ones.
    fn known_credentials(&self, offered: &TransportAttributes) -> Option<Credentials> {
        let peer = self.current_remote();
        let peer = peer.and_then(|peer| peer.transport.as_ref());
        let ours = self.local()?.transport.as_ref()?.credentials.clone();
        let answered_before = self.signaling_state() == SignalingState::HaveLocalPrAnswer;
        let same = peer.is_some_and(|peer| peer.credentials == offered.credentials);
        (answered_before || same).then_some(ours)
    }

    /// RFC 8842 section 5.3: active if we may choose, and an existing association keeps its roles.
    fn answer_setup(&self, offered: Option<Setup>) -> Setup {
        match (offered, self.roles.dtls()) {
            (Some(Setup::Active), _) => Setup::Passive,
            (Some(Setup::Passive), _) => Setup::Active,
            (_, Some(dtls::Role::Server)) => Setup::Passive,
            _ => Setup::Active,
        }
    }
}
