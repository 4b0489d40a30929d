//! The signalling state machine: what each description changes.

use super::media::Description;
use super::step::Outcome;
use super::{Applied, JsepError, SdpType, SessionDescription, SignalingState};
use crate::dtls::{self, Fingerprint};
use crate::ice::{self, Candidate, Credentials};
use crate::rng::Rng;
use crate::setters::setters;
use crate::transport::TransportPlan;
use crate::words::words;

/// How sections share transports (`RTCBundlePolicy`). With one data section all are alike; the
/// policy decides once there is media.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BundlePolicy {
    /// One transport per kind of media if the peer does not bundle.
    #[default]
    Balanced,
    /// One transport per section if the peer does not bundle.
    MaxCompat,
    /// One transport.
    MaxBundle,
}

words!(BundlePolicy, "bundle policy", {
    Balanced => "balanced",
    MaxCompat => "max-compat",
    MaxBundle => "max-bundle",
});

/// Settings of a negotiator.
#[derive(Clone, Debug)]
pub struct JsepConfig {
    /// How sections share transports.
    pub bundle_policy: BundlePolicy,
    /// Our certificate's fingerprints. Descriptions say the one under SHA-256, if it is here.
    pub fingerprints: Vec<Fingerprint>,
    /// Offer a data section even before a channel was made.
    pub always_negotiate_data_channels: bool,
    /// The largest message that we accept, in bytes; 0 for any size.
    pub max_message_size: u64,
    /// We only answer checks (RFC 8445 section 2.5).
    pub ice_lite: bool,
}

/// Options of `create_offer`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct OfferOptions {
    /// Restart ICE with this offer.
    pub ice_restart: bool,
}

setters!(OfferOptions { ice_restart: bool });

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
    pub(super) version: u64,
    pub(super) state: SignalingState,
    pub(super) current_local: Option<Description>,
    pub(super) pending_local: Option<Description>,
    pub(super) current_remote: Option<Description>,
    pub(super) pending_remote: Option<Description>,
    /// What the transport was told to do, while it is in use.
    pub(super) told: Option<TransportPlan>,
    pub(super) data: DataWish,
    /// `[[LocalIceCredentialsToReplace]]` (webrtc-pc section 4.4.3), as username fragments.
    pub(super) to_replace: Vec<String>,
    /// Credentials of a description that was created and is not in force yet.
    pub(super) draft: Option<Credentials>,
    pub(super) ice_role: Option<ice::Role>,
    pub(super) dtls_role: Option<dtls::Role>,
    /// The generation that `gathered` belongs to.
    pub(super) gathered_for: Option<String>,
    pub(super) gathered: Vec<Candidate>,
    pub(super) gathering_complete: bool,
}

