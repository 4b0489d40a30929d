//! The channel `chat`: the server repeats what is said to who said it, and tells all others.

use std::sync::Arc;

use ironrtc::{DataChannel, Message};
use serde::{Deserialize, Serialize};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use super::hub::{Hub, News};
use crate::signal::to_json;

/// Longest text, in bytes.
const MAX_TEXT: usize = 4096;
/// Bytes that a browser may be behind before messages of others are left out.
const MAX_WAITING: usize = 256 * 1024;

/// What a browser says.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
enum FromBrowser {
    Say { text: String },
}

/// What a browser is told.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
enum ToBrowser<'a> {
    /// Someone said something; `echo` marks the server's repetition of the browser's own words.
    Message {
        from: &'a str,
        text: &'a str,
        echo: bool,
    },
    /// All people in the chat.
    People { people: Vec<String> },
    /// All files that can be fetched, newest first.
    Files { files: Vec<FileLine> },
    /// What was said cannot be passed on.
    Error { text: &'a str },
}

#[derive(Debug, Serialize)]
struct FileLine {
    id: String,
    name: String,
    size: usize,
    sha256: String,
    from: String,
}

/// Serves one browser until its channel closes. `news` was subscribed to before the browser could
/// know of the channel, so it misses nothing from then on.
pub(super) async fn serve(
    channel: DataChannel,
    hub: Arc<Hub>,
    mut news: Receiver<News>,
    id: u64,
    name: Arc<str>,
) {
    if channel.opened().await.is_err() {
        return;
    }
    tell_people(&channel, &hub);
    tell_files(&channel, &hub);
    loop {
        tokio::select! {
            message = channel.recv() => match message {
                Some(message) => on_message(&channel, &hub, id, &name, &message),
                None => return,
            },
            // Whoever is too slow misses messages; the lists are sent whole with the next change.
            item = news.recv() => match item {
                Ok(item) if channel.buffered_amount() <= MAX_WAITING => {
                    on_news(&channel, &hub, id, &item);
                }
                Ok(_) => {}
                Err(RecvError::Lagged(_)) => {
                    tell_people(&channel, &hub);
                    tell_files(&channel, &hub);
                }
                Err(RecvError::Closed) => return,
            },
        }
    }
}

fn on_message(channel: &DataChannel, hub: &Hub, id: u64, name: &Arc<str>, message: &Message) {
    if channel.buffered_amount() > MAX_WAITING {
        return;
    }
    let parsed = message
        .as_text()
        .filter(|text| text.len() <= 2 * MAX_TEXT)
        .and_then(|text| serde_json::from_str(text).ok());
    match parsed {
        Some(FromBrowser::Say { text }) if text.len() <= MAX_TEXT => {
            tell(
                channel,
                &ToBrowser::Message {
                    from: "server",
                    text: &text,
                    echo: true,
                },
            );
            hub.tell(News::Said {
                id,
                from: Arc::clone(name),
                text: text.into(),
            });
        }
        Some(_) => tell(
            channel,
            &ToBrowser::Error {
                text: "that is too long for the chat; send it as a file",
            },
        ),
        None => tell(
            channel,
            &ToBrowser::Error {
                text: "the chat understands {\"type\":\"say\",\"text\":…}",
            },
        ),
    }
}

fn on_news(channel: &DataChannel, hub: &Hub, me: u64, news: &News) {
    match news {
        News::Said { id, .. } if *id == me => {}
        News::Said { from, text, .. } => tell(
            channel,
            &ToBrowser::Message {
                from,
                text,
                echo: false,
            },
        ),
        News::People => tell_people(channel, hub),
        News::Files => tell_files(channel, hub),
        News::Cameras | News::Recordings => {}
    }
}

fn tell_people(channel: &DataChannel, hub: &Hub) {
    tell(
        channel,
        &ToBrowser::People {
            people: hub.people().iter().map(ToString::to_string).collect(),
        },
    );
}

fn tell_files(channel: &DataChannel, hub: &Hub) {
    let mut files: Vec<FileLine> = hub.with_store(|store| {
        store
            .files()
            .map(|file| FileLine {
                id: file.id.clone(),
                name: file.name.clone(),
                size: file.bytes.len(),
                sha256: file.sha256.clone(),
                from: file.from.to_string(),
            })
            .collect()
    });
    files.reverse();
    tell(channel, &ToBrowser::Files { files });
}

/// A channel that is closing takes no more, which its reader notices.
fn tell(channel: &DataChannel, message: &ToBrowser<'_>) {
    if let Err(error) = channel.send(to_json(message)) {
        tracing::debug!("the chat cannot be told: {error}");
    }
}
