//! Opus (RFC 6716): encoded by libopus 1.3.1 in Rust, decoded by opus-rs, whose decoder conceals
//! losses as libopus 1.6 does.

use ironrtc_core::wire::payload::opus::{self, Mode, Toc};
use ironrtc_libs::opus as lib;
use opus_rs::OpusDecoder;

use crate::{AudioDecoder, AudioEncoder, AudioSettings, DecodeError, EncodeError, Format};

/// RFC 7587 section 4.1: the clock of RTP, whatever was encoded.
const RATE: u32 = 48_000;
/// The longest packet, 120 ms (RFC 6716 section 3.4).
const LONGEST: usize = 5_760;
/// What libopus may be given for one packet of one frame of 60 ms: three of 1,275 bytes, and a head.
const ROOM: usize = 4_000;
/// Concealment is made of pieces of 2.5 ms.
const PIECE: usize = 120;

#[derive(Debug)]
pub(super) struct Encoder {
    encoder: lib::Encoder,
    channels: u8,
    packet: Vec<u8>,
}

impl Encoder {
    pub(super) fn new(settings: &AudioSettings) -> Result<Self, ironrtc_libs::Error> {
        let channels = settings.channels;
        let mut encoder = lib::Encoder::new(RATE, channels, settings.application)?;
        let bitrate = settings
            .bitrate
            .unwrap_or_else(|| 32_000 * u32::from(channels));
        encoder.set_bitrate(bitrate)?;
        encoder.set_complexity(settings.complexity)?;
        encoder.set_fec(settings.fec)?;
        encoder.set_loss(settings.expected_loss)?;
        encoder.set_dtx(settings.dtx)?;
        encoder.set_constant(settings.constant)?;
        Ok(Self {
            encoder,
            channels,
            packet: vec![0; ROOM],
        })
    }
}

impl AudioEncoder for Encoder {
    fn format(&self) -> Format {
        Format::Opus
    }

    fn rate(&self) -> u32 {
        RATE
    }

    fn channels(&self) -> u8 {
        self.channels
    }

    fn encode(&mut self, samples: &[i16], out: &mut Vec<u8>) -> Result<bool, EncodeError> {
        let length = self.encoder.encode(samples, &mut self.packet)?;
        let packet = self.packet.get(..length).unwrap_or_default();
        out.extend_from_slice(packet);
        Ok(!opus::is_silence(packet))
    }

    fn set_bitrate(&mut self, bitrate: u32) {
        // Any number is brought into the range that is taken.
        let set = self.encoder.set_bitrate(bitrate);
        debug_assert!(set.is_ok());
    }

    fn set_expected_loss(&mut self, percent: u8) {
        let set = self.encoder.set_loss(percent);
        debug_assert!(set.is_ok());
    }
}

pub(super) struct Decoder {
    decoder: OpusDecoder,
    channels: u8,
    samples: Vec<f32>,
}

impl std::fmt::Debug for Decoder {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "decoder of Opus, {} channels", self.channels)
    }
}

impl Decoder {
    pub(super) fn new(channels: u8) -> Result<Self, &'static str> {
        Ok(Self {
            decoder: OpusDecoder::new(RATE as i32, channels.into())?,
            channels,
            samples: vec![0.0; LONGEST * usize::from(channels)],
        })
    }

    /// Appends what was decoded, if anything was.
    fn give(&self, moments: usize, out: &mut Vec<i16>) {
        let samples = self
            .samples
            .iter()
            .take(moments * usize::from(self.channels));
        out.extend(samples.map(|sample| (sample * 32_768.0).round() as i16));
    }

    /// As long as can be concealed at once.
    fn pieces(moments: usize) -> usize {
        (moments.min(LONGEST) / PIECE).max(1) * PIECE
    }
}

impl AudioDecoder for Decoder {
    fn format(&self) -> Format {
        Format::Opus
    }

    fn rate(&self) -> u32 {
        RATE
    }

    fn channels(&self) -> u8 {
        self.channels
    }

