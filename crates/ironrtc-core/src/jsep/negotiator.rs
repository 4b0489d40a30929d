//! Offer and answer of one connection: what there is, and what applications read of it.

use super::exchange::{Agreed, Exchange};
use super::media::Numbers;
use super::read::Description;
use super::renewal::Renewal;
use super::transceiver::Transceivers;
use super::transports::Transports;
use super::{JsepConfig, JsepError, Mid, SessionDescription, SignalingState};
use crate::ice::Ufrag;
use crate::rng::Rng;

/// Whether offers have a section for data channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DataWish {
    /// No channel was made.
    None,
    /// One was made, and offers ask for it.
    Wanted,
    /// The peer declined it. Offers still ask, but no offer is made for it alone until another
    /// channel is.
    Declined,
}

/// Offer and answer of one connection.
#[derive(Clone, Debug)]
pub struct Negotiator {
    pub(super) config: JsepConfig,
    pub(super) rng: Rng,
    pub(super) session_id: u64,
    /// That of our last description (`o=`).
    pub(super) version: u64,
    pub(super) closed: bool,
    pub(super) exchange: Exchange,
    pub(super) agreed: Option<Agreed>,
    pub(super) data: DataWish,
    pub(super) renewal: Renewal,
    pub(super) transports: Transports,
    pub(super) transceivers: Transceivers,
    /// Payload types and extensions.
    pub(super) numbers: Numbers,
    /// Those of completed exchanges: what an offer that was taken back has drafted binds nobody.
    pub(super) agreed_numbers: Numbers,
}

impl Negotiator {
    /// A negotiator in the state `stable`.
    pub fn new(config: JsepConfig, mut rng: Rng) -> Self {
        // RFC 9429 section 5.2.1: 63 random bits.
        let session_id = rng.u64() >> 1;
        let transceivers = Transceivers::new(rng.fork());
        Self {
            config,
            session_id,
            rng,
            version: 0,
            closed: false,
            exchange: Exchange::Stable,
            agreed: None,
            data: DataWish::None,
            renewal: Renewal::default(),
            transports: Transports::default(),
            transceivers,
            numbers: Numbers::default(),
            agreed_numbers: Numbers::default(),
        }
    }

    /// A data channel was made: the next offer has a data section.
    pub fn add_data_channel(&mut self) {
        self.data = DataWish::Wanted;
    }

    /// The next offer restarts ICE.
    pub fn restart_ice(&mut self) {
        // Without a transport there is nothing to restart. An offer that is under way is not what
        // was asked for: what it announced may be what no longer works.
        let known = [self.current_local(), self.exchange.local()];
        let fragments = known.into_iter().flatten().flat_map(fragments);
        self.renewal.ask(fragments.cloned().collect());
    }

    /// Ends everything.
    pub fn close(&mut self) {
        self.closed = true;
    }

    /// The signalling state.
    pub fn signaling_state(&self) -> SignalingState {
        if self.closed {
            SignalingState::Closed
        } else {
            self.exchange.state()
        }
    }

    /// Whether the peer can trickle, once that is known.
    pub fn can_trickle_ice_candidates(&self) -> Option<bool> {
        self.remote().map(|description| description.trickle)
    }

    /// Whether an exchange is needed (webrtc-pc section 4.7.3).
    pub fn negotiation_needed(&self) -> bool {
        let has_data = self.agreed.as_ref().is_some_and(Agreed::has_data);
        let (local, remote) = (self.current_local(), self.current_remote());
        !self.closed
            && (self.renewal.is_asked()
                || (self.data == DataWish::Wanted && !has_data)
                || self.transceivers.need_negotiation(local, remote))
    }

    /// The identification tag of the data section, in our description or else in the peer's.
    pub fn data_mid(&self) -> Option<&Mid> {
        [
            self.exchange.local(),
            self.current_local(),
            self.exchange.remote(),
            self.current_remote(),
        ]
        .into_iter()
        .flatten()
        .find_map(Description::data_mid)
    }

    /// The local description of the last completed exchange.
    pub fn current_local_description(&self) -> Option<SessionDescription> {
        self.current_local().map(Description::to_description)
    }

    /// The local description of the exchange under way.
    pub fn pending_local_description(&self) -> Option<SessionDescription> {
        self.exchange.local().map(Description::to_description)
    }

    /// The remote description of the last completed exchange.
    pub fn current_remote_description(&self) -> Option<SessionDescription> {
        self.current_remote().map(Description::to_description)
    }

    /// The remote description of the exchange under way.
    pub fn pending_remote_description(&self) -> Option<SessionDescription> {
        self.exchange.remote().map(Description::to_description)
    }

    /// The local description, pending if there is one.
    pub fn local_description(&self) -> Option<SessionDescription> {
        self.local().map(Description::to_description)
    }

    /// The remote description, pending if there is one.
    pub fn remote_description(&self) -> Option<SessionDescription> {
        self.remote().map(Description::to_description)
    }

    pub(super) fn current_local(&self) -> Option<&Description> {
        self.agreed.as_ref().map(|agreed| &agreed.local)
    }

    pub(super) fn current_remote(&self) -> Option<&Description> {
        self.agreed.as_ref().map(|agreed| &agreed.remote)
    }

    /// Our last description, pending if there is one.
    pub(super) fn local(&self) -> Option<&Description> {
        self.exchange.local().or_else(|| self.current_local())
    }

    /// The peer's last description, pending if there is one.
    pub(super) fn remote(&self) -> Option<&Description> {
        self.exchange.remote().or_else(|| self.current_remote())
    }

    pub(super) const fn check_open(&self) -> Result<(), JsepError> {
        if self.closed {
            Err(JsepError::Closed)
        } else {
            Ok(())
        }
    }
}

/// The username fragments of a description of ours.
pub(super) fn fragments(description: &Description) -> impl Iterator<Item = &Ufrag> {
    let transports = description.transports.iter();
    transports.map(|transport| transport.credentials.ufrag())
}
