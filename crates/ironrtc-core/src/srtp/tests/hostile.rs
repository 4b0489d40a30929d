//! Bytes that are not the peer's, or come twice.

use super::*;
use crate::srtp::inbound;
use crate::{srtp::outbound, work};

#[test]
fn a_change_of_any_byte_is_noticed_and_changes_nothing() {
    for profile in Profile::ALL {
        let (mut outbound, mut inbound) = pair(profile);
        open(&mut inbound, &seal(&mut outbound, &rtp(1, 9))).unwrap();
        let sealed = seal(&mut outbound, &rtp(1, 10));
        for at in 0..sealed.len() {
            let mut forged = sealed.clone();
            forged[at] ^= 0x20;
            assert!(open(&mut inbound, &forged).is_err(), "{profile:?} {at}");
        }
        assert_eq!(inbound.sources().0, 1, "no source was made of them");
        assert_eq!(open(&mut inbound, &sealed), Ok(rtp(1, 10)), "{profile:?}");

        let mut sealed = rtcp(1);
        outbound.seal_rtcp(&mut sealed, 0).unwrap();
        for at in 0..sealed.len() {
            let mut forged = sealed.clone();
            forged[at] ^= 0x20;
            assert!(inbound.open_rtcp(&mut forged).is_err(), "{profile:?} {at}");
        }
        assert_eq!(inbound.sources().1, 0);
        assert_eq!(inbound.open_rtcp(&mut sealed), Ok(8));
    }
}

#[test]
fn packets_pass_once() {
    for profile in Profile::ALL {
        let (mut outbound, mut inbound) = pair(profile);
        let sealed: Vec<_> = (0..5000)
            .map(|sequence| seal(&mut outbound, &rtp(1, sequence)))
            .collect();
        // Two thousand behind the highest are told apart, in any order.
        assert!(open(&mut inbound, &sealed[4999]).is_ok());
        for sealed in sealed.iter().rev().skip(1).take(2047) {
            assert!(open(&mut inbound, sealed).is_ok());
        }
        for sealed in &sealed {
            assert_eq!(open(&mut inbound, sealed), Err(DropReason::SrtpReplay));
        }
        let mut report = rtcp(1);
        outbound.seal_rtcp(&mut report, 0).unwrap();
        assert!(inbound.open_rtcp(&mut report.clone()).is_ok());
        assert_eq!(inbound.open_rtcp(&mut report), Err(DropReason::SrtpReplay));
    }
}

#[test]
fn what_is_cut_short_is_dropped() {
    for profile in Profile::ALL {
        let (mut outbound, mut inbound) = pair(profile);
        let sealed = seal(&mut outbound, &rtp(1, 10));
        for len in 0..sealed.len() {
            assert!(open(&mut inbound, &sealed[..len]).is_err(), "{len}");
        }
        let mut report = rtcp(1);
        outbound.seal_rtcp(&mut report, 0).unwrap();
        for len in 0..report.len() {
            assert!(inbound.open_rtcp(&mut report[..len].to_vec()).is_err());
        }
        for first in 0..=255 {
            for len in 0..80 {
                let _ = open(&mut inbound, &vec![first; len]);
                let _ = inbound.open_rtcp(&mut vec![first; len]);
                let _ = outbound.seal_rtp(&mut vec![first; len], 0);
            }
        }
        let far = rtp(1, 1);
        assert_eq!(
            outbound.seal_rtp(&mut far.clone(), 99),
            Err(SealError::Malformed)
        );
    }
}

#[test]
fn no_number_is_sent_twice() {
    let (mut outbound, _) = pair(Profile::AeadAes128Gcm);
    seal(&mut outbound, &rtp(1, 10));
    seal(&mut outbound, &rtp(1, 9));
    for sequence in [9, 10] {
        let mut out = rtp(1, sequence);
        assert_eq!(outbound.seal_rtp(&mut out, 0), Err(SealError::Repeated));
        assert!(out.is_empty(), "nothing is left to be sent by mistake");
    }
}

#[test]
fn sources_of_the_peers_are_bounded_and_of_ours_refused() {
    let (mut outbound, mut inbound) = pair(Profile::AeadAes128Gcm);
    for ssrc in 0..outbound::MAX_SOURCES as u32 {
        open(&mut inbound, &seal(&mut outbound, &rtp(ssrc, 1))).unwrap();
        let mut report = rtcp(ssrc);
        outbound.seal_rtcp(&mut report, 0).unwrap();
        inbound.open_rtcp(&mut report).unwrap();
    }
    assert_eq!(
        inbound.sources(),
        (inbound::MAX_SOURCES, inbound::MAX_SOURCES)
    );
    let result = outbound.seal_rtp(&mut rtp(5_000, 1), 0);
    assert_eq!(result, Err(SealError::TooManySources));
    // Known ones go on.
    open(&mut inbound, &seal(&mut outbound, &rtp(3, 2))).unwrap();
}

#[test]
fn no_packet_costs_more_than_the_window() {
    let (mut outbound, mut inbound) = pair(Profile::AeadAes128Gcm);
    for sequence in [1, 2, 30_000, 30_001, 60_000, 9] {
        let sealed = seal(&mut outbound, &rtp(1, sequence));
        let cost = work::of(|| {
            open(&mut inbound, &sealed).unwrap();
        });
        assert!(cost <= 32, "{sequence}: {cost}");
    }
}
