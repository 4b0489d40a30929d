//! The agent: what drivers and the transport call.

use std::net::SocketAddr;

use super::{Candidate, Credentials, Event, GatheringState, IceConfig, IceState, PairStats, Role};
use crate::datagram::{DropCounters, Path, Transmit};
use crate::rng::Rng;
use crate::time::Time;

/// Why a remote candidate was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddCandidateError {
    /// The address is a name.
    #[error("the candidate's address {0:?} is a name; resolve it first")]
    Unresolved(String),
    /// Port 0.
    #[error("the candidate has port 0, which nothing can be sent to")]
    Port,
    /// Unspecified, multicast or broadcast.
    #[error("the candidate's address {0} is not the address of one host")]
    Address(std::net::IpAddr),
    /// The candidate belongs to other credentials than the present ones.
    #[error("the candidate belongs to ufrag {0:?}, which is not the peer's present one")]
    Generation(String),
    /// The bound is reached.
    #[error("64 remote candidates are known already; more are refused")]
    TooMany,
    /// The agent is closed.
    #[error("the ICE agent is closed")]
    Closed,
}

/// One ICE agent.
#[derive(Debug)]
pub struct Agent {
    drops: DropCounters,
    role: Role,
}

#[allow(unused_variables, clippy::needless_pass_by_ref_mut, missing_docs)]
impl Agent {
    pub fn new(config: IceConfig, rng: Rng) -> Self {
        Self {
            drops: DropCounters::default(),
            role: Role::Controlled,
        }
    }
    pub fn set_local_credentials(&mut self, now: Time, c: Credentials) {}
    pub fn set_remote(&mut self, now: Time, c: Credentials, lite: bool) {}
    pub fn set_role(&mut self, role: Role) {}
    pub fn role(&self) -> Role {
        self.role
    }
    pub fn start_gathering(&mut self, now: Time) {}
    pub fn add_local_socket(&mut self, now: Time, addr: SocketAddr) {}
    pub fn add_stun_server(&mut self, now: Time, url: &str, addr: SocketAddr) {}
    pub fn stun_server_failed(&mut self, url: &str, text: &str) {}
    pub fn all_sockets_added(&mut self, now: Time) {}
    pub fn add_remote_candidate(
        &mut self,
        now: Time,
        c: Candidate,
    ) -> Result<(), AddCandidateError> {
        Ok(())
    }
    pub fn end_of_remote_candidates(&mut self, now: Time) {}
    pub fn close(&mut self) {}
    pub fn handle_datagram(&mut self, now: Time, path: Path, data: &[u8]) {}
    pub fn poll_transmit(&mut self, now: Time, out: &mut Vec<u8>) -> Option<Transmit> {
        None
    }
    pub fn poll_timeout(&self) -> Option<Time> {
        None
    }
    pub fn handle_timeout(&mut self, now: Time) {}
    pub fn poll_event(&mut self) -> Option<Event> {
        None
    }
    pub fn accepts(&self, path: Path) -> bool {
        false
    }
    pub fn selected(&self) -> Option<Path> {
        None
    }
    pub fn state(&self) -> IceState {
        IceState::New
    }
    pub fn gathering_state(&self) -> GatheringState {
        GatheringState::New
    }
    pub fn local_candidates(&self) -> &[Candidate] {
        &[]
    }
    pub fn remote_candidates(&self) -> &[Candidate] {
        &[]
    }
    pub fn local_credentials(&self) -> Option<&Credentials> {
        None
    }
    pub fn remote_credentials(&self) -> Option<&Credentials> {
        None
    }
    pub fn on_data_sent(&mut self, now: Time, path: Path, datagrams: u64, bytes: u64) {}
    pub fn on_data_received(&mut self, now: Time, path: Path, datagrams: u64, bytes: u64) {}
    pub fn pair_stats(&self) -> Vec<PairStats> {
        Vec::new()
    }
    pub fn drops(&self) -> &DropCounters {
        &self.drops
    }
}
