//! What a transport asks of its driver, and what the driver found out.

use std::net::{IpAddr, SocketAddr};

use super::Transport;
use crate::ice::{Candidate, CandidateAddress};
use crate::time::Time;

/// What a driver is asked for. It answers with [`IoResult`]s.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum IoRequest {
    /// Bind sockets and look STUN servers up, then say that this is [`IoResult::Complete`].
    Gather,
    /// The address of a peer's candidate is a name; look it up.
    Resolve(Candidate),
    /// The transport is over and has said its goodbyes: its sockets may be closed.
    Release,
}

/// What a driver found out.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum IoResult {
    /// A UDP socket is bound.
    Socket(SocketAddr),
    /// A STUN server has an address.
    Server {
        /// The server's URL.
        url: String,
        /// The address.
        address: SocketAddr,
    },
    /// A server cannot be used.
    ServerFailed {
        /// The server's URL.
        url: String,
        /// Why.
        reason: String,
    },
    /// No more sockets and servers will come.
    Complete,
    /// A candidate's name has an address.
    Resolved(Candidate, IpAddr),
}

impl Transport {
    /// Takes in what the driver found out.
    pub fn handle_io(&mut self, now: Time, result: IoResult) {
        match result {
            IoResult::Socket(address) => self.ice.add_local_socket(now, address),
            IoResult::Server { url, address } => self.ice.add_stun_server(now, &url, address),
            IoResult::ServerFailed { url, reason } => self.ice.stun_server_failed(&url, &reason),
            IoResult::Complete => self.ice.all_sockets_added(now),
            IoResult::Resolved(mut candidate, address) => {
                candidate.address = CandidateAddress::Ip(address);
                // One that cannot be used is left aside.
                let _ = self.add_remote_candidate(now, candidate);
            }
        }
        self.has_news(now);
    }
}
