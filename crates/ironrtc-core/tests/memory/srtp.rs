//! Packets of SRTP.

use ironrtc_core::srtp::{Inbound, MasterKey, Outbound, Profile};

use crate::{alone, measure};

#[test]
fn no_packet_of_a_known_source_allocates() {
    let _alone = alone();
    for profile in Profile::ALL {
        let (key, salt) = (vec![1; profile.key_len()], vec![2; profile.salt_len()]);
        let master = MasterKey::new(profile, &key, &salt).unwrap();
        let mut outbound = Outbound::new(&master).unwrap();
        let mut inbound = Inbound::new(&master).unwrap();
        let mut out = Vec::with_capacity(2000);
        let mut exchange = |sequence: u16| {
            let [high, low] = sequence.to_be_bytes();
            out.clear();
            out.extend_from_slice(&[0x80, 96, high, low, 0, 0, 0, 0, 0, 0, 0, 1]);
            out.resize(1000, 7);
            outbound.seal_rtp(&mut out, 0).unwrap();
            inbound.open_rtp(&mut out).unwrap();
            out.clear();
            out.extend_from_slice(&[0x80, 201, 0, 1, 0, 0, 0, 1]);
            outbound.seal_rtcp(&mut out, 0).unwrap();
            inbound.open_rtcp(&mut out).unwrap();
        };
        exchange(1);
        // The harness allocates when it begins another test, which then waits for this one: what we
        // allocate would be seen in each of the rounds.
        let rounds = (0..5).map(|round| {
            let from = 2 + round * 1000;
            measure(|| (from..from + 1000).for_each(&mut exchange)).1
        });
        assert_eq!(rounds.map(|cost| cost.total).min(), Some(0), "{profile:?}");
    }
}
