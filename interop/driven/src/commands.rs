//! The commands.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::bulk::unhex;
use crate::channel::Channel;
use crate::output::Failure;
use crate::reporter::{Channels, Reporter, States, locked};
use crate::request::{Description, Request};
use crate::stack::{Connection, Stack};

struct Known {
    connection: Box<dyn Connection>,
    states: States,
    /// Whether the remote description waits for an answer.
    offered: Mutex<bool>,
}

type Connections = BTreeMap<String, Arc<Known>>;

/// All that the driving program made.
pub struct Peer {
    stack: Box<dyn Stack>,
    connections: Mutex<Connections>,
    channels: Arc<Channels>,
}

impl Peer {
    pub(crate) fn new(stack: Box<dyn Stack>) -> Self {
        Self {
            stack,
            connections: Mutex::default(),
            channels: Arc::default(),
        }
    }

    /// Runs one command to its end.
    pub(crate) async fn run(&self, request: Request) -> Result<Value, Failure> {
        let known = locked(&self.connections, |known| known.get(&request.pc).cloned());
        let channel = self.channels.get(&request.channel);
        match (&*request.command, known, channel) {
            ("create", ..) => self.create(request.pc, request.config).await,
            (_, _, Some(channel)) => run_on_channel(channel, request).await,
            ("createChannel", Some(known), _) => {
                let link = known
                    .connection
                    .create_channel(&request.label, request.options);
                let name = self.channels.adopt(&request.pc, link.await?, "connecting");
                Ok(json!({ "channel": name }))
            }
            (_, Some(known), _) => run_on_connection(&known, request).await,
            _ => Err(Failure::usage("no such connection or channel")),
        }
    }

    /// Closes every connection.
    pub async fn close_all(&self) {
        let all = locked(&self.connections, std::mem::take);
        for known in all.into_values() {
            // There is nobody left to tell of a failure.
            let _ = known.connection.close().await;
        }
    }

    async fn create(&self, pc: String, config: Value) -> Result<Value, Failure> {
        let states = States::default();
        let reporter = Reporter {
            pc: pc.clone(),
            channels: Arc::clone(&self.channels),
            states: Arc::clone(&states),
        };
        let connection = self.stack.create(config, reporter).await?;
        let offered = Mutex::new(false);
        let known = Arc::new(Known {
            connection,
            states,
            offered,
        });
        locked(&self.connections, |connections| {
            connections.insert(pc, known)
        });
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

fn reported(states: &States) -> Value {
    locked(states, |states| {
        let state = |event, first: &str| {
            let state = states.get(event);
            state.map_or_else(|| first.to_owned(), String::clone)
        };
        json!({
            "signaling": state("signalingstatechange", "stable"),
            "iceGathering": state("icegatheringstatechange", "new"),
            "iceConnection": state("iceconnectionstatechange", "new"),
            "connection": state("connectionstatechange", "new"),
        })
    })
}

async fn run_on_connection(known: &Known, request: Request) -> Result<Value, Failure> {
    let connection = &known.connection;
    let done = match &*request.command {
        "createOffer" => json!(connection.create_offer(request.options.ice_restart).await?),
        "createAnswer" => json!(connection.create_answer().await?),
        "setLocal" => {
            let description = match request.description {
                None if !connection.describes_itself() => Some(fitting(known).await?),
                description => description,
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
            connection.add_candidate(request.candidate).await?;
            Value::Null
        }
        "restartIce" => json!(connection.restart_ice().await?),
        "states" => match connection.states().await {
            Some(states) => states,
            None => reported(&known.states),
        },
        "stats" => {
            let stats = connection.stats().await;
            stats.ok_or_else(|| Failure::usage("the stack has no statistics"))?
        }
        "sctp" => connection.sctp().await,
        "close" => json!(connection.close().await?),
        other => connection.run(other, request.own).await?,
    };
    Ok(done)
}

async fn run_on_channel(channel: Channel, request: Request) -> Result<Value, Failure> {
    match &*request.command {
        "channel" => Ok(channel.info().await),
        "opened" => channel.opened().await.map(|()| Value::Null),
        "send" => {
            let text = request.text.is_some();
            let data = match (request.text, request.hex) {
                (Some(text), _) => text.into_bytes(),
                (None, Some(hex)) => {
                    unhex(&hex).ok_or_else(|| Failure::usage("the bytes are not hex"))?
                }
                (None, None) => return Err(Failure::usage("nothing to send")),
            };
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
