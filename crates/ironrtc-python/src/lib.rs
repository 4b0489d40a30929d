//! The extension module `ironrtc._ironrtc`: handles on the Rust core, for the Python classes.
//!
//! Nothing here is for programs to use; the Python package gives it its shape. Rust works on its
//! own threads, without Python's interpreter lock. What it has to tell goes through an
//! [`inbox::Inbox`], which wakes an event loop once for a whole batch.

mod certificate;
mod inbox;

use pyo3::prelude::*;

/// The module's contents.
#[pymodule(gil_used = false)]
fn _ironrtc(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add("__version__", env!("CARGO_PKG_VERSION"))?;
    m.add_class::<certificate::Certificate>()?;
    m.add_class::<inbox::Inbox>()?;
    Ok(())
}
