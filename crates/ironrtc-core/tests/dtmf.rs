//! Tones of a telephone between two connections (webrtc-pc section 7, RFC 4733).

use std::sync::Arc;
use std::time::Duration;

use ironrtc_core::jsep::{TransceiverDirection as Direction, TransceiverId};
use ironrtc_core::peer::{DtmfError, Event, MediaEvent, TrackPacket};
use ironrtc_core::rtp::{Codec, CodecName, MediaKind};
use ironrtc_core::time::Time;
use ironrtc_core::wire::payload::dtmf::{Report, tone};
use ironrtc_sim::{Pair, Setup};

/// A packet of a tone: when it came, its marker, its timestamp, its number and what it tells.
type Told = (Time, bool, u32, u16, Report);

struct Call {
    pair: Pair,
    sends: TransceiverId,
    receives: TransceiverId,
    tones: Vec<Told>,
    /// The last packet of sound: when it came, its timestamp and its number.
    sound: Option<(Time, u32, u16)>,
    seen: usize,
    changes: Vec<(Time, Option<char>)>,
}

impl Call {
    fn new(seed: u64) -> Self {
        let mut pair = Pair::new(Setup::new(seed));
        let connection = &mut pair.a.connection;
        let sends = connection.add_track(MediaKind::Audio, "voice", &["s".to_owned()]);
        pair.connect();
        pair.run_for(Duration::from_millis(500));
        let all = pair.b.connection.negotiator().transceivers();
        let receives = all.map(|it| it.id()).next().unwrap();
        Self {
            sends: sends.unwrap(),
            receives,
            tones: Vec::new(),
            sound: None,
            seen: pair.a.events.len(),
            changes: Vec::new(),
            pair,
        }
    }

    fn insert(&mut self, tones: &str, duration: u64, gap: u64) -> Result<(), DtmfError> {
        let now = self.pair.now;
        let (duration, gap) = (Duration::from_millis(duration), Duration::from_millis(gap));
        self.pair
            .a
            .connection
            .insert_dtmf(now, self.sends, tones, duration, gap)
    }

    fn run(&mut self, time: Duration, with_sound: bool) {
        let opus = Codec::new(MediaKind::Audio, CodecName::Opus, 48_000).with_channels(2);
        let opus = Arc::new(opus);
        let end = self.pair.now + time;
        while self.pair.now < end {
            let now = self.pair.now;
            let millis = now.as_nanos() / 1_000_000;
            if with_sound && millis.is_multiple_of(20) {
                let packet = TrackPacket::new(opus.clone(), millis as u32 * 48, vec![0x78, 1, 2]);
                let connection = &mut self.pair.a.connection;
                connection.send_packet(now, self.sends, 1, &packet).unwrap();
            }
            self.pair.run_for(Duration::from_millis(1));
            for event in self.pair.a.events.iter().skip(self.seen) {
                if let Event::Media(_, MediaEvent::ToneChange(tone)) = event {
                    self.changes.push((now, *tone));
                }
            }
            self.seen = self.pair.a.events.len();
            while let Some(packet) = self.pair.b.connection.recv_packet(self.receives) {
                let (timestamp, number) = (packet.timestamp.get(), packet.sequence.get());
                if packet.codec.name == CodecName::TelephoneEvent {
                    assert_eq!(packet.codec.clock_rate, 48_000, "the clock of the sound");
                    let report = Report::parse(&packet.payload).next().unwrap();
                    self.tones
                        .push((now, packet.marker, timestamp, number, report));
                } else {
                    self.sound = Some((now, timestamp, number));
                }
            }
        }
    }

    /// The tones that came, by timestamps: each with its longest duration and how often its end came.
    fn heard(&self) -> Vec<(char, u32, u16, usize)> {
        let mut heard: Vec<(char, u32, u16, usize)> = Vec::new();
        for (_, marker, timestamp, _, report) in &self.tones {
            let is_new = heard.last().is_none_or(|last| last.1 != *timestamp);
            assert_eq!(*marker, is_new, "the marker begins a tone");
            if is_new {
                heard.push((tone(report.event).unwrap(), *timestamp, 0, 0));
            }
            let last = heard.last_mut().unwrap();
            assert!(report.duration >= last.2, "durations grow");
            last.2 = report.duration;
            last.3 += usize::from(report.end);
        }
        heard
    }
}

