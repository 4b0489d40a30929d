//! Packets as a capture file that Wireshark opens (draft-ietf-opsawg-pcapng).
//!
//! Link type `RAW`: each packet begins with an IP header, which is made up around the payload. What
//! DTLS carried stands directly in IP, as protocol 132, so that any dissector of SCTP shows it; media is in UDP,
//! as if SRTP did not exist.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use super::{Content, Direction, Packet, Secret};

const SECTION_HEADER: u32 = 0x0A0D_0D0A;
const INTERFACE_DESCRIPTION: u32 = 1;
const ENHANCED_PACKET: u32 = 6;
const DECRYPTION_SECRETS: u32 = 0x0A;
const BYTE_ORDER_MAGIC: u32 = 0x1A2B_3C4D;
/// IPv4 or IPv6, as the packet's first four bits say.
const LINKTYPE_RAW: u16 = 101;
/// `if_tsresol`: timestamps in nanoseconds.
const OPT_TIME_RESOLUTION: u16 = 9;
const OPT_END: u16 = 0;
/// `epb_flags`: 1 is inbound, 2 outbound.
const OPT_FLAGS: u16 = 2;
/// `TLSK`: lines of an `SSLKEYLOGFILE`.
const SECRETS_TLS_KEY_LOG: u32 = 0x544c_534b;

const PROTOCOL_UDP: u8 = 17;
const PROTOCOL_SCTP: u8 = 132;
const UDP_HEADER: usize = 8;
const HOP_LIMIT: u8 = 64;

/// Appends what a file begins with.
pub fn write_header(out: &mut Vec<u8>) {
    block(out, SECTION_HEADER, |out| {
        out.extend_from_slice(&BYTE_ORDER_MAGIC.to_le_bytes());
        // Version 1.0, and a section of unknown length.
        out.extend_from_slice(&1u16.to_le_bytes());
        out.extend_from_slice(&0u16.to_le_bytes());
        out.extend_from_slice(&u64::MAX.to_le_bytes());
    });
    block(out, INTERFACE_DESCRIPTION, |out| {
        out.extend_from_slice(&LINKTYPE_RAW.to_le_bytes());
        out.extend_from_slice(&0u16.to_le_bytes());
        // No limit of a packet's length.
        out.extend_from_slice(&0u32.to_le_bytes());
        option(out, OPT_TIME_RESOLUTION, &[9]);
        option(out, OPT_END, &[]);
    });
}

/// Appends a packet that came or went at `unix_time`, the time since 1970.
pub fn write_packet(packet: &Packet<'_>, unix_time: Duration, out: &mut Vec<u8>) {
    let (source, destination) = match packet.direction {
        Direction::Received => (packet.path.remote, packet.path.local),
        Direction::Sent => (packet.path.local, packet.path.remote),
    };
    let nanos = u64::try_from(unix_time.as_nanos()).unwrap_or(u64::MAX);
    block(out, ENHANCED_PACKET, |out| {
        out.extend_from_slice(&0u32.to_le_bytes());
        out.extend_from_slice(&((nanos >> 32) as u32).to_le_bytes());
        out.extend_from_slice(&(nanos as u32).to_le_bytes());
        let lengths = out.len();
        out.extend_from_slice(&[0; 8]);
        let start = out.len();
        write_ip(source, destination, packet.content, packet.data, out);
        let len = ((out.len() - start) as u32).to_le_bytes();
        for (byte, value) in out.iter_mut().skip(lengths).zip(len.iter().chain(&len)) {
            *byte = *value;
        }
        pad(out, start);
        let inbound = packet.direction == Direction::Received;
        let flags: u32 = if inbound { 1 } else { 2 };
        option(out, OPT_FLAGS, &flags.to_le_bytes());
        option(out, OPT_END, &[]);
    });
}

