//! Data channels.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use ironrtc::{DataChannel as Core, DataChannelEvent, DataChannelInit, Message, SendError};
use ironrtc_core::channel::Text;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::pybacked::{PyBackedBytes, PyBackedStr};
use pyo3::types::{PyBytes, PyList, PyMemoryView, PyString};

use crate::exception;
use crate::inbox::Inbox;
use crate::runtime::{self, Owned, Task};
use crate::target::{Started, Target, none, start};

/// Up to this size a copy is cheaper than to share the object with Python.
const COPY_LIMIT: usize = 4096;
/// One batch of received messages ends after this many bytes, so that memory stays bounded.
const BATCH_BYTES: usize = 4 * 1024 * 1024;

/// A data channel.
#[pyclass(module = "ironrtc._ironrtc", frozen)]
pub(crate) struct DataChannel {
    channel: Owned<Core>,
    target: Arc<Target>,
    /// Carries events to the target, from the first `attach` on.
    pump: Mutex<Option<Owned<Task>>>,
}

impl DataChannel {
    pub(crate) fn new(channel: Core) -> Self {
        Self {
            channel: Owned::new(channel),
            target: Arc::default(),
            pump: Mutex::default(),
        }
    }

    /// Make a channel, with `create` for what differs between its two owners.
    pub(crate) fn create(
        py: Python<'_>,
        label: &str,
        options: Options,
        create: impl FnOnce(&str, DataChannelInit) -> Result<Core, ironrtc::CreateDataChannelError>
        + Send,
    ) -> PyResult<Self> {
        let runtime = runtime::handle(py)?;
        let (ordered, max_packet_life_time, max_retransmits, protocol, negotiated_id) = options;
        let init = DataChannelInit {
            ordered,
            max_packet_life_time: limit("maxPacketLifeTime", max_packet_life_time)?,
            max_retransmits: limit("maxRetransmits", max_retransmits)?,
            protocol,
            negotiated: negotiated_id.is_some(),
            id: negotiated_id,
            ..DataChannelInit::default()
        };
        let made = py.detach(|| {
            let _context = runtime.enter();
            create(label, init)
        });
        made.map(Self::new)
            .map_err(|error| exception::from_create(&error))
    }
}

/// `ordered`, `maxPacketLifeTime`, `maxRetransmits`, `protocol`, and the id of a negotiated channel.
pub(crate) type Options = (bool, Option<u64>, Option<u64>, String, Option<u16>);

#[pymethods]
impl DataChannel {
    #[getter]
    fn label(&self) -> PyResult<String> {
        Ok(self.channel.get()?.label())
    }

    #[getter]
    fn protocol(&self) -> PyResult<String> {
        Ok(self.channel.get()?.protocol())
    }

    #[getter]
    fn ordered(&self) -> PyResult<bool> {
        Ok(self.channel.get()?.ordered())
    }

    #[getter]
    fn max_packet_life_time(&self) -> PyResult<Option<u16>> {
        Ok(self.channel.get()?.max_packet_life_time())
    }

    #[getter]
    fn max_retransmits(&self) -> PyResult<Option<u16>> {
        Ok(self.channel.get()?.max_retransmits())
    }

    #[getter]
    fn id(&self, py: Python<'_>) -> PyResult<Option<u16>> {
        let channel = self.channel.get()?;
        Ok(py.detach(|| channel.id()))
    }

    /// Send events to `token` of `inbox` from now on.
    fn attach(&self, py: Python<'_>, inbox: &Inbox, token: u64) -> PyResult<()> {
        self.target.set(inbox, token);
        let mut pump = self.pump.lock().unwrap_or_else(PoisonError::into_inner);
        if pump.is_some() {
            // What waits to be read was told to the former inbox.
            self.target.tell("readable", ());
            return Ok(());
        }
        let channel = self.channel.get()?.clone();
        let target = self.target.clone();
        let task = Task::spawn(&runtime::handle(py)?, async move {
            target.room().await;
            while let Some(event) = channel.next_event().await {
                tell(&target, event);
                target.room().await;
            }
        });
        *pump = Some(Owned::new(task));
        Ok(())
    }

    /// Queue a message: a `str`, or anything with a buffer. False if the channel is not open.
    fn send(&self, py: Python<'_>, data: &Bound<'_, PyAny>) -> PyResult<bool> {
        let channel = self.channel.get()?;
        let message = message(data)?;
        match py.detach(|| channel.send(message)) {
            Ok(()) => Ok(true),
            Err(SendError::NotOpen) => Ok(false),
            Err(error) => Err(exception::from_send(&error)),
        }
    }

