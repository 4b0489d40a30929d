//! The values of the header extensions that we know.

use std::time::Duration;

use crate::ids::Ssrc;
use crate::time::Time;
use crate::wire::{Reader, Ssrcs};

use super::extension::{ElementSet, Elements};
use super::kind::{ExtensionMap, HeaderExtension};
use super::seq::SeqNo;
use super::time::NtpTime;

/// The extensions of one packet. What is malformed counts as absent, and of two of a kind the last
/// one counts.
#[derive(Clone, Copy, Debug, Default)]
pub struct Extensions<'a> {
    /// The section's name.
    pub mid: Option<&'a str>,
    /// The encoding's name.
    pub rid: Option<&'a str>,
    /// The name of the encoding that is repaired.
    pub repaired_rid: Option<&'a str>,
    /// The number over all streams of the transport.
    pub transport_cc: Option<SeqNo>,
    /// When the packet was sent.
    pub abs_send_time: Option<AbsSendTime>,
    /// How long after its timestamp the packet was sent.
    pub transmission_offset: Option<TransmissionOffset>,
    /// The audio's level.
    pub audio_level: Option<AudioLevel>,
    /// The level of each contributing source.
    pub csrc_levels: Option<CsrcLevels<'a>>,
    /// How the video is to be turned.
    pub orientation: Option<VideoOrientation>,
    /// How long to wait before video is shown.
    pub playout_delay: Option<PlayoutDelay>,
    /// When the first sample was captured.
    pub capture: Option<AbsCaptureTime>,
    /// A dependency descriptor, whose reading needs the structure that came before.
    pub descriptor: Option<&'a [u8]>,
    /// A video layers allocation.
    pub layers: Option<&'a [u8]>,
}

impl<'a> Extensions<'a> {
    /// Reads the elements that have a meaning by this map.
    pub fn read(elements: Elements<'a>, map: &ExtensionMap) -> Self {
        let mut found = Self::default();
        for element in elements {
            let value = element.value;
            let Some(kind) = map.kind(element.id) else {
                continue;
            };
            match kind {
                HeaderExtension::Mid => found.mid = word(value),
                HeaderExtension::RtpStreamId => found.rid = word(value),
                HeaderExtension::RepairedRtpStreamId => found.repaired_rid = word(value),
                HeaderExtension::TransportSequence => {
                    found.transport_cc = Reader::new(value).u16().map(SeqNo::new);
                }
                HeaderExtension::AbsoluteSendTime => found.abs_send_time = AbsSendTime::read(value),
                HeaderExtension::TransmissionOffset => {
                    found.transmission_offset = TransmissionOffset::read(value);
                }
                HeaderExtension::AudioLevel => found.audio_level = AudioLevel::read(value),
                HeaderExtension::MixedAudioLevels => found.csrc_levels = Some(CsrcLevels(value)),
                HeaderExtension::VideoOrientation => {
                    found.orientation = VideoOrientation::read(value)
                }
                HeaderExtension::PlayoutDelay => found.playout_delay = PlayoutDelay::read(value),
                HeaderExtension::AbsoluteCaptureTime => found.capture = AbsCaptureTime::read(value),
                HeaderExtension::DependencyDescriptor => found.descriptor = Some(value),
                HeaderExtension::VideoLayersAllocation => found.layers = Some(value),
            }
        }
        found
    }
}

/// RFC 7941 section 4.1.1: an item of SDES in UTF-8.
fn word(value: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(value).ok()?;
    (!text.is_empty()).then_some(text)
}

/// When a packet was sent: 24 bits of a clock of the sender's, 18 of them behind the point of the
/// seconds. It wraps each 64 s.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AbsSendTime(u32);

const LOW_24: u32 = 0x00ff_ffff;
/// What moves a 24-bit number's sign to where an `i32` has it.
const SIGN_SHIFT: u32 = 8;

impl AbsSendTime {
    /// The clock's reading at a moment.
    pub const fn at(now: Time) -> Self {
        // Of the wrap alone, which spares a division of 128 bits in each packet.
        let nanos = now.as_nanos() % (64 * 1_000_000_000);
        Self(((nanos << 18) / 1_000_000_000) as u32 & LOW_24)
    }

    /// As it is on the wire.
    pub const fn get(self) -> u32 {
        self.0
    }

    /// The time since another reading on the shorter way, in units of 2^-18 s.
    pub const fn units_since(self, earlier: Self) -> i32 {
        (self.0.wrapping_sub(earlier.0) << SIGN_SHIFT) as i32 >> SIGN_SHIFT
    }

