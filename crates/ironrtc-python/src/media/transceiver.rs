//! A transceiver with what it sends and receives.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use ironrtc::{
    AudioLevel, EncodedFrame, LocalTrack, PayloadType, RtpCodec, RtpPacket, RtpTransceiver,
};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use super::codec::{self, Agreed, Described};
use super::incoming::{self, Incoming};
use super::level::SILENCE;
use super::raised;
use crate::inbox::Inbox;
use crate::runtime::{self, Owned, Task};
use crate::target::{Started, Target, start};
use crate::{name, stats};

/// What is sent.
#[derive(Default)]
struct Outgoing {
    track: Option<LocalTrack>,
    /// The codecs that were agreed on, when they were last asked for.
    codecs: Vec<(PayloadType, Arc<RtpCodec>)>,
    /// Tells of requests for key frames.
    watch: Option<Owned<Task>>,
}

/// A sender and a receiver that share a section.
#[pyclass(module = "ironrtc._ironrtc", frozen)]
pub(crate) struct Transceiver {
    transceiver: Owned<RtpTransceiver>,
    outgoing: Mutex<Outgoing>,
    incoming: Arc<Incoming>,
    /// Where events go.
    target: Arc<Target>,
    /// Carry frames and events, from when they are asked for.
    pumps: Mutex<Vec<Owned<Task>>>,
}

/// A frame that was received: its data, its timestamp, the payload type's codec, whether a decoder
/// can start with it, and how many packets before it were lost.
type Received<'py> = (Bound<'py, PyBytes>, u64, String, bool, u64);

impl Transceiver {
    pub(crate) fn new(transceiver: RtpTransceiver) -> Self {
        Self {
            transceiver: Owned::new(transceiver),
            outgoing: Mutex::default(),
            incoming: Arc::default(),
            target: Arc::default(),
            pumps: Mutex::default(),
        }
    }

    /// Run what looks at the transceiver or changes it without the interpreter lock.
    fn with<T: Send>(
        &self,
        py: Python<'_>,
        work: impl FnOnce(&RtpTransceiver) -> T + Send,
    ) -> PyResult<T> {
        let transceiver = self.transceiver.get()?;
        Ok(py.detach(|| work(transceiver)))
    }

    fn outgoing(&self) -> MutexGuard<'_, Outgoing> {
        self.outgoing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[pymethods]
impl Transceiver {
    /// Whether `other` is a handle of the same transceiver.
    fn is_same(&self, other: &Self) -> PyResult<bool> {
        Ok(self.transceiver.get()? == other.transceiver.get()?)
    }

