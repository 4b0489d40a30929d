//! A conversation between the two sockets of one code.

use tokio::sync::mpsc;

use crate::signal::ToClient;

/// Messages that wait for the other side.
const QUEUE: usize = 32;
/// One end of a conversation.
#[derive(Debug)]
pub(super) struct Wire {
    pub(super) outgoing: mpsc::Sender<ToClient>,
    pub(super) incoming: mpsc::Receiver<ToClient>,
}

/// Two connected ends.
pub(super) fn pair() -> (Wire, Wire) {
    let (a_sender, a_receiver) = mpsc::channel(QUEUE);
    let (b_sender, b_receiver) = mpsc::channel(QUEUE);
    let one = Wire {
        outgoing: a_sender,
        incoming: b_receiver,
    };
    let other = Wire {
        outgoing: b_sender,
        incoming: a_receiver,
    };
    (one, other)
}
