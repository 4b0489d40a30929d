//! One source whose simulcast goes on to several receivers, each by its own layer.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use ironrtc_core::ids::Rid;
use ironrtc_core::jsep::{EncodingParameters, TransceiverId, TransceiverInit};
use ironrtc_core::peer::{Event, MediaEvent, SendPacketError, TrackFrame};
use ironrtc_core::rtp::{Codec, CodecName, LayerChoice, MediaKind, OutgoingPacket};
use ironrtc_core::time::Time;
use ironrtc_core::wire::payload::{Format, PictureId};
use ironrtc_core::wire::rtp::RtpTime;
use ironrtc_sim::{Link, Pair, Setup, Side};

const NAMES: [&str; 3] = ["q", "h", "f"];
/// Bytes of a frame of each layer, of which there are 30 a second: 96, 312 and 1,032 kbit/s.
const SIZES: [usize; 3] = [400, 1_300, 4_300];

fn rid(layer: usize) -> Rid {
    NAMES[layer].parse().unwrap()
}

fn vp8() -> Arc<Codec> {
    Arc::new(Codec::new(MediaKind::Video, CodecName::Vp8, 90_000))
}

/// Has a connection send as fast as it likes, so that only the network is in the way.
fn unlimited(pair: &mut Pair) {
    let over = pair.a.connection.data_transport();
    let session = pair.a.connection.rtp_mut(over).unwrap();
    session.set_bitrate(pair.now, Some(20_000_000));
}

/// A browser that sends three layers, and us who receive them.
struct Source {
    pair: Pair,
    sends: TransceiverId,
    receives: TransceiverId,
    frames: u32,
    next: Time,
    seen: usize,
    wanted: [bool; 3],
    /// The key frames that were sent of each layer.
    keys: [u32; 3],
}

impl Source {
    fn new(seed: u64, link: Link) -> Self {
        let mut pair = Pair::new(Setup::new(seed).link(link));
        let encodings = (0..3).map(|layer| {
            let mut encoding = EncodingParameters::default();
            encoding.rid = Some(rid(layer));
            encoding
        });
        let init = TransceiverInit::default().send_encodings(encodings.collect::<Vec<_>>());
        let camera = Some("camera");
        let connection = &mut pair.a.connection;
        let sends = connection.add_transceiver(MediaKind::Video, camera, init);
        pair.connect();
        pair.run_for(Duration::from_millis(500));
        unlimited(&mut pair);
        let mut received = pair.b.connection.negotiator().transceivers();
        let receives = received.next().unwrap().id();
        drop(received);
        Self {
            sends: sends.unwrap(),
            receives,
            frames: 0,
            next: pair.now,
            seen: pair.a.events.len(),
            wanted: [true; 3],
            keys: [0; 3],
            pair,
        }
    }

    fn send_frames(&mut self) {
        let now = self.pair.now;
        if now < self.next {
            return;
        }
        self.next = now + Duration::from_millis(33);
        self.frames += 1;
        for event in self.pair.a.events.iter().skip(self.seen) {
            let Event::Media(_, MediaEvent::KeyFrameRequested(name)) = event else {
                continue;
            };
            for (layer, wanted) in self.wanted.iter_mut().enumerate() {
                *wanted |= name.as_ref().is_none_or(|name| *name == rid(layer));
            }
        }
        self.seen = self.pair.a.events.len();
        for (layer, size) in SIZES.into_iter().enumerate() {
            let is_key = std::mem::take(&mut self.wanted[layer]);
            self.keys[layer] += u32::from(is_key);
            let mut data = vec![u8::from(!is_key), layer as u8];
            data.extend(self.frames.to_be_bytes());
            data.resize(size * if is_key { 3 } else { 1 }, 7);
            // The layers' timestamps have nothing to do with each other.
            let timestamp = self.frames * 2_970 + layer as u32 * 1_000_000;
            let mut frame = TrackFrame::new(vp8(), timestamp, data);
            frame.rid = Some(rid(layer));
            let sent = self
                .pair
                .a
                .connection
                .send_frame(now, self.sends, 1, &frame);
            sent.unwrap();
        }
    }
}

/// We who send, and a viewer.
struct Viewer {
    pair: Pair,
    sends: TransceiverId,
    receives: TransceiverId,
    seen: usize,
    /// By number: timestamp, marker, payload.
    packets: BTreeMap<u64, (u32, bool, Vec<u8>)>,
}

impl Viewer {
    fn new(seed: u64, link: Link) -> Self {
        let mut viewer = Self::paced(seed, link);
        unlimited(&mut viewer.pair);
        viewer
    }

