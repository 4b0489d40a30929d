//! What libvpx's headers say, as far as it is used. The structures are those of all releases from 1.8
//! to 1.16: members were added at the end of [`Config`] only, for which there is room.

use std::ffi::{c_char, c_int, c_long, c_uint, c_ulong, c_void};
use std::ptr;

/// VPX_ENCODER_ABI_VERSION of 1.8 and 1.9, 1.10, 1.11 and 1.12, 1.13, 1.14, 1.15.0, 1.15.1, 1.16.
/// The library refuses a number that is not its own; one that is not here has not been looked at.
pub(super) const ENCODER_VERSIONS: [c_int; 8] = [39, 37, 36, 34, 30, 25, 24, 23];
/// VPX_DECODER_ABI_VERSION of all of them.
pub(super) const DECODER_VERSION: c_int = 12;

pub(super) const OK: c_int = 0;
pub(super) const ABI_MISMATCH: c_int = 3;
pub(super) const I420: c_int = 0x102;
pub(super) const DEADLINE_REALTIME: c_ulong = 1;
pub(super) const FORCE_KEY: c_long = 1;
pub(super) const PACKET_FRAME: c_int = 0;
pub(super) const FRAME_IS_KEY: u32 = 1;
/// VPX_CBR.
pub(super) const CONSTANT_BITRATE: c_uint = 1;
/// VPX_KF_DISABLED: key frames only when they are asked for.
pub(super) const NO_KEY_FRAMES: c_uint = 0;

// Settings of encoders (vp8cx.h).
pub(super) const SET_CPU_USED: c_int = 13;
pub(super) const SET_NOISE_SENSITIVITY: c_int = 15;
pub(super) const SET_STATIC_THRESHOLD: c_int = 17;
pub(super) const SET_TOKEN_PARTITIONS: c_int = 18;
pub(super) const SET_MAX_INTRA_BITRATE: c_int = 26;
pub(super) const SET_SCREEN_CONTENT: c_int = 31;
pub(super) const SET_TILE_COLUMNS: c_int = 33;
pub(super) const SET_AQ_MODE: c_int = 36;
pub(super) const SET_TUNE_CONTENT: c_int = 43;
pub(super) const SET_ROW_MT: c_int = 55;
/// Of decoders (vp8dx.h).
pub(super) const GET_FRAME_CORRUPTED: c_int = 257;

/// vpx_codec_ctx_t.
#[repr(C)]
pub(super) struct Context {
    name: *const c_char,
    interface: *const c_void,
    error: c_int,
    pub(super) error_detail: *const c_char,
    init_flags: c_long,
    config: *const c_void,
    private: *mut c_void,
}

impl Context {
    pub(super) const fn new() -> Self {
        Self {
            name: ptr::null(),
            interface: ptr::null(),
            error: 0,
            error_detail: ptr::null(),
            init_flags: 0,
            config: ptr::null(),
            private: ptr::null_mut(),
        }
    }
}

/// vpx_fixed_buf_t.
#[repr(C)]
#[derive(Clone, Copy)]
pub(super) struct Buffer {
    pub(super) data: *mut c_void,
    pub(super) size: usize,
}

/// vpx_codec_enc_cfg_t, with room for members that newer versions add.
#[repr(C)]
pub(super) struct Config {
    pub(super) usage: c_uint,
    pub(super) threads: c_uint,
    pub(super) profile: c_uint,
    pub(super) width: c_uint,
    pub(super) height: c_uint,
    pub(super) bit_depth: c_uint,
    pub(super) input_bit_depth: c_uint,
    pub(super) time_base: [c_int; 2],
    pub(super) error_resilient: u32,
    pub(super) pass: c_uint,
    pub(super) lag_in_frames: c_uint,
    pub(super) drop_frame_threshold: c_uint,
    pub(super) resize_allowed: c_uint,
    pub(super) scaled_width: c_uint,
    pub(super) scaled_height: c_uint,
    pub(super) resize_up_threshold: c_uint,
    pub(super) resize_down_threshold: c_uint,
    pub(super) end_usage: c_uint,
    pub(super) two_pass_stats: Buffer,
    pub(super) first_pass_stats: Buffer,
    pub(super) target_bitrate: c_uint,
    pub(super) min_quantizer: c_uint,
    pub(super) max_quantizer: c_uint,
    pub(super) undershoot: c_uint,
    pub(super) overshoot: c_uint,
    pub(super) buffer_size: c_uint,
    pub(super) buffer_initial_size: c_uint,
    pub(super) buffer_optimal_size: c_uint,
    pub(super) two_pass: [c_uint; 4],
    pub(super) key_frame_mode: c_uint,
    pub(super) key_frame_min_distance: c_uint,
    pub(super) key_frame_max_distance: c_uint,
    pub(super) spatial_layers: c_uint,
    pub(super) spatial_auto_alt_ref: [c_int; 5],
    pub(super) spatial_target_bitrate: [c_uint; 5],
    pub(super) temporal_layers: c_uint,
    pub(super) temporal_target_bitrate: [c_uint; 5],
    pub(super) temporal_rate_decimator: [c_uint; 5],
    pub(super) temporal_periodicity: c_uint,
    pub(super) temporal_layer_id: [c_uint; 16],
    pub(super) layer_target_bitrate: [c_uint; 12],
    pub(super) temporal_layering_mode: c_int,
    room: [u8; 2_048],
}

