//! What an association is told at its birth.

use crate::setters::setters;
use std::time::Duration;

/// Which congestion control an association runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum CongestionAlgorithm {
    /// RFC 9260 section 7, the loss-based rules every SCTP stack follows.
    NewReno,
    /// RFC 9438 adapted to SCTP: recovers its window faster on long or fast paths.
    Cubic,
    /// draft-ietf-ccwg-bbr, close to version 3: sends at the rate at which the network delivers.
    /// Keeps queues short, and its rate where packets are lost at random.
    #[default]
    Bbr,
}

/// Settings of one association. `Default` suits a WebRTC data channel transport.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SctpConfig {
    /// Our port, from `a=sctp-port` of the local description. Default: 5000, which all stacks use.
    pub local_port: u16,
    /// The peer's port, from `a=sctp-port` of the remote description. Default: 5000.
    pub remote_port: u16,
    /// Largest SCTP packet to send, in bytes. Default: 1191, which fits a path of 1280 bytes (the
    /// least of IPv6, RFC 8200 section 5) under UDP and DTLS.
    pub max_packet_size: usize,
    /// Largest packet, in bytes, that path MTU discovery (RFC 8899) may probe for. No larger than
    /// `max_packet_size` switches discovery off; but with 0, the default, a data channel transport
    /// still searches for a larger size on a path within one host.
    pub max_probe_packet_size: usize,
    /// Bytes of received and unread data to hold before the peer is told to stop, at first. It is
    /// raised if needed so that one message of `max_receive_message_size` fits. Default: 8 MiB,
    /// which lets 1 Gbit/s arrive over a round trip of 67 ms.
    pub receive_window: usize,
    /// Up to so many bytes the receive window grows, to four times what arrives and is read in a
    /// round trip. No larger than `receive_window`, it stays as it is. Default: 32 MiB.
    pub max_receive_window: usize,
    /// Largest message to accept, in bytes; a larger one aborts the association. 0 for as much as
    /// the largest receive window holds, which then is the first one, too. Default: 256 KiB, which
    /// is what browsers announce (`a=max-message-size`, RFC 8841 section 6).
    pub max_receive_message_size: usize,
    /// Most streams to send on; the peer may allow fewer. Default: 65,535 (RFC 8831 section 6.2).
    pub max_outbound_streams: u16,
    /// Most streams the peer may send on. Default: 65,535 (RFC 8831 section 6.2).
    pub max_inbound_streams: u16,
    /// Offer to leave the CRC32c out, as DTLS authenticates every packet (RFC 9653). Default: true.
    pub zero_checksum: bool,
    /// Offer I-DATA, so that a large message does not hold up other streams (RFC 8260). Default:
    /// true.
    pub interleaving: bool,
    /// Most bytes queued and not yet sent, over all streams. One message of any size is accepted
    /// when nothing is queued. Default: 16 MiB, as in Chromium.
    pub max_send_buffer: usize,
    /// Which congestion control to run. Default: `Bbr`; `docs/performance.md` has the reasons.
    pub congestion: CongestionAlgorithm,
    /// Initial congestion window in packets. RFC 6928 suggests 10 for senders that do not pace.
    /// Default: 32, which are paced.
    pub initial_window_packets: usize,
    /// Upper bound of the congestion window in bytes, and so of the unacknowledged data held.
    /// Default: 32 MiB.
    pub max_congestion_window: usize,
    /// Most packets of new data sent in answer to one acknowledgement. Default: 128.
    pub max_burst: usize,
    /// Retransmission timeout before the first round-trip measurement. Default: 500 ms; RFC 9260
    /// section 16 has 1 s, for paths of which nothing is known, while ICE has measured this one.
    pub rto_initial: Duration,
    /// Lower bound of the retransmission timeout. Default: 400 ms, above a peer's delayed
    /// acknowledgement of 200 ms; RFC 9260 section 16 has 1 s.
    pub rto_min: Duration,
    /// Upper bound of the retransmission timeout. Default: 3 s, so that a path that comes back is
    /// noticed soon; RFC 9260 section 16 has 60 s.
    pub rto_max: Duration,
    /// How long an acknowledgement may wait for a second packet. Default: 200 ms (RFC 9260 section
    /// 16).
    pub sack_delay: Duration,
    /// Time between heartbeats on an idle association. Default: 30 s (RFC 9260 section 16).
    pub heartbeat_interval: Duration,
    /// Consecutive unanswered retransmissions after which the association is given up. Default: 20,
    /// which with `rto_max` outlasts the 30 s in which ICE decides about a path; RFC 9260 section
    /// 16 has 10.
    pub max_retransmissions: u32,
    /// Retransmissions of INIT and COOKIE-ECHO after which the handshake is given up. Default: 20;
    /// RFC 9260 section 16 has 8.
    pub max_init_retransmissions: u32,
    /// How long a state cookie is valid. Default: 60 s (RFC 9260 section 16).
    pub cookie_lifetime: Duration,
}

setters!(SctpConfig {
    local_port: u16,
    remote_port: u16,
    max_packet_size: usize,
    max_probe_packet_size: usize,
    receive_window: usize,
    max_receive_window: usize,
    max_receive_message_size: usize,
    max_outbound_streams: u16,
    max_inbound_streams: u16,
    zero_checksum: bool,
    interleaving: bool,
    max_send_buffer: usize,
    congestion: CongestionAlgorithm,
    initial_window_packets: usize,
    max_congestion_window: usize,
    max_burst: usize,
    rto_initial: Duration,
    rto_min: Duration,
    rto_max: Duration,
    sack_delay: Duration,
    heartbeat_interval: Duration,
    max_retransmissions: u32,
    max_init_retransmissions: u32,
    cookie_lifetime: Duration,
});

impl Default for SctpConfig {
    fn default() -> Self {
        Self {
            local_port: 5000,
            remote_port: 5000,
            // 1280 (IPv6 minimum) - 40 (IPv6) - 8 (UDP) - 41 (DTLS 1.2 record with GCM, or 1.3).
            max_packet_size: 1191,
            max_probe_packet_size: 0,
            receive_window: 8 * 1024 * 1024,
            max_receive_window: 32 * 1024 * 1024,
            max_receive_message_size: 256 * 1024,
            max_outbound_streams: u16::MAX,
            max_inbound_streams: u16::MAX,
            zero_checksum: true,
            interleaving: true,
            max_send_buffer: 16 * 1024 * 1024,
            congestion: CongestionAlgorithm::default(),
            initial_window_packets: 32,
            max_congestion_window: 32 * 1024 * 1024,
            max_burst: 128,
            rto_initial: Duration::from_millis(500),
            rto_min: Duration::from_millis(400),
            rto_max: Duration::from_secs(3),
            sack_delay: Duration::from_millis(200),
            heartbeat_interval: Duration::from_secs(30),
            // With rto_max of 3 s this outlasts the 30 s in which ICE decides about a path.
            max_retransmissions: 20,
            max_init_retransmissions: 20,
            cookie_lifetime: Duration::from_secs(60),
        }
    }
}

impl SctpConfig {
    /// The largest message that is accepted, in bytes.
    pub fn message_limit(&self) -> usize {
        match self.max_receive_message_size {
            0 => self.receive_window.max(self.max_receive_window),
            limit => limit,
        }
    }
}
