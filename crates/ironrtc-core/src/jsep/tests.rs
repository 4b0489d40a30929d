use super::*;
use crate::dtls::{self, Fingerprint, HashAlgorithm};
use crate::ice::{Candidate, Role};
use crate::rng::Rng;
use crate::transport::{TransportId, TransportPlan};

fn negotiator(seed: u64) -> Negotiator {
    let certificate = seed.to_be_bytes();
    let config = JsepConfig {
        bundle_policy: BundlePolicy::default(),
        fingerprints: vec![Fingerprint::of(HashAlgorithm::Sha256, &certificate)],
        always_negotiate_data_channels: false,
        max_message_size: 262_144,
        ice_lite: false,
        media: Default::default(),
    };
    Negotiator::new(config, Rng::from_test_seed(seed))
}

/// Two negotiators, the first of which wants a data channel.
fn pair() -> (Negotiator, Negotiator) {
    let mut a = negotiator(1);
    a.add_data_channel();
    (a, negotiator(2))
}

/// What a description led to.
struct Told {
    /// What the transport does now.
    plan: TransportPlan,
    start_gathering: bool,
    /// The peer's candidates that came with it.
    candidates: Vec<Candidate>,
}

impl Told {
    fn new(negotiator: &Negotiator, applied: &Applied) -> Self {
        let steps = || applied.steps.iter().map(|(_, step)| step);
        let plan = negotiator.plan(TransportId::default()).unwrap();
        // Whoever follows the steps alone arrives at the same plan.
        for step in steps() {
            if let Step::Start(told) | Step::Update(told) = step {
                assert_eq!(told, &plan);
            }
        }
        Self {
            plan,
            start_gathering: steps().any(|step| *step == Step::Gather),
            candidates: steps()
                .filter_map(|step| match step {
                    Step::AddCandidates { candidates, .. } => Some(candidates.clone()),
                    _ => None,
                })
                .flatten()
                .collect(),
        }
    }
}

fn set_local(negotiator: &mut Negotiator) -> Told {
    let applied = negotiator.set_local_description(None).unwrap();
    Told::new(negotiator, &applied)
}

fn set_remote(negotiator: &mut Negotiator, description: SessionDescription) -> Told {
    let applied = negotiator.set_remote_description(description).unwrap();
    Told::new(negotiator, &applied)
}

/// A whole exchange; gives what the last steps told each side.
fn exchange(offerer: &mut Negotiator, answerer: &mut Negotiator) -> (Told, Told) {
    offerer.set_local_description(None).unwrap();
    answerer
        .set_remote_description(offerer.local_description().unwrap())
        .unwrap();
    let answered = set_local(answerer);
    let answer = answerer.local_description().unwrap();
    (set_remote(offerer, answer), answered)
}

fn fragment(told: &Told) -> String {
    told.plan.local_ice.clone().unwrap().ufrag().to_string()
}

#[test]
fn an_exchange_compiles_into_matching_plans() {
    let (mut a, mut b) = pair();
    assert!(a.negotiation_needed());
    let (at_a, at_b) = exchange(&mut a, &mut b);
    assert!(!a.negotiation_needed());
    let (ours, theirs) = (&at_a.plan, &at_b.plan);
    assert_eq!(
        (ours.ice_role, theirs.ice_role),
        (Role::Controlling, Role::Controlled)
    );
    assert_eq!(
        ours.remote_ice.as_ref().map(|r| &r.credentials),
        theirs.local_ice.as_ref()
    );
    assert_eq!(
        theirs.remote_ice.as_ref().map(|r| &r.credentials),
        ours.local_ice.as_ref()
    );
    let (ours, theirs) = (ours.dtls.clone().unwrap(), theirs.dtls.clone().unwrap());
    assert_eq!(
        (ours.role, theirs.role),
        (dtls::Role::Server, dtls::Role::Client)
    );
    assert_eq!(ours.remote_fingerprints, b.config.fingerprints);
    assert_eq!(a.signaling_state(), SignalingState::Stable);
    assert_eq!(a.remote_description(), b.local_description());
    assert!(a.pending_local_description().is_none());
}

