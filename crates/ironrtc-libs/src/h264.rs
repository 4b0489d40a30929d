//! H.264 by OpenH264, compiled from its source.

use std::ffi::{c_int, c_void};
use std::ptr;

use openh264_sys2 as lib;
use openh264_sys2::source::APILoader as Functions;

use crate::{Error, Planes};

/// What is fixed when an encoder is made.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Of the pictures: even, at least 16.
    pub width: u32,
    /// Of the pictures: even, at least 16.
    pub height: u32,
    /// Bits a second to begin with.
    pub bitrate: u32,
    /// Pictures a second to begin with.
    pub frame_rate: f32,
    /// At most so many threads.
    pub threads: u16,
    /// Pictures of a screen instead of a camera.
    pub screen: bool,
    /// Leave out pictures where the rate would not hold otherwise.
    pub drop_frames: bool,
}

/// The version of the library, for example `2.6.0`.
pub fn version() -> String {
    // SAFETY: it only gives numbers.
    let version = unsafe { Functions::WelsGetCodecVersion() };
    format!(
        "{}.{}.{}",
        version.uMajor, version.uMinor, version.uRevision
    )
}

fn error(text: impl Into<String>) -> Error {
    Error::new("OpenH264", text)
}

fn check(what: &str, code: c_int) -> Result<(), Error> {
    if code == 0 {
        Ok(())
    } else {
        Err(error(format!("{what} failed with code {code}")))
    }
}

/// An encoder for the constrained baseline profile.
#[derive(Debug)]
pub struct Encoder {
    encoder: *mut lib::ISVCEncoder,
    width: usize,
    height: usize,
}

// SAFETY: nothing in OpenH264 is tied to a thread, and this is the only owner of the encoder.
unsafe impl Send for Encoder {}

/// Calls a function of an encoder's or decoder's table.
macro_rules! call {
    ($object:expr, $function:ident $(, $argument:expr)*) => {
        match (**$object).$function {
            Some(function) => function($object $(, $argument)*),
            None => -1,
        }
    };
}

impl Encoder {
    /// An encoder for pictures of one size.
    pub fn new(settings: &Settings) -> Result<Self, Error> {
        let valid = |size: u32| (16..=4_096).contains(&size) && size.is_multiple_of(2);
        if !valid(settings.width) || !valid(settings.height) {
            return Err(error("a picture has 16 to 4,096 pixels a side, evenly"));
        }
        let mut encoder = ptr::null_mut();
        // SAFETY: it writes the pointer.
        check("creation", unsafe {
            Functions::WelsCreateSVCEncoder(&raw mut encoder)
        })?;
        if encoder.is_null() {
            return Err(error("there is no encoder"));
        }
        let made = Self {
            encoder,
            width: settings.width as usize,
            height: settings.height as usize,
        };
        let mut quiet: c_int = 0;
        // SAFETY: the encoder is there, and each option takes what it is given.
        unsafe {
            let mut parameters = lib::SEncParamExt::default();
            let code = call!(encoder, GetDefaultParams, &raw mut parameters);
            check("the default", code)?;
            configure(&mut parameters, settings);
            let quiet = (&raw mut quiet).cast();
            call!(encoder, SetOption, lib::ENCODER_OPTION_TRACE_LEVEL, quiet);
            let code = call!(encoder, InitializeExt, &raw const parameters);
            check("initialisation", code)?;
        }
        Ok(made)
    }

    /// From the next picture on, without a key frame.
    pub fn set_rate(&mut self, bitrate: u32, frame_rate: f32) -> Result<(), Error> {
        let mut rate = lib::SBitrateInfo {
            iLayer: lib::SPATIAL_LAYER_ALL,
            iBitrate: i32::try_from(bitrate).unwrap_or(i32::MAX),
        };
        let mut frames = frame_rate.clamp(1.0, 60.0);
        self.set(lib::ENCODER_OPTION_FRAME_RATE, (&raw mut frames).cast())?;
        self.set(lib::ENCODER_OPTION_BITRATE, (&raw mut rate).cast())
    }