    fn read(value: &[u8]) -> Option<Self> {
        Some(Self(u24(value)?))
    }

    /// Adds it to a packet.
    pub fn push(self, id: u8, elements: &mut ElementSet) -> bool {
        push_u24(self.0, id, elements)
    }
}

/// How long after its timestamp's moment a packet was sent, in the timestamp's units (RFC 5450).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TransmissionOffset(i32);

impl TransmissionOffset {
    /// An offset, of which 24 bits are kept.
    pub const fn new(units: i32) -> Self {
        Self((units << SIGN_SHIFT) >> SIGN_SHIFT)
    }

    /// In the timestamp's units.
    pub const fn get(self) -> i32 {
        self.0
    }

    fn read(value: &[u8]) -> Option<Self> {
        Some(Self::new(u24(value)? as i32))
    }

    /// Adds it to a packet.
    pub fn push(self, id: u8, elements: &mut ElementSet) -> bool {
        push_u24(self.0 as u32 & LOW_24, id, elements)
    }
}

fn u24(value: &[u8]) -> Option<u32> {
    let [a, b, c] = Reader::new(value).array()?;
    Some(u32::from_be_bytes([0, a, b, c]))
}

fn push_u24(number: u32, id: u8, elements: &mut ElementSet) -> bool {
    let [_, rest @ ..] = number.to_be_bytes();
    elements.push(id, &rest)
}

/// How loud the audio of a packet is (RFC 6464).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AudioLevel {
    /// Whether the encoder takes it for speech.
    pub is_voice: bool,
    /// Decibels below the loudest: 0 to 127, which stands for silence.
    pub below_overload: u8,
}

impl AudioLevel {
    fn read(value: &[u8]) -> Option<Self> {
        let byte = *value.first()?;
        Some(Self {
            is_voice: byte & 0x80 != 0,
            below_overload: byte & 0x7f,
        })
    }

    /// Adds it to a packet.
    pub fn push(self, id: u8, elements: &mut ElementSet) -> bool {
        let voice = if self.is_voice { 0x80 } else { 0 };
        elements.push(id, &[voice | self.below_overload.min(127)])
    }
}

/// How loud each contributing source is (RFC 6465): one level per source, in the header's order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CsrcLevels<'a>(&'a [u8]);

impl<'a> CsrcLevels<'a> {
    /// The sources with their levels, as [`AudioLevel::below_overload`] has it. Sources without a
    /// level are left out.
    pub fn of(self, sources: Ssrcs<'a>) -> impl Iterator<Item = (Ssrc, u8)> + 'a {
        // RFC 6465 section 3: the highest bit is reserved.
        sources.zip(self.0.iter().map(|byte| byte & 0x7f))
    }

    /// Adds levels to a packet.
    pub fn push(levels: &[u8], id: u8, elements: &mut ElementSet) -> bool {
        elements.push_with(id, |out| {
            out.extend(levels.iter().take(15).map(|level| level & 0x7f));
        })
    }
}

/// A turn by quarters, in which direction the receiver has to turn the picture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Rotation {
    /// As it is.
    #[default]
    None,
    /// By 90° clockwise.
    Quarter,
    /// By 180°.
    Half,
    /// By 270° clockwise.
    ThreeQuarters,
}

/// Coordination of video orientation (3GPP TS 26.114 section 7.4.5).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct VideoOrientation {
    /// From a camera that looks away from the user.
    pub back_camera: bool,
    /// Mirrored left to right.
    pub flipped: bool,
    /// How to turn it.
    pub rotation: Rotation,
}

impl VideoOrientation {
    fn read(value: &[u8]) -> Option<Self> {
        let byte = *value.first()?;
        Some(Self {
            back_camera: byte & 8 != 0,
            flipped: byte & 4 != 0,
            rotation: match byte & 3 {
                0 => Rotation::None,
                1 => Rotation::Quarter,
                2 => Rotation::Half,
                _ => Rotation::ThreeQuarters,
            },
        })
    }

    /// Adds it to a packet.
    pub fn push(self, id: u8, elements: &mut ElementSet) -> bool {
        let camera = if self.back_camera { 8 } else { 0 };
        let flip = if self.flipped { 4 } else { 0 };
        elements.push(id, &[camera | flip | self.rotation as u8])
    }
}

/// How long to wait before a frame is shown: both 0 asks for as soon as possible.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlayoutDelay {
    /// At least.
    pub min: Duration,
    /// At most.
    pub max: Duration,
}

/// The unit of a playout delay, and the most of them.
const DELAY_UNIT_MS: u64 = 10;
const DELAY_MAX: u64 = 0xfff;

