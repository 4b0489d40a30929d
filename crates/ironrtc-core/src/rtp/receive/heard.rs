//! Which sources are heard in a stream: its own, and those that a mixer names (RFC 3550 section 7.1),
//! with how loud each is (RFC 6464, RFC 6465).

use std::time::Duration;

use crate::ids::Ssrc;
use crate::time::Time;
use crate::wire::rtp::{AudioLevel, Extensions, Header, RtpTime};

/// How long a source is told of after its last packet (webrtc-pc section 5.6).
const WINDOW: Duration = Duration::from_secs(10);
/// Most contributing sources of a stream. The one longest silent makes room.
const MAX_CONTRIBUTORS: usize = 64;
/// The level of silence.
const SILENCE: u8 = 127;

/// A source that was heard (`RTCRtpContributingSource`).
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct SourceHeard {
    /// When its last packet came.
    pub at: Time,
    /// The source.
    pub source: Ssrc,
    /// How loud it was: 1 is the loudest that can be, 0 silence. None if no packet said it.
    pub audio_level: Option<f64>,
    /// The timestamp of that packet.
    pub rtp_timestamp: RtpTime,
}

/// The last packet of a source.
#[derive(Clone, Copy, Debug)]
struct Last {
    at: Time,
    timestamp: RtpTime,
    level: Option<u8>,
}

impl Last {
    fn told(&self, source: Ssrc) -> SourceHeard {
        SourceHeard {
            at: self.at,
            source,
            audio_level: self.level.map(linear),
            rtp_timestamp: self.timestamp,
        }
    }
}

/// RFC 6464 section 3: decibels below the loudest, as a share of it.
fn linear(below_overload: u8) -> f64 {
    if below_overload >= SILENCE {
        0.0
    } else {
        10_f64.powf(-f64::from(below_overload) / 20.0)
    }
}

/// The sources of one stream.
#[derive(Debug, Default)]
pub(super) struct Heard {
    own: Option<Last>,
    contributors: Vec<(Ssrc, Last)>,
}

impl Heard {
    /// A packet came. One that is older than the last changes nothing.
    pub(super) fn on_packet(&mut self, now: Time, header: &Header<'_>, names: &Extensions<'_>) {
        let timestamp = header.fixed.timestamp;
        if self
            .own
            .is_some_and(|own| own.timestamp.is_after(timestamp))
        {
            return;
        }
        let level = |level: AudioLevel| level.below_overload;
        let heard = |level| Last {
            at: now,
            timestamp,
            level,
        };
        self.own = Some(heard(names.audio_level.map(level)));
        let levels = names.csrc_levels;
        let mut levels = levels
            .into_iter()
            .flat_map(|levels| levels.of(header.csrcs()));
        for source in header.csrcs() {
            // They stand in the order of the sources, and may end before them.
            let level = levels.next().map(|(_, level)| level);
            self.contribute(source, heard(level));
        }
    }

    fn contribute(&mut self, source: Ssrc, last: Last) {
        let mut known = self.contributors.iter_mut();
        if let Some((_, known)) = known.find(|(known, _)| *known == source) {
            *known = last;
            return;
        }
        if self.contributors.len() >= MAX_CONTRIBUTORS {
            let places = self.contributors.iter().enumerate();
            let oldest = places.min_by_key(|(_, (_, last))| last.at);
            if let Some((oldest, _)) = oldest {
                self.contributors.swap_remove(oldest);
            }
        }
        self.contributors.push((source, last));
    }

    /// The stream's own source, if it was heard of late.
    pub(super) fn synchronization(&self, now: Time, ssrc: Ssrc) -> Option<SourceHeard> {
        let own = self.own.filter(|own| now.since(own.at) <= WINDOW)?;
        Some(own.told(ssrc))
    }

    /// The sources that were mixed into it of late.
    pub(super) fn contributing(&self, now: Time) -> impl Iterator<Item = SourceHeard> + '_ {
        let all = self.contributors.iter();
        let late = all.filter(move |(_, last)| now.since(last.at) <= WINDOW);
        late.map(|(source, last)| last.told(*source))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::PayloadType;
    use crate::wire::rtp::{
        CsrcLevels, ElementSet, ExtensionMap, FixedHeader, Form, HeaderExtension, SeqNo,
    };

    fn hear(heard: &mut Heard, millis: u64, timestamp: u32, csrcs: &[(u32, u8)], level: u8) {
        let (mut map, mut elements) = (ExtensionMap::new(), ElementSet::new());
        map.set(HeaderExtension::AudioLevel, 1).expect("free");
        map.set(HeaderExtension::MixedAudioLevels, 2).expect("free");
        let own = AudioLevel {
            is_voice: true,
            below_overload: level,
        };
        own.push(1, &mut elements);
        let levels: Vec<_> = csrcs.iter().map(|(_, level)| *level).collect();
        if !levels.is_empty() {
            CsrcLevels::push(&levels, 2, &mut elements);
        }
        let fixed = FixedHeader {
            marker: false,
            payload_type: PayloadType::of_low_bits(111),
            sequence: SeqNo::new(1),
            timestamp: RtpTime::new(timestamp),
            ssrc: Ssrc::new(7),
        };
        let sources: Vec<_> = csrcs.iter().map(|(source, _)| Ssrc::new(*source)).collect();
        let mut packet = Vec::new();
        fixed.write(&mut packet, &sources, &elements, Form::OneByte, false);
        let header = Header::parse(&packet).expect("well formed");
        let names = Extensions::read(header.elements(), &map);
        heard.on_packet(Time::from_millis(millis), &header, &names);
    }

    #[test]
    fn sources_are_told_for_ten_seconds_with_their_levels() {
        let mut heard = Heard::default();
        hear(&mut heard, 1_000, 960, &[(1, 0), (2, 127)], 20);
        hear(&mut heard, 2_000, 1_920, &[(2, 6)], 127);
        let told = |heard: &Heard, millis| {
            let all = heard.contributing(Time::from_millis(millis));
            all.map(|one| (one.source.get(), one.rtp_timestamp.get()))
                .collect::<Vec<_>>()
        };
        assert_eq!(told(&heard, 2_000), [(1, 960), (2, 1_920)]);
        assert_eq!(told(&heard, 11_001), [(2, 1_920)]);
        assert_eq!(told(&heard, 12_001), []);
        let level = |heard: &Heard| {
            let all = heard.contributing(Time::from_millis(2_000));
            all.map(|one| one.audio_level.expect("told"))
                .collect::<Vec<_>>()
        };
        assert!((level(&heard)[0] - 1.0).abs() < 1e-9);
        assert!((level(&heard)[1] - 0.501).abs() < 1e-3);
        let own = heard.synchronization(Time::from_millis(12_000), Ssrc::new(7));
        let own = own.expect("heard");
        assert_eq!((own.audio_level, own.source.get()), (Some(0.0), 7));
        // One that comes late changes nothing.
        hear(&mut heard, 3_000, 960, &[(9, 0)], 0);
        assert_eq!(told(&heard, 3_000), [(1, 960), (2, 1_920)]);
        let gone = heard.synchronization(Time::from_millis(12_001), Ssrc::new(7));
        assert_eq!(gone, None);
    }

    #[test]
    fn contributing_sources_have_a_bound() {
        let mut heard = Heard::default();
        for source in 0..1_000 {
            hear(&mut heard, source, source as u32, &[(source as u32, 1)], 1);
        }
        assert_eq!(heard.contributors.len(), MAX_CONTRIBUTORS);
        assert!(
            heard
                .contributors
                .iter()
                .any(|(source, _)| source.get() == 999)
        );
    }
}
