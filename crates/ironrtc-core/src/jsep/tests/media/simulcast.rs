//! Several encodings of one track.

use super::*;
use crate::ids::Rid;

fn sent_rids(section: &RtpSection) -> Vec<String> {
    let encodings = &section.send.as_ref().unwrap().encodings;
    let rid = |rid: &Rid| rid.to_string();
    encodings
        .iter()
        .filter_map(|e| e.rid.as_ref().map(rid))
        .collect()
}

#[test]
fn a_simulcast_is_offered_taken_and_kept() {
    let (mut a, mut b) = (negotiator(1), negotiator(2));
    let init = TransceiverInit::default().send_encodings(rids(&["q", "h", "f"]));
    let id = a
        .add_transceiver(MediaKind::Video, Some("x"), init)
        .unwrap();
    for _ in 0..2 {
        agree(&mut a, &mut b);
        assert!(local(&a).contains("a=simulcast:send q;h;f\r\n"));
        assert!(local(&b).contains("a=simulcast:recv q;h;f\r\n"));
        assert!(!local(&a).contains("a=ssrc:"), "names tell them apart");
        assert_eq!(sent_rids(&section(&a, id)), ["q", "h", "f"]);
        let receive = section(&b, only(&b)).receive.unwrap();
        assert_eq!(receive.rids.len(), 3);
    }
    // The receiver's own offers keep it.
    agree(&mut b, &mut a);
    assert!(
        local(&b).contains("a=simulcast:recv q;h;f\r\n"),
        "{}",
        local(&b)
    );
    assert_eq!(sent_rids(&section(&a, id)), ["q", "h", "f"]);
    let scales: Vec<f64> = (a.get_parameters(id).unwrap().encodings.iter())
        .filter_map(|encoding| encoding.scale_resolution_down_by)
        .collect();
    assert_eq!(scales, [4.0, 2.0, 1.0]);
}

#[test]
fn a_simulcast_outlives_a_hold() {
    let (mut a, mut b) = (negotiator(1), negotiator(2));
    let init = TransceiverInit::default().send_encodings(rids(&["q", "h", "f"]));
    let id = a.add_transceiver(MediaKind::Video, None, init).unwrap();
    agree(&mut a, &mut b);
    a.set_direction(id, Direction::Inactive).unwrap();
    agree(&mut a, &mut b);
    a.set_direction(id, Direction::SendRecv).unwrap();
    agree(&mut a, &mut b);
    assert_eq!(section(&a, id).send.unwrap().encodings.len(), 3);
}

#[test]
fn a_simulcast_that_is_declined_becomes_one_encoding() {
    let (mut a, mut b) = (negotiator(1), negotiator(2));
    let init = TransceiverInit::default().send_encodings(rids(&["q", "h"]));
    let id = a
        .add_transceiver(MediaKind::Video, Some("x"), init)
        .unwrap();
    a.set_local_description(None).unwrap();
    b.set_remote_description(a.local_description().unwrap())
        .unwrap();
    let answer = b.create_answer().unwrap().sdp;
    let plain: String = (answer.split_inclusive("\r\n"))
        .filter(|line| !line.starts_with("a=rid:") && !line.starts_with("a=simulcast:"))
        .collect();
    a.set_remote_description(SessionDescription::answer(plain))
        .unwrap();
    let send = section(&a, id).send.unwrap();
    assert_eq!(send.encodings.len(), 1);
    assert_eq!(send.encodings[0].rid, None);
    assert_eq!(a.get_parameters(id).unwrap().encodings.len(), 1);
    agree(&mut a, &mut b);
    assert!(!local(&a).contains("a=simulcast") && local(&a).contains("a=ssrc:"));
}

#[test]
fn an_offer_to_receive_a_simulcast_is_answered_with_one_and_undone_with_the_offer() {
    let (mut a, mut b) = (negotiator(1), negotiator(2));
    add(&mut a, MediaKind::Video, Direction::RecvOnly);
    let ours = add_track(&mut b, MediaKind::Video, "x");
    let offer = a.create_offer(&OfferOptions::default()).unwrap().sdp;
    let lines = "a=rid:1 recv\r\na=rid:2 recv\r\na=simulcast:recv 1;2\r\n";
    let offer = SessionDescription::offer(format!("{offer}{lines}"));
    b.set_remote_description(offer.clone()).unwrap();
    assert_eq!(b.get_parameters(ours).unwrap().encodings.len(), 2);
    b.set_remote_description(SessionDescription::rollback())
        .unwrap();
    assert_eq!(b.get_parameters(ours).unwrap().encodings.len(), 1);
    b.set_remote_description(offer).unwrap();
    b.set_local_description(None).unwrap();
    assert!(local(&b).contains("a=simulcast:send 1;2\r\n"));
    assert_eq!(sent_rids(&section(&b, ours)), ["1", "2"]);
}

