//! Transports without offers and answers.

use ironrtc::ortc::{Event, Transport};
use ironrtc::{
    Certificate, CertificateOptions, DataChannel, DataChannelInit, DtlsState, Fingerprint, IceRole,
    SctpState,
};
use ironrtc_core::dtls::Role;
use ironrtc_core::ice::Credentials;
use ironrtc_core::rng::Rng;

use crate::support::{loopback, soon};

struct Side {
    transport: Transport,
    credentials: Credentials,
    certificate: Certificate,
}

fn side(seed: u64) -> Side {
    let mut rng = Rng::from_test_seed(seed);
    let now = std::time::UNIX_EPOCH.elapsed().unwrap();
    let credentials = Credentials::generate(&mut rng);
    Side {
        transport: Transport::new(loopback(), credentials.clone()).unwrap(),
        credentials,
        certificate: Certificate::generate(CertificateOptions::default(), now, &mut rng).unwrap(),
    }
}

async fn start(side: &Side, peer: &Side, expected: Vec<Fingerprint>, first: bool) {
    let (ice, dtls) = match first {
        true => (IceRole::Controlling, Role::Client),
        false => (IceRole::Controlled, Role::Server),
    };
    for candidate in peer.transport.local_candidates() {
        let added = side.transport.add_remote_candidate(Some(candidate));
        soon(added).await.unwrap();
    }
    side.transport.add_remote_candidate(None).await.unwrap();
    let transport = &side.transport;
    transport.start_ice(ice, peer.credentials.clone(), false);
    transport.start_dtls(side.certificate.clone(), dtls, expected);
    transport.start_sctp(5000, 5000, Some(65_536));
}

async fn wait_for<T>(transport: &Transport, mut pick: impl FnMut(Event) -> Option<T>) -> T {
    soon(async {
        loop {
            let event = transport.next_event().await.expect("the events ended");
            if let Some(picked) = pick(event) {
                return picked;
            }
        }
    })
    .await
}

#[tokio::test]
async fn transports_that_are_started_by_hand_carry_messages() {
    let (one, other) = (side(1), side(2));
    tokio::join!(soon(one.transport.gather()), soon(other.transport.gather()));
    start(&one, &other, other.certificate.fingerprints(), true).await;
    start(&other, &one, one.certificate.fingerprints(), false).await;
    let channel = one
        .transport
        .create_data_channel("hand", DataChannelInit::default())
        .unwrap();
    let theirs: DataChannel = wait_for(&other.transport, |event| match event {
        Event::DataChannel(channel) => Some(channel),
        _ => None,
    })
    .await;
    soon(channel.opened()).await.unwrap();
    channel.send("by hand").unwrap();
    let message = soon(theirs.recv()).await.unwrap();
    assert_eq!(message.as_text(), Some("by hand"));
    assert_eq!(one.transport.sctp_state(), SctpState::Connected);
    assert!(one.transport.max_channels().is_some());
    let shown = one.transport.remote_certificate().unwrap();
    assert_eq!(shown, other.certificate.der());

    one.transport.stop_sctp();
    assert_eq!(soon(theirs.recv()).await, None);
    soon(one.transport.stop()).await;
    wait_for(&other.transport, |event| {
        matches!(event, Event::DtlsStateChange(DtlsState::Closed)).then_some(())
    })
    .await;
    soon(other.transport.stop()).await;
    soon(async { while other.transport.next_event().await.is_some() {} }).await;
}

#[tokio::test]
async fn a_wrong_fingerprint_fails_dtls_and_says_so() {
    let (one, other) = (side(3), side(4));
    tokio::join!(soon(one.transport.gather()), soon(other.transport.gather()));
    // Not the fingerprints of the peer.
    start(&one, &other, one.certificate.fingerprints(), true).await;
    start(&other, &one, one.certificate.fingerprints(), false).await;
    wait_for(&one.transport, |event| {
        matches!(event, Event::DtlsStateChange(DtlsState::Failed)).then_some(())
    })
    .await;
    let reason = one.transport.dtls_failure();
    assert_eq!(reason, Some(ironrtc::DtlsError::FingerprintMismatch));
    assert_eq!(one.transport.dtls_state(), DtlsState::Failed);
}

#[tokio::test]
async fn few_names_of_a_peer_are_looked_up() {
    let mut configuration = loopback();
    configuration.ice = configuration.ice.resolve_names(true);
    let mut rng = Rng::from_test_seed(3);
    let transport = Transport::new(configuration, Credentials::generate(&mut rng)).unwrap();
    let add = async |port: u16| {
        let line = format!("candidate:1 1 udp {port} localhost {port} typ host");
        soon(transport.add_remote_candidate(Some(line.parse().unwrap()))).await
    };
    for port in 1..=32 {
        add(port).await.unwrap();
    }
    let error = add(33).await.unwrap_err();
    assert!(error.to_string().contains("32 names"), "{error}");
}
