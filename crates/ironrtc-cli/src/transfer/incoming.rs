//! The receiving side of the file protocol, without input and output.

use bytes::Bytes;
use ironrtc::Message;

use super::TransferError;
use super::protocol::{Announced, Control};

/// What the receiver has to do next.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// A file is announced: accept or refuse it.
    File(Box<Announced>),
    /// Bytes from this offset on follow; drop what is beyond it.
    Start(u64),
    /// The next bytes.
    Data(Bytes),
    /// The file is complete: compare the hash.
    End(String),
    /// The sender gave this file up.
    Failed(String),
    /// There are no more files.
    Bye,
}

#[derive(Debug)]
enum State {
    /// Between files.
    Idle,
    /// The receiver has to answer an announcement.
    Announced { size: u64 },
    /// An offset was asked for.
    Accepted { size: u64, offset: u64 },
    /// Bytes arrive.
    Receiving { size: u64, received: u64 },
    /// Nothing may follow.
    Over,
}

/// Holds what the sender may say next.
#[derive(Debug)]
pub(crate) struct Incoming(State);

impl Incoming {
    /// Before the first file.
    pub(crate) const fn new() -> Self {
        Self(State::Idle)
    }

    /// The application accepts the announced file from `offset` on.
    pub(crate) fn accept(&mut self, offset: u64) {
        if let State::Announced { size } = self.0 {
            self.0 = State::Accepted { size, offset };
        }
    }

    /// The application does not want the announced file.
    pub(crate) fn refuse(&mut self) {
        self.0 = State::Idle;
    }

    /// What a message means here. After an error the channel is useless.
    pub(crate) fn handle_message(&mut self, message: Message) -> Result<Step, TransferError> {
        if let Message::Binary(bytes) = message {
            return self.on_data(bytes);
        }
        let control = Control::of(&message)?;
        match (&self.0, control) {
            (State::Idle, Control::File(file)) => {
                self.0 = State::Announced { size: file.size };
                Ok(Step::File(Box::new(file)))
            }
            (
                &State::Accepted {
                    size,
                    offset: asked,
                },
                Control::Start { offset },
            ) if offset == 0 || offset == asked => {
                self.0 = State::Receiving {
                    size,
                    received: offset,
                };
                Ok(Step::Start(offset))
            }
            (&State::Receiving { size, received }, Control::End { sha256 }) => {
                if received != size {
                    return Err(TransferError::Protocol(format!(
                        "the file ended after {received} of {size} bytes"
                    )));
                }
                self.0 = State::Idle;
                Ok(Step::End(sha256))
            }
            (State::Accepted { .. } | State::Receiving { .. }, Control::Failed { reason }) => {
                self.0 = State::Idle;
                Ok(Step::Failed(reason))
            }
            // A server that cannot find what was asked for.
            (State::Idle, Control::Failed { reason }) => Ok(Step::Failed(reason)),
            (State::Idle, Control::Bye) => {
                self.0 = State::Over;
                Ok(Step::Bye)
            }
            (state, control) => Err(TransferError::Protocol(format!(
                "{} does not belong in {}",
                kind(&control),
                state.name()
            ))),
        }
    }

    fn on_data(&mut self, bytes: Bytes) -> Result<Step, TransferError> {
        let State::Receiving { size, received } = &mut self.0 else {
            return Err(TransferError::Protocol(
                "bytes came that belong to no file".to_owned(),
            ));
        };
        let left = *size - *received;
        if bytes.len() as u64 > left {
            return Err(TransferError::Protocol(format!(
                "more than the announced {size} bytes came"
            )));
        }
        *received += bytes.len() as u64;
        Ok(Step::Data(bytes))
    }
}

impl State {
    const fn name(&self) -> &'static str {
        match self {
            Self::Idle => "the pause between files",
            Self::Announced { .. } | Self::Accepted { .. } => "the start of a file",
            Self::Receiving { .. } => "the middle of a file",
            Self::Over => "the time after the end",
        }
    }
}

const fn kind(control: &Control) -> &'static str {
    match control {
        Control::Get { .. } => "get",
        Control::File(_) => "file",
        Control::Accept { .. } => "accept",
        Control::Refuse { .. } => "refuse",
        Control::Start { .. } => "start",
        Control::End { .. } => "end",
        Control::Done { .. } => "done",
        Control::Failed { .. } => "failed",
        Control::Bye => "bye",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    fn file(size: u64) -> Message {
        Message::from(&Control::File(Announced::new("a", size)))
    }

    fn start(offset: u64) -> Message {
        Message::from(&Control::Start { offset })
    }

    fn end() -> Message {
        Message::from(&Control::End {
            sha256: DIGEST.into(),
        })
    }

    fn receiving(size: u64, offset: u64) -> Incoming {
        let mut incoming = Incoming::new();
        incoming.handle_message(file(size)).unwrap();
        incoming.accept(offset);
        incoming.handle_message(start(offset)).unwrap();
        incoming
    }

    #[test]
    fn a_resumed_file_and_the_next_one() {
        let mut incoming = receiving(10, 4);
        let data = incoming.handle_message(Message::from(vec![0; 6])).unwrap();
        assert_eq!(data, Step::Data(Bytes::from(vec![0; 6])));
        assert_eq!(
            incoming.handle_message(end()).unwrap(),
            Step::End(DIGEST.into())
        );
        assert!(matches!(
            incoming.handle_message(file(0)).unwrap(),
            Step::File(_)
        ));
        incoming.refuse();
        assert_eq!(
            incoming
                .handle_message(Message::from(&Control::Bye))
                .unwrap(),
            Step::Bye
        );
        assert!(incoming.handle_message(file(1)).is_err());
    }

    #[test]
    fn the_sender_may_start_over_but_nowhere_else() {
        let accepted = || {
            let mut incoming = Incoming::new();
            incoming.handle_message(file(10)).unwrap();
            incoming.accept(4);
            incoming
        };
        assert_eq!(accepted().handle_message(start(0)).unwrap(), Step::Start(0));
        for offset in [3, 5, 10, u64::MAX] {
            assert!(
                accepted().handle_message(start(offset)).is_err(),
                "{offset}"
            );
        }
    }

    #[test]
    fn a_sender_cannot_write_more_or_less_than_it_announced() {
        assert!(
            receiving(3, 0)
                .handle_message(Message::from(vec![0; 4]))
                .is_err()
        );
        assert!(
            receiving(3, 3)
                .handle_message(Message::from(vec![0]))
                .is_err()
        );
        assert!(receiving(3, 0).handle_message(end()).is_err());
        let mut empty = receiving(0, 0);
        assert_eq!(
            empty.handle_message(end()).unwrap(),
            Step::End(DIGEST.into())
        );
    }

    #[test]
    fn nothing_is_taken_out_of_turn() {
        for message in [end(), start(0), Message::from(vec![1]), Message::from("{")] {
            assert!(Incoming::new().handle_message(message.clone()).is_err());
            let mut announced = Incoming::new();
            announced.handle_message(file(3)).unwrap();
            assert!(announced.handle_message(message).is_err());
        }
        assert!(receiving(3, 0).handle_message(file(3)).is_err());
        assert!(receiving(3, 0).handle_message(start(0)).is_err());
    }
}
