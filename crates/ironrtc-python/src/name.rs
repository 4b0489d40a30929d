//! The words of values, where they are read and where aiortc has others than the W3C.

use std::str::FromStr;

use ironrtc::{SctpState, UnknownWord};
use pyo3::PyResult;
use pyo3::exceptions::PyValueError;

/// Read one of the W3C's words.
pub(crate) fn read<T: FromStr<Err = UnknownWord>>(word: &str) -> PyResult<T> {
    word.parse()
        .map_err(|error: UnknownWord| PyValueError::new_err(error.to_string()))
}

/// aiortc knows no state in which what was sent is still delivered; to it that is connected.
pub(crate) const fn sctp(state: SctpState) -> &'static str {
    match state {
        SctpState::New => "new",
        SctpState::Connecting => "connecting",
        SctpState::Connected | SctpState::ShuttingDown => "connected",
        SctpState::Closed => "closed",
    }
}
