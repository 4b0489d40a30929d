//! Descriptions of other stacks (`tests/descriptions`), as offers and as answers.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use ironrtc_core::jsep::{
    Applied, JsepConfig, Negotiator, SessionDescription, SignalingState, Step,
};
use ironrtc_core::rng::Rng;
use ironrtc_core::rtp::MediaKind;
use ironrtc_core::transport::TransportId;

fn files() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/descriptions");
    let mut found: Vec<(String, String)> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "sdp"))
        .map(|path| {
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            (name, fs::read_to_string(path).unwrap())
        })
        .collect();
    found.sort();
    assert!(found.len() >= 69, "only {} descriptions", found.len());
    found
}

fn negotiator() -> Negotiator {
    let config = JsepConfig {
        bundle_policy: ironrtc_core::jsep::BundlePolicy::default(),
        fingerprints: vec![fingerprint().parse().unwrap()],
        always_negotiate_data_channels: false,
        max_message_size: 262_144,
        ice_lite: false,
        media: Default::default(),
    };
    Negotiator::new(config, Rng::from_test_seed(1))
}

fn fingerprint() -> String {
    format!("sha-256 {}", ["AB"; 32].join(":"))
}

/// A media section's text, taken apart by hand: the test does not trust the parser it tests.
struct Section<'a> {
    kind: &'a str,
    port: &'a str,
    protocol: &'a str,
    formats: Vec<&'a str>,
    lines: Vec<&'a str>,
}

impl<'a> Section<'a> {
    fn all(sdp: &'a str) -> Vec<Self> {
        let mut sections: Vec<Self> = Vec::new();
        for line in sdp.lines() {
            if let Some(media) = line.strip_prefix("m=") {
                let words: Vec<&str> = media.split(' ').collect();
                sections.push(Self {
                    kind: words[0],
                    port: words[1],
                    protocol: words[2],
                    formats: words[3..].to_vec(),
                    lines: Vec::new(),
                });
            } else if let Some(section) = sections.last_mut() {
                section.lines.push(line);
            }
        }
        sections
    }

    fn value(&self, name: &str) -> Option<&'a str> {
        let prefix = format!("a={name}:");
        self.lines
            .iter()
            .find_map(|line| line.strip_prefix(&prefix))
    }

    fn has(&self, line: &str) -> bool {
        self.lines.contains(&line)
    }
}

fn bundle(sdp: &str) -> Vec<&str> {
    let line = sdp
        .lines()
        .find_map(|line| line.strip_prefix("a=group:BUNDLE "));
    line.map(|tags| tags.split(' ').collect())
        .unwrap_or_default()
}

/// The codec of a format, as `a=rtpmap` says it, and where it says none as RFC 3551 does.
fn codec(section: &Section<'_>, format: &str) -> String {
    let prefix = format!("a=rtpmap:{format} ");
    let map = section
        .lines
        .iter()
        .find_map(|line| line.strip_prefix(&prefix));
    let map = map.map_or_else(
        || match format {
            "0" => "pcmu/8000".into(),
            "8" => "pcma/8000".into(),
            _ => panic!("no codec for {format}"),
        },
        str::to_ascii_lowercase,
    );
    map.strip_suffix("/1").unwrap_or(&map).to_owned()
}

