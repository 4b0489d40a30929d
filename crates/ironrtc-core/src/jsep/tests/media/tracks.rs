//! Tracks of one side at the other: directions, streams, mute and unmute.

use super::*;

#[test]
fn what_one_side_sends_is_what_the_other_receives() {
    let (mut a, mut b) = (negotiator(1), negotiator(2));
    let video = add_track(&mut a, MediaKind::Video, "camera");
    add_track(&mut a, MediaKind::Audio, "microphone");
    a.add_data_channel();
    assert!(a.negotiation_needed());
    let [there, here] = agree(&mut a, &mut b);
    assert!(here.is_empty());
    let ids: Vec<TransceiverId> = b.transceivers().map(Transceiver::id).collect();
    let added = |id: &TransceiverId| TrackChange::Added {
        transceiver: *id,
        streams: streams(&["s"]),
    };
    let told: Vec<&TrackChange> = (there.iter())
        .filter(|change| matches!(change, TrackChange::Added { .. }))
        .collect();
    assert_eq!(told, [&added(&ids[0]), &added(&ids[1])]);
    let plan = a.plan(TransportId::default()).unwrap();
    assert!(plan.sctp.is_some() && plan.rtp.is_some());
    let (sent, received) = (section(&a, video), section(&b, ids[0]));
    assert_eq!(sent.kind, MediaKind::Video);
    let send = sent.send.unwrap();
    assert!(sent.receive.is_none() && received.send.is_none());
    let receive = received.receive.unwrap();
    assert_eq!(send.codecs, receive.codecs);
    assert_eq!(sent.extensions, received.extensions);
    assert!(!sent.extensions.is_empty() && sent.reduced_size && sent.receiver_rtt);
    let encoding = &send.encodings[0];
    assert_eq!(receive.streams[0].ssrc, encoding.ssrc);
    assert_eq!(receive.streams[0].rtx, encoding.rtx);
    assert!(encoding.rtx.is_some() && encoding.active);
    assert_eq!(send.codecs[0].codec.name, CodecName::Vp8);
    assert!(rtp(&a).mixed_extensions && rtp(&a).cryptex);
    assert_eq!(current(&a, video), Some(Direction::SendOnly));
    assert_eq!(current(&b, ids[0]), Some(Direction::RecvOnly));
    assert!(!a.negotiation_needed() && !b.negotiation_needed());
    let track = a.transceiver(video).unwrap().sender().name().to_owned();
    assert_eq!(b.transceiver(ids[0]).unwrap().receiver().track(), track);
}

/// RFC 3264 section 6.1 through the whole machine: what each side wants, and what both have then.
#[test]
fn directions_are_agreed_on() {
    use Direction::*;
    let all = [SendRecv, SendOnly, RecvOnly, Inactive];
    for offered in all {
        for wanted in all {
            let (mut a, mut b) = (negotiator(1), negotiator(2));
            let here = add(&mut a, MediaKind::Audio, offered);
            a.set_local_description(None).unwrap();
            b.set_remote_description(a.local_description().unwrap())
                .unwrap();
            let there = only(&b);
            assert_eq!(b.transceiver(there).unwrap().direction(), RecvOnly);
            b.set_direction(there, wanted).unwrap();
            b.set_local_description(None).unwrap();
            a.set_remote_description(b.local_description().unwrap())
                .unwrap();
            let agreed = offered.reversed().intersection(wanted);
            let name = format!("{offered} offered, {wanted} wanted");
            assert_eq!(current(&b, there), Some(agreed), "{name}");
            assert_eq!(current(&a, here), Some(agreed.reversed()), "{name}");
            let section = section(&b, there);
            assert_eq!(section.send.is_some(), agreed.sends(), "{name}");
            assert_eq!(section.receive.is_some(), agreed.receives(), "{name}");
            // The peer's answer may be less than was wanted, and asking again is no use.
            assert!(!b.negotiation_needed(), "{name}");
        }
    }
}

#[test]
fn a_track_taken_away_is_muted_there_and_comes_back() {
    let (mut a, mut b) = (negotiator(1), negotiator(2));
    let id = add_track(&mut a, MediaKind::Audio, "x");
    agree(&mut a, &mut b);
    let there = only(&b);
    a.remove_track(id).unwrap();
    assert!(a.negotiation_needed());
    let [changes, _] = agree(&mut a, &mut b);
    let left = TrackChange::Streams {
        transceiver: there,
        left: streams(&["s"]),
        joined: Vec::new(),
    };
    assert_eq!(changes, [TrackChange::Muted(there), left]);
    assert_eq!(current(&b, there), Some(Direction::Inactive));
    // Whoever has sent is not taken for another track.
    assert_ne!(add_track(&mut a, MediaKind::Audio, "y"), id);
    a.set_direction(id, Direction::SendRecv).unwrap();
    let [changes, _] = agree(&mut a, &mut b);
    let back = |change: &&TrackChange| matches!(change, TrackChange::Added { transceiver, .. } if *transceiver == there);
    assert_eq!(changes.iter().filter(back).count(), 1);
}

