//! The work that a description causes is linear in its lines.

use super::*;
use crate::wire::sdp::work;

/// How often a line of a description may be looked at, from its text to the answer.
const LOOKS_PER_LINE: usize = 24;

const HEAD: &str = "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n";
const DATA: &str = "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n";

fn transport() -> String {
    let print = Fingerprint::of(HashAlgorithm::Sha256, b"peer");
    format!(
        "a=ice-ufrag:abcd\r\na=ice-pwd:0123456789012345678901\r\na=setup:actpass\r\n\
         a=fingerprint:{print}\r\n"
    )
}

fn sections(count: usize) -> String {
    let mut text = String::new();
    for mid in 0..count {
        let media = ["m=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=rtcp-mux\r\n", DATA][mid % 2];
        text += &format!("{media}a=mid:{mid}\r\n");
    }
    text
}

fn bundle(count: usize) -> String {
    let tags: String = (0..count).map(|mid| format!(" {mid}")).collect();
    format!("a=group:BUNDLE{tags}\r\n")
}

#[test]
fn a_line_is_looked_at_a_bounded_number_of_times() {
    let unknown = "a=x\r\n".repeat(9_000);
    let candidates: String = (0..9_000)
        .map(|n| format!("a=candidate:{n} 1 udp 1 192.0.2.1 {n} typ host\r\n"))
        .collect();
    let cases = [
        format!(
            "{HEAD}{}{unknown}{}{}",
            bundle(250),
            transport(),
            sections(250)
        ),
        format!("{HEAD}{unknown}{}{}", transport(), sections(250)),
        format!(
            "{HEAD}{}{}{}{candidates}",
            bundle(250),
            transport(),
            sections(250)
        ),
        format!(
            "{HEAD}{}{DATA}a=mid:0\r\n{candidates}{unknown}",
            transport()
        )
        .lines()
        .take(9_999)
        .map(|line| format!("{line}\r\n"))
        .collect(),
        format!(
            "{HEAD}{}{}{}",
            bundle(250),
            sections(250),
            transport().repeat(2_000)
        ),
    ];
    for (number, sdp) in cases.into_iter().enumerate() {
        let lines = sdp.lines().count();
        let mut b = negotiator(2);
        work::take();
        b.set_remote_description(SessionDescription::offer(sdp))
            .unwrap();
        b.set_local_description(None).unwrap();
        let looks = work::take();
        assert!(looks > lines, "case {number}: the count does not count");
        assert!(
            looks <= LOOKS_PER_LINE * lines,
            "case {number}: {looks} looks at {lines} lines"
        );

        // A candidate afterwards does not look at lines at all.
        for n in 0..300 {
            let init = CandidateInit {
                candidate: format!("candidate:{n} 1 udp 5 192.0.2.7 5000 typ host ufrag abcd"),
                sdp_mid: Some("0".into()),
                ..CandidateInit::default()
            };
            b.add_ice_candidate(&init).unwrap();
            b.add_ice_candidate(&CandidateInit::default()).unwrap();
        }
        assert_eq!(work::take(), 0, "case {number}");
    }
}
