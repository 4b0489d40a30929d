//! One side of a pair: a connection, its sockets, and an application that reads everything.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use ironrtc_core::channel::{self, ChannelId, DataChannelInit, Message};
use ironrtc_core::datagram::Path;
use ironrtc_core::dtls::{Certificate, CertificateOptions};
use ironrtc_core::ice::IceConfig;
use ironrtc_core::jsep::BundlePolicy;
use ironrtc_core::observe::Observer;
use ironrtc_core::peer::{ConnectionState, Event, PeerConfig, PeerConnection};
use ironrtc_core::rng::Rng;
use ironrtc_core::sctp::SctpConfig;
use ironrtc_core::time::Time;
use ironrtc_core::transport::{IoResult, TransportId};
use ironrtc_netem::Parcel;

use crate::network::{Datagram, Network, carrier};

/// The sides of a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The first.
    A,
    /// The second; the polite one in perfect negotiation.
    B,
}

impl Side {
    /// The other side.
    pub const fn other(self) -> Self {
        match self {
            Self::A => Self::B,
            Self::B => Self::A,
        }
    }
}

/// Settings for a connection with a fresh certificate.
pub fn peer_config(rng: &mut Rng) -> PeerConfig {
    let unix_now = Duration::from_secs(1_790_000_000);
    let certificate = Certificate::generate(CertificateOptions::default(), unix_now, rng)
        .expect("a certificate can be made");
    PeerConfig {
        ice: IceConfig::default(),
        sctp: SctpConfig::default(),
        certificate,
        bundle_policy: BundlePolicy::Balanced,
        always_negotiate_data_channels: false,
        gather_early: false,
        media: Default::default(),
        epoch: Instant::now(),
        since_1970: unix_now,
        observer: Observer::default(),
    }
}

/// One side.
#[derive(Debug)]
pub struct Endpoint {
    /// The connection.
    pub connection: PeerConnection,
    /// All events so far.
    pub events: Vec<Event>,
    /// The channels that the peer made, in order.
    pub announced: Vec<ChannelId>,
    /// The messages read so far.
    pub messages: BTreeMap<ChannelId, Vec<Message>>,
    /// Channels whose messages are left unread.
    pub unread: Vec<ChannelId>,
    /// Most datagrams in one batch.
    pub max_segments: usize,
    /// Most datagrams that were in one batch.
    pub largest_batch: usize,
    pub(crate) host: usize,
    pub(crate) addresses: Vec<IpAddr>,
    sockets: Vec<(TransportId, SocketAddr)>,
    next_port: u16,
    buffer: Vec<u8>,
}

impl Endpoint {
    pub(crate) fn new(connection: PeerConnection, host: usize, addresses: Vec<IpAddr>) -> Self {
        Self {
            connection,
            events: Vec::new(),
            announced: Vec::new(),
            messages: BTreeMap::new(),
            unread: Vec::new(),
            max_segments: 10,
            largest_batch: 0,
            host,
            addresses,
            sockets: Vec::new(),
            next_port: 5000,
            buffer: Vec::new(),
        }
    }

    /// Makes a channel with default options.
    pub fn create(&mut self, now: Time, label: &str) -> ChannelId {
        self.create_with(now, label, DataChannelInit::default())
    }

    /// Makes a channel.
    pub fn create_with(&mut self, now: Time, label: &str, init: DataChannelInit) -> ChannelId {
        self.connection
            .create_data_channel(now, label, init)
            .expect("the channel can be made")
    }

    /// The messages read from a channel so far.
    pub fn received(&self, id: ChannelId) -> &[Message] {
        self.messages.get(&id).map_or(&[], Vec::as_slice)
    }

    /// Whether messages flow.
    pub fn is_connected(&self) -> bool {
        self.connection.connection_state() == ConnectionState::Connected
    }

    /// The events about states, candidates and channels that the filter accepts.
    pub fn events_where<T>(&self, accept: impl Fn(&Event) -> Option<T>) -> Vec<T> {
        self.events.iter().filter_map(accept).collect()
    }

    /// Whether an event came.
    pub fn saw(&self, wanted: &Event) -> bool {
        self.events.contains(wanted)
    }

    /// Reads what is there of a channel.
    pub fn read(&mut self, now: Time, id: ChannelId) {
        while let Some(message) = self.connection.channels_mut().recv(now, id) {
            self.messages.entry(id).or_default().push(message);
        }
    }

    /// Sends what the connection wants to send, and checks what it promises about batches.
    pub(crate) fn flush(&mut self, now: Time, network: &mut Network) {
        loop {
            self.buffer.clear();
            let max = self.max_segments;
            let Some(transmit) = self.connection.poll_transmit(now, max, &mut self.buffer) else {
                return;
            };
            assert_eq!(
                transmit.size,
                self.buffer.len(),
                "a batch is all that was written"
            );
            assert!(
                transmit.size > 0 && transmit.size <= 65_507,
                "{}",
                transmit.size
            );
            let segment = transmit.segment_size.unwrap_or(transmit.size);
            let segments = self.buffer.chunks(segment);
            assert!(
                segments.len() <= max,
                "{} segments, not {max}",
                segments.len()
            );
            self.largest_batch = self.largest_batch.max(segments.len());
            let (path, in_batch) = (transmit.path, segments.len() > 1);
            let mut sent = Ok(());
            for data in segments {
                let parcel = Parcel {
                    size: data.len(),
                    carrier: carrier(path.remote),
                    is_probe: transmit.is_probe,
                    in_batch,
                };
                let ends = (path.local, path.remote);
                // Those behind one that is too large are still tried.
                let this = network.send_parcel(now, ends, data, parcel);
                sent = sent.and(this);
            }
            if sent.is_err() {
                self.connection.handle_too_large(now, path, segment);
            }
        }
    }

    pub(crate) fn deliver(&mut self, now: Time, mut datagram: Datagram) {
        if !self
            .sockets
            .iter()
            .any(|(_, socket)| *socket == datagram.to)
        {
            return;
        }
        let path = Path::udp(datagram.to, datagram.from);
        self.connection
            .handle_datagram(now, path, None, &mut datagram.data);
    }

    /// Announces sockets, as a driver does.
    pub(crate) fn gather(&mut self, now: Time, id: TransportId, stun: Option<SocketAddr>) {
        for address in self.addresses.clone() {
            let socket = SocketAddr::new(address, self.next_port);
            self.sockets.push((id, socket));
            self.connection.handle_io(now, id, IoResult::Socket(socket));
        }
        self.next_port += 1;
        if let Some(stun) = stun {
            let url = "stun:sim".to_owned();
            let address = stun;
            self.connection
                .handle_io(now, id, IoResult::Server { url, address });
        }
        self.connection.handle_io(now, id, IoResult::Complete);
    }

    /// Closes the sockets of a transport that is over.
    pub(crate) fn release(&mut self, id: TransportId) {
        self.sockets.retain(|(owner, _)| *owner != id);
    }

    /// How many sockets are open.
    pub fn sockets(&self) -> usize {
        self.sockets.len()
    }

    /// Takes one event, reading messages as an application does.
    pub(crate) fn poll_event(&mut self, now: Time) -> Option<Event> {
        let event = self.connection.poll_event()?;
        match &event {
            Event::Channel(channel::Event::Announced(id)) => self.announced.push(*id),
            Event::Channel(channel::Event::Readable(id)) if !self.unread.contains(id) => {
                self.read(now, *id);
            }
            _ => {}
        }
        self.events.push(event.clone());
        Some(event)
    }
}
