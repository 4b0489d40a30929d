//! What a field of an event can hold.

use std::fmt;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

static SHOWS_PRIVATE: AtomicBool = AtomicBool::new(false);

/// Whether logs by `tracing` show what identifies people: addresses and user name fragments. For
/// the whole process; off by default.
pub fn show_private(show: bool) {
    SHOWS_PRIVATE.store(show, Ordering::Relaxed);
}

/// A field's value.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Value<'a> {
    /// A word or sentence.
    Text(&'a str),
    /// A count, or a size in bytes.
    Count(u64),
    /// A ratio, or another number.
    Number(f64),
    /// Yes or no.
    Flag(bool),
    /// How long.
    Duration(Duration),
    /// An address.
    Address(SocketAddr),
    /// A text that identifies somebody.
    Private(&'a str),
}

/// As logs show it: what identifies people only after [`show_private`].
impl fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shows_private = || SHOWS_PRIVATE.load(Ordering::Relaxed);
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Count(count) => count.fmt(f),
            Self::Number(number) => number.fmt(f),
            Self::Flag(flag) => flag.fmt(f),
            Self::Duration(duration) => write!(f, "{:.3} ms", duration.as_secs_f64() * 1e3),
            Self::Address(address) if shows_private() => address.fmt(f),
            Self::Private(text) if shows_private() => f.write_str(text),
            Self::Address(_) | Self::Private(_) => f.write_str("…"),
        }
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text)
    }
}

impl<'a> From<&'a String> for Value<'a> {
    fn from(text: &'a String) -> Self {
        Self::Text(text)
    }
}

macro_rules! counts {
    ($($type:ty),+) => {$(
        impl From<$type> for Value<'_> {
            fn from(count: $type) -> Self {
                // A count that no 64 bits hold is as good as the largest.
                Self::Count(count.try_into().unwrap_or(u64::MAX))
            }
        }
    )+};
}
counts!(u8, u16, u32, u64, usize);

impl From<f64> for Value<'_> {
    fn from(number: f64) -> Self {
        Self::Number(number)
    }
}

impl From<bool> for Value<'_> {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}

impl From<Duration> for Value<'_> {
    fn from(duration: Duration) -> Self {
        Self::Duration(duration)
    }
}

impl From<SocketAddr> for Value<'_> {
    fn from(address: SocketAddr) -> Self {
        Self::Address(address)
    }
}
