//! Liberal in, strict out: what browsers take is taken, and what we print follows the grammar.

use super::*;

fn offer() -> String {
    let mut a = negotiator(1);
    a.add_data_channel();
    a.set_local_description(None).unwrap();
    a.local_description().unwrap().sdp
}

/// Takes the offer and answers it.
fn answer(offer: &str) -> Result<(Negotiator, Told), JsepError> {
    let mut b = negotiator(2);
    b.set_remote_description(SessionDescription::offer(offer))?;
    let applied = b.set_local_description(None)?;
    let told = Told::new(&b, &applied);
    Ok((b, told))
}

fn remote_ufrag(told: &Told) -> String {
    let remote = told.plan.remote_ice.clone().unwrap();
    remote.credentials.ufrag().to_string()
}

/// The section that owns the transport in our description.
fn owner(negotiator: &Negotiator) -> &str {
    let local = negotiator.current_local().unwrap();
    local.sections[local.transports[0].tagged()].mid.as_str()
}

fn lines_of<'a>(sdp: &'a str, prefix: &str) -> &'a str {
    sdp.lines().find(|line| line.starts_with(prefix)).unwrap()
}

#[test]
#[expect(clippy::too_many_lines, reason = "a list of forms")]
fn what_browsers_take_is_taken() {
    let offer = offer();
    let (ufrag, pwd) = (
        lines_of(&offer, "a=ice-ufrag:"),
        lines_of(&offer, "a=ice-pwd:"),
    );
    let print = lines_of(&offer, "a=fingerprint:");
    let to_session = |line: &str| {
        let rest = offer.replace(&format!("{line}\r\n"), "");
        rest.replace("t=0 0\r\n", &format!("t=0 0\r\n{line}\r\n"))
    };
    let cases = [
        ("LF line ends", offer.replace("\r\n", "\n")),
        ("CR line ends", offer.replace("\r\n", "\r")),
        ("no end of the last line", offer.trim_end().to_owned()),
        ("empty lines", offer.replace("\r\n", "\r\n\r\n")),
        (
            "a type of line that is unknown",
            offer.replace("t=0 0", "t=0 0\r\ny=1"),
        ),
        (
            "an attribute that is unknown",
            offer.replace("a=setup", "a=x:y\r\na=setup"),
        ),
        (
            "upper-case setup",
            offer.replace("setup:actpass", "setup:ACTPASS"),
        ),
        (
            "space after setup",
            offer.replace("setup:actpass", "setup:actpass "),
        ),
        ("no setup", offer.replace("a=setup:actpass\r\n", "")),
        (
            "a fragment with more characters",
            offer.replace(ufrag, "a=ice-ufrag:a-_=#"),
        ),
        (
            "a password with more characters",
            offer.replace(pwd, &format!("{pwd}-_=#")),
        ),
        ("the fragment at the session", to_session(ufrag)),
        ("the password at the session", to_session(pwd)),
        ("the fingerprint at the session", to_session(print)),
        ("setup at the session", to_session("a=setup:actpass")),
        (
            "lower-case fingerprint",
            offer.replace(print, &print.to_lowercase()),
        ),
        ("upper-case hash", offer.replace("sha-256", "SHA-256")),
        (
            "a weak hash beside",
            offer.replace(print, &format!("a=fingerprint:sha-1 00:11\r\n{print}")),
        ),
        (
            "a broken value beside",
            offer.replace(print, &format!("a=fingerprint:sha-256 0\r\n{print}")),
        ),
        (
            "no mid",
            offer
                .replace("a=mid:0\r\n", "")
                .replace("a=group:BUNDLE 0\r\n", ""),
        ),
        ("no sctp-port", offer.replace("a=sctp-port:5000\r\n", "")),
        (
            "a size beyond 64 bits",
            offer.replace("262144", "99999999999999999999999"),
        ),
        (
            "lower-case protocol",
            offer.replace("UDP/DTLS/SCTP", "udp/dtls/sctp"),
        ),
        (
            "older protocol, newer format",
            offer.replace("UDP/DTLS/SCTP", "DTLS/SCTP"),
        ),
        (
            "older form without a map",
            offer
                .replace("UDP/DTLS/SCTP webrtc-datachannel", "DTLS/SCTP 5001")
                .replace("a=sctp-port:5000\r\n", ""),
        ),
        (
            "a bandwidth and a title",
            offer.replace("a=mid", "i=x\r\nb=AS:30\r\na=mid"),
        ),
        (
            "a port with a count",
            offer.replace("application 9 ", "application 9/2 "),
        ),
        (
            "a tag of the group that is nowhere",
            offer.replace("BUNDLE 0", "BUNDLE 7 0"),
        ),
        (
            "a broken candidate",
            offer.replace("a=setup", "a=candidate:1 x\r\na=setup"),
        ),
    ];
    for (name, changed) in cases {
        assert_ne!(changed, offer, "{name}");
        let (b, applied) = answer(&changed).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(applied.plan.sctp.is_some(), "{name}");
        let sdp = b.local_description().unwrap().sdp;
        assert!(sdp.contains("a=setup:active\r\n"), "{name}: {sdp}");
        assert!(
            !sdp.replace("\r\n", "").contains(['\r', '\n']),
            "{name}: {sdp:?}"
        );
    }
}

