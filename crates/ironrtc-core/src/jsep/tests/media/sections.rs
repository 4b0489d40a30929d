//! Which section is a transceiver's, from the first offer to a place that is used again.

use super::*;

#[test]
fn offers_and_answers_of_media_repeat() {
    let (mut a, mut b) = (negotiator(1), negotiator(2));
    add_track(&mut a, MediaKind::Video, "v");
    let first = a.create_offer(&OfferOptions::default()).unwrap();
    assert_eq!(a.create_offer(&OfferOptions::default()).unwrap(), first);
    b.set_remote_description(first).unwrap();
    let answer = b.create_answer().unwrap();
    assert_eq!(b.create_answer().unwrap(), answer);
}

/// RFC 9429 section 5.10: a transceiver of `addTrack` is found for an offer, one of `addTransceiver`
/// is not.
#[test]
fn an_offer_uses_what_add_track_made_and_nothing_else() {
    let (mut a, mut b) = (negotiator(1), negotiator(2));
    add_track(&mut a, MediaKind::Audio, "x");
    let made = add(&mut b, MediaKind::Audio, Direction::SendRecv);
    let video = add_track(&mut b, MediaKind::Video, "v");
    let track = add_track(&mut b, MediaKind::Audio, "y");
    assert_eq!(track, made, "it had no track and never sent");
    let second = add_track(&mut b, MediaKind::Audio, "z");
    agree(&mut a, &mut b);
    assert_eq!(b.transceiver(made).unwrap().mid(), None);
    assert_eq!(b.transceiver(video).unwrap().mid(), None);
    assert_eq!(current(&b, second), Some(Direction::SendRecv));
    assert_eq!(b.transceivers().count(), 3);
    assert!(b.negotiation_needed(), "two have no section yet");
    agree(&mut b, &mut a);
    assert_eq!(a.transceivers().count(), 3);
    assert_eq!(lines(&local(&b)).len(), 3);
    assert!(!b.negotiation_needed());
}

#[test]
fn an_offer_that_only_sends_uses_no_track_of_ours() {
    let (mut a, mut b) = (negotiator(1), negotiator(2));
    add(&mut a, MediaKind::Audio, Direction::SendOnly);
    let ours = add_track(&mut b, MediaKind::Audio, "y");
    agree(&mut a, &mut b);
    assert_eq!(b.transceiver(ours).unwrap().mid(), None);
    assert_eq!(b.transceivers().count(), 2);
}

/// RFC 9429 section 5.2.2.
#[test]
fn a_stopped_transceiver_leaves_its_place_to_another() {
    let (mut a, mut b) = (negotiator(1), negotiator(2));
    let audio = add_track(&mut a, MediaKind::Audio, "x");
    let video = add_track(&mut a, MediaKind::Video, "y");
    a.add_data_channel();
    agree(&mut a, &mut b);
    assert_eq!(a.stop_transceiver(audio), Ok(true));
    assert_eq!(a.stop_transceiver(audio), Ok(false));
    assert!(a.negotiation_needed());
    assert!(section(&a, audio).send.is_none(), "it ends at once");
    let there = b.transceivers().next().unwrap().id();
    let [changes, here] = agree(&mut a, &mut b);
    assert!(changes.contains(&TrackChange::Ended(there)));
    assert!(
        !here.contains(&TrackChange::Ended(audio)),
        "that was told when it was stopped"
    );
    assert!(a.transceiver(audio).is_none() && b.transceiver(there).is_none());
    assert!(local(&a).contains("m=audio 0 ") && !a.negotiation_needed());
    assert!(a.plan(TransportId::default()).unwrap().sctp.is_some());
    // Another kind may take the place, under another name.
    let new = add_track(&mut a, MediaKind::Video, "z");
    agree(&mut a, &mut b);
    let offer = local(&a);
    assert_eq!(lines(&offer).len(), 3);
    assert!(lines(&offer)[0].starts_with("m=video "));
    let mid = |id| a.transceiver(id).unwrap().mid().unwrap().as_str();
    assert_eq!((mid(video), mid(new)), ("1", "3"));
    assert_eq!(rtp(&b).sections.len(), 2);
}

