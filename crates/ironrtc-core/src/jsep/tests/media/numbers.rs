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

/// RFC 8866 section 5.14: an offer without a format could not be read.
#[test]
fn a_peer_that_lists_all_numbers_is_offered_more() {
    let (mut a, mut b) = (negotiator(1), negotiator(2));
    add_track(&mut b, MediaKind::Audio, "x");
    let every: Vec<String> = (0..128).map(|number: u8| number.to_string()).collect();
    let every = format!("SAVPF {}\r\n", every.join(" "));
    let listed = offer(&mut b);
    let listed: String = (listed.split_inclusive("\r\n"))
        .map(|line| match line.split_once("SAVPF ") {
            Some((start, _)) => format!("{start}{every}"),
            None => line.to_owned(),
        })
        .collect();
    let answered = answer(&mut a, listed);
    b.set_remote_description(SessionDescription::answer(answered))
        .unwrap();
    let video = add_track(&mut a, MediaKind::Video, "y");
    agree(&mut a, &mut b);
    assert!(!section(&a, video).send.unwrap().codecs.is_empty());
}

#[test]
fn without_any_codec_a_section_can_still_be_read() {
    let (mut a, mut b) = (negotiator(1), negotiator(2));
    a.config.media.audio.codecs.clear();
    add_track(&mut a, MediaKind::Audio, "x");
    add_track(&mut a, MediaKind::Video, "y");
    agree(&mut a, &mut b);
    assert_eq!(rtp(&a).sections.len(), 1, "the other one is declined");
}

#[test]
fn an_answer_without_a_codec_that_was_offered_is_refused() {
    let (mut a, mut b) = (negotiator(1), negotiator(2));
    let id = add_track(&mut a, MediaKind::Audio, "x");
    let offered = offer(&mut a);
    let answered = answer(&mut b, offered);
    let formats = ["a=rtpmap", "a=fmtp", "a=rtcp-fb", "m=audio"];
    let other =
        without(&answered, &formats).replace("a=mid:0\r\n", "a=mid:0\r\na=rtpmap:120 x/8000\r\n");
    let place = other.find("c=IN").unwrap();
    let (head, rest) = other.split_at(place);
    let other = format!("{head}m=audio 9 UDP/TLS/RTP/SAVPF 120\r\n{rest}");
    let before = format!("{a:?}");
    let refused = a.set_remote_description(SessionDescription::answer(other.clone()));
    let error = refused.unwrap_err();
    assert_eq!(error, JsepError::NoCommonCodec("0".parse().unwrap()));
    assert_eq!(error.name(), "InvalidAccessError");
    assert_eq!(format!("{a:?}"), before, "nothing has changed");
    // Where nothing is to flow none is needed.
    let idle = other.replace("a=recvonly", "a=inactive");
    a.set_remote_description(SessionDescription::answer(idle))
        .unwrap();
    assert_eq!(current(&a, id), Some(Direction::Inactive));
}

/// Nothing of sound is sent again, so nothing is asked for.
#[test]
fn lost_sound_is_not_asked_for() {
    let (mut a, mut b) = (negotiator(1), negotiator(2));
    add_track(&mut a, MediaKind::Audio, "x");
    let offered = offer(&mut a);
    assert!(!offered.contains(" nack"), "{offered}");
    let asked = offered.replace("a=rtcp-fb:111 transport-cc", "a=rtcp-fb:* nack");
    assert_ne!(asked, offered);
    assert!(!answer(&mut b, asked).contains(" nack"));
}

