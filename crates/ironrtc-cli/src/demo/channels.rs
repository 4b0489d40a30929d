//! What the server does with each channel.

use std::sync::Arc;

use ironrtc::DataChannel;
use tokio::task::JoinSet;

use super::hub::{Hub, Person};
use super::{chat, files};
use crate::transfer::protocol::is_file_channel;

/// The chat's label.
pub(super) const CHAT: &str = "chat";
/// The label of the channel that measures the time there and back.
pub(super) const PING: &str = "ping";
/// Channels of one browser at once.
const MAX_CHANNELS: usize = 256;
/// Bytes of echo that may wait for a browser that does not read.
const MAX_WAITING: usize = 1024 * 1024;

/// The tasks of one browser's channels; they end when this is dropped.
#[derive(Debug)]
pub(super) struct Channels {
    tasks: JoinSet<()>,
    hub: Arc<Hub>,
    id: u64,
    name: Arc<str>,
}

impl Channels {
    pub(super) fn new(hub: Arc<Hub>, person: &Person) -> Self {
        Self {
            tasks: JoinSet::new(),
            hub,
            id: person.id,
            name: Arc::clone(&person.name),
        }
    }

    /// Serves a channel: by its protocol the files, by its label the chat; all others are echoed.
    pub(super) fn serve(&mut self, channel: DataChannel) {
        while self.tasks.try_join_next().is_some() {}
        if self.tasks.len() >= MAX_CHANNELS {
            tracing::warn!("a browser opens more than {MAX_CHANNELS} channels");
            channel.close();
            return;
        }
        let (hub, name) = (Arc::clone(&self.hub), Arc::clone(&self.name));
        if is_file_channel(&channel) {
            self.tasks.spawn(files::serve(channel, hub, name));
        } else if channel.label() == CHAT {
            let news = hub.news.subscribe();
            self.tasks
                .spawn(chat::serve(channel, hub, news, self.id, name));
        } else {
            self.tasks.spawn(echo(channel));
        }
    }
}

/// Sends every message back as it came, and stops reading while the browser does.
async fn echo(channel: DataChannel) {
    while let Some(message) = channel.recv().await {
        if channel.buffered_amount_below(MAX_WAITING).await.is_err() {
            return;
        }
        if let Err(error) = channel.send(message) {
            tracing::debug!("an echo is lost: {error}");
        }
    }
}
