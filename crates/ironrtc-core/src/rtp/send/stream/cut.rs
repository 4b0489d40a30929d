//! Frames of a stream become its packets.

use crate::rng::Rng;
use crate::rtp::MediaKind;
use crate::wire::payload::Splitter;

use super::super::frame::{Outgoing, OutgoingFrame};
use super::super::packet::SendError;
use super::SendStream;

impl SendStream {
    /// Cuts a frame into packets. They are to be queued all, and then told to
    /// [`keep_frame`](Self::keep_frame), or none of them.
    pub(in crate::rtp::send) fn split(
        &self,
        frame: &OutgoingFrame,
        rng: &mut Rng,
    ) -> Result<(Vec<Outgoing>, Splitter), SendError> {
        let payload_type = frame.payload_type;
        let payload = self.payloads.get(&payload_type);
        let payload = payload.ok_or(SendError::UnknownPayload(payload_type))?;
        // Where pictures are numbered, the first number is random (RFC 7741 section 4.2).
        let new = || Splitter::new(payload.format?, rng.u32() as u16);
        let splitter = payload.splitter.clone().or_else(new);
        let mut splitter = splitter.ok_or(SendError::NotCut(payload_type))?;
        let rid = self.rid.as_ref().map_or(0, |rid| 2 + rid.as_str().len());
        let max = frame.max_payload(2 + self.mid.as_str().len() + rid);
        let mut payloads = Vec::new();
        splitter.split(&frame.data, frame.about, max, &mut payloads)?;
        // RFC 3551 section 4.1: of audio the marker begins a talkspurt, of video it ends a frame.
        let begins_talk = self.talk != Some(frame.timestamp);
        let is_video = self.kind == MediaKind::Video;
        let packets = frame.packets(payloads, |payload| {
            if is_video {
                payload.is_last()
            } else {
                begins_talk
            }
        });
        Ok((packets, splitter))
    }

    /// The packets of a frame were queued.
    pub(in crate::rtp::send) fn keep_frame(&mut self, frame: &OutgoingFrame, splitter: Splitter) {
        self.counters.frames += 1;
        if let Some(payload) = self.payloads.get_mut(&frame.payload_type) {
            let duration = payload
                .format
                .and_then(|format| format.duration(&frame.data));
            self.talk = duration.map(|duration| frame.timestamp.plus(duration as i32));
            payload.splitter = Some(splitter);
        }
    }

    pub(in crate::rtp::send) const fn count_refused_frame(&mut self) {
        self.counters.refused_frames += 1;
    }
}
