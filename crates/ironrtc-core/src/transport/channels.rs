//! Data channels over this transport's association.

use super::Transport;
use crate::channel::{ChannelId, CreateError, DataChannelInit, Message, SendError};
use crate::time::Time;

impl Transport {
    /// Makes a data channel. It opens when SCTP does.
    pub fn create_channel(
        &mut self,
        now: Time,
        label: &str,
        init: DataChannelInit,
    ) -> Result<ChannelId, CreateError> {
        self.channels
            .create(now, self.association.as_mut(), label, init)
    }

    /// Sends a message.
    pub fn send(&mut self, now: Time, id: ChannelId, message: Message) -> Result<(), SendError> {
        let association = self.association.as_mut().ok_or(SendError::NotOpen)?;
        self.channels.send(now, association, id, message)
    }

    /// The next message of a channel. What is not read stays, and closes SCTP's window.
    pub fn recv(&mut self, _now: Time, id: ChannelId) -> Option<Message> {
        let association = self.association.as_mut()?;
        self.channels.recv(association, id)
    }

    /// Bytes of messages sent that have not gone to the network yet.
    pub fn buffered_amount(&self, id: ChannelId) -> usize {
        self.channels.buffered_amount(self.association.as_ref(), id)
    }

    /// Sets when `BufferedAmountLow` comes.
    pub fn set_buffered_amount_low_threshold(&mut self, id: ChannelId, bytes: usize) {
        self.channels
            .set_buffered_amount_low_threshold(self.association.as_mut(), id, bytes);
    }

    /// Closes a channel.
    pub fn close_channel(&mut self, now: Time, id: ChannelId) {
        self.channels.close(now, self.association.as_mut(), id);
        self.on_sctp_events(now);
    }

    /// The application dropped its handle.
    pub fn forget_channel(&mut self, id: ChannelId) {
        self.channels.forget(self.association.as_mut(), id);
    }
}
