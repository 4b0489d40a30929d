//! What a configuration may and may not be.

use std::net::UdpSocket;
use std::time::Duration;

use ironrtc::{
    BundlePolicy, Certificate, CertificateOptions, Configuration, ConfigurationError, IceServer,
    IceTransportPolicy, PeerConnection,
};

use crate::support::{loopback, soon, with_data};

fn refused(configuration: Configuration) -> ConfigurationError {
    PeerConnection::new(configuration).unwrap_err()
}

fn certificate(validity: Duration) -> Certificate {
    let options = CertificateOptions::default().validity(validity);
    PeerConnection::generate_certificate(options).unwrap()
}

#[test]
fn a_connection_needs_a_runtime() {
    assert_eq!(refused(loopback()), ConfigurationError::NoRuntime);
}

#[tokio::test]
async fn a_wrong_url_is_named() {
    let error = refused(loopback().ice_servers(vec![IceServer::stun("http://example.org")]));
    assert_eq!(error.name(), "SyntaxError");
    assert!(error.to_string().contains("http://example.org"), "{error}");
}

#[tokio::test]
async fn a_port_in_use_is_named() {
    let taken = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let error = refused(Configuration::default().bind(vec![address]));
    assert!(matches!(error, ConfigurationError::Bind { address: a, .. } if a == address));
    assert!(error.to_string().contains(&address.to_string()), "{error}");
}

#[tokio::test]
async fn an_expired_certificate_is_refused_and_a_valid_one_shown() {
    let error = refused(loopback().certificates(vec![certificate(Duration::ZERO)]));
    assert_eq!(error, ConfigurationError::CertificateExpired);
    let valid = certificate(Duration::from_secs(3600));
    let peer = PeerConnection::new(
        loopback()
            .certificates(vec![valid.clone()])
            .always_negotiate_data_channels(true),
    )
    .unwrap();
    let offer = peer.create_offer(Default::default()).await.unwrap();
    let hex = valid.fingerprints()[0].hex();
    assert!(offer.sdp.contains(&hex), "{}", offer.sdp);
    assert_eq!(peer.configuration().certificates, [valid]);
}

#[tokio::test]
async fn what_is_settled_cannot_be_changed() {
    let peer = with_data();
    let base = peer.configuration();
    peer.set_configuration(base.clone()).unwrap();
    peer.set_configuration(
        base.clone()
            .ice_servers(vec![IceServer::stun("stun:127.0.0.1:9")])
            .ice_transport_policy(IceTransportPolicy::Relay)
            .ice_candidate_pool_size(1),
    )
    .unwrap();
    assert_eq!(peer.configuration().ice_servers.len(), 1);
    peer.set_local_description(None).await.unwrap();
    let settled = peer.configuration();
    let changes = [
        settled.clone().bundle_policy(BundlePolicy::MaxBundle),
        settled
            .clone()
            .certificates(vec![certificate(Duration::from_secs(3600))]),
        settled.clone().ice_candidate_pool_size(2),
        settled.clone().bind(Vec::new()),
    ];
    for change in changes {
        let error = peer.set_configuration(change).unwrap_err();
        assert_eq!(error.name(), "InvalidModificationError");
    }
    let error = peer
        .set_configuration(settled.ice_servers(vec![IceServer::stun("turn:127.0.0.1")]))
        .unwrap_err();
    assert_eq!(error.name(), "InvalidAccessError");
    assert_eq!(peer.configuration().ice_servers.len(), 1, "as it was");
}

#[tokio::test]
async fn relay_only_gathers_nothing_from_sockets() {
    let peer = PeerConnection::new(
        loopback()
            .ice_transport_policy(IceTransportPolicy::Relay)
            .always_negotiate_data_channels(true),
    )
    .unwrap();
    peer.set_local_description(None).await.unwrap();
    soon(peer.gathering_complete()).await;
    assert_eq!(peer.local_candidates(), []);
}
