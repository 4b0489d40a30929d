//! Encoding in real time, at a rate that may change at any picture.

use std::ffi::{c_int, c_long, c_uint, c_ulong};
use std::ptr;

use super::{Kind, Vpx, abi};
use crate::{Error, Planes, chroma};

/// Ticks a second of the encoder's times.
const CLOCK: u32 = 90_000;

/// What is fixed when an encoder is made.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Of the pictures.
    pub width: u32,
    /// Of the pictures.
    pub height: u32,
    /// Bits a second to begin with.
    pub bitrate: u32,
    /// Pictures a second to begin with.
    pub frame_rate: f32,
    /// At most so many threads.
    pub threads: u32,
    /// Higher is faster and worse: 0 to 16 for VP8, 5 to 9 for VP9 in real time.
    pub speed: u8,
    /// Pictures of a screen instead of a camera.
    pub screen: bool,
    /// Leave out pictures where the rate would not hold otherwise.
    pub drop_frames: bool,
}

/// An encoder.
pub struct Encoder {
    vpx: &'static Vpx,
    // In boxes, since the library keeps their addresses.
    context: Box<abi::Context>,
    config: Box<abi::Config>,
    next: i64,
    duration: c_ulong,
}

// SAFETY: nothing in libvpx is tied to a thread, and the encoder is the only owner of its context.
unsafe impl Send for Encoder {}

impl std::fmt::Debug for Encoder {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "encoder of {:?}", self.vpx)
    }
}

impl Encoder {
    /// An encoder for pictures of one size.
    pub fn new(vpx: &'static Vpx, kind: Kind, settings: &Settings) -> Result<Self, Error> {
        let interface = vpx.interface(match kind {
            Kind::Vp8 => "vpx_codec_vp8_cx",
            Kind::Vp9 => "vpx_codec_vp9_cx",
        })?;
        let mut config = abi::Config::zeroed();
        let mut context = Box::new(abi::Context::new());
        // SAFETY: the interface is libvpx's, and the structure has room for each version's.
        let code = unsafe { (vpx.encoder_default)(interface, &raw mut *config, 0) };
        vpx.check(&context, code)?;
        configure(&mut config, kind, settings);
        let mut code = abi::ABI_MISMATCH;
        for version in abi::ENCODER_VERSIONS {
            // SAFETY: context and config are boxed and live as long as the encoder.
            code = unsafe {
                (vpx.encoder_init)(&raw mut *context, interface, &raw const *config, 0, version)
            };
            if code != abi::ABI_MISMATCH {
                break;
            }
        }
        if code == abi::ABI_MISMATCH {
            let text = format!("the interface of version {} is not known", vpx.version());
            return Err(Error::new("libvpx", text));
        }
        vpx.check(&context, code)?;
        let mut encoder = Self {
            vpx,
            context,
            config,
            next: 0,
            duration: 0,
        };
        encoder.control(kind, settings);
        encoder.set_rate(settings.bitrate, settings.frame_rate)?;
        Ok(encoder)
    }

    /// Sets what is no member of the configuration. A setting that a library built without some part
    /// refuses is left as it is.
    fn control(&mut self, kind: Kind, settings: &Settings) {
        let speed = c_int::from(settings.speed);
        self.set(abi::SET_STATIC_THRESHOLD, 1);
        // What a key frame may take: half of the buffer's optimum (RTP senders pace it).
        let intra = 0.5 * self.config.buffer_optimal_size as f32 * settings.frame_rate / 10.0;
        self.set(abi::SET_MAX_INTRA_BITRATE, (intra as c_int).max(300));
        match kind {
            Kind::Vp8 => {
                // Negative: this speed whatever time there is.
                self.set(abi::SET_CPU_USED, -speed.min(16));
                self.set(abi::SET_NOISE_SENSITIVITY, 0);
                let partitions = settings.threads.clamp(1, 8).ilog2() as c_int;
                self.set(abi::SET_TOKEN_PARTITIONS, partitions);
                self.set(abi::SET_SCREEN_CONTENT, c_int::from(settings.screen));
            }
            Kind::Vp9 => {
                self.set(abi::SET_CPU_USED, speed.clamp(5, 9));
                self.set(abi::SET_AQ_MODE, 3);
                let columns = settings.threads.clamp(1, 16).ilog2() as c_int;
                self.set(abi::SET_TILE_COLUMNS, columns);
                self.set(abi::SET_ROW_MT, c_int::from(settings.threads > 1));
                self.set(abi::SET_TUNE_CONTENT, c_int::from(settings.screen));
            }
        }
    }

    fn set(&mut self, what: c_int, value: c_int) {
        // SAFETY: each of these settings takes an int.
        unsafe { (self.vpx.control)(&raw mut *self.context, what, value) };
    }