#[test]
fn one_fingerprint_is_written_and_several_are_read() {
    let (mut a, mut b) = pair();
    let all = |certificate: &[u8]| {
        HashAlgorithm::ALL
            .map(|algorithm| Fingerprint::of(algorithm, certificate))
            .to_vec()
    };
    a.config.fingerprints = all(b"a");
    let offer = a.create_offer(&OfferOptions::default()).unwrap().sdp;
    let lines: Vec<&str> = offer
        .lines()
        .filter(|line| line.starts_with("a=fingerprint:"))
        .collect();
    let sha256 = format!("a=fingerprint:{}", a.config.fingerprints[0]);
    assert_eq!(lines, [sha256.as_str()]);

    let three: String = (all(b"a").iter())
        .map(|fingerprint| format!("a=fingerprint:{fingerprint}\r\n"))
        .collect();
    let offer = offer.replace(&format!("{sha256}\r\n"), &three);
    b.set_remote_description(SessionDescription::offer(offer))
        .unwrap();
    let dtls = set_local(&mut b).plan.dtls.unwrap();
    assert_eq!(dtls.remote_fingerprints, all(b"a"));
}

#[test]
fn offers_and_answers_repeat_and_the_version_grows_only_with_changes() {
    let (mut a, mut b) = pair();
    let first = a.create_offer(&OfferOptions::default()).unwrap();
    assert_eq!(a.create_offer(&OfferOptions::default()).unwrap(), first);
    exchange(&mut a, &mut b);
    let origin = |sdp: &str| sdp.lines().nth(1).unwrap().to_owned();
    let again = a.create_offer(&OfferOptions::default()).unwrap();
    assert_eq!(origin(&again.sdp), origin(&first.sdp));
    let restart = a
        .create_offer(&OfferOptions::default().ice_restart(true))
        .unwrap();
    assert_ne!(origin(&restart.sdp), origin(&first.sdp));
}

/// RFC 3264 section 8: a description has one more than the one before, however many were made between.
#[test]
fn the_version_grows_by_one_from_description_to_description() {
    let (mut a, mut b) = pair();
    exchange(&mut a, &mut b);
    let version = |sdp: &str| -> u64 {
        let origin = sdp.lines().nth(1).unwrap();
        origin.split(' ').nth(2).unwrap().parse().unwrap()
    };
    let options = OfferOptions::default().ice_restart(true);
    let first = version(&a.local_description().unwrap().sdp);
    for _ in 0..3 {
        let made = a.create_offer(&options).unwrap();
        assert_eq!(version(&made.sdp), first + 1);
        assert_eq!(a.create_offer(&options).unwrap(), made);
    }
    a.restart_ice();
    exchange(&mut a, &mut b);
    assert_eq!(version(&a.local_description().unwrap().sdp), first + 1);
    let answers = version(&b.local_description().unwrap().sdp);
    assert_eq!(answers, first + 1);
    // The peer may have seen one that was taken back.
    a.restart_ice();
    a.set_local_description(None).unwrap();
    a.set_local_description(Some(SessionDescription::rollback()))
        .unwrap();
    exchange(&mut a, &mut b);
    assert!(version(&a.local_description().unwrap().sdp) > first + 2);
}

/// A call in the wrong state makes nothing first.
#[test]
fn a_description_is_made_only_where_it_may_be_set() {
    let (mut a, mut b) = pair();
    a.set_local_description(None).unwrap();
    b.set_remote_description(a.local_description().unwrap())
        .unwrap();
    let mut answer = b.create_answer().unwrap();
    answer.kind = SdpType::PrAnswer;
    a.set_remote_description(answer).unwrap();
    a.restart_ice();
    let before = format!("{a:?}");
    let of_kind = |kind| SessionDescription {
        kind,
        sdp: String::new(),
    };
    for wrong in [
        None,
        Some(of_kind(SdpType::Offer)),
        Some(of_kind(SdpType::Answer)),
    ] {
        let error = a.set_local_description(wrong).unwrap_err();
        assert!(matches!(error, JsepError::WrongState { .. }), "{error}");
        assert_eq!(format!("{a:?}"), before);
    }
}

