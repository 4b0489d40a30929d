//! Payloads become a frame.

use super::{Format, av1, h264, key, vp8, vp9};

/// A frame that was joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Joined {
    /// Bytes that were appended.
    pub len: usize,
    /// True if a decoder can start with it.
    pub key: bool,
}

/// Why payloads make no frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JoinError {
    /// There are none.
    #[error("there is no payload")]
    Empty,
    /// A payload cannot be read.
    #[error("a payload is malformed")]
    Malformed,
    /// The first is in the middle of a frame.
    #[error("the beginning of the frame is missing")]
    NotBegun,
    /// A frame begins although another has not ended, or after it has.
    #[error("payloads of two frames are mixed")]
    Mixed,
    /// The last is in the middle of a frame.
    #[error("the end of the frame is missing")]
    NotEnded,
    /// The format only goes through as packets.
    #[error("this format is not joined")]
    Unsupported,
}

pub(super) fn join<'a, I>(
    format: Format,
    payloads: I,
    out: &mut Vec<u8>,
) -> Result<Joined, JoinError>
where
    I: Iterator<Item = &'a [u8]> + Clone,
{
    let before = out.len();
    let result = match format {
        Format::Opus | Format::Pcmu | Format::Pcma | Format::G722 => whole(payloads, out),
        Format::Vp8 => vp8::join(payloads, out),
        Format::Vp9 => vp9::join(payloads, out),
        Format::H264 => h264::join(payloads, h264::Framing::StartCodes, out),
        Format::Av1 => av1::join(payloads, out),
        Format::H265 => Err(JoinError::Unsupported),
    };
    match result {
        Ok(()) => {
            let frame = out.get(before..).unwrap_or_default();
            Ok(Joined {
                len: frame.len(),
                key: key::frame_is_key(format, frame),
            })
        }
        Err(error) => {
            out.truncate(before);
            Err(error)
        }
    }
}

/// Audio: one payload is one frame.
fn whole<'a>(
    mut payloads: impl Iterator<Item = &'a [u8]>,
    out: &mut Vec<u8>,
) -> Result<(), JoinError> {
    let payload = payloads.next().ok_or(JoinError::Empty)?;
    if payload.is_empty() {
        return Err(JoinError::Malformed);
    }
    if payloads.next().is_some() {
        return Err(JoinError::Mixed);
    }
    out.extend_from_slice(payload);
    Ok(())
}
