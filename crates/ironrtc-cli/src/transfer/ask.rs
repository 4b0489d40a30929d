//! Whether the receiver wants what is offered.

use indicatif::HumanBytes;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};

use super::TransferError;
use super::protocol::{Announced, Offer};
use crate::text::printable;

/// Longest answer, in bytes.
const MAX_ANSWER: u64 = 1024;

/// What the receiver has agreed to.
#[derive(Debug)]
pub(super) struct Consent {
    /// Somebody can be asked, and wants to be.
    ask: bool,
    answer: Option<bool>,
    /// Files and bytes that an offer has left.
    left: Option<(u64, u64)>,
}

impl Consent {
    /// `ask` asks before anything is written; otherwise everything is wanted.
    pub(super) const fn new(ask: bool) -> Self {
        Self {
            ask,
            answer: None,
            left: None,
        }
    }

    /// Whether the file is wanted. An offer is asked about once, and the sender is held to it;
    /// without one, every file is asked about.
    pub(super) async fn of(&mut self, file: &Announced) -> Result<bool, TransferError> {
        if let Some(offer) = &file.offer
            && self.left.is_none()
        {
            self.left = Some((offer.files, offer.bytes));
            if self.ask {
                self.answer = Some(ask(&question(offer)).await);
            }
        }
        match &mut self.left {
            Some((files, bytes)) => {
                let left = files
                    .checked_sub(1)
                    .zip(bytes.checked_sub(file.size))
                    .ok_or_else(|| {
                        TransferError::Protocol("more comes than was offered".to_owned())
                    })?;
                (*files, *bytes) = left;
            }
            None if self.ask => {
                let size = HumanBytes(file.size);
                return Ok(ask(&format!("Receive {:?} ({size})?", file.path())).await);
            }
            None => {}
        }
        Ok(self.answer.unwrap_or(true))
    }
}

fn question(offer: &Offer) -> String {
    let mut text = String::new();
    for listed in &offer.list {
        text += &printable(&format!("  {} ({})", listed.path, HumanBytes(listed.size)));
        text.push('\n');
    }
    let more = offer.files.saturating_sub(offer.list.len() as u64);
    if more > 0 {
        text += &format!("  and {more} more\n");
    }
    let plural = if offer.files == 1 { "" } else { "s" };
    let bytes = HumanBytes(offer.bytes);
    text + &format!("Receive {} file{plural}, {bytes}?", offer.files)
}

/// Asks on stderr, as stdout is for codes and data.
async fn ask(question: &str) -> bool {
    for line in question.lines() {
        eprintln!("{}", printable(line));
    }
    eprintln!("[Y/n] ");
    let mut line = String::new();
    let mut input = BufReader::new(tokio::io::stdin()).take(MAX_ANSWER);
    input.read_line(&mut line).await.is_ok() && is_yes(&line)
}

/// Enter alone means yes; the end of the input does not.
fn is_yes(line: &str) -> bool {
    line.ends_with('\n') && matches!(line.trim().to_lowercase().as_str(), "" | "y" | "yes")
}

#[cfg(test)]
mod tests {
    use super::super::protocol::Listed;
    use super::*;

    fn file(size: u64, offer: Option<Offer>) -> Announced {
        Announced {
            offer,
            ..Announced::new("a", size)
        }
    }

    #[test]
    fn enter_is_yes_and_nothing_is_no() {
        for yes in ["\n", "y\n", " YES \r\n"] {
            assert!(is_yes(yes), "{yes:?}");
        }
        for no in ["", "n\n", "no\n", "what?\n", "y"] {
            assert!(!is_yes(no), "{no:?}");
        }
    }

    #[test]
    fn the_question_names_what_comes() {
        let offer = Offer {
            files: 3,
            bytes: 2048,
            list: vec![Listed {
                path: "a\u{1b}[2J".into(),
                size: 1024,
            }],
        };
        assert_eq!(
            question(&offer),
            "  a\u{fffd}[2J (1.00 KiB)\n  and 2 more\nReceive 3 files, 2.00 KiB?"
        );
    }

    #[tokio::test]
    async fn a_sender_is_held_to_its_offer() {
        let offer = Offer {
            files: 2,
            bytes: 10,
            list: vec![],
        };
        let mut consent = Consent::new(false);
        assert!(consent.of(&file(4, Some(offer.clone()))).await.unwrap());
        assert!(consent.of(&file(7, Some(offer.clone()))).await.is_err());
        assert!(consent.of(&file(6, None)).await.unwrap());
        assert!(consent.of(&file(0, Some(offer))).await.is_err());
    }
}
