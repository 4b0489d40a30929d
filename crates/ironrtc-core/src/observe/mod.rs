//! Seeing inside: what a connection did and when, its packets in the clear, and its keys.
//!
//! Each layer tells an [`Observer`] at the place where something happens, by the macro `observe!`.
//! The same line is an event of `tracing` (target `ironrtc::ice` and so on, level `DEBUG`). Both
//! cost a branch if nobody listens.
//!
//! What identifies people (addresses, user name fragments) is a [`Value::Private`]: `tracing`
//! shows it as `…` unless [`show_private`] was called, since logs travel; an [`Observe`] gets it,
//! since somebody asked for it by name.

pub mod json;
mod log;
pub mod pcapng;
mod value;

use std::fmt;
use std::sync::Arc;

pub use log::Category;
pub use value::{Value, show_private};

use crate::datagram::Path;
use crate::time::Time;

/// Something that happened.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Event<'a> {
    /// Which connection, as [`Observer::for_connection`] named it.
    pub connection: u64,
    /// When.
    pub at: Time,
    /// The layer.
    pub category: Category,
    /// What, in words joined by `_`.
    pub name: &'static str,
    /// The particulars.
    pub fields: &'a [(&'static str, Value<'a>)],
}

/// Which way a packet goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From the peer.
    Received,
    /// To the peer.
    Sent,
}

/// What a packet's bytes are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Content {
    /// The payload of a UDP datagram, as it was on the wire: STUN and the DTLS handshake.
    Udp,
    /// An SCTP packet, as DTLS carried it.
    Sctp,
    /// A packet of RTP or RTCP, as SRTP carried it.
    Rtp,
}

/// A packet, decrypted.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Packet<'a> {
    /// Which connection, as [`Observer::for_connection`] named it.
    pub connection: u64,
    /// When.
    pub at: Time,
    /// Which way.
    pub direction: Direction,
    /// Between which addresses.
    pub path: Path,
    /// What it is.
    pub content: Content,
    /// Its bytes.
    pub data: &'a [u8],
}

/// A secret of a DTLS handshake. Its `Display` is a line of an `SSLKEYLOGFILE` (RFC 9850).
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct Secret<'a> {
    /// The kind, such as `CLIENT_RANDOM` or `CLIENT_TRAFFIC_SECRET_0`.
    pub label: &'static str,
    /// The random of the ClientHello, by which a capture is matched.
    pub client_random: &'a [u8],
    /// The secret.
    pub secret: &'a [u8],
}

impl fmt::Display for Secret<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.label)?;
        for part in [self.client_random, self.secret] {
            f.write_str(" ")?;
            for byte in part {
                write!(f, "{byte:02x}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Secret<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secret")
            .field("label", &self.label)
            .finish_non_exhaustive()
    }
}

/// Who listens. Methods are called in the middle of the core's work: they should be short, and
/// cannot call back.
pub trait Observe: Send + Sync + fmt::Debug {
    /// Something happened.
    fn event(&self, event: &Event<'_>) {
        let _ = event;
    }

    /// A packet came or went. Called only if [`wants_packets`](Self::wants_packets).
    fn packet(&self, packet: &Packet<'_>) {
        let _ = packet;
    }

    /// A handshake made a secret. Called only if [`wants_secrets`](Self::wants_secrets).
    fn secret(&self, secret: &Secret<'_>) {
        let _ = secret;
    }

    /// Whether packets are of interest. Asked for each packet.
    fn wants_packets(&self) -> bool {
        false
    }

    /// Whether secrets are of interest. Asked when a handshake begins.
    fn wants_secrets(&self) -> bool {
        false
    }
}

/// Who listens to one connection: nobody, by default.
#[derive(Clone, Debug, Default)]
pub struct Observer {
    connection: u64,
    sink: Option<Arc<dyn Observe>>,
}

impl Observer {
    /// Tells `sink` everything.
    pub fn new(sink: Arc<dyn Observe>) -> Self {
        Self {
            connection: 0,
            sink: Some(sink),
        }
    }

    /// The same listener, for the connection that it is to know by this number.
    #[must_use]
    pub fn for_connection(&self, connection: u64) -> Self {
        Self {
            connection,
            sink: self.sink.clone(),
        }
    }

    /// Whether both have the same listener.
    pub fn is_same(&self, other: &Self) -> bool {
        match (&self.sink, &other.sink) {
            (Some(one), Some(other)) => Arc::ptr_eq(one, other),
            (None, None) => true,
            _ => false,
        }
    }

    /// Whether anybody listens to the connection.
    #[inline]
    pub fn is_on(&self) -> bool {
        self.sink.is_some()
    }

    /// Whether anybody listens to it, or logs this layer.
    #[inline]
    pub(crate) fn wants(&self, category: Category) -> bool {
        self.is_on() || category.is_logged()
    }

    /// Tells of an event.
    pub fn event(
        &self,
        at: Time,
        category: Category,
        name: &'static str,
        fields: &[(&'static str, Value<'_>)],
    ) {
        category.log(name, fields);
        if let Some(sink) = &self.sink {
            sink.event(&Event {
                connection: self.connection,
                at,
                category,
                name,
                fields,
            });
        }
    }

    /// Tells of a packet, if anybody wants to know.
    #[inline]
    pub(crate) fn packet(
        &self,
        at: Time,
        direction: Direction,
        path: Path,
        content: Content,
        data: &[u8],
    ) {
        let Some(sink) = self.sink.as_ref().filter(|sink| sink.wants_packets()) else {
            return;
        };
        sink.packet(&Packet {
            connection: self.connection,
            at,
            direction,
            path,
            content,
            data,
        });
    }

    /// Whether secrets are to be told.
    pub(crate) fn wants_secrets(&self) -> bool {
        self.sink.as_ref().is_some_and(|sink| sink.wants_secrets())
    }

    /// Tells of a secret.
    pub(crate) fn secret(&self, secret: &Secret<'_>) {
        if let Some(sink) = &self.sink {
            sink.secret(secret);
        }
    }
}

/// Tells of an event, to whoever listens to the connection and to `tracing`. If nobody does, the
/// fields are not even made.
///
/// `observe!(observer, now, Ice, "state_change", to = state.as_str())`
macro_rules! observe {
    ($observer:expr, $at:expr, $category:ident, $name:literal $(, $key:ident = $value:expr)* $(,)?) => {
        if $observer.wants($crate::observe::Category::$category) {
            $observer.event(
                $at,
                $crate::observe::Category::$category,
                $name,
                &[$((stringify!($key), $crate::observe::Value::from($value))),*],
            );
        }
    };
}
pub(crate) use observe;

#[cfg(test)]
mod tests;
