//! The commands.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use serde_json::{Value, json};

use crate::bulk::unhex;
use crate::channel::{Channel, Link};
use crate::output::{self, Failure};
use crate::request::{Candidate, Description, Options, Request};

/// A stack.
#[async_trait]
pub(crate) trait Stack: Send + Sync {
    /// Makes a connection, which reports its events and hands over its channels.
    async fn create(&self, reporter: Reporter) -> Result<Box<dyn Connection>, Failure>;
}

/// A stack's connection.
#[async_trait]
pub(crate) trait Connection: Send + Sync {
    async fn create_offer(&self, ice_restart: bool) -> Result<Description, Failure>;
    async fn create_answer(&self) -> Result<Description, Failure>;
    async fn set_local(&self, description: Description) -> Result<(), Failure>;
    async fn set_remote(&self, description: Description) -> Result<(), Failure>;
    async fn local(&self) -> Option<Description>;
    /// Waits until all candidates are known.
    async fn gathered(&self);
    async fn add_candidate(&self, candidate: Candidate) -> Result<(), Failure>;
    async fn create_channel(&self, label: &str, init: Options) -> Result<Arc<dyn Link>, Failure>;
    async fn restart_ice(&self) -> Result<(), Failure>;
    async fn sctp(&self) -> Value;
    async fn close(&self) -> Result<(), Failure>;
}

struct Known {
    connection: Box<dyn Connection>,
    states: States,
    /// Whether the remote description waits for an answer.
    offered: Mutex<bool>,
}

#[derive(Default)]
struct Inner {
    connections: BTreeMap<String, Arc<Known>>,
    channels: BTreeMap<String, Channel>,
}

type Shared = Arc<Mutex<Inner>>;

/// The newest state of each kind, by the name of its event.
type States = Arc<Mutex<BTreeMap<&'static str, String>>>;

