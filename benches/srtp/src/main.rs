//! SRTP alone: what a packet with 1,200 bytes of payload costs to be sealed and opened, with each
//! profile, in one thread.
#![forbid(unsafe_code)]

use std::time::Duration;

use bench_harness::cpu_time;
use bench_harness::media::PAYLOAD;
use ironrtc_core::srtp::{Inbound, MasterKey, Outbound, Profile};

/// A header with an extension of eight bytes (RFC 3550 section 5.1, RFC 8285 section 4.2).
const HEADER: [u8; 24] = [
    0x90, 96, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7, 0xbe, 0xde, 0, 2, 0x10, b'0', 0x31, 0, 1, 0, 0, 0,
];
/// Packets that are sealed one after the other, and then opened.
const BATCH: u16 = 4000;

fn main() {
    let packets: usize = std::env::args().nth(1).map_or(1_000_000, |word| {
        word.parse()
            .expect("usage: bench-srtp [PACKETS], a number of them")
    });
    for profile in Profile::ALL {
        let (seal, open) = measure(profile, packets);
        println!(r#"{{"profile":"{profile:?}","seal_ns":{seal:.1},"open_ns":{open:.1}}}"#);
    }
}

/// Nanoseconds a packet.
fn measure(profile: Profile, packets: usize) -> (f64, f64) {
    let key = [1; 32]
        .get(..profile.key_len())
        .unwrap_or_default()
        .to_vec();
    let salt = [2; 14]
        .get(..profile.salt_len())
        .unwrap_or_default()
        .to_vec();
    let key = MasterKey::new(profile, &key, &salt).expect("a key");
    let mut outbound = Outbound::new(&key).expect("a key");
    let mut inbound = Inbound::new(&key).expect("a key");
    let mut sealed: Vec<Vec<u8>> = vec![Vec::with_capacity(2048); BATCH.into()];
    let (mut seal, mut open) = (Duration::ZERO, Duration::ZERO);
    let mut sequence = 0_u16;
    for _ in 0..packets / usize::from(BATCH) {
        let start = cpu_time();
        for packet in &mut sealed {
            packet.clear();
            packet.extend_from_slice(&HEADER);
            packet[2..4].copy_from_slice(&sequence.to_be_bytes());
            packet.resize(HEADER.len() + PAYLOAD, 3);
            outbound.seal_rtp(packet, 0).expect("a new number");
            sequence = sequence.wrapping_add(1);
        }
        let middle = cpu_time();
        for packet in &mut sealed {
            inbound.open_rtp(packet).expect("the same key");
        }
        seal += middle - start;
        open += cpu_time() - middle;
    }
    let each = |time: Duration| time.as_nanos() as f64 / packets as f64;
    (each(seal), each(open))
}
