use super::*;
use crate::rtp::tests::{audio, plan, simulcast, video};
use crate::wire::rtp::{RtpTime, SeqNo};

fn header(ssrc: u32, payload_type: u8) -> FixedHeader {
    FixedHeader {
        marker: false,
        payload_type: PayloadType::of_low_bits(payload_type),
        sequence: SeqNo::new(1),
        timestamp: RtpTime::new(0),
        ssrc: Ssrc::new(ssrc),
    }
}

fn named<'a>(
    mid: Option<&'a str>,
    rid: Option<&'a str>,
    repaired: Option<&'a str>,
) -> Extensions<'a> {
    Extensions {
        mid,
        rid,
        repaired_rid: repaired,
        ..Extensions::default()
    }
}

const NONE: Extensions<'static> = Extensions {
    mid: None,
    rid: None,
    repaired_rid: None,
    transport_cc: None,
    abs_send_time: None,
    transmission_offset: None,
    audio_level: None,
    csrc_levels: None,
    orientation: None,
    playout_delay: None,
    capture: None,
    descriptor: None,
    layers: None,
};

fn router(sections: Vec<RtpSection>) -> Router {
    let mut router = Router::default();
    router.apply(&plan(sections));
    router
}

fn target(router: &mut Router, ssrc: u32, payload: u8, names: &Extensions<'_>) -> Option<Target> {
    let route = router.route(Time::ZERO, &header(ssrc, payload), names);
    route.ok().map(|route| route.target)
}

fn repair(of: u32) -> Option<Target> {
    Some(Target::Repair {
        of: Ssrc::new(of),
        payload_type: PayloadType::of_low_bits(96),
    })
}

#[test]
fn a_name_is_kept_for_packets_that_have_none() {
    // Both sections have payload type 96, so that it tells nothing.
    let mut router = router(vec![video("1"), video("2")]);
    assert_eq!(target(&mut router, 7, 96, &NONE), None);
    let named = named(Some("2"), None, None);
    assert_eq!(target(&mut router, 7, 96, &named), Some(Target::Media));
    assert_eq!(target(&mut router, 7, 96, &NONE), Some(Target::Media));
    assert_eq!(
        router.names(Ssrc::new(7)).map(|(mid, _)| mid.as_str()),
        Some("2")
    );
}

#[test]
fn another_name_moves_a_source_and_an_unknown_one_drops_the_packet() {
    let mut router = router(vec![video("1"), video("2")]);
    target(&mut router, 7, 96, &named(Some("1"), None, None));
    assert_eq!(
        target(&mut router, 7, 96, &named(Some("3"), None, None)),
        None
    );
    let route = router.route(Time::ZERO, &header(7, 96), &named(Some("2"), None, None));
    assert!(route.is_ok_and(|route| route.is_new));
    assert_eq!(
        router.names(Ssrc::new(7)).map(|(mid, _)| mid.as_str()),
        Some("2")
    );
}

#[test]
fn a_payload_type_that_one_section_has_is_enough() {
    let mut router = router(vec![audio("a"), video("v")]);
    assert_eq!(target(&mut router, 7, 111, &NONE), Some(Target::Media));
    assert_eq!(
        router.names(Ssrc::new(7)).map(|(mid, _)| mid.as_str()),
        Some("a")
    );
    assert_eq!(target(&mut router, 8, 100, &NONE), None);
    // A payload type that the section does not have.
    assert_eq!(target(&mut router, 7, 96, &NONE), None);
}

#[test]
fn retransmissions_find_their_encoding_by_its_name() {
    let mut router = router(vec![simulcast("v", &["h", "l"])]);
    for (ssrc, rid) in [(1, "h"), (2, "l")] {
        // Until its name comes, it could be any.
        assert_eq!(
            target(&mut router, ssrc, 96, &named(Some("v"), None, None)),
            None
        );
        let media = named(Some("v"), Some(rid), None);
        assert_eq!(target(&mut router, ssrc, 96, &media), Some(Target::Media));
    }
    assert_eq!(
        target(&mut router, 11, 97, &named(Some("v"), None, Some("l"))),
        repair(2)
    );
    assert_eq!(target(&mut router, 11, 97, &NONE), repair(2));
    assert_eq!(
        target(&mut router, 12, 97, &named(Some("v"), None, Some("x"))),
        None
    );
}

