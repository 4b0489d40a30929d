//! What a configuration may and may not be.

use std::net::UdpSocket;
use std::time::Duration;

use ironrtc::{
    BundlePolicy, Certificate, CertificateOptions, Configuration, ConfigurationError, IceServer,
    IceTransportPolicy, LocalTrack, MediaConfig, MediaKind, PeerConnection, RtpCodecName,
    RtpHeaderExtension, RtpTransceiverInit,
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
        settled.clone().media(MediaConfig::default().cryptex(false)),
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

#[tokio::test]
async fn codecs_and_extensions_of_the_configuration_are_all_that_is_offered() {
    let media = MediaConfig::default()
        .without_codec(&RtpCodecName::H264)
        .without_codec(&RtpCodecName::Pcmu)
        .preferring(&RtpCodecName::Vp9)
        .without_header_extension(RtpHeaderExtension::AbsoluteSendTime);
    let peer = PeerConnection::new(loopback().media(media)).unwrap();
    let video = peer.get_capabilities(MediaKind::Video);
    assert_eq!(video.codecs[0].name, RtpCodecName::Vp9);
    peer.add_track(&LocalTrack::audio(), &["s"]).unwrap();
    let video = peer
        .add_transceiver(MediaKind::Video, RtpTransceiverInit::default())
        .unwrap();
    let offer = peer.create_offer(Default::default()).await.unwrap().sdp;
    for absent in ["H264", "PCMU", "abs-send-time"] {
        assert!(!offer.contains(absent), "{absent} in {offer}");
    }
    for present in ["opus", "PCMA", "VP8", "rtx"] {
        assert!(offer.contains(present), "no {present} in {offer}");
    }
    let (vp9, vp8) = (offer.find("VP9/90000"), offer.find("VP8/90000"));
    assert!(vp9 < vp8, "{offer}");
    // A transceiver chooses among those that are left.
    let h264 = ironrtc::RtpSender::get_capabilities(MediaKind::Video).codecs;
    let h264 = h264.into_iter().filter(|it| it.name == RtpCodecName::H264);
    let error = video.set_codec_preferences(h264.collect()).unwrap_err();
    assert_eq!(error.name(), "InvalidModificationError");
}