#[test]
fn tones_follow_each_other_in_the_timeline_of_the_sound() {
    let mut call = Call::new(1);
    call.run(Duration::from_millis(500), true);
    let began = call.pair.now;
    call.insert("1,#", 100, 70).unwrap();
    assert_eq!(call.pair.a.connection.tone_buffer(call.sends), ",#");
    call.run(Duration::from_secs(3), true);
    let heard = call.heard();
    let what: Vec<_> = heard
        .iter()
        .map(|(tone, _, long, ends)| (*tone, *long, *ends))
        .collect();
    assert_eq!(what, [('1', 4_800, 3), ('#', 4_800, 3)]);
    // A tone, its pause, and two seconds.
    let apart = heard[1].1.wrapping_sub(heard[0].1);
    assert!(apart.abs_diff(48 * (100 + 70 + 2_000)) <= 48 * 2, "{apart}");
    let at = |millis: u64| began + Duration::from_millis(millis);
    let expected = [
        (0, Some('1')),
        (170, Some(',')),
        (2_170, Some('#')),
        (2_340, None),
    ];
    assert_eq!(call.changes.len(), expected.len());
    for ((told, tone), (millis, expected)) in call.changes.iter().zip(expected) {
        assert_eq!(*tone, expected);
        let off = told.since(at(millis)).max(at(millis).since(*told));
        assert!(off <= Duration::from_millis(1), "{tone:?} {off:?}");
    }
    // What is sound and what are tones are one stream: one line of time, and no number twice.
    let (came, timestamp, _) = call.sound.unwrap();
    let (first, _, tone_at, ..) = call.tones[0];
    // The first packet of a tone tells of the 20 ms before it.
    let passed = came.since(first).as_millis() as u32 + 20;
    let ticks = timestamp.wrapping_sub(tone_at);
    assert!(ticks.abs_diff(passed * 48) <= 48 * 25, "{ticks} {passed}");
    let mut numbers: Vec<_> = call.tones.iter().map(|told| told.3).collect();
    numbers.dedup();
    assert_eq!(numbers.len(), call.tones.len());
    assert_eq!(call.pair.a.connection.tone_buffer(call.sends), "");
}

#[test]
fn what_the_w3c_forbids_is_refused_and_bounds_are_kept() {
    let mut call = Call::new(2);
    let refused = call.insert("12E4", 100, 70);
    assert_eq!(refused, Err(DtmfError::InvalidCharacter('E')));
    assert_eq!(refused.unwrap_err().name(), "InvalidCharacterError");
    // 1 ms is 40 ms, and no pause is one of 30.
    call.insert("ab", 1, 0).unwrap();
    call.run(Duration::from_millis(50), false);
    // What waits is replaced; what plays is not.
    call.insert("9", 40, 30).unwrap();
    call.run(Duration::from_millis(200), false);
    let what: Vec<_> = call
        .heard()
        .iter()
        .map(|(tone, _, long, _)| (*tone, *long))
        .collect();
    assert_eq!(what, [('A', 1_920), ('9', 1_920)]);
    // No tones at all end what would follow.
    call.insert("123", 40, 30).unwrap();
    call.insert("", 40, 30).unwrap();
    call.run(Duration::from_millis(300), false);
    assert_eq!(call.heard().len(), 3);
    assert_eq!(call.changes.last().map(|(_, tone)| *tone), Some(None));
    // Who only receives plays nothing.
    let connection = &mut call.pair.b.connection;
    assert!(!connection.can_insert_dtmf(call.receives));
    let sends = call.sends;
    let connection = &mut call.pair.a.connection;
    assert!(connection.can_insert_dtmf(sends));
    connection
        .set_direction(sends, Direction::Inactive)
        .unwrap();
    call.pair.run_for(Duration::from_millis(500));
    assert_eq!(call.insert("1", 100, 70), Err(DtmfError::InvalidState));
}
