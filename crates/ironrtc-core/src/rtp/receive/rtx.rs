//! Retransmissions (RFC 4588 section 4): a packet of another stream, behind its sequence number.

use crate::wire::Reader;
use crate::wire::rtp::SeqNo;

/// The number of the packet that a retransmission repeats, and the length of what stands before its
/// payload. None if there is nothing in it: senders probe with such padding.
pub(super) fn original(payload: &[u8]) -> Option<(SeqNo, usize)> {
    let number = Reader::new(payload).u16()?;
    // A number alone repeats nothing: it pads too.
    (payload.len() > 2).then_some((SeqNo::new(number), 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_stands_before_the_payload() {
        assert_eq!(original(&[0x12, 0x34, 9]), Some((SeqNo::new(0x1234), 2)));
    }

    #[test]
    fn padding_repeats_nothing() {
        for payload in [&[][..], &[1], &[1, 2]] {
            assert_eq!(original(payload), None);
        }
    }
}
