//! Transceivers: what is sent and received, in batches of encoded data.

mod codec;
mod incoming;
pub(crate) mod level;
mod transceiver;

pub(crate) use codec::{Described, describe};
pub(crate) use transceiver::Transceiver;

use ironrtc::TransceiverError;
use pyo3::PyErr;

use crate::exception;

/// The core's errors about transceivers as the exceptions that aiortc's programs expect.
pub(crate) fn raised(error: &TransceiverError) -> PyErr {
    match error {
        TransceiverError::Closed => exception::invalid_state("RTCPeerConnection is closed"),
        TransceiverError::TrackIsSent(_) => exception::invalid_access("Track already has a sender"),
        _ => exception::named(error.name(), error.to_string()),
    }
}
