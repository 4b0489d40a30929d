//! Session descriptions (RFC 8866): lines in, lines out.
//!
//! [`Sdp`] keeps every line in its place, so that a description is given back as it came; the
//! typed readings of attributes are in `jsep::attributes`, above the protocols whose types they give.

mod error;
mod parse;
mod section;

pub use error::SdpError;
pub use parse::{MAX_LEN, MAX_LINES, MAX_MEDIA};
pub use section::{Line, Media, Sdp, Section};
