//! Peer connections.

use std::sync::{Arc, Mutex, PoisonError};

use ironrtc::{
    Error, Event, Events, IceCandidateInit, IceConnectionState, MediaKind, OfferOptions,
    PeerConnection as Core, RtpTransceiver, RtpTransceiverInit, SdpType, SessionDescription,
};
use pyo3::IntoPyObjectExt;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::certificate::Certificate;
use crate::configuration::Settings;
use crate::data_channel::{DataChannel, Options};
use crate::inbox::Inbox;
use crate::media::{self, Transceiver};
use crate::runtime::{self, Owned, Task};
use crate::target::{Started, Target, none, start};
use crate::{exception, name, stats};

/// A description's kind and text.
type Description = Option<(&'static str, String)>;

/// A connection to another peer.
#[pyclass(module = "ironrtc._ironrtc", frozen)]
pub(crate) struct PeerConnection {
    connection: Owned<Core>,
    target: Arc<Target>,
    /// Carries events to the target, from the first `attach` on.
    pump: Mutex<Option<Owned<Task>>>,
}

impl PeerConnection {
    /// Run what only looks at the connection, or changes it at once, without the interpreter lock.
    fn with<T: Send>(&self, py: Python<'_>, work: impl FnOnce(&Core) -> T + Send) -> PyResult<T> {
        let connection = self.connection.get()?;
        Ok(py.detach(|| work(connection)))
    }

    fn description(
        &self,
        py: Python<'_>,
        which: fn(&Core) -> Option<SessionDescription>,
    ) -> PyResult<Description> {
        let description = self.with(py, which)?;
        Ok(description.map(|description| (description.kind.as_str(), description.sdp)))
    }
}

#[pymethods]
impl PeerConnection {
    #[new]
    fn new(py: Python<'_>, configuration: Settings, certificate: &Certificate) -> PyResult<Self> {
        let mut configuration = configuration.into_core()?;
        configuration.certificates.push(certificate.0.clone());
        let runtime = runtime::handle(py)?;
        let connection = py
            .detach(|| {
                let _context = runtime.enter();
                Core::new(configuration)
            })
            .map_err(|error| exception::from_configuration(&error))?;
        Ok(Self {
            connection: Owned::new(connection),
            target: Arc::default(),
            pump: Mutex::default(),
        })
    }

    /// Send events to `token` of `inbox` from now on.
    fn attach(&self, py: Python<'_>, inbox: &Inbox, token: u64) -> PyResult<()> {
        self.target.set(inbox, token);
        let mut pump = self.pump.lock().unwrap_or_else(PoisonError::into_inner);
        let connection = self.connection.get()?;
        if pump.is_some() {
            // What happened lately may have been told to the former inbox.
            let states = py.detach(|| states(connection));
            for (kind, state) in states {
                self.target.tell(kind, state);
            }
            return Ok(());
        }
        let events = py.detach(|| connection.events());
        let task = Task::spawn(&runtime::handle(py)?, forward(events, self.target.clone()));
        *pump = Some(Owned::new(task));
        Ok(())
    }

    fn create_offer(
        &self,
        py: Python<'_>,
        inbox: &Inbox,
        token: u64,
        ice_restart: bool,
    ) -> PyResult<Started> {
        let connection = self.connection.get()?.clone();
        let options = OfferOptions::default().ice_restart(ice_restart);
        let operation = async move { connection.create_offer(options).await };
        start(py, inbox, token, operation, described)
    }

    fn create_answer(&self, py: Python<'_>, inbox: &Inbox, token: u64) -> PyResult<Started> {
        let connection = self.connection.get()?.clone();
        let operation = async move { connection.create_answer().await };
        start(py, inbox, token, operation, described)
    }

    #[pyo3(signature = (inbox, token, kind, sdp))]
    fn set_local_description(
        &self,
        py: Python<'_>,
        inbox: &Inbox,
        token: u64,
        kind: Option<&str>,
        sdp: Option<String>,
    ) -> PyResult<Started> {
        let connection = self.connection.get()?.clone();
        let description = match kind {
            Some(kind) => Some(describe(kind, sdp.unwrap_or_default())?),
            None => None,
        };
        let operation = async move { connection.set_local_description(description).await };
        start(py, inbox, token, operation, nothing)
    }

    fn set_remote_description(
        &self,
        py: Python<'_>,
        inbox: &Inbox,
        token: u64,
        kind: &str,
        sdp: String,
    ) -> PyResult<Started> {
        let connection = self.connection.get()?.clone();
        let description = describe(kind, sdp)?;
        let operation = async move { connection.set_remote_description(description).await };
        start(py, inbox, token, operation, nothing)
    }

    /// Add a candidate of the peer; an empty text is the end of them.
    #[pyo3(signature = (inbox, token, candidate, mid, index))]
    fn add_ice_candidate(
        &self,
        py: Python<'_>,
        inbox: &Inbox,
        token: u64,
        candidate: String,
        mid: Option<String>,
        index: Option<u16>,
    ) -> PyResult<Started> {
        let connection = self.connection.get()?.clone();
        let init = IceCandidateInit {
            candidate,
            sdp_mid: mid,
            sdp_mline_index: index,
            username_fragment: None,
        };
        let operation = async move { connection.add_ice_candidate(init).await };
        start(py, inbox, token, operation, nothing)
    }

    fn get_stats(&self, py: Python<'_>, inbox: &Inbox, token: u64) -> PyResult<Started> {
        let connection = self.connection.get()?.clone();
        let operation = async move { connection.get_stats().await };
        start(py, inbox, token, operation, |py, report| {
            stats::entries(py, &report)
        })
    }

    fn close(&self, py: Python<'_>, inbox: &Inbox, token: u64) -> PyResult<Started> {
        let Ok(connection) = self.connection.get().cloned() else {
            // In a forked child there is nothing to end; the parent's goes on.
            return Ok((true, None));
        };
        let operation = async move { connection.close().await };
        start(py, inbox, token, operation, |py, ()| Ok(none(py)))
    }

    fn restart_ice(&self, py: Python<'_>) -> PyResult<()> {
        self.with(py, Core::restart_ice)
    }

    fn set_configuration(&self, py: Python<'_>, configuration: Settings) -> PyResult<()> {
        let wanted = configuration.into_core()?;
        self.with(py, |connection| {
            // The rest cannot change, and the core says so if it would.
            connection
                .set_configuration(wanted.certificates(connection.configuration().certificates))
        })?
        .map_err(|error| exception::from_configuration(&error))
    }

    fn local_description(&self, py: Python<'_>) -> PyResult<Description> {
        self.description(py, Core::local_description)
    }

    fn current_local_description(&self, py: Python<'_>) -> PyResult<Description> {
        self.description(py, Core::current_local_description)
    }

    fn pending_local_description(&self, py: Python<'_>) -> PyResult<Description> {
        self.description(py, Core::pending_local_description)
    }

    fn remote_description(&self, py: Python<'_>) -> PyResult<Description> {
        self.description(py, Core::remote_description)
    }

    fn current_remote_description(&self, py: Python<'_>) -> PyResult<Description> {
        self.description(py, Core::current_remote_description)
    }

    fn pending_remote_description(&self, py: Python<'_>) -> PyResult<Description> {
        self.description(py, Core::pending_remote_description)
    }

    /// Our user name fragment and password, once there are some.
    fn local_ice_parameters(&self, py: Python<'_>) -> PyResult<(Option<String>, Option<String>)> {
        let credentials = self.with(py, Core::local_ice_credentials)?;
        Ok(credentials.map_or((None, None), |each| {
            (Some(each.ufrag().to_string()), Some(each.pwd().to_owned()))
        }))
    }

    fn local_candidates(&self, py: Python<'_>) -> PyResult<Vec<String>> {
        let candidates = self.with(py, Core::local_candidates)?;
        Ok(candidates.iter().map(ToString::to_string).collect())
    }

    fn remote_candidates(&self, py: Python<'_>) -> PyResult<Vec<String>> {
        let candidates = self.with(py, Core::remote_candidates)?;
        Ok(candidates.iter().map(ToString::to_string).collect())
    }

    fn remote_certificate<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyBytes>>> {
        let certificate = self.with(py, Core::remote_certificate)?;
        Ok(certificate.map(|der| PyBytes::new(py, &der)))
    }

    #[getter]
    fn signaling_state(&self, py: Python<'_>) -> PyResult<&'static str> {
        Ok(self.with(py, Core::signaling_state)?.as_str())
    }

    #[getter]
    fn ice_gathering_state(&self, py: Python<'_>) -> PyResult<String> {
        Ok(self.with(py, Core::ice_gathering_state)?.to_string())
    }

    #[getter]
    fn ice_role(&self, py: Python<'_>) -> PyResult<String> {
        Ok(self.with(py, Core::ice_role)?.to_string())
    }

    #[getter]
    fn can_trickle_ice_candidates(&self, py: Python<'_>) -> PyResult<Option<bool>> {
        self.with(py, Core::can_trickle_ice_candidates)
    }

    /// Whether what both sides agreed on, or offered, includes data channels.
    fn has_data(&self, py: Python<'_>) -> PyResult<bool> {
        Ok(self.with(py, Core::sctp)?.is_some())
    }

    /// Whether ICE has begun to look for a path.
    fn checks_candidates(&self, py: Python<'_>) -> PyResult<bool> {
        let state = self.with(py, Core::ice_connection_state)?;
        Ok(!matches!(
            state,
            IceConnectionState::New | IceConnectionState::Closed
        ))
    }

    #[getter]
    fn data_mid(&self, py: Python<'_>) -> PyResult<Option<String>> {
        self.with(py, Core::data_mid)
    }

    #[getter]
    fn max_channels(&self, py: Python<'_>) -> PyResult<Option<u16>> {
        Ok(self
            .with(py, Core::sctp)?
            .and_then(|sctp| sctp.max_channels))
    }

    /// Make a transceiver. An offer of the peer may use it, whatever its direction, if
    /// `joins_offers` is true.
    fn add_transceiver(
        &self,
        py: Python<'_>,
        kind: &str,
        direction: &str,
        joins_offers: bool,
    ) -> PyResult<Transceiver> {
        let kind: MediaKind = name::read(kind)?;
        let init = RtpTransceiverInit::default()
            .direction(name::read(direction)?)
            .joins_offers(joins_offers);
        let made = self.with(py, |connection| connection.add_transceiver(kind, init))?;
        made.map(Transceiver::new)
            .map_err(|error| media::raised(&error))
    }

    /// The codecs that can be negotiated.
    fn capabilities(&self, py: Python<'_>, kind: &str) -> PyResult<Vec<media::Described>> {
        let kind = name::read(kind)?;
        let known = self.with(py, |connection| connection.get_capabilities(kind))?;
        Ok(known.codecs.iter().map(media::describe).collect())
    }

    /// New handles of all transceivers, in the order in which they were made.
    fn transceivers(&self, py: Python<'_>) -> PyResult<Vec<Transceiver>> {
        let all: Vec<RtpTransceiver> = self.with(py, Core::transceivers)?;
        Ok(all.into_iter().map(Transceiver::new).collect())
    }

    #[pyo3(signature = (label, *options))]
    fn create_data_channel(
        &self,
        py: Python<'_>,
        label: &str,
        options: Options,
    ) -> PyResult<DataChannel> {
        let connection = self.connection.get()?;
        DataChannel::create(py, label, options, |label, init| {
            connection.create_data_channel(label, init)
        })
    }
}

async fn forward(mut events: Events, target: Arc<Target>) {
    target.room().await;
    while let Some(event) = events.next().await {
        tell(&target, event);
        target.room().await;
    }
}

fn tell(target: &Target, event: Event) {
    match event {
        Event::NegotiationNeeded => target.tell("negotiationneeded", ()),
        Event::SignalingStateChange(state) => target.tell("signaling", state.as_str()),
        Event::IceGatheringStateChange(state) => target.tell("gathering", state.to_string()),
        Event::IceCandidate(init) => {
            let candidate = init.map(|init| (init.candidate, init.sdp_mid, init.sdp_mline_index));
            target.tell("candidate", candidate);
        }
        Event::IceCandidateError {
            address,
            url,
            error_code,
            error_text,
        } => {
            let (host, port) = (
                address.map(|address| address.ip().to_string()),
                address.map(|address| address.port()),
            );
            target.tell("candidateerror", (url, error_code, error_text, host, port));
        }
        Event::IceConnectionStateChange(state) => target.tell("ice", state.to_string()),
        Event::ConnectionStateChange(state) => target.tell("connection", state.as_str()),
        Event::DtlsStateChange(transport, state) if transport.carries_data() => {
            target.tell("dtls", state.as_str());
        }
        Event::SctpStateChange(state) => target.tell("sctp", name::sctp(state)),
        Event::DataChannel(channel) => target.push(Box::new(move |py| {
            let channel = Py::new(py, DataChannel::new(channel))?;
            Ok(("datachannel", channel.into_any()))
        })),
        _ => {}
    }
}

/// The states that may have been told to an inbox which nobody empties any more.
fn states(connection: &Core) -> Vec<(&'static str, String)> {
    let mut states = vec![
        (
            "signaling",
            connection.signaling_state().as_str().to_owned(),
        ),
        ("gathering", connection.ice_gathering_state().to_string()),
        ("ice", connection.ice_connection_state().to_string()),
        ("dtls", connection.dtls_state().as_str().to_owned()),
        (
            "connection",
            connection.connection_state().as_str().to_owned(),
        ),
    ];
    if let Some(sctp) = connection.sctp() {
        states.push(("sctp", name::sctp(sctp.state).to_owned()));
    }
    states
}

fn describe(kind: &str, sdp: String) -> PyResult<SessionDescription> {
    let kind: SdpType = name::read(kind)?;
    Ok(SessionDescription { kind, sdp })
}

fn described(py: Python<'_>, result: Result<SessionDescription, Error>) -> PyResult<Py<PyAny>> {
    let description = result.map_err(|error| exception::from_connection(&error))?;
    (description.kind.as_str(), description.sdp).into_py_any(py)
}

fn nothing(py: Python<'_>, result: Result<(), Error>) -> PyResult<Py<PyAny>> {
    result.map_err(|error| exception::from_connection(&error))?;
    Ok(none(py))
}
