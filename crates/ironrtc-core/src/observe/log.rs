//! Events as `tracing` has them: a target for each layer, so that a filter can name it.

use std::fmt;

use super::Value;

/// A layer of which events tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Category {
    /// A connection as a whole.
    Connection,
    /// Offers and answers.
    Jsep,
    /// ICE.
    Ice,
    /// DTLS.
    Dtls,
    /// SCTP.
    Sctp,
    /// Data channels.
    Channel,
    /// What carries them all.
    Transport,
}

type Fields<'a> = &'a [(&'static str, Value<'a>)];

/// The fields of an event as one text.
struct Listed<'a>(Fields<'a>);

impl fmt::Display for Listed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (name, value)) in self.0.iter().enumerate() {
            let space = if index > 0 { " " } else { "" };
            write!(f, "{space}{name}={value}")?;
        }
        Ok(())
    }
}

/// `tracing` wants each target at a place of its own in the code.
macro_rules! targets {
    ($($category:ident => $word:literal),+ $(,)?) => {
        impl Category {
            /// The word in an event's name and in `tracing`'s target.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$category => $word),+
                }
            }

            /// Whether a log of this layer is kept.
            pub(super) fn is_logged(self) -> bool {
                match self {
                    $(Self::$category => {
                        tracing::enabled!(target: concat!("ironrtc::", $word), tracing::Level::DEBUG)
                    })+
                }
            }

            pub(super) fn log(self, name: &str, fields: Fields<'_>) {
                match self {
                    $(Self::$category => log::$category(name, fields)),+
                }
            }
        }

        #[allow(non_snake_case)]
        mod log {
            use super::{Fields, Listed};

            $(pub(super) fn $category(name: &str, fields: Fields<'_>) {
                tracing::debug!(target: concat!("ironrtc::", $word), "{name} {}", Listed(fields));
            })+
        }
    };
}

targets! {
    Connection => "connection",
    Jsep => "jsep",
    Ice => "ice",
    Dtls => "dtls",
    Sctp => "sctp",
    Channel => "channel",
    Transport => "transport",
}