/// RFC 3264 section 6.1: a payload type means in the answer what it means in the offer. And what
/// would make browsers send what nobody reads is not taken.
fn assert_codecs(offer: &Section<'_>, answer: &Section<'_>, name: &str) {
    for format in &answer.formats {
        let codec_of = codec(answer, format);
        assert_eq!(codec_of, codec(offer, format), "{name}");
        let unread = ["red/90000", "ulpfec/90000", "flexfec-03/90000"];
        assert!(!unread.contains(&codec_of.as_str()), "{name}: {codec_of}");
        // A repeat says whose it is, as the offer does.
        if codec_of == "rtx/90000" {
            let line = format!("a=fmtp:{format} apt=");
            let of = |s: &Section<'_>| {
                let found = s.lines.iter().find_map(|l| l.strip_prefix(&line));
                found.map(|rest| rest.split(';').next().unwrap().to_owned())
            };
            assert_eq!(of(answer), of(offer), "{name}");
            assert!(
                answer
                    .formats
                    .iter()
                    .any(|f| Some(*f) == of(answer).as_deref())
            );
        }
    }
    let extensions = |s: &Section<'_>| -> BTreeSet<(String, String)> {
        let lines = s
            .lines
            .iter()
            .filter_map(|line| line.strip_prefix("a=extmap:"));
        let pair = |line: &str| {
            let (id, uri) = line.split_once(' ').unwrap();
            let id = id.split('/').next().unwrap();
            (id.to_owned(), uri.to_owned())
        };
        lines.map(pair).collect()
    };
    assert!(extensions(answer).is_subset(&extensions(offer)), "{name}");
    let feedback = |s: &Section<'_>| -> BTreeSet<String> {
        let lines = s.lines.iter().filter(|line| line.starts_with("a=rtcp-fb:"));
        lines.map(|line| line.trim_end().to_owned()).collect()
    };
    let wild = feedback(offer).iter().any(|line| line.contains(":* "));
    assert!(
        wild || feedback(answer).is_subset(&feedback(offer)),
        "{name}"
    );
}

/// The direction that a section says; the session may say it for all.
fn direction<'a>(sdp: &'a str, section: &Section<'a>) -> &'a str {
    let known = ["a=sendrecv", "a=sendonly", "a=recvonly", "a=inactive"];
    let said = section
        .lines
        .iter()
        .copied()
        .find(|line| known.contains(line));
    let session = sdp.lines().take_while(|line| !line.starts_with("m="));
    said.or_else(|| session.into_iter().find(|line| known.contains(line)))
        .unwrap_or("a=sendrecv")
}

/// RFC 3264 section 6 and RFC 9143 section 7.3, for an answer that takes everything it can.
fn assert_answers(offer: &str, answer: &str, name: &str) {
    assert!(answer.ends_with("\r\n") && !answer.replace("\r\n", "").contains('\n'));
    let (offered, answered) = (Section::all(offer), Section::all(answer));
    assert_eq!(offered.len(), answered.len(), "{name}");
    let mut taken = Vec::new();
    for (offer, answer) in offered.iter().zip(&answered) {
        assert_eq!((offer.kind, offer.protocol), (answer.kind, answer.protocol));
        assert_eq!(offer.value("mid"), answer.value("mid"), "{name}");
        assert!(!answer.formats.is_empty());
        assert!(
            answer.formats.iter().all(|f| offer.formats.contains(f)),
            "{name}"
        );
        if offer.port == "0" && !offer.has("a=bundle-only") {
            assert_eq!(answer.port, "0", "{name}: taken though it was not offered");
            continue;
        }
        assert_ne!(answer.port, "0", "{name}: {} was declined", offer.kind);
        taken.extend(answer.value("mid"));
        assert!(matches!(answer.value("setup"), Some("active" | "passive")));
        let prints: Vec<_> = (answer.lines.iter())
            .filter(|line| line.starts_with("a=fingerprint:"))
            .collect();
        assert_eq!(prints.len(), 1, "{name}");
        if offer.kind == "application" {
            continue;
        }
        assert!(answer.has("a=rtcp-mux"), "{name}");
        assert_codecs(offer, answer, name);
    }
    // Everything is in one bundle, in the order of the offer's, with one transport.
    let offered: Vec<&str> = bundle(offer);
    let expected: Vec<&str> = offered
        .into_iter()
        .filter(|tag| taken.contains(tag))
        .collect();
    assert_eq!(bundle(answer), expected, "{name}");
    let ufrags: BTreeSet<_> = answered
        .iter()
        .filter_map(|s| s.value("ice-ufrag"))
        .collect();
    assert_eq!(ufrags.len(), 1, "{name}");
}

/// Whether the peer's candidates came with a description.
fn brings_candidates(applied: &Applied) -> bool {
    let named = |step: &Step| matches!(step, Step::AddCandidates { candidates, .. } if !candidates.is_empty());
    applied.steps.iter().any(|(_, step)| named(step))
}

