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
        Err(TransceiverError::Stopped)
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

/// RFC 9429 section 5.2.2.
#[test]
fn a_place_keeps_its_section_until_one_side_has_rejected_it() {
    let (mut a, mut b) = (negotiator(1), negotiator(2));
    add_track(&mut a, MediaKind::Audio, "x");
    add_track(&mut a, MediaKind::Audio, "y");
    agree(&mut a, &mut b);
    let next = a.create_offer(&OfferOptions::default()).unwrap().sdp;
    let swapped = next
        .replace("a=mid:0", "a=mid:x")
        .replace("a=mid:1", "a=mid:0")
        .replace("a=mid:x", "a=mid:1");
    let renamed = next
        .replace("a=mid:0", "a=mid:7")
        .replace("BUNDLE 0", "BUNDLE 7");
    let other_kind = next.replacen("m=audio", "m=video", 1);
    for wrong in [swapped, renamed, other_kind] {
        let before = format!("{b:?}");
        let error = b
            .set_remote_description(SessionDescription::offer(wrong.clone()))
            .unwrap_err();
        assert_eq!(error, JsepError::SectionReplaced("0".parse().unwrap()));
        assert_eq!(format!("{b:?}"), before);
        let error = a
            .set_local_description(Some(SessionDescription::offer(wrong)))
            .unwrap_err();
        assert_eq!(error, JsepError::NotCreated(LocalChange::SectionReplaced));
    }
    agree(&mut b, &mut a);
    assert_eq!(rtp(&a).sections.len(), 2);
}

#[test]
fn a_place_is_not_used_again_while_its_rejection_waits() {
    let (mut a, mut b) = (negotiator(1), negotiator(2));
    let audio = add_track(&mut a, MediaKind::Audio, "x");
    agree(&mut a, &mut b);
    a.stop_transceiver(audio).unwrap();
    offer(&mut a);
    add_track(&mut a, MediaKind::Video, "z");
    let again = offer(&mut a);
    assert_eq!(lines(&again).len(), 2, "{again}");
    assert!(lines(&again)[0].starts_with("m=audio 0 "));
    agree(&mut a, &mut b);
    // Now it is free, and taken once though two offers are made.
    add_track(&mut a, MediaKind::Audio, "y");
    offer(&mut a);
    add_track(&mut a, MediaKind::Audio, "w");
    let again = offer(&mut a);
    assert_eq!(lines(&again).len(), 3, "{again}");
    agree(&mut a, &mut b);
    assert_eq!(rtp(&b).sections.len(), 3);
}

/// What is answered and cannot be used is a mistake of the peer's, not a section that it declines.
#[test]
fn an_answer_that_cannot_be_connected_is_refused() {
    let (mut a, mut b) = (negotiator(1), negotiator(2));
    add_track(&mut a, MediaKind::Audio, "x");
    a.add_data_channel();
    let offered = offer(&mut a);
    let answered = answer(&mut b, offered);
    let mid: Mid = "0".parse().unwrap();
    let apart = |sdp: &str| sdp.replace("a=group:BUNDLE 0 1", "a=group:BUNDLE 1");
    let (sound, data) = answered.split_at(answered.find("m=application").unwrap());
    let cases = [
        (
            without(&answered, &["a=rtcp-mux"]),
            JsepError::RtcpMux(mid.clone()),
        ),
        (
            answered.replacen("UDP/TLS/RTP/SAVPF", "RTP/AVP", 1),
            JsepError::SectionMismatch(mid),
        ),
        (
            apart(&format!(
                "{}{data}",
                without(sound, &["a=ice-ufrag", "a=ice-pwd"])
            )),
            JsepError::MissingCredentials,
        ),
        (
            apart(&format!("{}{data}", without(sound, &["a=fingerprint"]))),
            JsepError::MissingFingerprint,
        ),
    ];
    for (wrong, expected) in cases {
        let before = format!("{a:?}");
        let refused = a.set_remote_description(SessionDescription::answer(wrong.clone()));
        assert_eq!(refused.unwrap_err(), expected, "{wrong}");
        assert_eq!(format!("{a:?}"), before);
    }
    a.set_remote_description(SessionDescription::answer(answered))
        .unwrap();
}

