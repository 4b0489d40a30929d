//! Payloads in RED (RFC 2198): one that is the packet's own, and with sound some that went before.

use bytes::Bytes;

use crate::ids::PayloadType;
use crate::wire::payload::red;

/// A payload that is repeated.
#[derive(Clone, Debug)]
pub(super) struct Repeated {
    pub(super) payload_type: PayloadType,
    /// By how much it is older than the packet, in ticks.
    pub(super) offset: u16,
    pub(super) payload: Bytes,
}

/// What is in a payload of RED.
#[derive(Debug)]
pub(super) struct Unwrapped {
    pub(super) payload_type: PayloadType,
    pub(super) payload: Bytes,
    /// Oldest first.
    pub(super) repeated: Vec<Repeated>,
}

/// Takes a payload apart; none if it is malformed.
pub(super) fn unwrap(payload: &Bytes) -> Option<Unwrapped> {
    let read = red::Payload::parse(payload)?;
    let primary = read.primary()?;
    let before = read.blocks().filter(|block| block.offset > 0);
    let repeated = before.map(|block| Repeated {
        payload_type: PayloadType::of_low_bits(block.payload_type),
        offset: block.offset,
        payload: payload.slice_ref(block.data),
    });
    Some(Unwrapped {
        payload_type: PayloadType::of_low_bits(primary.payload_type),
        repeated: repeated.collect(),
        payload: payload.slice_ref(primary.data),
    })
}
