use super::*;

fn video(name: &str, fmtp: &str) -> Codec {
    Codec::from_w3c(&format!("video/{name}"), 90_000, None, Some(fmtp)).unwrap()
}

fn h264(mode: u8, id: &str) -> Codec {
    video(
        "H264",
        &format!("level-asymmetry-allowed=1;packetization-mode={mode};profile-level-id={id}"),
    )
}

fn parameters(codec: &Codec) -> H264Parameters {
    match codec.parameters.format {
        Format::H264(parameters) => parameters,
        _ => panic!("{codec}"),
    }
}

/// RFC 6184 section 8.1, table 5, in its own letters: x is any bit.
#[test]
fn profiles_of_h264_are_known_by_the_bits_of_the_table() {
    use H264Profile::*;
    let table = [
        ("42", "x1xx0000", ConstrainedBaseline),
        ("4D", "1xxx0000", ConstrainedBaseline),
        ("58", "11xx0000", ConstrainedBaseline),
        ("42", "x0xx0000", Baseline),
        ("58", "10xx0000", Baseline),
        ("4D", "0x0x0000", Main),
        ("64", "00000000", High),
        ("64", "00001100", ConstrainedHigh),
        ("F4", "00000000", PredictiveHigh444),
    ];
    for idc in ["42", "4D", "58", "64", "F4"] {
        for iop in 0..=255_u8 {
            let bits = format!("{iop:08b}");
            let fits = |pattern: &str| {
                let mut both = pattern.bytes().zip(bits.bytes());
                both.all(|(want, bit)| want == b'x' || want == bit)
            };
            let expected = table
                .iter()
                .find(|(known, pattern, _)| *known == idc && fits(pattern));
            let codec = h264(1, &format!("{idc}{iop:02x}1f"));
            let found = parameters(&codec).profile;
            match expected {
                Some((_, _, profile)) => assert_eq!(found, *profile, "{idc} {bits}"),
                None => assert!(matches!(found, Other(_, _)), "{idc} {bits}"),
            }
        }
    }
}

#[test]
fn the_words_of_a_profile_and_level_are_read_and_said() {
    for id in [
        "42e01f", "42001f", "4d001f", "640c1f", "64001f", "f4001f", "42e034", "42f00b", "640009",
    ] {
        assert_eq!(parameters(&h264(1, id)).profile_level_id(), id);
    }
    // Another way to say constrained baseline.
    assert_eq!(parameters(&h264(1, "42C01F")).profile_level_id(), "42e01f");
    let level = |id| parameters(&h264(1, id)).level;
    assert!(level("42e00a") < level("42f00b") && level("42f00b") < level("42e00b"));
}

#[test]
fn what_h264_leaves_unsaid_is_baseline_of_level_1_in_single_units() {
    for line in ["", "profile-level-id=", "profile-level-id=42e0", "x"] {
        assert_eq!(
            parameters(&video("H264", line)),
            H264Parameters::default(),
            "{line}"
        );
    }
    assert!(!video("H264", "").matches(&h264(1, "42000a")));
    assert!(video("H264", "").matches(&h264(0, "42000a")));
}

/// RFC 6184 section 8.2.2.
#[test]
fn an_answer_of_h264_keeps_profile_and_mode_and_lowers_the_level_where_both_share_it() {
    let answer = |ours: &Codec, offer: &Codec| {
        ours.answer(offer)
            .map(|codec| codec.sdp_fmtp_line().unwrap())
    };
    let said = |asymmetric, mode, id| {
        Some(format!(
            "level-asymmetry-allowed={asymmetric};packetization-mode={mode};profile-level-id={id}"
        ))
    };
    let ours = h264(1, "42e01f");
    assert_eq!(
        answer(&ours, &h264(1, "42e034")),
        said(1, 1, "42e01f"),
        "each its level"
    );
    let strict = |id| {
        video(
            "h264",
            &format!("packetization-mode=1;profile-level-id={id}"),
        )
    };
    assert_eq!(answer(&ours, &strict("42e034")), said(0, 1, "42e01f"));
    assert_eq!(answer(&ours, &strict("42e015")), said(0, 1, "42e015"));
    assert_eq!(answer(&ours, &h264(0, "42e01f")), None);
    assert_eq!(answer(&ours, &h264(1, "64001f")), None);
    assert_eq!(
        answer(&h264(1, "64001f"), &h264(1, "640c1f")),
        said(1, 1, "640c1f"),
        "who decodes high decodes constrained high"
    );
}

#[test]
fn a_codec_of_the_same_format_answers_before_one_that_includes_it() {
    let ours = [h264(1, "64001f"), h264(1, "640c28")];
    let answer = h264(1, "640c1f").best_answer(&ours).unwrap();
    assert_eq!(parameters(&answer).profile_level_id(), "640c28");
}

#[test]
fn profiles_of_vp9_and_av1_tell_formats_apart_and_levels_do_not() {
    assert!(video("VP9", "").matches(&video("vp9", "profile-id=0")));
    assert!(!video("VP9", "profile-id=2").matches(&video("VP9", "profile-id=0")));
    let av1 = video("AV1", "level-idx=5;profile=0;tier=0");
    assert!(av1.matches(&video("AV1", "level-idx=9;tier=1")));
    assert!(av1.matches(&video("AV1", "")));
    assert!(!av1.matches(&video("AV1", "profile=1")));
    assert_eq!(av1.sdp_fmtp_line().unwrap(), "level-idx=5;profile=0;tier=0");
}