impl Config {
    pub(super) fn zeroed() -> Box<Self> {
        // SAFETY: numbers and pointers may all be zero.
        Box::new(unsafe { std::mem::zeroed() })
    }
}

/// vpx_image_t.
#[repr(C)]
pub(super) struct Image {
    pub(super) format: c_int,
    pub(super) color_space: c_int,
    pub(super) range: c_int,
    pub(super) stored_width: c_uint,
    pub(super) stored_height: c_uint,
    pub(super) bit_depth: c_uint,
    pub(super) width: c_uint,
    pub(super) height: c_uint,
    pub(super) render_width: c_uint,
    pub(super) render_height: c_uint,
    pub(super) x_chroma_shift: c_uint,
    pub(super) y_chroma_shift: c_uint,
    pub(super) planes: [*mut u8; 4],
    pub(super) strides: [c_int; 4],
    pub(super) bits_per_sample: c_int,
    pub(super) user: *mut c_void,
    pub(super) data: *mut u8,
    pub(super) data_owner: c_int,
    pub(super) self_allocated: c_int,
    pub(super) frame_buffer: *mut c_void,
}

/// vpx_codec_cx_pkt_t, of a frame; the other kinds are not read.
#[repr(C)]
pub(super) struct Packet {
    pub(super) kind: c_int,
    pub(super) frame: PacketFrame,
}

/// The member `frame` of its union, which begins with a pointer and is aligned as one.
#[repr(C)]
pub(super) struct PacketFrame {
    pub(super) data: *const c_void,
    pub(super) size: usize,
    pub(super) time: i64,
    pub(super) duration: c_ulong,
    pub(super) flags: u32,
}

/// vpx_codec_dec_cfg_t.
#[repr(C)]
pub(super) struct DecoderConfig {
    pub(super) threads: c_uint,
    pub(super) width: c_uint,
    pub(super) height: c_uint,
}

pub(super) type Interface = unsafe extern "C" fn() -> *const c_void;
pub(super) type Text = unsafe extern "C" fn() -> *const c_char;
pub(super) type ErrorText = unsafe extern "C" fn(c_int) -> *const c_char;
pub(super) type EncoderDefault = unsafe extern "C" fn(*const c_void, *mut Config, c_uint) -> c_int;
pub(super) type EncoderInit =
    unsafe extern "C" fn(*mut Context, *const c_void, *const Config, c_long, c_int) -> c_int;
pub(super) type EncoderSet = unsafe extern "C" fn(*mut Context, *const Config) -> c_int;
pub(super) type Encode =
    unsafe extern "C" fn(*mut Context, *const Image, i64, c_ulong, c_long, c_ulong) -> c_int;
pub(super) type NextPacket =
    unsafe extern "C" fn(*mut Context, *mut *const c_void) -> *const Packet;
pub(super) type DecoderInit =
    unsafe extern "C" fn(*mut Context, *const c_void, *const DecoderConfig, c_long, c_int) -> c_int;
pub(super) type Decode =
    unsafe extern "C" fn(*mut Context, *const u8, c_uint, *mut c_void, c_long) -> c_int;
pub(super) type NextImage = unsafe extern "C" fn(*mut Context, *mut *const c_void) -> *const Image;
pub(super) type Destroy = unsafe extern "C" fn(*mut Context) -> c_int;
pub(super) type Control = unsafe extern "C" fn(*mut Context, c_int, ...) -> c_int;

#[cfg(test)]
mod tests {
    use std::mem::offset_of;

    use super::*;

    /// What a C compiler says of libvpx's headers.
    #[cfg(all(target_pointer_width = "64", unix))]
    #[test]
    fn structures_are_laid_out_as_in_c() {
        assert_eq!(size_of::<Context>(), 56);
        assert_eq!(offset_of!(Config, target_bitrate), 112);
        assert_eq!(offset_of!(Config, key_frame_max_distance), 168);
        assert_eq!(offset_of!(Config, temporal_layering_mode), 376);
        assert_eq!(size_of::<Image>(), 136);
        assert_eq!(offset_of!(Image, planes), 48);
        assert_eq!(offset_of!(Image, frame_buffer), 128);
        let flags = offset_of!(Packet, frame) + offset_of!(PacketFrame, flags);
        assert_eq!(flags, 40);
    }
}
