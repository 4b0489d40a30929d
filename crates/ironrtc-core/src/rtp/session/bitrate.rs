//! How much a session may send, and which of its streams gets how much.

use crate::ids::Ssrc;
use crate::rtp::event::RtpEvent;
use crate::rtp::{BitrateLimits, MediaKind, RtpPlan};
use crate::time::Time;

use super::{MAX_EVENTS, RtpSession};

/// What sound takes where nothing is said of it.
const SOUND: u64 = 64_000;
/// A change by less than one part in so many is not told.
const TOLD_PARTS: u64 = 20;

/// What a stream may take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Claim {
    ssrc: Ssrc,
    kind: MediaKind,
    max: Option<u64>,
}

/// What the active encodings of a plan may take, sound first.
pub(super) fn claims(plan: &RtpPlan) -> Vec<Claim> {
    let mut claims = Vec::new();
    for section in &plan.sections {
        let Some(send) = &section.send else {
            continue;
        };
        for encoding in send.encodings.iter().filter(|encoding| encoding.active) {
            let max = [encoding.max_bitrate, send.max_bitrate];
            let usual = (section.kind == MediaKind::Audio).then_some(SOUND);
            claims.push(Claim {
                ssrc: encoding.ssrc,
                kind: section.kind,
                max: max.into_iter().flatten().min().or(usual),
            });
        }
    }
    claims.sort_by_key(|claim| claim.kind == MediaKind::Video);
    claims
}

/// What all of them take at most.
pub(super) fn limits(claims: &[Claim]) -> BitrateLimits {
    let usual = BitrateLimits::default();
    let all: Option<u64> = claims
        .iter()
        .try_fold(0_u64, |sum, claim| Some(sum.saturating_add(claim.max?)));
    let max = all.filter(|_| !claims.is_empty()).unwrap_or(usual.max);
    BitrateLimits {
        max: max.max(usual.min),
        ..usual
    }
}

/// Shares a rate: sound gets what it takes, video what is left, in equal parts but for those that
/// take less.
fn share(claims: &[Claim], bits: u64) -> Vec<(Ssrc, u64)> {
    let mut shares: Vec<_> = claims.iter().map(|claim| (claim.ssrc, 0)).collect();
    let mut left = bits;
    for kind in [MediaKind::Audio, MediaKind::Video] {
        let of_kind = claims.iter().zip(&mut shares);
        let mut of_kind: Vec<_> = of_kind.filter(|(claim, _)| claim.kind == kind).collect();
        // Whoever takes least first, so that what it leaves is the others'.
        of_kind.sort_by_key(|(claim, _)| claim.max.unwrap_or(u64::MAX));
        let count = of_kind.len();
        for (index, (claim, (_, bits))) in of_kind.into_iter().enumerate() {
            let part = left / (count - index) as u64;
            *bits = claim.max.unwrap_or(u64::MAX).min(part);
            left -= *bits;
        }
    }
    shares
}

impl RtpSession {
    /// Sets the rate, in bits a second, at which video and retransmissions leave, whatever the peer
    /// tells: for a congestion control of the application. None gives it back to the session's own.
    pub fn set_bitrate(&mut self, now: Time, bits: Option<u64>) {
        self.fixed = bits;
        self.update_rate(now);
    }

    /// Sets between which rates congestion control chooses; none for what the plan's encodings take
    /// at most, from 300 kbit/s on.
    pub fn set_bitrate_limits(&mut self, now: Time, limits: Option<BitrateLimits>) {
        self.limits = limits;
        self.apply_limits(now);
    }

    /// A stream could take so much, if it had it: then what media leaves free of the rate is filled
    /// now and then, which tells whether there is more.
    pub(crate) fn want(&mut self, ssrc: Ssrc, bits: Option<u64>) {
        if bits.is_none() || self.claims.iter().any(|claim| claim.ssrc == ssrc) {
            self.probing.want(ssrc, bits);
        }
    }

    pub(super) fn apply_limits(&mut self, now: Time) {
        let claims = &self.claims;
        let lasts = |ssrc| claims.iter().any(|claim| claim.ssrc == ssrc);
        self.probing.retain(lasts);
        let limits = self.limits.unwrap_or_else(|| limits(&self.claims));
        self.rate.set_limits(limits);
        self.update_rate(now);
    }

