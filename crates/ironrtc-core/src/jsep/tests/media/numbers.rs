//! Payload types, codecs and extension numbers over a session.

use super::*;

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
