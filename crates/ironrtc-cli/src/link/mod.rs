//! A connection between `ironrtc send` and `ironrtc receive`, and the ways to make it.

mod error;
mod pack;
pub(crate) mod paste;
pub(crate) mod relay;
mod session;

pub(crate) use error::ConnectError;

use std::time::Duration;

use ironrtc::{
    Configuration, ConnectionState, DataChannel, Event, Events, IceConfig, IceServer,
    PeerConnection, SessionDescription,
};

use crate::args::LinkOptions;
use crate::interrupt::interrupted;
use crate::transfer::{Progress, TransferError, protocol};

/// How long the peers look for a path once each knows the other's addresses.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a person may take to carry the receiver's code to the sender.
const PASTE_PATIENCE: Duration = Duration::from_secs(15 * 60);
/// How long a STUN server may be silent: the code waits for it.
const GATHER_TIMEOUT: Duration = Duration::from_secs(3);
/// How long gathering may take in all, with looking up the servers' names.
const GATHER_PATIENCE: Duration = Duration::from_secs(5);
/// Consent checks of a transfer, in which a person waits: a peer that was killed is noticed soon
/// (RFC 7675 section 5.1 recommends 5 s, and has 30 s as the most).
const CONSENT_INTERVAL: Duration = Duration::from_millis(2500);
/// Silence that is worth a word.
const SILENCE: Duration = Duration::from_secs(5);
/// Silence after which the peer is given up; what has arrived is kept.
const CONSENT_TIMEOUT: Duration = Duration::from_secs(15);
/// How long the last words may take.
const FLUSH: Duration = Duration::from_secs(1);

/// Prints a code for the other side.
fn print_code(code: &str, progress: Progress) -> Result<(), ConnectError> {
    progress
        .code(code)
        .map_err(|error| ConnectError::Code(format!("the code cannot be printed: {error}")))
}

/// A connected peer and the channel for files.
#[derive(Debug)]
pub(crate) struct Link {
    peer: Peer,
    channel: DataChannel,
    progress: Progress,
}

impl Link {
    /// The channel for files.
    pub(crate) fn channel(&self) -> DataChannel {
        self.channel.clone()
    }

    /// Does `work` while the connection lasts.
    pub(crate) async fn run<T>(
        &mut self,
        work: impl Future<Output = Result<T, TransferError>>,
    ) -> Result<T, TransferError> {
        tokio::select! {
            biased;
            result = work => result,
            () = self.peer.lost(self.progress) => Err(TransferError::Ended),
            // The other side is told when the link is closed.
            () = interrupted() => Err(TransferError::Interrupted),
        }
    }

    /// Ends the connection; what was said last is sent first.
    pub(crate) async fn close(self) {
        let _ = tokio::time::timeout(FLUSH, self.channel.buffered_amount_below(0)).await;
        self.peer.connection.close().await;
    }
}

/// A connection in the making.
#[derive(Debug)]
struct Peer {
    connection: PeerConnection,
    events: Events,
    /// Whether the user expects something of the STUN servers.
    stun_chosen: bool,
    /// Loopback will do.
    local: bool,
}

impl Peer {
    /// `patience` is how long a failed search for a path is not final.
    fn new(options: &LinkOptions, patience: Option<Duration>) -> Result<Self, ConnectError> {
        let mut ice = IceConfig::default()
            .gather_timeout(GATHER_TIMEOUT)
            .consent_interval(CONSENT_INTERVAL)
            .disconnected_timeout(SILENCE)
            .consent_timeout(CONSENT_TIMEOUT);
        if let Some(patience) = patience {
            ice.patience = patience;
        }
        let configuration = Configuration::default()
            .ice_servers(
                options
                    .stun_servers()
                    .into_iter()
                    .map(IceServer::stun)
                    .collect(),
            )
            .ice(ice)
            .observer(options.observer.clone());
        let connection = PeerConnection::new(configuration).map_err(ConnectError::library)?;
        let events = connection.events();
        Ok(Self {
            connection,
            events,
            stun_chosen: !options.uses_default_stun(),
            local: options.local,
        })
    }

