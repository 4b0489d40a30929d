//! What the association reports: channels open, messages arrive, streams are reset.

use super::{Channel, ChannelId, ChannelState, Channels, Event, MAX_WAITING_EVENTS, stream_limit};
use crate::channel::message::PPID_DCEP;
use crate::channel::{CreateError, Message, dcep};
use crate::datagram::DropReason;
use crate::sctp::{self, Association, OutgoingMessage, Reliability, SctpState, StreamId};
use crate::time::Time;
use crate::work;

/// Most memory that the peer's channels may take. Enough for all that a peer may make that keeps to
/// its half of the ids, with names of usual lengths.
const MAX_PEER_COST: usize = 32 * 1024 * 1024;

impl Channels {
    /// Takes in what the association reports.
    pub fn handle_sctp_event(&mut self, now: Time, sctp: &mut Association, event: &sctp::Event) {
        match event {
            sctp::Event::StateChange(SctpState::Connected) => self.on_connected(now, sctp),
            sctp::Event::Readable(stream) => self.on_readable(now, sctp, *stream),
            sctp::Event::BufferedAmountLow(stream) => {
                if let Some(&id) = self.by_stream.get(stream)
                    && let Some(channel) = self.channels.get_mut(&id)
                    && !std::mem::replace(&mut channel.low_queued, true)
                {
                    self.events.push_back(Event::BufferedAmountLow(id));
                }
            }
            sctp::Event::StreamResetByPeer(stream) => self.on_reset_by_peer(now, sctp, *stream),
            sctp::Event::StreamResetDone(stream) => {
                if let Some(&id) = self.by_stream.get(stream) {
                    self.with(id, |channel| channel.reset_by_us = true);
                    self.finish_close(sctp, id);
                }
            }
            sctp::Event::StateChange(SctpState::Closed) => {
                self.shut(Some(sctp), None);
            }
            sctp::Event::Aborted { reason } => self.shut(Some(sctp), Some(reason)),
            sctp::Event::Restarted => self.on_restarted(sctp),
            sctp::Event::StateChange(_) => {}
        }
    }

    pub(super) fn insert(&mut self, channel: Channel) -> ChannelId {
        let id = ChannelId(self.next_id);
        self.next_id += 1;
        match channel.stream {
            Some(stream) => {
                self.by_stream.insert(stream, id);
            }
            None => {
                self.without_stream.insert(id);
            }
        }
        self.channels.insert(id, Box::new(channel));
        id
    }

    pub(super) fn with(&mut self, id: ChannelId, change: impl FnOnce(&mut Channel)) {
        if let Some(channel) = self.channels.get_mut(&id) {
            change(channel);
        }
    }

    /// RFC 8832 section 6: the DTLS client uses even ids, the server odd ones.
    pub(super) fn free_stream(&mut self, limit: u16) -> Option<StreamId> {
        self.role?;
        self.ids.take(limit, &self.by_stream)
    }

    fn on_connected(&mut self, now: Time, sctp: &mut Association) {
        let connecting = |id: &ChannelId| {
            let channel = self.channels.get(id);
            channel.is_some_and(|channel| channel.state == ChannelState::Connecting)
        };
        let waiting: Vec<ChannelId> = self.live().into_iter().filter(connecting).collect();
        let limit = stream_limit(sctp);
        for id in waiting {
            let stream = self.channels.get(&id).and_then(|channel| channel.stream);
            let stream = stream.or_else(|| self.free_stream(limit));
            match stream.filter(|stream| stream.0 < limit) {
                Some(stream) => {
                    self.by_stream.insert(stream, id);
                    self.without_stream.remove(&id);
                    self.with(id, |channel| channel.stream = Some(stream));
                    self.open(now, sctp, id);
                }
                None => {
                    let text = CreateError::NoFreeId(limit).to_string();
                    self.events.push_back(Event::Error(id, text));
                    self.closed(id);
                }
            }
        }
    }

    /// Opens a channel that has its stream, telling the peer unless both have agreed on it.
    pub(super) fn open(&mut self, now: Time, sctp: &mut Association, id: ChannelId) {
        let Some(channel) = self.channels.get_mut(&id) else {
            return;
        };
        let Some(stream) = channel.stream else { return };
        sctp.set_stream_priority(stream, channel.init.priority.weight());
        sctp.set_buffered_amount_low_threshold(stream, channel.low_threshold);
        if !channel.init.negotiated {
            let open = control(dcep::open(&channel.label, &channel.init));
            if sctp.send(now, stream, open).is_err() {
                let text = "the association did not accept the channel's first message";
                self.events.push_back(Event::Error(id, text.to_owned()));
                self.closed(id);
                return;
            }
            channel.awaiting_ack = true;
        }
        channel.state = ChannelState::Open;
        self.opened += 1;
        self.events.push_back(Event::Open(id));
        // A negotiated channel's first messages may be here already.
        self.announce_unread(sctp, id);
    }

