//! Requests for key frames: picture loss (RFC 4585 section 6.3.1) and full intra request (RFC 5104
//! section 4.3.1).

use crate::ids::Ssrc;
use crate::wire::Reader;

use super::compound::{FORMAT_FIR, FORMAT_PLI, PAYLOAD_FEEDBACK, write_packet};

/// A receiver has lost pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PictureLoss {
    /// Who.
    pub sender: Ssrc,
    /// Of which stream.
    pub media: Ssrc,
}

impl PictureLoss {
    pub(super) fn read(body: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(body);
        Some(Self {
            sender: Ssrc::new(reader.u32()?),
            media: Ssrc::new(reader.u32()?),
        })
    }
}

/// Appends a picture loss.
pub fn write_pli(out: &mut Vec<u8>, sender: Ssrc, media: Ssrc) {
    write_packet(out, FORMAT_PLI, PAYLOAD_FEEDBACK, |out| {
        out.extend_from_slice(&sender.get().to_be_bytes());
        out.extend_from_slice(&media.get().to_be_bytes());
    });
}

/// Somebody needs key frames, of one stream or of several.
#[derive(Clone, Copy, Debug)]
pub struct FullIntraRequest<'a> {
    /// Who.
    pub sender: Ssrc,
    /// Of which streams. The media source of the feedback's head is not used (RFC 5104 section
    /// 4.3.1.2).
    pub requests: FirRequests<'a>,
}

/// Walks over requests: the stream, and the number that a repetition of the same request repeats.
#[derive(Clone, Copy, Debug)]
pub struct FirRequests<'a>(&'a [u8]);

impl Iterator for FirRequests<'_> {
    type Item = (Ssrc, u8);

    fn next(&mut self) -> Option<(Ssrc, u8)> {
        let mut reader = Reader::new(self.0);
        let ssrc = Ssrc::new(reader.u32()?);
        let [number, _reserved @ ..] = reader.array::<4>()?;
        self.0 = reader.rest();
        Some((ssrc, number))
    }
}

impl<'a> FullIntraRequest<'a> {
    pub(super) fn read(body: &'a [u8]) -> Option<Self> {
        let mut reader = Reader::new(body);
        let sender = Ssrc::new(reader.u32()?);
        let _media = reader.u32()?;
        Some(Self {
            sender,
            requests: FirRequests(reader.rest()),
        })
    }
}

/// Appends a full intra request of one stream. A new request has a new number.
pub fn write_fir(out: &mut Vec<u8>, sender: Ssrc, media: Ssrc, number: u8) {
    write_packet(out, FORMAT_FIR, PAYLOAD_FEEDBACK, |out| {
        out.extend_from_slice(&sender.get().to_be_bytes());
        out.extend_from_slice(&[0; 4]);
        out.extend_from_slice(&media.get().to_be_bytes());
        out.extend_from_slice(&[number, 0, 0, 0]);
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::rtcp::{Compound, Packet};

    #[test]
    fn a_picture_loss_is_its_head_alone() {
        let mut out = Vec::new();
        write_pli(&mut out, Ssrc::new(1), Ssrc::new(2));
        assert_eq!(out, [0x81, 206, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2]);
        let Some(Packet::PictureLoss(pli)) = Compound::parse(&out).and_then(|mut p| p.next())
        else {
            panic!("no PLI");
        };
        assert_eq!((pli.sender, pli.media), (Ssrc::new(1), Ssrc::new(2)));
    }

    #[test]
    fn a_full_intra_request_names_streams_with_a_number_each() {
        let mut out = Vec::new();
        write_fir(&mut out, Ssrc::new(1), Ssrc::new(2), 7);
        let expected = [
            0x84, 206, 0, 4, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2, 7, 0, 0, 0,
        ];
        assert_eq!(out, expected);
        // A second stream, and half of a third one.
        out.extend_from_slice(&[0, 0, 0, 3, 8, 1, 1, 1, 0, 0, 0, 4]);
        out[3] += 3;
        let Some(Packet::FullIntraRequest(fir)) = Compound::parse(&out).and_then(|mut p| p.next())
        else {
            panic!("no FIR");
        };
        let requests: Vec<_> = fir.requests.collect();
        assert_eq!(requests, [(Ssrc::new(2), 7), (Ssrc::new(3), 8)]);
    }
}
