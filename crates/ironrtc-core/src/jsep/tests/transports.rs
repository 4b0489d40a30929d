//! Sections and their transports: what is offered, bundled, taken apart, and taken back.

use super::*;

/// An offer of ours with a section of each of these kinds before that for data, all in a bundle.
fn with_media(a: &mut Negotiator, kinds: &[&str]) -> String {
    let offer = a.create_offer(&OfferOptions::default()).unwrap().sdp;
    let (head, data) = offer.split_at(offer.find("m=application").unwrap());
    let transport: String = data
        .lines()
        .filter(|line| {
            let wanted = ["a=ice", "a=fingerprint", "a=setup"];
            wanted.iter().any(|start| line.starts_with(start))
        })
        .map(|line| format!("{line}\r\n"))
        .collect();
    let mids: Vec<String> = (0..kinds.len()).map(|n| format!("m{n}")).collect();
    let media: String = (kinds.iter().zip(&mids))
        .map(|(kind, mid)| {
            let codec = match *kind {
                "audio" => "0\r\n",
                _ => "96\r\na=rtpmap:96 VP8/90000\r\n",
            };
            format!(
                "m={kind} 9 UDP/TLS/RTP/SAVPF {codec}a=mid:{mid}\r\na=inactive\r\n\
                 a=rtcp-mux\r\n{transport}"
            )
        })
        .collect();
    let group = format!("BUNDLE {} 0", mids.join(" "));
    format!("{}{media}{data}", head.replace("BUNDLE 0", &group))
}

/// The offer that a policy makes of such sections, as that of a negotiator which sets it.
fn offered(policy: BundlePolicy, kinds: &[&str]) -> (Negotiator, String) {
    let new = || {
        let mut a = negotiator(1);
        a.config.bundle_policy = policy;
        a.add_data_channel();
        a
    };
    let mut first = new();
    let offer = with_media(&mut first, kinds);
    first
        .set_local_description(Some(SessionDescription::offer(offer)))
        .unwrap();
    let offer = first.create_offer(&OfferOptions::default()).unwrap().sdp;
    let mut a = new();
    a.set_local_description(Some(SessionDescription::offer(&offer)))
        .unwrap();
    (a, offer)
}

fn answer(b: &mut Negotiator, offer: &str) -> SessionDescription {
    b.set_remote_description(SessionDescription::offer(offer))
        .unwrap();
    b.set_local_description(None).unwrap();
    b.local_description().unwrap()
}

/// The numbers of the transports in use.
fn numbers(negotiator: &Negotiator) -> Vec<u32> {
    negotiator.plans().keys().map(|id| id.number()).collect()
}

/// The number of the transport of each section of our description.
fn over(negotiator: &Negotiator) -> Vec<Option<u32>> {
    let local = negotiator.local().unwrap();
    (0..local.sections.len())
        .map(|index| local.transport_of(index).map(|t| t.id.number()))
        .collect()
}

fn number(id: Option<TransportId>) -> Option<u32> {
    id.map(TransportId::number)
}

fn regroup(sdp: &str, groups: &[&str]) -> String {
    let lines = sdp.lines().filter(|line| !line.starts_with("a=group"));
    lines
        .map(|line| match line {
            "t=0 0" => {
                let groups: String = (groups.iter())
                    .map(|group| format!("a=group:BUNDLE {group}\r\n"))
                    .collect();
                format!("{line}\r\n{groups}")
            }
            line => format!("{line}\r\n"),
        })
        .collect()
}

/// RFC 9429 section 4.1.1.
#[test]
fn the_policy_says_which_sections_have_a_transport_of_their_own() {
    let kinds = ["audio", "video", "audio"];
    let cases = [
        (BundlePolicy::Balanced, [9, 9, 0, 9], [0, 1, 0, 2]),
        (BundlePolicy::MaxCompat, [9, 9, 9, 9], [0, 1, 2, 3]),
        (BundlePolicy::MaxBundle, [9, 0, 0, 0], [0, 0, 0, 0]),
    ];
    for (policy, ports, transports) in cases {
        let (a, offer) = offered(policy, &kinds);
        let written: Vec<u16> = offer
            .lines()
            .filter(|line| line.starts_with("m="))
            .map(|line| line.split(' ').nth(1).unwrap().parse().unwrap())
            .collect();
        assert_eq!(written, ports, "{policy}");
        let only = ports.iter().filter(|port| **port == 0).count();
        assert_eq!(offer.matches("a=bundle-only\r\n").count(), only, "{policy}");
        assert!(offer.contains("a=group:BUNDLE m0 m1 m2 0\r\n"), "{offer}");
        assert_eq!(over(&a), transports.map(Some), "{policy}");
        assert_eq!(number(a.data_transport()), transports.last().copied());
    }
}

