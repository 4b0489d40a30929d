//! One generation (RFC 8445 section 9): the peer's credentials with everything that is known and was
//! tried under them. A restart of either side is a new value; of the old one the pair in use is kept
//! ([`Previous`](super::previous::Previous)).

use super::Credentials;
use super::checklist::Checklist;
use super::incoming::Seen;
use super::remotes::Remotes;
use crate::time::Time;

/// The present one.
#[derive(Debug, Default)]
pub(super) struct Generation {
    pub(super) remote: Option<Credentials>,
    /// The same, with whether it only answers checks, before we have credentials of our own: a check
    /// has both sides' (RFC 8445 section 7.2.2).
    pub(super) waiting: Option<(Credentials, bool)>,
    /// The peer only answers checks.
    pub(super) remote_lite: bool,
    pub(super) remotes: Remotes,
    pub(super) checklist: Checklist,
    /// The peer's checks from before its credentials were known.
    pub(super) early: Vec<Seen>,
    /// When the peer's credentials became known.
    pub(super) started: Option<Time>,
    /// When the peer first checked us: it has our description.
    pub(super) heard: Option<Time>,
    /// When the next ordinary check may go out.
    pub(super) next_check: Time,
    /// When failed pairs are tried again, should the peer not have been heard by then.
    pub(super) next_retry: Time,
    /// When no better pair is waited for.
    pub(super) nomination_at: Option<Time>,
    /// Consent to send on the pair in use has expired.
    pub(super) consent_lost: bool,
}

impl Generation {
    /// A generation under these credentials of the peer's, of which nothing is known yet.
    pub(super) fn of(remote: Option<Credentials>) -> Self {
        Self {
            remote,
            ..Self::default()
        }
    }
}
