//! Codecs of sound.

mod opus;
mod telephone;

use ironrtc_core::setters;
use ironrtc_libs::opus::Application;

use crate::{AudioDecoder, AudioEncoder, Format, Unavailable};

/// Settings of an encoder of sound. All but the channels are Opus's alone.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct AudioSettings {
    /// One or two; G.711 and G.722 have one. Default: 1.
    pub channels: u8,
    /// Bits a second. Default: 32,000 a channel.
    pub bitrate: Option<u32>,
    /// What is encoded. Default: speech.
    pub application: Application,
    /// Each packet holds the one before it once more, as far as the expected loss makes that worth
    /// it (RFC 6716 section 2.1.7). Default: on, as browsers have it.
    pub fec: bool,
    /// Packets that are lost, in percent. Default: 0.
    pub expected_loss: u8,
    /// Silence takes a packet each 400 ms only. Default: off.
    pub dtx: bool,
    /// Processor time for quality, 0 to 10. Default: 9.
    pub complexity: u8,
    /// All packets have one length, which tells a listener less. Default: off.
    pub constant: bool,
}

impl Default for AudioSettings {
    fn default() -> Self {
        Self {
            channels: 1,
            bitrate: None,
            application: Application::Voip,
            fec: true,
            expected_loss: 0,
            dtx: false,
            complexity: 9,
            constant: false,
        }
    }
}

setters!(AudioSettings {
    channels: u8,
    bitrate: Option<u32>,
    application: Application,
    fec: bool,
    expected_loss: u8,
    dtx: bool,
    complexity: u8,
    constant: bool,
});

/// An encoder for a format of sound.
pub fn audio_encoder(
    format: Format,
    settings: &AudioSettings,
) -> Result<Box<dyn AudioEncoder>, Unavailable> {
    match format {
        Format::Opus => {
            let encoder =
                opus::Encoder::new(settings).map_err(|error| Unavailable::new(format, error))?;
            Ok(Box::new(encoder))
        }
        _ => match telephone::Encoder::new(format) {
            Some(encoder) => Ok(Box::new(encoder)),
            None => Err(no_sound(format)),
        },
    }
}

/// A decoder for a format of sound. Opus gives one channel or two, whatever was encoded; G.711 and
/// G.722 give one.
pub fn audio_decoder(format: Format, channels: u8) -> Result<Box<dyn AudioDecoder>, Unavailable> {
    match format {
        Format::Opus => {
            let decoder =
                opus::Decoder::new(channels).map_err(|error| Unavailable::new(format, error))?;
            Ok(Box::new(decoder))
        }
        _ => match telephone::Decoder::new(format) {
            Some(decoder) => Ok(Box::new(decoder)),
            None => Err(no_sound(format)),
        },
    }
}

fn no_sound(format: Format) -> Unavailable {
    Unavailable::new(format, "it is no codec of sound")
}
