//! When media can be sealed and opened: once DTLS has agreed on a profile (RFC 5764), and a plan has
//! media.

use super::{Event, Security, Transport};
use crate::dtls::{DtlsState, Role, SrtpKeys};
use crate::observe::observe;
use crate::srtp::{Inbound, KeyError, MasterKey, Outbound, Profile};
use crate::time::Time;
use crate::words::words;

/// Whether packets of media are protected, and so flow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum SrtpState {
    /// There is no media, or DTLS is not connected.
    #[default]
    New,
    /// Packets are sealed and opened.
    Connected,
    /// DTLS has connected to a peer that does not know SRTP. Data goes on; no packet of media is
    /// sent or taken.
    Failed,
    /// DTLS has ended.
    Closed,
}

words!(SrtpState, "state of SRTP", {
    New => "new",
    Connected => "connected",
    Failed => "failed",
    Closed => "closed",
});

/// Where the keys are.
#[derive(Debug, Default)]
pub(super) enum Keying {
    /// DTLS is not connected.
    #[default]
    Waiting,
    /// There are keys, and no media yet.
    Held(SrtpKeys),
    /// They are in use.
    Ready(Box<Protection>),
    /// DTLS agreed on no profile that we know.
    Refused,
}

/// Both directions.
#[derive(Debug)]
pub(super) struct Protection {
    pub(super) inbound: Inbound,
    pub(super) outbound: Outbound,
}

impl Keying {
    /// What a finished handshake leads to.
    fn after_handshake(keys: Option<SrtpKeys>) -> Self {
        keys.map_or(Self::Refused, Self::Held)
    }

    /// Puts keys that are held into use.
    fn start(&mut self) {
        let Self::Held(keys) = self else { return };
        // Keys that dimpl cut by its own profile fit; if ever not, media fails and data goes on.
        *self = match Protection::new(keys) {
            Ok(protection) => Self::Ready(Box::new(protection)),
            Err(_) => Self::Refused,
        };
    }

    pub(super) const fn is_ready(&self) -> bool {
        matches!(self, Self::Ready(_))
    }

    pub(super) fn ready(&mut self) -> Option<&mut Protection> {
        match self {
            Self::Ready(protection) => Some(protection),
            _ => None,
        }
    }
}

impl Protection {
    /// RFC 5764 section 4.2: each side sends under its own key.
    fn new(keys: &SrtpKeys) -> Result<Self, KeyError> {
        let profile = Profile::from_id(keys.profile()).ok_or(KeyError::Length)?;
        let (client, server) = MasterKey::from_exported(profile, keys.material())?;
        let (ours, theirs) = match keys.role() {
            Role::Client => (client, server),
            Role::Server => (server, client),
        };
        Ok(Self {
            inbound: Inbound::new(&theirs)?,
            outbound: Outbound::new(&ours)?,
        })
    }
}

impl Transport {
    /// The state of SRTP.
    pub fn srtp_state(&self) -> SrtpState {
        let dtls = self.dtls_state();
        if self.media.plan.is_none() {
            return SrtpState::New;
        }
        match &self.media.keying {
            _ if matches!(dtls, DtlsState::Closed | DtlsState::Failed) => SrtpState::Closed,
            Keying::Waiting | Keying::Held(_) => SrtpState::New,
            Keying::Ready(_) => SrtpState::Connected,
            Keying::Refused => SrtpState::Failed,
        }
    }

    /// The profile under which packets are sealed, once they are.
    pub fn srtp_profile(&self) -> Option<Profile> {
        match &self.media.keying {
            Keying::Ready(protection) => Some(protection.outbound.profile()),
            _ => None,
        }
    }

    /// Takes the keys when DTLS has them, and uses them once there is media.
    pub(super) fn key_media(&mut self) {
        let Security::Begun(engine) = &mut self.security else {
            return;
        };
        let keying = &mut self.media.keying;
        match engine.state() {
            DtlsState::Connected => {
                if matches!(keying, Keying::Waiting) {
                    *keying = Keying::after_handshake(engine.take_srtp_keys());
                }
            }
            // Nothing is sealed or opened any more.
            DtlsState::Closed | DtlsState::Failed => *keying = Keying::Waiting,
            DtlsState::New | DtlsState::Connecting => {}
        }
        if let Some(plan) = &self.media.plan {
            keying.start();
            if let Some(protection) = keying.ready() {
                protection.outbound.set_cryptex(plan.cryptex);
            }
        }
    }

    /// Says so if the state of SRTP has changed.
    pub(super) fn tell_srtp(&mut self, now: Time) {
        let state = self.srtp_state();
        if state == self.media.told {
            return;
        }
        self.media.told = state;
        let profile = self.srtp_profile().map_or("", Profile::as_str);
        observe!(
            self.config.observer,
            now,
            Transport,
            "srtp_state_change",
            to = state.as_str(),
            profile = profile
        );
        self.events.push_back(Event::SrtpStateChange(state));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handshake_without_a_profile_refuses_media_for_good() {
        let mut keying = Keying::after_handshake(None);
        keying.start();
        assert!(matches!(keying, Keying::Refused));
        assert!(keying.ready().is_none());
    }
}