    /// Take up to `limit` messages that have arrived, and whether there may be more.
    fn recv<'py>(&self, py: Python<'py>, limit: usize) -> PyResult<(Bound<'py, PyList>, bool)> {
        let channel = self.channel.get()?;
        let (messages, more) = py.detach(|| take(channel, limit));
        let list = PyList::empty(py);
        for message in messages {
            match message {
                Message::Text(text) => list.append(text.as_str())?,
                Message::Binary(bytes) => list.append(PyBytes::new(py, &bytes))?,
            }
        }
        Ok((list, more))
    }

    /// Wait until no more than `amount` bytes are queued.
    fn drain(&self, py: Python<'_>, inbox: &Inbox, token: u64, amount: usize) -> PyResult<Started> {
        let channel = self.channel.get()?.clone();
        let operation = async move { channel.buffered_amount_below(amount).await };
        start(py, inbox, token, operation, |py, result| {
            result.map_err(|error| exception::from_send(&error))?;
            Ok(none(py))
        })
    }

    fn close(&self, py: Python<'_>) -> PyResult<()> {
        let channel = self.channel.get()?;
        py.detach(|| channel.close());
        Ok(())
    }

    fn buffered_amount(&self, py: Python<'_>) -> PyResult<usize> {
        let channel = self.channel.get()?;
        Ok(py.detach(|| channel.buffered_amount()))
    }

    fn set_buffered_amount_low_threshold(&self, py: Python<'_>, value: usize) -> PyResult<()> {
        let channel = self.channel.get()?;
        py.detach(|| channel.set_buffered_amount_low_threshold(value));
        Ok(())
    }
}

fn take(channel: &Core, limit: usize) -> (Vec<Message>, bool) {
    let mut messages = Vec::new();
    let mut bytes = 0;
    while messages.len() < limit && bytes < BATCH_BYTES {
        let Some(message) = channel.try_recv() else {
            return (messages, false);
        };
        bytes += message.len();
        messages.push(message);
    }
    (messages, true)
}

fn tell(target: &Target, event: DataChannelEvent) {
    match event {
        DataChannelEvent::Open => target.tell("open", ()),
        DataChannelEvent::Readable => target.tell("readable", ()),
        DataChannelEvent::BufferedAmountLow => target.tell("bufferedamountlow", ()),
        DataChannelEvent::Closing => target.tell("closing", ()),
        DataChannelEvent::Error(text) => target.tell("error", text),
        DataChannelEvent::Close => target.tell("closed", ()),
        _ => {}
    }
}

fn message(data: &Bound<'_, PyAny>) -> PyResult<Message> {
    if let Ok(bytes) = data.cast::<PyBytes>() {
        return Ok(Message::Binary(share(bytes)));
    }
    if let Ok(text) = data.cast::<PyString>() {
        return Ok(Message::Text(share_text(text)?));
    }
    let Ok(view) = PyMemoryView::from(data) else {
        return Err(PyValueError::new_err(format!(
            "Cannot send unsupported data type: {}",
            data.get_type().str()?
        )));
    };
    // The one copy of what may change before it leaves.
    let bytes = view.call_method0("tobytes")?;
    Ok(Message::Binary(share(bytes.cast::<PyBytes>()?)))
}

fn share(bytes: &Bound<'_, PyBytes>) -> Bytes {
    if bytes.as_bytes().len() <= COPY_LIMIT {
        Bytes::copy_from_slice(bytes.as_bytes())
    } else {
        Bytes::from_owner(PyBackedBytes::from(bytes.clone()))
    }
}

fn share_text(text: &Bound<'_, PyString>) -> PyResult<Text> {
    let utf8 = text.to_str()?;
    if utf8.len() <= COPY_LIMIT {
        return Ok(Text::from(utf8));
    }
    let shared = Bytes::from_owner(PyBackedStr::try_from(text.clone())?);
    Text::try_from(shared).map_err(|e| PyValueError::new_err(e.to_string()))
}

/// RFC 8832 has 32 bits for the limits, the W3C 16: larger ones are as good as the largest.
fn limit(name: &str, value: Option<u64>) -> PyResult<Option<u16>> {
    match value.map(u32::try_from) {
        None => Ok(None),
        Some(Ok(value)) => Ok(Some(u16::try_from(value).unwrap_or(u16::MAX))),
        Some(Err(_)) => Err(PyValueError::new_err(format!(
            "{name} must be in range 0 - {}",
            u32::MAX
        ))),
    }
}
