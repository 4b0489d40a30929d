//! Applying descriptions: what each changes. Everything is read and checked before anything
//! changes.

use super::exchange::{Agreed, Exchange};
use super::negotiator::{DataWish, fragments};
use super::read::{Description, MediaSection, TransportAttributes};
use super::step::Outcome;
use super::transceiver::TrackChange;
use super::transports::MAX_TRANSPORTS;
use super::{
    Applied, JsepError, Negotiator, OfferOptions, SdpType, SessionDescription, SignalingState,
};

impl Negotiator {
    /// Applies a local description; `None` makes the fitting one (webrtc-pc section 4.4.2).
    pub fn set_local_description(
        &mut self,
        description: Option<SessionDescription>,
    ) -> Result<Applied, JsepError> {
        self.check_open()?;
        let before = self.signaling_state();
        let fitting = match before {
            SignalingState::HaveRemoteOffer | SignalingState::HaveLocalPrAnswer => SdpType::Answer,
            _ => SdpType::Offer,
        };
        let kind = description.as_ref().map_or(fitting, |given| given.kind);
        if before.after_local(kind).is_none() {
            return Err(JsepError::WrongState {
                side: "local",
                kind,
                state: before,
            });
        }
        if kind == SdpType::Rollback {
            let tracks = self.roll_back();
            return Ok(self.applied(before, Outcome::RolledBack, tracks));
        }
        let description = match description {
            Some(given) if !given.sdp.is_empty() => given,
            _ => self.create(kind)?,
        };
        let offer = self.exchange.remote();
        let offer = offer.filter(|_| kind != SdpType::Offer);
        let mut read = Description::read(&description, offer)?;
        let changed = self.is_changed(&read.sdp);
        let tracks = match offer {
            None => {
                self.place_offer(&mut read);
                read.split_transports()?;
                self.check_local(&read)?;
                for transport in &read.transports {
                    let roles = &mut self.transports.entry(transport.id).roles;
                    roles.on_offer(true, self.config.ice_lite, false);
                }
                let known = self.agreed.as_ref().map(|agreed| &agreed.local);
                let tracks = self.transceivers.on_local(&read, known);
                self.exchange = Exchange::LocalOffer(read);
                tracks
            }
            Some(offer) => {
                read.share_transports(MAX_TRANSPORTS)?;
                self.check_local(&read)?;
                let mut offered = offer.answered_transports(&read.transports)?;
                read.narrow(offer);
                self.place_our_answer(&mut read, &mut offered);
                let tracks = self.transceivers.on_local(&read, None);
                self.answer(read, offered, true);
                tracks
            }
        };
        self.version += u64::from(changed);
        self.write_gathered();
        Ok(self.applied(before, Outcome::of(kind), tracks))
    }

    /// Applies a remote description. An offer that meets ours rolls ours back first.
    pub fn set_remote_description(
        &mut self,
        description: SessionDescription,
    ) -> Result<Applied, JsepError> {
        self.check_open()?;
        let before = self.signaling_state();
        let kind = description.kind;
        // webrtc-pc section 4.4.1.5: the implicit rollback of perfect negotiation.
        let glare = kind == SdpType::Offer && before == SignalingState::HaveLocalOffer;
        let from = if glare {
            SignalingState::Stable
        } else {
            before
        };
        if from.after_remote(kind).is_none() {
            return Err(JsepError::WrongState {
                side: "remote",
                kind,
                state: before,
            });
        }
        if kind == SdpType::Rollback {
            let tracks = self.roll_back();
            return Ok(self.applied(before, Outcome::RolledBack, tracks));
        }
        let offer = self.exchange.local();
        let offer = offer.filter(|_| kind != SdpType::Offer);
        let mut read = Description::read(&description, offer)?;
        read.share_transports(match kind {
            SdpType::Offer => self.most_transports(),
            _ => MAX_TRANSPORTS,
        })?;
        self.check_remote(&read)?;
        let mut outcome = Outcome::of(kind);
        let mut tracks = Vec::new();
        match offer {
            None => {
                if glare {
                    tracks = self.roll_back();
                    outcome = Outcome::RolledBack;
                }
                tracks.extend(self.take_in(&read));
                self.exchange = Exchange::RemoteOffer(read);
            }
            Some(offer) => {
                read.narrow(offer);
                Self::place_peers_answer(offer, &mut read)?;
                let offered = offer.answered_transports(&read.transports)?;
                tracks.extend(self.take_in(&read));
                self.answer(read, offered, false);
            }
        }
        Ok(self.applied(before, outcome, tracks))
    }

