//! The words that the W3C and the RFCs have for the values of an enumeration.

use std::fmt;

/// Why a text is not one of an enumeration's values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownWord {
    what: &'static str,
    known: &'static [&'static str],
    given: String,
}

/// Longest part of what was given that an error repeats.
const MAX_GIVEN: usize = 40;

impl UnknownWord {
    /// Of what specification's enumeration `given` is no value, and the values.
    pub fn new(what: &'static str, known: &'static [&'static str], given: &str) -> Self {
        Self {
            what,
            known,
            given: given.chars().take(MAX_GIVEN).collect(),
        }
    }
}

impl fmt::Display for UnknownWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, known, given } = self;
        write!(
            f,
            "{given:?} is no {what}; it is one of {}",
            known.join(", ")
        )
    }
}

impl std::error::Error for UnknownWord {}

/// Gives an enumeration its words: `as_str`, `Display`, `FromStr`, and serde's two traits.
#[doc(hidden)]
#[macro_export]
macro_rules! words {
    ($type:ident, $what:literal, { $($variant:ident => $word:literal),+ $(,)? }) => {
        impl $type {
            const WORDS: &'static [&'static str] = &[$($word),+];

            /// The specification's word.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word),+
                }
            }
        }

        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl std::str::FromStr for $type {
            type Err = $crate::words::UnknownWord;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text {
                    $($word => Ok(Self::$variant),)+
                    _ => Err($crate::words::UnknownWord::new($what, Self::WORDS, text)),
                }
            }
        }

        #[cfg(feature = "serde")]
        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        #[cfg(feature = "serde")]
        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(
                deserializer: D,
            ) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str> as serde::Deserialize>::deserialize(
                    deserializer,
                )?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}
pub use words;

#[cfg(test)]
mod tests {
    // The macro writes public methods.
    #![allow(unreachable_pub)]

    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    enum Light {
        Red,
        BlinkingAmber,
    }

    words!(Light, "light", { Red => "red", BlinkingAmber => "blinking-amber" });

    #[test]
    fn a_value_is_written_and_read_as_its_word() {
        assert_eq!(Light::BlinkingAmber.to_string(), "blinking-amber");
        assert_eq!("red".parse(), Ok(Light::Red));
        assert_eq!(format!("{:>5}", Light::Red), "  red");
    }

    #[test]
    fn another_word_is_refused_with_those_that_there_are() {
        let error = "Red".parse::<Light>().unwrap_err();
        assert_eq!(
            error.to_string(),
            "\"Red\" is no light; it is one of red, blinking-amber"
        );
        let long = "x".repeat(1 << 20).parse::<Light>().unwrap_err();
        assert!(long.to_string().len() < 200);
    }
}
