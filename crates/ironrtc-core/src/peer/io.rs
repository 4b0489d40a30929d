//! What a driver and the handles of channels call; all of it goes to the transport.

use std::net::SocketAddr;

use super::PeerConnection;
use crate::channel::{ChannelId, CreateError, DataChannelInit, Message, SendError};
use crate::datagram::{Ecn, Path, Transmit};
use crate::time::Time;

impl PeerConnection {
    /// Changes what the next gathering may use (`relay` policy).
    pub fn set_relay_only(&mut self, relay_only: bool) {
        self.relay_only = relay_only;
    }

    /// A bound UDP socket.
    pub fn add_local_socket(&mut self, now: Time, address: SocketAddr) {
        self.first.transport.add_local_socket(now, address);
    }

    /// A STUN server's address.
    pub fn add_stun_server(&mut self, now: Time, url: &str, address: SocketAddr) {
        self.first.transport.add_stun_server(now, url, address);
    }

    /// A STUN server that cannot be used, and why.
    pub fn stun_server_failed(&mut self, url: &str, text: &str) {
        self.first.transport.stun_server_failed(url, text);
    }

    /// No more sockets and servers will come.
    pub fn all_sockets_added(&mut self, now: Time) {
        self.first.transport.all_sockets_added(now);
    }

    /// Takes in one datagram, decrypting in place.
    pub fn handle_datagram(&mut self, now: Time, path: Path, ecn: Option<Ecn>, data: &mut [u8]) {
        self.first.transport.handle_datagram(now, path, ecn, data);
    }

    /// Appends the next batch of datagrams to one destination.
    pub fn poll_transmit(
        &mut self,
        now: Time,
        max_segments: usize,
        out: &mut Vec<u8>,
    ) -> Option<Transmit> {
        self.first.transport.poll_transmit(now, max_segments, out)
    }

    /// The driver's system did not take a datagram of `size` bytes, as it is too large for the path.
    pub fn handle_too_large(&mut self, now: Time, path: Path, size: usize) {
        self.first.transport.handle_too_large(now, path, size);
    }

    /// When [`handle_timeout`](Self::handle_timeout) wants to be called.
    pub fn poll_timeout(&self) -> Option<Time> {
        self.first.transport.poll_timeout()
    }

    /// Runs the timers that are due.
    pub fn handle_timeout(&mut self, now: Time) {
        self.first.transport.handle_timeout(now);
    }

    /// Makes a data channel.
    pub fn create_data_channel(
        &mut self,
        now: Time,
        label: &str,
        init: DataChannelInit,
    ) -> Result<ChannelId, CreateError> {
        let id = self.first.transport.create_channel(now, label, init)?;
        self.negotiator.add_data_channel();
        self.update_negotiation_needed();
        Ok(id)
    }

    /// Sends a message.
    pub fn send(&mut self, now: Time, id: ChannelId, message: Message) -> Result<(), SendError> {
        self.first.transport.send(now, id, message)
    }

    /// The next message of a channel.
    pub fn recv(&mut self, now: Time, id: ChannelId) -> Option<Message> {
        self.first.transport.recv(now, id)
    }

    /// Sets when `BufferedAmountLow` comes.
    pub fn set_buffered_amount_low_threshold(&mut self, id: ChannelId, bytes: usize) {
        self.first
            .transport
            .set_buffered_amount_low_threshold(id, bytes);
    }

    /// Closes a channel.
    pub fn close_channel(&mut self, now: Time, id: ChannelId) {
        self.first.transport.close_channel(now, id);
    }

    /// The application dropped its handle of a channel.
    pub fn forget_channel(&mut self, id: ChannelId) {
        self.first.transport.forget_channel(id);
    }
}