/// An answer may accept the group, a part of it, several, or none (RFC 9143 section 7.3).
#[test]
fn the_answer_decides_what_is_bundled() {
    type Over = [Option<u32>; 4];
    let kinds = ["audio", "video", "audio"];
    // The groups that the peer knows, and the transports of the sections at both sides.
    let cases: [(BundlePolicy, &[&str], Over, Over); 6] = [
        (
            BundlePolicy::Balanced,
            &["m0 m1 m2 0"],
            [Some(0); 4],
            [Some(0); 4],
        ),
        (
            BundlePolicy::Balanced,
            &[],
            [Some(0), Some(1), None, Some(2)],
            [Some(0), Some(1), None, Some(2)],
        ),
        (
            BundlePolicy::Balanced,
            &["m0 m2"],
            [Some(0), Some(1), Some(0), Some(2)],
            [Some(0), Some(1), Some(0), Some(2)],
        ),
        (
            BundlePolicy::MaxCompat,
            &["m0 m1", "m2 0"],
            [Some(0), Some(0), Some(2), Some(2)],
            [Some(0), Some(0), Some(1), Some(1)],
        ),
        (
            BundlePolicy::MaxCompat,
            &["0 m1"],
            [Some(0), Some(3), Some(2), Some(3)],
            [Some(0), Some(1), Some(2), Some(1)],
        ),
        (
            BundlePolicy::MaxBundle,
            &["m0 m1 m2 0"],
            [Some(0); 4],
            [Some(0); 4],
        ),
    ];
    for (policy, groups, ours, theirs) in cases {
        let (mut a, offer) = offered(policy, &kinds);
        let offered: Vec<TransportId> = a.plans().into_keys().collect();
        let mut b = negotiator(2);
        let answer = answer(&mut b, &regroup(&offer, groups));
        assert_eq!(
            answer.sdp.matches("a=group:BUNDLE").count(),
            groups.len(),
            "{answer:?}"
        );
        let applied = a.set_remote_description(answer).unwrap();
        assert_eq!(over(&a), ours, "{policy} {groups:?}");
        assert_eq!(over(&b), theirs, "{policy} {groups:?}");
        for side in [&a, &b] {
            for (id, plan) in side.plans() {
                assert!(plan.remote_ice.is_some() && plan.dtls.is_some());
                assert_eq!(plan.sctp.is_some(), Some(id) == side.data_transport());
            }
        }
        // What the bundle took away is told to end, and nothing else is.
        let ended: Vec<TransportId> = (applied.steps.iter())
            .filter(|(_, step)| *step == Step::Reject(Reason::Unused))
            .map(|(id, _)| *id)
            .collect();
        let gone: Vec<TransportId> = (offered.into_iter())
            .filter(|id| !a.plans().contains_key(id))
            .collect();
        assert_eq!(ended, gone);
        // What was agreed on is offered again, and nothing of it in the bundle only.
        let again = a.create_offer(&OfferOptions::default()).unwrap().sdp;
        let mut repeated = a.clone();
        repeated
            .set_local_description(Some(SessionDescription::offer(&again)))
            .unwrap();
        for (before, after) in over(&a).into_iter().zip(over(&repeated)) {
            assert_eq!(after, before, "{again}");
        }
    }
}

#[test]
fn what_was_offered_in_the_bundle_only_is_not_taken_out_of_it() {
    let (mut a, offer) = offered(BundlePolicy::MaxBundle, &["audio"]);
    let mut b = negotiator(2);
    let answer = answer(&mut b, &offer);
    let before = format!("{a:?}");
    let apart = SessionDescription::answer(regroup(&answer.sdp, &[]));
    let error = a.set_remote_description(apart).unwrap_err();
    assert_eq!(error, JsepError::OnlyBundled("0".parse().unwrap()));
    assert_eq!(format!("{a:?}"), before);
    a.set_remote_description(answer).unwrap();
}