#[test]
fn streams_change_with_the_next_exchange() {
    let (mut a, mut b) = (negotiator(1), negotiator(2));
    let id = add_track(&mut a, MediaKind::Audio, "x");
    agree(&mut a, &mut b);
    let there = only(&b);
    a.set_streams(id, &streams(&["s"])).unwrap();
    assert!(!a.negotiation_needed(), "the same");
    a.set_streams(id, &streams(&["t", "u"])).unwrap();
    assert!(a.negotiation_needed());
    let [changes, _] = agree(&mut a, &mut b);
    let expected = [
        TrackChange::Streams {
            transceiver: there,
            left: streams(&["s"]),
            joined: streams(&["t", "u"]),
        },
        TrackChange::Added {
            transceiver: there,
            streams: streams(&["t", "u"]),
        },
    ];
    assert_eq!(changes, expected);
    a.set_streams(id, &[]).unwrap();
    assert!(a.negotiation_needed());
    agree(&mut a, &mut b);
    assert!(local(&a).contains("a=msid:- "));
    assert!(
        b.transceiver(there)
            .unwrap()
            .receiver()
            .streams()
            .is_empty()
    );
    for bad in ["", "a b", "-", "é", &"x".repeat(65)] {
        let refused = a.set_streams(id, &streams(&[bad]));
        assert_eq!(refused, Err(TransceiverError::Stream(bad.into())));
    }
}

#[test]
fn a_track_is_sent_once_and_of_its_kind() {
    let mut a = negotiator(1);
    let id = add_track(&mut a, MediaKind::Audio, "x");
    let again = a.add_track(MediaKind::Audio, "x", &[]);
    assert_eq!(again, Err(TransceiverError::TrackIsSent("x".into())));
    let wrong = a.replace_track(id, Some((MediaKind::Video, "v")));
    assert_eq!(wrong, Err(TransceiverError::Kind(MediaKind::Audio)));
    a.replace_track(id, Some((MediaKind::Audio, "y"))).unwrap();
    assert_eq!(a.transceiver(id).unwrap().sender().track(), Some("y"));
    a.close();
    assert_eq!(
        a.add_track(MediaKind::Audio, "z", &[]),
        Err(TransceiverError::Closed)
    );
    assert!(!a.negotiation_needed());
}

#[test]
fn the_first_packet_unmutes_a_track_until_it_is_muted_again() {
    let (mut a, mut b) = (negotiator(1), negotiator(2));
    let id = add_track(&mut a, MediaKind::Audio, "x");
    agree(&mut a, &mut b);
    let there = only(&b);
    let mid = b.transceiver(there).unwrap().mid().unwrap().clone();
    let is_muted = |b: &Negotiator| b.transceiver(there).unwrap().receiver().is_muted();
    assert!(is_muted(&b));
    assert_eq!(b.on_media(&mid), Some(TrackChange::Unmuted(there)));
    assert_eq!(b.on_media(&mid), None);
    a.set_direction(id, Direction::Inactive).unwrap();
    agree(&mut a, &mut b);
    assert!(is_muted(&b));
    assert_eq!(b.on_media(&mid), None, "a straggler");
    a.set_direction(id, Direction::SendOnly).unwrap();
    agree(&mut a, &mut b);
    assert_eq!(b.on_media(&mid), Some(TrackChange::Unmuted(there)));
}

#[test]
fn a_provisional_answer_lets_media_flow() {
    let (mut a, mut b) = (negotiator(1), negotiator(2));
    let id = add_track(&mut a, MediaKind::Audio, "x");
    a.set_local_description(None).unwrap();
    assert!(
        a.plans().values().all(|plan| plan.rtp.is_none()),
        "nothing is agreed on"
    );
    b.set_remote_description(a.local_description().unwrap())
        .unwrap();
    assert!(b.plans().values().all(|plan| plan.rtp.is_none()));
    let mut answer = b.create_answer().unwrap();
    answer.kind = SdpType::PrAnswer;
    b.set_local_description(Some(answer.clone())).unwrap();
    assert!(section(&b, only(&b)).receive.is_some());
    a.set_remote_description(answer.clone()).unwrap();
    assert!(section(&a, id).send.is_some());
    assert_eq!(current(&a, id), Some(Direction::SendOnly));
    answer.kind = SdpType::Answer;
    b.set_local_description(Some(answer.clone())).unwrap();
    a.set_remote_description(answer).unwrap();
    assert!(section(&a, id).send.is_some());
}

