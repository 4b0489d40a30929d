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
