//! STUN servers: one that answers, and those that cannot be used.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use ironrtc::{Event, IceServer, PeerConnection};
use tokio::net::UdpSocket;

use crate::support::{loopback, next, soon};

const SEEN: (Ipv4Addr, u16) = (Ipv4Addr::new(203, 0, 113, 7), 4242);

/// Answers one request after the other with the address `SEEN` (RFC 8489 section 14.2), written
/// by hand so that our own code does not vouch for itself.
async fn serve(socket: UdpSocket) {
    let mut request = [0; 1500];
    while let Ok((len, from)) = socket.recv_from(&mut request).await {
        assert!(len >= 20 && request[..2] == [0, 1], "a Binding request");
        let magic = [0x21, 0x12, 0xa4, 0x42];
        assert_eq!(request[4..8], magic);
        let mut response = vec![1, 1, 0, 12];
        response.extend(&request[4..20]);
        response.extend([0, 0x20, 0, 8, 0, 1]);
        let port = SEEN.1 ^ 0x2112;
        response.extend(port.to_be_bytes());
        let octets = SEEN.0.octets();
        response.extend(octets.iter().zip(magic).map(|(byte, mask)| byte ^ mask));
        socket.send_to(&response, from).await.unwrap();
    }
}

fn gathering_from(urls: &[String]) -> (PeerConnection, ironrtc::Events) {
    let mut configuration = loopback()
        .ice_servers(vec![
            IceServer::turn("", "user", "secret").urls(urls.to_vec()),
        ])
        .always_negotiate_data_channels(true);
    configuration.ice.gather_timeout = Duration::from_millis(100);
    let peer = PeerConnection::new(configuration).unwrap();
    let events = peer.events();
    (peer, events)
}

async fn error_of(url: &str) -> (Option<SocketAddr>, u16, String) {
    let (peer, mut events) = gathering_from(&[url.to_owned()]);
    peer.set_local_description(None).await.unwrap();
    let found = next(&mut events, |event| match event {
        Event::IceCandidateError {
            address,
            url,
            error_code,
            error_text,
        } => Some((url, address, error_code, error_text)),
        _ => None,
    })
    .await;
    assert_eq!(found.0, url);
    soon(peer.gathering_complete()).await;
    (found.1, found.2, found.3)
}

#[tokio::test]
async fn a_server_shows_our_outer_address() {
    let server = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let url = format!("stun:{}", server.local_addr().unwrap());
    let serving = tokio::spawn(serve(server));
    let (peer, mut events) = gathering_from(std::slice::from_ref(&url));
    peer.set_local_description(None).await.unwrap();
    let candidate = next(&mut events, |event| match event {
        Event::IceCandidate(Some(init)) if init.candidate.contains(" typ srflx ") => Some(init),
        _ => None,
    })
    .await;
    let own = peer.configuration().bind[0].ip();
    let expected = format!(" {} {} typ srflx raddr {own} rport ", SEEN.0, SEEN.1);
    assert!(candidate.candidate.contains(&expected), "{candidate:?}");
    soon(peer.gathering_complete()).await;
    let sdp = peer.local_description().unwrap().sdp;
    assert!(sdp.contains(&expected), "{sdp}");
    serving.abort();
}

#[tokio::test]
async fn a_silent_server_gives_an_error_and_gathering_goes_on() {
    let silent = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let url = format!("stun:{}", silent.local_addr().unwrap());
    let (address, code, _) = error_of(&url).await;
    assert!(address.is_some());
    assert_eq!(code, 701);
}

#[tokio::test]
async fn servers_that_cannot_be_used_are_named() {
    // RFC 6761 section 6.4: a name under .invalid never has an address.
    let (address, code, text) = error_of("stun:nowhere.invalid").await;
    assert_eq!((address, code), (None, 701));
    assert!(text.contains("nowhere.invalid"), "{text}");
    for url in ["turn:127.0.0.1", "turns:127.0.0.1", "stuns:127.0.0.1"] {
        let (_, code, text) = error_of(url).await;
        assert_eq!(code, 701);
        assert!(text.contains("only stun:"), "{text}");
    }
}
