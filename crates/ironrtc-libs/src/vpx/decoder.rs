//! Decoding.

use std::ffi::{c_int, c_uint};
use std::ptr;

use super::{Kind, Vpx, abi};
use crate::{Error, Planes};

/// A decoder.
pub struct Decoder {
    vpx: &'static Vpx,
    // In a box, since the library keeps its address.
    context: Box<abi::Context>,
    kind: Kind,
}

// SAFETY: nothing in libvpx is tied to a thread, and the decoder is the only owner of its context.
unsafe impl Send for Decoder {}

impl std::fmt::Debug for Decoder {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "decoder of {:?}", self.vpx)
    }
}

impl Decoder {
    /// A decoder with at most so many threads.
    pub fn new(vpx: &'static Vpx, kind: Kind, threads: u32) -> Result<Self, Error> {
        let interface = vpx.interface(match kind {
            Kind::Vp8 => "vpx_codec_vp8_dx",
            Kind::Vp9 => "vpx_codec_vp9_dx",
        })?;
        let mut context = Box::new(abi::Context::new());
        let config = abi::DecoderConfig {
            threads: threads.clamp(1, 16),
            width: 0,
            height: 0,
        };
        // SAFETY: the context lives as long as the decoder; the library copies the configuration.
        let code = unsafe {
            (vpx.decoder_init)(
                &raw mut *context,
                interface,
                &raw const config,
                0,
                abi::DECODER_VERSION,
            )
        };
        vpx.check(&context, code)?;
        Ok(Self { vpx, context, kind })
    }

    /// Decodes a frame; none if it shows no picture.
    pub fn decode(&mut self, frame: &[u8]) -> Result<Option<Planes<'_>>, Error> {
        // Null would end the stream.
        let size = c_uint::try_from(frame.len()).unwrap_or(0);
        if size == 0 {
            return Err(Error::new("libvpx", "the frame has no bytes, or too many"));
        }
        // SAFETY: the bytes are there during the call.
        let code = unsafe {
            (self.vpx.decode)(
                &raw mut *self.context,
                frame.as_ptr(),
                size,
                ptr::null_mut(),
                0,
            )
        };
        // What was decoded is taken out in any case, so that it does not show up later.
        let picture = self.picture();
        self.vpx.check(&self.context, code)?;
        let Some(picture) = picture else {
            return Ok(None);
        };
        if self.corrupted() {
            return Err(Error::new("libvpx", "the picture is damaged"));
        }
        // SAFETY: the library's pictures stay as they are until its next call, and `self` is borrowed
        // as long as they are.
        let picture = unsafe { &*picture };
        if picture.format != abi::I420 || picture.bit_depth > 8 {
            return Err(Error::new("libvpx", "the picture is not in 8 bits of I420"));
        }
        let [y, u, v, _] = picture.planes.map(<*mut u8>::cast_const);
        let strides = [picture.strides[0], picture.strides[1], picture.strides[2]];
        let (width, height) = (picture.width as usize, picture.height as usize);
        // SAFETY: as above; the library's planes have at least this size.
        let planes = unsafe { Planes::from_raw([y, u, v], strides, width, height) };
        planes
            .map(Some)
            .ok_or_else(|| Error::new("libvpx", "the picture has no planes"))
    }

    /// The last picture of the frame.
    fn picture(&mut self) -> Option<*const abi::Image> {
        let mut iterator = ptr::null();
        let mut last = None;
        loop {
            // SAFETY: the iterator began as null.
            let image = unsafe { (self.vpx.next_image)(&raw mut *self.context, &raw mut iterator) };
            if image.is_null() {
                return last;
            }
            last = Some(image);
        }
    }

    /// True if a reference of the picture was missing or damaged.
    fn corrupted(&mut self) -> bool {
        let mut corrupted: c_int = 0;
        // SAFETY: this control takes a pointer to an int.
        let code = unsafe {
            (self.vpx.control)(
                &raw mut *self.context,
                abi::GET_FRAME_CORRUPTED,
                &raw mut corrupted,
            )
        };
        code == abi::OK && corrupted != 0 && self.kind == Kind::Vp8
    }
}

impl Drop for Decoder {
    fn drop(&mut self) {
        // SAFETY: the context was initialised.
        unsafe { (self.vpx.destroy)(&raw mut *self.context) };
    }
}
