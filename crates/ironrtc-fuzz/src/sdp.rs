//! A description of a stranger: read, written again, offered and given as an answer.

use ironrtc_core::dtls::{Fingerprint, HashAlgorithm};
use ironrtc_core::jsep::{
    BundlePolicy, CandidateInit, EncodingParameters, JsepConfig, Negotiator, SessionDescription,
    SignalingState, TransceiverInit,
};
use ironrtc_core::rng::Rng;
use ironrtc_core::rtp::MediaKind;
use ironrtc_core::wire::sdp::Sdp;

pub(crate) fn negotiator(seed: u64) -> Negotiator {
    let config = JsepConfig {
        bundle_policy: BundlePolicy::default(),
        fingerprints: vec![Fingerprint::of(HashAlgorithm::Sha256, b"any")],
        always_negotiate_data_channels: true,
        max_message_size: 262_144,
        ice_lite: false,
        media: Default::default(),
    };
    Negotiator::new(config, Rng::from_test_seed(seed))
}

/// One that sends sound and a simulcast of pictures.
fn with_tracks(seed: u64) -> Negotiator {
    let mut peer = negotiator(seed);
    let rid = |name: &str| EncodingParameters::default().rid(name.parse().ok());
    let init = TransceiverInit::default().send_encodings(vec![rid("a"), rid("b")]);
    peer.add_track(MediaKind::Audio, "sound", &[])
        .expect("a first track");
    peer.add_transceiver(MediaKind::Video, Some("pictures"), init)
        .expect("a first transceiver");
    peer
}

pub(crate) fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    if let Ok(sdp) = text.parse::<Sdp>() {
        let written = sdp.to_string();
        let again: Sdp = written.parse().expect("what is written can be read");
        assert_eq!(again.to_string(), written);
    }
    for make in [negotiator, with_tracks] {
        as_offer(make(1), text);
        as_answer(make(2), text);
    }
}

fn as_offer(mut peer: Negotiator, text: &str) {
    if peer
        .set_remote_description(SessionDescription::offer(text))
        .is_err()
    {
        assert_eq!(peer.signaling_state(), SignalingState::Stable);
        assert_eq!(
            peer.remote_description(),
            None,
            "a refused offer left a trace"
        );
        return;
    }
    let answer = peer
        .create_answer()
        .expect("an offer that was taken is answered");
    let printed: Sdp = answer.sdp.parse().expect("our answer can be read");
    let offered: Sdp = text.parse().expect("it was taken");
    // RFC 3264 section 6: a section for each of the offer's.
    assert_eq!(printed.media.len(), offered.media.len());
    peer.set_local_description(Some(answer))
        .expect("our own answer");
    // A candidate and the end of them change no state.
    for candidate in ["candidate:1 1 udp 1 192.0.2.1 9 typ host", ""] {
        let init = CandidateInit {
            candidate: candidate.to_owned(),
            sdp_mline_index: Some(0),
            ..CandidateInit::default()
        };
        let _ = peer.add_ice_candidate(&init);
    }
    assert_eq!(peer.signaling_state(), SignalingState::Stable);
    let _ = peer.set_remote_description(SessionDescription::offer(text));
    let _ = peer.set_local_description(None);
}

fn as_answer(mut peer: Negotiator, text: &str) {
    peer.set_local_description(None).expect("our own offer");
    let before = peer.local_description();
    match peer.set_remote_description(SessionDescription::answer(text)) {
        Ok(_) => assert_eq!(peer.signaling_state(), SignalingState::Stable),
        Err(_) => {
            assert_eq!(peer.signaling_state(), SignalingState::HaveLocalOffer);
            assert_eq!(peer.local_description(), before);
        }
    }
}