impl PlayoutDelay {
    fn read(value: &[u8]) -> Option<Self> {
        let both = u24(value)?;
        let duration = |units: u32| Duration::from_millis(u64::from(units) * DELAY_UNIT_MS);
        let (min, max) = (duration(both >> 12), duration(both & 0xfff));
        (min <= max).then_some(Self { min, max })
    }

    /// Adds it to a packet, in units of 10 ms, up to 40 s.
    pub fn push(self, id: u8, elements: &mut ElementSet) -> bool {
        let units = |duration: Duration| {
            let units = duration.as_millis() / u128::from(DELAY_UNIT_MS);
            u64::try_from(units).map_or(DELAY_MAX, |units| units.min(DELAY_MAX)) as u32
        };
        push_u24(units(self.min) << 12 | units(self.max), id, elements)
    }
}

/// When the first sample of a packet was captured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AbsCaptureTime {
    /// By the clock of whoever captured it.
    pub captured: NtpTime,
    /// How far the clock of whoever captured it is ahead of the sender's, in units of 2^-32 s, if
    /// the sender forwards what another one captured.
    pub clock_offset: Option<i64>,
}

impl AbsCaptureTime {
    fn read(value: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(value);
        Some(Self {
            captured: NtpTime::new(reader.u64()?),
            clock_offset: reader.u64().map(|bits| bits as i64),
        })
    }

