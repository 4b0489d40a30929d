//! What an encoder and a decoder are.

use std::time::Duration;

use bytes::Bytes;

use crate::{DecodeError, EncodeError, Format, VideoFrame};

/// How much an encoder of video may produce.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate {
    /// Bits a second.
    pub bitrate: u32,
    /// Pictures a second, of which the encoder makes how large each may be.
    pub frame_rate: f32,
}

/// A picture as it goes over the network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EncodedFrame {
    /// As `ironrtc` cuts it into packets; H.264 has start codes.
    pub data: Bytes,
    /// True if a decoder can start with it.
    pub key: bool,
    /// The picture's.
    pub time: Duration,
}

/// Makes frames of pictures.
pub trait VideoEncoder: Send + std::fmt::Debug {
    /// What it makes.
    fn format(&self) -> Format;

    /// Encodes a picture; none if it was left out to hold the rate. The first one, one of another
    /// size than before, and one that was asked for are key frames, and no others.
    fn encode(&mut self, picture: &VideoFrame) -> Result<Option<EncodedFrame>, EncodeError>;

    /// Another rate from the next picture on; it costs no key frame.
    fn set_rate(&mut self, rate: Rate);

    /// The next picture becomes a key frame.
    fn request_key_frame(&mut self);
}

/// Makes pictures of frames.
pub trait VideoDecoder: Send + std::fmt::Debug {
    /// What it takes.
    fn format(&self) -> Format;

    /// Decodes a frame that was received whole and whose predecessors were; none if it shows
    /// nothing. After an error the decoder waits for a key frame.
    fn decode(&mut self, frame: &[u8], time: Duration) -> Result<Option<VideoFrame>, DecodeError>;

    /// True if a key frame is to be asked for: at the beginning, and after an error.
    fn needs_key_frame(&self) -> bool;

    /// Says that frames were lost, which the decoder cannot know: it waits for a key frame.
    fn lose(&mut self);
}

/// Makes packets of sound.
pub trait AudioEncoder: Send + std::fmt::Debug {
    /// What it makes.
    fn format(&self) -> Format;

    /// Of the samples that it takes.
    fn rate(&self) -> u32;

    /// Of the samples that it takes.
    fn channels(&self) -> u8;

    /// Encodes samples, the channels of each moment together, and appends the packet to `out`. Opus
    /// takes 2.5, 5, 10, 20, 40 or 60 ms at once. False if the packet says nothing but that silence
    /// goes on (DTX), so that it need not be sent.
    fn encode(&mut self, samples: &[i16], out: &mut Vec<u8>) -> Result<bool, EncodeError>;

    /// Bits a second from the next packet on; codecs with one rate keep to it.
    fn set_bitrate(&mut self, bitrate: u32);

    /// How many packets are lost, in percent: how much redundancy is worth it.
    fn set_expected_loss(&mut self, percent: u8);
}

/// Makes sound of packets.
pub trait AudioDecoder: Send + std::fmt::Debug {
    /// What it takes.
    fn format(&self) -> Format;

    /// Of the samples that it gives.
    fn rate(&self) -> u32;

    /// Of the samples that it gives.
    fn channels(&self) -> u8;

    /// Decodes a packet, appends its samples to `out` and gives the number of moments.
    fn decode(&mut self, packet: &[u8], out: &mut Vec<i16>) -> Result<usize, DecodeError>;

    /// Appends `moments` in the place of a packet that was lost. False, and nothing is appended, if
    /// the codec has no means of its own.
    fn conceal(&mut self, moments: usize, out: &mut Vec<i16>) -> bool;

    /// Appends `moments` in the place of a lost packet, from what the packet after it repeats of it
    /// (in-band FEC), which is then to be decoded as usual. False, and nothing is appended, if the
    /// packet repeats nothing.
    fn recover(&mut self, following: &[u8], moments: usize, out: &mut Vec<i16>) -> bool;
}
