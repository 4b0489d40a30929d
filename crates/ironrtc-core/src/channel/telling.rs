//! What an observer is told of channels. A label is what an application wrote, so logs hide it.

use super::{Channel, Channels, Event};
use crate::observe::{Observer, Value, observe};
use crate::time::Time;

impl Channels {
    /// Tells `observer` of an event.
    pub(crate) fn tell(&self, observer: &Observer, now: Time, event: &Event) {
        let (id, name, reason) = match event {
            Event::Announced(id) => (id, "announced", ""),
            Event::Open(id) => (id, "open", ""),
            Event::Closing(id) => (id, "closing", ""),
            Event::Closed(id) => (id, "closed", ""),
            Event::Error(id, reason) => (id, "error", reason.as_str()),
            Event::Readable(_) | Event::BufferedAmountLow(_) => return,
        };
        let channel = self.get(*id);
        let label = channel.map_or("", |channel| channel.label());
        let stream = channel.and_then(Channel::stream_id);
        observe!(
            observer,
            now,
            Channel,
            "state_change",
            to = name,
            channel = id.0,
            stream = stream.map_or(Value::Text("none"), Value::from),
            label = Value::Private(label),
            reason = reason,
        );
    }
}
