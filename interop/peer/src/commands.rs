//! The commands.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use ironrtc::{DataChannel, Error, OfferOptions, PeerConnection};
use serde_json::{Value, json};

use crate::bulk::unhex;
use crate::channel::{Channel, send_failure};
use crate::connection;
use crate::output::Failure;
use crate::request::{Request, read_description};

/// All that the driving program made.
#[derive(Debug, Default)]
pub(crate) struct Peer(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    connections: BTreeMap<String, PeerConnection>,
    channels: BTreeMap<String, Channel>,
}

fn failed(error: Error) -> Failure {
    Failure::new(error.name(), error)
}

impl Peer {
    fn inner<T>(&self, job: impl FnOnce(&mut Inner) -> T) -> T {
        job(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Gives a channel its name and starts to report it.
    pub(crate) fn adopt(&self, pc: &str, handle: DataChannel) -> (String, Channel) {
        self.inner(|inner| {
            let name = format!("c{}", inner.channels.len() + 1);
            let channel = Channel::start(pc, &name, handle);
            inner.channels.insert(name.clone(), channel.clone());
            (name, channel)
        })
    }

    fn connection(&self, name: &str) -> Result<PeerConnection, Failure> {
        self.inner(|inner| inner.connections.get(name).cloned())
            .ok_or_else(|| Failure::usage(format!("no connection {name:?}")))
    }

    fn channel(&self, name: &str) -> Result<Channel, Failure> {
        self.inner(|inner| inner.channels.get(name).cloned())
            .ok_or_else(|| Failure::usage(format!("no channel {name:?}")))
    }

    /// Closes every connection.
    pub(crate) async fn close_all(&self) {
        let all = self.inner(|inner| std::mem::take(&mut inner.connections));
        for pc in all.into_values() {
            pc.close().await;
        }
    }

    fn create(self: &Arc<Self>, request: Request) -> Result<Value, Failure> {
        let pc = PeerConnection::new(request.config.into_configuration()?)
            .map_err(|error| Failure::new(error.name(), error))?;
        let report = connection::report(Arc::clone(self), request.pc.clone(), pc.events());
        tokio::spawn(report);
        self.inner(|inner| inner.connections.insert(request.pc, pc));
        Ok(Value::Null)
    }

    /// Runs one command to its end.
    pub(crate) async fn run(self: &Arc<Self>, request: Request) -> Result<Value, Failure> {
        if request.command == "create" {
            self.create(request)
        } else if request.channel.is_empty() {
            let pc = self.connection(&request.pc)?;
            self.run_on_connection(pc, request).await
        } else {
            let channel = self.channel(&request.channel)?;
            run_on_channel(channel, request).await
        }
    }

    async fn run_on_connection(
        self: &Arc<Self>,
        pc: PeerConnection,
        request: Request,
    ) -> Result<Value, Failure> {
        match &*request.command {
            "createOffer" => {
                let mut options = OfferOptions::default();
                options.ice_restart = request.options.ice_restart;
                let offer = pc.create_offer(options).await.map_err(failed)?;
                Ok(json!(offer))
            }
            "createAnswer" => {
                let answer = pc.create_answer().await.map_err(failed)?;
                Ok(json!(answer))
            }
            "setLocal" => {
                let description = request.description.map(read_description);
                let description = description.transpose()?;
                pc.set_local_description(description)
                    .await
                    .map_err(failed)?;
                Ok(json!(pc.local_description()))
            }
            "setRemote" => {
                let description = request.description;
                let description = description.ok_or_else(|| Failure::usage("no description"))?;
                let applied = pc
                    .set_remote_description(read_description(description)?)
                    .await;
                applied.map_err(failed)?;
                Ok(Value::Null)
            }
            "gathered" => {
                pc.gathering_complete().await;
                Ok(json!(pc.local_description()))
            }
            "addCandidate" => {
                let candidate = request.candidate.unwrap_or_default();
                pc.add_ice_candidate(candidate).await.map_err(failed)?;
                Ok(Value::Null)
            }
            "createChannel" => {
                let handle = pc
                    .create_data_channel(&request.label, request.options.into())
                    .map_err(|error| Failure::new(error.name(), error))?;
                let (name, _) = self.adopt(&request.pc, handle);
                Ok(json!({ "channel": name }))
            }
            "restartIce" => {
                pc.restart_ice();
                Ok(Value::Null)
            }
            "states" => Ok(connection::states(&pc)),
            "sctp" => Ok(connection::sctp(&pc)),
            "stats" => Ok(connection::stats(&pc.get_stats().await)),
            "close" => {
                pc.close().await;
                Ok(Value::Null)
            }
            other => Err(Failure::usage(format!("no command {other:?}"))),
        }
    }
}

async fn run_on_channel(channel: Channel, request: Request) -> Result<Value, Failure> {
    match &*request.command {
        "channel" => Ok(channel.info()),
        "opened" => {
            channel.handle.opened().await.map_err(send_failure)?;
            Ok(Value::Null)
        }
        "send" => {
            let sent = match (request.text, request.hex) {
                (Some(text), _) => channel.handle.send(text),
                (None, Some(hex)) => {
                    let data = unhex(&hex);
                    let data = data.ok_or_else(|| Failure::usage("the bytes are not hex"))?;
                    channel.handle.send(data)
                }
                (None, None) => return Err(Failure::usage("nothing to send")),
            };
            sent.map_err(send_failure)?;
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
        "closeChannel" => {
            channel.handle.close();
            Ok(Value::Null)
        }
        other => Err(Failure::usage(format!("no command {other:?}"))),
    }
}
