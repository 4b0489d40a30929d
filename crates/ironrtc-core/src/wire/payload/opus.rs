//! Opus (RFC 7587): a payload is a packet of the codec (RFC 6716 section 3).

/// Longest packet: 120 ms at 48 kHz (RFC 6716 section 3.4, R5).
const LONGEST: u32 = 5_760;

/// What the first byte of a packet, the TOC, says (RFC 6716 section 3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Toc {
    /// Samples of one frame at 48 kHz, which are ticks of the RTP clock.
    pub frame: u32,
    /// True if the two channels are coded.
    pub stereo: bool,
    /// Which coding.
    pub mode: Mode,
}

/// The coding of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// For speech.
    Silk,
    /// Both.
    Hybrid,
    /// For music.
    Celt,
}

impl Toc {
    /// Reads the first byte.
    pub fn parse(payload: &[u8]) -> Option<Self> {
        let toc = *payload.first()?;
        // RFC 6716 table 2.
        let (mode, frame) = match toc >> 3 {
            config @ 0..=11 => {
                let frame = match config % 4 {
                    0 => 480,
                    1 => 960,
                    2 => 1_920,
                    _ => 2_880,
                };
                (Mode::Silk, frame)
            }
            config @ 12..=15 => (Mode::Hybrid, if config % 2 == 0 { 480 } else { 960 }),
            config => (Mode::Celt, 120 << (config % 4)),
        };
        Some(Self {
            frame,
            stereo: toc & 4 != 0,
            mode,
        })
    }
}

/// Ticks of 48 kHz that a packet lasts; none if it is malformed.
pub fn duration(payload: &[u8]) -> Option<u32> {
    let toc = Toc::parse(payload)?;
    // RFC 6716 section 3.2: how many frames.
    let frames = match payload.first()? & 3 {
        0 => 1,
        1 | 2 => 2,
        _ => u32::from(payload.get(1)? & 0x3F),
    };
    let duration = toc.frame * frames;
    (frames > 0 && duration <= LONGEST).then_some(duration)
}

/// True for a packet of discontinuous transmission: frames without data (RFC 6716 section 3.2.1,
/// RFC 7587 section 3.1.3). It says that there is silence, and refreshes comfort noise.
pub fn is_silence(payload: &[u8]) -> bool {
    // Encoders send one byte, or two with a count or with one byte of a frame.
    matches!(payload.len(), 1 | 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_those_of_the_table() {
        let milliseconds = |toc: u8| duration(&[toc << 3, 0, 0]).map(|ticks| ticks / 48);
        let silk = [10, 20, 40, 60];
        let celt = [2, 5, 10, 20];
        for config in 0..12 {
            assert_eq!(milliseconds(config), Some(silk[usize::from(config) % 4]));
        }
        for config in 12..16 {
            assert_eq!(milliseconds(config), Some(silk[usize::from(config) % 2]));
        }
        for config in 16..32 {
            let tenths = duration(&[config << 3]).expect("well formed") * 10 / 48;
            assert_eq!(tenths / 10, celt[usize::from(config) % 4]);
        }
    }

    #[test]
    fn several_frames_count_and_more_than_120_ms_are_malformed() {
        // 20 ms of CELT, full band: configuration 31.
        assert_eq!(duration(&[31 << 3 | 1]), Some(1_920));
        assert_eq!(duration(&[31 << 3 | 2]), Some(1_920));
        assert_eq!(duration(&[31 << 3 | 3, 6]), Some(5_760));
        assert_eq!(duration(&[31 << 3 | 3, 7]), None);
        assert_eq!(duration(&[31 << 3 | 3, 0]), None);
        assert_eq!(duration(&[31 << 3 | 3]), None);
        assert_eq!(duration(&[]), None);
    }

    #[test]
    fn silence_and_channels_are_seen() {
        assert!(is_silence(&[0x78]));
        assert!(is_silence(&[0x0B, 0x01]));
        assert!(!is_silence(&[0x78, 1, 2]));
        assert!(!is_silence(&[]));
        let toc = Toc::parse(&[0xFC]).expect("a TOC");
        assert_eq!((toc.stereo, toc.mode, toc.frame), (true, Mode::Celt, 960));
        assert_eq!(Toc::parse(&[0x60]).map(|toc| toc.mode), Some(Mode::Hybrid));
    }
}
