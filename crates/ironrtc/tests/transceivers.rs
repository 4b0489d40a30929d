//! The errors of the W3C's methods of transceivers, senders and receivers, and what is done without.

use ironrtc::{
    LocalTrack, MediaKind, PeerConnection, RtpEncodingParameters, RtpReceiver, RtpSender,
    RtpTransceiverDirection as Direction, RtpTransceiverInit, TransceiverError,
};

use crate::support::{negotiate, peer, soon};

fn name<T>(result: Result<T, TransceiverError>) -> &'static str {
    result.err().map_or("", |error| error.name())
}

fn encoding(rid: &str) -> RtpEncodingParameters {
    RtpEncodingParameters::default().rid(Some(rid.parse().unwrap()))
}

fn with_encodings(
    connection: &PeerConnection,
    kind: MediaKind,
    encodings: Vec<RtpEncodingParameters>,
) -> &'static str {
    let init = RtpTransceiverInit::default().send_encodings(encodings);
    name(connection.add_transceiver(kind, init))
}

/// webrtc-pc section 5.1.
#[tokio::test]
async fn what_cannot_be_added_has_the_errors_of_the_w3c() {
    let (one, other) = (peer(), peer());
    let track = LocalTrack::audio();
    let sender = one.add_track(&track, &["s"]).unwrap();
    assert_eq!(name(one.add_track(&track, &["s"])), "InvalidAccessError");
    assert_eq!(name(other.remove_track(&sender)), "InvalidAccessError");
    let video = MediaKind::Video;
    let plain = RtpEncodingParameters::default;
    let cases = [
        (vec![plain(), plain()], "TypeError"),
        (vec![encoding("a"), encoding("a")], "TypeError"),
        (
            vec![plain().scale_resolution_down_by(Some(0.5))],
            "RangeError",
        ),
        (vec![plain().max_framerate(Some(-1.0))], "RangeError"),
        (vec![encoding("a"), encoding("b")], ""),
    ];
    for (encodings, expected) in cases {
        let text = format!("{encodings:?}");
        assert_eq!(with_encodings(&one, video, encodings), expected, "{text}");
    }
    // What is for pictures alone is not looked at.
    let small = plain().scale_resolution_down_by(Some(0.5));
    assert_eq!(with_encodings(&one, MediaKind::Audio, vec![small]), "");
    soon(one.close()).await;
    assert_eq!(name(one.add_track(&track, &["s"])), "InvalidStateError");
    assert_eq!(with_encodings(&one, video, Vec::new()), "InvalidStateError");
    assert_eq!(name(one.remove_track(&sender)), "InvalidStateError");
}

/// webrtc-pc section 5.2: a transaction is set once, and changes what may be changed.
#[tokio::test]
async fn parameters_that_cannot_be_set_have_the_errors_of_the_w3c() {
    let (one, other) = (peer(), peer());
    let sender = one.add_track(&LocalTrack::video(), &["s"]).unwrap();
    negotiate(&one, &other).await;
    let first = sender.get_parameters().unwrap();
    let mut second = sender.get_parameters().unwrap();
    let wrong = name(sender.set_parameters(first));
    assert_eq!(wrong, "InvalidModificationError", "of another transaction");
    let mut more = second.clone();
    more.encodings.push(RtpEncodingParameters::default());
    let wrong = name(sender.set_parameters(more));
    assert_eq!(wrong, "InvalidModificationError");
    let mut small = second.clone();
    small.encodings[0].scale_resolution_down_by = Some(0.1);
    assert_eq!(name(sender.set_parameters(small)), "RangeError");
    second.encodings[0].max_bitrate = Some(100_000);
    assert_eq!(name(sender.set_parameters(second.clone())), "");
    assert_eq!(name(sender.set_parameters(second)), "InvalidStateError");
    let wrong = name(sender.replace_track(Some(&LocalTrack::audio())));
    assert_eq!(wrong, "TypeError", "of another kind");
    let rtx = RtpReceiver::get_capabilities(MediaKind::Video).codecs.pop();
    let helpers = sender
        .transceiver()
        .set_codec_preferences(vec![rtx.unwrap()]);
    assert_eq!(name(helpers), "InvalidModificationError");
    let opus = RtpSender::get_capabilities(MediaKind::Audio)
        .codecs
        .remove(0);
    let other_kind = sender.transceiver().set_codec_preferences(vec![opus]);
    assert_eq!(name(other_kind), "InvalidModificationError");
}

/// webrtc-pc section 5.4: what was stopped, and what is gone with it.
#[tokio::test]
async fn a_stopped_transceiver_has_the_errors_of_the_w3c() {
    let (one, other) = (peer(), peer());
    let _channel = one.create_data_channel("beside", Default::default());
    let track = LocalTrack::audio();
    let sender = one.add_track(&track, &["s"]).unwrap();
    let transceiver = sender.transceiver();
    negotiate(&one, &other).await;
    let parameters = sender.get_parameters().unwrap();
    transceiver.stop().unwrap();
    for gone in [false, true] {
        if gone {
            negotiate(&one, &other).await;
            assert!(one.transceivers().is_empty());
        }
        let refused = [
            name(transceiver.set_direction(Direction::SendRecv)),
            name(sender.replace_track(None)),
            name(sender.set_parameters(parameters.clone())),
        ];
        assert_eq!(refused, ["InvalidStateError"; 3], "gone: {gone}");
        let taken = [
            name(transceiver.stop()),
            name(one.remove_track(&sender)),
            name(sender.set_streams(&["t"])),
            name(transceiver.set_codec_preferences(Vec::new())),
        ];
        assert_eq!(taken, [""; 4], "gone: {gone}");
    }
    // The track may be sent again.
    one.add_track(&track, &["s"]).unwrap();
}

/// Nothing is left to gather for.
#[tokio::test]
async fn gathering_is_complete_when_all_sections_are_rejected() {
    let (one, other) = (peer(), peer());
    one.add_track(&LocalTrack::audio(), &["s"]).unwrap();
    one.set_local_description(None).await.unwrap();
    let offer = one.local_description().unwrap();
    other.set_remote_description(offer).await.unwrap();
    for transceiver in other.transceivers() {
        transceiver.stop().unwrap();
    }
    other.set_local_description(None).await.unwrap();
    soon(other.gathering_complete()).await;
    let answer = other.local_description().unwrap();
    assert!(answer.sdp.contains("m=audio 0 "), "{}", answer.sdp);
    one.set_remote_description(answer).await.unwrap();
    soon(one.gathering_complete()).await;
}