    fn set(&self, option: lib::ENCODER_OPTION, value: *mut c_void) -> Result<(), Error> {
        // SAFETY: the two callers give what their options take.
        check("an option", unsafe {
            call!(self.encoder, SetOption, option, value)
        })
    }

    /// Encodes a picture, appends its units with start codes to `out` and tells whether it is a key
    /// frame; none if the encoder left the picture out to hold the rate.
    pub fn encode(
        &mut self,
        picture: &Planes<'_>,
        milliseconds: i64,
        key: bool,
        out: &mut Vec<u8>,
    ) -> Result<Option<bool>, Error> {
        if picture.width() < self.width || picture.height() < self.height {
            return Err(error("the picture is smaller"));
        }
        let [y, u, v] = picture.data().map(|plane| plane.as_ptr().cast_mut());
        let strides = picture.strides().map(|stride| stride as c_int);
        let source = lib::SSourcePicture {
            iColorFormat: lib::videoFormatI420,
            iStride: [strides[0], strides[1], strides[2], 0],
            pData: [y, u, v, ptr::null_mut()],
            iPicWidth: self.width as c_int,
            iPicHeight: self.height as c_int,
            uiTimeStamp: milliseconds,
            ..Default::default()
        };
        let mut encoded = lib::SFrameBSInfo::default();
        // SAFETY: the planes have the picture's size, which `Planes` holds, and are only read.
        unsafe {
            if key {
                check("a key frame", call!(self.encoder, ForceIntraFrame, true))?;
            }
            let code = call!(
                self.encoder,
                EncodeFrame,
                &raw const source,
                &raw mut encoded
            );
            check("encoding", code)?;
        }
        if encoded.eFrameType == lib::videoFrameTypeSkip {
            return Ok(None);
        }
        let layers = usize::try_from(encoded.iLayerNum).unwrap_or(0);
        for layer in encoded.sLayerInfo.iter().take(layers) {
            let units = usize::try_from(layer.iNalCount).unwrap_or(0);
            if layer.pBsBuf.is_null() || layer.pNalLengthInByte.is_null() {
                continue;
            }
            // SAFETY: a layer has so many lengths, and their sum of bytes, until the next call.
            let bytes = unsafe {
                let lengths = std::slice::from_raw_parts(layer.pNalLengthInByte, units);
                let sum = lengths
                    .iter()
                    .filter_map(|length| usize::try_from(*length).ok());
                std::slice::from_raw_parts(layer.pBsBuf, sum.sum())
            };
            out.extend_from_slice(bytes);
        }
        Ok(Some(encoded.eFrameType == lib::videoFrameTypeIDR))
    }
}

impl Drop for Encoder {
    fn drop(&mut self) {
        // SAFETY: it was created, and is not used again.
        unsafe {
            call!(self.encoder, Uninitialize);
            Functions::WelsDestroySVCEncoder(self.encoder);
        }
    }
}

fn configure(parameters: &mut lib::SEncParamExt, settings: &Settings) {
    let (width, height) = (settings.width as c_int, settings.height as c_int);
    let bitrate = i32::try_from(settings.bitrate).unwrap_or(i32::MAX);
    parameters.iUsageType = if settings.screen {
        lib::SCREEN_CONTENT_REAL_TIME
    } else {
        lib::CAMERA_VIDEO_REAL_TIME
    };
    parameters.iPicWidth = width;
    parameters.iPicHeight = height;
    parameters.iTargetBitrate = bitrate;
    parameters.iRCMode = lib::RC_BITRATE_MODE;
    parameters.fMaxFrameRate = settings.frame_rate.clamp(1.0, 60.0);
    parameters.bEnableFrameSkip = settings.drop_frames;
    parameters.iMultipleThreadIdc = settings.threads.max(1);
    // Key frames only when they are asked for.
    parameters.uiIntraPeriod = 0;
    parameters.bEnableSceneChangeDetect = false;
    parameters.bEnableLongTermReference = false;
    parameters.iEntropyCodingModeFlag = 0;
    parameters.eSpsPpsIdStrategy = lib::CONSTANT_ID;
    parameters.iTemporalLayerNum = 1;
    parameters.iSpatialLayerNum = 1;
    let layer = &mut parameters.sSpatialLayers[0];
    layer.iVideoWidth = width;
    layer.iVideoHeight = height;
    layer.fFrameRate = parameters.fMaxFrameRate;
    layer.iSpatialBitrate = bitrate;
    // No maximum, so that the rate can rise.
    layer.iMaxSpatialBitrate = 0;
    layer.uiProfileIdc = lib::PRO_BASELINE;
    layer.sSliceArgument.uiSliceMode = lib::SM_SINGLE_SLICE;
    layer.sSliceArgument.uiSliceNum = 1;
}

