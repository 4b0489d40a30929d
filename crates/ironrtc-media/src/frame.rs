//! What goes into files and comes out of them.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use ironrtc_core::peer::TrackFrame;
use ironrtc_core::rtp::Codec;
use ironrtc_core::wire::payload::Format;

/// An encoded frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// How it is encoded.
    pub format: Format,
    /// The bytes, as encoders give them and `Format::join` does; H.264 has start codes.
    pub data: Bytes,
    /// When it is shown or heard, after a beginning that all tracks share.
    pub time: Duration,
    /// True if a decoder can start with it.
    pub key: bool,
}

impl Frame {
    /// The time in ticks of the format's RTP clock.
    pub const fn ticks(&self) -> u64 {
        to_ticks(self.time, self.format.clock_rate())
    }

    /// The frame as a track sends it; the codec is the one of this format that was agreed on with the
    /// peer (`RtpSender::get_parameters` of the crate `ironrtc`).
    pub fn to_track(&self, codec: &Arc<Codec>) -> TrackFrame {
        // Timestamps wrap.
        TrackFrame::new(Arc::clone(codec), self.ticks() as u32, self.data.clone())
    }
}

/// Rounded, so that ticks which became a time come back.
pub(crate) const fn to_ticks(time: Duration, rate: u32) -> u64 {
    let nanos = time.subsec_nanos() as u64 * rate as u64;
    time.as_secs()
        .saturating_mul(rate as u64)
        .saturating_add((nanos + 500_000_000) / 1_000_000_000)
}

/// The time of ticks of a clock with this rate.
pub(crate) fn to_time(ticks: u64, rate: u32) -> Duration {
    let rate = u64::from(rate.max(1));
    // Less than a second, so it fits.
    Duration::new(ticks / rate, (ticks % rate * 1_000_000_000 / rate) as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_survive_being_a_time() {
        for rate in [8_000, 48_000, 90_000] {
            for ticks in (0..200_000).chain(u64::from(u32::MAX) * 9..u64::from(u32::MAX) * 9 + 99) {
                assert_eq!(to_ticks(to_time(ticks, rate), rate), ticks);
            }
        }
    }
}