/// RFC 8853 section 5.3.3: a server that asks for a simulcast no longer is sent one encoding, and asks
/// for the others again when it likes.
#[test]
fn an_offer_that_asks_for_no_simulcast_is_sent_one_encoding() {
    let (mut a, mut b) = (negotiator(1), negotiator(2));
    let init = TransceiverInit::default().send_encodings(rids(&["q", "h", "f"]));
    let id = a
        .add_transceiver(MediaKind::Video, Some("x"), init)
        .unwrap();
    agree(&mut a, &mut b);
    let asked = offer(&mut b);
    let plain = without(&asked, &["a=rid:", "a=simulcast:"]);
    assert_ne!(plain, asked);
    let answered = answer(&mut a, plain);
    let send = section(&a, id).send.unwrap();
    assert_eq!(send.encodings.len(), 1);
    assert_eq!(send.encodings[0].rid, None);
    assert!(answered.contains(&format!("a=ssrc:{} cname:", send.encodings[0].ssrc)));
    b.set_remote_description(SessionDescription::answer(answered))
        .unwrap();
    let receive = section(&b, only(&b)).receive.unwrap();
    assert_eq!(receive.streams[0].ssrc, send.encodings[0].ssrc);
    agree(&mut a, &mut b);
    assert_eq!(sent_rids(&section(&a, id)), ["q", "h", "f"]);
}

/// Parameters that were got before an offer changed the encodings are not of these.
#[test]
fn parameters_do_not_undo_what_an_offer_has_asked_for() {
    let (mut a, mut b) = (negotiator(1), negotiator(2));
    add(&mut a, MediaKind::Video, Direction::RecvOnly);
    let ours = add_track(&mut b, MediaKind::Video, "x");
    let old = b.get_parameters(ours).unwrap();
    let asked = a.create_offer(&OfferOptions::default()).unwrap().sdp;
    let asked = format!("{asked}a=rid:1 recv\r\na=rid:2 recv\r\na=simulcast:recv 1;2\r\n");
    b.set_remote_description(SessionDescription::offer(asked))
        .unwrap();
    let mut new = b.get_parameters(ours).unwrap();
    assert_eq!(b.set_parameters(ours, old), Err(TransceiverError::ReadOnly));
    new.encodings[1].active = false;
    b.set_parameters(ours, new).unwrap();
    let got = b.get_parameters(ours).unwrap();
    assert_eq!(got.encodings.len(), 2);
    // A rollback changes them as well.
    b.set_remote_description(SessionDescription::rollback())
        .unwrap();
    assert_eq!(b.set_parameters(ours, got), Err(TransceiverError::Stale));
    assert_eq!(b.get_parameters(ours).unwrap().encodings.len(), 1);
}

/// Firefox says its encodings twice, by name and by source.
#[test]
fn a_simulcast_with_names_and_sources_maps_both() {
    let (mut a, mut b) = (negotiator(1), negotiator(2));
    add_track(&mut a, MediaKind::Video, "x");
    let plain = without(&offer(&mut a), &["a=ssrc"]);
    let both: String = [(11, 21), (12, 22), (13, 23)]
        .map(|(media, rtx)| {
            format!(
                "a=ssrc-group:FID {media} {rtx}\r\na=ssrc:{media} cname:{{c}}\r\n\
                 a=ssrc:{rtx} cname:{{c}}\r\n"
            )
        })
        .concat();
    let names = "a=rid:f send\r\na=rid:h send\r\na=rid:q send\r\na=simulcast:send f;h;q\r\n";
    let answered = answer(&mut b, format!("{plain}{names}{both}"));
    assert!(answered.contains("a=simulcast:recv f;h;q\r\n"));
    let receive = section(&b, only(&b)).receive.unwrap();
    let streams: Vec<(u32, Option<u32>, Option<String>)> = (receive.streams.iter())
        .map(|stream| {
            let rid = stream.rid.as_ref().map(ToString::to_string);
            (stream.ssrc.get(), stream.rtx.map(|rtx| rtx.get()), rid)
        })
        .collect();
    let expected = [(11, 21, "f"), (12, 22, "h"), (13, 23, "q")]
        .map(|(media, rtx, rid)| (media, Some(rtx), Some(rid.to_owned())));
    assert_eq!(streams, expected);
    let names: Vec<String> = receive.rids.iter().map(ToString::to_string).collect();
    assert_eq!(names, ["f", "h", "q"]);
}

/// A section in which nothing flows keeps its extensions, and no number is given another meaning:
/// browsers refuse or misread what comes after otherwise.
#[test]
fn an_idle_section_keeps_the_extensions_of_its_simulcast() {
    let (mut a, mut b) = (negotiator(1), negotiator(2));
    let init = TransceiverInit::default().send_encodings(rids(&["q", "h"]));
    let id = a.add_transceiver(MediaKind::Video, None, init).unwrap();
    let numbers = |sdp: String| -> Vec<String> {
        let lines = sdp.lines().filter(|line| line.starts_with("a=extmap:"));
        lines.map(str::to_owned).collect()
    };
    agree(&mut a, &mut b);
    let before = numbers(local(&b));
    assert!(before.iter().any(|line| line.ends_with("rtp-stream-id")));
    a.set_direction(id, Direction::Inactive).unwrap();
    agree(&mut a, &mut b);
    assert!(local(&b).contains("a=inactive\r\n"));
    assert_eq!(numbers(local(&b)), before);
    assert_eq!(numbers(local(&a)), before);
    agree(&mut b, &mut a);
    assert_eq!(numbers(local(&b)), before);
    a.set_direction(id, Direction::SendOnly).unwrap();
    agree(&mut a, &mut b);
    assert_eq!(numbers(local(&b)), before);
    assert_eq!(sent_rids(&section(&a, id)), ["q", "h"]);
}
