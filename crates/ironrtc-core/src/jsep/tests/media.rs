//! Transceivers through offer and answer.

use super::*;
use crate::ids::Rid;
use crate::rtp::{CodecName, MediaKind, RtpPlan, RtpSection};

fn streams(names: &[&str]) -> Vec<String> {
    names.iter().map(ToString::to_string).collect()
}

fn add_track(who: &mut Negotiator, kind: MediaKind, track: &str) -> TransceiverId {
    who.add_track(kind, track, &streams(&["s"])).unwrap()
}

fn add(who: &mut Negotiator, kind: MediaKind, direction: Direction) -> TransceiverId {
    let init = TransceiverInit::default().direction(direction);
    who.add_transceiver(kind, None, init).unwrap()
}

/// A whole exchange; gives what became of tracks at the answerer and the offerer.
fn agree(offerer: &mut Negotiator, answerer: &mut Negotiator) -> [Vec<TrackChange>; 2] {
    offerer.set_local_description(None).unwrap();
    let offer = offerer.local_description().unwrap();
    let mut there = answerer.set_remote_description(offer).unwrap().tracks;
    there.extend(answerer.set_local_description(None).unwrap().tracks);
    let answer = answerer.local_description().unwrap();
    let here = offerer.set_remote_description(answer).unwrap().tracks;
    assert_eq!(offerer.signaling_state(), SignalingState::Stable);
    [there, here]
}

fn rtp(who: &Negotiator) -> RtpPlan {
    let plans = who.plans();
    let mut rtp = plans.into_values().filter_map(|plan| plan.rtp);
    let plan = rtp.next().unwrap();
    assert!(rtp.next().is_none(), "one transport");
    plan
}

fn section(who: &Negotiator, id: TransceiverId) -> RtpSection {
    let mid = who.transceiver(id).unwrap().mid().unwrap();
    let plan = rtp(who);
    plan.sections.into_iter().find(|s| s.mid == *mid).unwrap()
}

fn only(who: &Negotiator) -> TransceiverId {
    let ids: Vec<TransceiverId> = who.transceivers().map(Transceiver::id).collect();
    assert_eq!(ids.len(), 1);
    ids[0]
}

fn current(who: &Negotiator, id: TransceiverId) -> Option<Direction> {
    who.transceiver(id).unwrap().current_direction()
}

fn lines(sdp: &str) -> Vec<&str> {
    sdp.lines().filter(|line| line.starts_with("m=")).collect()
}

