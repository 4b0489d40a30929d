//! Making answers (RFC 9429 section 5.3).

use super::exchange::Exchange;
use super::media;
use super::read::{Content, Description, RtpSection, TransportAttributes};
use super::transports::MAX_TRANSPORTS;
use super::write::{RtpLines, is_one_line, rejected};
use super::{BundlePolicy, JsepError, Mid, Negotiator, SessionDescription, Setup, SignalingState};
use crate::dtls;
use crate::ice::Credentials;
use crate::transport::TransportId;
use crate::wire::sdp::Media;

impl Negotiator {
    /// An answer to the peer's offer. The same state gives the same answer.
    pub fn create_answer(&mut self) -> Result<SessionDescription, JsepError> {
        self.check_open()?;
        let transports = self.transports_to_answer()?;
        let places = self.places_of_answer(&transports);
        let mut connect = Vec::new();
        for (id, offered) in places.into_iter().zip(&transports) {
            let known = self.known_credentials(id, offered);
            let credentials = known.unwrap_or_else(|| self.renewal.draft(&mut self.rng));
            connect.push((credentials, self.answer_setup(id, offered.setup)));
        }
        let mut sdp = self.new_sdp();
        let offer = self.offer_to_answer()?;
        let mut over = vec![None; offer.sections.len()];
        for (transport, connect) in transports.iter().zip(&connect) {
            for index in &transport.members {
                if let Some(over) = over.get_mut(*index) {
                    *over = Some(connect);
                }
            }
        }
        let mut taken = Vec::with_capacity(offer.sections.len());
        for ((media, section), over) in offer.sdp.media.iter().zip(&offer.sections).zip(over) {
            // RFC 9429 section 5.3.1: a mid if, and only if, the offer has one.
            let mid = section.named.then_some(&section.mid);
            let answer = match (over, &section.content) {
                (Some((credentials, setup)), Content::Data(_)) => {
                    self.data_answer(media, mid, credentials, *setup)
                }
                (Some((credentials, setup)), Content::Rtp(rtp)) => {
                    let lines = self.answer_lines(&section.mid, rtp);
                    let accept = |lines| {
                        let protocol = &media.protocol;
                        self.rtp_media(&lines, rtp.kind, protocol, mid, credentials, *setup)
                    };
                    lines.map_or_else(|| rejected(media, mid), accept)
                }
                _ => rejected(media, mid),
            };
            taken.push(answer.port != 0);
            sdp.media.push(answer);
        }
        // RFC 9143 section 7.3: only what was offered as a bundle is answered as one, in its order,
        // so that the section that owns the transport stays the first.
        let mids = |transport: &TransportAttributes| {
            let members = transport.members.iter();
            members
                .filter(|index| taken.get(**index) == Some(&true))
                .filter_map(|index| Some(offer.sections.get(*index)?.mid.clone()))
                .collect()
        };
        let bundles: Vec<Vec<Mid>> = (transports.iter().filter(|transport| transport.bundled))
            .map(mids)
            .filter(|bundle: &Vec<Mid>| !bundle.is_empty())
            .collect();
        self.finish(sdp, &bundles).map(SessionDescription::answer)
    }

    /// What we answer to a section of media; `None` if it is rejected: its transceiver was stopped,
    /// or both sides have no codec in common (RFC 9429 section 5.3.1).
    fn answer_lines(&self, mid: &Mid, offered: &RtpSection) -> Option<RtpLines> {
        let transceiver = self.transceivers.of(mid)?;
        if transceiver.is_stopping() {
            return None;
        }
        let cname = self.transceivers.cname();
        media::answer_lines(transceiver, offered, &self.config.media, cname)
    }

    /// The transports that the offer asks for, whatever we have answered for now.
    fn transports_to_answer(&self) -> Result<Vec<TransportAttributes>, JsepError> {
        let offer = self.offer_to_answer()?;
        match self.exchange {
            Exchange::RemoteOffer(_) => Ok(offer.transports.clone()),
            _ => offer.shared_transports(self.most_transports()),
        }
    }

    /// RFC 9429 section 5.3.1: beside the first transport of max-bundle there is none.
    pub(super) const fn most_transports(&self) -> usize {
        match self.config.bundle_policy {
            BundlePolicy::MaxBundle => 1,
            _ => MAX_TRANSPORTS,
        }
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
    fn known_credentials(
        &self,
        id: TransportId,
        offered: &TransportAttributes,
    ) -> Option<Credentials> {
        let peer = self.current_remote().and_then(|peer| peer.transport(id));
        let ours = self.local()?.transport(id)?.credentials.clone();
        let answered_before = self.signaling_state() == SignalingState::HaveLocalPrAnswer;
        let same = peer.is_some_and(|peer| peer.credentials == offered.credentials);
        (answered_before || same).then_some(ours)
    }

    /// RFC 8842 section 5.3: active if we may choose, and an existing association keeps its roles.
    fn answer_setup(&self, id: TransportId, offered: Option<Setup>) -> Setup {
        let role = self.transports.get(id).and_then(|state| state.roles.dtls());
        match (offered, role) {
            (Some(Setup::Active), _) => Setup::Passive,
            (Some(Setup::Passive), _) => Setup::Active,
            (_, Some(dtls::Role::Server)) => Setup::Passive,
            _ => Setup::Active,
        }
    }
}