    /// From the next picture on, without a key frame.
    pub fn set_rate(&mut self, bitrate: u32, frame_rate: f32) -> Result<(), Error> {
        self.config.target_bitrate = (bitrate / 1_000).max(1);
        self.duration = (CLOCK as f32 / frame_rate.clamp(1.0, 240.0)) as c_ulong;
        // SAFETY: the context was initialised.
        let code =
            unsafe { (self.vpx.encoder_set)(&raw mut *self.context, &raw const *self.config) };
        self.vpx.check(&self.context, code)
    }

    /// Encodes a picture, appends its bytes to `out` and tells whether it is a key frame; none if the
    /// encoder left the picture out to hold the rate. `ticks` are of 90 kHz.
    pub fn encode(
        &mut self,
        picture: &Planes<'_>,
        ticks: u64,
        key: bool,
        out: &mut Vec<u8>,
    ) -> Result<Option<bool>, Error> {
        let (width, height) = (self.config.width as usize, self.config.height as usize);
        if (picture.width(), picture.height()) != (width, height) {
            return Err(Error::new("libvpx", "the picture has another size"));
        }
        let image = image(picture);
        // Times must rise.
        let time = i64::try_from(ticks).unwrap_or(i64::MAX / 2).max(self.next);
        self.next = time.saturating_add(1);
        let flags = if key { abi::FORCE_KEY } else { 0 } as c_long;
        // SAFETY: the image's planes are as long as its size needs, which `Planes` holds, and are
        // only read.
        let code = unsafe {
            (self.vpx.encode)(
                &raw mut *self.context,
                &raw const image,
                time,
                self.duration,
                flags,
                abi::DEADLINE_REALTIME,
            )
        };
        self.vpx.check(&self.context, code)?;
        let mut iterator = ptr::null();
        let mut encoded = None;
        loop {
            // SAFETY: the iterator began as null.
            let packet = unsafe {
                (self.vpx.next_packet)(&raw mut *self.context, &raw mut iterator).as_ref()
            };
            let Some(packet) = packet else {
                return Ok(encoded);
            };
            if packet.kind != abi::PACKET_FRAME || packet.frame.data.is_null() {
                continue;
            }
            // SAFETY: a packet of this kind has so many bytes until the next call.
            let bytes = unsafe {
                std::slice::from_raw_parts(packet.frame.data.cast::<u8>(), packet.frame.size)
            };
            out.extend_from_slice(bytes);
            let is_key = packet.frame.flags & abi::FRAME_IS_KEY != 0;
            encoded = Some(encoded.unwrap_or(false) || is_key);
        }
    }
}

impl Drop for Encoder {
    fn drop(&mut self) {
        // SAFETY: the context was initialised.
        unsafe { (self.vpx.destroy)(&raw mut *self.context) };
    }
}

/// What browsers' encoders are set to in calls.
fn configure(config: &mut abi::Config, kind: Kind, settings: &Settings) {
    config.threads = settings.threads.clamp(1, 16);
    config.width = settings.width;
    config.height = settings.height;
    config.time_base = [1, CLOCK as c_int];
    config.error_resilient = 0;
    config.lag_in_frames = 0;
    config.drop_frame_threshold = if settings.drop_frames { 30 } else { 0 };
    config.resize_allowed = 0;
    config.end_usage = abi::CONSTANT_BITRATE;
    config.target_bitrate = (settings.bitrate / 1_000).max(1);
    config.min_quantizer = 2;
    config.max_quantizer = match (kind, settings.screen) {
        (Kind::Vp8, false) => 56,
        (Kind::Vp8, true) | (Kind::Vp9, false) => 52,
        (Kind::Vp9, true) => 56,
    };
    config.undershoot = 100;
    config.overshoot = 15;
    config.buffer_size = 1_000;
    config.buffer_initial_size = 500;
    config.buffer_optimal_size = 600;
    config.key_frame_mode = abi::NO_KEY_FRAMES;
    config.key_frame_min_distance = 0;
    config.key_frame_max_distance = c_uint::MAX / 4;
}

fn image(picture: &Planes<'_>) -> abi::Image {
    let [y, u, v] = picture.data().map(|plane| plane.as_ptr().cast_mut());
    let strides = picture.strides().map(|stride| stride as c_int);
    let (width, height) = (picture.width() as c_uint, picture.height() as c_uint);
    abi::Image {
        format: abi::I420,
        color_space: 0,
        range: 0,
        stored_width: 2 * chroma(width as usize) as c_uint,
        stored_height: 2 * chroma(height as usize) as c_uint,
        bit_depth: 8,
        width,
        height,
        render_width: 0,
        render_height: 0,
        x_chroma_shift: 1,
        y_chroma_shift: 1,
        planes: [y, u, v, ptr::null_mut()],
        strides: [strides[0], strides[1], strides[2], 0],
        bits_per_sample: 12,
        user: ptr::null_mut(),
        data: ptr::null_mut(),
        data_owner: 0,
        self_allocated: 0,
        frame_buffer: ptr::null_mut(),
    }
}