/// Appends a secret, so that Wireshark decrypts what is captured of the handshake. It must stand
/// before the packets that need it.
pub fn write_secret(secret: &Secret<'_>, out: &mut Vec<u8>) {
    let line = format!("{secret}\n");
    block(out, DECRYPTION_SECRETS, |out| {
        out.extend_from_slice(&SECRETS_TLS_KEY_LOG.to_le_bytes());
        out.extend_from_slice(&(line.len() as u32).to_le_bytes());
        let start = out.len();
        out.extend_from_slice(line.as_bytes());
        pad(out, start);
    });
}

/// A block: its type, its length before and after, and what `body` writes.
fn block(out: &mut Vec<u8>, kind: u32, body: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    out.extend_from_slice(&kind.to_le_bytes());
    out.extend_from_slice(&[0; 4]);
    body(out);
    let len = ((out.len() - start + 4) as u32).to_le_bytes();
    out.extend_from_slice(&len);
    for (byte, value) in out.iter_mut().skip(start + 4).zip(len) {
        *byte = value;
    }
}

fn option(out: &mut Vec<u8>, code: u16, value: &[u8]) {
    out.extend_from_slice(&code.to_le_bytes());
    out.extend_from_slice(&(value.len() as u16).to_le_bytes());
    let start = out.len();
    out.extend_from_slice(value);
    pad(out, start);
}

/// Fills up to 32 bits from `start`.
fn pad(out: &mut Vec<u8>, start: usize) {
    let len = out.len() - start;
    out.resize(start + len.next_multiple_of(4), 0);
}

fn write_ip(
    source: SocketAddr,
    destination: SocketAddr,
    content: Content,
    data: &[u8],
    out: &mut Vec<u8>,
) {
    let (protocol, header) = match content {
        Content::Udp | Content::Rtp => (PROTOCOL_UDP, UDP_HEADER),
        Content::Sctp => (PROTOCOL_SCTP, 0),
    };
    // A packet within one host can be larger than IP's length counts; none of ours is.
    let len = u16::try_from(header + data.len()).unwrap_or(u16::MAX);
    match (source.ip(), destination.ip()) {
        (IpAddr::V4(from), IpAddr::V4(to)) => {
            let start = out.len();
            out.extend_from_slice(&[0x45, 0]);
            out.extend_from_slice(&len.saturating_add(20).to_be_bytes());
            out.extend_from_slice(&[0, 0, 0x40, 0, HOP_LIMIT, protocol, 0, 0]);
            out.extend_from_slice(&from.octets());
            out.extend_from_slice(&to.octets());
            let sum = checksum(out.get(start..).unwrap_or_default());
            for (byte, value) in out.iter_mut().skip(start + 10).zip(sum.to_be_bytes()) {
                *byte = value;
            }
        }
        (from, to) => {
            out.extend_from_slice(&[0x60, 0, 0, 0]);
            out.extend_from_slice(&len.to_be_bytes());
            out.extend_from_slice(&[protocol, HOP_LIMIT]);
            for address in [from, to] {
                out.extend_from_slice(&as_ipv6(address).octets());
            }
        }
    }
    if protocol == PROTOCOL_UDP {
        out.extend_from_slice(&source.port().to_be_bytes());
        out.extend_from_slice(&destination.port().to_be_bytes());
        out.extend_from_slice(&len.to_be_bytes());
        // None was calculated (RFC 768).
        out.extend_from_slice(&[0; 2]);
    }
    out.extend_from_slice(data);
}

fn as_ipv6(address: IpAddr) -> Ipv6Addr {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped(),
        IpAddr::V6(address) => address,
    }
}

/// RFC 1071.
fn checksum(header: &[u8]) -> u16 {
    let sum: u32 = header
        .chunks(2)
        .map(|pair| match *pair {
            [high, low] => u32::from(u16::from_be_bytes([high, low])),
            [high] => u32::from(high) << 8,
            _ => 0,
        })
        .sum();
    let folded = (sum & 0xffff) + (sum >> 16);
    !((folded & 0xffff) + (folded >> 16)) as u16
}
