//! What it costs to seal and to open a packet, by profile.
//!
//! `cargo run --release -p ironrtc-core --example srtp_cost [PACKETS]`
#![allow(
    clippy::disallowed_methods,
    reason = "a measurement reads the clock; the core does not"
)]

use std::time::{Duration, Instant};

use ironrtc_core::srtp::{Inbound, MasterKey, Outbound, Profile};

/// Packets that are sealed before they are opened, as in a batch.
const BATCH: u32 = 50;
const ROUNDS: usize = 5;

fn main() {
    let packets = std::env::args()
        .nth(1)
        .map_or(200_000, |text| text.parse().expect("a number of packets"));
    println!(
        "{:28} {:>6} {:>6} {:>6}",
        "ns a packet", "bytes", "seal", "open"
    );
    for profile in Profile::ALL {
        for size in [80, 160, 1100] {
            let best = (0..ROUNDS).map(|_| measure(profile, size, packets)).min();
            let (seal, open) = best.expect("a round");
            let each = |time: Duration| time.as_nanos() / u128::from(packets);
            let name = profile.as_str();
            println!("{name:28} {size:6} {:6} {:6}", each(seal), each(open));
        }
    }
}

fn measure(profile: Profile, size: usize, packets: u32) -> (Duration, Duration) {
    let (key, salt) = (vec![1; profile.key_len()], vec![2; profile.salt_len()]);
    let master = MasterKey::new(profile, &key, &salt).expect("a key");
    let mut outbound = Outbound::new(&master).expect("a direction");
    let mut inbound = Inbound::new(&master).expect("a direction");
    let (mut sealing, mut opening) = (Duration::ZERO, Duration::ZERO);
    let mut out = Vec::new();
    let mut ends = Vec::new();
    for batch in 0..packets / BATCH {
        out.clear();
        ends.clear();
        let begin = Instant::now();
        for step in 0..BATCH {
            let start = out.len();
            let [_, _, high, low] = (batch * BATCH + step).to_be_bytes();
            out.extend_from_slice(&[0x80, 96, high, low, 0, 0, 0, 0, 0, 0, 0, 1]);
            out.resize(start + size, 7);
            outbound.seal_rtp(&mut out, start).expect("a sealed packet");
            ends.push(out.len());
        }
        sealing += begin.elapsed();
        let begin = Instant::now();
        let mut start = 0;
        for &end in &ends {
            let len = inbound.open_rtp(&mut out[start..end]);
            assert_eq!(len, Ok(size));
            start = end;
        }
        opening += begin.elapsed();
    }
    (sealing, opening)
}
