//! What the driver asks of a state machine: the part that a peer connection and a bare transport
//! have in common.

use std::net::{IpAddr, SocketAddr};

use ironrtc_core::channel::{self, ChannelId, Message, SendError};
use ironrtc_core::datagram::{Ecn, Path, Transmit};
use ironrtc_core::ice::Candidate;
use ironrtc_core::time::Time;
use ironrtc_core::{peer, transport};

/// What a machine reports, sorted by who acts on it.
#[derive(Debug)]
pub(crate) enum Output {
    /// The driver: announce sockets and servers.
    Gather,
    /// The driver: look the candidate's name up.
    Resolve(Candidate),
    /// The channel's handles.
    Channel(channel::Event),
    /// The application.
    Application(ApplicationEvent),
}

/// An event as it waits for the application. Handles are made when it is read, since a waiting
/// handle would keep its own connection alive.
#[derive(Debug)]
pub(crate) enum ApplicationEvent {
    Peer(peer::Event),
    Transport(transport::Event),
    DataChannel(ChannelId),
}

/// A sans-IO machine under the driver.
pub(crate) trait Machine: Send + 'static {
    fn transport(&self) -> &transport::Transport;

    fn add_local_socket(&mut self, now: Time, address: SocketAddr);
    fn add_stun_server(&mut self, now: Time, url: &str, address: SocketAddr);
    fn stun_server_failed(&mut self, url: &str, text: &str);
    fn all_sockets_added(&mut self, now: Time);
    fn add_resolved_candidate(&mut self, now: Time, candidate: Candidate, address: IpAddr);

    fn handle_datagram(&mut self, now: Time, path: Path, ecn: Option<Ecn>, data: &mut [u8]);
    fn poll_transmit(&mut self, now: Time, segments: usize, out: &mut Vec<u8>) -> Option<Transmit>;
    fn handle_too_large(&mut self, now: Time, path: Path, size: usize);
    fn poll_timeout(&self) -> Option<Time>;
    fn handle_timeout(&mut self, now: Time);
    fn poll_output(&mut self) -> Option<Output>;

    fn send(&mut self, now: Time, id: ChannelId, message: Message) -> Result<(), SendError>;
    fn recv(&mut self, now: Time, id: ChannelId) -> Option<Message>;
    fn set_buffered_amount_low_threshold(&mut self, id: ChannelId, bytes: usize);
    fn close_channel(&mut self, now: Time, id: ChannelId);
    fn forget_channel(&mut self, id: ChannelId);

    fn close(&mut self, now: Time);
}

/// Hands the calls on that both machines spell alike.
macro_rules! forward {
    () => {
        fn add_local_socket(&mut self, now: Time, address: SocketAddr) {
            self.add_local_socket(now, address);
        }
        fn add_stun_server(&mut self, now: Time, url: &str, address: SocketAddr) {
            self.add_stun_server(now, url, address);
        }
        fn stun_server_failed(&mut self, url: &str, text: &str) {
            self.stun_server_failed(url, text);
        }
        fn all_sockets_added(&mut self, now: Time) {
            self.all_sockets_added(now);
        }
        fn handle_datagram(&mut self, now: Time, path: Path, ecn: Option<Ecn>, data: &mut [u8]) {
            self.handle_datagram(now, path, ecn, data);
        }
        fn poll_transmit(
            &mut self,
            now: Time,
            segments: usize,
            out: &mut Vec<u8>,
        ) -> Option<Transmit> {
            self.poll_transmit(now, segments, out)
        }
        fn handle_too_large(&mut self, now: Time, path: Path, size: usize) {
            self.handle_too_large(now, path, size);
        }
        fn poll_timeout(&self) -> Option<Time> {
            self.poll_timeout()
        }
        fn handle_timeout(&mut self, now: Time) {
            self.handle_timeout(now);
        }
        fn send(&mut self, now: Time, id: ChannelId, message: Message) -> Result<(), SendError> {
            self.send(now, id, message)
        }
        fn recv(&mut self, now: Time, id: ChannelId) -> Option<Message> {
            self.recv(now, id)
        }
        fn set_buffered_amount_low_threshold(&mut self, id: ChannelId, bytes: usize) {
            self.set_buffered_amount_low_threshold(id, bytes);
        }
        fn close_channel(&mut self, now: Time, id: ChannelId) {
            self.close_channel(now, id);
        }
        fn forget_channel(&mut self, id: ChannelId) {
            self.forget_channel(id);
        }
        fn close(&mut self, now: Time) {
            self.close(now);
        }
    };
}

impl Machine for peer::PeerConnection {
    forward!();

    fn transport(&self) -> &transport::Transport {
        self.transport()
    }

    fn add_resolved_candidate(&mut self, now: Time, candidate: Candidate, address: IpAddr) {
        self.add_resolved_candidate(now, candidate, address);
    }

    fn poll_output(&mut self) -> Option<Output> {
        Some(match self.poll_event()? {
            peer::Event::Gather => Output::Gather,
            peer::Event::Resolve(candidate) => Output::Resolve(candidate),
            peer::Event::Channel(event) => Output::Channel(event),
            event => Output::Application(ApplicationEvent::Peer(event)),
        })
    }
}

impl Machine for transport::Transport {
    forward!();

    fn transport(&self) -> &transport::Transport {
        self
    }

    fn add_resolved_candidate(&mut self, now: Time, mut candidate: Candidate, address: IpAddr) {
        candidate.address = ironrtc_core::ice::CandidateAddress::Ip(address);
        if let Err(error) = self.add_remote_candidate(now, candidate) {
            tracing::debug!(%error, "a candidate was resolved and cannot be used");
        }
    }

    fn poll_output(&mut self) -> Option<Output> {
        Some(match self.poll_event()? {
            transport::Event::Channel(event) => Output::Channel(event),
            event => Output::Application(ApplicationEvent::Transport(event)),
        })
    }
}