#[test]
fn what_proves_or_means_nothing_is_refused_by_name() {
    let offer = offer();
    let (ufrag, pwd) = (
        lines_of(&offer, "a=ice-ufrag:"),
        lines_of(&offer, "a=ice-pwd:"),
    );
    let print = lines_of(&offer, "a=fingerprint:");
    let refused = |from: &str, to: &str| answer(&offer.replace(from, to)).err();
    assert_eq!(refused(ufrag, "a=x"), Some(JsepError::MissingCredentials));
    assert_eq!(refused(pwd, "a=x"), Some(JsepError::MissingCredentials));
    assert_eq!(refused(print, "a=x"), Some(JsepError::MissingFingerprint));
    assert_eq!(
        refused("fingerprint:sha-256", "fingerprint:md5"),
        Some(JsepError::MissingFingerprint)
    );
    for (from, to) in [
        (ufrag, "a=ice-ufrag:abc"),
        (ufrag, "a=ice-ufrag:ab:cd"),
        (ufrag, "a=ice-ufrag:ab\u{7f}cd"),
        (pwd, "a=ice-pwd:short"),
        (print, "a=fingerprint:sha-256 00"),
        ("setup:actpass", "setup:holdconn"),
        ("sctp-port:5000", "sctp-port:65536"),
        ("mid:0", "mid:a\u{2028}b"),
        ("webrtc-datachannel", "webrtc-datachannel \u{1}"),
    ] {
        let error = refused(from, to).unwrap();
        assert_eq!(error.name(), "RTCError", "{to:?}: {error}");
        assert!(error.sdp_line().is_some(), "{to:?}");
    }
}

#[test]
fn the_grammar_holds_for_what_the_application_writes_itself() {
    let mut a = negotiator(1);
    a.add_data_channel();
    let offer = a.create_offer(&OfferOptions::default()).unwrap().sdp;
    let ufrag = lines_of(&offer, "a=ice-ufrag:");
    let error = a
        .set_local_description(Some(SessionDescription::offer(
            offer.replace(ufrag, "a=ice-ufrag:a-_="),
        )))
        .unwrap_err();
    assert_eq!(error.name(), "InvalidModificationError");
}

#[test]
fn an_answer_may_leave_out_its_mid() {
    let (mut a, mut b) = pair();
    a.set_local_description(None).unwrap();
    b.set_remote_description(a.local_description().unwrap())
        .unwrap();
    let answer = b.create_answer().unwrap().sdp;
    let answer = answer
        .replace("a=mid:0\r\n", "")
        .replace("a=group:BUNDLE 0\r\n", "");
    let applied = set_remote(&mut a, SessionDescription::answer(answer));
    assert!(applied.plan.sctp.is_some());
}

#[test]
fn a_mid_is_answered_only_where_one_was_offered() {
    let offer = offer();
    let without = offer
        .replace("a=mid:0\r\n", "")
        .replace("a=group:BUNDLE 0\r\n", "");
    let (b, _) = answer(&without).unwrap();
    let sdp = b.local_description().unwrap().sdp;
    assert!(!sdp.contains("a=mid") && !sdp.contains("a=group"), "{sdp}");
    let (b, _) = answer(&offer).unwrap();
    assert!(b.local_description().unwrap().sdp.contains("a=mid:0\r\n"));
}

#[test]
fn a_name_by_place_is_not_one_that_is_said() {
    let unnamed = "m=audio 9 UDP/TLS/RTP/SAVPF 0\r\n";
    let offer = offer()
        .replace("a=mid:0\r\n", "a=mid:1\r\n")
        .replace("BUNDLE 0", "BUNDLE 1");
    answer(&format!("{offer}{unnamed}")).unwrap();
}