impl Negotiator {
    /// A negotiator in the state `stable`.
    pub fn new(config: JsepConfig, mut rng: Rng) -> Self {
        Self {
            config,
            // RFC 9429 section 5.2.1: 63 random bits.
            session_id: rng.u64() >> 1,
            rng,
            version: 0,
            state: SignalingState::Stable,
            current_local: None,
            pending_local: None,
            current_remote: None,
            pending_remote: None,
            told: None,
            data: DataWish::None,
            to_replace: Vec::new(),
            draft: None,
            ice_role: None,
            dtls_role: None,
            gathered_for: None,
            gathered: Vec::new(),
            gathering_complete: false,
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
        self.to_replace = [&self.current_local, &self.pending_local]
            .into_iter()
            .flatten()
            .filter_map(local_fragment)
            .collect();
        if let Some(draft) = &self.draft
            && self.to_replace.contains(&draft.ufrag)
        {
            self.draft = None;
        }
    }

    /// Ends everything.
    pub fn close(&mut self) {
        self.state = SignalingState::Closed;
    }

    /// The signalling state.
    pub fn signaling_state(&self) -> SignalingState {
        self.state
    }

    /// Whether the peer can trickle, once that is known.
    pub fn can_trickle_ice_candidates(&self) -> Option<bool> {
        self.remote().map(|description| description.trickle)
    }

    /// Whether an exchange is needed (webrtc-pc section 4.7.3).
    pub fn negotiation_needed(&self) -> bool {
        let local = self.current_local.as_ref();
        let agreed =
            local.is_some_and(|local| local.data().is_some()) && !self.peer_declined_data();
        self.state != SignalingState::Closed
            && (!self.to_replace.is_empty() || (self.data == DataWish::Wanted && !agreed))
    }

    /// Whether the last completed exchange ended with the peer declining our data section.
    pub(super) fn peer_declined_data(&self) -> bool {
        self.state == SignalingState::Stable && self.declines_data()
    }

    /// The same, before the state follows.
    fn declines_data(&self) -> bool {
        let data = |description: &Description| description.data().is_some();
        let (local, remote) = (&self.current_local, &self.current_remote);
        local.as_ref().is_some_and(data) && remote.as_ref().is_some_and(|d| !data(d))
    }

    /// The identification tag of the data section, in our description or else in the peer's.
    pub fn data_mid(&self) -> Option<&str> {
        [
            &self.pending_local,
            &self.current_local,
            &self.pending_remote,
            &self.current_remote,
        ]
        .into_iter()
        .flatten()
        .find_map(Description::data_mid)
    }

    /// The local description of the last completed exchange.
    pub fn current_local_description(&self) -> Option<SessionDescription> {
        self.current_local.as_ref().map(Description::to_description)
    }

    /// The local description of the exchange under way.
    pub fn pending_local_description(&self) -> Option<SessionDescription> {
        self.pending_local.as_ref().map(Description::to_description)
    }

    /// The remote description of the last completed exchange.
    pub fn current_remote_description(&self) -> Option<SessionDescription> {
        self.current_remote
            .as_ref()
            .map(Description::to_description)
    }

    /// The remote description of the exchange under way.
    pub fn pending_remote_description(&self) -> Option<SessionDescription> {
        self.pending_remote
            .as_ref()
            .map(Description::to_description)
    }

    /// The local description, pending if there is one.
    pub fn local_description(&self) -> Option<SessionDescription> {
        self.pending_local_description()
            .or_else(|| self.current_local_description())
    }

    /// The remote description, pending if there is one.
    pub fn remote_description(&self) -> Option<SessionDescription> {
        self.pending_remote_description()
            .or_else(|| self.current_remote_description())
    }

    /// Applies a local description; `None` makes the fitting one (webrtc-pc section 4.4.2).
    pub fn set_local_description(
        &mut self,
        description: Option<SessionDescription>,
    ) -> Result<Applied, JsepError> {
        self.check_open()?;
        let description = match description {
            Some(given) if !given.sdp.is_empty() || given.kind == SdpType::Rollback => given,
            Some(given) => self.create(given.kind)?,
            None => {
                let answering = matches!(
                    self.state,
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
        let next = self.state.after_local(kind).ok_or(JsepError::WrongState {
            side: "local",
            kind,
            state: self.state,
        })?;
        if kind == SdpType::Rollback {
            return Ok(self.roll_back());
        }
        let offer = self.pending_remote.as_ref();
        let offer = offer.filter(|_| kind != SdpType::Offer);
        let mut read = Description::read(&description, offer)?;
        self.check_local(&read)?;
        self.decorate(&mut read);
        match kind {
            SdpType::Offer => {
                self.propose_ice_role(true, false);
                self.pending_local = Some(read);
            }
            _ => {
                self.settle_dtls_role(&read, true);
                self.pending_local = Some(read);
                self.finish_if_final(kind);
            }
        }
        Ok(self.applied(next, Outcome::of(kind)))
    }

    /// Applies a remote description. An offer that meets ours rolls ours back first.
    pub fn set_remote_description(
        &mut self,
        description: SessionDescription,
    ) -> Result<Applied, JsepError> {
        self.check_open()?;
        let kind = description.kind;
        // webrtc-pc section 4.4.1.5: the implicit rollback of perfect negotiation.
        let glare = kind == SdpType::Offer && self.state == SignalingState::HaveLocalOffer;
        let from = if glare {
            SignalingState::Stable
        } else {
            self.state
        };
        let next = from.after_remote(kind).ok_or(JsepError::WrongState {
            side: "remote",
            kind,
            state: self.state,
        })?;
        if kind == SdpType::Rollback {
            return Ok(self.roll_back());
        }
        let offer = self.pending_local.as_ref();
        let offer = offer.filter(|_| kind != SdpType::Offer);
        let read = Description::read(&description, offer)?;
        self.check_remote(&read)?;
        let outcome = if glare {
            self.forget_pending();
            Outcome::RolledBack
        } else {
            Outcome::of(kind)
        };
        match kind {
            SdpType::Offer => {
                self.propose_ice_role(false, read.lite);
                self.pending_remote = Some(read);
            }
            _ => {
                if read.lite && !self.config.ice_lite {
                    self.ice_role = Some(ice::Role::Controlling);
                }
                self.settle_dtls_role(&read, false);
                self.pending_remote = Some(read);
                self.finish_if_final(kind);
            }
        }
        Ok(self.applied(next, outcome))
    }

    pub(super) fn check_open(&self) -> Result<(), JsepError> {
        if self.state == SignalingState::Closed {
            Err(JsepError::Closed)
        } else {
            Ok(())
        }
    }

    fn create(&mut self, kind: SdpType) -> Result<SessionDescription, JsepError> {
        let mut created = match kind {
            SdpType::Offer => self.create_offer(&OfferOptions::default())?,
            _ => self.create_answer()?,
        };
        created.kind = kind;
        Ok(created)
    }

    /// RFC 8445 section 6.1.1: the first offerer controls, unless only one side is a full agent.
    fn propose_ice_role(&mut self, offerer: bool, remote_lite: bool) {
        if self.ice_role.is_some() {
            return;
        }
        let controlling = match (self.config.ice_lite, remote_lite) {
            (false, true) => true,
            (true, false) if !offerer => false,
            _ => offerer,
        };
        self.ice_role = Some(if controlling {
            ice::Role::Controlling
        } else {
            ice::Role::Controlled
        });
    }

    /// The answer decides who is the DTLS client, for as long as the association lasts. Another
    /// certificate of the peer means another association (RFC 8842 section 5.1).
    fn settle_dtls_role(&mut self, answer: &Description, ours: bool) {
        let Some(transport) = &answer.transport else {
            return;
        };
        // RFC 4145 section 4: an answer without the attribute means active.
        let answerer_is_client = transport.setup != Some(super::Setup::Passive);
        let role = if answerer_is_client == ours {
            dtls::Role::Client
        } else {
            dtls::Role::Server
        };
        let attributes = |description: Option<&Description>| {
            description.and_then(|description| description.transport.clone())
        };
        let before = attributes(self.current_remote.as_ref());
        let after = if ours {
            attributes(self.pending_remote.as_ref())
        } else {
            Some(transport.clone())
        };
        if let (Some(before), Some(after)) = (before, after)
            && !before.shares_certificate(&after)
        {
            self.dtls_role = None;
        }
        self.dtls_role.get_or_insert(role);
    }

    fn finish_if_final(&mut self, kind: SdpType) {
        if kind != SdpType::Answer {
            return;
        }
        self.current_local = self.pending_local.take();
        self.current_remote = self.pending_remote.take();
        // webrtc-pc section 4.4.1.5: the restart is done once none of the old credentials is left.
        let present = self.current_local.as_ref().and_then(local_fragment);
        if present.is_none_or(|present| !self.to_replace.contains(&present)) {
            self.to_replace.clear();
        }
        self.draft = None;
        if self.data == DataWish::Wanted && self.declines_data() {
            self.data = DataWish::Declined;
        }
        // RFC 8842 section 5.1: what is declined has no association any more, so that the next one
        // takes its roles anew.
        let connects = |description: &Option<Description>| {
            let transport = description.as_ref().map(|d| d.transport.is_some());
            transport.unwrap_or_default()
        };
        if !connects(&self.current_local) || !connects(&self.current_remote) {
            self.dtls_role = None;
        }
    }

    /// RFC 9429 section 4.1.10.2: as if the offer had never been.
    fn roll_back(&mut self) -> Applied {
        self.forget_pending();
        self.applied(SignalingState::Stable, Outcome::RolledBack)
    }

    fn forget_pending(&mut self) {
        self.pending_local = None;
        self.pending_remote = None;
        if self.current_local.is_none() {
            self.ice_role = None;
        }
    }

    fn applied(&mut self, next: SignalingState, outcome: Outcome) -> Applied {
        let signaling_state_changed = self.state != next;
        self.state = next;
        Applied {
            steps: self.steps(outcome),
            signaling_state_changed,
        }
    }

    pub(super) fn remote(&self) -> Option<&Description> {
        self.pending_remote
            .as_ref()
            .or(self.current_remote.as_ref())
    }
}

fn local_fragment(description: &Description) -> Option<String> {
    let transport = description.transport.as_ref()?;
    Some(transport.credentials.ufrag.clone())
}