/// The peer's offer comes between the making of ours and its setting, or the application names the
/// sections itself.
#[test]
fn a_section_that_nothing_is_drafted_for_finds_its_transceiver() {
    let (mut a, mut b) = (negotiator(1), negotiator(2));
    let audio = add_track(&mut a, MediaKind::Audio, "x");
    let video = add_track(&mut a, MediaKind::Video, "y");
    let made = a.create_offer(&OfferOptions::default()).unwrap();
    b.add_data_channel();
    let theirs = offer(&mut b);
    a.set_remote_description(SessionDescription::offer(theirs))
        .unwrap();
    a.set_remote_description(SessionDescription::rollback())
        .unwrap();
    let mid = |a: &Negotiator, id| a.transceiver(id).unwrap().mid().map(ToString::to_string);
    a.set_local_description(Some(made.clone())).unwrap();
    assert_eq!(mid(&a, audio).as_deref(), Some("0"));
    assert_eq!(mid(&a, video).as_deref(), Some("1"));
    a.set_local_description(Some(SessionDescription::rollback()))
        .unwrap();
    let named = (made.sdp)
        .replace("a=mid:0", "a=mid:sound")
        .replace("a=mid:1", "a=mid:picture")
        .replace("BUNDLE 0 1", "BUNDLE sound picture");
    a.set_local_description(Some(SessionDescription::offer(named.clone())))
        .unwrap();
    assert_eq!(mid(&a, audio).as_deref(), Some("sound"));
    assert_eq!(mid(&a, video).as_deref(), Some("picture"));
    let answered = answer(&mut negotiator(3), named);
    a.set_remote_description(SessionDescription::answer(answered))
        .unwrap();
    assert_eq!(rtp(&a).sections.len(), 2);
    assert!(!a.negotiation_needed());
}

/// webrtc-pc section 5, method by method: what is gone has the errors of what was stopped.
#[test]
fn what_is_asked_of_a_transceiver_that_is_gone_is_refused_as_the_w3c_has_it() {
    type Ask = fn(&mut Negotiator, TransceiverId) -> Result<(), TransceiverError>;
    let stopped = Err(TransceiverError::Stopped);
    let asks: [(&str, Ask, Result<(), TransceiverError>); 8] = [
        (
            "direction",
            |a, id| a.set_direction(id, Direction::Inactive),
            stopped.clone(),
        ),
        (
            "replaceTrack",
            |a, id| a.replace_track(id, None),
            stopped.clone(),
        ),
        (
            "getParameters",
            |a, id| a.get_parameters(id).map(drop),
            stopped.clone(),
        ),
        (
            "setParameters",
            |a, id| {
                let other = add(a, MediaKind::Audio, Direction::SendRecv);
                let parameters = a.get_parameters(other)?;
                a.set_parameters(id, parameters)
            },
            stopped,
        ),
        ("stop", |a, id| a.stop_transceiver(id).map(drop), Ok(())),
        ("removeTrack", |a, id| a.remove_track(id), Ok(())),
        ("setStreams", |a, id| a.set_streams(id, &[]), Ok(())),
        (
            "setCodecPreferences",
            |a, id| a.set_codec_preferences(id, Vec::new()),
            Ok(()),
        ),
    ];
    for (name, ask, expected) in asks {
        let mut a = negotiator(1);
        let id = add_track(&mut a, MediaKind::Audio, "x");
        a.stop_transceiver(id).unwrap();
        assert!(a.transceiver(id).is_none());
        assert_eq!(ask(&mut a, id), expected, "{name}");
        if let Err(error) = expected {
            assert_eq!(error.name(), "InvalidStateError", "{name}");
        }
        // One that the connection never had is another's.
        let never = negotiator_with(40);
        let error = ask(&mut a, never).unwrap_err();
        let closed = name == "setParameters";
        assert!(
            closed || error == TransceiverError::Unknown(never),
            "{name}"
        );
        assert_eq!(
            TransceiverError::Unknown(never).name(),
            "InvalidAccessError"
        );
    }
}

/// The name of the last of so many transceivers.
fn negotiator_with(count: u32) -> TransceiverId {
    let mut other = negotiator(9);
    let mut last = None;
    for _ in 0..count {
        last = Some(add(&mut other, MediaKind::Audio, Direction::Inactive));
    }
    last.unwrap()
}