fn local(who: &Negotiator) -> String {
    who.local_description().unwrap().sdp
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

#[test]
fn numbers_of_an_offer_that_was_taken_back_bind_nobody() {
    let (mut a, mut b) = (negotiator(1), negotiator(2));
    add_track(&mut a, MediaKind::Audio, "a");
    a.set_local_description(None).unwrap();
    add_track(&mut b, MediaKind::Audio, "b");
    b.set_local_description(None).unwrap();
    // As another stack numbers them: the first two of ours the other way round.
    let theirs = local(&b)
        .replace("a=extmap:1 ", "a=extmap:x ")
        .replace("a=extmap:2 ", "a=extmap:1 ")
        .replace("a=extmap:x ", "a=extmap:2 ");
    let numbers = |sdp: &str| {
        let lines = sdp.lines().filter(|line| line.starts_with("a=extmap:"));
        let mut lines: Vec<String> = lines.map(str::to_owned).collect();
        lines.sort();
        lines
    };
    a.set_remote_description(SessionDescription::offer(theirs.clone()))
        .unwrap();
    a.set_local_description(None).unwrap();
    assert_eq!(numbers(&local(&a)), numbers(&theirs));
    let again = a.create_offer(&OfferOptions::default()).unwrap();
    assert_eq!(numbers(&again.sdp), numbers(&theirs));
}

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
fn an_offer_that_is_taken_back_takes_its_transceivers_with_it() {
    let (mut a, mut b) = (negotiator(1), negotiator(2));
    add_track(&mut a, MediaKind::Audio, "x");
    add_track(&mut a, MediaKind::Video, "y");
    let ours = add_track(&mut b, MediaKind::Audio, "z");
    a.set_local_description(None).unwrap();
    let offer = a.local_description().unwrap();
    b.set_remote_description(offer.clone()).unwrap();
    let made = b.transceivers().last().unwrap().id();
    assert!(b.transceiver(ours).unwrap().mid().is_some());
    let undone = b
        .set_remote_description(SessionDescription::rollback())
        .unwrap();
    assert!(undone.tracks.contains(&TrackChange::Muted(ours)));
    assert!(undone.tracks.contains(&TrackChange::Ended(made)));
    assert_eq!(only(&b), ours);
    assert_eq!(b.transceiver(ours).unwrap().mid(), None);
    // A track that was added since keeps it.
    b.set_remote_description(offer).unwrap();
    let made = b.transceivers().last().unwrap().id();
    assert_eq!(add_track(&mut b, MediaKind::Video, "w"), made);
    b.set_remote_description(SessionDescription::rollback())
        .unwrap();
    assert_eq!(b.transceivers().count(), 2);
    assert_eq!(
        b.transceiver(made).unwrap().direction(),
        Direction::SendRecv
    );
}

#[test]
fn our_own_offer_taken_back_is_made_again() {
    let (mut a, mut b) = (negotiator(1), negotiator(2));
    let id = add_track(&mut a, MediaKind::Audio, "x");
    a.set_local_description(None).unwrap();
    assert!(a.transceiver(id).unwrap().mid().is_some());
    a.set_local_description(Some(SessionDescription::rollback()))
        .unwrap();
    assert_eq!(a.transceiver(id).unwrap().mid(), None);
    assert!(a.negotiation_needed());
    agree(&mut a, &mut b);
    assert_eq!(current(&a, id), Some(Direction::SendOnly));
}

/// Perfect negotiation: both offer a track, the polite side gives way and both are sent.
#[test]
fn tracks_survive_glare() {
    let (mut a, mut b) = (negotiator(1), negotiator(2));
    let first = add_track(&mut a, MediaKind::Video, "x");
    let second = add_track(&mut b, MediaKind::Video, "y");
    a.set_local_description(None).unwrap();
    b.set_local_description(None).unwrap();
    b.set_remote_description(a.local_description().unwrap())
        .unwrap();
    b.set_local_description(None).unwrap();
    a.set_remote_description(b.local_description().unwrap())
        .unwrap();
    assert_eq!(current(&a, first), Some(Direction::SendRecv));
    assert_eq!(current(&b, second), Some(Direction::SendRecv));
    assert!(!a.negotiation_needed() && !b.negotiation_needed());
}

#[test]
fn numbers_last_for_the_session() {
    let (mut a, mut b) = (negotiator(1), negotiator(2));
    let id = add_track(&mut a, MediaKind::Video, "x");
    agree(&mut a, &mut b);
    let (first, there) = (section(&a, id), only(&b));
    // The other side offers next, more and in another order.
    add_track(&mut b, MediaKind::Audio, "y");
    add_track(&mut b, MediaKind::Video, "z");
    agree(&mut b, &mut a);
    agree(&mut a, &mut b);
    let later = section(&a, id);
    assert_eq!(first.extensions, later.extensions);
    let said = |section: &RtpSection| {
        let send = section.send.as_ref().unwrap();
        let number = |c: &crate::rtp::CodecParameters| (c.codec.clone(), c.payload_type, c.rtx);
        send.codecs.iter().map(number).collect::<Vec<_>>()
    };
    assert_eq!(said(&first), said(&later));
    assert_eq!(section(&b, there).mid, later.mid);
    let ssrc = |section: &RtpSection| section.send.as_ref().unwrap().encodings[0].ssrc;
    assert_eq!(ssrc(&first), ssrc(&later));
}

#[test]
fn preferences_decide_what_is_offered_and_answered() {
    let (mut a, mut b) = (negotiator(1), negotiator(2));
    let id = add_track(&mut a, MediaKind::Video, "x");
    let known = a.capabilities(MediaKind::Video).codecs.clone();
    let named = |name: CodecName| {
        let found = known.iter().filter(|codec| codec.name == name);
        found.cloned().collect::<Vec<_>>()
    };
    let wanted = [named(CodecName::Av1), named(CodecName::Vp8)].concat();
    a.set_codec_preferences(id, wanted).unwrap();
    agree(&mut a, &mut b);
    let names = |section: RtpSection| -> Vec<CodecName> {
        let codecs = section.send.unwrap().codecs;
        assert!(
            codecs.iter().all(|codec| codec.rtx.is_none()),
            "it was not preferred"
        );
        codecs.into_iter().map(|codec| codec.codec.name).collect()
    };
    assert_eq!(names(section(&a, id)), [CodecName::Av1, CodecName::Vp8]);
    let helpers = a.set_codec_preferences(id, named(CodecName::Rtx));
    assert_eq!(helpers, Err(TransceiverError::OnlyHelpers));
    let opus = a.capabilities(MediaKind::Audio).codecs[0].clone();
    let other = a.set_codec_preferences(id, vec![opus]);
    assert_eq!(other, Err(TransceiverError::Codec("audio/opus".into())));
    a.set_codec_preferences(id, Vec::new()).unwrap();
    agree(&mut a, &mut b);
    assert_eq!(
        section(&a, id).send.unwrap().codecs[0].codec.name,
        CodecName::Vp8
    );
}

/// RFC 9429 section 5.3.1.
#[test]
fn without_a_common_codec_a_section_is_rejected_and_the_rest_goes_on() {
    let (mut a, mut b) = (negotiator(1), negotiator(2));
    b.config
        .media
        .video
        .codecs
        .retain(|codec| codec.name == CodecName::Av1);
    let id = add_track(&mut a, MediaKind::Video, "x");
    let known = a.capabilities(MediaKind::Video).codecs.clone();
    a.set_codec_preferences(id, known.into_iter().take(1).collect())
        .unwrap();
    a.add_data_channel();
    let [there, here] = agree(&mut a, &mut b);
    let ended = |change: &&TrackChange| matches!(change, TrackChange::Ended(_));
    assert_eq!(there.iter().filter(ended).count(), 1);
    assert_eq!(
        here.iter().filter(ended).collect::<Vec<_>>(),
        [&TrackChange::Ended(id)]
    );
    assert!(local(&b).contains("m=video 0 ") && local(&b).contains("BUNDLE 1\r\n"));
    assert_eq!(a.transceivers().count() + b.transceivers().count(), 0);
    let plan = a.plans().into_values().next().unwrap();
    assert!(plan.sctp.is_some() && plan.rtp.is_none());
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

fn rids(names: &[&str]) -> Vec<EncodingParameters> {
    let named = |name: &&str| EncodingParameters::default().rid(Some(name.parse().unwrap()));
    names.iter().map(named).collect()
}

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

#[test]
fn what_a_new_transceiver_is_told_is_checked() {
    let mut a = negotiator(1);
    let mut add = |encodings: Vec<EncodingParameters>| {
        let init = TransceiverInit::default().send_encodings(encodings);
        let id = a.add_transceiver(MediaKind::Video, None, init)?;
        Ok(a.get_parameters(id)?.encodings)
    };
    let plain = EncodingParameters::default;
    assert_eq!(
        add(vec![plain(), plain()]),
        Err(TransceiverError::RidMissing)
    );
    assert_eq!(
        add(rids(&["a", "a"])),
        Err(TransceiverError::RidTwice("a".into()))
    );
    let small = plain().scale_resolution_down_by(Some(0.5));
    assert_eq!(add(vec![small]), Err(TransceiverError::Scale));
    let slow = plain().max_framerate(Some(f64::NAN));
    assert_eq!(add(vec![slow]), Err(TransceiverError::FrameRate));
    assert_eq!(add(rids(&["a"])).unwrap()[0].rid, None, "one needs no name");
    let many: Vec<String> = (0..50).map(|n| format!("r{n}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert_eq!(add(rids(&many)).unwrap().len(), 8);
    for _ in 0..600 {
        let _ = add(Vec::new());
    }
    assert!(matches!(add(Vec::new()), Err(TransceiverError::TooMany(_))));
    assert!(a.transceivers().count() <= 256);
}

/// webrtc-pc section 5.2.
#[test]
fn parameters_are_got_changed_and_set_once() {
    let (mut a, mut b) = (negotiator(1), negotiator(2));
    let id = add_track(&mut a, MediaKind::Video, "x");
    agree(&mut a, &mut b);
    let mut parameters = a.get_parameters(id).unwrap();
    assert!(!parameters.codecs.is_empty() && !parameters.header_extensions.is_empty());
    parameters.encodings[0].active = false;
    parameters.encodings[0].max_bitrate = Some(100_000);
    a.set_parameters(id, parameters.clone()).unwrap();
    let steps = a.updates();
    assert_eq!(steps.len(), 1);
    let encoding = section(&a, id).send.unwrap().encodings.remove(0);
    assert!(!encoding.active && encoding.max_bitrate == Some(100_000));
    assert_eq!(
        a.set_parameters(id, parameters),
        Err(TransceiverError::Stale)
    );
    let mut other = a.get_parameters(id).unwrap();
    other.codecs.clear();
    assert_eq!(a.set_parameters(id, other), Err(TransceiverError::ReadOnly));
    let mut other = a.get_parameters(id).unwrap();
    other.encodings.clear();
    assert_eq!(a.set_parameters(id, other), Err(TransceiverError::ReadOnly));
    let old = a.get_parameters(id).unwrap();
    agree(&mut a, &mut b);
    assert_eq!(a.set_parameters(id, old), Err(TransceiverError::Stale));
    let received = b.receive_parameters(only(&b));
    assert!(!received.codecs.is_empty() && received.reduced_size);
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

#[test]
fn every_bundle_policy_agrees_on_media_with_every_other() {
    let policies = [
        BundlePolicy::Balanced,
        BundlePolicy::MaxCompat,
        BundlePolicy::MaxBundle,
    ];
    for ours in policies {
        for theirs in policies {
            let (mut a, mut b) = (negotiator(1), negotiator(2));
            a.config.bundle_policy = ours;
            b.config.bundle_policy = theirs;
            for (kind, track) in [
                (MediaKind::Audio, "x"),
                (MediaKind::Video, "y"),
                (MediaKind::Video, "z"),
            ] {
                add_track(&mut a, kind, track);
                add_track(&mut b, kind, track);
            }
            a.add_data_channel();
            agree(&mut a, &mut b);
            for who in [&a, &b] {
                assert_eq!(rtp(who).sections.len(), 3, "{ours} {theirs}");
                assert_eq!(who.plans().len(), 1);
                let both = |s: &RtpSection| s.send.is_some() && s.receive.is_some();
                assert!(rtp(who).sections.iter().all(both));
                assert!(!who.negotiation_needed());
            }
        }
    }
}

#[test]
fn without_a_bundle_each_transport_has_its_section() {
    let (mut a, mut b) = (negotiator(1), negotiator(2));
    a.config.bundle_policy = BundlePolicy::MaxCompat;
    let audio = add_track(&mut a, MediaKind::Audio, "x");
    let video = add_track(&mut a, MediaKind::Video, "y");
    a.set_local_description(None).unwrap();
    let offer = local(&a).replace("a=group:BUNDLE 0 1\r\n", "");
    b.set_remote_description(SessionDescription::offer(offer))
        .unwrap();
    b.set_local_description(None).unwrap();
    a.set_remote_description(b.local_description().unwrap())
        .unwrap();
    assert_eq!(a.plans().len(), 2);
    for plan in a.plans().into_values().chain(b.plans().into_values()) {
        assert_eq!(plan.rtp.unwrap().sections.len(), 1);
    }
    assert_ne!(a.transport_of(audio), a.transport_of(video));
}

/// webrtc-pc section 4.7.3, what asks for an exchange when all is agreed.
#[test]
fn an_exchange_is_asked_for_when_what_was_agreed_is_not_what_is_wanted() {
    type Act = fn(&mut Negotiator, TransceiverId);
    let acts: [(&str, Act, bool); 8] = [
        ("nothing", |_, _| (), false),
        (
            "the same direction",
            |a, id| a.set_direction(id, Direction::SendRecv).unwrap(),
            false,
        ),
        (
            "another direction",
            |a, id| a.set_direction(id, Direction::RecvOnly).unwrap(),
            true,
        ),
        ("a stop", |a, id| drop(a.stop_transceiver(id)), true),
        (
            "another track in its place",
            |a, id| a.replace_track(id, None).unwrap(),
            false,
        ),
        ("a track less", |a, id| a.remove_track(id).unwrap(), true),
        (
            "codec preferences",
            |a, id| a.set_codec_preferences(id, Vec::new()).unwrap(),
            false,
        ),
        (
            "one more",
            |a, _| {
                add(a, MediaKind::Audio, Direction::Inactive);
            },
            true,
        ),
    ];
    for (name, act, needed) in acts {
        let (mut a, mut b) = (negotiator(1), negotiator(2));
        let id = add_track(&mut a, MediaKind::Audio, "x");
        add_track(&mut b, MediaKind::Audio, "y");
        agree(&mut a, &mut b);
        act(&mut a, id);
        assert_eq!(a.negotiation_needed(), needed, "{name}");
        agree(&mut a, &mut b);
        assert!(
            !a.negotiation_needed() && !b.negotiation_needed(),
            "{name}, after"
        );
    }
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
fn any_order_of_wishes_and_descriptions_ends_in_agreement() {
    let mut met = 0;
    for seed in 0..300 {
        let mut rng = Rng::from_test_seed(seed);
        let mut both = [negotiator(seed + 1_000), negotiator(seed + 2_000)];
        let mut held: [Option<SessionDescription>; 2] = [None, None];
        for _ in 0..40 {
            let who = usize::from(rng.below(2) == 0);
            let kind = [MediaKind::Audio, MediaKind::Video][rng.below(2) as usize];
            let ids: Vec<TransceiverId> = both[who].transceivers().map(Transceiver::id).collect();
            let id = ids
                .get(rng.below(ids.len().max(1) as u64) as usize)
                .copied();
            let x = &mut both[who];
            match (rng.below(12), id) {
                (0, _) => drop(x.add_track(kind, &rng.u32().to_string(), &streams(&["s"]))),
                (1, _) => drop(add(x, kind, Direction::SendRecv)),
                (2, Some(id)) => drop(x.remove_track(id)),
                (3, Some(id)) => drop(x.stop_transceiver(id)),
                (4, Some(id)) => drop(x.set_direction(id, Direction::Inactive)),
                (5, _) => drop(x.set_local_description(Some(SessionDescription::rollback()))),
                (6, _) => drop(x.set_remote_description(SessionDescription::rollback())),
                (7, _) => x.add_data_channel(),
                (8, _) => {
                    if let Some(description) = held[1 - who].take() {
                        drop(x.set_remote_description(description));
                    }
                }
                _ => {
                    drop(x.set_local_description(None));
                    held[who] = x
                        .pending_local_description()
                        .or_else(|| x.local_description());
                }
            }
        }
        let [a, b] = &mut both;
        for who in [&mut *a, &mut *b] {
            drop(who.set_local_description(Some(SessionDescription::rollback())));
            drop(who.set_remote_description(SessionDescription::rollback()));
        }
        // Where one side took an answer that the other never made, they cannot agree any more.
        let meets = (0..2).all(|_| try_agree(a, b).is_ok() && try_agree(b, a).is_ok());
        if !meets {
            continue;
        }
        met += 1;
        assert!(
            !a.negotiation_needed() && !b.negotiation_needed(),
            "seed {seed}"
        );
        assert_eq!(
            a.transceivers().count(),
            b.transceivers().count(),
            "seed {seed}"
        );
        let sections = |n: &Negotiator| n.plans().into_values().next().and_then(|plan| plan.rtp);
        let (ours, theirs) = (sections(a), sections(b));
        let ours = ours.map(|plan| plan.sections).unwrap_or_default();
        let theirs = theirs.map(|plan| plan.sections).unwrap_or_default();
        assert_eq!(ours.len(), theirs.len(), "seed {seed}");
        for (ours, theirs) in ours.iter().zip(&theirs) {
            assert_eq!(ours.mid, theirs.mid);
            assert_eq!(ours.send.is_some(), theirs.receive.is_some(), "seed {seed}");
            assert_eq!(ours.extensions.len(), theirs.extensions.len());
        }
    }
    assert!(met > 100, "only {met} pairs met");
}

fn try_agree(offerer: &mut Negotiator, answerer: &mut Negotiator) -> Result<(), JsepError> {
    offerer.set_local_description(None)?;
    let offer = offerer.local_description().unwrap();
    answerer.set_remote_description(offer)?;
    answerer.set_local_description(None)?;
    let answer = answerer.local_description().unwrap();
    offerer.set_remote_description(answer)?;
    Ok(())
}