#[test]
fn every_transition_of_the_state_table() {
    use SdpType::{Answer, Offer, PrAnswer, Rollback};
    use SignalingState::{
        Closed, HaveLocalOffer, HaveLocalPrAnswer, HaveRemoteOffer, HaveRemotePrAnswer, Stable,
    };
    let states = [
        Stable,
        HaveLocalOffer,
        HaveRemoteOffer,
        HaveLocalPrAnswer,
        HaveRemotePrAnswer,
        Closed,
    ];
    let local = [
        (Stable, Offer, HaveLocalOffer),
        (HaveLocalOffer, Offer, HaveLocalOffer),
        (HaveRemoteOffer, Answer, Stable),
        (HaveRemoteOffer, PrAnswer, HaveLocalPrAnswer),
        (HaveLocalPrAnswer, PrAnswer, HaveLocalPrAnswer),
        (HaveLocalPrAnswer, Answer, Stable),
        (HaveLocalOffer, Rollback, Stable),
        (HaveRemoteOffer, Rollback, Stable),
    ];
    let remote = [
        (Stable, Offer, HaveRemoteOffer),
        (HaveRemoteOffer, Offer, HaveRemoteOffer),
        (HaveLocalOffer, Answer, Stable),
        (HaveLocalOffer, PrAnswer, HaveRemotePrAnswer),
        (HaveRemotePrAnswer, PrAnswer, HaveRemotePrAnswer),
        (HaveRemotePrAnswer, Answer, Stable),
        (HaveLocalOffer, Rollback, Stable),
        (HaveRemoteOffer, Rollback, Stable),
    ];
    for state in states {
        for kind in [Offer, PrAnswer, Answer, Rollback] {
            let expect = |table: &[(SignalingState, SdpType, SignalingState)]| {
                table
                    .iter()
                    .find(|row| (row.0, row.1) == (state, kind))
                    .map(|row| row.2)
            };
            assert_eq!(
                state.after_local(kind),
                expect(&local),
                "local {kind} in {state}"
            );
            assert_eq!(
                state.after_remote(kind),
                expect(&remote),
                "remote {kind} in {state}"
            );
        }
    }
}

#[test]
fn a_refused_call_changes_nothing() {
    let (mut a, mut b) = pair();
    a.set_local_description(None).unwrap();
    let offer = a.local_description().unwrap();
    let broken = [
        ("a=setup:actpass", "a=setup:whatever", "RTCError"),
        ("a=ice-pwd:", "a=ice-pwd:x y", "RTCError"),
        (
            "a=fingerprint:sha-256",
            "a=fingerprint:sha-1",
            "InvalidAccessError",
        ),
        ("m=application 9", "m=application nine", "RTCError"),
    ];
    for (from, to, name) in broken {
        let before = format!("{b:?}");
        let bad = SessionDescription::offer(offer.sdp.replace(from, to));
        let error = b.set_remote_description(bad).unwrap_err();
        assert_eq!(error.name(), name, "{error}");
        assert_eq!(format!("{b:?}"), before);
    }
    let before = format!("{a:?}");
    let error = a
        .set_local_description(Some(SessionDescription::answer("v=0")))
        .unwrap_err();
    assert_eq!(error.name(), "InvalidStateError");
    let short = "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n";
    let error = a
        .set_remote_description(SessionDescription::answer(short))
        .unwrap_err();
    assert_eq!(
        error,
        JsepError::SectionCount {
            offered: 1,
            answered: 0
        }
    );
    assert_eq!(format!("{a:?}"), before);
    assert_eq!(
        b.create_answer(),
        Err(JsepError::NothingToAnswer(SignalingState::Stable))
    );
    a.close();
    assert_eq!(
        a.create_offer(&OfferOptions::default()),
        Err(JsepError::Closed)
    );
}

#[test]
fn glare_rolls_the_polite_side_back() {
    let (mut a, mut b) = pair();
    b.add_data_channel();
    a.set_local_description(None).unwrap();
    b.set_local_description(None).unwrap();
    // b is polite: a's offer rolls b's back.
    let applied = b
        .set_remote_description(a.local_description().unwrap())
        .unwrap();
    assert!(applied.signaling_state_changed);
    assert_eq!(b.signaling_state(), SignalingState::HaveRemoteOffer);
    assert!(b.pending_local_description().is_none());
    let answered = set_local(&mut b);
    assert_eq!(answered.plan.ice_role, Role::Controlled);
    a.set_remote_description(b.local_description().unwrap())
        .unwrap();
    assert!(!b.negotiation_needed());
}