#[test]
fn names_are_the_same_in_any_case_and_clocks_and_channels_are_not() {
    let opus = Codec::from_w3c("audio/OPUS", 48_000, Some(2), None).unwrap();
    assert_eq!(opus.mime_type(), "audio/opus");
    assert_eq!(opus.to_string(), "opus/48000/2");
    let l16 = |clock, channels| Codec::from_w3c("audio/L16", clock, channels, None).unwrap();
    assert!(l16(8_000, None).matches(&l16(8_000, Some(1))));
    assert!(!l16(8_000, None).matches(&l16(8_000, Some(2))));
    assert!(!l16(8_000, None).matches(&l16(16_000, None)));
    assert_eq!(l16(8_000, Some(1)).to_string(), "l16/8000");
}

#[test]
fn what_is_no_codec_is_refused() {
    let read = |mime, clock| Codec::from_w3c(mime, clock, None, None);
    assert_eq!(read("opus", 48_000), Err(CodecError::MimeType));
    assert_eq!(read("text/red", 1_000), Err(CodecError::MimeType));
    assert_eq!(read("audio/a b", 8_000), Err(CodecError::MimeType));
    assert_eq!(read("audio/a\r\nm", 8_000), Err(CodecError::MimeType));
    assert_eq!(read("audio/opus", 0), Err(CodecError::ClockRate));
}

#[test]
fn parameters_that_decide_nothing_are_kept_as_text_within_a_bound() {
    let codec = video("VP8", "max-fs=12288; max-fr=60");
    assert_eq!(codec.sdp_fmtp_line().unwrap(), "max-fs=12288;max-fr=60");
    let many: Vec<String> = (0..1_000).map(|n| format!("p{n}={n}")).collect();
    let codec = video("VP8", &many.join(";"));
    assert_eq!(codec.parameters.others.split(';').count(), MAX_PARAMETERS);
    let long = video("VP8", &format!("x={}", "y".repeat(100_000)));
    assert_eq!(long.sdp_fmtp_line(), None);
    let split = video("VP8", "a=b\u{85}c");
    assert_eq!(split.sdp_fmtp_line(), None, "it could not be one line");
}

#[test]
fn audio_parameters_are_read_and_said() {
    let opus = |line| {
        Codec::from_w3c("audio/opus", 48_000, Some(2), Some(line))
            .unwrap()
            .sdp_fmtp_line()
    };
    let said = "minptime=10;stereo=1;useinbandfec=1";
    assert_eq!(
        opus("useinbandfec=1;stereo=1;minptime=10;usedtx=0").as_deref(),
        Some(said)
    );
    assert_eq!(opus("cbr=0"), None);
    let red = |line| {
        let codec = Codec::from_w3c("audio/red", 48_000, Some(2), Some(line)).unwrap();
        (codec.parameters.format.clone(), codec.sdp_fmtp_line())
    };
    let opus = PayloadType::new(111).unwrap();
    let blocks = Format::Red(vec![opus, opus]);
    assert_eq!(red("111/111"), (blocks, Some("111/111".into())));
    assert_eq!(red("111/bogus").0, Format::Red(vec![opus]));
    assert_eq!(red(&"111/".repeat(500)).0, Format::Red(vec![opus; 8]));
    let tones = |line| {
        Codec::from_w3c("audio/telephone-event", 8_000, None, Some(line))
            .unwrap()
            .sdp_fmtp_line()
    };
    assert_eq!(tones("0-15,66").as_deref(), Some("0-15,66"));
    assert_eq!(tones("nonsense"), None);
}

#[test]
fn capabilities_have_every_codec_once_and_no_parity_for_video() {
    for kind in [MediaKind::Audio, MediaKind::Video] {
        let capabilities = RtpCapabilities::usual(kind);
        let codecs = &capabilities.codecs;
        for (index, codec) in codecs.iter().enumerate() {
            let again = Codec::from_w3c(
                &codec.mime_type(),
                codec.clock_rate,
                codec.channels,
                codec.sdp_fmtp_line().as_deref(),
            );
            assert_eq!(again.as_ref(), Ok(codec), "its own words describe it");
            let same = codecs.iter().skip(index + 1).any(|o| o.matches(codec));
            assert!(!same, "{codec} twice");
        }
    }
    let video = RtpCapabilities::usual(MediaKind::Video).codecs;
    let bad = [CodecName::Red, CodecName::UlpFec, CodecName::FlexFec03];
    assert!(!video.iter().any(|codec| bad.contains(&codec.name)));
    assert_eq!(
        video.first().map(|codec| &codec.name),
        Some(&CodecName::Vp8)
    );
}

#[test]
fn a_set_of_feedback_has_what_was_put_in() {
    let mut set = FeedbackSet::of(&[Feedback::Nack, Feedback::AckCcfb]);
    set.insert(Feedback::NackPli);
    set.remove(Feedback::AckCcfb);
    assert!(set.contains(Feedback::Nack) && !set.contains(Feedback::AckCcfb));
    let kinds: Vec<Feedback> = set.iter().collect();
    assert_eq!(kinds, [Feedback::Nack, Feedback::NackPli]);
    assert_eq!(kinds.into_iter().collect::<FeedbackSet>(), set);
    let video = RtpCapabilities::usual(MediaKind::Video).codecs;
    let usual = video[0].usual_feedback();
    assert!(usual.contains(Feedback::TransportCc) && !usual.contains(Feedback::AckCcfb));
    assert_eq!(usual.intersection(set), set);
}
