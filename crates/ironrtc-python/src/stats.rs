//! Statistics, as lists of dictionaries.

use ironrtc::{StatsReport, StatsValue};
use pyo3::IntoPyObjectExt;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

/// A list of dictionaries with the W3C's member names.
pub(crate) fn entries(py: Python<'_>, report: &StatsReport) -> PyResult<Py<PyAny>> {
    let list = PyList::empty(py);
    for object in report {
        let members = PyDict::new(py);
        members.set_item("type", object.stats_type().as_str())?;
        members.set_item("id", object.id())?;
        members.set_item("timestamp", report.timestamp())?;
        for (name, value) in object.members() {
            match value {
                StatsValue::Text(text) => members.set_item(name, text)?,
                StatsValue::Integer(number) => members.set_item(name, number)?,
                StatsValue::Signed(number) => members.set_item(name, number)?,
                StatsValue::Float(number) => members.set_item(name, number)?,
                StatsValue::Flag(flag) => members.set_item(name, flag)?,
                _ => debug_assert!(false, "a kind of value that Python is not given: {value:?}"),
            }
        }
        list.append(members)?;
    }
    list.into_py_any(py)
}