#[test]
fn an_explicit_rollback_undoes_either_offer() {
    let (mut a, mut b) = pair();
    a.set_local_description(None).unwrap();
    let applied = a
        .set_local_description(Some(SessionDescription::rollback()))
        .unwrap();
    assert_eq!(applied.steps, [(TransportId::default(), Step::Withdraw)]);
    assert!(a.plan(TransportId::default()).is_none());
    assert_eq!(a.local_description(), None);
    assert!(a.negotiation_needed());
    let error = a
        .set_local_description(Some(SessionDescription::rollback()))
        .unwrap_err();
    assert_eq!(error.name(), "InvalidStateError");

    a.set_local_description(None).unwrap();
    b.set_remote_description(a.local_description().unwrap())
        .unwrap();
    b.set_remote_description(SessionDescription::rollback())
        .unwrap();
    assert_eq!(b.signaling_state(), SignalingState::Stable);
    exchange(&mut a, &mut b);
}

#[test]
fn a_provisional_answer_starts_the_transport_and_the_final_one_settles_it() {
    let (mut a, mut b) = pair();
    a.set_local_description(None).unwrap();
    b.set_remote_description(a.local_description().unwrap())
        .unwrap();
    let provisional = SessionDescription {
        kind: SdpType::PrAnswer,
        sdp: String::new(),
    };
    let at_b = b.set_local_description(Some(provisional)).unwrap();
    let at_b = Told::new(&b, &at_b);
    assert!(at_b.plan.dtls.is_some());
    let at_a = set_remote(&mut a, b.local_description().unwrap());
    assert_eq!(a.signaling_state(), SignalingState::HaveRemotePrAnswer);
    assert!(at_a.plan.remote_ice.is_some());
    let settled = set_local(&mut b);
    assert_eq!(settled.plan, at_b.plan);
    let final_answer = b.local_description().unwrap();
    assert_eq!(final_answer.kind, SdpType::Answer);
    assert_eq!(set_remote(&mut a, final_answer).plan, at_a.plan);
}

/// An offer that reaches several peers may be answered for now by one and in the end by another: the
/// certificate is another's, and so are the roles.
#[test]
fn the_final_answer_of_another_peer_settles_the_roles_anew() {
    let (mut a, mut b) = pair();
    a.set_local_description(None).unwrap();
    let offer = a.local_description().unwrap();
    let mut answers = [&mut b, &mut negotiator(3)].map(|peer| {
        peer.set_remote_description(offer.clone()).unwrap();
        peer.create_answer().unwrap()
    });
    answers[0].kind = SdpType::PrAnswer;
    answers[1].sdp = answers[1].sdp.replace("setup:active", "setup:passive");
    let role = |told: Told| told.plan.dtls.unwrap().role;
    let [first, last] = answers;
    assert_eq!(role(set_remote(&mut a, first)), dtls::Role::Server);
    assert_eq!(role(set_remote(&mut a, last)), dtls::Role::Client);
}

#[test]
fn a_restart_changes_both_sides_credentials_and_nothing_else() {
    let (mut a, mut b) = pair();
    let (before_a, before_b) = exchange(&mut a, &mut b);
    a.restart_ice();
    assert!(a.negotiation_needed());
    let offered = set_local(&mut a);
    assert!(offered.start_gathering);
    assert_ne!(fragment(&offered), fragment(&before_a));
    b.set_remote_description(a.local_description().unwrap())
        .unwrap();
    let answered = set_local(&mut b);
    assert_ne!(fragment(&answered), fragment(&before_b));
    let done = set_remote(&mut a, b.local_description().unwrap());
    assert_eq!(done.plan.dtls, before_a.plan.dtls);
    assert!(!a.negotiation_needed());

    // An exchange without a restart keeps everything.
    let (again_a, again_b) = exchange(&mut b, &mut a);
    assert_eq!(fragment(&again_b), fragment(&done));
    assert_eq!(fragment(&again_a), fragment(&answered));
    assert!(!again_a.start_gathering);
    assert_eq!(again_b.plan.ice_role, Role::Controlling, "roles stay");
}

