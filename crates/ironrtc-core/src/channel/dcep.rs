//! The Data Channel Establishment Protocol (RFC 8832).

use bytes::{BufMut as _, Bytes, BytesMut};

use super::{DataChannelInit, Priority};

const ACK: u8 = 0x02;
const OPEN: u8 = 0x03;
const UNORDERED: u8 = 0x80;
const RELIABLE: u8 = 0x00;
const REXMIT: u8 = 0x01;
const TIMED: u8 = 0x02;

/// A control message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Control {
    /// DATA_CHANNEL_OPEN.
    Open {
        label: String,
        init: DataChannelInit,
    },
    /// DATA_CHANNEL_ACK.
    Ack,
}

/// Reads a control message; `None` if it is malformed.
pub(super) fn parse(data: &[u8]) -> Option<Control> {
    let (&kind, rest) = data.split_first()?;
    match kind {
        ACK => Some(Control::Ack),
        OPEN => parse_open(rest),
        _ => None,
    }
}

/// RFC 8832 section 5.1, after the message type.
fn parse_open(data: &[u8]) -> Option<Control> {
    let (header, rest) = data.split_first_chunk::<11>()?;
    let [kind, p0, p1, r0, r1, r2, r3, l0, l1, q0, q1] = *header;
    let (label, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes([l0, l1])))?;
    let (protocol, _) = rest.split_at_checked(usize::from(u16::from_be_bytes([q0, q1])))?;
    // Larger limits than W3C's 16 bits mean no less effort than the largest.
    let limit = u32::from_be_bytes([r0, r1, r2, r3]);
    let limit = u16::try_from(limit).unwrap_or(u16::MAX);
    let (max_retransmits, max_packet_life_time) = match kind & !UNORDERED {
        RELIABLE => (None, None),
        REXMIT => (Some(limit), None),
        TIMED => (None, Some(limit)),
        _ => return None,
    };
    let init = DataChannelInit {
        ordered: kind & UNORDERED == 0,
        max_packet_life_time,
        max_retransmits,
        protocol: String::from_utf8(protocol.to_vec()).ok()?,
        negotiated: false,
        id: None,
        priority: Priority::from_weight(u16::from_be_bytes([p0, p1])),
    };
    Some(Control::Open {
        label: String::from_utf8(label.to_vec()).ok()?,
        init,
    })
}

/// A DATA_CHANNEL_ACK.
pub(super) fn ack() -> Bytes {
    Bytes::from_static(&[ACK])
}

/// A DATA_CHANNEL_OPEN. Lengths were checked when the channel was made.
pub(super) fn open(label: &str, init: &DataChannelInit) -> Bytes {
    let (kind, limit) = match (init.max_retransmits, init.max_packet_life_time) {
        (Some(times), _) => (REXMIT, times),
        (None, Some(millis)) => (TIMED, millis),
        (None, None) => (RELIABLE, 0),
    };
    let length = |text: &str| u16::try_from(text.len()).unwrap_or(u16::MAX);
    let mut out = BytesMut::with_capacity(12 + label.len() + init.protocol.len());
    out.put_u8(OPEN);
    out.put_u8(if init.ordered { kind } else { kind | UNORDERED });
    out.put_u16(init.priority.weight());
    out.put_u32(u32::from(limit));
    out.put_u16(length(label));
    out.put_u16(length(&init.protocol));
    out.put_slice(label.as_bytes());
    out.put_slice(init.protocol.as_bytes());
    out.freeze()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_open_has_the_bytes_of_rfc_8832_section_5_1() {
        let init = DataChannelInit {
            ordered: false,
            max_retransmits: Some(3),
            protocol: "p".into(),
            priority: Priority::High,
            ..DataChannelInit::default()
        };
        let bytes = open("ab", &init);
        assert_eq!(
            &bytes[..],
            b"\x03\x81\x04\x00\x00\x00\x00\x03\x00\x02\x00\x01abp"
        );
        assert_eq!(
            parse(&bytes),
            Some(Control::Open {
                label: "ab".into(),
                init
            })
        );
        assert_eq!(parse(&ack()), Some(Control::Ack));
    }

    #[test]
    fn all_six_channel_types_survive() {
        for ordered in [true, false] {
            for (max_retransmits, max_packet_life_time) in
                [(None, None), (Some(0), None), (None, Some(500))]
            {
                let init = DataChannelInit {
                    ordered,
                    max_retransmits,
                    max_packet_life_time,
                    ..DataChannelInit::default()
                };
                let expected = Control::Open {
                    label: String::new(),
                    init: init.clone(),
                };
                assert_eq!(parse(&open("", &init)), Some(expected));
            }
        }
    }

    #[test]
    fn cut_or_senseless_messages_are_refused() {
        let bytes = open("label", &DataChannelInit::default());
        for len in 0..bytes.len() {
            assert_eq!(parse(&bytes[..len]), None, "cut to {len}");
        }
        assert_eq!(parse(&[0x01]), None);
        let mut bad_kind = bytes.to_vec();
        bad_kind[1] = 0x03;
        assert_eq!(parse(&bad_kind), None);
        let mut bad_label = bytes.to_vec();
        bad_label[12] = 0xff;
        assert_eq!(parse(&bad_label), None);
    }
}