#[test]
fn every_offer_is_answered() {
    for (name, offer) in files().iter().filter(|(name, _)| name.contains("offer")) {
        let mut ours = negotiator();
        ours.set_remote_description(SessionDescription::offer(offer))
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        let applied = ours
            .set_local_description(None)
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        let plan = &ours.plan(TransportId::default()).unwrap();
        let data = offer.contains("m=application");
        assert_eq!(plan.sctp.is_some(), data, "{name}");
        assert!(plan.dtls.is_some() && plan.remote_ice.is_some(), "{name}");
        assert!(brings_candidates(&applied), "{name}");
        let answer = ours.local_description().unwrap().sdp;
        assert_answers(offer, &answer, name);
        assert_directions(offer, &answer, false, name);
        let remote = ours.remote_description().unwrap().sdp;
        assert_eq!(&remote, offer, "{name}: it is not given back as it came");
        // An offer of ours goes on from there, with the same sections in the same places.
        ours.add_data_channel();
        let next = ours.create_offer(&Default::default()).unwrap().sdp;
        let kinds = |sdp: &str| -> Vec<String> {
            Section::all(sdp)
                .iter()
                .map(|s| s.kind.to_owned())
                .collect()
        };
        assert_eq!(kinds(&next)[..kinds(offer).len()], kinds(offer), "{name}");
        let taken = Section::all(&answer)
            .iter()
            .filter(|s| s.port != "0")
            .count();
        assert!(bundle(&next).len() >= taken.max(1), "{name}: {next}");
    }
}

/// webrtc-pc section 4.4.1.5: whoever has no tracks takes what is sent; whoever has sends as well.
fn assert_directions(offer: &str, answer: &str, tracks: bool, name: &str) {
    for (offered, answered) in Section::all(offer).iter().zip(&Section::all(answer)) {
        if offered.kind == "application" || answered.port == "0" {
            continue;
        }
        let expected = match (direction(offer, offered), tracks) {
            ("a=sendrecv", true) => "a=sendrecv",
            ("a=sendrecv" | "a=sendonly", _) => "a=recvonly",
            ("a=recvonly", true) => "a=sendonly",
            _ => "a=inactive",
        };
        assert_eq!(direction(answer, answered), expected, "{name}");
        let sends = matches!(expected, "a=sendrecv" | "a=sendonly");
        assert_eq!(answered.value("msid").is_some(), sends, "{name}");
        assert_eq!(answered.value("ssrc").is_some(), sends, "{name}");
    }
}

#[test]
fn every_offer_is_answered_with_tracks_of_ours() {
    for (name, offer) in files().iter().filter(|(name, _)| name.contains("offer")) {
        let mut ours = negotiator();
        for (number, section) in Section::all(offer).iter().enumerate() {
            let offered = section.port != "0" || section.has("a=bundle-only");
            if let (Ok(kind), true) = (section.kind.parse::<MediaKind>(), offered) {
                let track = format!("track {number}");
                ours.add_track(kind, &track, &["stream".to_owned()])
                    .unwrap();
            }
        }
        ours.set_remote_description(SessionDescription::offer(offer))
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        ours.set_local_description(None)
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        let answer = ours.local_description().unwrap().sdp;
        assert_answers(offer, &answer, name);
        let only_sends = Section::all(offer)
            .iter()
            .any(|section| direction(offer, section) == "a=sendonly");
        if !only_sends {
            assert_directions(offer, &answer, true, name);
        }
        let media = Section::all(&answer)
            .iter()
            .any(|s| s.kind != "application" && s.port != "0");
        let plans = ours.plans();
        let rtp = plans.values().find_map(|plan| plan.rtp.as_ref());
        assert_eq!(rtp.is_some(), media, "{name}");
        for section in rtp.iter().flat_map(|rtp| &rtp.sections) {
            for codecs in [
                section.send.as_ref().map(|send| &send.codecs),
                section.receive.as_ref().map(|receive| &receive.codecs),
            ] {
                assert!(codecs.is_none_or(|codecs| !codecs.is_empty()), "{name}");
            }
        }
        // The same goes on in an offer of ours, under the same numbers.
        let next = ours.create_offer(&Default::default()).unwrap().sdp;
        for (before, after) in Section::all(&answer).iter().zip(&Section::all(&next)) {
            assert_eq!(
                (before.kind, before.value("mid")),
                (after.kind, after.value("mid"))
            );
            for format in before
                .formats
                .iter()
                .filter(|_| before.kind != "application")
            {
                if before.port != "0" {
                    assert!(after.formats.contains(format), "{name}: {format}");
                    // GStreamer leaves out the channels.
                    let same = |s| codec(s, format).replace("opus/48000/2", "opus/48000");
                    assert_eq!(same(before), same(after), "{name}");
                }
            }
        }
    }
}

