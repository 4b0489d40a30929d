//! The parameters of H.264 that decide whether two sides understand each other (RFC 6184 section 8).

use super::format::Pairs;

/// What can be received of H.264.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct H264Parameters {
    /// The first half of `profile-level-id`.
    pub profile: H264Profile,
    /// The second half: the highest level.
    pub level: H264Level,
    /// `packetization-mode`: 0 single units, 1 also aggregates and fragments.
    pub packetization_mode: u8,
    /// `level-asymmetry-allowed`: each side may send up to the other's level.
    pub level_asymmetry_allowed: bool,
}

/// RFC 6184 section 8.1: what is meant where nothing is said.
impl Default for H264Parameters {
    fn default() -> Self {
        Self {
            profile: H264Profile::Baseline,
            level: H264Level::of(10),
            packetization_mode: 0,
            level_asymmetry_allowed: false,
        }
    }
}

/// A profile (RFC 6184 section 8.1, table 5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum H264Profile {
    /// What is common to baseline and main.
    ConstrainedBaseline,
    /// With arbitrary order of slices.
    Baseline,
    /// With interlaced pictures and bidirectional prediction.
    Main,
    /// High without interlaced and bidirectional pictures.
    ConstrainedHigh,
    /// With larger transforms.
    High,
    /// 4:4:4.
    PredictiveHigh444,
    /// Another: `profile_idc` and `profile-iop`.
    Other(u8, u8),
}

/// A level, in the order of what it asks of a decoder: ten times its number, doubled, and 1b
/// between 1.0 and 1.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct H264Level(u16);

impl H264Level {
    /// Level 1b.
    pub const L1B: Self = Self(21);

    /// The level of ten times its number: 31 for 3.1.
    pub const fn of(tenfold: u8) -> Self {
        Self(tenfold as u16 * 2)
    }
}

impl H264Profile {
    /// RFC 6184 section 8.1, table 5: a mask and a value for the bits of `profile-iop`.
    const TABLE: [(u8, u8, u8, Self); 9] = [
        (0x42, 0x4F, 0x40, Self::ConstrainedBaseline),
        (0x4D, 0x8F, 0x80, Self::ConstrainedBaseline),
        (0x58, 0xCF, 0xC0, Self::ConstrainedBaseline),
        (0x42, 0x4F, 0x00, Self::Baseline),
        (0x58, 0xCF, 0x80, Self::Baseline),
        (0x4D, 0xAF, 0x00, Self::Main),
        (0x64, 0xFF, 0x00, Self::High),
        (0x64, 0xFF, 0x0C, Self::ConstrainedHigh),
        (0xF4, 0xFF, 0x00, Self::PredictiveHigh444),
    ];

    fn of(idc: u8, iop: u8) -> Self {
        let found = Self::TABLE
            .iter()
            .find(|(known, mask, value, _)| *known == idc && iop & mask == *value);
        found.map_or(Self::Other(idc, iop), |(_, _, _, profile)| *profile)
    }

    const fn bytes(self) -> (u8, u8) {
        match self {
            Self::ConstrainedBaseline => (0x42, 0xE0),
            Self::Baseline => (0x42, 0x00),
            Self::Main => (0x4D, 0x00),
            Self::ConstrainedHigh => (0x64, 0x0C),
            Self::High => (0x64, 0x00),
            Self::PredictiveHigh444 => (0xF4, 0x00),
            Self::Other(idc, iop) => (idc, iop),
        }
    }

    /// Whoever decodes this profile decodes streams of the other too.
    pub fn includes(self, other: Self) -> bool {
        self == other
            || matches!(
                (self, other),
                (
                    Self::Baseline | Self::Main | Self::ConstrainedHigh | Self::High,
                    Self::ConstrainedBaseline
                ) | (Self::High, Self::ConstrainedHigh | Self::Main)
            )
    }
}

impl H264Parameters {
    pub(super) fn read(pairs: &mut Pairs<'_>) -> Self {
        let default = Self::default();
        let id = pairs.take_text("profile-level-id").and_then(profile_level);
        let (profile, level) = id.unwrap_or((default.profile, default.level));
        Self {
            profile,
            level,
            packetization_mode: pairs.take("packetization-mode").unwrap_or(0),
            level_asymmetry_allowed: pairs.take_flag("level-asymmetry-allowed"),
        }
    }

    pub(super) fn said(&self) -> [(&'static str, String); 3] {
        [
            (
                "level-asymmetry-allowed",
                u8::from(self.level_asymmetry_allowed).to_string(),
            ),
            ("packetization-mode", self.packetization_mode.to_string()),
            ("profile-level-id", self.profile_level_id()),
        ]
    }

    /// `profile-level-id`.
    pub fn profile_level_id(&self) -> String {
        let (idc, mut iop) = self.profile.bytes();
        let level = if self.level != H264Level::L1B {
            u8::try_from(self.level.0 / 2).unwrap_or(u8::MAX)
        } else if matches!(idc, 0x42 | 0x4D | 0x58) {
            // RFC 6184 section 8.1: level 1b is 1.1 with constraint_set3 in the old profiles.
            iop |= 0x10;
            11
        } else {
            9
        };
        format!("{idc:02x}{iop:02x}{level:02x}")
    }

    /// RFC 6184 section 8.2.2: what we answer to an `offer`, if we can receive this. The profile and
    /// the mode are the offer's; the level is ours where both let the levels differ, else the lower.
    pub fn answer(&self, offer: &Self) -> Option<Self> {
        let fits = self.profile.includes(offer.profile)
            && self.packetization_mode == offer.packetization_mode;
        let asymmetric = self.level_asymmetry_allowed && offer.level_asymmetry_allowed;
        fits.then(|| Self {
            profile: offer.profile,
            level: if asymmetric {
                self.level
            } else {
                self.level.min(offer.level)
            },
            packetization_mode: offer.packetization_mode,
            level_asymmetry_allowed: asymmetric,
        })
    }
}

fn profile_level(text: &str) -> Option<(H264Profile, H264Level)> {
    if text.len() != 6 {
        return None;
    }
    let number = u32::from_str_radix(text, 16).ok()?;
    let [_, idc, iop, level] = number.to_be_bytes();
    let old = matches!(idc, 0x42 | 0x4D | 0x58);
    Some(if old && level == 11 && iop & 0x10 != 0 {
        (H264Profile::of(idc, iop & !0x10), H264Level::L1B)
    } else if !old && level == 9 {
        (H264Profile::of(idc, iop), H264Level::L1B)
    } else {
        (H264Profile::of(idc, iop), H264Level::of(level))
    })
}