/// RFC 9429 section 5.3.1.
#[test]
fn max_bundle_declines_what_is_not_bundled_with_the_first() {
    let (_, offer) = offered(BundlePolicy::MaxCompat, &["audio", "video"]);
    let mut b = negotiator(2);
    b.config.bundle_policy = BundlePolicy::MaxBundle;
    answer(&mut b, &regroup(&offer, &["m0 0"]));
    assert_eq!(over(&b), [Some(0), None, Some(0)]);
}

/// The one that owns the transport is rejected: the next one does.
#[test]
fn a_bundle_outlives_the_section_that_owns_its_transport() {
    let (mut a, offer) = offered(BundlePolicy::MaxCompat, &["audio", "video"]);
    let mut b = negotiator(2);
    let stopped = offer.replacen("m=audio 9", "m=audio 0", 1);
    let answer = answer(&mut b, &regroup(&stopped, &["m1 0"]));
    a.set_remote_description(answer).unwrap();
    assert_eq!(over(&a), [None, Some(1), Some(1)]);
    assert_eq!(over(&b), [None, Some(0), Some(0)]);
    let candidate = "candidate:1 1 udp 5 192.0.2.1 5000 typ host";
    let init = a.on_local_candidate(TransportId::new(1), &candidate.parse().unwrap());
    assert_eq!(
        (init.sdp_mid.as_deref(), init.sdp_mline_index),
        (Some("m1"), Some(1))
    );
    // In the next exchange the owner goes as well.
    let next = b.create_offer(&OfferOptions::default()).unwrap().sdp;
    let next = regroup(&next.replacen("m=video 9", "m=video 0", 1), &["0"]);
    b.set_local_description(Some(SessionDescription::offer(&next)))
        .unwrap();
    a.set_remote_description(SessionDescription::offer(&next))
        .unwrap();
    a.set_local_description(None).unwrap();
    b.set_remote_description(a.local_description().unwrap())
        .unwrap();
    assert_eq!(over(&a), [None, None, Some(1)]);
    assert_eq!(over(&b), [None, None, Some(0)]);
    assert!(a.plans()[&TransportId::new(1)].sctp.is_some());
}

#[test]
fn an_answer_for_now_leaves_what_it_bundles_until_the_final_one() {
    let (mut a, offer) = offered(BundlePolicy::MaxCompat, &["audio"]);
    let mut b = negotiator(2);
    let mut bundled = answer(&mut b, &offer);
    let mut c = negotiator(3);
    let apart = answer(&mut c, &regroup(&offer, &[]));
    bundled.kind = SdpType::PrAnswer;
    let told = |applied: &Applied, wanted: &Step| {
        applied
            .steps
            .iter()
            .filter(|(_, step)| step == wanted)
            .count()
    };
    for last in [bundled.clone(), apart] {
        let mut a = a.clone();
        let applied = a.set_remote_description(bundled.clone()).unwrap();
        assert_eq!(told(&applied, &Step::Reject(Reason::Unused)), 0);
        assert_eq!(number(a.data_transport()), Some(0));
        assert!(a.plans()[&TransportId::default()].sctp.is_some());
        let keeps = last.kind == SdpType::Answer;
        let last = SessionDescription::answer(last.sdp);
        let applied = a.set_remote_description(last).unwrap();
        assert_eq!(over(&a), [Some(0), Some(u32::from(keeps))]);
        assert_eq!(number(a.data_transport()), Some(u32::from(keeps)));
        let ended = told(&applied, &Step::Reject(Reason::Unused));
        assert_eq!(ended, usize::from(!keeps));
        assert_eq!(numbers(&a).len(), 1 + usize::from(keeps));
    }
    // Ours for now is bundled as well, and the final one may part what the peer offers apart.
    a.close();
    let mut b = negotiator(2);
    b.set_remote_description(SessionDescription::offer(&offer))
        .unwrap();
    let mut ours = b.create_answer().unwrap();
    ours.kind = SdpType::PrAnswer;
    b.set_local_description(Some(ours)).unwrap();
    assert_eq!(over(&b), [Some(0), Some(0)]);
    let last = b.create_answer().unwrap().sdp;
    let last = SessionDescription::answer(regroup(&last, &[]));
    b.set_local_description(Some(last)).unwrap();
    assert_eq!(over(&b), [Some(0), Some(1)]);
}