    /// What a description of the peer does to transceivers, and the numbers that it gives.
    fn take_in(&mut self, read: &Description) -> Vec<TrackChange> {
        if !read.is_answer() {
            self.numbers = self.agreed_numbers.clone();
        }
        for section in read.sections.iter().filter_map(MediaSection::rtp) {
            self.numbers.learn(section);
        }
        self.transceivers.on_remote(read)
    }

    fn create(&mut self, kind: SdpType) -> Result<SessionDescription, JsepError> {
        let mut created = match kind {
            SdpType::Offer => self.create_offer(&OfferOptions::default())?,
            _ => self.create_answer()?,
        };
        created.kind = kind;
        Ok(created)
    }

    /// Takes an answer to the offer that waits. `offered` is what the offer says of the transports
    /// that the answer makes of it.
    fn answer(&mut self, answer: Description, offered: Vec<TransportAttributes>, by_us: bool) {
        self.settle_roles(&answer, &offered, by_us);
        let offer = std::mem::take(&mut self.exchange).into_offer();
        debug_assert!(offer.is_some(), "the state allowed an answer");
        let Some(mut offer) = offer else { return };
        match (answer.kind, by_us) {
            (SdpType::PrAnswer, true) => {
                offer.transports = offered;
                self.exchange = Exchange::LocalPrAnswer { offer, answer };
            }
            // What we offered stays as it is until the final answer says what is left of it.
            (SdpType::PrAnswer, false) => {
                self.exchange = Exchange::RemotePrAnswer { offer, answer };
            }
            (_, by_us) => {
                offer.transports = offered;
                let (local, remote) = match by_us {
                    true => (answer, offer),
                    false => (offer, answer),
                };
                self.agree(local, remote);
            }
        }
    }

    fn settle_roles(&mut self, answer: &Description, offered: &[TransportAttributes], by_us: bool) {
        let lite = self.config.ice_lite;
        let offer = self.exchange.remote().filter(|_| by_us);
        let peer_is_lite = offer.unwrap_or(answer).lite;
        for (answered, offered) in answer.transports.iter().zip(offered) {
            // An answer for now may have been another peer's.
            let known = (self.exchange.provisional())
                .or_else(|| self.current_remote())
                .and_then(|known| known.transport(answered.id))
                .cloned();
            let roles = &mut self.transports.entry(answered.id).roles;
            if by_us {
                roles.on_offer(false, lite, peer_is_lite);
            } else if peer_is_lite {
                roles.on_lite_answer(lite);
            }
            let peer = if by_us { offered } else { answered };
            roles.on_answer(by_us, answered.setup, known.as_ref(), peer);
        }
    }

    fn agree(&mut self, mut local: Description, mut remote: Description) {
        local.settle();
        remote.settle();
        let agreed = Agreed { local, remote };
        self.renewal.settle(fragments(&agreed.local));
        if self.data == DataWish::Wanted && agreed.peer_declined_data() {
            self.data = DataWish::Declined;
        }
        self.agreed = Some(agreed);
        self.agreed_numbers = self.numbers.clone();
        self.transceivers.settle();
    }

    /// RFC 9429 section 4.1.10.2: as if the offer had never been.
    fn roll_back(&mut self) -> Vec<TrackChange> {
        let theirs = matches!(self.exchange, Exchange::RemoteOffer(_));
        self.exchange = Exchange::Stable;
        self.numbers = self.agreed_numbers.clone();
        self.transceivers.roll_back(theirs)
    }

    fn applied(
        &mut self,
        before: SignalingState,
        outcome: Outcome,
        tracks: Vec<TrackChange>,
    ) -> Applied {
        Applied {
            steps: self.steps(outcome),
            tracks,
            signaling_state_changed: before != self.signaling_state(),
        }
    }
}
