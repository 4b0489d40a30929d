//! The extension module `ironrtc._ironrtc`: handles on the Rust core, for the Python classes.
//!
//! Nothing here is for programs to use; the Python package gives it its shape. Rust works on its
//! own threads, without Python's interpreter lock. What it has to tell goes through an
//! `inbox::Inbox`, which wakes an event loop once for a whole batch.
#![forbid(unsafe_code)]

mod certificate;
mod configuration;
mod data_channel;
mod exception;
mod inbox;
mod media;
mod name;
mod peer_connection;
mod recorder;
mod runtime;
mod stats;
mod target;
mod transport;

use pyo3::prelude::*;

/// A description's lines, as the core's parser sees them: those of the session, and those of each
/// media section.
#[pyfunction]
fn sdp_lines(text: &str) -> (Vec<&str>, Vec<Vec<&str>>) {
    let (mut session, mut media) = (Vec::new(), Vec::<Vec<&str>>::new());
    for (_, line) in ironrtc_core::wire::sdp::lines(text) {
        if line.starts_with("m=") {
            media.push(Vec::new());
        }
        media.last_mut().unwrap_or(&mut session).push(line);
    }
    (session, media)
}

/// The module's contents.
#[pymodule(gil_used = false)]
fn _ironrtc(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add("__version__", env!("CARGO_PKG_VERSION"))?;
    m.add_class::<certificate::Certificate>()?;
    m.add_class::<data_channel::DataChannel>()?;
    m.add_class::<inbox::Inbox>()?;
    m.add_class::<peer_connection::PeerConnection>()?;
    m.add_class::<recorder::Recorder>()?;
    m.add_class::<media::Transceiver>()?;
    m.add_class::<transport::Transport>()?;
    m.add_function(wrap_pyfunction!(media::level::audio_level, m)?)?;
    m.add_function(wrap_pyfunction!(sdp_lines, m)?)?;
    m.add_function(wrap_pyfunction!(runtime::after_fork_in_child, m)?)?;
    Ok(())
}
