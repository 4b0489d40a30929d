//! The numbers of pictures, which some formats have in their payloads.

use crate::wire::payload::{Descriptor, Format, vp8, vp9};

/// How the numbers of pictures change in payloads that are forwarded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Renumbering(Option<(Format, vp8::Shift)>);

impl Renumbering {
    /// Changes a payload in place.
    pub(crate) fn apply(self, payload: &mut [u8]) {
        match self.0 {
            Some((Format::Vp8, shift)) => shift.apply(payload),
            Some((Format::Vp9, shift)) => vp9::apply(shift, payload),
            _ => {}
        }
    }
}

/// The pictures of one receiver's stream.
#[derive(Debug, Default)]
pub(super) struct Pictures {
    shift: vp8::Shift,
    /// The newest packet, as it went on.
    last: Option<(Format, Descriptor)>,
}

const fn has_numbers(format: Format) -> bool {
    matches!(format, Format::Vp8 | Format::Vp9)
}

impl Pictures {
    /// Another stream begins with this payload.
    pub(super) fn begin(&mut self, payload: Option<(Format, Descriptor)>) {
        self.shift = match (&self.last, &payload) {
            (Some((before, last)), Some((format, first)))
                if before == format && has_numbers(*format) =>
            {
                vp8::Shift::following(last, first)
            }
            _ => vp8::Shift::default(),
        };
    }

    /// The newest payload goes on.
    pub(super) fn pass(&mut self, format: Format, about: Descriptor) {
        self.last = Some((format, self.shift.applied(about)));
    }

    pub(super) fn renumbering(&self) -> Renumbering {
        let format = self.last.map(|(format, _)| format);
        let is_shifted = self.shift != vp8::Shift::default();
        Renumbering(
            format
                .filter(|format| is_shifted && has_numbers(*format))
                .map(|format| (format, self.shift)),
        )
    }
}
