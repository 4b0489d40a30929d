//! How channels end: one by one, with their association, or as nobody wants them any more.

use super::{ChannelId, ChannelState, Channels, Event};
use crate::sctp::Association;
use crate::time::Time;

impl Channels {
    /// Closes a channel: what was sent still goes out, what comes in is discarded.
    pub fn close(&mut self, now: Time, sctp: Option<&mut Association>, id: ChannelId) {
        let Some(channel) = self.channels.get_mut(&id) else {
            return;
        };
        if matches!(channel.state, ChannelState::Closing | ChannelState::Closed) {
            // The application gives up on what it has not read, which may be all that close
            // waits for.
            if let (ChannelState::Closing, Some(sctp)) = (channel.state, sctp) {
                self.discard_unread(sctp, id);
                self.finish_close(sctp, id);
            }
            return;
        }
        let was_open = channel.state == ChannelState::Open;
        channel.state = ChannelState::Closing;
        match (sctp, channel.stream) {
            (Some(sctp), Some(stream)) if was_open => {
                sctp.reset_stream(now, stream);
                self.discard_unread(sctp, id);
                self.finish_close(sctp, id);
            }
            // The peer has never heard of it.
            _ => self.closed(id),
        }
    }

    /// The application dropped its handle: the entry goes once the channel is closed.
    pub fn forget(&mut self, sctp: Option<&mut Association>, id: ChannelId) {
        match self.channels.get_mut(&id) {
            Some(channel) if channel.is_live() => {
                channel.forgotten = true;
                if let Some(sctp) = sctp {
                    self.discard_unread(sctp, id);
                    self.finish_close(sctp, id);
                }
            }
            Some(_) => self.remove(id),
            None => {}
        }
    }

    /// The association, or the whole connection, is over.
    pub fn shut(&mut self, sctp: Option<&Association>, error: Option<&str>) {
        self.over = true;
        for id in self.live() {
            self.end(sctp, id, error);
            self.with(id, |channel| channel.outlived = true);
            self.closed(id);
        }
    }

    /// RFC 9260 section 5.2: the peer lost its state and started over. Its channels are gone with
    /// it, and new ones can be made. What had arrived can still be read.
    pub(super) fn on_restarted(&mut self, sctp: &mut Association) {
        for stream in std::mem::take(&mut self.deferred) {
            loop {
                while sctp.recv(stream).is_some() {}
                if !sctp.take_reset(stream) {
                    break;
                }
            }
        }
        for id in self.live() {
            self.end(Some(sctp), id, Some("the peer started a new association"));
            self.with(id, |channel| {
                channel.state = ChannelState::Closing;
                (channel.reset_by_us, channel.reset_by_peer) = (true, true);
            });
            self.finish_close(sctp, id);
        }
    }

    pub(super) fn discard_unread(&self, sctp: &mut Association, id: ChannelId) {
        if let Some(stream) = self.channels.get(&id).and_then(|channel| channel.stream) {
            while sctp.recv(stream).is_some() {}
        }
    }

    /// Closes a channel whose both directions are reset and whose messages are all read.
    pub(super) fn finish_close(&mut self, sctp: &mut Association, id: ChannelId) {
        let Some(channel) = self.channels.get(&id) else {
            return;
        };
        let (done, stream) = (channel.is_reset(), channel.stream);
        if done && !self.has_unread(sctp, id) {
            // The stream's next channel starts with no settings of this one.
            if let Some(stream) = stream {
                sctp.set_buffered_amount_low_threshold(stream, 0);
                sctp.take_reset(stream);
                // The event that this channel is closed leads to the next one.
                if sctp.peek(stream).is_some() || sctp.has_reset(stream) {
                    self.deferred.insert(stream);
                }
            }
            self.closed(id);
        }
    }

    pub(super) fn closed(&mut self, id: ChannelId) {
        let Some(channel) = self.channels.get_mut(&id) else {
            return;
        };
        if !channel.is_live() {
            return;
        }
        channel.state = ChannelState::Closed;
        self.closed += 1;
        self.without_stream.remove(&id);
        if let Some(stream) = channel
            .stream
            .filter(|s| self.by_stream.get(s) == Some(&id))
        {
            self.by_stream.remove(&stream);
            self.ids.give_back(stream);
        }
        if channel.forgotten {
            self.remove(id);
        }
        self.events.push_back(Event::Closed(id));
    }

    /// After the end, allows new channels on a new association.
    pub(crate) fn reopen(&mut self) {
        self.over = false;
        self.role = None;
        self.deferred.clear();
        for channel in self.channels.values_mut() {
            channel.outlived = false;
        }
    }

    /// A channel comes to its end with something still to be sent.
    fn end(&mut self, sctp: Option<&Association>, id: ChannelId, error: Option<&str>) {
        let unsent = self.buffered_amount(sctp, id);
        self.with(id, |channel| channel.unsent = unsent);
        if let Some(error) = error {
            self.events.push_back(Event::Error(id, error.to_owned()));
        }
    }

    fn remove(&mut self, id: ChannelId) {
        if let Some(channel) = self.channels.remove(&id)
            && channel.by_peer
        {
            self.peer_cost -= channel.cost();
        }
    }
}