#[test]
fn a_section_is_not_used_again_before_both_know_that_it_is_free() {
    let (mut a, mut b) = (negotiator(1), negotiator(2));
    let audio = add_track(&mut a, MediaKind::Audio, "x");
    agree(&mut a, &mut b);
    a.stop_transceiver(audio).unwrap();
    add_track(&mut a, MediaKind::Audio, "z");
    agree(&mut a, &mut b);
    assert_eq!(lines(&local(&a)).len(), 2);
    assert!(lines(&local(&a))[0].starts_with("m=audio 0 "));
}

#[test]
fn one_that_the_peer_never_heard_of_is_gone_at_once() {
    let mut a = negotiator(1);
    let id = add(&mut a, MediaKind::Audio, Direction::SendRecv);
    assert!(a.negotiation_needed());
    a.stop_transceiver(id).unwrap();
    assert!(!a.negotiation_needed());
    assert_eq!(
        a.set_direction(id, Direction::Inactive),
        Err(TransceiverError::Unknown(id))
    );
}

#[test]
fn one_that_was_stopped_before_the_answer_is_rejected_by_it() {
    let (mut a, mut b) = (negotiator(1), negotiator(2));
    let id = add_track(&mut a, MediaKind::Video, "x");
    add_track(&mut a, MediaKind::Audio, "y");
    a.set_local_description(None).unwrap();
    b.set_remote_description(a.local_description().unwrap())
        .unwrap();
    let there = b.transceivers().next().unwrap().id();
    b.stop_transceiver(there).unwrap();
    b.set_local_description(None).unwrap();
    assert!(local(&b).contains("m=video 0 "));
    let changes = a
        .set_remote_description(b.local_description().unwrap())
        .unwrap();
    assert!(changes.tracks.contains(&TrackChange::Ended(id)));
    assert!(a.transceiver(id).is_none() && b.transceiver(there).is_none());
    assert_eq!(rtp(&a).sections.len(), 1);
}

/// webrtc-pc section 4.4.3.3.
#[test]
fn legacy_options_make_one_to_receive_or_stop_all_receiving() {
    let (mut a, mut b) = (negotiator(1), negotiator(2));
    let receive = OfferOptions::default().offer_to_receive_video(Some(true));
    let offer = a.create_offer(&receive).unwrap();
    assert_eq!(a.create_offer(&receive).unwrap(), offer);
    assert_eq!(
        a.transceiver(only(&a)).unwrap().direction(),
        Direction::RecvOnly
    );
    let audio = add_track(&mut a, MediaKind::Audio, "x");
    let none = OfferOptions::default().offer_to_receive_audio(Some(false));
    let offer = a.create_offer(&none).unwrap();
    a.set_local_description(Some(offer)).unwrap();
    b.set_remote_description(a.local_description().unwrap())
        .unwrap();
    assert_eq!(
        a.transceiver(audio).unwrap().direction(),
        Direction::SendOnly
    );
    assert_eq!(b.transceivers().count(), 2);
}

/// What programs do to descriptions between making and setting them.
#[test]
fn a_description_that_was_changed_counts_as_it_was_set() {
    let (mut a, mut b) = (negotiator(1), negotiator(2));
    let id = add_track(&mut a, MediaKind::Video, "x");
    let offer = a.create_offer(&OfferOptions::default()).unwrap().sdp;
    let vp8 = |line: &&str| !line.contains(":96 ") && !line.contains("apt=96");
    let changed: String = offer.split_inclusive("\r\n").filter(vp8).collect();
    let changed = changed
        .replace("SAVPF 96 97 ", "SAVPF ")
        .replace("a=sendrecv", "a=sendonly")
        .replace("a=mid:0", "b=AS:300\r\na=mid:0")
        .replace("a=extmap-allow-mixed\r\n", "");
    assert_ne!(changed, offer);
    let offer = SessionDescription::offer(changed);
    a.set_local_description(Some(offer.clone())).unwrap();
    b.set_remote_description(offer).unwrap();
    b.set_local_description(None).unwrap();
    let answer = local(&b).replace("a=mid:0", "b=TIAS:250000\r\na=mid:0");
    a.set_remote_description(SessionDescription::answer(answer))
        .unwrap();
    let send = section(&a, id).send.unwrap();
    assert!(
        send.codecs
            .iter()
            .all(|codec| codec.codec.name != CodecName::Vp8)
    );
    assert_eq!(send.max_bitrate, Some(250_000));
    assert_eq!(current(&a, id), Some(Direction::SendOnly));
    assert!(!rtp(&a).mixed_extensions);
    assert!(a.negotiation_needed(), "sendrecv is still wanted");
}
