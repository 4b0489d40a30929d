//! What the driver asks of a state machine: the part that a peer connection and a bare transport
//! have in common.

use ironrtc_core::channel::{self, ChannelId};
use ironrtc_core::datagram::{Ecn, Path, Transmit};
use ironrtc_core::jsep::TransceiverId;
use ironrtc_core::peer::{MediaEvent, TransportEvent};
use ironrtc_core::time::Time;
use ironrtc_core::transport::{ChannelsMut, IoRequest, IoResult, TransportId};
use ironrtc_core::{peer, transport};

/// What a machine reports, sorted by who acts on it.
#[derive(Debug)]
pub(crate) enum Output {
    /// The driver.
    Io(TransportId, IoRequest),
    /// The channel's handles.
    Channel(channel::Event),
    /// The handles of a track.
    Media(TransceiverId, MediaEvent),
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

    fn handle_io(&mut self, now: Time, id: TransportId, result: IoResult);
    fn handle_datagram(&mut self, now: Time, path: Path, ecn: Option<Ecn>, data: &mut [u8]);
    fn poll_transmit(&mut self, now: Time, segments: usize, out: &mut Vec<u8>) -> Option<Transmit>;
    fn handle_too_large(&mut self, now: Time, path: Path, size: usize);
    fn poll_timeout(&self) -> Option<Time>;
    fn handle_timeout(&mut self, now: Time);
    fn poll_output(&mut self) -> Option<Output>;

    fn channels_mut(&mut self) -> ChannelsMut<'_>;
    fn close(&mut self, now: Time);
}

/// Hands the calls on that both machines spell alike.
macro_rules! forward {
    () => {
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
        fn channels_mut(&mut self) -> ChannelsMut<'_> {
            self.channels_mut()
        }
        fn close(&mut self, now: Time) {
            self.close(now);
        }
    };
}

/// Whether applications are not told: what transports say of SRTP and of streams, and what one that
/// data channels have left says of SCTP.
fn is_internal(event: &peer::Event, data: TransportId) -> bool {
    match event {
        peer::Event::Transport(_, TransportEvent::Rtp(_) | TransportEvent::SrtpStateChange(_)) => {
            true
        }
        peer::Event::Transport(id, TransportEvent::SctpStateChange(_)) => *id != data,
        _ => false,
    }
}

impl Machine for peer::PeerConnection {
    forward!();

    fn handle_io(&mut self, now: Time, id: TransportId, result: IoResult) {
        self.handle_io(now, id, result);
    }

    fn transport(&self) -> &transport::Transport {
        self.transport()
    }

    fn poll_output(&mut self) -> Option<Output> {
        let mut event = self.poll_event()?;
        while is_internal(&event, self.data_transport()) {
            event = self.poll_event()?;
        }
        Some(match event {
            peer::Event::Io(id, request) => Output::Io(id, request),
            peer::Event::Channel(event) => Output::Channel(event),
            peer::Event::Media(id, event) => Output::Media(id, event),
            event => Output::Application(ApplicationEvent::Peer(event)),
        })
    }
}

impl Machine for transport::Transport {
    forward!();

    fn handle_io(&mut self, now: Time, _: TransportId, result: IoResult) {
        self.handle_io(now, result);
    }

    fn transport(&self) -> &transport::Transport {
        self
    }

    fn poll_output(&mut self) -> Option<Output> {
        Some(match self.poll_event()? {
            transport::Event::Channel(event) => Output::Channel(event),
            event => Output::Application(ApplicationEvent::Transport(event)),
        })
    }
}
