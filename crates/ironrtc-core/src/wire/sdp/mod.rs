//! Session descriptions (RFC 8866): lines in, lines out.
//!
//! [`Sdp`] keeps every line in its place, so that a description is given back as it came; the
//! typed readings of attributes are in `jsep::read`, above the protocols whose types they give.

mod error;
mod parse;
mod section;

pub use error::SdpError;
pub use parse::{MAX_FORMATS, MAX_LEN, MAX_LINES, MAX_MEDIA, lines};
pub use section::{Line, Media, Sdp, Section};

/// Counts the lines that readings look at, so that tests can hold the work linear.
#[cfg(test)]
pub(crate) mod work {
    use std::cell::Cell;

    thread_local!(static LINES: Cell<usize> = const { Cell::new(0) });

    pub(super) fn add(lines: usize) {
        LINES.set(LINES.get() + lines);
    }

    /// The count since the last call.
    pub(crate) fn take() -> usize {
        LINES.replace(0)
    }
}