#[test]
fn media_that_we_do_not_speak_is_rejected_in_place() {
    let (mut a, mut b) = pair();
    a.set_local_description(None).unwrap();
    let offer = a.local_description().unwrap().sdp;
    let (head, data) = offer.split_at(offer.find("m=application").unwrap());
    let audio = "m=audio 9 UDP/TLS/RTP/SAVPF 111 0\r\nc=IN IP4 0.0.0.0\r\na=mid:m\r\n\
                 a=rtpmap:111 opus/48000/2\r\na=sctp-init:AQAAHg==\r\na=sendrecv\r\n";
    let other = "m=text 9 TCP/MRCPv2 1\r\na=mid:t\r\n";
    let offer = format!(
        "{}{audio}{data}{other}",
        head.replace("BUNDLE 0", "BUNDLE m 0 t")
    );
    b.set_remote_description(SessionDescription::offer(&offer))
        .unwrap();
    b.set_local_description(None).unwrap();
    let answer = b.local_description().unwrap().sdp;
    let sections: Vec<&str> = answer
        .lines()
        .filter(|line| line.starts_with("m="))
        .collect();
    assert_eq!(
        sections,
        [
            "m=audio 0 UDP/TLS/RTP/SAVPF 111 0",
            "m=application 9 UDP/DTLS/SCTP webrtc-datachannel",
            "m=text 0 TCP/MRCPv2 1"
        ]
    );
    assert!(answer.contains("a=group:BUNDLE 0\r\n"), "{answer}");
    for echoed in ["sctp-init", "rtpmap", "extmap"] {
        assert!(!answer.contains(echoed), "{echoed} was echoed");
    }
    // The rejected sections stay in their places in an offer of ours.
    let offer = b.create_offer(&OfferOptions::default()).unwrap().sdp;
    assert_eq!(offer.matches("m=").count(), 3);
    assert!(offer.contains("m=audio 0 "));
}

#[test]
fn a_rejected_section_is_recycled() {
    let mut b = negotiator(2);
    let audio = "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n\
                 m=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\n";
    b.set_remote_description(SessionDescription::offer(audio))
        .unwrap();
    b.set_local_description(None).unwrap();
    b.add_data_channel();
    let offer = b.create_offer(&OfferOptions::default()).unwrap().sdp;
    assert_eq!(offer.matches("m=").count(), 1, "{offer}");
    assert!(
        offer.contains("m=application 9") && offer.contains("a=mid:1"),
        "{offer}"
    );
}

#[test]
fn max_message_size_has_three_forms() {
    let cases = [
        ("a=max-message-size:1000\r\n", Some(1000)),
        ("a=max-message-size:0\r\n", None),
        ("", Some(65_536)),
    ];
    for (line, expected) in cases {
        let (mut a, mut b) = pair();
        a.set_local_description(None).unwrap();
        let sdp = a.local_description().unwrap().sdp;
        let offer = SessionDescription::offer(sdp.replace("a=max-message-size:262144\r\n", line));
        b.set_remote_description(offer).unwrap();
        let sctp = set_local(&mut b).plan.sctp.unwrap();
        assert_eq!(sctp.remote_max_message_size, expected, "{line:?}");
    }
}

#[test]
fn the_older_form_of_a_data_section_is_answered_in_kind() {
    let (mut a, mut b) = pair();
    a.set_local_description(None).unwrap();
    let sdp = a.local_description().unwrap().sdp;
    let sdp = sdp
        .replace("UDP/DTLS/SCTP webrtc-datachannel", "DTLS/SCTP 5000")
        .replace("a=sctp-port:5000", "a=sctpmap:5000 webrtc-datachannel 256");
    b.set_remote_description(SessionDescription::offer(sdp))
        .unwrap();
    b.set_local_description(None).unwrap();
    assert!(
        b.local_description()
            .unwrap()
            .sdp
            .contains("m=application 9 DTLS/SCTP 5000\r\n")
    );
}

#[test]
fn a_lite_peer_makes_us_controlling() {
    let (mut a, mut b) = pair();
    a.set_local_description(None).unwrap();
    let sdp = a
        .local_description()
        .unwrap()
        .sdp
        .replace("t=0 0\r\n", "t=0 0\r\na=ice-lite\r\n");
    b.set_remote_description(SessionDescription::offer(sdp))
        .unwrap();
    let plan = set_local(&mut b).plan;
    assert_eq!(plan.ice_role, Role::Controlling);
    assert!(plan.remote_ice.as_ref().unwrap().lite);
}

