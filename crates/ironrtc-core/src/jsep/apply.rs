//! Applying descriptions: what each changes. Everything is read and checked before anything
//! changes.

use super::exchange::{Agreed, Exchange};
use super::negotiator::{DataWish, local_fragment};
use super::read::Description;
use super::step::Outcome;
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
        let description = match description {
            Some(given) if !given.sdp.is_empty() || given.kind == SdpType::Rollback => given,
            Some(given) => self.create(given.kind)?,
            None => {
                let answering = matches!(
                    before,
                    SignalingState::HaveRemoteOffer | SignalingState::HaveLocalPrAnswer
                );
                self.create(if answering {
                    SdpType::Answer
                } else {
                    SdpType::Offer
                })?
            }
        };
        let kind = description.kind;
        if before.after_local(kind).is_none() {
            return Err(JsepError::WrongState {
                side: "local",
                kind,
                state: before,
            });
        }
        if kind == SdpType::Rollback {
            self.roll_back();
            return Ok(self.applied(before, Outcome::RolledBack));
        }
        let offer = self.exchange.remote();
        let offer = offer.filter(|_| kind != SdpType::Offer);
        let mut read = Description::read(&description, offer)?;
        self.check_local(&read)?;
        self.gathered.write_into(&mut read);
        if kind == SdpType::Offer {
            self.roles.on_offer(true, self.config.ice_lite, false);
            self.exchange = Exchange::LocalOffer(read);
        } else {
            self.answer(read, true);
        }
        Ok(self.applied(before, Outcome::of(kind)))
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
            self.roll_back();
            return Ok(self.applied(before, Outcome::RolledBack));
        }
        let offer = self.exchange.local();
        let offer = offer.filter(|_| kind != SdpType::Offer);
        let read = Description::read(&description, offer)?;
        self.check_remote(&read)?;
        let mut outcome = Outcome::of(kind);
        if glare {
            self.roll_back();
            outcome = Outcome::RolledBack;
        }
        if kind == SdpType::Offer {
            self.roles.on_offer(false, self.config.ice_lite, read.lite);
            self.exchange = Exchange::RemoteOffer(read);
        } else {
            if read.lite {
                self.roles.on_lite_answer(self.config.ice_lite);
            }
            self.answer(read, false);
        }
        Ok(self.applied(before, outcome))
    }

    fn create(&mut self, kind: SdpType) -> Result<SessionDescription, JsepError> {
        let mut created = match kind {
            SdpType::Offer => self.create_offer(&OfferOptions::default())?,
            _ => self.create_answer()?,
        };
        created.kind = kind;
        Ok(created)
    }

    /// Takes an answer to the offer that waits.
    fn answer(&mut self, answer: Description, by_us: bool) {
        // An answer for now may have been another peer's.
        let known = self
            .exchange
            .provisional()
            .or_else(|| self.current_remote());
        let known = known.and_then(|known| known.transport.clone());
        let offer = std::mem::take(&mut self.exchange).into_offer();
        debug_assert!(offer.is_some(), "the state allowed an answer");
        let Some(offer) = offer else { return };
        let theirs = if by_us { &offer } else { &answer };
        if let Some(transport) = &answer.transport {
            let peer = theirs.transport.as_ref();
            self.roles
                .on_answer(by_us, transport.setup, known.as_ref(), peer);
        }
        match (answer.kind, by_us) {
            (SdpType::PrAnswer, true) => {
                self.exchange = Exchange::LocalPrAnswer { offer, answer };
            }
            (SdpType::PrAnswer, false) => {
                self.exchange = Exchange::RemotePrAnswer { offer, answer };
            }
            (_, true) => self.agree(answer, offer),
            (_, false) => self.agree(offer, answer),
        }
    }

    fn agree(&mut self, local: Description, remote: Description) {
        let agreed = Agreed { local, remote };
        self.renewal.settle(local_fragment(&agreed.local));
        if self.data == DataWish::Wanted && agreed.peer_declined_data() {
            self.data = DataWish::Declined;
        }
        if !agreed.connects() {
            self.roles.on_declined();
        }
        self.agreed = Some(agreed);
    }

    /// RFC 9429 section 4.1.10.2: as if the offer had never been.
    fn roll_back(&mut self) {
        self.exchange = Exchange::Stable;
        if self.agreed.is_none() {
            self.roles.on_withdrawn();
        }
    }

    fn applied(&mut self, before: SignalingState, outcome: Outcome) -> Applied {
        Applied {
            steps: self.steps(outcome),
            signaling_state_changed: before != self.signaling_state(),
        }
    }
}