    #[getter]
    fn kind(&self, py: Python<'_>) -> PyResult<&'static str> {
        Ok(self.with(py, RtpTransceiver::kind)?.as_str())
    }

    #[getter]
    fn mid(&self, py: Python<'_>) -> PyResult<Option<String>> {
        self.with(py, RtpTransceiver::mid)
    }

    #[getter]
    fn direction(&self, py: Python<'_>) -> PyResult<&'static str> {
        Ok(self.with(py, RtpTransceiver::direction)?.as_str())
    }

    fn set_direction(&self, py: Python<'_>, direction: &str) -> PyResult<()> {
        let direction = name::read(direction)?;
        self.with(py, |it| it.set_direction(direction))?
            .map_err(|error| raised(&error))
    }

    #[getter]
    fn current_direction(&self, py: Python<'_>) -> PyResult<Option<&'static str>> {
        let direction = self.with(py, RtpTransceiver::current_direction)?;
        Ok(direction.map(|direction| direction.as_str()))
    }

    #[getter]
    fn stopped(&self, py: Python<'_>) -> PyResult<bool> {
        self.with(py, RtpTransceiver::is_stopped)
    }

    /// End it; it may have ended already.
    fn stop(&self, py: Python<'_>) -> PyResult<()> {
        // The errors say that it has ended, or its connection has.
        self.with(py, |it| drop(it.stop()))
    }

    /// Whether the peer has described a track that it sends here.
    fn receives(&self, py: Python<'_>) -> PyResult<bool> {
        self.with(py, |it| it.receiver().is_receiving())
    }

    fn set_codec_preferences(&self, py: Python<'_>, codecs: Vec<Described>) -> PyResult<()> {
        let codecs = codecs.iter().map(codec::read).collect::<PyResult<_>>()?;
        self.with(py, |it| it.set_codec_preferences(codecs))?
            .map_err(|error| raised(&error))
    }

    /// Send a track of that name from now on, or nothing.
    #[pyo3(signature = (id))]
    fn send_track(&self, py: Python<'_>, id: Option<String>) -> PyResult<()> {
        let transceiver = self.transceiver.get()?;
        let runtime = runtime::handle(py)?;
        let track = id.map(|id| LocalTrack::with_id(transceiver.kind(), id));
        py.detach(|| transceiver.sender().replace_track(track.as_ref()))
            .map_err(|error| raised(&error))?;
        let mut outgoing = self.outgoing();
        outgoing.watch = track.as_ref().map(|track| {
            let (track, target) = (track.clone(), self.target.clone());
            Owned::new(Task::spawn(&runtime, async move {
                while track.key_frame_requested().await {
                    target.room().await;
                    target.tell("keyframe", ());
                }
            }))
        });
        outgoing.track = track;
        Ok(())
    }

    /// Let go of the track that is sent.
    fn stop_sending(&self) {
        *self.outgoing() = Outgoing::default();
    }

    fn set_streams(&self, py: Python<'_>, streams: Vec<String>) -> PyResult<()> {
        self.with(py, |it| it.sender().set_streams(&streams))?
            .map_err(|error| raised(&error))
    }

    /// The codecs that may be sent, the first of which is to be; and the name of our sources.
    fn send_codecs(&self, py: Python<'_>) -> PyResult<(Vec<Agreed>, String)> {
        let parameters = self
            .with(py, |it| it.sender().get_parameters())?
            .map_err(|error| raised(&error))?;
        let codecs = &parameters.codecs;
        self.outgoing().codecs = codecs
            .iter()
            .map(|each| (each.payload_type, Arc::new(each.codec.clone())))
            .collect();
        Ok((codec::agreed(codecs), parameters.cname))
    }

    /// The codecs that may be received.
    fn receive_codecs(&self, py: Python<'_>) -> PyResult<Vec<Agreed>> {
        let parameters = self.with(py, |it| it.receiver().get_parameters())?;
        Ok(codec::agreed(&parameters.codecs))
    }

    /// Send the payloads of one frame. The last one has the mark if `marker` is true. It tells how
    /// many were taken: none while there is no connection, or nothing was agreed on.
    #[pyo3(signature = (payload_type, payloads, timestamp, marker, audio_level))]
    fn send(
        &self,
        py: Python<'_>,
        payload_type: u8,
        payloads: Vec<Bound<'_, PyBytes>>,
        timestamp: u32,
        marker: bool,
        audio_level: Option<u8>,
    ) -> PyResult<usize> {
        self.transceiver.get()?;
        let (track, codec) = {
            let outgoing = self.outgoing();
            let agreed = outgoing.codecs.iter();
            let mut codecs = agreed.filter(|(known, _)| known.get() == payload_type);
            match (&outgoing.track, codecs.next()) {
                (Some(track), Some((_, codec))) => (track.clone(), codec.clone()),
                _ => return Ok(0),
            }
        };
        let last = payloads.len().saturating_sub(1);
        let packets: Vec<RtpPacket> = payloads
            .iter()
            .enumerate()
            .map(|(index, payload)| {
                let payload = Bytes::copy_from_slice(payload.as_bytes());
                let mut packet = RtpPacket::new(codec.clone(), timestamp, payload)
                    .with_marker(marker && index == last);
                packet.extensions.audio_level = audio_level.map(|level| AudioLevel {
                    below_overload: level,
                    is_voice: level < SILENCE,
                });
                packet
            })
            .collect();
        Ok(py.detach(|| {
            packets
                .iter()
                .map(|packet| track.write_packet(packet))
                .sum()
        }))
    }

    /// Send events to `token` of `inbox` from now on.
    fn attach(&self, py: Python<'_>, inbox: &Inbox, token: u64) -> PyResult<()> {
        self.target.set(inbox, token);
        let mut pumps = self.pumps.lock().unwrap_or_else(PoisonError::into_inner);
        if !pumps.is_empty() {
            // What waits to be read was told to the former inbox.
            self.target.tell("readable", ());
            return Ok(());
        }
        let track = self.with(py, |it| it.receiver().track())?;
        let runtime = runtime::handle(py)?;
        let read = incoming::read(track.clone(), self.incoming.clone(), self.target.clone());
        let watch = incoming::watch(track, self.target.clone());
        pumps.push(Owned::new(Task::spawn(&runtime, read)));
        pumps.push(Owned::new(Task::spawn(&runtime, watch)));
        Ok(())
    }

    /// The name of the track that is received, and of the streams that it is in.
    fn received(&self, py: Python<'_>) -> PyResult<(String, Vec<String>)> {
        self.with(py, |it| {
            let receiver = it.receiver();
            (receiver.track().id(), receiver.streams())
        })
    }

    /// Take up to `limit` frames that have arrived.
    fn recv<'py>(&self, py: Python<'py>, limit: usize) -> PyResult<Vec<Received<'py>>> {
        self.transceiver.get()?;
        let frames = self.incoming.take(limit);
        let one = |frame: EncodedFrame| {
            (
                PyBytes::new(py, &frame.data),
                frame.time,
                frame.codec.mime_type(),
                frame.key,
                frame.lost_before,
            )
        };
        Ok(frames.into_iter().map(one).collect())
    }

    /// What is sent, or else received, and what that has to do with.
    fn get_stats(
        &self,
        py: Python<'_>,
        inbox: &Inbox,
        token: u64,
        sending: bool,
    ) -> PyResult<Started> {
        let transceiver = self.transceiver.get()?.clone();
        let operation = async move {
            if sending {
                transceiver.sender().get_stats().await
            } else {
                transceiver.receiver().get_stats().await
            }
        };
        start(py, inbox, token, operation, |py, report| {
            stats::entries(py, &report)
        })
    }

    /// Ask the peer for a key frame.
    fn request_key_frame(&self, py: Python<'_>) -> PyResult<()> {
        self.with(py, |it| it.receiver().track().request_key_frame())
    }
}