    /// One whose congestion control says how fast.
    fn paced(seed: u64, link: Link) -> Self {
        let mut pair = Pair::new(Setup::new(seed).link(link));
        let connection = &mut pair.a.connection;
        let sends = connection.add_track(MediaKind::Video, "forwarded", &["s".to_owned()]);
        pair.connect();
        pair.run_for(Duration::from_millis(500));
        let mut received = pair.b.connection.negotiator().transceivers();
        let receives = received.next().unwrap().id();
        drop(received);
        Self {
            sends: sends.unwrap(),
            receives,
            seen: pair.a.events.len(),
            packets: BTreeMap::new(),
            pair,
        }
    }

    fn choose(&mut self, choice: LayerChoice) {
        self.pair.a.connection.set_layer_choice(self.sends, choice);
    }

    fn layer(&self) -> Option<&Rid> {
        self.pair.a.connection.forwarded_layer(self.sends)
    }

    fn read(&mut self) {
        while let Some(packet) = self.pair.b.connection.recv_packet(self.receives) {
            let number = packet.sequence.get();
            // The test is short: numbers do not turn.
            let timestamp = packet.timestamp.get();
            let what = (timestamp, packet.marker, packet.payload.to_vec());
            self.packets.insert(number.into(), what);
        }
    }

    /// The frames that came whole, by the layer and the number that their content has, with their
    /// timestamps and picture ids. Panics where numbers of packets or pictures do not go on.
    fn frames(&self) -> Vec<(usize, u32, u32, u16)> {
        let numbers: Vec<_> = self.packets.keys().copied().collect();
        for pair in numbers.windows(2) {
            assert_eq!(pair[1], pair[0] + 1, "a number is missing");
        }
        let mut frames: Vec<(usize, u32, u32, u16)> = Vec::new();
        let mut ended = true;
        for (timestamp, marker, payload) in self.packets.values() {
            let about = Format::Vp8.describe(payload).expect("a payload of VP8");
            let id = about.picture_id.map(PictureId::value).expect("it has one");
            if ended {
                assert_ne!(payload[0] & 0x10, 0, "a frame begins");
                let content = &payload[4..];
                let (layer, number) = (content[1] as usize, content[2..6].try_into().unwrap());
                let number = u32::from_be_bytes(number);
                if let Some((before, _, last, id_before)) = frames.last() {
                    assert_eq!(id, (id_before + 1) & 0x7FFF, "pictures go on");
                    let passed = timestamp.wrapping_sub(*last) as i32;
                    assert!((1..90_000).contains(&passed), "{passed} ticks");
                    if *before != layer {
                        assert!(about.key, "a layer begins with a key frame");
                    }
                } else {
                    assert!(about.key, "the first frame is a key frame");
                }
                frames.push((layer, number, *timestamp, id));
            }
            ended = *marker;
        }
        frames
    }
}

/// Lets time pass, in which packets are forwarded.
fn run(source: &mut Source, viewers: &mut [&mut Viewer], time: Duration) {
    let end = source.pair.now + time;
    while source.pair.now < end {
        let step = Duration::from_millis(3);
        source.send_frames();
        source.pair.run_for(step);
        for viewer in viewers.iter_mut() {
            let missing = source.pair.now.since(viewer.pair.now);
            viewer.pair.run_for(missing);
        }
        while let Some(packet) = source.pair.b.connection.recv_packet(source.receives) {
            for viewer in viewers.iter_mut() {
                let connection = &mut viewer.pair.a.connection;
                let sent = connection.send_packet(viewer.pair.now, viewer.sends, 1, &packet);
                assert!(
                    matches!(sent, Ok(()) | Err(SendPacketError::OtherLayer)),
                    "{sent:?}"
                );
            }
        }
        for viewer in viewers.iter_mut() {
            viewer.pair.run_for(Duration::ZERO);
            for event in viewer.pair.a.events.iter().skip(viewer.seen) {
                if let Event::Media(_, MediaEvent::KeyFrameRequested(name)) = event {
                    let connection = &mut source.pair.b.connection;
                    connection.request_key_frame(source.receives, name.as_ref());
                }
            }
            viewer.seen = viewer.pair.a.events.len();
            viewer.read();
        }
    }
}