/// RFC 8841 section 5: without a port there is no association.
#[test]
fn sctp_port_zero_declines_data() {
    let mut b = negotiator(2);
    let offer = offer().replace("sctp-port:5000", "sctp-port:0");
    b.set_remote_description(SessionDescription::offer(offer))
        .unwrap();
    let applied = b.set_local_description(None).unwrap();
    assert!(applied.steps.is_empty() && b.plan(TransportId::default()).is_none());
    let sdp = b.local_description().unwrap().sdp;
    assert!(sdp.contains("m=application 0 "), "{sdp}");

    let (mut a, mut b) = pair();
    a.set_local_description(None).unwrap();
    b.set_remote_description(a.local_description().unwrap())
        .unwrap();
    let answer = b.create_answer().unwrap().sdp;
    let answer = SessionDescription::answer(answer.replace("sctp-port:5000", "sctp-port:0"));
    let applied = a.set_remote_description(answer).unwrap();
    let rejected = Step::Reject(Reason::Declined);
    assert_eq!(applied.steps, [(TransportId::default(), rejected)]);
    assert!(
        a.plan(TransportId::default()).is_none() && a.agreed.as_ref().unwrap().peer_declined_data()
    );
}

#[test]
fn another_sctp_port_is_used_at_first_and_refused_later() {
    let (mut a, mut b) = pair();
    a.set_local_description(None).unwrap();
    let mut offer = a.local_description().unwrap();
    offer.sdp = offer.sdp.replace("sctp-port:5000", "sctp-port:5001");
    b.set_remote_description(offer.clone()).unwrap();
    let sctp = set_local(&mut b).plan.sctp.unwrap();
    assert_eq!((sctp.local_port, sctp.remote_port), (5000, 5001));
    b.set_remote_description(offer.clone()).unwrap();
    b.set_local_description(None).unwrap();

    let before = format!("{b:?}");
    offer.sdp = offer.sdp.replace("sctp-port:5001", "sctp-port:5002");
    let error = b.set_remote_description(offer).unwrap_err();
    assert_eq!(error.name(), "InvalidAccessError");
    assert!(error.to_string().contains("5001 to 5002"), "{error}");
    assert_eq!(format!("{b:?}"), before);
}

/// Media in the bundle, before and behind data, with the transport said in the first section only,
/// in each, or only in a section that is rejected.
#[test]
fn a_section_is_not_a_transport() {
    let print = Fingerprint::of(HashAlgorithm::Sha256, b"peer");
    let transport = format!(
        "a=ice-ufrag:tran\r\na=ice-pwd:0123456789012345678901\r\na=setup:actpass\r\n\
         a=fingerprint:{print}\r\n"
    );
    let head = "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE";
    let candidate = "a=candidate:1 1 udp 5 192.0.2.1 5000 typ host\r\n";
    let kinds = ["audio", "video", "data"];
    for order in [
        [0, 1, 2],
        [0, 2, 1],
        [1, 0, 2],
        [1, 2, 0],
        [2, 0, 1],
        [2, 1, 0],
    ] {
        for repeats in [false, true] {
            for bundle_only in [false, true] {
                let mut offer = head.to_owned();
                for kind in order {
                    offer += &format!(" {}", kinds[kind]);
                }
                offer += "\r\n";
                for (place, kind) in order.into_iter().enumerate() {
                    let only = bundle_only && place > 0;
                    let port = if only { 0 } else { 9 };
                    offer += &match kind {
                        2 => format!("m=application {port} UDP/DTLS/SCTP webrtc-datachannel\r\n"),
                        _ => format!(
                            "m={} {port} UDP/TLS/RTP/SAVPF 96 0\r\na=rtpmap:96 {}\r\na=rtcp-mux\r\n",
                            kinds[kind],
                            ["x/1", "VP8/90000"][kind]
                        ),
                    };
                    offer += &format!("a=mid:{}\r\n", kinds[kind]);
                    offer += if only { "a=bundle-only\r\n" } else { "" };
                    offer += if place == 0 || repeats {
                        &transport
                    } else {
                        ""
                    };
                    offer += if place == 0 { candidate } else { "" };
                }
                let (mut b, applied) = answer(&offer).unwrap();
                assert_eq!(remote_ufrag(&applied), "tran");
                assert_eq!(applied.candidates.len(), 1, "{offer}");
                assert_eq!(owner(&b), kinds[order[0]]);
                let sdp = b.local_description().unwrap().sdp;
                assert!(!sdp.contains(" 0 UDP/"), "something was rejected: {sdp}");
                assert_eq!(sdp.matches("a=recvonly\r\n").count(), 2, "{sdp}");
                // Each of the sections leads to the transport, and so does none of them with the
                // fragment.
                for (mid, fragment) in [
                    (Some("audio"), None),
                    (Some("video"), Some("tran")),
                    (Some("data"), None),
                    (None, Some("tran")),
                ] {
                    let init = CandidateInit {
                        candidate: "candidate:2 1 udp 5 192.0.2.2 5000 typ host".into(),
                        sdp_mid: mid.map(str::to_owned),
                        sdp_mline_index: None,
                        username_fragment: fragment.map(str::to_owned),
                    };
                    let taken = b.add_ice_candidate(&init).unwrap();
                    assert!(matches!(taken, RemoteCandidate::Candidate(..)), "{mid:?}");
                }
            }
        }
    }
}

