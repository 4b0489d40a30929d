//! The demo as a program: its port, its page, its end.

mod support;

use std::io::{Read, Write};
use std::net::TcpStream;

use support::{Process, demo};

fn request(server: &str, path: &str, headers: &str) -> String {
    let address = server.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: {address}\r\n{headers}Connection: close\r\n\r\n"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn the_page_comes_whole_and_from_nowhere_else() {
    let (_demo, server) = demo();
    let page = request(&server, "/", "");
    assert!(page.starts_with("HTTP/1.1 200"), "{page}");
    assert!(page.contains("<title>IronRTC demo</title>"));
    let mut waiting = vec![page];
    let mut seen = std::collections::BTreeSet::new();
    while let Some(text) = waiting.pop() {
        let body = text.split_once("\r\n\r\n").unwrap().1;
        assert!(
            !body.contains("https://"),
            "nothing is loaded from elsewhere"
        );
        for quoted in body.split(['"', '\'']) {
            let is_file = quoted.starts_with('/') && quoted.contains('.') && !quoted.contains(' ');
            if is_file && seen.insert(quoted.to_owned()) {
                let answer = request(&server, quoted, "");
                assert!(answer.starts_with("HTTP/1.1 200"), "{quoted}: {answer}");
                waiting.push(answer);
            }
        }
    }
    assert!(
        seen.contains("/sha256.js") && seen.contains("/style.css"),
        "{seen:?}"
    );
    assert!(request(&server, "/../Cargo.toml", "").starts_with("HTTP/1.1 404"));
}

#[test]
fn pages_of_other_sites_cannot_use_the_web_socket() {
    let (_demo, server) = demo();
    let upgrade = "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                   Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nOrigin: http://evil.example\r\n";
    // "Connection: close" stands last and "Upgrade" first; both count.
    let answer = request(&server, "/ws", &format!("Connection: Upgrade\r\n{upgrade}"));
    assert!(answer.starts_with("HTTP/1.1 403"), "{answer}");
}

#[test]
fn a_port_in_use_is_said_with_a_way_out() {
    let (_demo, server) = demo();
    let address = server.strip_prefix("http://").unwrap();
    let end = Process::start(["demo", "--listen", address]).finish();
    end.expect(1)
        .says(address)
        .says("another program uses that port")
        .says("--listen");
}

#[test]
fn wrong_arguments_are_explained() {
    let end = Process::start(["demo", "--listen", "8080"]).finish();
    end.expect(2).says("0.0.0.0:8080");
    let end = Process::start(["demo", "--stun", "http://x"]).finish();
    end.expect(2).says("http://x");
    let end = Process::start(["demo", "--log", "a=b=c"]).finish();
    end.expect(2).says("ironrtc=debug");
}

#[cfg(unix)]
#[test]
fn an_interrupt_ends_it_cleanly() {
    let (mut demo, _server) = demo();
    demo.wait_for_line("Ctrl-C");
    demo.interrupt();
    let end = demo.finish().expect(0);
    assert_eq!(end.stdout, "Stopped.\n");
}

#[test]
fn help_and_version() {
    let version = Process::start(["--version"]).finish().expect(0).stdout;
    assert_eq!(version, format!("ironrtc {}\n", env!("CARGO_PKG_VERSION")));
    let help = Process::start(["--help"]).finish().expect(0).stdout;
    for text in ["demo", "send", "receive", "Examples:", "Exit codes:"] {
        assert!(help.contains(text), "no {text} in {help}");
    }
}

#[test]
fn codecs_are_listed_with_their_libraries() {
    let json = Process::start(["codecs", "--json"])
        .finish()
        .expect(0)
        .stdout;
    let list: Vec<serde_json::Value> = serde_json::from_str(&json).unwrap();
    let opus = list.iter().find(|codec| codec["format"] == "opus").unwrap();
    assert_eq!(opus["decode"]["library"], "opus-rs");
    let text = Process::start(["codecs"]).finish().expect(0).stdout;
    for name in ["opus", "PCMU", "H264", "VP8", "AV1"] {
        assert!(text.contains(name), "no {name} in {text}");
    }
}

#[test]
fn shells_learn_to_complete_it() {
    for shell in ["bash", "zsh", "fish"] {
        let script = Process::start(["completion", shell])
            .finish()
            .expect(0)
            .stdout;
        assert!(
            script.contains("receive") && script.contains("via"),
            "{shell}"
        );
    }
}