#[test]
fn a_rollback_takes_new_transports_back_and_leaves_the_others() {
    let (mut a, mut b) = pair();
    exchange(&mut a, &mut b);
    let before = a.plans();
    let offer = a.create_offer(&OfferOptions::default()).unwrap().sdp;
    let at = offer.find("m=application").unwrap();
    let (head, data) = offer.split_at(at);
    let audio = data
        .replace(
            "m=application 9 UDP/DTLS/SCTP webrtc-datachannel",
            "m=audio 9 UDP/TLS/RTP/SAVPF 0",
        )
        .replace("a=mid:0", "a=mid:m\r\na=rtcp-mux")
        .replace("a=sctp-port:5000\r\n", "");
    // Outside of the bundle, whose transport it would have.
    let offer = format!("{head}{data}{audio}");
    for glare in [false, true] {
        let applied = a
            .set_local_description(Some(SessionDescription::offer(&offer)))
            .unwrap();
        let id = a.local().unwrap().sections[1].over.unwrap();
        assert!(matches!(applied.steps[0], (new, Step::Start(_)) if new == id));
        assert_ne!(id, TransportId::default());
        let applied = if glare {
            let theirs = b.create_offer(&OfferOptions::default()).unwrap();
            a.set_remote_description(theirs).unwrap()
        } else {
            let rollback = SessionDescription::rollback();
            a.set_local_description(Some(rollback)).unwrap()
        };
        assert_eq!(applied.steps, [(id, Step::Withdraw)]);
        assert_eq!(a.plans(), before);
        drop(a.set_remote_description(SessionDescription::rollback()));
    }
}

/// The peer takes a section out of the bundle and puts it back in (RFC 9143 section 7.5).
#[test]
fn sections_move_out_of_a_bundle_and_into_it() {
    let (mut a, offer) = offered(BundlePolicy::MaxCompat, &["audio"]);
    let mut b = negotiator(2);
    answer(&mut b, &offer);
    assert_eq!(over(&b), [Some(0), Some(0)]);
    let first = b.plans();
    // Data has a transport of its own now, with credentials of its own.
    let at = offer.find("m=application").unwrap();
    let (head, data) = offer.split_at(at);
    let ufrag = data
        .lines()
        .find(|line| line.starts_with("a=ice-ufrag"))
        .unwrap();
    let apart = format!("{head}{}", data.replace(ufrag, "a=ice-ufrag:other"));
    answer(&mut b, &regroup(&apart, &["m0"]));
    assert_eq!(over(&b), [Some(0), Some(1)]);
    assert_eq!(number(b.data_transport()), Some(1));
    let (audio, data) = (TransportId::default(), TransportId::new(1));
    let plans = b.plans();
    assert_eq!(plans[&audio].remote_ice, first[&audio].remote_ice);
    assert_eq!(plans[&audio].dtls, first[&audio].dtls);
    assert_eq!(
        plans[&data]
            .remote_ice
            .as_ref()
            .unwrap()
            .credentials
            .ufrag(),
        "other"
    );
    // The other way round, the one that keeps its credentials keeps its transport.
    let applied = {
        b.set_remote_description(SessionDescription::offer(regroup(&apart, &["0 m0"])))
            .unwrap();
        b.set_local_description(None).unwrap()
    };
    assert_eq!(over(&b), [Some(1), Some(1)]);
    assert!(
        applied
            .steps
            .contains(&(audio, Step::Reject(Reason::Unused)))
    );
    a.close();
}

