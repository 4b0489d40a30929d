//! What a driver and the handles of channels call; all of it goes to the transports.

#[cfg(doc)]
use super::Event;
use super::PeerConnection;
use crate::channel::{ChannelId, CreateError, DataChannelInit};
use crate::datagram::{Ecn, Path, Transmit};
use crate::time::{Deadline, Time};
use crate::transport::{ChannelsMut, IoResult, TransportId};

impl PeerConnection {
    /// Changes what the next gathering may use (`relay` policy).
    pub fn set_relay_only(&mut self, relay_only: bool) {
        self.relay_only = relay_only;
    }

    /// Takes in what the driver found out for an [`Event::Io`].
    pub fn handle_io(&mut self, now: Time, id: TransportId, result: IoResult) {
        let Some(carrier) = self.carriers.get_mut(id) else {
            return;
        };
        if let IoResult::Resolved(candidate, _) = &result
            && !carrier.takes_answer(candidate)
        {
            return;
        }
        let socket = match &result {
            IoResult::Socket(address) => Some(*address),
            _ => None,
        };
        carrier.transport.handle_io(now, result);
        if let Some(address) = socket {
            self.carriers.add_socket(address, id);
        }
    }

    /// Takes in one datagram, decrypting in place.
    pub fn handle_datagram(&mut self, now: Time, path: Path, ecn: Option<Ecn>, data: &mut [u8]) {
        if let Some(carrier) = self.carriers.owner(path.local) {
            carrier.transport.handle_datagram(now, path, ecn, data);
        }
    }

    /// Appends the next batch of datagrams to one destination.
    pub fn poll_transmit(
        &mut self,
        now: Time,
        max_segments: usize,
        out: &mut Vec<u8>,
    ) -> Option<Transmit> {
        self.carriers.poll_transmit(now, max_segments, out)
    }

    /// The driver's system did not take a datagram of `size` bytes, as it is too large for the path.
    pub fn handle_too_large(&mut self, now: Time, path: Path, size: usize) {
        if let Some(carrier) = self.carriers.owner(path.local) {
            carrier.transport.handle_too_large(now, path, size);
        }
    }

    /// When [`handle_timeout`](Self::handle_timeout) wants to be called.
    pub fn poll_timeout(&self) -> Option<Time> {
        self.next_deadline().map(|deadline| deadline.at)
    }

    /// The same, and what for.
    pub fn next_deadline(&self) -> Option<Deadline> {
        let deadlines = self.carriers.iter();
        let tone = self.dtmf.next_due().map(|at| Deadline {
            at,
            reason: "dtmf_tone",
        });
        deadlines
            .filter_map(|carrier| carrier.transport.next_deadline())
            .chain(tone)
            .min()
    }

    /// Runs the timers that are due.
    pub fn handle_timeout(&mut self, now: Time) {
        for carrier in self.carriers.iter_mut() {
            carrier.transport.handle_timeout(now);
        }
        self.play_tones(now);
    }

    /// Makes a data channel.
    pub fn create_data_channel(
        &mut self,
        now: Time,
        label: &str,
        init: DataChannelInit,
    ) -> Result<ChannelId, CreateError> {
        let id = self.channels_mut().create(now, label, init)?;
        self.negotiator.add_data_channel();
        self.update_negotiation_needed();
        Ok(id)
    }

    /// The channels, to be changed.
    pub fn channels_mut(&mut self) -> ChannelsMut<'_> {
        self.carriers.data_mut().transport.channels_mut()
    }
}