#[test]
fn each_receiver_has_its_own_layer_of_a_simulcast() {
    let mut source = Source::new(1, Link::default());
    let mut viewers: Vec<_> = (0..3)
        .map(|layer| {
            let mut viewer = Viewer::new(10 + layer as u64, Link::default());
            viewer.choose(LayerChoice::Named(rid(layer)));
            viewer
        })
        .collect();
    let mut all: Vec<_> = viewers.iter_mut().collect();
    run(&mut source, &mut all, Duration::from_secs(2));
    let layers = source.pair.b.connection.received_layers(source.receives);
    assert_eq!(layers.len(), 3);
    for layer in layers {
        let index = NAMES
            .iter()
            .position(|name| *layer.rid.as_ref().unwrap() == **name);
        let usual = SIZES[index.unwrap()] as u64 * 8 * 30;
        assert!((usual / 2..usual * 2).contains(&layer.bitrate), "{layer:?}");
    }
    for (layer, viewer) in viewers.iter().enumerate() {
        assert_eq!(viewer.layer(), Some(&rid(layer)));
        let frames = viewer.frames();
        assert!(frames.len() >= 50, "{}", frames.len());
        let settled = frames.iter().skip(20);
        assert!(
            settled.clone().all(|(is, ..)| *is == layer),
            "layer {layer}"
        );
        // Each frame of it once, in order.
        let numbers: Vec<_> = settled.map(|(_, number, ..)| *number).collect();
        assert!(numbers.windows(2).all(|two| two[1] == two[0] + 1));
    }
}

#[test]
fn a_switch_waits_for_the_key_frame_and_goes_on_without_a_seam_even_with_loss() {
    let lossy = Link {
        loss: 30,
        delay: Duration::from_millis(20),
        ..Link::default()
    };
    let mut source = Source::new(2, Link::default());
    let mut viewer = Viewer::new(20, lossy);
    viewer.choose(LayerChoice::Named(rid(0)));
    let mut expected = Vec::new();
    for layer in [0, 2, 1, 2, 0] {
        viewer.choose(LayerChoice::Named(rid(layer)));
        run(&mut source, &mut [&mut viewer], Duration::from_secs(2));
        assert_eq!(viewer.layer(), Some(&rid(layer)));
        expected.push(layer);
    }
    // What is missing at the very end is on its way.
    run(&mut source, &mut [&mut viewer], Duration::from_millis(1));
    let frames = viewer.frames();
    let mut layers: Vec<_> = frames.iter().map(|(layer, ..)| *layer).collect();
    layers.dedup();
    assert_eq!(layers[layers.len() - expected.len()..], expected[..]);
    // All layers' timestamps lie on one line: the frames are 33 ms apart, whatever they are of.
    let first = frames[30];
    for (_, number, timestamp, _) in &frames[30..] {
        let exact = (number - first.1) * 2_970;
        let real = timestamp.wrapping_sub(first.2);
        assert!(real.abs_diff(exact) < 900, "{real} instead of {exact}");
    }
}

#[test]
fn who_joins_late_gets_a_key_frame_and_many_who_join_share_one() {
    let mut source = Source::new(3, Link::default());
    let mut first = Viewer::new(30, Link::default());
    first.choose(LayerChoice::Named(rid(2)));
    run(&mut source, &mut [&mut first], Duration::from_secs(2));
    let before = source.keys;
    let mut late: Vec<_> = (0..5)
        .map(|at| {
            let mut viewer = Viewer::new(31 + at, Link::default());
            viewer.choose(LayerChoice::Named(rid(2)));
            let missing = source.pair.now.since(viewer.pair.now);
            viewer.pair.run_for(missing);
            viewer
        })
        .collect();
    let mut all: Vec<_> = std::iter::once(&mut first).chain(&mut late).collect();
    run(&mut source, &mut all, Duration::from_millis(600));
    for viewer in &late {
        assert!(viewer.frames().len() >= 10);
    }
    assert!(first.frames().len() >= 70);
    let asked: Vec<_> = (0..3)
        .map(|layer| source.keys[layer] - before[layer])
        .collect();
    // One for all of them; another layer's at most for what came first.
    assert!((1..=2).contains(&asked[2]), "{asked:?}");
    assert!(asked.iter().sum::<u32>() <= 4, "{asked:?}");
}

/// A packet whose payload tells when it was captured, sent so much later.
fn captured_before(
    pair: &mut Pair,
    id: TransceiverId,
    (captured, timestamp): (Time, u32),
    is_video: bool,
) {
    let connection = &mut pair.a.connection;
    let negotiator = connection.negotiator();
    let mid = negotiator.transceiver(id).unwrap().mid().unwrap().clone();
    let over = negotiator.transport_of(id).unwrap();
    let plan = negotiator.plan(over).unwrap().rtp.unwrap();
    let section = plan.sections.into_iter().find(|it| it.mid == mid);
    let send = section.unwrap().send.unwrap();
    let mut payload = if is_video {
        vec![0x10, 0]
    } else {
        vec![0x78, 0]
    };
    payload.extend((captured.as_nanos() / 1_000_000).to_be_bytes());
    let packet = OutgoingPacket {
        payload_type: send.codecs[0].payload_type,
        marker: true,
        timestamp: RtpTime::new(timestamp),
        captured,
        payload: payload.into(),
        extensions: Default::default(),
        place: None,
    };
    let session = connection.rtp_mut(over).unwrap();
    session.send_packet(send.encodings[0].ssrc, packet).unwrap();
}

