//! Whether two sides mean the same codec, and what one answers to the other.

use super::{Codec, CodecName, Format};

impl Codec {
    /// Both sides mean the same format, whatever else each prefers of it.
    pub fn matches(&self, other: &Self) -> bool {
        self.is_named_like(other)
            && match (&self.parameters.format, &other.parameters.format) {
                // RFC 6184 section 8.2.2: the profile and the mode are the same in both directions.
                (Format::H264(a), Format::H264(b)) => {
                    a.profile == b.profile && a.packetization_mode == b.packetization_mode
                }
                // RFC 7798 section 7.2.2: profile and tier are, the level may be lower.
                (Format::H265(a), Format::H265(b)) => a.profile == b.profile && a.tier == b.tier,
                // RFC 9628 section 7.2: the profile is.
                (Format::Vp9 { profile: a }, Format::Vp9 { profile: b }) => a == b,
                // AV1's RTP specification, section 7.2.3: the profile is; level and tier may differ.
                (Format::Av1(a), Format::Av1(b)) => a.profile == b.profile,
                _ => true,
            }
    }

    /// What we answer to a codec that is offered, if this one of ours can be used with it: the
    /// format is the offer's, and preferences are our own.
    pub fn answer(&self, offer: &Self) -> Option<Self> {
        if !self.is_named_like(offer) {
            return None;
        }
        let format = match (&self.parameters.format, &offer.parameters.format) {
            (Format::H264(ours), Format::H264(theirs)) => Format::H264(ours.answer(theirs)?),
            (Format::H265(ours), Format::H265(theirs)) if self.matches(offer) => {
                let mut answer = *ours;
                answer.level = ours.level.min(theirs.level);
                Format::H265(answer)
            }
            // RFC 2198 section 5 and RFC 4588 section 8.6: these speak of the session's own numbers.
            (Format::Red(_), theirs @ Format::Red(_)) => theirs.clone(),
            (Format::Rtx { .. }, theirs @ Format::Rtx { .. }) => theirs.clone(),
            _ if self.matches(offer) => self.parameters.format.clone(),
            _ => return None,
        };
        let mut answer = self.clone();
        answer.channels = offer.channels;
        answer.parameters.format = format;
        Some(answer)
    }

    /// Among codecs of ours, the answer to one that is offered: of the same format if there is one,
    /// else of one that includes it.
    pub fn best_answer(&self, ours: &[Self]) -> Option<Self> {
        let same = ours.iter().find(|codec| codec.matches(self));
        same.and_then(|codec| codec.answer(self))
            .or_else(|| ours.iter().find_map(|codec| codec.answer(self)))
    }

    fn is_named_like(&self, other: &Self) -> bool {
        self.kind == other.kind
            && self.name == other.name
            && self.clock_rate == other.clock_rate
            // RFC 7587 section 7: Opus says two channels, whatever it carries.
            && (self.channel_count() == other.channel_count() || self.name == CodecName::Opus)
    }
}
