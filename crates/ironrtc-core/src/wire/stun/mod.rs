//! STUN messages (RFC 8489), with the attributes of ICE (RFC 8445 section 16.1).
//!
//! Parsing borrows the datagram and checks its structure once; printing appends to the caller's
//! buffer. What a message means is decided in `ice`.

mod attribute;
mod integrity;
mod message;
mod write;

#[cfg(test)]
pub(crate) use attribute::work;
pub use attribute::{AttributeIter, AttributeType, is_known};
pub use integrity::IntegrityKind;
pub use message::{ErrorCode, Message, ParseError, is_stun};
pub use write::Writer;

/// RFC 8489 section 5: the fixed value at offset 4.
pub const MAGIC_COOKIE: u32 = 0x2112_A442;
/// The header's length.
pub const HEADER_LENGTH: usize = 20;
/// The Binding method, the only one of ICE.
pub const BINDING: u16 = 1;

/// Names a transaction: 96 random bits.
pub type TransactionId = [u8; 12];

/// RFC 8489 section 5: the message class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Wants a response.
    Request,
    /// Wants none.
    Indication,
    /// The request was granted.
    Success,
    /// The request was refused.
    Error,
}

#[cfg(test)]
mod tests;