    /// Adds it to a packet.
    pub fn push(self, id: u8, elements: &mut ElementSet) -> bool {
        elements.push_with(id, |out| {
            out.extend_from_slice(&self.captured.get().to_be_bytes());
            if let Some(offset) = self.clock_offset {
                out.extend_from_slice(&offset.to_be_bytes());
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::rtp::{ExtensionBlock, Form, Header};

    fn map() -> ExtensionMap {
        let mut map = ExtensionMap::new();
        for (kind, id) in HeaderExtension::ALL.into_iter().zip(1..) {
            map.set(kind, id).expect("a number of its own");
        }
        map
    }

    fn read<R>(kind: HeaderExtension, value: &[u8], pick: impl FnOnce(Extensions<'_>) -> R) -> R {
        let id = map().id(kind).expect("all are in the map");
        let mut data = vec![id, value.len() as u8];
        data.extend_from_slice(value);
        let block = ExtensionBlock {
            profile: 0x1000,
            data: &data,
        };
        pick(Extensions::read(block.elements(), &map()))
    }

    /// The value that a push writes.
    fn pushed(push: impl FnOnce(&mut ElementSet) -> bool) -> Vec<u8> {
        let mut elements = ElementSet::new();
        assert!(push(&mut elements));
        let mut out = Vec::new();
        elements.write(&mut out, Form::TwoByte);
        let length = usize::from(out[5]);
        out[6..6 + length].to_vec()
    }

    #[test]
    fn names_are_read_as_text() {
        let kind = HeaderExtension::Mid;
        assert!(read(kind, b"audio", |e| e.mid == Some("audio")));
        assert!(read(kind, b"", |e| e.mid.is_none()));
        assert!(read(kind, &[0xff], |e| e.mid.is_none()));
        assert!(read(HeaderExtension::RtpStreamId, b"hi", |e| e.rid == Some("hi")));
        assert!(read(HeaderExtension::RepairedRtpStreamId, b"hi", |e| {
            e.repaired_rid == Some("hi") && e.rid.is_none()
        }));
    }

    #[test]
    fn a_transport_wide_number_is_big_endian() {
        let kind = HeaderExtension::TransportSequence;
        let number = read(kind, &[0x12, 0x34], |e| e.transport_cc);
        assert_eq!(number, Some(SeqNo::new(0x1234)));
        assert_eq!(read(kind, &[1], |e| e.transport_cc), None);
    }

    #[test]
    fn abs_send_time_has_eighteen_bits_behind_the_point_and_wraps_after_64_s() {
        let half = AbsSendTime::at(Time::from_millis(500));
        assert_eq!(pushed(|set| half.push(1, set)), [0x02, 0, 0]);
        assert_eq!(AbsSendTime::at(Time::from_millis(64_500)), half);
        let kind = HeaderExtension::AbsoluteSendTime;
        assert_eq!(read(kind, &[0x02, 0, 0], |e| e.abs_send_time), Some(half));
        let before = AbsSendTime::at(Time::from_millis(63_750));
        assert_eq!(half.units_since(before), 3 << 16);
        assert_eq!(before.units_since(half), -(3 << 16));
    }

    #[test]
    fn a_transmission_offset_has_a_sign() {
        let kind = HeaderExtension::TransmissionOffset;
        let offset = read(kind, &[0xff, 0xff, 0xfe], |e| e.transmission_offset);
        assert_eq!(offset.map(TransmissionOffset::get), Some(-2));
        let back = TransmissionOffset::new(-2);
        assert_eq!(pushed(|set| back.push(1, set)), [0xff, 0xff, 0xfe]);
        assert_eq!(TransmissionOffset::new(0x0080_0000).get(), -0x0080_0000);
    }

    #[test]
    fn audio_levels_count_down_from_the_loudest() {
        let level = AudioLevel {
            is_voice: true,
            below_overload: 42,
        };
        let kind = HeaderExtension::AudioLevel;
        assert_eq!(read(kind, &[0xaa], |e| e.audio_level), Some(level));
        assert_eq!(pushed(|set| level.push(1, set)), [0xaa]);
        let quiet = AudioLevel {
            is_voice: false,
            below_overload: 200,
        };
        assert_eq!(pushed(|set| quiet.push(1, set)), [127]);
    }

    #[test]
    fn each_source_has_its_level_and_surplus_ones_are_nobodys() {
        let packet = [
            0x82, 96, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 7, 0, 0, 0, 8,
        ];
        let sources = Header::parse(&packet).expect("a header").csrcs();
        let value = pushed(|set| CsrcLevels::push(&[5, 0xff, 9], 1, set));
        assert_eq!(value, [5, 0x7f, 9]);
        let found: Vec<_> = CsrcLevels(&value).of(sources).collect();
        assert_eq!(found, [(Ssrc::new(7), 5), (Ssrc::new(8), 127)]);
    }

    #[test]
    fn orientation_has_camera_mirror_and_quarters() {
        let kind = HeaderExtension::VideoOrientation;
        let found = read(kind, &[0x0d], |e| e.orientation).expect("an orientation");
        assert!(found.back_camera && found.flipped);
        assert_eq!(found.rotation, Rotation::Quarter);
        for (bits, rotation) in [
            (0, Rotation::None),
            (1, Rotation::Quarter),
            (2, Rotation::Half),
            (3, Rotation::ThreeQuarters),
        ] {
            let turned = VideoOrientation {
                rotation,
                ..VideoOrientation::default()
            };
            assert_eq!(pushed(|set| turned.push(1, set)), [bits]);
            assert_eq!(read(kind, &[bits], |e| e.orientation), Some(turned));
        }
    }

    #[test]
    fn playout_delays_are_twelve_bits_of_ten_milliseconds() {
        let delay = PlayoutDelay {
            min: Duration::from_millis(0x123 * 10),
            max: Duration::from_millis(0x456 * 10),
        };
        let kind = HeaderExtension::PlayoutDelay;
        assert_eq!(pushed(|set| delay.push(1, set)), [0x12, 0x34, 0x56]);
        let found = read(kind, &[0x12, 0x34, 0x56], |e| e.playout_delay);
        assert_eq!(found, Some(delay));
        // More at least than at most makes no sense.
        assert_eq!(read(kind, &[0x45, 0x61, 0x23], |e| e.playout_delay), None);
        let long = PlayoutDelay {
            min: Duration::ZERO,
            max: Duration::from_secs(100),
        };
        assert_eq!(pushed(|set| long.push(1, set)), [0, 0x0f, 0xff]);
    }

    #[test]
    fn a_capture_time_may_have_an_offset_with_a_sign() {
        let kind = HeaderExtension::AbsoluteCaptureTime;
        let mut value = vec![1, 2, 3, 4, 5, 6, 7, 8];
        let mut capture = AbsCaptureTime {
            captured: NtpTime::new(0x0102_0304_0506_0708),
            clock_offset: None,
        };
        assert_eq!(read(kind, &value, |e| e.capture), Some(capture));
        assert_eq!(pushed(|set| capture.push(1, set)), value);
        value.extend_from_slice(&[0xff; 8]);
        capture.clock_offset = Some(-1);
        assert_eq!(read(kind, &value, |e| e.capture), Some(capture));
        assert_eq!(pushed(|set| capture.push(1, set)), value);
        assert_eq!(read(kind, &value[..7], |e| e.capture), None);
    }

    #[test]
    fn numbers_without_a_meaning_are_passed_over() {
        let block = ExtensionBlock {
            profile: 0xBEDE,
            data: &[0xe0, 9, 0x10, b'a'],
        };
        assert_eq!(Extensions::read(block.elements(), &map()).mid, Some("a"));
    }
}