/// Sound is sent as it is captured; pictures take 200 ms longer, and longer still on the way to us.
#[test]
fn reports_of_what_goes_on_tell_when_it_was_captured_and_not_when_it_came() {
    let kinds = [MediaKind::Audio, MediaKind::Video];
    let pair = |seed| {
        let mut pair = Pair::new(Setup::new(seed));
        let ids = kinds.map(|kind| {
            let track = kind.as_str();
            let connection = &mut pair.a.connection;
            connection
                .add_track(kind, track, &["s".to_owned()])
                .unwrap()
        });
        pair.connect();
        pair.run_for(Duration::from_millis(500));
        let all = pair.b.connection.negotiator().transceivers();
        let received: Vec<_> = all.map(|it| it.id()).collect();
        (pair, ids, received)
    };
    let (mut source, sends, receives) = pair(4);
    let (mut viewer, forwards, _) = pair(5);
    let delay = Duration::from_millis(200);
    let mut apart = Vec::new();
    let mut latest = [None; 2];
    for step in 0..1_500_u64 {
        let now = source.now;
        let millis = now.as_nanos() / 1_000_000;
        captured_before(&mut source, sends[0], (now, millis as u32 * 48), false);
        if step.is_multiple_of(3) {
            let captured = now - delay;
            let at = (captured, (millis as u32 - 200) * 90);
            captured_before(&mut source, sends[1], at, true);
        }
        source.run_for(Duration::from_millis(20));
        let missing = source.now.since(viewer.now);
        viewer.run_for(missing);
        for (id, to) in receives.iter().zip(forwards) {
            while let Some(packet) = source.b.connection.recv_packet(*id) {
                let connection = &mut viewer.a.connection;
                connection.send_packet(viewer.now, to, 1, &packet).unwrap();
            }
        }
        viewer.run_for(Duration::from_millis(5));
        source.run_for(Duration::from_millis(5));
        let over = viewer.b.connection.data_transport();
        let session = viewer.b.connection.rtp_mut(over).unwrap();
        let streams: Vec<_> = session.received_streams().collect();
        for ssrc in streams {
            while let Some(packet) = session.recv_packet(ssrc) {
                let Some(told) = packet.captured else {
                    continue;
                };
                let is_video = packet.payload[0] == 0x10;
                let millis = u64::from_be_bytes(packet.payload[2..10].try_into().unwrap());
                latest[usize::from(is_video)] = Some((told, Time::from_millis(millis)));
            }
        }
        // By the viewer's reports, how far are the two apart that were captured at one moment?
        if let ([Some((sound, at)), Some((picture, then))], true) = (latest, step > 1_000) {
            let real = at.since(then).as_secs_f64();
            let told = sound.units_since(picture) as f64 / (1_u64 << 32) as f64;
            apart.push((told - real).abs());
        }
    }
    assert!(apart.len() > 400);
    let worst = apart.into_iter().fold(0.0, f64::max);
    assert!(worst < 0.03, "{worst} s apart");
}

#[test]
fn the_layer_follows_what_the_network_of_each_receiver_carries() {
    let slow = Link {
        bandwidth: Some(70_000),
        delay: Duration::from_millis(20),
        queue: Duration::from_millis(200),
        ..Link::default()
    };
    let mut source = Source::new(6, Link::default());
    let mut fast = Viewer::paced(60, Link::default());
    let mut slow = Viewer::paced(61, slow);
    run(
        &mut source,
        &mut [&mut fast, &mut slow],
        Duration::from_secs(20),
    );
    // 560 kbit/s have no room for the best one, and what media leaves free was tried for more.
    assert_eq!(fast.layer(), Some(&rid(2)));
    assert_eq!(slow.layer(), Some(&rid(1)));
    fast.pair.link_mut(Side::A).bandwidth = Some(20_000);
    run(
        &mut source,
        &mut [&mut fast, &mut slow],
        Duration::from_secs(6),
    );
    assert_eq!(fast.layer(), Some(&rid(0)));
}
