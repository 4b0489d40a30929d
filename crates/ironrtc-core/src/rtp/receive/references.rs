//! Which frames can be decoded after a loss: those whose references were given.
//!
//! What a frame needs is told by a dependency descriptor, by VP9's flexible mode, or by the numbers
//! of temporal layers that VP8 and VP9 have. Where nothing is told, all that follows a loss needs it.

use crate::replay::{ReplayWindow, reconstruct};
use crate::wire::payload::{Descriptor, Format, PictureId};
use crate::wire::rtp::{DependencyDescriptor, SeqNo, TemplateStructure, Unwrapper};

/// Where unwrapped numbers of pictures begin, so that those before the first have one too.
const FIRST: u64 = 1 << 20;

/// Whether a frame can be decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// All that it needs was given.
    Decodable,
    /// It needs what was lost, and what follows does not need it.
    Skipped,
    /// The lowest layer has lost something: only a key frame helps.
    Broken,
}

/// One layer's frame of a picture, by its dependency descriptor.
#[derive(Clone, Copy, Debug)]
struct Layer {
    number: u64,
    needs: [u64; MAX_NEEDS],
    count: usize,
    temporal: u8,
    spatial: u8,
}

/// As many frames as a dependency descriptor can name, and more than VP9 can.
const MAX_NEEDS: usize = 16;

impl Layer {
    fn needs(&self) -> &[u64] {
        self.needs.get(..self.count).unwrap_or_default()
    }
}

/// What is known of a frame's place among others.
#[derive(Clone, Debug, Default)]
pub(super) struct Dependencies {
    /// Its number.
    pub(super) number: Option<u64>,
    /// The numbers of the frames that it needs, where they are told.
    pub(super) needs: Vec<u64>,
    pub(super) temporal: Option<u8>,
    pub(super) spatial: Option<u8>,
}

/// The frames that were given, and what is known of their layers.
#[derive(Debug)]
pub(super) struct References {
    structure: Option<TemplateStructure>,
    numbers: Unwrapper<SeqNo>,
    picture: u64,
    given: ReplayWindow<8>,
    /// TL0PICIDX of the last frame of the lowest layer that was given.
    base: Option<u8>,
    /// Something was lost since the last key frame, and since the last frame of the lowest layer.
    is_damaged: bool,
    lost_since_base: bool,
    /// The frame that was given last told what it needs.
    is_told: bool,
    /// The layers of the frame that was read last, and whether a dependency descriptor told them.
    layers: Vec<Layer>,
    has_descriptor: bool,
}

impl Default for References {
    fn default() -> Self {
        Self {
            structure: None,
            numbers: Unwrapper::default(),
            picture: FIRST,
            given: ReplayWindow::starting_at(0),
            base: None,
            is_damaged: false,
            lost_since_base: false,
            is_told: false,
            layers: Vec::new(),
            has_descriptor: false,
        }
    }
}

impl References {
    /// Something was lost. Whether what follows may be decodable nevertheless.
    pub(super) const fn on_loss(&mut self) -> bool {
        self.is_damaged = true;
        self.lost_since_base = true;
        self.is_told
    }

    /// Only a key frame is awaited.
    pub(super) const fn break_off(&mut self) {
        self.is_told = false;
    }