/// What browsers send when three encodings are asked for.
#[test]
fn a_simulcast_of_browsers_is_taken_by_its_names() {
    for (name, offer) in files() {
        if !name.ends_with("-offer-simulcast") {
            continue;
        }
        let mut ours = negotiator();
        ours.set_remote_description(SessionDescription::offer(&offer))
            .unwrap();
        ours.set_local_description(None).unwrap();
        let answer = ours.local_description().unwrap().sdp;
        assert!(
            answer.contains("a=simulcast:recv q;h;f\r\n"),
            "{name}: {answer}"
        );
        assert!(answer.contains("a=rid:h recv\r\n"), "{name}");
        let plans = ours.plans();
        let rtp = plans.values().find_map(|plan| plan.rtp.as_ref()).unwrap();
        let video = rtp
            .sections
            .iter()
            .find(|s| s.kind == MediaKind::Video)
            .unwrap();
        let receive = video.receive.as_ref().unwrap();
        let rids: Vec<&str> = receive.rids.iter().map(|rid| rid.as_str()).collect();
        assert_eq!(rids, ["q", "h", "f"], "{name}");
        let vp8 = receive.codecs.first().unwrap();
        let number = if name.starts_with("firefox") {
            (120, 124)
        } else {
            (96, 97)
        };
        assert_eq!(vp8.payload_type.get(), number.0, "{name}");
        assert_eq!(vp8.rtx.map(|rtx| rtx.payload_type.get()), Some(number.1));
        if name.starts_with("firefox") {
            // It says sources too, in the same order.
            let streams: Vec<_> = (receive.streams.iter())
                .map(|s| {
                    (
                        s.ssrc.get(),
                        s.rtx.unwrap().get(),
                        s.rid.as_ref().unwrap().as_str(),
                    )
                })
                .collect();
            assert_eq!(streams[0], (2_901_883_914, 1_589_196_558, "q"));
            assert_eq!(streams[2].2, "f");
        }
    }
}

#[test]
fn every_answer_to_an_offer_is_taken() {
    let files = files();
    let text = |name: &str| {
        let found = files.iter().find(|(other, _)| other == name);
        &found.unwrap_or_else(|| panic!("no {name}")).1
    };
    let mut count = 0;
    for (name, answer) in &files {
        let offer = match name.split_once("-answer-to-") {
            Some((_, of)) => {
                let (stack, kind) = of.split_once('-').unwrap();
                text(&format!("{stack}-offer-{kind}"))
            }
            None if name.contains("reanswer") => text(&name.replace("reanswer", "reoffer")),
            None => continue,
        };
        count += 1;
        // The offer as if we had made it: with our certificate.
        let ours: String = offer
            .split_inclusive("\r\n")
            .map(|line| match line.starts_with("a=fingerprint:") {
                true => format!("a=fingerprint:{}\r\n", fingerprint()),
                false => line.to_owned(),
            })
            .collect();
        let mut negotiator = negotiator();
        negotiator
            .set_local_description(Some(SessionDescription::offer(ours)))
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        let applied = negotiator
            .set_remote_description(SessionDescription::answer(answer))
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(negotiator.signaling_state(), SignalingState::Stable);
        let plan = &negotiator.plan(TransportId::default()).unwrap();
        let ufrag = Section::all(answer)
            .iter()
            .find_map(|s| s.value("ice-ufrag"));
        let remote = plan.remote_ice.as_ref().unwrap();
        assert_eq!(Some(remote.credentials.ufrag().as_str()), ufrag, "{name}");
        assert!(brings_candidates(&applied), "{name}");
        let data = Section::all(answer)
            .iter()
            .any(|s| s.kind == "application" && s.port != "0");
        assert_eq!(plan.sctp.is_some(), data, "{name}");
        assert_eq!(
            &negotiator.remote_description().unwrap().sdp,
            answer,
            "{name}"
        );
    }
    assert!(count >= 40, "only {count}");
}