    pub(super) fn on_readable(&mut self, now: Time, sctp: &mut Association, stream: StreamId) {
        if let Some(&id) = self.by_stream.get(&stream) {
            self.announce_unread(sctp, id);
            return;
        }
        if self.events.len() >= MAX_WAITING_EVENTS {
            self.deferred.insert(stream);
            return;
        }
        loop {
            work::add(1);
            // That of a channel that is gone, or was never made.
            if sctp.take_reset(stream) {
                continue;
            }
            let Some(message) = sctp.recv(stream) else {
                return;
            };
            let control = if message.ppid == PPID_DCEP {
                dcep::parse(&message.data)
            } else {
                None
            };
            let Some(dcep::Control::Open { label, init }) = control else {
                self.drops.add(DropReason::ChannelControl);
                continue;
            };
            let mut channel = Channel::new(label, init, Some(stream));
            channel.by_peer = true;
            if self.peer_cost + channel.cost() > MAX_PEER_COST {
                self.drops.add(DropReason::ChannelControl);
                sctp.reset_stream(now, stream);
                continue;
            }
            // RFC 8832 section 6: an ACK answers, and goes in order.
            match sctp.send(now, stream, self::control(dcep::ack())) {
                Ok(()) => {}
                // The end came in the same batch. What came before it is told first.
                Err(sctp::SendError::Closed) if !self.over => {}
                Err(_) => return,
            }
            sctp.set_stream_priority(stream, channel.init.priority.weight());
            channel.state = ChannelState::Open;
            self.peer_cost += channel.cost();
            let id = self.insert(channel);
            self.opened += 1;
            self.events.push_back(Event::Announced(id));
            self.announce_unread(sctp, id);
            if sctp.has_reset(stream) {
                self.on_reset_by_peer(now, sctp, stream);
            }
            return;
        }
    }

    /// SCTP reports a stream that had nothing to read and now has something.
    fn announce_unread(&mut self, sctp: &mut Association, id: ChannelId) {
        if self.has_unread(sctp, id)
            && let Some(channel) = self.channels.get_mut(&id)
            && !std::mem::replace(&mut channel.readable_queued, true)
        {
            self.events.push_back(Event::Readable(id));
        }
    }

    /// Whether a message for the application is next. What stands before it is taken out of SCTP:
    /// control messages, and what nobody will read.
    pub(super) fn has_unread(&mut self, sctp: &mut Association, id: ChannelId) -> bool {
        let Some(channel) = self.channels.get_mut(&id) else {
            return false;
        };
        let Some(stream) = channel.stream else {
            return false;
        };
        if channel.state == ChannelState::Connecting {
            return false;
        }
        // webrtc-pc section 6.2: what arrives after a close() of ours is discarded.
        // And without a handle nobody reads, so that unread messages would close SCTP's window.
        let closing = channel.state == ChannelState::Closing && !channel.reset_by_peer;
        let discard = channel.forgotten || closing;
        while let Some(next) = sctp.peek(stream) {
            work::add(1);
            let known = Message::is_known(next.ppid);
            if known && !discard {
                return true;
            }
            let Some(incoming) = sctp.recv(stream) else {
                break;
            };
            if incoming.ppid == PPID_DCEP {
                match dcep::parse(&incoming.data) {
                    Some(dcep::Control::Ack) => channel.awaiting_ack = false,
                    _ => self.drops.add(DropReason::ChannelControl),
                }
            } else if !known {
                self.drops.add(DropReason::ChannelControl);
            }
        }
        false
    }

    /// RFC 8831 section 6.7: a reset of the peer's stream closes ours too.
    pub(super) fn on_reset_by_peer(&mut self, now: Time, sctp: &mut Association, stream: StreamId) {
        let Some(&id) = self.by_stream.get(&stream) else {
            if !self.deferred.contains(&stream) {
                self.on_readable(now, sctp, stream);
            }
            return;
        };
        let Some(channel) = self.channels.get_mut(&id) else {
            return;
        };
        // Of the stream's next channel, whose first message waits until this one was read.
        if channel.reset_by_peer {
            return;
        }
        channel.reset_by_peer = true;
        if channel.state == ChannelState::Open {
            channel.state = ChannelState::Closing;
            self.events.push_back(Event::Closing(id));
            sctp.reset_stream(now, stream);
        }
        self.finish_close(sctp, id);
    }
}

/// RFC 8832 section 6: control messages are ordered and reliable.
fn control(data: bytes::Bytes) -> OutgoingMessage {
    OutgoingMessage {
        ppid: PPID_DCEP,
        data,
        ordered: true,
        reliability: Reliability::Reliable,
        control: true,
    }
}
