//! What is sent of a track: encodings, and the transaction that changes them (webrtc-pc section 5.2).

use super::super::media::MAX_ENCODINGS;
use super::{Encoding, Sender, TransceiverError};
use crate::channel::Priority;
use crate::ids::Rid;
use crate::rtp::{Codec, CodecParameters, ExtensionPlan, MediaKind, RtpSection};
use crate::words::words;

/// What suffers where not all can be sent (`RTCDegradationPreference`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum DegradationPreference {
    /// Both.
    #[default]
    Balanced,
    /// The resolution.
    MaintainFramerate,
    /// The frame rate.
    MaintainResolution,
    /// Neither: frames are dropped before they are encoded.
    MaintainFramerateAndResolution,
}

words!(DegradationPreference, "degradation preference", {
    Balanced => "balanced",
    MaintainFramerate => "maintain-framerate",
    MaintainResolution => "maintain-resolution",
    MaintainFramerateAndResolution => "maintain-framerate-and-resolution",
});

/// One encoding (`RTCRtpEncodingParameters`).
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct EncodingParameters {
    /// Its name, where there are several.
    pub rid: Option<Rid>,
    /// It is sent.
    pub active: bool,
    /// The most that is sent, in bits a second.
    pub max_bitrate: Option<u64>,
    /// Most frames a second; of video.
    pub max_framerate: Option<f64>,
    /// By how much the picture is made smaller in each direction; of video.
    pub scale_resolution_down_by: Option<f64>,
    /// How it counts where the rate is shared.
    pub priority: Priority,
    /// How it counts for the network (RFC 8837).
    pub network_priority: Priority,
    /// The codec, where it is not the first agreed on.
    pub codec: Option<Codec>,
    /// How layers depend on each other, such as `L1T3`.
    pub scalability_mode: Option<String>,
}

impl Default for EncodingParameters {
    fn default() -> Self {
        Self {
            rid: None,
            active: true,
            max_bitrate: None,
            max_framerate: None,
            scale_resolution_down_by: None,
            priority: Priority::default(),
            network_priority: Priority::default(),
            codec: None,
            scalability_mode: None,
        }
    }
}

crate::setters::setters!(EncodingParameters {
    rid: Option<Rid>,
    active: bool,
    max_bitrate: Option<u64>,
    max_framerate: Option<f64>,
    scale_resolution_down_by: Option<f64>,
    priority: Priority,
    network_priority: Priority,
    codec: Option<Codec>,
    scalability_mode: Option<String>,
});

/// What a sender does (`RTCRtpSendParameters`).
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct SendParameters {
    /// Which `get_parameters` this comes from.
    pub transaction_id: String,
    /// The encodings.
    pub encodings: Vec<EncodingParameters>,
    /// What suffers first.
    pub degradation_preference: Option<DegradationPreference>,
    /// The codecs agreed on, the first of which is sent.
    pub codecs: Vec<CodecParameters>,
    /// The header extensions agreed on.
    pub header_extensions: Vec<ExtensionPlan>,
    /// The name of our sources.
    pub cname: String,
    /// RTCP packets may be sent alone.
    pub reduced_size: bool,
}

/// What a receiver does (`RTCRtpReceiveParameters`).
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct ReceiveParameters {
    /// The codecs agreed on.
    pub codecs: Vec<CodecParameters>,
    /// The header extensions agreed on.
    pub header_extensions: Vec<ExtensionPlan>,
    /// RTCP packets may be sent alone.
    pub reduced_size: bool,
}

impl ReceiveParameters {
    pub(in crate::jsep) fn of(agreed: RtpSection) -> Self {
        let extensions = agreed.extensions.into_iter();
        Self {
            codecs: agreed
                .receive
                .map(|receive| receive.codecs)
                .unwrap_or_default(),
            header_extensions: extensions.filter(|extension| extension.receive).collect(),
            reduced_size: agreed.reduced_size,
        }
    }
}

/// `[[LastReturnedParameters]]`, and what is set beside the encodings.
#[derive(Clone, Debug, Default)]
pub(super) struct Parameters {
    transaction: u64,
    returned: Option<SendParameters>,
    degradation_preference: Option<DegradationPreference>,
}

impl Sender {
    /// The parameters to be changed and set; `agreed` is what was agreed with the peer.
    pub(in crate::jsep) fn get_parameters(
        &mut self,
        cname: &str,
        agreed: Option<&RtpSection>,
    ) -> SendParameters {
        self.parameters.transaction += 1;
        let send = agreed.and_then(|agreed| agreed.send.as_ref());
        let parameters = SendParameters {
            transaction_id: self.parameters.transaction.to_string(),
            encodings: (self.encodings.iter())
                .map(|encoding| encoding.parameters.clone())
                .collect(),
            degradation_preference: self.parameters.degradation_preference,
            codecs: send.map(|send| send.codecs.clone()).unwrap_or_default(),
            header_extensions: agreed.map_or_else(Vec::new, |agreed| {
                let sent = agreed.extensions.iter().filter(|extension| extension.send);
                sent.copied().collect()
            }),
            cname: cname.to_owned(),
            reduced_size: agreed.is_some_and(|agreed| agreed.reduced_size),
        };
        self.parameters.returned = Some(parameters.clone());
        parameters
    }

