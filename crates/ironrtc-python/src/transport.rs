//! ORTC: a transport without offers and answers.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ironrtc::ortc::{Event, Transport as Core};
use ironrtc::{DtlsState, Fingerprint, IceCandidate, IceConnectionState, IceRole};
use ironrtc_core::dtls::Role as DtlsRole;
use ironrtc_core::ice::{AddCandidateError, Credentials};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use tokio::sync::watch;

use crate::certificate::Certificate;
use crate::configuration::{self, Server};
use crate::data_channel::{DataChannel, Options};
use crate::inbox::Inbox;
use crate::runtime::{self, Owned, Task};
use crate::target::{Started, Target, none, start, start_behind_events};
use crate::{exception, name};

/// How far ICE and DTLS are, as Python was told: an operation that waits for a state ends after the
/// event that tells of it, and not as soon as the core has reached it.
type Progress = (IceConnectionState, DtlsState);

/// ICE, DTLS and SCTP over one path, each started by hand.
#[pyclass(module = "ironrtc._ironrtc", frozen)]
pub(crate) struct Transport {
    transport: Owned<Core>,
    target: Arc<Target>,
    attached: AtomicBool,
    progress: watch::Receiver<Progress>,
    /// Reads the events, and carries them to the target.
    _pump: Owned<Task>,
}

#[pymethods]
impl Transport {
    #[new]
    fn new(
        py: Python<'_>,
        servers: Vec<Server>,
        relay_only: bool,
        username: String,
        password: String,
    ) -> PyResult<Self> {
        let credentials = credentials(username, password)?;
        let configuration = configuration::transport(servers, relay_only);
        let runtime = runtime::handle(py)?;
        let transport = py
            .detach(|| {
                let _context = runtime.enter();
                Core::new(configuration, credentials)
            })
            .map_err(|error| exception::from_configuration(&error))?;
        let target: Arc<Target> = Arc::default();
        let (sender, progress) = watch::channel((IceConnectionState::New, DtlsState::New));
        let pump = Task::spawn(&runtime, forward(transport.clone(), target.clone(), sender));
        Ok(Self {
            transport: Owned::new(transport),
            target,
            attached: AtomicBool::new(false),
            progress,
            _pump: Owned::new(pump),
        })
    }

    /// Send events to `token` of `inbox` from now on.
    fn attach(&self, py: Python<'_>, inbox: &Inbox, token: u64) -> PyResult<()> {
        self.target.set(inbox, token);
        if self.attached.swap(true, Ordering::Relaxed) {
            // What happened lately may have been told to the former inbox.
            let transport = self.transport.get()?;
            let (ice, dtls, sctp) = py.detach(|| {
                (
                    transport.ice_state(),
                    transport.dtls_state(),
                    transport.sctp_state(),
                )
            });
            self.target.tell("ice", ice.to_string());
            self.target.tell("dtls", dtls.as_str());
            self.target.tell("sctp", name::sctp(sctp));
        }
        Ok(())
    }

    fn gather(&self, py: Python<'_>, inbox: &Inbox, token: u64) -> PyResult<Started> {
        let transport = self.transport.get()?.clone();
        let operation = async move { transport.gather().await };
        start(py, inbox, token, operation, |py, ()| Ok(none(py)))
    }

    fn local_candidates(&self, py: Python<'_>) -> PyResult<Vec<String>> {
        let transport = self.transport.get()?;
        let candidates = py.detach(|| transport.local_candidates());
        Ok(candidates.iter().map(ToString::to_string).collect())
    }

    fn remote_certificate<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyBytes>>> {
        let transport = self.transport.get()?;
        let certificate = py.detach(|| transport.remote_certificate());
        Ok(certificate.map(|der| PyBytes::new(py, &der)))
    }

    /// Add a candidate of the peer; an empty text is the end of them.
    fn add_remote_candidate(
        &self,
        py: Python<'_>,
        inbox: &Inbox,
        token: u64,
        candidate: &str,
    ) -> PyResult<Started> {
        let transport = self.transport.get()?.clone();
        let candidate = match candidate {
            "" => None,
            text => Some(
                text.parse::<IceCandidate>()
                    .map_err(|error| PyValueError::new_err(error.to_string()))?,
            ),
        };
        let operation = async move { transport.add_remote_candidate(candidate).await };
        start(py, inbox, token, operation, added)
    }

    /// Start ICE, and wait until there is a path or none is left to try.
    #[pyo3(signature = (inbox, token, username, password, lite))]
    fn start_ice(
        &self,
        py: Python<'_>,
        inbox: &Inbox,
        token: u64,
        username: Option<String>,
        password: Option<String>,
        lite: bool,
    ) -> PyResult<Started> {
        let transport = self.transport.get()?.clone();
        let remote = credentials(username.unwrap_or_default(), password.unwrap_or_default())?;
        // As in aiortc: both sides are controlled at first, and ICE settles who is not.
        py.detach(|| transport.start_ice(IceRole::Controlled, remote, lite));
        let progress = self.progress.clone();
        let operation = reach(progress, |(ice, _)| {
            !matches!(ice, IceConnectionState::New | IceConnectionState::Checking)
        });
        start_behind_events(py, inbox, token, operation, |py, ()| Ok(none(py)))
    }

