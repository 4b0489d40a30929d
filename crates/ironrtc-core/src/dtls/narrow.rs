//! Handshake datagrams for paths that seem to lose large ones (RFC 6347 section 4.1.1.1, RFC 9147
//! section 4.4).
//!
//! The library makes its flights for one size. Once a flight was sent again in vain, its records go
//! out in small datagrams, and what is too large even so, which is the padded ClientHello, is cut
//! into fragments. Both leave the handshake as it is: only epoch 0 has to be numbered anew. As some
//! servers take no ClientHello in fragments (mbed TLS), every other time it goes whole.

use std::collections::VecDeque;

use super::record::{self, HANDSHAKE};

/// What IPv4's 576 bytes leave.
const MAX_DATAGRAM: usize = 548;
/// Timeouts of a handshake after which its datagrams become small, every other time.
const PATIENCE: u32 = 2;
/// RFC 6347 section 4.2.2: type, length, message number, offset and length of the fragment.
const MESSAGE_HEADER_LEN: usize = 12;
const MAX_FRAGMENT: usize = MAX_DATAGRAM - record::PLAINTEXT_HEADER_LEN - MESSAGE_HEADER_LEN;

/// Makes datagrams small when it is time.
#[derive(Debug, Default)]
pub(super) struct Narrow {
    timeouts: u32,
    /// A timer of the library's runs. It is a timeout if something is sent.
    timer_runs: bool,
    /// How many more records than the library we have sent in epoch 0.
    extra: u64,
}

impl Narrow {
    /// A flight is sent again because no answer came.
    pub(super) const fn on_timeout(&mut self) {
        self.timeouts = self.timeouts.saturating_add(1);
    }

    /// A timer of the library's begins or ends to run, which has others than for flights.
    pub(super) const fn set_timer_runs(&mut self, runs: bool) {
        self.timer_runs = runs;
    }

    /// The peer could not answer before.
    pub(super) const fn on_news(&mut self) {
        self.timeouts = 0;
    }

    /// Datagrams that went out before are about to go out again, without the library's doing. Their
    /// records are new ones (RFC 6347 section 4.2.2): under the old numbers, a peer whose answer was
    /// lost would take them for replayed.
    pub(super) fn renumber(&mut self, datagrams: &[Vec<u8>]) {
        for mut rest in datagrams.iter().map(Vec::as_slice) {
            while let Some(header) = record::header(rest) {
                debug_assert!(
                    header.record_len <= rest.len(),
                    "a header is of a whole record"
                );
                rest = rest.get(header.record_len..).unwrap_or_default();
                self.extra += 1;
            }
        }
    }

    /// Appends a datagram of the library's, as it is or as several.
    pub(super) fn push(&mut self, datagram: Vec<u8>, outgoing: &mut VecDeque<Vec<u8>>) {
        if std::mem::take(&mut self.timer_runs) {
            self.on_timeout();
        }
        let small = self.timeouts >= PATIENCE && self.timeouts % 2 == PATIENCE % 2;
        if !small && self.extra == 0 {
            outgoing.push_back(datagram);
            return;
        }
        let mut current = Vec::new();
        let mut rest = &datagram[..];
        while let Some(header) = record::header(rest)
            && let Some((record, tail)) = rest.split_at_checked(header.record_len)
        {
            rest = tail;
            let mut add = |record: &[u8]| {
                if small && !current.is_empty() && current.len() + record.len() > MAX_DATAGRAM {
                    outgoing.push_back(std::mem::take(&mut current));
                }
                current.extend_from_slice(record);
            };
            match fragments(&header, record) {
                _ if header.unified || header.epoch > 0 => add(record),
                Some(pieces) if small => {
                    let first = header.sequence + self.extra;
                    for (sequence, piece) in (first..).zip(&pieces) {
                        add(&numbered(record, sequence, piece));
                    }
                    // No number twice, even if the same datagram comes again.
                    self.extra += pieces.len() as u64;
                }
                _ => {
                    let body = record.get(header.len..).unwrap_or_default();
                    add(&numbered(record, header.sequence + self.extra, body));
                }
            }
        }
        if !current.is_empty() {
            outgoing.push_back(current);
        }
    }
}

/// The fragments of a record that is one plain handshake message, or a part of one, and too large.
fn fragments(header: &record::Header, record: &[u8]) -> Option<Vec<Vec<u8>>> {
    if header.kind != HANDSHAKE || record.len() <= MAX_DATAGRAM {
        return None;
    }
    let (message, content) = record
        .get(header.len..)?
        .split_first_chunk::<MESSAGE_HEADER_LEN>()?;
    let [prefix @ .., a, b, c, d, e, f] = *message;
    let offset = u32::from_be_bytes([0, a, b, c]) as usize;
    if u32::from_be_bytes([0, d, e, f]) as usize != content.len() {
        return None;
    }
    let pieces = content.chunks(MAX_FRAGMENT).enumerate();
    let pieces = pieces.map(|(index, piece)| {
        let at = ((offset + index * MAX_FRAGMENT) as u32).to_be_bytes();
        let len = (piece.len() as u32).to_be_bytes();
        [&prefix[..], &at[1..], &len[1..], piece].concat()
    });
    Some(pieces.collect())
}

