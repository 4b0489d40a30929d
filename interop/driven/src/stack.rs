//! What a stack has to do.

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::{Map, Value};

use crate::link::Link;
use crate::output::Failure;
use crate::reporter::Reporter;
use crate::request::{Candidate, Description, Options};

/// A stack.
#[async_trait]
pub trait Stack: Send + Sync {
    /// Makes a connection with the W3C's configuration. It reports its events, and hands over its
    /// channels.
    async fn create(
        &self,
        config: Value,
        reporter: Reporter,
    ) -> Result<Box<dyn Connection>, Failure>;
}

/// A stack's connection.
#[async_trait]
pub trait Connection: Send + Sync {
    /// `createOffer`.
    async fn create_offer(&self, ice_restart: bool) -> Result<Description, Failure>;
    /// `createAnswer`.
    async fn create_answer(&self) -> Result<Description, Failure>;
    /// Whether `set_local` finds the description that fits.
    fn describes_itself(&self) -> bool {
        false
    }
    /// `setLocalDescription`.
    async fn set_local(&self, description: Option<Description>) -> Result<(), Failure>;
    /// `setRemoteDescription`.
    async fn set_remote(&self, description: Description) -> Result<(), Failure>;
    /// `localDescription`.
    async fn local(&self) -> Option<Description>;
    /// Waits until all candidates are known.
    async fn gathered(&self);
    /// `addIceCandidate`; none is the end of them.
    async fn add_candidate(&self, candidate: Option<Candidate>) -> Result<(), Failure>;
    /// `createDataChannel`.
    async fn create_channel(&self, label: &str, init: Options) -> Result<Arc<dyn Link>, Failure>;
    /// `restartIce`.
    async fn restart_ice(&self) -> Result<(), Failure>;
    /// A command that not every stack has, such as those about media.
    async fn run(&self, command: &str, _arguments: Map<String, Value>) -> Result<Value, Failure> {
        Err(Failure::usage(format!("no command {command:?}")))
    }
    /// The states, where the stack tells more than it has reported.
    async fn states(&self) -> Option<Value> {
        None
    }
    /// The SCTP transport.
    async fn sctp(&self) -> Value;
    /// A list of all statistics, where the stack can make it.
    async fn stats(&self) -> Option<Value> {
        None
    }
    /// `close`.
    async fn close(&self) -> Result<(), Failure>;
}
