use super::*;
use crate::wire::sdp::Sdp;

fn section(lines: &str) -> Option<RtpSection> {
    let text = format!("v=0\r\no=- 1 2 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n{lines}");
    let sdp: Sdp = text.parse().unwrap();
    RtpSection::read(&sdp.media[0], ForAll::read(&sdp.session))
}

fn video(lines: &str) -> RtpSection {
    let head = "m=video 9 UDP/TLS/RTP/SAVPF 96 97 98 99 100\r\na=rtcp-mux\r\n";
    section(&format!("{head}{lines}")).unwrap()
}

fn codecs(section: &RtpSection) -> Vec<String> {
    let said = |codec: &CodecParameters| {
        let rtx = codec.rtx.map(|rtx| format!("+{}", rtx.payload_type));
        let rtx = rtx.unwrap_or_default();
        format!("{} {}{rtx}", codec.payload_type, codec.codec)
    };
    section.codecs.iter().map(said).collect()
}

#[test]
fn codecs_come_in_the_order_of_the_formats_with_their_repeats() {
    let read = video(
        "a=rtpmap:99 rtx/90000\r\na=fmtp:99 apt=98;rtx-time=3000\r\na=rtpmap:98 VP9/90000\r\n\
         a=fmtp:98 profile-id=2\r\na=rtpmap:96 vp8/90000\r\na=rtpmap:97 rtx/90000\r\n\
         a=fmtp:97 apt=50\r\na=rtcp-fb:* nack\r\na=rtcp-fb:98 nack pli\r\na=rtcp-fb:98 nonsense\r\n\
         a=rtcp-fb:98 ccm fir\r\na=rtcp-fb:98 ccm tmmbr\r\n",
    );
    assert_eq!(codecs(&read), ["96 VP8/90000", "98 VP9/90000+99"]);
    let unknown: Vec<u8> = read.unknown.iter().map(|format| format.get()).collect();
    assert_eq!(unknown, [100, 97], "no map, and a repeat of nothing");
    let feedback: Vec<Feedback> = read.codecs[1].feedback.iter().collect();
    assert_eq!(
        feedback,
        [Feedback::CcmFir, Feedback::Nack, Feedback::NackPli]
    );
    assert_eq!(read.codecs[0].feedback, FeedbackSet::of(&[Feedback::Nack]));
    assert_eq!(read.codecs[1].rtx.and_then(|rtx| rtx.time), Some(3000));
}

#[test]
fn static_payload_types_need_no_map() {
    let read = section("m=audio 9 UDP/TLS/RTP/SAVPF 0 8 9 13 18 96\r\na=rtcp-mux\r\n").unwrap();
    let expected = ["0 PCMU/8000", "8 PCMA/8000", "9 G722/8000", "13 CN/8000"];
    assert_eq!(codecs(&read), expected);
}

#[test]
fn a_direction_may_be_said_for_all_sections_or_for_one_or_not_at_all() {
    let read = |all: &str, one: &str| {
        let media = "m=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=rtcp-mux\r\n";
        section(&format!("{all}{media}{one}")).unwrap().direction
    };
    assert_eq!(read("", ""), Direction::SendRecv);
    assert_eq!(read("a=sendonly\r\n", ""), Direction::SendOnly);
    assert_eq!(
        read("a=sendonly\r\n", "a=inactive\r\n"),
        Direction::Inactive
    );
}

#[test]
fn what_is_not_srtp_with_one_port_is_no_media_of_webrtc() {
    for line in [
        "m=audio 9 RTP/AVP 0\r\na=rtcp-mux\r\n",
        "m=audio 9 RTP/SAVPF 0\r\na=rtcp-mux\r\n",
        "m=audio 9 UDP/TLS/RTP/SAVPF 0\r\n",
        "m=text 9 UDP/TLS/RTP/SAVPF 0\r\na=rtcp-mux\r\n",
    ] {
        assert_eq!(section(line), None, "{line}");
    }
    assert!(section("m=audio 9 RTP/SAVPF/UDP/TLS/RTP/SAVP 0\r\na=rtcp-mux\r\n").is_some());
}

#[test]
fn sources_are_paired_with_their_repeats_whatever_comes_first() {
    let read = video(
        "a=ssrc-group:FID 1 2\r\na=ssrc:1 cname:x\r\na=ssrc:2 cname:x\r\na=ssrc:3 cname:x\r\n\
         a=ssrc:x cname:y\r\na=ssrc:1 msid:s t\r\na=ssrc-group:SIM 1 3 5\r\n\
         a=ssrc-group:FID 5 6\r\na=ssrc-group:FID 7\r\n",
    );
    let sources: Vec<_> = (read.sources.iter())
        .map(|s| (s.ssrc.get(), s.rtx.map(Ssrc::get)))
        .collect();
    assert_eq!(sources, [(1, Some(2)), (3, None), (5, Some(6))]);
    assert_eq!(read.msids.len(), 1);
}

#[test]
fn rates_are_read_in_both_units_and_the_exact_one_counts() {
    assert_eq!(video("b=AS:500\r\n").max_bitrate, Some(500_000));
    assert_eq!(
        video("b=TIAS:123456\r\nb=AS:500\r\n").max_bitrate,
        Some(123_456)
    );
    assert_eq!(video("b=AS:x\r\nb=RS:0\r\nb=\r\n").max_bitrate, None);
    assert_eq!(
        video(&format!("b=AS:{}\r\n", u64::MAX)).max_bitrate,
        Some(u64::MAX)
    );
}

#[test]
fn flags_count_at_either_level() {
    let media = "m=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=rtcp-mux\r\n";
    let read = section(&format!(
        "a=extmap-allow-mixed\r\n{media}a=rtcp-rsize\r\na=rtcp-xr:rcvr-rtt=all:10\r\n"
    ));
    let says = read.unwrap().says;
    assert!(says.mixed_extensions && says.reduced_size && says.receiver_rtt && !says.cryptex);
}

#[test]
fn everything_that_repeats_is_bounded() {
    let mut lines = String::new();
    for n in 0..200 {
        lines += &format!(
            "a=ssrc:{n} cname:c\r\na=ssrc:{n} msid:s{n} t\r\na=rid:r{n} send\r\n\
             a=extmap:{n} urn:x:{n}\r\na=ssrc-group:FID {n} 7{n}\r\na=msid:m{n} t\r\n"
        );
    }
    let read = video(&lines);
    assert_eq!(read.sources.len(), MAX_SOURCES);
    assert_eq!(read.msids.len(), MAX_STREAMS);
    assert_eq!(read.rids.len(), 2 * MAX_ENCODINGS);
    assert_eq!(read.extensions.len(), MAX_EXTENSIONS);
    let repeated =
        "m=video 9 UDP/TLS/RTP/SAVPF 96 96 96\r\na=rtcp-mux\r\na=rtpmap:96 VP8/90000\r\n";
    assert_eq!(section(repeated).unwrap().codecs.len(), 1);
}
