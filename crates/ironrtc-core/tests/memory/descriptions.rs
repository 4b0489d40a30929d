//! Descriptions and candidates: memory is linear in the text, whatever it says.

use std::fmt::Write as _;

use ironrtc_core::jsep::{CandidateInit, SessionDescription};
use ironrtc_core::peer::PeerConnection;
use ironrtc_core::rng::Rng;
use ironrtc_core::time::Time;

use super::{alone, measure};

const HEAD: &str = "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n";
const ICE: &str = "a=ice-ufrag:abcd\r\na=ice-pwd:0123456789012345678901\r\na=setup:actpass\r\n";
const DATA: &str = "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n";

/// Most bytes at one time for each byte of text, and beside that for each line and each section:
/// a section is answered with some ten lines, has a transceiver, and its packets are routed.
const PER_BYTE: usize = 8;
const PER_LINE: usize = 256;
const PER_SECTION: usize = 10 * 1024;
/// Whatever a connection allocates for the first time.
const BASE: usize = 256 * 1024;

fn fingerprint() -> String {
    format!("a=fingerprint:sha-256 {}\r\n", ["AB"; 32].join(":"))
}

fn connection() -> PeerConnection {
    let mut rng = Rng::from_test_seed(1);
    PeerConnection::new(ironrtc_sim::peer_config(&mut rng), rng.fork())
}

fn bundle(sections: usize) -> String {
    let tags: String = (0..sections).map(|mid| format!(" {mid}")).collect();
    format!("{HEAD}a=group:BUNDLE{tags}\r\n")
}

fn candidates(count: usize) -> String {
    (0..count).fold(String::new(), |mut lines, n| {
        let _ = write!(
            lines,
            "a=candidate:{n} 1 udp 1 192.0.2.{} {} typ host\r\n",
            n % 250 + 1,
            n + 1
        );
        lines
    })
}

fn repeat(text: &str, up_to: usize) -> String {
    text.repeat(up_to / text.len())
}

fn cases() -> Vec<(&'static str, String)> {
    let print = fingerprint();
    let data: Vec<String> = (0..256)
        .map(|mid| format!("{DATA}a=mid:{mid}\r\n"))
        .collect();
    let audio: String = (1..256)
        .map(|mid| format!("m=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:{mid}\r\na=rtcp-mux\r\n"))
        .collect();
    let tagged = |more: &str| format!("{}{}{ICE}{print}{more}", bundle(256), data[0]);
    vec![
        (
            "candidates of the first of many bundled sections",
            tagged(&(candidates(9_400) + &data[1..].concat())),
        ),
        ("many sections of media", tagged(&audio)),
        (
            "fingerprints of the session",
            format!("{HEAD}{ICE}{}{}", repeat(&print, 900_000), data.concat()),
        ),
        (
            "formats",
            format!(
                "{}{}",
                tagged(""),
                repeat("m=audio 9 A/B 1 2 3 4 5 6 7 8 9\r\n", 8_000)
            ),
        ),
        (
            "more formats than there may be",
            format!(
                "{HEAD}m=audio 9 UDP/TLS/RTP/SAVPF {}\r\n",
                repeat("1 ", 900_000)
            ),
        ),
        (
            "tags of a group",
            format!(
                "{HEAD}a=group:BUNDLE 0{}\r\n{}{ICE}{print}",
                repeat(" 0", 900_000),
                data[0]
            ),
        ),
        (
            "groups",
            format!(
                "{HEAD}{}{}{ICE}{print}",
                repeat("a=group:BUNDLE 0 1\r\n", 190_000),
                data[0]
            ),
        ),
        (
            "short lines",
            format!("{}{ICE}{print}", repeat("a=\n", 29_000)).replacen(
                "",
                &(HEAD.to_owned() + DATA),
                1,
            ),
        ),
        (
            "a long tag",
            format!("{HEAD}{DATA}{ICE}{print}a=mid:{}\r\n", repeat("x", 900_000)),
        ),
        (
            "fragments",
            format!(
                "{HEAD}{DATA}{ICE}{print}{}",
                repeat("m=a 9 b c\na=ice-ufrag:u\n", 256 * 24)
            ),
        ),
        (
            "parameters of a codec",
            format!(
                "{HEAD}m=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=rtcp-mux\r\n{ICE}{print}{}",
                repeat("a=fmtp:0 x\r\n", 100_000)
            ),
        ),
    ]
}

#[test]
fn a_description_takes_memory_linear_in_its_text() {
    let _alone = alone();
    for (name, sdp) in cases() {
        let (lines, sections) = (sdp.lines().count(), sdp.matches("m=").count());
        let len = sdp.len();
        let bound = BASE + PER_BYTE * len + PER_LINE * lines + PER_SECTION * sections;
        let (connection, cost) = measure(|| {
            let mut connection = connection();
            let offer = SessionDescription::offer(sdp);
            let taken = connection.set_remote_description(Time::ZERO, offer);
            if taken.is_ok() {
                connection.set_local_description(Time::ZERO, None).unwrap();
                let _ = connection.negotiator().remote_description();
                let _ = connection.negotiator().local_description();
            }
            (connection, taken.is_ok())
        });
        println!(
            "{name}: {len} B, {lines} lines, taken {}, {cost:?}, bound {bound}",
            connection.1
        );
        assert!(cost.peak <= bound, "{name}: {cost:?}, over {bound}");
        assert!(
            cost.kept <= bound / 2,
            "{name}: {cost:?}, over {}",
            bound / 2
        );
        // Nothing is copied again and again on the way.
        assert!(
            cost.total <= 3 * bound,
            "{name}: {cost:?}, over {}",
            3 * bound
        );
    }
}

#[test]
fn candidates_without_end_take_bounded_memory() {
    let _alone = alone();
    let mut connection = connection();
    let offer = format!("{HEAD}{DATA}a=mid:0\r\n{ICE}{}", fingerprint());
    connection
        .set_remote_description(Time::ZERO, SessionDescription::offer(offer))
        .unwrap();
    connection.set_local_description(Time::ZERO, None).unwrap();
    let mut add = |number: usize| {
        let init = CandidateInit {
            candidate: format!(
                "candidate:{number} 1 udp 5 {number}.local 5000 typ host raddr {} rport 0 ufrag abcd",
                "x".repeat(200)
            ),
            sdp_mid: Some("0".into()),
            ..CandidateInit::default()
        };
        connection.add_ice_candidate(Time::ZERO, &init).unwrap();
        let end = CandidateInit::default();
        connection.add_ice_candidate(Time::ZERO, &end).unwrap();
    };
    // 256 are kept in the description, of at most 1 KiB each.
    let (_, first) = measure(|| (0..1_000).for_each(&mut add));
    println!("{first:?}");
    assert!(first.kept < 1024 * 1024, "{first:?}");
    let (_, later) = measure(|| (1_000..5_000).for_each(&mut add));
    println!("{later:?}");
    assert!(later.kept < 4 * 1024, "{later:?}");
}