    fn decode(&mut self, packet: &[u8], out: &mut Vec<i16>) -> Result<usize, DecodeError> {
        let malformed = |text: &str| DecodeError::Malformed(text.to_owned());
        let moments = opus::duration(packet).ok_or_else(|| malformed("it is no packet of Opus"))?;
        let moments = self
            .decoder
            .decode(packet, moments as usize, &mut self.samples)
            .map_err(malformed)?;
        self.give(moments, out);
        Ok(moments)
    }

    fn conceal(&mut self, moments: usize, out: &mut Vec<i16>) -> bool {
        let mut missing = moments;
        while missing > 0 {
            let piece = Self::pieces(missing);
            let Ok(made) = self.decoder.decode(&[], piece, &mut self.samples) else {
                // Only before the first packet, when there is nothing to go on with.
                out.resize(out.len() + missing * usize::from(self.channels), 0);
                return true;
            };
            let used = made.min(missing);
            self.give(used, out);
            missing -= used;
            if used == 0 {
                break;
            }
        }
        true
    }

    fn recover(&mut self, following: &[u8], moments: usize, out: &mut Vec<i16>) -> bool {
        if !repeats(following) {
            return false;
        }
        let length = Self::pieces(moments);
        match self
            .decoder
            .decode_fec(following, length, &mut self.samples)
        {
            Ok(made) => {
                self.give(made.min(moments), out);
                true
            }
            Err(_) => false,
        }
    }
}

/// True if the first frame of a packet holds its predecessor once more: the flags of low bit-rate
/// redundancy behind those of voice activity, which are the first bits of SILK's part (RFC 6716
/// section 4.2.3).
fn repeats(packet: &[u8]) -> bool {
    let Some(toc) = Toc::parse(packet).filter(|toc| toc.mode != Mode::Celt) else {
        return false;
    };
    let Some(flags) = first_frame(packet).and_then(|start| packet.get(start)) else {
        return false;
    };
    // One of voice activity for each 20 ms, then one of redundancy; then the same of the side channel.
    let frames = (toc.frame / 960).max(1);
    let flag = |skipped: u32| flags << skipped & 0x80 != 0;
    flag(frames) || toc.stereo && flag(2 * frames + 1)
}

/// Where the first frame begins (RFC 6716 section 3.2).
fn first_frame(packet: &[u8]) -> Option<usize> {
    // Section 3.2.1: a length of 252 or more takes a second byte.
    let after = |at: usize| Some(at + if *packet.get(at)? >= 252 { 2 } else { 1 });
    match packet.first()? & 3 {
        0 | 1 => Some(1),
        2 => after(1),
        _ => {
            let head = *packet.get(1)?;
            let mut at = 2;
            if head & 0x40 != 0 {
                // Section 3.2.5: 255 says that the padding's length goes on.
                while *packet.get(at)? == 255 {
                    at += 1;
                }
                at += 1;
            }
            if head & 0x80 != 0 {
                for _ in 1..head & 0x3F {
                    at = after(at)?;
                }
            }
            Some(at)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redundancy_is_seen_by_its_flag() {
        // SILK, wideband, 20 ms: the flag is the second bit.
        let toc = 9 << 3;
        assert!(repeats(&[toc, 0x40, 0]));
        assert!(!repeats(&[toc, 0x80, 0]));
        // 60 ms: behind three flags of activity.
        assert!(repeats(&[11 << 3, 0x10, 0]));
        assert!(!repeats(&[11 << 3, 0xE0, 0]));
        // Stereo: the side channel's.
        assert!(repeats(&[toc | 4, 0x10, 0]));
        // CELT has none.
        assert!(!repeats(&[31 << 3, 0xFF, 0]));
        assert!(!repeats(&[]));
        assert!(!repeats(&[toc]));
    }

    #[test]
    fn the_first_frame_is_behind_all_lengths() {
        assert_eq!(first_frame(&[0, 1]), Some(1));
        assert_eq!(first_frame(&[2, 10, 1]), Some(2));
        assert_eq!(first_frame(&[2, 252, 1, 1]), Some(3));
        // Three frames of variable length with 256 bytes of padding.
        assert_eq!(first_frame(&[3, 0xC3, 255, 2, 10, 252, 1]), Some(7));
        assert_eq!(first_frame(&[3, 0xC3, 255, 255]), None);
        assert_eq!(first_frame(&[3]), None);
    }
}
