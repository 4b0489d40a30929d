//! The parameters of a format (`a=fmtp`, RFC 8866 section 6.15): typed where they decide anything,
//! else as text.

use std::fmt;
use std::str::FromStr;

use super::{Av1Parameters, CodecName, H264Parameters, H265Parameters, OpusParameters};
use crate::ids::PayloadType;

/// Most parameters of a format that are kept as text.
pub const MAX_PARAMETERS: usize = 16;
/// Longest of them.
const MAX_LENGTH: usize = 256;
/// Most generations of a packet of redundant data.
const MAX_BLOCKS: usize = 8;

/// The parameters of a format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormatParameters {
    /// Those that decide something.
    pub format: Format,
    /// Others as text: `name=value;name`.
    pub others: String,
}

/// Parameters that decide something, by codec.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// There are none.
    #[default]
    Plain,
    /// RFC 7587.
    Opus(OpusParameters),
    /// RFC 6184.
    H264(H264Parameters),
    /// RFC 7798.
    H265(H265Parameters),
    /// RFC 9628.
    Vp9 {
        /// `profile-id`.
        profile: u8,
    },
    /// AV1's RTP specification.
    Av1(Av1Parameters),
    /// RFC 2198 section 5: the payload types of the blocks, the newest first; empty in a capability.
    Red(Vec<PayloadType>),
    /// RFC 4588 section 8.1.
    Rtx {
        /// `apt`: whose packets are sent again; `None` in a capability.
        of: Option<PayloadType>,
        /// `rtx-time`, in milliseconds.
        time: Option<u32>,
    },
    /// RFC 4733 section 7.1.1: the events, such as `0-15`.
    TelephoneEvent(String),
}

impl FormatParameters {
    /// Nothing is said.
    pub const NONE: Self = Self {
        format: Format::Plain,
        others: String::new(),
    };

    /// Reads what follows the payload type in an `a=fmtp` line. What cannot be understood counts
    /// as not said.
    pub fn read(name: &CodecName, line: &str) -> Self {
        let mut pairs = Pairs::split(line);
        let format = match name {
            CodecName::Opus => Format::Opus(OpusParameters::read(&mut pairs)),
            CodecName::H264 => Format::H264(H264Parameters::read(&mut pairs)),
            CodecName::H265 => Format::H265(H265Parameters::read(&mut pairs)),
            CodecName::Vp9 => Format::Vp9 {
                profile: pairs.take("profile-id").unwrap_or(0),
            },
            CodecName::Av1 => Format::Av1(Av1Parameters::read(&mut pairs)),
            CodecName::Red => Format::Red(pairs.take_word().map(blocks).unwrap_or_default()),
            CodecName::Rtx => Format::Rtx {
                of: pairs.take("apt").and_then(PayloadType::new),
                time: pairs.take("rtx-time"),
            },
            CodecName::TelephoneEvent => {
                Format::TelephoneEvent(pairs.take_word().filter(is_list).unwrap_or("").to_owned())
            }
            _ => Format::Plain,
        };
        Self {
            format,
            others: pairs.rest(),
        }
    }
}

fn blocks(word: &str) -> Vec<PayloadType> {
    word.split('/')
        .take(MAX_BLOCKS)
        .map_while(|number| PayloadType::new(number.trim().parse().ok()?))
        .collect()
}

/// Numbers and ranges of them.
fn is_list(word: &&str) -> bool {
    word.bytes()
        .all(|b| b.is_ascii_digit() || matches!(b, b',' | b'-'))
}

/// In our order, without what is the format's default.
impl fmt::Display for FormatParameters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut said = Vec::new();
        let mut say = |name: &str, value: &dyn fmt::Display| said.push(format!("{name}={value}"));
        match &self.format {
            Format::Plain => {}
            Format::Opus(opus) => {
                for (name, value) in opus.said() {
                    say(name, &value);
                }
            }
            Format::H264(h264) => {
                for (name, value) in h264.said() {
                    say(name, &value);
                }
            }
            Format::H265(h265) => {
                say("level-id", &h265.level);
                say("profile-id", &h265.profile);
                say("tier-flag", &h265.tier);
                say("tx-mode", &"SRST");
            }
            Format::Vp9 { profile } => say("profile-id", profile),
            Format::Av1(av1) => {
                say("level-idx", &av1.level);
                say("profile", &av1.profile);
                say("tier", &av1.tier);
            }
            Format::Red(blocks) => {
                let words: Vec<String> = blocks.iter().map(ToString::to_string).collect();
                said.extend((!words.is_empty()).then(|| words.join("/")));
            }
            Format::Rtx { of, time } => {
                if let Some(of) = of {
                    say("apt", of);
                }
                if let Some(time) = time {
                    say("rtx-time", time);
                }
            }
            Format::TelephoneEvent(events) => {
                said.extend((!events.is_empty()).then(|| events.clone()));
            }
        }
        said.extend((!self.others.is_empty()).then(|| self.others.clone()));
        f.write_str(&said.join(";"))
    }
}

/// The parameters of a line that nobody has taken yet.
pub(super) struct Pairs<'a>(Vec<(&'a str, Option<&'a str>)>);

impl<'a> Pairs<'a> {
    fn split(line: &'a str) -> Self {
        let pairs = line.split(';').map(|pair| match pair.split_once('=') {
            Some((name, value)) => (name.trim(), Some(value.trim())),
            None => (pair.trim(), None),
        });
        // A repeated name counts once, but all its copies are taken.
        let pairs = pairs.filter(|(name, _)| !name.is_empty());
        Self(pairs.take(4 * MAX_PARAMETERS).collect())
    }

    /// The value of a parameter, whatever its name's case (RFC 4855 section 3).
    pub(super) fn take_text(&mut self, name: &str) -> Option<&'a str> {
        let found = self
            .0
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name));
        let value = found.and_then(|(_, value)| *value);
        self.0.retain(|(key, _)| !key.eq_ignore_ascii_case(name));
        value
    }

    pub(super) fn take<T: FromStr>(&mut self, name: &str) -> Option<T> {
        self.take_text(name)?.parse().ok()
    }

    pub(super) fn take_flag(&mut self, name: &str) -> bool {
        self.take_text(name) == Some("1")
    }

    /// A parameter that is a value alone.
    fn take_word(&mut self) -> Option<&'a str> {
        let place = self.0.iter().position(|(_, value)| value.is_none())?;
        Some(self.0.remove(place).0)
    }

    /// Those left, if they can be repeated in one line.
    fn rest(self) -> String {
        let fits =
            |text: &str| text.len() <= MAX_LENGTH && !text.contains(|c: char| c.is_control());
        let mut rest = String::new();
        let fitting = (self.0.into_iter())
            .filter(|(name, value)| fits(name) && value.is_none_or(fits))
            .take(MAX_PARAMETERS);
        for (name, value) in fitting {
            if !rest.is_empty() {
                rest.push(';');
            }
            rest.push_str(name);
            if let Some(value) = value {
                rest.push('=');
                rest.push_str(value);
            }
        }
        rest
    }
}