    /// Reads the dependency descriptors of a frame's packets, and what its payloads say. Call it for
    /// each whole frame, in order.
    pub(super) fn read<'a>(
        &mut self,
        descriptors: impl Iterator<Item = &'a [u8]>,
        parts: impl Iterator<Item = Descriptor>,
    ) {
        self.layers.clear();
        for value in descriptors {
            let Some(read) = DependencyDescriptor::read(value, self.structure.as_ref()) else {
                continue;
            };
            if !read.head.is_first {
                continue;
            }
            let number = self.numbers.unwrap(SeqNo::new(read.head.frame.get()));
            let needs = read.diffs.as_slice().iter().copied().map(u64::from);
            self.push(number, needs, read.temporal, read.spatial);
            if read.structure.is_some() {
                self.structure = read.structure;
            }
        }
        self.has_descriptor = !self.layers.is_empty();
        if self.has_descriptor {
            return;
        }
        for part in parts {
            let Some(id) = part.picture_id else { continue };
            self.picture = unwrapped(id, self.picture);
            // RFC 9628 section 4.2: differences of picture ids; a layer above may need the one below
            // it, of the same picture.
            let needs = part.needs.as_slice().iter().copied().map(u64::from);
            let (temporal, spatial) = (part.temporal, part.spatial);
            self.push(
                self.picture,
                needs,
                temporal.unwrap_or_default(),
                spatial.unwrap_or_default(),
            );
        }
    }

    fn push(&mut self, number: u64, diffs: impl Iterator<Item = u64>, temporal: u8, spatial: u8) {
        let mut needs = [0; MAX_NEEDS];
        let mut count = 0;
        for (slot, diff) in needs.iter_mut().zip(diffs) {
            *slot = number.saturating_sub(diff);
            count += 1;
        }
        // A picture of more layers than any codec has is not looked at further.
        if self.layers.len() < MAX_NEEDS {
            self.layers.push(Layer {
                number,
                needs,
                count,
                temporal,
                spatial,
            });
        }
    }

    fn was_given(&self, number: u64) -> bool {
        self.given.covers(number) && !self.given.is_new(number)
    }

    /// Whether a number is that of a layer of the frame that was read last.
    fn is_own(&self, number: u64) -> bool {
        self.layers.iter().any(|layer| layer.number == number)
    }

    /// The frame's own numbers, or those of its descriptor, tell which frames it needs.
    const fn tells(&self, format: Format, about: &Descriptor) -> bool {
        self.has_descriptor || matches!(format, Format::Vp9) && about.is_flexible
    }

    /// Whether the frame that was read last can be decoded. Then it counts as given.
    pub(super) fn admit(&mut self, format: Format, about: &Descriptor, key: bool) -> Verdict {
        if key {
            self.given = ReplayWindow::starting_at(0);
            self.is_damaged = false;
        } else if self.is_damaged {
            let verdict = self.judge(format, about);
            if verdict != Verdict::Decodable {
                return verdict;
            }
        }
        for layer in &self.layers {
            self.given.insert(layer.number);
        }
        let is_layered = about.tl0_pic_idx.is_some() && about.temporal.is_some();
        self.is_told = is_layered || self.tells(format, about);
        if about.temporal.unwrap_or_default() == 0 {
            self.base = about.tl0_pic_idx;
            self.lost_since_base = false;
        }
        Verdict::Decodable
    }

    /// The verdict on the frame that was read last, after a loss.
    fn judge(&self, format: Format, about: &Descriptor) -> Verdict {
        if !self.tells(format, about) {
            return self.judge_layer(format, about);
        }
        let mut needs = self.layers.iter().flat_map(Layer::needs);
        if self.layers.is_empty() {
            Verdict::Broken
        } else if needs.all(|number| self.is_own(*number) || self.was_given(*number)) {
            Verdict::Decodable
        } else if self.layers.iter().any(|layer| layer.temporal == 0) {
            Verdict::Broken
        } else {
            Verdict::Skipped
        }
    }

    /// RFC 7741 section 4.2: TL0PICIDX counts the frames of the lowest layer, each of which needs the
    /// one before; a frame above needs the last one of them, and others of layers up to its own unless
    /// Y is set.
    fn judge_layer(&self, format: Format, about: &Descriptor) -> Verdict {
        let (Some(layer), Some(index), Some(base)) = (about.temporal, about.tl0_pic_idx, self.base)
        else {
            return Verdict::Broken;
        };
        let ahead = index.wrapping_sub(base);
        if layer == 0 {
            return if ahead == 1 {
                Verdict::Decodable
            } else {
                Verdict::Broken
            };
        }
        let is_whole = !self.lost_since_base || format == Format::Vp8 && about.switches_up;
        match ahead {
            0 if is_whole => Verdict::Decodable,
            1..0x80 => Verdict::Broken,
            _ => Verdict::Skipped,
        }
    }

    /// Whether a frame behind a gap can be decoded though nothing of the gap comes.
    pub(super) fn goes_on(
        &self,
        format: Format,
        about: &Descriptor,
        descriptor: Option<&[u8]>,
    ) -> bool {
        if !self.is_told {
            return false;
        }
        let was_given = |number: u64, diff: u64| self.was_given(number.saturating_sub(diff));
        if let Some(value) = descriptor {
            let read = DependencyDescriptor::read(value, self.structure.as_ref());
            return read.is_some_and(|read| {
                let number = self.numbers.peek(SeqNo::new(read.head.frame.get()));
                let mut diffs = read.diffs.as_slice().iter();
                diffs.all(|diff| was_given(number, u64::from(*diff)))
            });
        }
        if format == Format::Vp9 && about.is_flexible {
            return about.picture_id.is_some_and(|id| {
                let number = unwrapped(id, self.picture);
                let mut diffs = about.needs.as_slice().iter();
                diffs.all(|diff| was_given(number, u64::from(*diff)))
            });
        }
        // What is missing is of higher layers, then.
        about.temporal == Some(0) && self.judge_layer(format, about) == Verdict::Decodable
    }

    /// What is known of the frame that was read last.
    pub(super) fn dependencies(&self, about: &Descriptor) -> Dependencies {
        let needs = self.layers.iter().flat_map(Layer::needs).copied();
        let mut needs: Vec<_> = needs.filter(|number| !self.is_own(*number)).collect();
        needs.sort_unstable();
        needs.dedup();
        let layers = self.layers.iter();
        let highest = layers.max_by_key(|layer| layer.spatial);
        let told = highest.filter(|_| self.has_descriptor);
        Dependencies {
            number: highest.map(|layer| layer.number),
            needs,
            temporal: about.temporal.or_else(|| Some(told?.temporal)),
            spatial: told
                .map(|layer| layer.spatial)
                .or_else(|| Some(about.spatial?.max(highest?.spatial))),
        }
    }
}

/// The number of a picture that has this id, next to another picture's.
fn unwrapped(id: PictureId, last: u64) -> u64 {
    let bits = match id {
        PictureId::Short(_) => 7,
        PictureId::Long(_) => 15,
    };
    reconstruct(id.value() as u64, bits, last)
}
