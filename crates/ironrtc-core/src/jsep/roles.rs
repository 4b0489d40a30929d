//! Who nominates in ICE, and who begins in DTLS.

use super::Setup;
use super::read::TransportAttributes;
use crate::{dtls, ice};

/// Our roles, once they are known.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Roles {
    ice: Option<ice::Role>,
    dtls: Option<dtls::Role>,
}

impl Roles {
    pub(super) fn ice(self) -> ice::Role {
        self.ice.unwrap_or(ice::Role::Controlled)
    }

    pub(super) const fn dtls(self) -> Option<dtls::Role> {
        self.dtls
    }

    /// RFC 8445 section 6.1.1: the first offerer controls, unless only one side is a full agent.
    pub(super) fn on_offer(&mut self, by_us: bool, we_are_lite: bool, peer_is_lite: bool) {
        let controlling = match (we_are_lite, peer_is_lite) {
            (false, true) => true,
            (true, false) if !by_us => false,
            _ => by_us,
        };
        self.ice.get_or_insert(if controlling {
            ice::Role::Controlling
        } else {
            ice::Role::Controlled
        });
    }

    /// The peer's answer says that it only answers checks.
    pub(super) const fn on_lite_answer(&mut self, we_are_lite: bool) {
        if !we_are_lite {
            self.ice = Some(ice::Role::Controlling);
        }
    }

    /// The answer decides who is the DTLS client, for as long as the association lasts. Another
    /// certificate of the peer means another association (RFC 8842 section 5.1).
    pub(super) fn on_answer(
        &mut self,
        by_us: bool,
        setup: Option<Setup>,
        known_peer: Option<&TransportAttributes>,
        peer: &TransportAttributes,
    ) {
        // RFC 4145 section 4: an answer without the attribute means active.
        let answerer_is_client = setup != Some(Setup::Passive);
        let role = if answerer_is_client == by_us {
            dtls::Role::Client
        } else {
            dtls::Role::Server
        };
        if known_peer.is_some_and(|known| !known.shares_certificate(peer)) {
            self.dtls = None;
        }
        self.dtls.get_or_insert(role);
    }
}
