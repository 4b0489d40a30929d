//! What a page watches: one pair of transceivers, which shows one camera after the other.

use ironrtc::{
    PeerConnection, RtpTransceiver, RtpTransceiverDirection, RtpTransceiverInit, TransceiverError,
};

use crate::demo::casts::CastTracks;

/// The stream in which a page sees another one's camera.
const LIVE: &str = "live";

/// What a page watches.
#[derive(Debug, Default)]
pub(super) struct Screen {
    /// Sound and picture, since something was watched for the first time.
    transceivers: Option<[RtpTransceiver; 2]>,
    shown: Option<u64>,
}

impl Screen {
    /// Which camera it shows.
    pub(super) const fn shown(&self) -> Option<u64> {
        self.shown
    }

    /// This transceiver is one of its own.
    pub(super) fn shows(&self, transceiver: &RtpTransceiver) -> bool {
        self.transceivers
            .iter()
            .flatten()
            .any(|own| own == transceiver)
    }

    /// Shows a camera. The first one has to be offered; the others take its place in the same streams,
    /// and begin with the key frame that a track is asked for when somebody new sends it.
    pub(super) fn show(
        &mut self,
        connection: &PeerConnection,
        id: Option<u64>,
        tracks: Option<CastTracks>,
    ) -> Result<(), TransceiverError> {
        self.shown = id;
        match (&self.transceivers, tracks) {
            (Some([audio, video]), tracks) => {
                let (sound, picture) = match &tracks {
                    Some(tracks) => (Some(&tracks.audio), Some(&tracks.video)),
                    None => (None, None),
                };
                audio.sender().replace_track(sound)?;
                video.sender().replace_track(picture)
            }
            (None, Some(CastTracks { audio, video })) => {
                let init = || {
                    RtpTransceiverInit::default()
                        .direction(RtpTransceiverDirection::SendOnly)
                        .streams(vec![LIVE.to_owned()])
                };
                self.transceivers = Some([
                    connection.add_transceiver(&audio, init())?,
                    connection.add_transceiver(&video, init())?,
                ]);
                Ok(())
            }
            (None, None) => Ok(()),
        }
    }
}
