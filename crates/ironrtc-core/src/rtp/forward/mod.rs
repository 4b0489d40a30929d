//! Packets that go on as they came: of which layer, under which numbers.
//!
//! A source has one stream, or one for each layer of a simulcast. Whoever receives it from us gets
//! one stream, whose numbers and pictures go on whatever layer, and whatever source, they are of.

mod layers;
mod line;
mod meter;
mod numbers;
mod pictures;

use std::time::Duration;

pub use layers::LayerChoice;
pub(crate) use line::Line;
pub(crate) use meter::RateMeter;
pub use pictures::Renumbering;

use crate::ids::Rid;
use crate::time::Time;
use crate::wire::payload::{Descriptor, Edge, Format};

use layers::Layers;
use numbers::Numbers;
use pictures::Pictures;

/// While a layer's key frame does not come, it is asked for so often.
const ASK_AGAIN: Duration = Duration::from_secs(1);

/// What is known of a packet where it was received, the same for all that it goes on to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Origin {
    /// Tells streams apart, and with them timestamps and numbers.
    pub(crate) stream: u64,
    /// Tells tracks apart: the layers of a simulcast are of one.
    pub(crate) track: u64,
    /// Its number in its stream, unwrapped.
    pub(crate) position: u64,
    /// What its stream takes, in bits a second; 0 before that is known.
    pub(crate) bitrate: u64,
    /// When its first sample was captured, by our clock: as the sender's reports tell it, or when it
    /// arrived.
    pub(crate) captured: Time,
    /// What its payload is, and what it says of itself.
    pub(crate) payload: Option<(Format, Descriptor)>,
    /// A receiver can begin with it.
    pub(crate) begins: bool,
}

impl Origin {
    /// The same with what is known of its payload. One whose format is not known here may be anything.
    pub(crate) fn with_payload(mut self, format: Option<Format>, payload: &[u8]) -> Self {
        self.payload = format.and_then(|format| Some((format, format.describe(payload)?)));
        let begins = |(_, about): &(Format, Descriptor)| about.key && about.begins != Edge::No;
        self.begins = format.is_none() || self.payload.as_ref().is_some_and(begins);
        self
    }
}

/// What becomes of a packet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// It goes on, with this number among those that do, and the pictures numbered so.
    pub(crate) passes: Option<(u64, Renumbering)>,
    /// A key frame of the layer that is to come next is to be asked for.
    pub(crate) asks: bool,
}

/// The forwarding to one receiver.
#[derive(Debug, Default)]
pub(crate) struct Forwarder {
    layers: Layers,
    numbers: Numbers,
    pictures: Pictures,
    /// The stream that goes on now.
    current: Option<u64>,
    /// The one that follows with its next key frame.
    target: Option<u64>,
    asked: Option<Time>,
    epoch: u64,
    /// What a better layer would take, as it was told last.
    lacks: Option<u64>,
}

impl Forwarder {
    pub(crate) fn new(choice: LayerChoice) -> Self {
        let mut forwarder = Self::default();
        forwarder.choose(choice);
        forwarder
    }

    /// Something else is sent in between, which takes numbers.
    pub(crate) const fn interrupt(&mut self) {
        self.epoch += 1;
    }

    /// What its numbers are counted in, until it is interrupted.
    pub(crate) const fn epoch(&self) -> u64 {
        self.epoch
    }

    pub(crate) fn choose(&mut self, choice: LayerChoice) {
        self.layers.set_choice(choice);
    }

    /// The layer that goes on now; none before the first, or if it has no name.
    pub(crate) fn current(&self) -> Option<&Rid> {
        self.layers.name(self.current?)
    }

    /// The layer that is waited for, or else the one that goes on.
    pub(crate) fn wanted(&self) -> Option<&Rid> {
        self.layers.name(self.target.or(self.current)?)
    }

    /// A packet came, of the layer with this name; `budget` tells how many bits a second the receiver
    /// takes.
    pub(crate) fn on_packet(
        &mut self,
        now: Time,
        origin: &Origin,
        rid: Option<&Rid>,
        is_empty: bool,
        budget: impl FnOnce() -> Option<u64>,
    ) -> Verdict {
        self.layers.on_packet(now, origin, rid);
        if let Some(chosen) = self.layers.choose(now, self.current, budget) {
            let before = self.target;
            self.target = (self.current != Some(chosen)).then_some(chosen);
            if self.target != before {
                self.asked = None;
            }
        }
        if self.target == Some(origin.stream) && !is_empty && origin.begins {
            self.switch(origin);
        }
        let passes = (self.current == Some(origin.stream))
            .then(|| self.pass(origin, is_empty))
            .flatten();
        Verdict {
            passes,
            asks: self.asks(now),
        }
    }

    /// What a better layer would take, if that has changed by more than a tenth.
    pub(crate) fn take_lack(&mut self) -> Option<Option<u64>> {
        let lacks = self.layers.lacks();
        let is_same = match (lacks, self.lacks) {
            (Some(now), Some(before)) => now.abs_diff(before) <= before / 10,
            (now, before) => now == before,
        };
        if is_same {
            return None;
        }
        self.lacks = lacks;
        Some(lacks)
    }

    /// A packet of the present layer that does not go on: those behind it follow without a gap.
    pub(crate) fn leave_out(&mut self, origin: &Origin) {
        if self.current == Some(origin.stream) {
            self.numbers.leave_out(origin.position);
        }
    }

    fn switch(&mut self, origin: &Origin) {
        self.current = Some(origin.stream);
        self.target = None;
        self.asked = None;
        self.numbers.begin(origin.position);
        self.pictures.begin(origin.payload);
    }

    fn pass(&mut self, origin: &Origin, is_empty: bool) -> Option<(u64, Renumbering)> {
        // What only pads is not repaired, and a frame is whole without it.
        if is_empty && self.numbers.leave_out(origin.position) {
            return None;
        }
        let (number, is_newest) = self.numbers.pass(origin.position)?;
        if let (Some((format, about)), true) = (origin.payload, is_newest) {
            self.pictures.pass(format, about);
        }
        Some((number, self.pictures.renumbering()))
    }

    fn asks(&mut self, now: Time) -> bool {
        let is_due = |asked| now.since(asked) >= ASK_AGAIN;
        let asks = self.target.is_some() && self.asked.is_none_or(is_due);
        if asks {
            self.asked = Some(now);
        }
        asks
    }
}

#[cfg(test)]
mod tests;
