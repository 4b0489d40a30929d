//! Settings, as Python's dictionaries give them.

use ironrtc::{
    BundlePolicy, Configuration, CongestionAlgorithm, IceServer, IceTransportPolicy, SctpConfig,
};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::recorder::Recorder;

/// aiortc never refuses a message for lack of room. `drain` is how a program limits itself.
const SEND_BUFFER: usize = usize::MAX / 2;

/// URLs, user name and password of a server.
pub(crate) type Server = (Vec<String>, Option<String>, Option<String>);

/// The settings of an `RTCPeerConnection`.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct Settings {
    ice_servers: Vec<Server>,
    relay_only: bool,
    bundle_policy: String,
    always_negotiate_data_channels: bool,
    congestion_control: Option<String>,
    resolve_names: bool,
    recorder: Option<Py<Recorder>>,
}

impl Settings {
    pub(crate) fn into_core(self) -> PyResult<Configuration> {
        let bundle_policy = match self.bundle_policy.as_str() {
            "balanced" => BundlePolicy::Balanced,
            "max-compat" => BundlePolicy::MaxCompat,
            "max-bundle" => BundlePolicy::MaxBundle,
            other => {
                return Err(PyValueError::new_err(format!(
                    "bundlePolicy is balanced, max-compat or max-bundle, not {other:?}"
                )));
            }
        };
        let congestion = match self.congestion_control.as_deref() {
            None => CongestionAlgorithm::default(),
            Some("bbr") => CongestionAlgorithm::Bbr,
            Some("cubic") => CongestionAlgorithm::Cubic,
            Some(other) => {
                return Err(PyValueError::new_err(format!(
                    "congestionControl is bbr or cubic, not {other:?}"
                )));
            }
        };
        let mut configuration = transport(self.ice_servers, self.relay_only)
            .bundle_policy(bundle_policy)
            .always_negotiate_data_channels(self.always_negotiate_data_channels);
        configuration.sctp.congestion = congestion;
        configuration.ice.resolve_names = self.resolve_names;
        if let Some(recorder) = &self.recorder {
            configuration.observer = recorder.get().0.clone();
        }
        Ok(configuration)
    }
}

/// The settings that a transport without offers and answers has, too.
pub(crate) fn transport(servers: Vec<Server>, relay_only: bool) -> Configuration {
    Configuration::default()
        .ice_servers(
            servers
                .into_iter()
                .map(|(urls, username, credential)| {
                    IceServer::default()
                        .urls(urls)
                        .username(username)
                        .credential(credential)
                })
                .collect(),
        )
        .ice_transport_policy(if relay_only {
            IceTransportPolicy::Relay
        } else {
            IceTransportPolicy::All
        })
        .sctp(SctpConfig::default().max_send_buffer(SEND_BUFFER))
}