#[test]
fn a_source_is_named_from_when_it_first_sends_on() {
    let (mut a, mut b) = (negotiator(1), negotiator(2));
    let id = add_track(&mut a, MediaKind::Video, "camera");
    a.set_direction(id, Direction::RecvOnly).unwrap();
    agree(&mut a, &mut b);
    assert!(!local(&a).contains("a=ssrc:"));
    a.set_direction(id, Direction::SendOnly).unwrap();
    agree(&mut a, &mut b);
    let named = |who: &Negotiator| {
        let sdp = local(who);
        let lines = sdp.lines().filter(|line| line.starts_with("a=ssrc"));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    let before = named(&a);
    assert_eq!(before.len(), 3, "{before:?}");
    a.set_direction(id, Direction::RecvOnly).unwrap();
    agree(&mut a, &mut b);
    assert_eq!(named(&a), before, "as the offerer");
    assert!(section(&a, id).send.is_none());
    agree(&mut b, &mut a);
    assert_eq!(named(&a), before, "as the answerer");
    let there = only(&b);
    assert!(section(&b, there).receive.is_none());
    assert!(!local(&a).contains("a=msid:"));
}

/// RFC 3264 section 6.1: what an answer says beyond the offer was never agreed on.
#[test]
fn an_answer_takes_no_more_than_was_offered() {
    let (mut a, mut b) = (negotiator(1), negotiator(2));
    let here = add(&mut a, MediaKind::Audio, Direction::SendOnly);
    let offered = offer(&mut a);
    let answered = answer(&mut b, offered).replace("a=recvonly", "a=sendrecv");
    let changes = a
        .set_remote_description(SessionDescription::answer(answered))
        .unwrap()
        .tracks;
    assert_eq!(changes, []);
    assert_eq!(current(&a, here), Some(Direction::SendOnly));
    assert!(section(&a, here).receive.is_none());
    assert!(!a.negotiation_needed());
    // The same of one of ours that an application has changed.
    let (mut a, mut b) = (negotiator(1), negotiator(2));
    add(&mut a, MediaKind::Audio, Direction::SendOnly);
    let offered = SessionDescription::offer(offer(&mut a));
    b.set_remote_description(offered).unwrap();
    let answered = b.create_answer().unwrap().sdp;
    let wider = answered.replace("a=recvonly", "a=sendrecv");
    b.set_local_description(Some(SessionDescription::answer(wider)))
        .unwrap();
    assert_eq!(current(&b, only(&b)), Some(Direction::RecvOnly));
}

/// Forking: another answer may follow, of somebody who takes the section.
#[test]
fn an_answer_for_now_ends_no_transceiver() {
    let (mut a, mut b) = (negotiator(1), negotiator(2));
    let id = add_track(&mut a, MediaKind::Audio, "x");
    a.add_data_channel();
    let offered = offer(&mut a);
    let answered = answer(&mut b, offered);
    let declined = answered
        .replace("m=audio 9", "m=audio 0")
        .replace("BUNDLE 0 1", "BUNDLE 1");
    let provisional = SessionDescription {
        kind: SdpType::PrAnswer,
        sdp: declined.clone(),
    };
    let changes = a
        .set_remote_description(provisional.clone())
        .unwrap()
        .tracks;
    assert_eq!(changes, []);
    assert!(!a.transceiver(id).unwrap().is_stopping());
    let mut other = a.clone();
    a.set_remote_description(SessionDescription::answer(answered))
        .unwrap();
    assert_eq!(current(&a, id), Some(Direction::SendOnly));
    other
        .set_remote_description(SessionDescription::answer(declined))
        .unwrap();
    assert!(other.transceiver(id).is_none(), "the final one decides");
    // Ours, too.
    let (mut a, mut b) = (negotiator(1), negotiator(2));
    add_track(&mut a, MediaKind::Audio, "x");
    a.add_data_channel();
    let offered = SessionDescription::offer(offer(&mut a));
    b.set_remote_description(offered).unwrap();
    b.set_local_description(Some(provisional)).unwrap();
    assert!(!b.transceiver(only(&b)).unwrap().is_stopping());
    b.set_local_description(None).unwrap();
    assert_eq!(current(&b, only(&b)), Some(Direction::RecvOnly));
}

#[test]
fn a_track_that_was_stopped_does_not_begin_again() {
    let (mut a, mut b) = (negotiator(1), negotiator(2));
    let id = add_track(&mut a, MediaKind::Audio, "x");
    agree(&mut a, &mut b);
    let there = only(&b);
    b.stop_transceiver(there).unwrap();
    a.set_streams(id, &streams(&["other"])).unwrap();
    let [told, _] = agree(&mut a, &mut b);
    let left = TrackChange::Streams {
        transceiver: there,
        left: streams(&["s"]),
        joined: Vec::new(),
    };
    assert_eq!(told, [left], "it has ended, and leaves its streams");
}
