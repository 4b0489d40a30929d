//! What a connection tells whoever drives the peer.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};

use crate::channel::Channel;
use crate::link::Link;
use crate::output;
use crate::request::Candidate;

pub(crate) fn locked<T, R>(shared: &Mutex<T>, job: impl FnOnce(&mut T) -> R) -> R {
    job(&mut shared.lock().unwrap_or_else(PoisonError::into_inner))
}

/// The newest state of each kind, by the name of its event.
pub(crate) type States = Arc<Mutex<BTreeMap<&'static str, String>>>;

/// The channels, by the names that the driving program knows.
#[derive(Default)]
pub(crate) struct Channels(Mutex<BTreeMap<String, Channel>>);

impl Channels {
    /// Gives a channel its name and starts to report it.
    pub(crate) fn adopt(&self, pc: &str, link: Arc<dyn Link>, state: &'static str) -> String {
        locked(&self.0, |channels| {
            let name = format!("c{}", channels.len() + 1);
            let channel = Channel::start(pc, &name, link, state);
            channels.insert(name.clone(), channel);
            name
        })
    }

    pub(crate) fn get(&self, name: &str) -> Option<Channel> {
        locked(&self.0, |channels| channels.get(name).cloned())
    }
}

/// What a connection tells.
#[derive(Clone)]
pub struct Reporter {
    pub(crate) pc: String,
    pub(crate) channels: Arc<Channels>,
    pub(crate) states: States,
}

impl Reporter {
    /// A state changed.
    pub fn state(&self, event: &'static str, state: impl ToString) {
        let state = state.to_string();
        locked(&self.states, |states| states.insert(event, state.clone()));
        output::event(&self.pc, event, json!({ "state": state }));
    }

    /// `negotiationneeded`.
    pub fn negotiation_needed(&self) {
        output::event(&self.pc, "negotiationneeded", json!({}));
    }

    /// A candidate for the other side.
    pub fn candidate(&self, candidate: Option<Candidate>) {
        let members = json!({ "candidate": candidate });
        output::event(&self.pc, "icecandidate", members);
    }

    /// Anything else that happened.
    pub fn event(&self, event: &str, members: Value) {
        output::event(&self.pc, event, members);
    }

    /// A channel that the other side made, in the state in which the stack hands it over.
    pub async fn channel(&self, link: Arc<dyn Link>, state: &'static str) {
        let mut members = link.info().await;
        members["channel"] = self.channels.adopt(&self.pc, link, state).into();
        members["readyState"] = state.into();
        output::event(&self.pc, "datachannel", members);
    }
}
