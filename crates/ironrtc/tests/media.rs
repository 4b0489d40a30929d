//! Tracks and transceivers between two connections on loopback.

use std::sync::Arc;

use ironrtc::{
    AudioLevel, DataChannelInit, DtmfError, EncodedFrame, Event, Events, LocalTrack, MediaKind,
    PeerConnection, RemoteTrack, RtpCodec, RtpCodecName, RtpPacket, RtpTransceiverDirection,
    RtpTransceiverInit, TrackAdded, TrackEvent, TransceiverError,
};

use crate::support::{negotiate, next, peer, soon};

fn opus() -> Arc<RtpCodec> {
    let codec = RtpCodec::new(MediaKind::Audio, RtpCodecName::Opus, 48_000).with_channels(2);
    Arc::new(codec)
}

fn vp8() -> Arc<RtpCodec> {
    Arc::new(RtpCodec::new(MediaKind::Video, RtpCodecName::Vp8, 90_000))
}

async fn added(events: &mut Events) -> TrackAdded {
    let wanted = |event| match event {
        Event::Track(added) => Some(added),
        _ => None,
    };
    next(events, wanted).await
}

/// Writes packets with this content until one arrives, and gives that.
async fn arrives(from: &LocalTrack, codec: &Arc<RtpCodec>, to: &RemoteTrack) -> RtpPacket {
    let write = async {
        for number in 0_u32.. {
            let payload = vec![0x90; 20];
            from.write_packet(&RtpPacket::new(codec.clone(), number * 960, payload));
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    };
    tokio::select! {
        packet = soon(to.recv_packet()) => packet.expect("the track has not ended"),
        () = write => unreachable!("it writes without end"),
    }
}

async fn echo(connection: PeerConnection, mut events: Events) {
    while let Some(event) = events.next().await {
        let Event::Track(added) = event else { continue };
        let back = match added.track.kind() {
            MediaKind::Audio => LocalTrack::audio(),
            MediaKind::Video => LocalTrack::video(),
        };
        connection.add_track(&back, &["echo"]).unwrap();
        tokio::spawn(async move { added.track.forward(&back).await });
    }
}

#[tokio::test]
async fn packets_of_a_track_come_back_from_a_peer_that_forwards_them() {
    let (one, other) = (peer(), peer());
    tokio::spawn(echo(other.clone(), other.events()));
    let mut events = one.events();
    let (audio, video) = (LocalTrack::audio(), LocalTrack::video());
    one.add_track(&audio, &["mine"]).unwrap();
    one.add_track(&video, &["mine"]).unwrap();
    // The peer adds its tracks once it has heard of ours, and so answers with them only if it is
    // given the time.
    one.set_local_description(None).await.unwrap();
    soon(one.gathering_complete()).await;
    let offer = one.local_description().unwrap();
    other.set_remote_description(offer).await.unwrap();
    while other
        .senders()
        .iter()
        .filter(|it| it.track().is_some())
        .count()
        < 2
    {
        tokio::task::yield_now().await;
    }
    other.set_local_description(None).await.unwrap();
    soon(other.gathering_complete()).await;
    let answer = other.local_description().unwrap();
    one.set_remote_description(answer).await.unwrap();

    for _ in 0..2 {
        let back = added(&mut events).await;
        assert_eq!(back.streams, ["echo"]);
        assert!(back.track.muted());
        let (from, codec) = match back.track.kind() {
            MediaKind::Audio => (&audio, opus()),
            MediaKind::Video => (&video, vp8()),
        };
        let packet = arrives(from, &codec, &back.track).await;
        assert_eq!(packet.payload, vec![0x90; 20]);
        assert!(packet.codec.matches(&codec), "{:?}", packet.codec);
        assert!(!back.track.muted());
        assert_eq!(back.track.next_event().await, Some(TrackEvent::Unmute));
    }
}

#[tokio::test]
async fn a_request_for_a_key_frame_reaches_the_track() {
    let (one, other) = (peer(), peer());
    let mut events = other.events();
    let video = LocalTrack::video();
    one.add_track(&video, &["mine"]).unwrap();
    assert!(soon(video.key_frame_requested()).await, "of a new sender");
    negotiate(&one, &other).await;
    let received = added(&mut events).await;
    arrives(&video, &vp8(), &received.track).await;
    received.track.request_key_frame();
    assert!(soon(video.key_frame_requested()).await);
    video.stop();
    assert!(!soon(video.key_frame_requested()).await, "it was stopped");
}

#[tokio::test]
async fn a_receiver_tells_which_source_was_heard_and_how_loud_it_was() {
    let (one, other) = (peer(), peer());
    let mut events = other.events();
    let audio = LocalTrack::audio();
    one.add_track(&audio, &["mine"]).unwrap();
    negotiate(&one, &other).await;
    let received = added(&mut events).await;
    let receiver = other.receivers().remove(0);
    assert!(receiver.get_synchronization_sources().is_empty());
    let mut loud = RtpPacket::new(opus(), 960, vec![0x90; 20]);
    loud.extensions.audio_level = Some(AudioLevel {
        is_voice: true,
        below_overload: 20,
    });
    let write = async {
        loop {
            audio.write_packet(&loud);
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    };
    tokio::select! {
        packet = soon(received.track.recv_packet()) => assert!(packet.is_some()),
        () = write => unreachable!("it writes without end"),
    }
    let heard = receiver.get_synchronization_sources();
    let [source] = heard[..] else {
        panic!("one source: {heard:?}");
    };
    assert!((source.audio_level.unwrap() - 0.1).abs() < 1e-9);
    let since_1970 = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs_f64() * 1_000.0;
    assert!((since_1970 - 10_000.0..=since_1970).contains(&source.timestamp));
    assert!(receiver.get_contributing_sources().is_empty());
}

#[tokio::test]
async fn a_replaced_track_goes_on_in_the_same_stream() {
    let (one, other) = (peer(), peer());
    let mut events = other.events();
    let (first, second) = (LocalTrack::audio(), LocalTrack::audio());
    let sender = one.add_track(&first, &["mine"]).unwrap();
    negotiate(&one, &other).await;
    let received = added(&mut events).await;
    let before = arrives(&first, &opus(), &received.track).await;
    sender.replace_track(Some(&second)).unwrap();
    assert_eq!(sender.track().as_ref(), Some(&second));
    let old = RtpPacket::new(opus(), 0, &b"old"[..]);
    assert_eq!(first.write_packet(&old), 0, "it is sent no more");
    let new = RtpPacket::new(opus(), 4_000_000, &b"new"[..]);
    assert_eq!(second.write_packet(&new), 1);
    let after = loop {
        let packet = soon(received.track.recv_packet()).await.unwrap();
        if packet.payload == b"new"[..] {
            break packet;
        }
    };
    assert!(after.sequence.is_after(before.sequence));
    let passed = after.timestamp.since(before.timestamp);
    assert!((1..48_000 * 30).contains(&passed), "{passed} ticks passed");
}

#[tokio::test]
async fn a_direction_that_stops_sending_mutes_the_track_and_stopping_ends_it() {
    let (one, other) = (peer(), peer());
    let mut events = other.events();
    let audio = LocalTrack::audio();
    // The transport stays when the only section of media goes.
    let _channel = one.create_data_channel("beside", DataChannelInit::default());
    let transceiver = one
        .add_transceiver(&audio, RtpTransceiverInit::default())
        .unwrap();
    assert_eq!(transceiver.kind(), MediaKind::Audio);
    assert_eq!(transceiver.mid(), None);
    negotiate(&one, &other).await;
    assert!(transceiver.mid().is_some());
    let sendonly = RtpTransceiverDirection::SendOnly;
    assert_eq!(transceiver.current_direction(), Some(sendonly));
    let received = added(&mut events).await;
    arrives(&audio, &opus(), &received.track).await;
    assert_eq!(
        soon(received.track.next_event()).await,
        Some(TrackEvent::Unmute)
    );
    transceiver
        .set_direction(RtpTransceiverDirection::Inactive)
        .unwrap();
    negotiate(&one, &other).await;
    assert_eq!(
        soon(received.track.next_event()).await,
        Some(TrackEvent::Mute)
    );
    transceiver.stop().unwrap();
    assert!(transceiver.is_stopping());
    assert_eq!(transceiver.sender().track(), None);
    negotiate(&one, &other).await;
    assert_eq!(
        soon(received.track.next_event()).await,
        Some(TrackEvent::Ended)
    );
    assert!(soon(received.track.recv_packet()).await.is_none());
    assert!(other.transceivers().is_empty());
}

#[tokio::test]
async fn closing_ends_the_tracks_that_are_received() {
    let (one, other) = (peer(), peer());
    let mut events = other.events();
    let audio = LocalTrack::audio();
    one.add_track(&audio, &["mine"]).unwrap();
    negotiate(&one, &other).await;
    let received = added(&mut events).await;
    let reader = received.track.clone();
    let reading = tokio::spawn(async move { while reader.recv_packet().await.is_some() {} });
    other.close().await;
    soon(reading).await.unwrap();
    assert!(received.track.is_ended());
    let packet = RtpPacket::new(opus(), 0, &b"late"[..]);
    one.close().await;
    assert_eq!(audio.write_packet(&packet), 0);
    let refused = one.add_track(&audio, &["mine"]).unwrap_err();
    assert_eq!(refused, TransceiverError::Closed);
}

#[tokio::test]
async fn one_track_is_sent_by_connections_of_its_own_number() {
    let audio = LocalTrack::audio();
    let mut received = Vec::new();
    let mut connections = Vec::new();
    for _ in 0..3 {
        let (one, other) = (peer(), peer());
        let mut events = other.events();
        one.add_track(&audio, &["mine"]).unwrap();
        negotiate(&one, &other).await;
        received.push(added(&mut events).await.track);
        connections.push((one, other));
    }
    for track in &received {
        arrives(&audio, &opus(), track).await;
    }
    audio.set_enabled(false);
    let packet = RtpPacket::new(opus(), 0, &b"muted"[..]);
    assert_eq!(audio.write_packet(&packet), 0);
    audio.set_enabled(true);
    assert_eq!(audio.write_packet(&packet), 3);
    drop(connections.pop());
    drop(received.pop());
    assert_eq!(audio.write_packet(&packet), 2);
}

/// As much of a frame of VP8 as its head (RFC 6386 section 9.1) and its length.
fn picture(number: u32) -> EncodedFrame {
    let mut data = vec![number as u8; 3000];
    let head: &[u8] = match number {
        0 => &[0x10, 0x02, 0x00, 0x9d, 0x01, 0x2a, 0x40, 0x01, 0xf0, 0x00],
        _ => &[0x11],
    };
    data[..head.len()].copy_from_slice(head);
    EncodedFrame::new(vp8(), number * 3000, data)
}

#[tokio::test]
async fn frames_of_a_track_arrive_whole_and_in_order() {
    let (one, other) = (peer(), peer());
    let mut events = other.events();
    let video = LocalTrack::video();
    one.add_track(&video, &["mine"]).unwrap();
    assert_eq!(
        video.write_frame(&picture(0)),
        0,
        "nothing is agreed on yet"
    );
    negotiate(&one, &other).await;
    let received = added(&mut events).await;
    while video.write_frame(&picture(0)) == 0 {
        tokio::task::yield_now().await;
    }
    for number in 1..6 {
        assert_eq!(video.write_frame(&picture(number)), 1);
    }
    for number in 0..6 {
        let frame = soon(received.track.recv_frame()).await.unwrap();
        assert_eq!(frame.data, picture(number).data, "{number}");
        assert_eq!(frame.key, number == 0);
        assert!(frame.codec.matches(&vp8()));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_who_replace_a_track_at_the_same_time_the_later_one_is_sent() {
    let (one, other) = (peer(), peer());
    let tracks = [LocalTrack::audio(), LocalTrack::audio()];
    let sender = one.add_track(&tracks[0], &["mine"]).unwrap();
    let mut events = other.events();
    negotiate(&one, &other).await;
    let received = added(&mut events).await;
    arrives(&tracks[0], &opus(), &received.track).await;
    for _ in 0..200 {
        std::thread::scope(|scope| {
            for track in &tracks {
                scope.spawn(|| sender.replace_track(Some(track)).unwrap());
            }
        });
        let packet = RtpPacket::new(opus(), 0, &b"x"[..]);
        let sent = sender.track().unwrap();
        for track in &tracks {
            let expected = usize::from(*track == sent);
            assert_eq!(track.write_packet(&packet), expected);
        }
    }
}

#[tokio::test]
async fn a_stopped_transceiver_leaves_its_track_to_others() {
    let (one, other) = (peer(), peer());
    let audio = LocalTrack::audio();
    let mut events = other.events();
    let sender = one.add_track(&audio, &["mine"]).unwrap();
    negotiate(&one, &other).await;
    let received = added(&mut events).await;
    arrives(&audio, &opus(), &received.track).await;
    sender.transceiver().stop().unwrap();
    let packet = RtpPacket::new(opus(), 0, &b"x"[..]);
    assert_eq!(audio.write_packet(&packet), 0);
    // It can be sent anew, once.
    one.add_track(&audio, &["mine"]).unwrap();
    negotiate(&one, &other).await;
    let received = added(&mut events).await;
    arrives(&audio, &opus(), &received.track).await;
    assert_eq!(audio.write_packet(&packet), 1);
}

#[tokio::test]
async fn tones_are_played_one_after_the_other_and_told() {
    let (one, other) = (peer(), peer());
    let audio = LocalTrack::audio();
    let mut events = other.events();
    let sender = one.add_track(&audio, &["mine"]).unwrap();
    let dtmf = sender.dtmf().unwrap();
    assert!(!dtmf.can_insert_dtmf());
    assert_eq!(dtmf.insert_dtmf("1"), Err(DtmfError::InvalidState));
    negotiate(&one, &other).await;
    let received = added(&mut events).await;
    arrives(&audio, &opus(), &received.track).await;
    assert!(dtmf.can_insert_dtmf());
    let refused = dtmf.insert_dtmf("12x");
    assert_eq!(refused, Err(DtmfError::InvalidCharacter('x')));
    let short = std::time::Duration::from_millis(40);
    dtmf.insert_dtmf_with("1d", short, short).unwrap();
    assert_eq!(dtmf.tone_buffer(), "D");
    let mut told = Vec::new();
    while let Some(change) = soon(dtmf.next_tone_change()).await {
        told.push(change.tone);
        if change.tone.is_none() {
            break;
        }
    }
    assert_eq!(told, [Some('1'), Some('D'), None]);
    assert_eq!(dtmf.tone_buffer(), "");
    // The last one may still be on its way.
    let mut ends = Vec::new();
    while ends.len() < 6 {
        let packet = soon(received.track.recv_packet()).await.unwrap();
        if packet.codec.name == RtpCodecName::TelephoneEvent && packet.payload[1] & 0x80 != 0 {
            ends.push(packet.payload[0]);
        }
    }
    assert_eq!(ends, [1, 1, 1, 15, 15, 15]);
    let video = one
        .add_transceiver(MediaKind::Video, RtpTransceiverInit::default())
        .unwrap();
    assert!(video.sender().dtmf().is_none());
    one.close().await;
    assert_eq!(soon(dtmf.next_tone_change()).await, None);
}

#[tokio::test]
async fn who_reads_in_the_other_way_takes_nothing_from_the_reader() {
    let (one, other) = (peer(), peer());
    let mut events = other.events();
    let audio = LocalTrack::audio();
    one.add_track(&audio, &["mine"]).unwrap();
    negotiate(&one, &other).await;
    let received = added(&mut events).await.track;
    arrives(&audio, &opus(), &received).await;
    // They leave in one call and arrive in one turn.
    let two = [&b"first"[..], b"second"].map(|payload| RtpPacket::new(opus(), 960, payload));
    assert_eq!(audio.write_packets(&two), 2);
    for expected in &two {
        while soon(received.recv_packet()).await.unwrap().payload != expected.payload {}
        assert!(received.try_recv_frame().is_none(), "it is read by packets");
    }
}

#[tokio::test]
async fn packets_that_came_together_are_read_together() {
    let (one, other) = (peer(), peer());
    let mut events = other.events();
    let audio = LocalTrack::audio();
    one.add_track(&audio, &["mine"]).unwrap();
    negotiate(&one, &other).await;
    let received = added(&mut events).await.track;
    arrives(&audio, &opus(), &received).await;
    let mut packets = Vec::new();
    while received.try_recv_packets(&mut packets) > 0 {}
    packets.clear();
    let burst = [0, 1, 2].map(|number| RtpPacket::new(opus(), number * 960, vec![1; 50]));
    assert_eq!(audio.write_packets(&burst), 3);
    while packets.len() < 3 {
        assert!(soon(received.recv_packets(&mut packets)).await > 0);
    }
    assert!(packets.iter().all(|packet| packet.payload == [1; 50][..]));
    one.close().await;
    other.close().await;
    packets.clear();
    assert_eq!(soon(received.recv_packets(&mut packets)).await, 0);
}