#[test]
fn candidates_find_the_transport_of_their_section() {
    let (_, offer) = offered(BundlePolicy::MaxCompat, &["audio"]);
    let apart = regroup(&offer, &[]);
    let mut b = negotiator(2);
    answer(&mut b, &apart);
    let candidate = |mid: Option<&str>, index: Option<u16>| CandidateInit {
        candidate: "candidate:1 1 udp 5 192.0.2.1 5000 typ host".into(),
        sdp_mid: mid.map(str::to_owned),
        sdp_mline_index: index,
        username_fragment: None,
    };
    let id = |taken: RemoteCandidate| match taken {
        RemoteCandidate::Candidate(id, _) => vec![id.number()],
        RemoteCandidate::EndOfCandidates(ids) => ids.into_iter().map(TransportId::number).collect(),
        RemoteCandidate::Ignored => Vec::new(),
    };
    for (init, wanted) in [
        (candidate(Some("m0"), None), 0),
        (candidate(Some("0"), Some(0)), 1),
        (candidate(None, Some(1)), 1),
    ] {
        assert_eq!(id(b.add_ice_candidate(&init).unwrap()), [wanted]);
    }
    let end = CandidateInit {
        candidate: String::new(),
        ..candidate(Some("0"), None)
    };
    assert_eq!(id(b.add_ice_candidate(&end).unwrap()), [1]);
    let remote = b.remote().unwrap();
    let ended: Vec<bool> = remote
        .transports
        .iter()
        .map(|t| t.end_of_candidates)
        .collect();
    assert_eq!(ended, [false, true]);
    let all = CandidateInit::default();
    assert_eq!(id(b.add_ice_candidate(&all).unwrap()), [0, 1]);
    // Ours name the section as well, and each description has them where they belong.
    let line = "candidate:1 1 udp 5 192.0.2.1 5000 typ host"
        .parse()
        .unwrap();
    let init = b.on_local_candidate(TransportId::new(1), &line);
    assert_eq!(
        (init.sdp_mid.as_deref(), init.sdp_mline_index),
        (Some("0"), Some(1))
    );
    b.on_gathering_complete(TransportId::new(1));
    let sdp = b.local_description().unwrap().sdp;
    let (audio, data) = sdp.split_at(sdp.find("m=application").unwrap());
    assert!(
        !audio.contains("a=candidate") && !audio.contains("a=end-of"),
        "{sdp}"
    );
    assert!(
        data.contains("a=candidate") && data.contains("a=end-of"),
        "{sdp}"
    );
}

#[test]
fn one_transport_restarts_and_the_other_goes_on() {
    let (_, offer) = offered(BundlePolicy::MaxCompat, &["audio"]);
    let apart = regroup(&offer, &[]);
    let mut b = negotiator(2);
    answer(&mut b, &apart);
    let before = b.plans();
    let (head, data) = apart.split_at(apart.find("m=application").unwrap());
    let ufrag = data
        .lines()
        .find(|line| line.starts_with("a=ice-ufrag"))
        .unwrap();
    let restarted = format!("{head}{}", data.replace(ufrag, "a=ice-ufrag:again"));
    b.set_remote_description(SessionDescription::offer(restarted))
        .unwrap();
    let applied = b.set_local_description(None).unwrap();
    let (audio, data) = (TransportId::default(), TransportId::new(1));
    let after = b.plans();
    assert_eq!(after[&audio], before[&audio]);
    assert_ne!(after[&data].local_ice, before[&data].local_ice);
    assert_eq!(after[&data].dtls, before[&data].dtls);
    let gathers: Vec<TransportId> = (applied.steps.iter())
        .filter(|(_, step)| *step == Step::Gather)
        .map(|(id, _)| *id)
        .collect();
    assert_eq!(gathers, [data]);
}

#[test]
fn data_that_is_declined_beside_media_on_another_transport_ends_alone() {
    let (mut a, offer) = offered(BundlePolicy::MaxCompat, &["audio"]);
    let mut b = negotiator(2);
    let declined = offer.replace("m=application 9", "m=application 0");
    let answer = answer(&mut b, &regroup(&declined, &["m0"]));
    let applied = a.set_remote_description(answer).unwrap();
    assert_eq!(over(&a), [Some(0), None]);
    let gone = (TransportId::new(1), Step::Reject(Reason::Unused));
    assert_eq!(applied.steps.last(), Some(&gone));
    assert_eq!(a.data_transport(), None);
}

/// Each has sockets of its own.
#[test]
fn the_number_of_transports_is_bounded() {
    let kinds = ["audio"; 40];
    let (a, offer) = offered(BundlePolicy::MaxCompat, &kinds);
    assert_eq!(numbers(&a).len(), 16);
    assert_eq!(offer.matches("a=bundle-only").count(), 41 - 16);
    let apart = regroup(&offer.replace(" 0 UDP", " 9 UDP"), &[]);
    let mut b = negotiator(2);
    answer(&mut b, &apart);
    assert_eq!(numbers(&b).len(), 16);
}
