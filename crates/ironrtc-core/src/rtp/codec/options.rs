//! Parameters of the formats of Opus, AV1 and H.265.

use super::format::Pairs;

/// What a receiver of Opus prefers, and a sender promises (RFC 7587 section 6.1).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OpusParameters {
    /// `minptime`: least duration of a packet, in milliseconds.
    pub min_ptime: Option<u32>,
    /// `maxplaybackrate`: highest rate that can be played, in Hertz.
    pub max_playback_rate: Option<u32>,
    /// `sprop-maxcapturerate`: highest rate that is sent, in Hertz.
    pub max_capture_rate: Option<u32>,
    /// `maxaveragebitrate`: in bits a second.
    pub max_average_bitrate: Option<u32>,
    /// `stereo`: two channels are preferred.
    pub stereo: bool,
    /// `sprop-stereo`: two channels are likely sent.
    pub sends_stereo: bool,
    /// `cbr`: a constant rate is preferred.
    pub constant_bitrate: bool,
    /// `useinbandfec`: redundancy inside the packets is made use of.
    pub in_band_fec: bool,
    /// `usedtx`: nothing has to be sent for silence.
    pub discontinuous: bool,
}

impl OpusParameters {
    pub(super) fn read(pairs: &mut Pairs<'_>) -> Self {
        Self {
            min_ptime: pairs.take("minptime"),
            max_playback_rate: pairs.take("maxplaybackrate"),
            max_capture_rate: pairs.take("sprop-maxcapturerate"),
            max_average_bitrate: pairs.take("maxaveragebitrate"),
            stereo: pairs.take_flag("stereo"),
            sends_stereo: pairs.take_flag("sprop-stereo"),
            constant_bitrate: pairs.take_flag("cbr"),
            in_band_fec: pairs.take_flag("useinbandfec"),
            discontinuous: pairs.take_flag("usedtx"),
        }
    }

    pub(super) fn said(&self) -> Vec<(&'static str, u32)> {
        let numbers = [
            ("minptime", self.min_ptime),
            ("maxplaybackrate", self.max_playback_rate),
            ("sprop-maxcapturerate", self.max_capture_rate),
            ("maxaveragebitrate", self.max_average_bitrate),
        ];
        let flags = [
            ("stereo", self.stereo),
            ("sprop-stereo", self.sends_stereo),
            ("cbr", self.constant_bitrate),
            ("useinbandfec", self.in_band_fec),
            ("usedtx", self.discontinuous),
        ];
        let numbers = numbers.into_iter().filter_map(|(k, v)| Some((k, v?)));
        let flags = flags.into_iter().filter(|(_, on)| *on).map(|(k, _)| (k, 1));
        numbers.chain(flags).collect()
    }
}

/// What can be received of AV1 (section 7.2 of its RTP specification).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Av1Parameters {
    /// `profile`: 0 main, 1 high, 2 professional.
    pub profile: u8,
    /// `level-idx`: highest level, 5 (3.1) where it is not said.
    pub level: u8,
    /// `tier`.
    pub tier: u8,
}

impl Default for Av1Parameters {
    fn default() -> Self {
        Self {
            profile: 0,
            level: 5,
            tier: 0,
        }
    }
}

impl Av1Parameters {
    pub(super) fn read(pairs: &mut Pairs<'_>) -> Self {
        let default = Self::default();
        Self {
            profile: pairs.take("profile").unwrap_or(default.profile),
            level: pairs.take("level-idx").unwrap_or(default.level),
            tier: pairs.take("tier").unwrap_or(default.tier),
        }
    }
}

/// What can be received of H.265 (RFC 7798 section 7.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct H265Parameters {
    /// `profile-id`: 1 main, 2 main 10.
    pub profile: u8,
    /// `tier-flag`.
    pub tier: u8,
    /// `level-id`: thirty times the level.
    pub level: u8,
}

impl Default for H265Parameters {
    fn default() -> Self {
        Self {
            profile: 1,
            tier: 0,
            level: 93,
        }
    }
}

impl H265Parameters {
    pub(super) fn read(pairs: &mut Pairs<'_>) -> Self {
        let default = Self::default();
        Self {
            profile: pairs.take("profile-id").unwrap_or(default.profile),
            tier: pairs.take("tier-flag").unwrap_or(default.tier),
            level: pairs.take("level-id").unwrap_or(default.level),
        }
    }
}
