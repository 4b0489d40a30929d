//! The codecs of telephones: G.711 (both laws) and G.722, one channel at one rate each.

use audio_codec::g722::{G722Decoder, G722Encoder};
use audio_codec::pcma::{PcmaDecoder, PcmaEncoder};
use audio_codec::pcmu::{PcmuDecoder, PcmuEncoder};
use audio_codec::{Decoder as _, Encoder as _};

use crate::{AudioDecoder, AudioEncoder, DecodeError, EncodeError, Format};

/// The longest packet that is decoded: half a second of G.711, a whole of nothing else.
const LONGEST: usize = 4_000;

enum Coder {
    Pcmu(PcmuEncoder),
    Pcma(PcmaEncoder),
    G722(Box<G722Encoder>),
}

pub(super) struct Encoder(Coder);

impl Encoder {
    /// None if the format is another.
    pub(super) fn new(format: Format) -> Option<Self> {
        Some(Self(match format {
            Format::Pcmu => Coder::Pcmu(PcmuEncoder::new()),
            Format::Pcma => Coder::Pcma(PcmaEncoder::new()),
            Format::G722 => Coder::G722(Box::new(G722Encoder::new())),
            _ => return None,
        }))
    }
}

impl std::fmt::Debug for Encoder {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "encoder of {}", self.format().name())
    }
}

impl AudioEncoder for Encoder {
    fn format(&self) -> Format {
        match self.0 {
            Coder::Pcmu(_) => Format::Pcmu,
            Coder::Pcma(_) => Format::Pcma,
            Coder::G722(_) => Format::G722,
        }
    }

    fn rate(&self) -> u32 {
        rate(self.format())
    }

    fn channels(&self) -> u8 {
        1
    }

    fn encode(&mut self, samples: &[i16], out: &mut Vec<u8>) -> Result<bool, EncodeError> {
        let start = out.len();
        let room = match &self.0 {
            Coder::Pcmu(coder) => coder.max_encode_bytes(samples.len()),
            Coder::Pcma(coder) => coder.max_encode_bytes(samples.len()),
            Coder::G722(coder) => coder.max_encode_bytes(samples.len()),
        };
        out.resize(start + room, 0);
        let packet = &mut out[start..];
        let length = match &mut self.0 {
            Coder::Pcmu(coder) => coder.encode_into(samples, packet),
            Coder::Pcma(coder) => coder.encode_into(samples, packet),
            Coder::G722(coder) => coder.encode_into(samples, packet),
        };
        out.truncate(start + length.as_ref().copied().unwrap_or(0));
        length
            .map(|_| true)
            .map_err(|_| EncodeError::Unfit("the codec refuses the samples"))
    }

    fn set_bitrate(&mut self, _bitrate: u32) {}

    fn set_expected_loss(&mut self, _percent: u8) {}
}

enum Reader {
    Pcmu(PcmuDecoder),
    Pcma(PcmaDecoder),
    G722(Box<G722Decoder>),
}

pub(super) struct Decoder(Reader);

impl Decoder {
    /// None if the format is another.
    pub(super) fn new(format: Format) -> Option<Self> {
        Some(Self(match format {
            Format::Pcmu => Reader::Pcmu(PcmuDecoder::new()),
            Format::Pcma => Reader::Pcma(PcmaDecoder::new()),
            Format::G722 => Reader::G722(Box::new(G722Decoder::new())),
            _ => return None,
        }))
    }
}

impl std::fmt::Debug for Decoder {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "decoder of {}", self.format().name())
    }
}

impl AudioDecoder for Decoder {
    fn format(&self) -> Format {
        match self.0 {
            Reader::Pcmu(_) => Format::Pcmu,
            Reader::Pcma(_) => Format::Pcma,
            Reader::G722(_) => Format::G722,
        }
    }

    fn rate(&self) -> u32 {
        rate(self.format())
    }

    fn channels(&self) -> u8 {
        1
    }

    fn decode(&mut self, packet: &[u8], out: &mut Vec<i16>) -> Result<usize, DecodeError> {
        if packet.is_empty() || packet.len() > LONGEST {
            return Err(DecodeError::Malformed("its length is no packet's".into()));
        }
        let start = out.len();
        // G.722 has two samples in a byte.
        out.resize(start + 2 * packet.len(), 0);
        let samples = &mut out[start..];
        let length = match &mut self.0 {
            Reader::Pcmu(reader) => reader.decode_into(packet, samples),
            Reader::Pcma(reader) => reader.decode_into(packet, samples),
            Reader::G722(reader) => reader.decode_into(packet, samples),
        };
        out.truncate(start + length.as_ref().copied().unwrap_or(0));
        length.map_err(|_| DecodeError::Malformed("the codec refuses it".into()))
    }

    fn conceal(&mut self, _moments: usize, _out: &mut Vec<i16>) -> bool {
        false
    }

    fn recover(&mut self, _following: &[u8], _moments: usize, _out: &mut Vec<i16>) -> bool {
        false
    }
}

/// RFC 3551 section 4.5.2: G.722 has 16 kHz, whatever its clock of RTP says.
const fn rate(format: Format) -> u32 {
    match format {
        Format::G722 => 16_000,
        _ => 8_000,
    }
}