    fn create_channel(&self) -> Result<DataChannel, ConnectError> {
        self.connection
            .create_data_channel(protocol::LABEL, protocol::channel_init())
            .map_err(ConnectError::library)
    }

    /// Applies our description; `None` makes the fitting one.
    async fn set_local(&self, description: Option<SessionDescription>) -> Result<(), ConnectError> {
        self.connection
            .set_local_description(description)
            .await
            .map_err(ConnectError::library)
    }

    /// Our description once all candidates are in it that come in time.
    async fn gathered(&self) -> Result<SessionDescription, ConnectError> {
        let gathering = self.connection.gathering_complete();
        if tokio::time::timeout(GATHER_PATIENCE, gathering)
            .await
            .is_err()
        {
            tracing::debug!("the STUN servers take too long");
        }
        let description = self
            .connection
            .local_description()
            .ok_or_else(|| ConnectError::library("there is no description"))?;
        if !self.local && !session::is_reachable(&description) {
            return Err(ConnectError::NoNetwork);
        }
        Ok(description)
    }

    /// The next event that concerns the making of a connection.
    async fn next(&mut self) -> Result<Event, ConnectError> {
        let Some(event) = self.events.next().await else {
            return Err(ConnectError::Left);
        };
        match &event {
            Event::ConnectionStateChange(ConnectionState::Failed) => {
                return Err(match self.connection.dtls_failure() {
                    Some(error) => ConnectError::Dtls(error.to_string()),
                    None => ConnectError::TimedOut,
                });
            }
            Event::ConnectionStateChange(ConnectionState::Closed) => {
                return Err(ConnectError::Left);
            }
            Event::IceCandidateError {
                url, error_text, ..
            } if self.stun_chosen => {
                tracing::warn!(%url, "the STUN server gives no answer: {error_text}");
            }
            _ => {}
        }
        Ok(event)
    }

    /// Waits until there is a channel for files: `ours` is open, or the peer makes one.
    async fn wait_for_channel(
        &mut self,
        ours: Option<&DataChannel>,
    ) -> Result<DataChannel, ConnectError> {
        loop {
            tokio::select! {
                opened = opened(ours) => return opened,
                event = self.next() => {
                    if let Some(channel) = file_channel(event?) {
                        return Ok(channel);
                    }
                }
            }
        }
    }

    /// Waits until the connection cannot be used any more.
    async fn lost(&mut self, progress: Progress) {
        let mut silent = false;
        while let Ok(event) = self.next().await {
            match event {
                Event::ConnectionStateChange(ConnectionState::Disconnected) => {
                    silent = true;
                    progress.note(&format!(
                        "no sign of life from the other side for {} s; it is given up after {} s, and the transfer can be continued then",
                        SILENCE.as_secs(),
                        CONSENT_TIMEOUT.as_secs()
                    ));
                }
                Event::ConnectionStateChange(ConnectionState::Connected) if silent => {
                    silent = false;
                    progress.note("the other side is back");
                }
                _ => {}
            }
        }
    }
}

/// Waits until `ours` is open; for ever if there is none.
async fn opened(ours: Option<&DataChannel>) -> Result<DataChannel, ConnectError> {
    match ours {
        Some(channel) => match channel.opened().await {
            Ok(()) => Ok(channel.clone()),
            Err(_) => Err(ConnectError::Left),
        },
        None => std::future::pending().await,
    }
}

fn file_channel(event: Event) -> Option<DataChannel> {
    match event {
        Event::DataChannel(channel) if protocol::is_file_channel(&channel) => Some(channel),
        Event::DataChannel(other) => {
            other.close();
            None
        }
        _ => None,
    }
}
