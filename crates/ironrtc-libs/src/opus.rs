//! Opus's encoder: libopus 1.3.1, translated to Rust. Its decoder conceals losses wrongly and is not
//! used.

use crate::Error;

/// What an encoder is tuned for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Application {
    /// Speech that is understood.
    Voip,
    /// Sound as it is.
    Audio,
    /// Sound with 5 ms less delay, and without what is for speech.
    LowDelay,
}

/// An encoder.
#[derive(Debug)]
pub struct Encoder {
    state: *mut unsafe_libopus::OpusEncoder,
    channels: u8,
}

// SAFETY: the state is memory that this encoder alone owns.
unsafe impl Send for Encoder {}

impl Encoder {
    /// Rates are 8, 12, 16, 24 and 48 kHz; channels one or two.
    pub fn new(rate: u32, channels: u8, application: Application) -> Result<Self, Error> {
        let application = match application {
            Application::Voip => unsafe_libopus::OPUS_APPLICATION_VOIP,
            Application::Audio => unsafe_libopus::OPUS_APPLICATION_AUDIO,
            Application::LowDelay => unsafe_libopus::OPUS_APPLICATION_RESTRICTED_LOWDELAY,
        };
        let mut code = 0;
        let rate = i32::try_from(rate).unwrap_or(0);
        // SAFETY: it refuses what is not a rate or a number of channels.
        let state = unsafe {
            unsafe_libopus::opus_encoder_create(
                rate,
                i32::from(channels),
                application,
                &raw mut code,
            )
        };
        if state.is_null() {
            return Err(error(code));
        }
        Ok(Self { state, channels })
    }

    fn set(&self, request: i32, value: i32) -> Result<(), Error> {
        // SAFETY: all requests of this module take an integer, and the state is an encoder's.
        let code = unsafe {
            unsafe_libopus::opus_encoder_ctl_impl(
                self.state,
                request,
                unsafe_libopus::varargs!(value),
            )
        };
        if code == unsafe_libopus::OPUS_OK {
            Ok(())
        } else {
            Err(error(code))
        }
    }

    /// Bits a second, 500 to 512,000.
    pub fn set_bitrate(&mut self, bitrate: u32) -> Result<(), Error> {
        let bitrate = bitrate.clamp(500, 512_000) as i32;
        self.set(unsafe_libopus::OPUS_SET_BITRATE_REQUEST, bitrate)
    }

    /// Processor time for quality, 0 to 10.
    pub fn set_complexity(&mut self, complexity: u8) -> Result<(), Error> {
        let complexity = i32::from(complexity.min(10));
        self.set(unsafe_libopus::OPUS_SET_COMPLEXITY_REQUEST, complexity)
    }

    /// Whether a packet holds the one before it once more, at a lower rate.
    pub fn set_fec(&mut self, on: bool) -> Result<(), Error> {
        self.set(unsafe_libopus::OPUS_SET_INBAND_FEC_REQUEST, i32::from(on))
    }

    /// How much is lost, in percent.
    pub fn set_loss(&mut self, percent: u8) -> Result<(), Error> {
        let percent = i32::from(percent.min(100));
        self.set(unsafe_libopus::OPUS_SET_PACKET_LOSS_PERC_REQUEST, percent)
    }

    /// Whether silence takes hardly any packets.
    pub fn set_dtx(&mut self, on: bool) -> Result<(), Error> {
        self.set(unsafe_libopus::OPUS_SET_DTX_REQUEST, i32::from(on))
    }

    /// Whether packets have one length.
    pub fn set_constant(&mut self, on: bool) -> Result<(), Error> {
        self.set(unsafe_libopus::OPUS_SET_VBR_REQUEST, i32::from(!on))
    }

    /// Encodes interleaved samples into `out` and gives the packet's length. There are 2.5, 5, 10,
    /// 20, 40 or 60 ms of them.
    pub fn encode(&mut self, samples: &[i16], out: &mut [u8]) -> Result<usize, Error> {
        let frames = samples.len() / usize::from(self.channels);
        if !samples.len().is_multiple_of(usize::from(self.channels)) || samples.is_empty() {
            return Err(error(unsafe_libopus::OPUS_BAD_ARG));
        }
        let frames = i32::try_from(frames).map_err(|_| error(unsafe_libopus::OPUS_BAD_ARG))?;
        let space = i32::try_from(out.len()).unwrap_or(i32::MAX);
        // SAFETY: it reads `frames × channels` samples and writes `space` bytes at most.
        let length = unsafe {
            unsafe_libopus::opus_encode(
                self.state,
                samples.as_ptr(),
                frames,
                out.as_mut_ptr(),
                space,
            )
        };
        usize::try_from(length).map_err(|_| error(length))
    }
}

impl Drop for Encoder {
    fn drop(&mut self) {
        // SAFETY: it was created, and is not used again.
        unsafe { unsafe_libopus::opus_encoder_destroy(self.state) };
    }
}

fn error(code: i32) -> Error {
    let text = match code {
        unsafe_libopus::OPUS_BAD_ARG => {
            "the number of samples, the rate or the channels are none of Opus's"
        }
        unsafe_libopus::OPUS_BUFFER_TOO_SMALL => "the packet does not fit",
        unsafe_libopus::OPUS_ALLOC_FAIL => "there is no memory",
        _ => "internal error",
    };
    Error::new("libopus", text)
}
