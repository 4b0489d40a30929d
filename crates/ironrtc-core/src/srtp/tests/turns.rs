//! Rollover counters.

use super::*;

#[test]
fn each_source_has_a_rollover_counter_of_its_own() {
    // One counter for all would turn with video, and audio would fall silent.
    for profile in Profile::ALL {
        let (mut outbound, mut inbound) = pair(profile);
        let (audio, video) = (1, 2);
        for step in 0..150_000_u32 {
            // Video turns twice and more, audio not once.
            let sequence = step as u16;
            let far = step % 997 == 0 || !(3..=65_532).contains(&sequence);
            let packet = rtp(video, sequence);
            if far {
                let sealed = seal(&mut outbound, &packet);
                assert_eq!(
                    open(&mut inbound, &sealed),
                    Ok(packet),
                    "{profile:?} {step}"
                );
            }
            if step % 997 == 0 {
                let packet = rtp(audio, (step / 997) as u16);
                let sealed = seal(&mut outbound, &packet);
                assert_eq!(
                    open(&mut inbound, &sealed),
                    Ok(packet),
                    "{profile:?} {step}"
                );
            }
        }
    }
}

#[test]
fn a_first_packet_after_a_turn_that_was_lost_is_found() {
    for profile in Profile::ALL {
        let (mut outbound, mut inbound) = pair(profile);
        let sequences = (65_530..=65_535).chain(0..20).map(|n| n as u16);
        let sealed: Vec<_> = sequences.map(|n| seal(&mut outbound, &rtp(9, n))).collect();
        for (step, sealed) in sealed.iter().enumerate().skip(10) {
            let packet = rtp(9, (step - 6) as u16);
            assert_eq!(open(&mut inbound, sealed), Ok(packet), "{profile:?} {step}");
        }
        // Late ones of the turn before are still told apart.
        assert_eq!(open(&mut inbound, &sealed[3]), Ok(rtp(9, 65_533)));
        assert_eq!(open(&mut inbound, &sealed[3]), Err(DropReason::SrtpReplay));
    }
}

#[test]
fn packets_around_a_turn_come_in_any_order() {
    for profile in Profile::ALL {
        let (mut outbound, mut inbound) = pair(profile);
        let sequences = [65_534_u16, 0, 65_535, 2, 1, 65_533];
        for turn in 0..3 {
            for sequence in sequences {
                let packet = rtp(4, sequence);
                let sealed = seal(&mut outbound, &packet);
                assert_eq!(open(&mut inbound, &sealed), Ok(packet), "{turn} {sequence}");
            }
            // To the next turn, not more than half of one at a time.
            for sequence in [30_000, 60_000] {
                seal(&mut outbound, &rtp(4, sequence));
            }
            let sealed = seal(&mut outbound, &rtp(4, 60_001));
            assert_eq!(open(&mut inbound, &sealed), Ok(rtp(4, 60_001)));
        }
    }
}

#[test]
fn a_peer_that_was_out_of_reach_for_half_a_turn_and_more_is_found_again() {
    for profile in Profile::ALL {
        for lost in [1_000_u32, 33_000, 40_000, 65_536, 70_000, 90_000] {
            let (mut outbound, mut inbound) = pair(profile);
            let first = seal(&mut outbound, &rtp(4, 20_000));
            open(&mut inbound, &first).unwrap();
            let mut heard = None;
            for step in 1..lost + 20 {
                let packet = rtp(4, (20_000 + step) as u16);
                // All of them are sent, and that number is what counts.
                if step % 20_000 == 0 || step >= lost {
                    let sealed = seal(&mut outbound, &packet);
                    if step >= lost && open(&mut inbound, &sealed) == Ok(packet) {
                        heard.get_or_insert(step - lost);
                    }
                }
            }
            let heard = heard.unwrap_or_else(|| panic!("{profile:?} {lost}: never"));
            // One shows that something is wrong; after a whole turn one looks like a repetition.
            assert!(heard <= 2, "{profile:?} {lost}: {heard} more were lost");
        }
    }
}

#[test]
fn a_key_ends_with_its_last_number() {
    let (mut outbound, _) = pair(Profile::AeadAes128Gcm);
    outbound.skip_rtp_to(1, (1 << 48) - 1);
    seal(&mut outbound, &rtp(1, 65_535));
    let mut out = rtp(1, 0);
    assert_eq!(outbound.seal_rtp(&mut out, 0), Err(SealError::UsedUp));
    assert!(out.is_empty());
    outbound.skip_rtcp_to((1 << 31) - 1);
    assert!(outbound.seal_rtcp(&mut rtcp(1), 0).is_ok());
    let mut out = rtcp(1);
    assert_eq!(outbound.seal_rtcp(&mut out, 0), Err(SealError::UsedUp));
    assert!(out.is_empty());
}