#[test]
fn another_certificate_of_the_peer_is_another_association() {
    let (mut a, mut b) = pair();
    exchange(&mut a, &mut b);
    let before = b.plan(TransportId::default()).unwrap().dtls.unwrap();
    assert_eq!(before.role, dtls::Role::Client);
    // Another endpoint goes on in the peer's place, and wants to be the client.
    let mut successor = negotiator(3);
    successor.add_data_channel();
    successor.set_local_description(None).unwrap();
    let mut offer = successor.local_description().unwrap();
    offer.sdp = offer.sdp.replace("setup:actpass", "setup:active");
    b.set_remote_description(offer).unwrap();
    let after = set_local(&mut b).plan.dtls.unwrap();
    assert_eq!(after.remote_fingerprints, successor.config.fingerprints);
    assert_eq!(after.role, dtls::Role::Server, "a role of its own");
}

#[test]
fn data_declined_and_offered_anew_takes_its_role_anew() {
    let (mut a, mut b) = pair();
    exchange(&mut a, &mut b);
    assert_eq!(
        a.plan(TransportId::default())
            .unwrap()
            .dtls
            .as_ref()
            .unwrap()
            .role,
        dtls::Role::Server
    );
    a.set_local_description(None).unwrap();
    b.set_remote_description(a.local_description().unwrap())
        .unwrap();
    let answer = b.create_answer().unwrap().sdp;
    let declined = SessionDescription::answer(answer.replace("m=application 9", "m=application 0"));
    b.set_local_description(Some(declined.clone())).unwrap();
    a.set_remote_description(declined).unwrap();
    assert!(a.plan(TransportId::default()).is_none() && b.plan(TransportId::default()).is_none());
    // This time the answerer is passive.
    a.set_local_description(None).unwrap();
    b.set_remote_description(a.local_description().unwrap())
        .unwrap();
    let answer = b.create_answer().unwrap().sdp;
    assert!(answer.contains("a=setup:active"), "{answer}");
    let passive = SessionDescription::answer(answer.replace("setup:active", "setup:passive"));
    b.set_local_description(Some(passive.clone())).unwrap();
    let (at_b, at_a) = (
        b.plan(TransportId::default()).unwrap(),
        set_remote(&mut a, passive).plan,
    );
    let role = |plan: &TransportPlan| plan.dtls.as_ref().unwrap().role;
    assert_eq!(
        (role(&at_a), role(&at_b)),
        (dtls::Role::Client, dtls::Role::Server)
    );
}

#[test]
fn candidates_find_their_section_and_generation() {
    let (mut a, mut b) = pair();
    let candidate = |fragment: Option<&str>| CandidateInit {
        candidate: "candidate:1 1 udp 2122260223 192.0.2.1 61764 typ host".into(),
        sdp_mid: Some("0".into()),
        sdp_mline_index: Some(0),
        username_fragment: fragment.map(str::to_owned),
    };
    let early = b.add_ice_candidate(&candidate(None)).unwrap_err();
    assert_eq!(early.name(), "InvalidStateError");
    a.set_local_description(None).unwrap();
    b.set_remote_description(a.local_description().unwrap())
        .unwrap();
    // The offer is not answered: the candidate waits in the description.
    assert_eq!(
        b.add_ice_candidate(&candidate(None)),
        Ok(RemoteCandidate::Ignored)
    );
    let answered = set_local(&mut b);
    assert_eq!(answered.candidates.len(), 1);
    assert!(
        b.remote_description()
            .unwrap()
            .sdp
            .contains("192.0.2.1 61764")
    );
    assert!(matches!(
        b.add_ice_candidate(&candidate(None)),
        Ok(RemoteCandidate::Candidate(..))
    ));
    assert_eq!(
        b.add_ice_candidate(&candidate(Some("other")))
            .unwrap_err()
            .name(),
        "OperationError"
    );
    let nowhere = CandidateInit {
        sdp_mid: Some("9".into()),
        ..candidate(None)
    };
    assert_eq!(
        b.add_ice_candidate(&nowhere).unwrap_err().name(),
        "OperationError"
    );
    // A fragment that is known does not make up for a section that is not.
    let owner = b.remote().unwrap().transports[0].credentials.ufrag();
    let known = CandidateInit {
        username_fragment: Some(owner.to_string()),
        ..nowhere
    };
    assert_eq!(
        b.add_ice_candidate(&known),
        Err(JsepError::UnknownSection("9".into()))
    );
    let homeless = CandidateInit {
        sdp_mid: None,
        sdp_mline_index: None,
        ..candidate(None)
    };
    assert_eq!(
        b.add_ice_candidate(&homeless).unwrap_err().name(),
        "TypeError"
    );
    let garbled = CandidateInit {
        candidate: "candidate:1 1".into(),
        ..candidate(None)
    };
    assert_eq!(
        b.add_ice_candidate(&garbled).unwrap_err().name(),
        "OperationError"
    );
    let end = CandidateInit::default();
    assert_eq!(
        b.add_ice_candidate(&end),
        Ok(RemoteCandidate::EndOfCandidates(vec![
            TransportId::default()
        ]))
    );
    assert!(
        b.remote_description()
            .unwrap()
            .sdp
            .contains("a=end-of-candidates")
    );
}

