use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::*;

fn address(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

fn event<'a>(fields: &'a [(&'static str, Value<'a>)]) -> Event<'a> {
    Event {
        connection: 7,
        at: Time::from_nanos(1_234_567_890),
        category: Category::Ice,
        name: "state_change",
        fields,
    }
}

#[test]
fn an_event_is_one_line_of_json() {
    let mut line = String::new();
    let fields = [
        ("to", "checking".into()),
        ("pairs", 3usize.into()),
        ("rtt", Duration::from_micros(1_500).into()),
        ("selected", false.into()),
        ("remote", address("192.0.2.1:5000").into()),
        ("ratio", f64::NAN.into()),
    ];
    json::write_event(&event(&fields), &mut line);
    assert_eq!(
        line,
        concat!(
            r#"{"time":1234.568,"connection":7,"name":"ice:state_change","data":{"to":"checking","#,
            r#""pairs":3,"rtt":1.500,"selected":false,"remote":"192.0.2.1:5000","ratio":null}}"#,
            "\n"
        )
    );
}

#[test]
fn what_a_peer_wrote_cannot_break_out_of_its_line() {
    let mut line = String::new();
    let fields = [("label", "a\"b\\c\nd\u{7}".into())];
    json::write_event(&event(&fields), &mut line);
    assert!(line.contains(r#""label":"a\"b\\c\nd\u0007""#), "{line}");
    assert_eq!(line.matches('\n').count(), 1);
}

#[test]
fn a_log_hides_what_identifies_people() {
    let values = [
        Value::Address(address("192.0.2.1:5000")),
        Value::Private("ufrag"),
    ];
    for value in values {
        assert_eq!(value.to_string(), "…");
    }
}

#[test]
fn a_secret_is_a_line_of_a_key_log_and_no_debug_output() {
    let secret = Secret {
        label: "CLIENT_RANDOM",
        client_random: &[0x01, 0xab],
        secret: &[0xff, 0x00],
    };
    assert_eq!(secret.to_string(), "CLIENT_RANDOM 01ab ff00");
    assert!(!format!("{secret:?}").contains("ff"));
}

#[derive(Debug, Default)]
struct Counting {
    packets: AtomicU64,
}

impl Observe for Counting {
    fn packet(&self, _: &Packet<'_>) {
        self.packets.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn packets_go_only_to_those_who_want_them() {
    let sink = Arc::new(Counting::default());
    let path = Path::udp(address("192.0.2.1:1"), address("192.0.2.2:2"));
    let observer = Observer::new(sink.clone());
    observer.packet(Time::ZERO, Direction::Sent, path, Content::Udp, b"x");
    assert_eq!(sink.packets.load(Ordering::Relaxed), 0);
}

#[test]
fn a_capture_has_blocks_that_add_up() {
    let mut file = Vec::new();
    pcapng::write_header(&mut file);
    let packet = Packet {
        connection: 0,
        at: Time::ZERO,
        direction: Direction::Received,
        path: Path::udp(address("192.0.2.1:1000"), address("192.0.2.2:2000")),
        content: Content::Udp,
        data: b"hello",
    };
    pcapng::write_packet(&packet, Duration::new(1, 5), &mut file);
    // Media in the clear is in UDP as well.
    let mut media = Vec::new();
    let content = Content::Rtp;
    pcapng::write_packet(
        &Packet { content, ..packet },
        Duration::new(1, 5),
        &mut media,
    );
    assert!(file.ends_with(&media));
    pcapng::write_secret(
        &Secret {
            label: "CLIENT_RANDOM",
            client_random: &[1],
            secret: &[2],
        },
        &mut file,
    );
    let mut rest = &file[..];
    let mut kinds = Vec::new();
    while !rest.is_empty() {
        let word = |at: usize| u32::from_le_bytes(rest[at..at + 4].try_into().unwrap());
        let len = word(4) as usize;
        assert_eq!(word(len - 4) as usize, len);
        kinds.push(word(0));
        rest = &rest[len..];
    }
    assert_eq!(kinds, [0x0A0D_0D0A, 1, 6, 0x0A]);
    // RFC 791, RFC 768: the payload behind 20 bytes of IPv4 and 8 of UDP, from the peer to us.
    let at = file.windows(5).position(|bytes| bytes == b"hello").unwrap();
    assert_eq!(file[at - 28..at - 24], [0x45, 0, 0, 33]);
    assert_eq!(file[at - 16..at - 8], [192, 0, 2, 2, 192, 0, 2, 1]);
    assert_eq!(file[at - 8..at - 2], [0x07, 0xd0, 0x03, 0xe8, 0, 13]);
}
