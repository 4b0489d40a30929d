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
mod name;
mod peer_connection;
mod runtime;
mod target;
mod transport;

use pyo3::prelude::*;

/// The module's contents.
#[pymodule(gil_used = false)]
fn _ironrtc(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add("__version__", env!("CARGO_PKG_VERSION"))?;
    m.add_class::<certificate::Certificate>()?;
    m.add_class::<data_channel::DataChannel>()?;
    m.add_class::<inbox::Inbox>()?;
    m.add_class::<peer_connection::PeerConnection>()?;
    m.add_class::<transport::Transport>()?;
    m.add_function(wrap_pyfunction!(runtime::after_fork_in_child, m)?)?;
    Ok(())
}
