//! Descriptions of other stacks (`tests/descriptions`), as offers and as answers.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use ironrtc_core::jsep::{
    Applied, JsepConfig, Negotiator, SessionDescription, SignalingState, Step,
};
use ironrtc_core::rng::Rng;
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
        assert!(
            answer.has("a=inactive") && answer.has("a=rtcp-mux"),
            "{name}"
        );
        for line in &answer.lines {
            assert!(
                !line.starts_with("a=ssrc") && !line.starts_with("a=msid"),
                "{name}"
            );
            if line.starts_with("a=rtpmap:") || line.starts_with("a=fmtp:") {
                assert!(offer.lines.contains(line), "{name}: {line}");
            }
        }
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
        assert_eq!(Some(remote.credentials.ufrag.as_str()), ufrag, "{name}");
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
