//! `send` and `receive` with a short code over a demo server.

mod support;

use std::fs;
use std::sync::Arc;

use support::{Process, demo, directory, write_file};
use tokio::net::{TcpListener, TcpStream};

#[test]
fn a_file_arrives_and_its_code_works_once() {
    let home = directory("short-code");
    let bytes = write_file(&home.join("a"), 1_000_000);
    let output = home.join("out");
    let (_demo, server) = demo();
    let mut sender = Process::start(["send", home.join("a").to_str().unwrap(), "--via", &server]);
    let code = sender.line();
    let words: Vec<_> = code.split('-').collect();
    assert_eq!(words.len(), 3, "{code}");
    assert!(words[0].parse::<u8>().is_ok(), "{code}");
    sender.wait_for_note(&format!(
        "In another terminal run: ironrtc receive {code} --via {server} --stun none --local"
    ));
    sender.wait_for_note("(this machine only:");

    let receive = |code: &str| {
        let output = output.to_str().unwrap();
        Process::start(["receive", code, "--via", &server, "--output", output])
    };
    // Capitals are forgiven.
    let received = receive(&code.to_uppercase())
        .finish()
        .expect(0)
        .says("received");
    assert_eq!(received.stdout, "");
    sender.finish().expect(0).says("sent");
    assert!(fs::read(output.join("a")).unwrap() == bytes);
    receive(&code)
        .finish()
        .expect(3)
        .says("nobody waits under that code");
}

#[test]
fn a_wrong_code_does_not_disturb_the_sender_and_guessing_ends() {
    let home = directory("wrong-code");
    let bytes = write_file(&home.join("a"), 1000);
    let (_demo, server) = demo();
    let mut sender = Process::start(["send", home.join("a").to_str().unwrap(), "--via", &server]);
    let code = sender.line();
    let receive = |code: &str| {
        let output = home.join("out");
        Process::start([
            "receive",
            code,
            "--via",
            &server,
            "-o",
            output.to_str().unwrap(),
        ])
    };
    for _ in 0..9 {
        receive("0-no-code")
            .finish()
            .expect(3)
            .says("nobody waits under that code");
    }
    receive(&code).finish().expect(0);
    sender.finish().expect(0);
    assert!(fs::read(home.join("out/a")).unwrap() == bytes);
    receive("0-no-code")
        .finish()
        .expect(3)
        .says("nobody waits under that code");
    receive("0-no-code")
        .finish()
        .expect(3)
        .says("too many wrong codes");
}

#[test]
fn a_sender_that_left_cannot_be_joined() {
    let home = directory("left");
    write_file(&home.join("a"), 1000);
    let (_demo, server) = demo();
    let mut sender = Process::start(["send", home.join("a").to_str().unwrap(), "--via", &server]);
    let code = sender.line();
    sender.kill();
    // Whether the server has noticed yet or not, there is no connection.
    let end = Process::start([
        "receive",
        &code,
        "--via",
        &server,
        "-o",
        home.to_str().unwrap(),
    ]);
    end.finish().expect(3);
}

#[test]
fn a_server_that_cannot_be_used_is_named_with_advice() {
    let home = directory("no-server");
    write_file(&home.join("a"), 1);
    let file = home.join("a");
    let send = |server: &str| Process::start(["send", file.to_str().unwrap(), "--via", server]);
    // The port was free a moment ago, and nobody else listens on it in this test.
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    send(&format!("http://127.0.0.1:{port}"))
        .finish()
        .expect(3)
        .says("is `ironrtc demo` running there");
    send("ftp://example.org")
        .finish()
        .expect(2)
        .says("give the http:// address");
    Process::start(["receive", "--via", "http://127.0.0.1:1"])
        .finish()
        .expect(2)
        .says("short code");
}

/// What a reverse proxy does: speaks TLS for `localhost` and passes everything on to `server`.
/// Gives its address, and its certificate as PEM.
async fn tls_proxy(server: &str) -> (String, String) {
    let certified = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = rustls::pki_types::PrivatePkcs8KeyDer::from(certified.signing_key.serialize_der());
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certified.cert.der().clone()], key.into())
        .unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = server.strip_prefix("http://").unwrap().to_owned();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (acceptor, server) = (acceptor.clone(), server.clone());
            tokio::spawn(async move {
                let Ok(mut tls) = acceptor.accept(stream).await else {
                    return;
                };
                let mut plain = TcpStream::connect(server).await.unwrap();
                let _ = tokio::io::copy_bidirectional(&mut tls, &mut plain).await;
            });
        }
    });
    (format!("https://localhost:{port}"), certified.cert.pem())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_behind_tls_is_used_if_it_is_trusted() {
    let home = directory("https");
    let bytes = write_file(&home.join("a"), 1000);
    let (_demo, server) = demo();
    let (https, pem) = tls_proxy(&server).await;
    let trusted = home.join("trusted.pem");
    fs::write(&trusted, pem).unwrap();
    tokio::task::spawn_blocking(move || {
        let file = home.join("a");
        let start = |arguments: &[&str]| {
            let via = ["--via", &https];
            let arguments = arguments.iter().chain(&via);
            Process::start_with(arguments, |it| it.env("SSL_CERT_FILE", &trusted))
        };
        let mut sender = start(&["send", file.to_str().unwrap()]);
        let code = sender.line();
        let output = home.join("out");
        let receiver = start(&["receive", &code, "-o", output.to_str().unwrap()]);
        receiver.finish().expect(0);
        sender.finish().expect(0);
        assert!(fs::read(output.join("a")).unwrap() == bytes);
        // Without the certificate among the trusted ones.
        let stranger = ["send", file.to_str().unwrap(), "--via", &https];
        Process::start(stranger)
            .finish()
            .expect(3)
            .says("cannot be trusted");
    })
    .await
    .unwrap();
}
