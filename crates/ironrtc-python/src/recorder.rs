//! Files that show what connections do.

use std::path::PathBuf;

use ironrtc::observe::{Observer, Recorder as Core};
use pyo3::prelude::*;

/// Files that show what connections do.
#[pyclass(module = "ironrtc", frozen)]
pub(crate) struct Recorder(pub(crate) Observer);

#[pymethods]
impl Recorder {
    /// Open the files. One recorder may serve many connections.
    #[new]
    #[pyo3(signature = (*, event_log=None, capture=None, key_log=None))]
    fn new(
        event_log: Option<PathBuf>,
        capture: Option<PathBuf>,
        key_log: Option<PathBuf>,
    ) -> PyResult<Self> {
        let mut recorder = Core::new();
        if let Some(path) = event_log {
            recorder = recorder.event_log(path)?;
        }
        if let Some(path) = capture {
            recorder = recorder.capture(path)?;
        }
        if let Some(path) = key_log {
            recorder = recorder.key_log(path)?;
        }
        Ok(Self(recorder.observer()))
    }
}
