//! Sections that are bundled, and sections that have sockets of their own.

use std::net::UdpSocket;

use ironrtc::{
    BundlePolicy, Configuration, DataChannelInit, MediaKind, PeerConnection, RtpTransceiverInit,
    SessionDescription,
};

use crate::support::{announced, loopback, soon};

/// The addresses of the candidates in a description.
fn addresses(description: &SessionDescription) -> Vec<String> {
    let candidates = description.sdp.lines();
    let candidates = candidates.filter_map(|line| line.strip_prefix("a=candidate:"));
    candidates
        .map(|line| {
            let words: Vec<&str> = line.split(' ').collect();
            format!("{}:{}", words[4], words[5])
        })
        .collect()
}

/// Connects with audio and data; gives the addresses of A and of B.
async fn connect(alice: Configuration, bundles: bool) -> [Vec<String>; 2] {
    let alice = PeerConnection::new(alice.bundle_policy(BundlePolicy::MaxCompat)).unwrap();
    let bob = PeerConnection::new(loopback()).unwrap();
    let mut events = bob.events();
    let mine = alice
        .create_data_channel("test", DataChannelInit::default())
        .unwrap();
    alice
        .add_transceiver(MediaKind::Audio, RtpTransceiverInit::default())
        .unwrap();
    alice.set_local_description(None).await.unwrap();
    soon(alice.gathering_complete()).await;
    let offer = alice.local_description().unwrap();
    let mut told = offer.clone();
    if !bundles {
        told.sdp = told.sdp.replace("a=group:BUNDLE 0 1\r\n", "");
    }
    bob.set_remote_description(told).await.unwrap();
    bob.set_local_description(None).await.unwrap();
    soon(bob.gathering_complete()).await;
    let answer = bob.local_description().unwrap();
    alice.set_remote_description(answer.clone()).await.unwrap();

    let theirs = soon(announced(&mut events)).await;
    soon(mine.opened()).await.unwrap();
    mine.send("over").unwrap();
    assert_eq!(soon(theirs.recv()).await.unwrap().as_text(), Some("over"));
    for side in [&alice, &bob] {
        let transports = side.get_stats().await.transports().count();
        assert_eq!(transports, if bundles { 1 } else { 2 });
        assert_eq!(side.sctp().unwrap().mid.as_deref(), Some("1"));
    }
    let addresses = [addresses(&offer), addresses(&answer)];
    // The socket of the section that was bundled away is free for others.
    if let (true, [_, gone]) = (bundles, addresses[0].as_slice()) {
        let free = async {
            while UdpSocket::bind(gone).is_err() {
                tokio::task::yield_now().await;
            }
        };
        soon(free).await;
    }
    addresses
}

#[tokio::test]
async fn each_transport_has_sockets_of_its_own() {
    let [alice, bob] = connect(loopback(), false).await;
    assert_eq!((alice.len(), bob.len()), (2, 2));
    assert!(
        alice[0] != alice[1] && bob[0] != bob[1],
        "{alice:?} {bob:?}"
    );
}

#[tokio::test]
async fn a_bundle_closes_the_sockets_that_it_does_not_need() {
    let [alice, bob] = connect(loopback(), true).await;
    assert_eq!((alice.len(), bob.len()), (2, 1));
}

/// There is one socket for it: other transports have any.
#[tokio::test]
async fn one_transport_has_the_port_that_was_configured() {
    let free = UdpSocket::bind("127.0.7.1:0").unwrap();
    let address = free.local_addr().unwrap();
    drop(free);
    let configuration = Configuration::default().bind(vec![address]);
    let [alice, _] = connect(configuration, false).await;
    assert_eq!(alice[0], address.to_string());
    assert!(alice[1].starts_with("127.0.7.1:") && alice[1] != alice[0]);
}