/// A decoder.
#[derive(Debug)]
pub struct Decoder {
    decoder: *mut lib::ISVCDecoder,
}

// SAFETY: nothing in OpenH264 is tied to a thread, and this is the only owner of the decoder.
unsafe impl Send for Decoder {}

impl Decoder {
    /// A decoder that conceals nothing: what cannot be decoded is an error.
    pub fn new() -> Result<Self, Error> {
        let mut decoder = ptr::null_mut();
        // SAFETY: it writes the pointer.
        let code = unsafe { Functions::WelsCreateDecoder(&raw mut decoder) };
        if code != 0 || decoder.is_null() {
            return Err(error("there is no decoder"));
        }
        let made = Self { decoder };
        let mut parameters = lib::SDecodingParam::default();
        parameters.sVideoProperty.eVideoBsType = lib::VIDEO_BITSTREAM_AVC;
        parameters.eEcActiveIdc = lib::ERROR_CON_DISABLE;
        let mut quiet: c_int = 0;
        // SAFETY: the decoder is there, and each option takes what it is given.
        let code = unsafe {
            let quiet = (&raw mut quiet).cast();
            call!(decoder, SetOption, lib::DECODER_OPTION_TRACE_LEVEL, quiet);
            call!(decoder, Initialize, &raw const parameters)
        };
        check("initialisation", code as c_int)?;
        Ok(made)
    }

    /// Decodes a frame with start codes; none if it shows no picture.
    pub fn decode(&mut self, frame: &[u8]) -> Result<Option<Planes<'_>>, Error> {
        let length = c_int::try_from(frame.len()).map_err(|_| error("the frame is too long"))?;
        if length == 0 {
            return Err(error("the frame has no bytes"));
        }
        let mut planes: [*mut u8; 3] = [ptr::null_mut(); 3];
        let mut info = lib::SBufferInfo::default();
        // SAFETY: the bytes are there during the call.
        let state = unsafe {
            match (**self.decoder).DecodeFrameNoDelay {
                Some(decode) => decode(
                    self.decoder,
                    frame.as_ptr(),
                    length,
                    planes.as_mut_ptr(),
                    &raw mut info,
                ),
                None => -1,
            }
        };
        if state != lib::dsErrorFree {
            return Err(error(format!(
                "the frame cannot be decoded (state {state:#x})"
            )));
        }
        if info.iBufferStatus != 1 {
            return Ok(None);
        }
        // SAFETY: of a picture, the library has filled in this member.
        let picture = unsafe { info.UsrData.sSystemBuffer };
        let [luma, chroma] = picture.iStride;
        let size = |number: c_int| usize::try_from(number).unwrap_or(0);
        let pointers = planes.map(<*mut u8>::cast_const);
        let strides = [luma, chroma, chroma];
        // SAFETY: the library's picture stays as it is until its next call, and `self` is borrowed as
        // long.
        let planes = unsafe {
            Planes::from_raw(
                pointers,
                strides,
                size(picture.iWidth),
                size(picture.iHeight),
            )
        };
        planes
            .map(Some)
            .ok_or_else(|| error("the picture has no planes"))
    }
}

impl Drop for Decoder {
    fn drop(&mut self) {
        // SAFETY: it was created, and is not used again.
        unsafe {
            call!(self.decoder, Uninitialize);
            Functions::WelsDestroyDecoder(self.decoder);
        }
    }
}
