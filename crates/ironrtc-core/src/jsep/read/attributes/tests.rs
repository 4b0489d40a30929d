use super::{Attributes, Setup};
use crate::rng::Rng;
use crate::wire::sdp::{MAX_LEN, MAX_LINES, MAX_MEDIA, Sdp};

const SHA256: &str = "sha-256 BA:78:16:BF:8F:01:CF:EA:41:41:40:DE:5D:AE:22:23:\
                      B0:03:61:A3:96:17:7A:9C:B4:10:FF:61:F2:00:15:AD";

fn offer() -> String {
    format!(
        "v=0\r\no=- 4611731400430051336 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n\
         a=group:BUNDLE 0\r\na=extmap-allow-mixed\r\na=msid-semantic: WMS\r\n\
         m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\n\
         a=ice-ufrag:Ab+/\r\na=ice-pwd:0123456789012345678901\r\na=ice-options:trickle\r\n\
         a=fingerprint:{SHA256}\r\na=fingerprint:sha-1 00:11\r\na=setup:actpass\r\na=mid:0\r\n\
         a=sctp-port:5000\r\na=max-message-size:262144\r\n\
         a=candidate:1 1 udp 2122260223 192.0.2.1 61764 typ host generation 0\r\n\
         a=candidate:1 1 sctp 1 192.0.2.1 61764 typ host\r\n"
    )
}

#[test]
fn a_browsers_offer_is_read_and_given_back_to_the_letter() {
    let sdp: Sdp = offer().parse().unwrap();
    assert_eq!(sdp.to_string(), offer());
    assert_eq!(
        offer().replace("\r\n", "\n").parse(),
        Ok(sdp.clone()),
        "bare line feeds"
    );
    assert_eq!(Attributes(&sdp.session).groups()[0].mids, ["0"]);
    let section = Attributes(&sdp.media[0].section);
    assert_eq!(section.mid(), Ok(Some("0".parse().unwrap())));
    assert_eq!(section.ice_ufrag(), Some("Ab+/"));
    assert_eq!(section.ice_pwd(), Some("0123456789012345678901"));
    assert_eq!(
        section.fingerprints().unwrap().len(),
        1,
        "sha-1 is passed over"
    );
    assert_eq!(section.setup(), Ok(Some(Setup::ActPass)));
    assert_eq!(section.sctp_port(), Ok(Some(5000)));
    assert_eq!(section.max_message_size(), Ok(Some(262_144)));
    assert_eq!(
        section.candidates().count(),
        1,
        "an unknown transport is passed over"
    );
}

#[test]
fn errors_name_the_line_and_the_reason() {
    let cases = [
        ("", 1, "\"v=\" line"),
        ("v=1\r\no=x\r\ns=-\r\n", 1, "version"),
        ("v=0\r\ns=-\r\n", 2, "\"o=\" line"),
        ("v=0\r\no=x\r\n", 3, "\"s=\" line"),
        ("v=0\r\no=x\r\ns=-\r\nnonsense\r\n", 4, "lower-case letter"),
        ("v=0\r\no=x\r\ns=-\r\nm=audio\r\n", 4, "kind, a port"),
        (
            "v=0\r\no=x\r\ns=-\r\nm=audio 65536 RTP/AVP 0\r\n",
            4,
            "port",
        ),
        ("v=0\r\no=x\r\ns=-\r\nm=audio 9 RTP/AVP\r\n", 4, "format"),
    ];
    for (text, line, reason) in cases {
        let error = text.parse::<Sdp>().unwrap_err();
        assert_eq!(error.line, line, "{text:?}: {error}");
        assert!(error.reason.contains(reason), "{text:?}: {error}");
    }
    let broken = offer().replace("setup:actpass", "setup:holdconn");
    let broken: Sdp = broken.parse().unwrap();
    let error = Attributes(&broken.media[0].section).setup().unwrap_err();
    assert_eq!((error.line, error.text.as_str()), (15, "a=setup:holdconn"));
}

#[test]
fn malformed_attribute_values_are_errors() {
    let read = |from: &str, to: &str| {
        let sdp: Sdp = offer().replace(from, to).parse().unwrap();
        let section = Attributes(&sdp.media[0].section);
        section.fingerprints().is_err()
            || section.sctp_port().is_err()
            || section.max_message_size().is_err()
            || section.mid().is_err()
    };
    assert!(!read("x=never", ""));
    assert!(read(":AD\r\n", ":A\r\n"), "fingerprint");
    assert!(read("sctp-port:5000", "sctp-port:65536"));
    assert!(read("max-message-size:262144", "max-message-size:-1"));
    assert!(read("a=mid:0", "a=mid:"));
}

#[test]
fn size_lines_and_sections_are_bounded() {
    let head = "v=0\r\no=x\r\ns=-\r\n";
    let long = format!("{head}a={}\r\n", "x".repeat(MAX_LEN));
    assert!(long.parse::<Sdp>().is_err());
    let lines = format!("{head}{}", "a=x\r\n".repeat(MAX_LINES));
    assert_eq!(lines.parse::<Sdp>().unwrap_err().line, MAX_LINES + 1);
    let section = "m=audio 9 RTP/AVP 0\r\n";
    assert!(
        format!("{head}{}", section.repeat(MAX_MEDIA))
            .parse::<Sdp>()
            .is_ok()
    );
    assert!(
        format!("{head}{}", section.repeat(MAX_MEDIA + 1))
            .parse::<Sdp>()
            .is_err()
    );
}

#[test]
fn mutated_descriptions_never_panic() {
    let mut rng = Rng::from_test_seed(3);
    for _ in 0..3000 {
        let mut bytes = offer().into_bytes();
        for _ in 0..=rng.below(6) {
            let at = usize::try_from(rng.below(bytes.len() as u64)).unwrap();
            match rng.below(3) {
                0 => bytes[at] = rng.u32() as u8,
                1 => drop(bytes.remove(at)),
                _ => bytes.insert(at, rng.u32() as u8),
            }
        }
        let Ok(sdp) = String::from_utf8_lossy(&bytes).parse::<Sdp>() else {
            continue;
        };
        assert_eq!(
            sdp.to_string().parse::<Sdp>().unwrap().to_string(),
            sdp.to_string()
        );
        for media in &sdp.media {
            let section = Attributes(&media.section);
            let _ = section.fingerprints();
            let _ = (
                section.setup(),
                section.sctp_port(),
                section.candidates().count(),
            );
        }
    }
}