#[test]
fn a_rejected_section_does_not_own_the_transport() {
    let offer = offer();
    let audio = "m=audio 0 UDP/TLS/RTP/SAVPF 0\r\na=mid:a\r\na=ice-ufrag:dead\r\n\
                 a=ice-pwd:0123456789012345678901\r\n";
    let at = offer.find("m=application").unwrap();
    let offer =
        format!("{}{audio}{}", &offer[..at], &offer[at..]).replace("BUNDLE 0", "BUNDLE a 0");
    let (b, applied) = answer(&offer).unwrap();
    assert_ne!(remote_ufrag(&applied), "dead");
    let sdp = b.local_description().unwrap().sdp;
    assert!(
        sdp.contains("BUNDLE 0\r\n") && sdp.contains("m=audio 0 "),
        "{sdp}"
    );
}

#[test]
fn an_empty_mid_is_no_name() {
    let (mut b, _) = answer(&offer()).unwrap();
    let candidate = |mid: Option<&str>, index: Option<u16>| CandidateInit {
        candidate: "candidate:1 1 udp 2122260223 192.0.2.1 61764 typ host".into(),
        sdp_mid: mid.map(str::to_owned),
        sdp_mline_index: index,
        username_fragment: None,
    };
    for init in [candidate(Some(""), Some(0)), candidate(None, Some(0))] {
        let taken = b.add_ice_candidate(&init);
        assert!(
            matches!(taken, Ok(RemoteCandidate::Candidate(..))),
            "{taken:?}"
        );
    }
    let name = |error: JsepError| error.name();
    assert_eq!(
        b.add_ice_candidate(&candidate(Some(""), None))
            .map_err(name),
        Err("TypeError")
    );
    assert_eq!(
        b.add_ice_candidate(&candidate(Some(""), Some(7)))
            .map_err(name),
        Err("OperationError")
    );
    let empty = CandidateInit {
        username_fragment: Some(String::new()),
        ..candidate(Some("0"), None)
    };
    let taken = b.add_ice_candidate(&empty);
    assert!(
        matches!(taken, Ok(RemoteCandidate::Candidate(..))),
        "{taken:?}"
    );
}

#[test]
fn candidates_of_another_generation_stay_out() {
    let offer = offer().replace(
        "a=setup",
        "a=candidate:1 1 udp 5 192.0.2.1 5000 typ host ufrag gone\r\n\
         a=candidate:2 1 udp 5 192.0.2.2 5000 typ host\r\na=setup",
    );
    let (_, applied) = answer(&offer).unwrap();
    let foundations: Vec<&str> = (applied.candidates.iter())
        .map(|candidate| candidate.foundation.as_str())
        .collect();
    assert_eq!(foundations, ["2"]);
}

#[test]
fn media_alone_is_connected_and_data_may_join_it() {
    let offer = offer();
    let audio = offer
        .replace(
            "m=application 9 UDP/DTLS/SCTP webrtc-datachannel",
            "m=audio 9 UDP/TLS/RTP/SAVPF 0",
        )
        .replace("a=sctp-port:5000", "a=rtcp-mux");
    let (mut b, applied) = answer(&audio).unwrap();
    let plan = &applied.plan;
    assert!(plan.dtls.is_some() && plan.sctp.is_none());
    assert!(!b.negotiation_needed());
    b.add_data_channel();
    assert!(b.negotiation_needed());
    let next = b.create_offer(&OfferOptions::default()).unwrap().sdp;
    assert!(
        next.contains("BUNDLE 0 1\r\n") && next.contains("m=audio 9 "),
        "{next}"
    );
    assert!(next.contains("m=application 9 "), "{next}");
}