#[test]
fn names_of_encodings_mean_nothing_where_none_were_negotiated() {
    let mut router = router(vec![video("v")]);
    let odd = named(Some("v"), Some("x"), None);
    assert_eq!(target(&mut router, 1, 96, &odd), Some(Target::Media));
    let route = router.route(Time::ZERO, &header(1, 96), &odd);
    assert!(route.is_ok_and(|route| !route.is_new));
}

#[test]
fn retransmissions_without_names_are_of_the_only_stream_or_of_the_announced_one() {
    let mut section = video("v");
    let mut first = router(vec![section.clone()]);
    assert_eq!(target(&mut first, 11, 97, &NONE), None);
    assert_eq!(target(&mut first, 1, 96, &NONE), Some(Target::Media));
    assert_eq!(target(&mut first, 11, 97, &NONE), repair(1));
    let receive = section.receive.as_mut().expect("it receives");
    receive.streams.push(crate::rtp::StreamPlan {
        ssrc: Ssrc::new(5),
        rtx: Some(Ssrc::new(6)),
        rid: None,
    });
    let mut second = router(vec![section, video("w")]);
    assert_eq!(target(&mut second, 6, 97, &NONE), repair(5));
    assert_eq!(target(&mut second, 5, 96, &NONE), Some(Target::Media));
}

#[test]
fn sources_have_a_bound_and_those_longest_silent_make_room() {
    let mut router = router(vec![video("v")]);
    for ssrc in 0..MAX_SOURCES as u32 {
        let now = Time::from_millis(u64::from(ssrc));
        let route = router.route(now, &header(ssrc, 96), &NONE);
        assert!(route.is_ok_and(|route| route.evicted.is_none()));
    }
    let late = Time::from_millis(5_000);
    assert!(router.route(late, &header(0, 96), &NONE).is_ok());
    let route = router.route(late, &header(9_999, 96), &NONE);
    assert_eq!(route.map(|route| route.evicted), Ok(Some(Ssrc::new(1))));
    assert_eq!(router.sources.len(), MAX_SOURCES);
}

#[test]
fn unknown_sources_are_counted_up_to_a_bound() {
    let mut router = router(vec![audio("a")]);
    for ssrc in 0..100 {
        target(&mut router, ssrc, 96, &NONE);
        target(&mut router, ssrc, 96, &NONE);
    }
    assert_eq!(router.unknown().count(), MAX_UNKNOWN);
    assert!(router.unknown().all(|(_, packets)| packets == 2));
}

#[test]
fn sources_of_sections_that_end_are_forgotten() {
    let mut router = router(vec![audio("a"), video("v")]);
    target(&mut router, 1, 111, &NONE);
    target(&mut router, 2, 96, &NONE);
    assert_eq!(router.apply(&plan(vec![audio("a")])), [Ssrc::new(2)]);
    assert_eq!(target(&mut router, 1, 111, &NONE), Some(Target::Media));
    assert_eq!(target(&mut router, 2, 96, &NONE), None);
}

#[test]
fn the_source_of_retransmissions_is_the_one_that_was_heard_or_else_the_one_announced() {
    let mut section = video("v");
    section.receive.as_mut().expect("received").streams = vec![crate::rtp::StreamPlan {
        ssrc: Ssrc::new(7),
        rtx: Some(Ssrc::new(8)),
        rid: None,
    }];
    let mut router = router(vec![section]);
    assert_eq!(router.repair_of(Ssrc::new(7)), Some(Ssrc::new(8)));
    assert_eq!(router.repair_of(Ssrc::new(8)), None);
    assert_eq!(target(&mut router, 7, 96, &NONE), Some(Target::Media));
    let names = named(Some("v"), None, None);
    assert_eq!(target(&mut router, 9, 97, &names), repair(7));
    assert_eq!(router.repair_of(Ssrc::new(7)), Some(Ssrc::new(9)));
}