#[test]
fn gathered_candidates_appear_in_the_local_description() {
    let (mut a, _) = pair();
    let applied = set_local(&mut a);
    assert!(applied.start_gathering);
    let candidate = "candidate:1 1 udp 2122260223 192.0.2.1 61764 typ host"
        .parse()
        .unwrap();
    let init = a.on_local_candidate(TransportId::default(), &candidate);
    assert_eq!(
        (init.sdp_mid.as_deref(), init.sdp_mline_index),
        (Some("0"), Some(0))
    );
    assert_eq!(init.username_fragment, Some(fragment(&applied)));
    a.on_gathering_complete(TransportId::default());
    let sdp = a.local_description().unwrap().sdp;
    assert!(
        sdp.contains("a=candidate:1 1 udp") && sdp.contains("a=end-of-candidates\r\n"),
        "{sdp}"
    );
    assert!(sdp.ends_with("a=setup:actpass\r\n"), "{sdp}");
}

#[test]
fn random_sequences_never_panic_and_can_always_finish() {
    for seed in 0..300 {
        let mut rng = Rng::from_test_seed(seed);
        let (mut a, mut b) = pair();
        for _ in 0..40 {
            let (x, y) = if rng.below(2) == 0 {
                (&mut a, &mut b)
            } else {
                (&mut b, &mut a)
            };
            match rng.below(7) {
                0 => drop(x.set_local_description(None)),
                1 => drop(x.set_local_description(Some(SessionDescription::rollback()))),
                2 => drop(x.set_remote_description(SessionDescription::rollback())),
                3 => x.restart_ice(),
                4 => x.add_data_channel(),
                5 => {
                    let options = OfferOptions::default().ice_restart(rng.below(2) == 0);
                    drop(x.create_offer(&options));
                }
                _ => {
                    if let Some(description) = y.local_description() {
                        drop(x.set_remote_description(description));
                    }
                }
            }
        }
        for side in [&mut a, &mut b] {
            drop(side.set_local_description(Some(SessionDescription::rollback())));
            let pranswer = matches!(
                side.signaling_state(),
                SignalingState::HaveLocalPrAnswer | SignalingState::HaveRemotePrAnswer
            );
            assert!(
                pranswer || side.signaling_state() == SignalingState::Stable,
                "seed {seed}"
            );
        }
    }
}

#[test]
fn a_restart_asked_for_during_an_offer_needs_another() {
    let (mut a, mut b) = pair();
    exchange(&mut a, &mut b);
    a.restart_ice();
    let offer = a.create_offer(&OfferOptions::default()).unwrap();
    let applied = a.set_local_description(Some(offer.clone())).unwrap();
    let first = fragment(&Told::new(&a, &applied));
    // The network changes again while the offer is under way.
    a.restart_ice();
    b.set_remote_description(offer).unwrap();
    let answer = b.create_answer().unwrap();
    b.set_local_description(Some(answer.clone())).unwrap();
    a.set_remote_description(answer).unwrap();
    assert!(a.negotiation_needed());
    let (second, _) = exchange(&mut a, &mut b);
    assert_ne!(fragment(&second), first);
    assert!(!a.negotiation_needed());
}

mod cost;
mod liberal;
mod media;
mod transports;