/// Six lines of a browser, with constrained baseline, baseline and main profile in both modes: each
/// is answered under its own number, with its own profile and mode.
#[test]
fn each_form_of_h264_is_answered_as_it_is() {
    let (mut a, mut b) = (negotiator(1), negotiator(2));
    let id = add_track(&mut a, MediaKind::Video, "x");
    let known = a.capabilities(MediaKind::Video).codecs.clone();
    let h264: Vec<_> = known
        .into_iter()
        .filter(|codec| codec.name == CodecName::H264)
        .collect();
    a.set_codec_preferences(id, h264).unwrap();
    let offered = offer(&mut a);
    let answered = answer(&mut b, offered.clone());
    let forms = |sdp: &str| -> Vec<String> {
        let lines = sdp.lines().filter(|line| line.contains("profile-level-id"));
        lines.map(str::to_owned).collect()
    };
    let six = ["42e01f", "42001f", "4d001f"].map(|id| format!("profile-level-id={id}"));
    let of_six = |line: &&String| six.iter().any(|form| line.ends_with(form));
    assert_eq!(forms(&offered).iter().filter(of_six).count(), 6);
    assert_eq!(forms(&answered), forms(&offered));
    // What says nothing is single units of baseline, level 1 (RFC 6184 section 8.1).
    let plain = without(&offered, &["a=fmtp:96 "]);
    let answered = answer(&mut negotiator(3), plain);
    let said = "packetization-mode=0;profile-level-id=42000a\r\n";
    assert!(answered.contains(&format!("a=fmtp:96 level-asymmetry-allowed=0;{said}")));
}

/// RED for sound says what its blocks are, in both directions, and tones have the clock of each codec.
#[test]
fn sound_has_red_both_ways_and_tones_of_each_clock() {
    let (mut a, mut b) = (negotiator(1), negotiator(2));
    let id = add_track(&mut a, MediaKind::Audio, "x");
    add_track(&mut b, MediaKind::Audio, "y");
    agree(&mut a, &mut b);
    for who in [&a, &b] {
        let sdp = local(who);
        assert!(sdp.contains("a=rtpmap:63 red/48000/2\r\n"), "{sdp}");
        assert!(sdp.contains("a=fmtp:63 111/111\r\n"));
        for tones in ["110 telephone-event/48000", "126 telephone-event/8000"] {
            assert!(sdp.contains(&format!("a=rtpmap:{tones}\r\n")));
        }
    }
    let section = section(&a, id);
    let codecs = [
        section.send.unwrap().codecs,
        section.receive.unwrap().codecs,
    ];
    for codecs in codecs {
        let red = codecs
            .iter()
            .find(|codec| codec.codec.name == CodecName::Red);
        let opus = codecs[0].payload_type;
        let blocks = crate::rtp::Format::Red(vec![opus, opus]);
        assert_eq!(red.unwrap().codec.parameters.format, blocks);
        let clocks: Vec<u32> = (codecs.iter())
            .filter(|codec| codec.codec.name == CodecName::TelephoneEvent)
            .map(|codec| codec.codec.clock_rate)
            .collect();
        assert_eq!(clocks, [48_000, 8_000]);
    }
}

/// Pictures in RED and with parity are taken where the application asks for that. RED is repeated
/// under a number of its own.
#[test]
fn pictures_have_parity_where_that_is_asked_for() {
    for asked in [false, true] {
        let (mut a, mut b) = (negotiator(1), negotiator(2));
        // Browsers offer it always.
        b.config.media = MediaConfig::default().with_parity();
        if asked {
            a.config.media = MediaConfig::default().with_parity().with_parity();
        }
        let id = add_track(&mut b, MediaKind::Video, "x");
        agree(&mut b, &mut a);
        let received = section(&a, only(&a)).receive.unwrap().codecs;
        let find = |name: CodecName| received.iter().find(|codec| codec.codec.name == name);
        let (red, parity) = (find(CodecName::Red), find(CodecName::UlpFec));
        assert_eq!((red.is_some(), parity.is_some()), (asked, asked));
        assert!(red.is_none_or(|red| red.rtx.is_some()));
        assert!(parity.is_none_or(|parity| parity.rtx.is_none()));
        let sent = section(&b, id).send.unwrap().codecs;
        assert_eq!(sent, received);
        assert_eq!(sent[0].codec.name, CodecName::Vp8, "what is sent first");
    }
}