    /// Start DTLS, and wait until the handshake succeeds or fails.
    fn start_dtls(
        &self,
        py: Python<'_>,
        inbox: &Inbox,
        token: u64,
        certificate: &Certificate,
        fingerprints: Vec<(String, String)>,
        role: &str,
    ) -> PyResult<Started> {
        let transport = self.transport.get()?.clone();
        let fingerprints = fingerprints
            .into_iter()
            .filter_map(|(algorithm, value)| format!("{algorithm} {value}").parse().ok())
            .collect::<Vec<Fingerprint>>();
        let role = match (role, py.detach(|| transport.ice_role())) {
            ("client", _) | ("auto", IceRole::Controlling) => DtlsRole::Server,
            ("server", _) | ("auto", IceRole::Controlled) => DtlsRole::Client,
            _ => {
                return Err(PyValueError::new_err(
                    "The role of RTCDtlsParameters is auto, client or server",
                ));
            }
        };
        let certificate = certificate.0.clone();
        py.detach(|| transport.start_dtls(certificate, role, fingerprints));
        let progress = self.progress.clone();
        let operation = reach(progress, |(_, dtls)| {
            !matches!(dtls, DtlsState::New | DtlsState::Connecting)
        });
        start_behind_events(py, inbox, token, operation, |py, ()| Ok(none(py)))
    }

    /// Start SCTP; it connects once DTLS is.
    #[pyo3(signature = (local_port, remote_port, max_message_size))]
    fn start_sctp(
        &self,
        py: Python<'_>,
        local_port: u16,
        remote_port: u16,
        max_message_size: Option<u64>,
    ) -> PyResult<()> {
        let transport = self.transport.get()?;
        // RFC 8841 section 6: zero stands for no limit.
        let limit = max_message_size.filter(|size| *size > 0);
        py.detach(|| transport.start_sctp(local_port, remote_port, limit));
        Ok(())
    }

    fn stop_sctp(&self, py: Python<'_>) -> PyResult<()> {
        let transport = self.transport.get()?;
        py.detach(|| transport.stop_sctp());
        Ok(())
    }

    fn stop_dtls(&self, py: Python<'_>) -> PyResult<()> {
        let transport = self.transport.get()?;
        py.detach(|| transport.stop_dtls());
        Ok(())
    }

    fn stop(&self, py: Python<'_>, inbox: &Inbox, token: u64) -> PyResult<Started> {
        let Ok(transport) = self.transport.get().cloned() else {
            // In a forked child there is nothing to end; the parent's goes on.
            return Ok((true, None));
        };
        let operation = async move { transport.stop().await };
        start(py, inbox, token, operation, |py, ()| Ok(none(py)))
    }

    #[getter]
    fn ice_role(&self, py: Python<'_>) -> PyResult<String> {
        let transport = self.transport.get()?;
        Ok(py.detach(|| transport.ice_role()).to_string())
    }

    #[getter]
    fn max_channels(&self, py: Python<'_>) -> PyResult<Option<u16>> {
        let transport = self.transport.get()?;
        Ok(py.detach(|| transport.max_channels()))
    }

    #[pyo3(signature = (label, *options))]
    fn create_data_channel(
        &self,
        py: Python<'_>,
        label: &str,
        options: Options,
    ) -> PyResult<DataChannel> {
        let transport = self.transport.get()?;
        DataChannel::create(py, label, options, |label, init| {
            transport.create_data_channel(label, init)
        })
    }
}

async fn forward(transport: Core, target: Arc<Target>, progress: watch::Sender<Progress>) {
    while let Some(event) = transport.next_event().await {
        let (mut ice, mut dtls) = *progress.borrow();
        match event {
            Event::IceStateChange(state) => ice = state,
            Event::DtlsStateChange(state) => dtls = state,
            _ => {}
        }
        tell(&target, event);
        progress.send_replace((ice, dtls));
        target.room().await;
    }
    progress.send_replace((IceConnectionState::Closed, DtlsState::Closed));
}

fn tell(target: &Target, event: Event) {
    match event {
        Event::IceStateChange(state) => target.tell("ice", state.to_string()),
        Event::DtlsStateChange(state) => target.tell("dtls", state.as_str()),
        Event::SctpStateChange(state) => target.tell("sctp", name::sctp(state)),
        Event::DataChannel(channel) => target.push(Box::new(move |py| {
            let channel = Py::new(py, DataChannel::new(channel))?;
            Ok(("datachannel", channel.into_any()))
        })),
        _ => {}
    }
}

/// Wait until `enough` has happened, or nothing will happen any more.
async fn reach(mut progress: watch::Receiver<Progress>, enough: fn(&Progress) -> bool) {
    // An error means that the transport is gone.
    let _ = progress.wait_for(enough).await;
}

fn credentials(username: String, password: String) -> PyResult<Credentials> {
    Credentials::new(username, password).map_err(|e| PyValueError::new_err(e.to_string()))
}

fn added(py: Python<'_>, result: Result<(), AddCandidateError>) -> PyResult<Py<PyAny>> {
    // A candidate that cannot be used is not an error: the peer may have others.
    drop(result);
    Ok(none(py))
}