fn locked<T, R>(shared: &Mutex<T>, job: impl FnOnce(&mut T) -> R) -> R {
    job(&mut shared.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Gives a channel its name and starts to report it.
fn adopt(shared: &Shared, pc: &str, link: Arc<dyn Link>, state: &'static str) -> String {
    locked(shared, |inner| {
        let name = format!("c{}", inner.channels.len() + 1);
        let channel = Channel::start(pc, &name, link, state);
        inner.channels.insert(name.clone(), channel);
        name
    })
}

/// What a connection tells.
#[derive(Clone)]
pub(crate) struct Reporter {
    pc: String,
    shared: Shared,
    states: States,
}

impl Reporter {
    pub(crate) fn state(&self, event: &'static str, state: impl ToString) {
        let state = state.to_string();
        locked(&self.states, |states| states.insert(event, state.clone()));
        output::event(&self.pc, event, json!({ "state": state }));
    }

    pub(crate) fn negotiation_needed(&self) {
        output::event(&self.pc, "negotiationneeded", json!({}));
    }

    pub(crate) fn candidate(&self, candidate: Option<Candidate>) {
        let members = json!({ "candidate": candidate });
        output::event(&self.pc, "icecandidate", members);
    }

    /// A channel that the other side made, in the state in which the stack hands it over.
    pub(crate) async fn channel(&self, link: Arc<dyn Link>, state: &'static str) {
        let mut members = link.info().await;
        members["channel"] = adopt(&self.shared, &self.pc, link, state).into();
        members["readyState"] = state.into();
        output::event(&self.pc, "datachannel", members);
    }
}

/// All that the driving program made.
pub(crate) struct Peer {
    stack: Box<dyn Stack>,
    shared: Shared,
}

impl Peer {
    pub(crate) fn new(stack: Box<dyn Stack>) -> Self {
        let shared = Shared::default();
        Self { stack, shared }
    }

    /// Runs one command to its end.
    pub(crate) async fn run(&self, request: Request) -> Result<Value, Failure> {
        let (known, channel) = locked(&self.shared, |inner| {
            let known = inner.connections.get(&request.pc).cloned();
            (known, inner.channels.get(&request.channel).cloned())
        });
        match (&*request.command, known, channel) {
            ("create", ..) => self.create(request.pc).await,
            (_, _, Some(channel)) => run_on_channel(channel, request).await,
            ("createChannel", Some(known), _) => {
                let link = known
                    .connection
                    .create_channel(&request.label, request.options);
                let name = adopt(&self.shared, &request.pc, link.await?, "connecting");
                Ok(json!({ "channel": name }))
            }
            (_, Some(known), _) => run_on_connection(&known, request).await,
            _ => Err(Failure::usage("no such connection or channel")),
        }
    }

    async fn create(&self, pc: String) -> Result<Value, Failure> {
        let shared = Arc::clone(&self.shared);
        let states = States::default();
        let reporter = Reporter {
            pc: pc.clone(),
            shared,
            states: Arc::clone(&states),
        };
        let connection = self.stack.create(reporter).await?;
        let offered = Mutex::new(false);
        let known = Arc::new(Known {
            connection,
            states,
            offered,
        });
        locked(&self.shared, |inner| inner.connections.insert(pc, known));
        Ok(Value::Null)
    }
}

/// The local description that fits, if none is given.
async fn fitting(known: &Known) -> Result<Description, Failure> {
    if locked(&known.offered, std::mem::take) {
        known.connection.create_answer().await
    } else {
        known.connection.create_offer(false).await
    }
}

async fn run_on_connection(known: &Known, request: Request) -> Result<Value, Failure> {
    let connection = &known.connection;
    let done = match &*request.command {
        "createOffer" => json!(connection.create_offer(request.options.ice_restart).await?),
        "createAnswer" => json!(connection.create_answer().await?),
        "setLocal" => {
            let description = match request.description {
                Some(description) => description,
                None => fitting(known).await?,
            };
            connection.set_local(description).await?;
            json!(connection.local().await)
        }
        "setRemote" => {
            let description = request.description.unwrap_or_default();
            let offered = description.r#type == "offer";
            connection.set_remote(description).await?;
            locked(&known.offered, |known| *known = offered);
            Value::Null
        }
        "gathered" => {
            connection.gathered().await;
            json!(connection.local().await)
        }
        "addCandidate" => {
            if let Some(candidate) = request.candidate {
                connection.add_candidate(candidate).await?;
            }
            Value::Null
        }
        "restartIce" => json!(connection.restart_ice().await?),
        "states" => locked(&known.states, |states| {
            let state = |event, first: &str| states.get(event).map_or(first.into(), String::clone);
            json!({
                "signaling": state("signalingstatechange", "stable"),
                "iceGathering": state("icegatheringstatechange", "new"),
                "iceConnection": state("iceconnectionstatechange", "new"),
                "connection": state("connectionstatechange", "new"),
            })
        }),
        "sctp" => connection.sctp().await,
        "close" => json!(connection.close().await?),
        other => return Err(Failure::usage(format!("no command {other:?}"))),
    };
    Ok(done)
}

async fn run_on_channel(channel: Channel, request: Request) -> Result<Value, Failure> {
    match &*request.command {
        "channel" => Ok(channel.info().await),
        "opened" => channel.opened().await.map(|()| Value::Null),
        "send" => {
            let text = request.text.is_some();
            let binary = || unhex(request.hex.as_deref().unwrap_or_default()).unwrap_or_default();
            let data = request.text.map_or_else(binary, String::into_bytes);
            channel.link.send(text, data.into()).await?;
            Ok(Value::Null)
        }
        "sendBulk" => channel.send_bulk(request.bytes, request.size).await,
        "receiveBulk" => {
            let received = channel.inbox.take(request.bytes).await;
            Ok(json!({
                "bytes": received.bytes,
                "messages": received.messages,
                "sha256": received.sha256(),
            }))
        }
        "closeChannel" => channel.link.close().await.map(|()| Value::Null),
        other => Err(Failure::usage(format!("no command {other:?}"))),
    }
}
