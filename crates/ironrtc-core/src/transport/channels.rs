//! Data channels over this transport's association.

use super::Transport;
use crate::channel::{ChannelId, Channels, CreateError, DataChannelInit, Message, SendError};
use crate::time::Time;

/// The channels, to be changed.
#[derive(Debug)]
pub struct ChannelsMut<'a>(&'a mut Transport);

impl Transport {
    /// The channels, to be changed.
    pub fn channels_mut(&mut self) -> ChannelsMut<'_> {
        ChannelsMut(self)
    }

    /// Gives the channels away: data goes over another transport from now on. Those that wait for a
    /// connection go as they are; the others end with their association.
    pub(crate) fn release_channels(&mut self, now: Time) -> Channels {
        if self.sctp_started {
            self.reject_sctp(now, None);
        }
        self.sctp_plan = None;
        self.association = None;
        self.carried.clear();
        std::mem::replace(&mut self.channels, Channels::new())
    }

    /// Takes over the channels of another transport.
    pub(crate) fn adopt_channels(&mut self, channels: Channels) {
        self.channels = channels;
        self.news = true;
    }

    /// Bytes of messages sent that have not gone to the network yet.
    pub fn buffered_amount(&self, id: ChannelId) -> usize {
        self.channels.buffered_amount(self.association.as_ref(), id)
    }
}

impl ChannelsMut<'_> {
    /// Makes a data channel. It opens when SCTP does.
    pub fn create(
        &mut self,
        now: Time,
        label: &str,
        init: DataChannelInit,
    ) -> Result<ChannelId, CreateError> {
        self.0
            .channels
            .create(now, self.0.association.as_mut(), label, init)
    }

    /// Sends a message.
    pub fn send(&mut self, now: Time, id: ChannelId, message: Message) -> Result<(), SendError> {
        let association = self.0.association.as_mut().ok_or(SendError::NotOpen)?;
        self.0.channels.send(now, association, id, message)
    }

    /// The next message of a channel. What is not read stays, and closes SCTP's window.
    pub fn recv(&mut self, _now: Time, id: ChannelId) -> Option<Message> {
        let association = self.0.association.as_mut()?;
        self.0.channels.recv(association, id)
    }

    /// Sets when `BufferedAmountLow` comes.
    pub fn set_buffered_amount_low_threshold(&mut self, id: ChannelId, bytes: usize) {
        self.0
            .channels
            .set_buffered_amount_low_threshold(self.0.association.as_mut(), id, bytes);
    }

    /// Closes a channel.
    pub fn close(&mut self, now: Time, id: ChannelId) {
        self.0.channels.close(now, self.0.association.as_mut(), id);
        self.0.on_sctp_events(now);
    }

    /// The application dropped its handle.
    pub fn forget(&mut self, id: ChannelId) {
        self.0.channels.forget(self.0.association.as_mut(), id);
    }
}