    /// What may be sent, in bits a second, over all streams: what was set, or the estimate by the
    /// peer's feedback, or what the peer takes by its REMB. None if none of these is known.
    pub const fn target_bitrate(&self) -> Option<u64> {
        if self.fixed.is_some() {
            return self.fixed;
        }
        if !self.has_feedback {
            return self.remb;
        }
        let rate = self.rate.rate();
        match self.remb {
            // Until the peer tells arrivals, what it takes is all that it says.
            Some(remb) if !self.rate.is_fed() && remb < rate => Some(remb),
            _ => Some(rate),
        }
    }

    /// What congestion control has for all streams, once the peer tells what arrives.
    pub(crate) fn available_bitrate(&self) -> Option<u64> {
        let is_fed = self.has_feedback && self.rate.is_fed();
        is_fed.then(|| self.rate.rate())
    }

    /// The target for each active encoding: sound first, then video in equal parts, none more than
    /// its `max_bitrate`. Empty if there is no target.
    pub fn allocation(&self) -> Vec<(Ssrc, u64)> {
        self.target_bitrate()
            .map(|bits| share(&self.claims, bits))
            .unwrap_or_default()
    }

    fn fill(&mut self, now: Time, target: Option<u64>) {
        let fills = !self.probing.is_idle()
            && target.is_some_and(|target| {
                let shares = share(&self.claims, target);
                self.probing.fills(now, target, &shares)
            });
        self.sender.set_padding(now, target.filter(|_| fills));
    }

    /// The target for one encoding. None if nothing is known of what may be sent.
    pub(crate) fn allowed(&self, ssrc: Ssrc) -> Option<u64> {
        let target = self.target_bitrate()?;
        let shares = share(&self.claims, target);
        shares
            .into_iter()
            .find(|(it, _)| *it == ssrc)
            .map(|(_, bits)| bits)
    }

    /// Has the pacer follow the target, and tells the application of it.
    pub(super) fn update_rate(&mut self, now: Time) {
        if self.has_feedback {
            self.rate.poll(now);
        }
        let target = self.target_bitrate();
        let is_fed = self.has_feedback && self.rate.is_fed();
        self.sender.set_rate(now, target, is_fed);
        self.fill(now, target.filter(|_| is_fed));
        let Some(target) = target.filter(|_| is_fed || self.remb.is_some()) else {
            return;
        };
        if self.fixed.is_some() || target.abs_diff(self.told) <= self.told / TOLD_PARTS {
            return;
        }
        self.told = target;
        if let Some(RtpEvent::TargetBitrate(bits)) = self.events.back_mut() {
            *bits = target;
        } else if self.events.len() < MAX_EVENTS {
            self.events.push_back(RtpEvent::TargetBitrate(target));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claim(ssrc: u32, kind: MediaKind, max: Option<u64>) -> Claim {
        Claim {
            ssrc: Ssrc::new(ssrc),
            kind,
            max,
        }
    }

    #[test]
    fn sound_comes_first_and_video_gets_what_is_left_up_to_its_maximum() {
        let claims = [
            claim(1, MediaKind::Audio, Some(64_000)),
            claim(2, MediaKind::Video, None),
            claim(3, MediaKind::Video, Some(100_000)),
        ];
        let bits = |all| {
            share(&claims, all)
                .into_iter()
                .map(|(_, bits)| bits)
                .collect::<Vec<_>>()
        };
        assert_eq!(bits(50_000), [50_000, 0, 0]);
        assert_eq!(bits(164_000), [64_000, 50_000, 50_000]);
        assert_eq!(bits(1_064_000), [64_000, 900_000, 100_000]);
    }

    #[test]
    fn the_most_is_what_all_encodings_take_if_that_was_said_of_all() {
        let sound = claim(1, MediaKind::Audio, Some(64_000));
        let video = claim(2, MediaKind::Video, Some(936_000));
        assert_eq!(limits(&[sound, video]).max, 1_000_000);
        let any = claim(3, MediaKind::Video, None);
        assert_eq!(limits(&[sound, any]).max, BitrateLimits::default().max);
    }
}
