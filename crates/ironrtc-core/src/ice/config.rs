//! What an application may tune.

use crate::setters::setters;
use std::time::Duration;

/// Smallest interval between new checks that a configuration can set.
pub(super) const CHECK_INTERVAL_FLOOR: Duration = Duration::from_millis(20);

/// The agent's settings. The defaults suit browsers and other WebRTC peers.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct IceConfig {
    /// Be an ICE-lite agent (RFC 8445 section 2.5): host candidates only, no checks of its own. Two
    /// lite agents do not connect to each other. Default: false.
    pub lite: bool,
    /// Use relayed candidates only (the `relay` transport policy of WebRTC). Default: false.
    pub relay_only: bool,
    /// Have names in the peer's candidates looked up at name servers, and not only those under
    /// `.local`, behind which browsers hide addresses. Whoever writes the peer's description could
    /// have names inside our network looked up, and learn of who looks them up. Default: false.
    pub resolve_names: bool,
    /// Ta, the interval between new checks; values below 20 ms count as 20 ms. Default: 50 ms (RFC
    /// 8445 section 14.2).
    pub check_interval: Duration,
    /// First retransmission timeout of a check; it doubles from one transmission to the next.
    /// Default: 500 ms (RFC 8445 section 14.3); values below 20 ms count as 20 ms.
    pub check_rto: Duration,
    /// Longest interval between two transmissions of a check. Default: 4 s.
    pub check_rto_max: Duration,
    /// How often a check is sent in all before its pair fails; more than 8 count as 8. Default: 7
    /// (RFC 8489 section 6.2.1).
    pub check_attempts: u8,
    /// Interval between new transactions with STUN servers; values below 20 ms count as 20 ms.
    /// Default: 20 ms.
    pub gather_interval: Duration,
    /// First retransmission timeout towards a STUN server; values below 20 ms count as 20 ms.
    /// Default: 500 ms (RFC 8489 section 6.2.1).
    pub gather_rto: Duration,
    /// When a silent STUN server is given up. Default: 5 s, as people wait for it; RFC 8489 section
    /// 6.2.1 would be 39.5 s.
    pub gather_timeout: Duration,
    /// How long the controlling side waits, from its first valid pair, for a better one. Default:
    /// 50 ms, one `check_interval`.
    pub nomination_grace: Duration,
    /// Mean interval of consent checks, of which each is up to a fifth shorter or longer; values
    /// below 1 s count as 1 s. Default: 5 s (RFC 7675 section 5.1).
    pub consent_interval: Duration,
    /// Without consent for this long, nothing is sent any more. Default: 30 s (RFC 7675 section
    /// 5.1).
    pub consent_timeout: Duration,
    /// Without a sign of life for this long, the state is `Disconnected`. Default: 8 s, one lost
    /// consent check and some.
    pub disconnected_timeout: Duration,
    /// How long failed checks are not final, since the peer's own checks may still open a path.
    /// Default: 30 s; RFC 8863 section 4 asks for 39.5 s with its timers.
    pub patience: Duration,
    /// The same for the controlled side as long as the peer has not checked it: our description may
    /// still be under way to it, even by hand. Failed pairs are tried again meanwhile. Less than
    /// `patience` counts as that. Default: 5 min.
    pub unheard_patience: Duration,
    /// Incoming checks show consent only for this long after the last answer to a check of ours:
    /// checks can be repeated by others, answers cannot. Default: 2 min.
    pub proof_timeout: Duration,
}

setters!(IceConfig {
    lite: bool,
    relay_only: bool,
    resolve_names: bool,
    check_interval: Duration,
    check_rto: Duration,
    check_rto_max: Duration,
    check_attempts: u8,
    gather_interval: Duration,
    gather_rto: Duration,
    gather_timeout: Duration,
    nomination_grace: Duration,
    consent_interval: Duration,
    consent_timeout: Duration,
    disconnected_timeout: Duration,
    patience: Duration,
    unheard_patience: Duration,
    proof_timeout: Duration,
});

impl Default for IceConfig {
    fn default() -> Self {
        Self {
            lite: false,
            relay_only: false,
            resolve_names: false,
            check_interval: Duration::from_millis(50),
            check_rto: Duration::from_millis(500),
            check_rto_max: Duration::from_secs(4),
            check_attempts: 7,
            gather_interval: CHECK_INTERVAL_FLOOR,
            gather_rto: Duration::from_millis(500),
            gather_timeout: Duration::from_secs(5),
            nomination_grace: Duration::from_millis(50),
            consent_interval: Duration::from_secs(5),
            consent_timeout: Duration::from_secs(30),
            disconnected_timeout: Duration::from_secs(8),
            patience: Duration::from_secs(30),
            unheard_patience: Duration::from_secs(300),
            proof_timeout: Duration::from_secs(120),
        }
    }
}

impl IceConfig {
    /// The configuration with every value inside its safe range.
    pub(super) fn bounded(mut self) -> Self {
        self.check_interval = self.check_interval.max(CHECK_INTERVAL_FLOOR);
        self.gather_interval = self.gather_interval.max(CHECK_INTERVAL_FLOOR);
        self.check_rto = self.check_rto.max(CHECK_INTERVAL_FLOOR);
        self.gather_rto = self.gather_rto.max(CHECK_INTERVAL_FLOOR);
        self.check_rto_max = self.check_rto_max.max(self.check_rto);
        self.check_attempts = self.check_attempts.clamp(1, 8);
        // RFC 7675 section 5.1: an interval under 4 s (5 s less a fifth) would only add load.
        self.consent_interval = self.consent_interval.max(Duration::from_secs(1));
        self.unheard_patience = self.unheard_patience.max(self.patience);
        self
    }
}
