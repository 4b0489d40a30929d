//! AV1: decoded by dav1d, where it is found.

use ironrtc_libs::dav1d::{Dav1d, Decoder};
use ironrtc_libs::{Error, Planes};

use super::gate::{Gate, Inner};
use crate::{Format, MAX_PIXELS, Unavailable};

impl Inner for Decoder {
    const FORMAT: &'static [Format] = &[Format::Av1];

    fn decode(&mut self, frame: &[u8]) -> Result<Option<Planes<'_>>, Error> {
        Self::decode(self, frame)
    }
}

pub(super) fn decoder() -> Result<Gate<Decoder>, Unavailable> {
    let dav1d = Dav1d::get().map_err(|error| Unavailable::new(Format::Av1, error))?;
    let decoder =
        Decoder::new(dav1d, 1, MAX_PIXELS).map_err(|error| Unavailable::new(Format::Av1, error))?;
    Ok(Gate::new(Format::Av1, decoder))
}