/// A plain record like `record` with another number and body.
fn numbered(record: &[u8], sequence: u64, body: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(record::PLAINTEXT_HEADER_LEN + body.len());
    debug_assert!(
        record.len() >= record::PLAINTEXT_HEADER_LEN,
        "it is a plain record"
    );
    out.extend_from_slice(record.get(..5).unwrap_or_default());
    out.extend_from_slice(&sequence.to_be_bytes()[2..]);
    out.extend_from_slice(&(body.len() as u16).to_be_bytes());
    out.extend_from_slice(body);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A plain handshake record of one message.
    fn message(sequence: u8, len: usize) -> Vec<u8> {
        let content: Vec<u8> = (0..len).map(|index| index as u8).collect();
        let bytes = (len as u32).to_be_bytes();
        let header = [&[1], &bytes[1..], &[0, 7, 0, 0, 0], &bytes[1..]].concat();
        let body = [header, content].concat();
        let mut record = vec![22, 254, 253, 0, 0, 0, 0, 0, 0, 0, sequence];
        record.extend((body.len() as u16).to_be_bytes());
        record.extend(body);
        record
    }

    fn push(narrow: &mut Narrow, datagram: &[u8]) -> VecDeque<Vec<u8>> {
        let mut outgoing = VecDeque::new();
        narrow.push(datagram.to_vec(), &mut outgoing);
        outgoing
    }

    #[test]
    fn nothing_changes_before_a_flight_was_sent_again_in_vain() {
        let mut narrow = Narrow::default();
        narrow.on_timeout();
        let datagram = [message(0, 900), message(1, 100)].concat();
        assert_eq!(push(&mut narrow, &datagram), [datagram]);
    }

    #[test]
    fn a_timer_counts_once_and_only_if_it_sends_something() {
        let mut narrow = Narrow::default();
        for _ in 0..PATIENCE {
            narrow.set_timer_runs(true);
            narrow.set_timer_runs(false);
        }
        let large = message(0, 1100);
        assert_eq!(push(&mut narrow, &large).len(), 1, "nothing was sent");
        narrow.set_timer_runs(true);
        for _ in 0..PATIENCE {
            assert_eq!(push(&mut narrow, &large).len(), 1, "one flight");
        }
        narrow.set_timer_runs(true);
        assert!(push(&mut narrow, &large).len() > 1);
    }

    #[test]
    fn records_get_datagrams_of_their_own_and_a_large_message_is_cut() {
        let mut narrow = Narrow::default();
        (0..PATIENCE).for_each(|_| narrow.on_timeout());
        let small = [message(0, 300), message(1, 200), message(2, 200)].concat();
        let split = push(&mut narrow, &small);
        assert_eq!(split, [message(0, 300), small[325..].to_vec()]);
        let datagrams = push(&mut narrow, &message(3, 1175));
        assert_eq!(datagrams.len(), 3);
        let (mut content, mut sequences) = (Vec::new(), Vec::new());
        for datagram in &datagrams {
            assert!(datagram.len() <= MAX_DATAGRAM);
            let header = record::header(datagram).unwrap();
            assert_eq!(header.record_len, datagram.len());
            sequences.push(header.sequence);
            let body = &datagram[13..];
            assert_eq!(body[..6], [1, 0, 4, 151, 0, 7], "type, length and number");
            let offset = u32::from_be_bytes([0, body[6], body[7], body[8]]) as usize;
            assert_eq!(offset, content.len());
            let len = u32::from_be_bytes([0, body[9], body[10], body[11]]) as usize;
            assert_eq!(len, body.len() - 12);
            content.extend_from_slice(&body[12..]);
        }
        assert_eq!(sequences, [3, 4, 5]);
        assert_eq!(content, message(3, 1175)[25..]);
        // What follows keeps clear of those numbers; other epochs are left alone.
        let next = push(&mut narrow, &message(4, 10));
        assert_eq!(record::header(&next[0]).unwrap().sequence, 7);
        narrow.on_timeout();
        let whole = push(&mut narrow, &message(5, 1175));
        assert_eq!(whole.len(), 1, "every other time");
        narrow.on_timeout();
        let mut protected = message(0, 700);
        protected[4] = 1;
        assert_eq!(push(&mut narrow, &protected), [protected]);
    }
}