    /// webrtc-pc section 5.2, `setParameters`.
    pub(in crate::jsep) fn set_parameters(
        &mut self,
        kind: MediaKind,
        parameters: SendParameters,
    ) -> Result<(), TransceiverError> {
        let returned = self.parameters.returned.as_ref();
        let returned = returned.ok_or(TransceiverError::Stale)?;
        let rids = |encodings: &[EncodingParameters]| -> Vec<Option<Rid>> {
            encodings
                .iter()
                .map(|encoding| encoding.rid.clone())
                .collect()
        };
        let same = returned.transaction_id == parameters.transaction_id
            && rids(&returned.encodings) == rids(&parameters.encodings)
            && returned.codecs == parameters.codecs
            && returned.header_extensions == parameters.header_extensions
            && returned.cname == parameters.cname
            && returned.reduced_size == parameters.reduced_size;
        if !same {
            return Err(TransceiverError::ReadOnly);
        }
        for encoding in &parameters.encodings {
            check_encoding(kind, encoding)?;
            if let Some(codec) = &encoding.codec
                && !parameters.codecs.iter().any(|known| known.codec == *codec)
            {
                return Err(TransceiverError::Codec(codec.mime_type()));
            }
        }
        for (encoding, set) in self.encodings.iter_mut().zip(parameters.encodings) {
            encoding.parameters = for_kind(kind, set);
        }
        self.parameters.degradation_preference = parameters.degradation_preference;
        self.parameters.returned = None;
        Ok(())
    }

    /// What was agreed has changed: parameters that were got before cannot be set any more.
    pub(super) fn forget_parameters(&mut self) {
        self.parameters.returned = None;
    }

    /// The sender's encodings by the names of an offer or of what is left of ours. True if they
    /// change.
    pub(super) fn keep_encodings(&mut self, keep: impl Fn(&Encoding) -> bool) -> bool {
        self.forget_parameters();
        let before = self.encodings.len();
        let first = self.encodings.first().cloned();
        self.encodings.retain(keep);
        if self.encodings.is_empty() {
            self.encodings.extend(first);
        }
        if let [one] = self.encodings.as_mut_slice()
            && before > 1
        {
            // RFC 8853 section 5.3.3: a single encoding has no need of a name.
            one.parameters.rid = None;
        }
        before != self.encodings.len()
    }
}

fn check_encoding(kind: MediaKind, encoding: &EncodingParameters) -> Result<(), TransceiverError> {
    if kind == MediaKind::Audio {
        return Ok(());
    }
    let scale = encoding.scale_resolution_down_by;
    if scale.is_some_and(|scale| !scale.is_finite() || scale < 1.0) {
        return Err(TransceiverError::Scale);
    }
    let rate = encoding.max_framerate;
    if rate.is_some_and(|rate| !rate.is_finite() || rate < 0.0) {
        return Err(TransceiverError::FrameRate);
    }
    Ok(())
}

/// webrtc-pc section 5.1: what is for pictures alone is not there for sound.
fn for_kind(kind: MediaKind, mut encoding: EncodingParameters) -> EncodingParameters {
    if kind == MediaKind::Audio {
        encoding.scale_resolution_down_by = None;
        encoding.max_framerate = None;
    }
    encoding
}

/// The encodings of a new transceiver (webrtc-pc section 5.1, `addTransceiver`).
pub(super) fn initial(
    kind: MediaKind,
    wanted: Vec<EncodingParameters>,
) -> Result<Vec<EncodingParameters>, TransceiverError> {
    let mut encodings: Vec<EncodingParameters> = Vec::new();
    let several = wanted.len() > 1;
    for encoding in wanted {
        check_encoding(kind, &encoding)?;
        match &encoding.rid {
            None if several => return Err(TransceiverError::RidMissing),
            Some(rid)
                if encodings
                    .iter()
                    .any(|other| other.rid.as_ref() == Some(rid)) =>
            {
                return Err(TransceiverError::RidTwice(rid.to_string()));
            }
            _ => encodings.push(for_kind(kind, encoding)),
        }
    }
    // Sound is sent once; and what is beyond the bound is not sent.
    encodings.truncate(match kind {
        MediaKind::Audio => 1,
        MediaKind::Video => MAX_ENCODINGS,
    });
    if encodings.is_empty() {
        encodings.push(EncodingParameters::default());
    }
    if let [one] = encodings.as_mut_slice() {
        one.rid = None;
    }
    let unscaled = (encodings.iter()).all(|encoding| encoding.scale_resolution_down_by.is_none());
    let mut scale = 1.0;
    for encoding in encodings
        .iter_mut()
        .rev()
        .filter(|_| kind == MediaKind::Video)
    {
        let default = if unscaled { scale } else { 1.0 };
        encoding.scale_resolution_down_by.get_or_insert(default);
        scale *= 2.0;
    }
    Ok(encodings)
}
