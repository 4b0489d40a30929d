//! The core's errors as the exceptions that aiortc's programs expect.

use ironrtc::{ConfigurationError, CreateDataChannelError, Error, JsepError, SdpType, SendError};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyType;

macro_rules! exception {
    ($function:ident, $name:literal) => {
        pub(crate) fn $function(text: impl Into<String>) -> PyErr {
            static TYPE: PyOnceLock<Py<PyType>> = PyOnceLock::new();
            raise(&TYPE, $name, text.into())
        }
    };
}

exception!(invalid_access, "InvalidAccessError");
exception!(invalid_state, "InvalidStateError");
exception!(operation, "OperationError");

fn raise(cell: &'static PyOnceLock<Py<PyType>>, name: &str, text: String) -> PyErr {
    Python::attach(|py| match cell.import(py, "ironrtc.exceptions", name) {
        // aiortc raises an exception without a text as `raise InvalidStateError`.
        Ok(class) if text.is_empty() => PyErr::from_type(class.clone(), ()),
        Ok(class) => PyErr::from_type(class.clone(), text),
        Err(error) => error,
    })
}

/// The exception of a W3C name. Python's `ValueError` stands for those that aiortc has no class of.
pub(crate) fn named(name: &str, text: String) -> PyErr {
    match name {
        "InvalidStateError" => invalid_state(text),
        "InvalidAccessError" => invalid_access(text),
        "OperationError" => operation(text),
        _ => PyValueError::new_err(text),
    }
}

pub(crate) fn from_connection(error: &Error) -> PyErr {
    match error {
        Error::Closed => invalid_state("RTCPeerConnection is closed"),
        Error::Jsep(error) => from_jsep(error),
        _ => named(error.name(), error.to_string()),
    }
}

/// Where aiortc refuses a description too, its class and its words; programs look at them.
fn from_jsep(error: &JsepError) -> PyErr {
    match error {
        JsepError::WrongState { kind, state, .. } if *kind != SdpType::Rollback => {
            let kind = if *kind == SdpType::Offer {
                "offer"
            } else {
                "answer"
            };
            invalid_state(format!(
                "Cannot handle {kind} in signaling state \"{state}\""
            ))
        }
        JsepError::NothingToAnswer(state) => invalid_state(format!(
            "Cannot create answer in signaling state \"{state}\""
        )),
        JsepError::CandidateWithoutSection => {
            PyValueError::new_err("Candidate must have either sdpMid or sdpMLineIndex")
        }
        JsepError::MissingCredentials => {
            PyValueError::new_err("ICE username fragment or password is missing")
        }
        JsepError::AnswerSetup => PyValueError::new_err(
            "DTLS setup attribute must be 'active' or 'passive' for an answer",
        ),
        JsepError::SectionCount { .. } | JsepError::SectionMismatch(_) => {
            PyValueError::new_err("Media sections in answer do not match offer")
        }
        _ => named(error.name(), error.to_string()),
    }
}

/// What cannot be changed is told by its name in `RTCConfiguration`.
pub(crate) fn from_configuration(error: &ConfigurationError) -> PyErr {
    let told = match error {
        ConfigurationError::Unchangeable(name) => ConfigurationError::Unchangeable(match *name {
            "bundle_policy" => "bundlePolicy",
            "always_negotiate_data_channels" => "alwaysNegotiateDataChannels",
            "ice" => "resolveNames",
            "sctp" => "congestionControl",
            other => other,
        }),
        other => other.clone(),
    };
    named(told.name(), told.to_string())
}

pub(crate) fn from_create(error: &CreateDataChannelError) -> PyErr {
    match error {
        CreateDataChannelError::IdTaken(id) => {
            PyValueError::new_err(format!("Data channel with ID {id} already registered"))
        }
        CreateDataChannelError::Closed => invalid_state("RTCPeerConnection is closed"),
        _ => named(error.name(), error.to_string()),
    }
}

pub(crate) fn from_send(error: &SendError) -> PyErr {
    match error {
        SendError::NotOpen => invalid_state(""),
        SendError::TooLarge { size, limit } => PyValueError::new_err(format!(
            "Cannot send message of {size} bytes, \
             the remote party only supports messages up to {limit} bytes"
        )),
        _ => named(error.name(), error.to_string()),
    }
}
