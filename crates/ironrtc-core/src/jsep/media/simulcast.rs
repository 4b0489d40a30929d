//! Encodings with names, and which are sent and received at once (RFC 8851, RFC 8853).

use std::fmt;

use crate::ids::{PayloadType, Rid};
use crate::rtp::CodecParameters;

/// Most encodings of a section.
pub(in crate::jsep) const MAX_ENCODINGS: usize = 8;
/// Most payload types that an encoding is restricted to.
const MAX_FORMATS: usize = 64;
/// Longest restrictions that are kept and repeated.
const MAX_RESTRICTIONS: usize = 256;

/// `a=rid`: an encoding with a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::jsep) struct RidLine {
    pub(in crate::jsep) rid: Rid,
    /// Whoever says it sends the encoding; else it receives it.
    pub(in crate::jsep) sends: bool,
    /// The payload types that it may have; all where none is said.
    formats: Vec<PayloadType>,
    /// Other restrictions, as they came (RFC 8851 section 5).
    restrictions: String,
}

impl RidLine {
    pub(in crate::jsep) const fn new(rid: Rid, sends: bool) -> Self {
        Self {
            rid,
            sends,
            formats: Vec::new(),
            restrictions: String::new(),
        }
    }

    /// Reads the attribute's value.
    pub(in crate::jsep) fn read(value: &str) -> Option<Self> {
        let mut words = value.trim().splitn(3, ' ');
        let rid = words.next()?.parse().ok()?;
        let sends = match words.next()? {
            "send" => true,
            "recv" => false,
            _ => return None,
        };
        let mut line = Self::new(rid, sends);
        let fits = |text: &str| !text.contains(char::is_control) && !text.contains(' ');
        for part in words.next().unwrap_or_default().split(';') {
            let part = part.trim();
            if let Some(formats) = part.strip_prefix("pt=") {
                line.formats = formats
                    .split(',')
                    .take(MAX_FORMATS)
                    .filter_map(|format| PayloadType::new(format.trim().parse().ok()?))
                    .collect();
            } else if !part.is_empty() && fits(part) {
                if line.restrictions.len() + part.len() >= MAX_RESTRICTIONS {
                    return None;
                }
                if !line.restrictions.is_empty() {
                    line.restrictions.push(';');
                }
                line.restrictions.push_str(part);
            }
        }
        Some(line)
    }
}

/// RFC 8851 section 10.
impl fmt::Display for RidLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} {}",
            self.rid,
            if self.sends { "send" } else { "recv" }
        )?;
        let formats: Vec<String> = self.formats.iter().map(ToString::to_string).collect();
        let formats = (!formats.is_empty()).then(|| format!("pt={}", formats.join(",")));
        let others = Some(&self.restrictions).filter(|text| !text.is_empty());
        let parts: Vec<&str> = (formats.as_deref().into_iter())
            .chain(others.map(String::as_str))
            .collect();
        if parts.is_empty() {
            return Ok(());
        }
        write!(f, " {}", parts.join(";"))
    }
}

/// `a=simulcast`: encodings in the order of preference, each with whether it begins paused. Of
/// alternatives the first counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::jsep) struct Simulcast {
    pub(in crate::jsep) send: Vec<(Rid, bool)>,
    pub(in crate::jsep) receive: Vec<(Rid, bool)>,
}

impl Simulcast {
    /// Reads the attribute's value (RFC 8853 section 5.1), or that of the drafts before it, which
    /// has `rid=` in front of the names.
    pub(in crate::jsep) fn read(value: &str) -> Option<Self> {
        let mut simulcast = Self::default();
        let mut words = value.split_ascii_whitespace();
        while let (Some(direction), Some(list)) = (words.next(), words.next()) {
            let list = list.strip_prefix("rid=").unwrap_or(list);
            match direction {
                "send" => simulcast.send = streams(list),
                "recv" => simulcast.receive = streams(list),
                _ => return None,
            }
        }
        (!simulcast.is_empty()).then_some(simulcast)
    }

    pub(in crate::jsep) const fn is_empty(&self) -> bool {
        self.send.is_empty() && self.receive.is_empty()
    }

    /// Keeps the encodings for which there is an `a=rid` line of the same direction (RFC 8853
    /// section 5.2).
    pub(in crate::jsep) fn keep_described(&mut self, rids: &[RidLine]) {
        let known =
            |rid: &Rid, sends| (rids.iter()).any(|line| line.rid == *rid && line.sends == sends);
        self.send.retain(|(rid, _)| known(rid, true));
        self.receive.retain(|(rid, _)| known(rid, false));
    }
}

fn streams(list: &str) -> Vec<(Rid, bool)> {
    let mut streams: Vec<(Rid, bool)> = Vec::new();
    for alternatives in list.split(';') {
        let first = alternatives.split(',').next().unwrap_or_default();
        let name = first.strip_prefix('~');
        let Ok(rid) = name.unwrap_or(first).parse::<Rid>() else {
            continue;
        };
        if streams.len() < MAX_ENCODINGS && !streams.iter().any(|(known, _)| *known == rid) {
            streams.push((rid, name.is_some()));
        }
    }
    streams
}

impl fmt::Display for Simulcast {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::new();
        for (direction, streams) in [("send", &self.send), ("recv", &self.receive)] {
            if streams.is_empty() {
                continue;
            }
            let words: Vec<String> = (streams.iter())
                .map(|(rid, paused)| format!("{}{rid}", if *paused { "~" } else { "" }))
                .collect();
            parts.push(format!("{direction} {}", words.join(";")));
        }
        f.write_str(&parts.join(" "))
    }
}

/// What is answered to the encodings that the peer offers to send, if we receive, or to receive, if
/// we `send` those with these names (RFC 8853 section 5.3.2): lines of ours for the same names, with the
/// payload types that `codecs` keeps. An encoding that has none left is not taken.
pub(in crate::jsep) fn answer_rids(
    rids: &[RidLine],
    offered: Option<&Simulcast>,
    codecs: &[CodecParameters],
    receives: bool,
    send: &[Rid],
) -> (Vec<RidLine>, Simulcast) {
    let mut answer = Simulcast::default();
    let mut lines = Vec::new();
    let Some(offered) = offered else {
        return (lines, answer);
    };
    let mut take = |rid: &Rid, paused: bool, theirs: bool, streams: &mut Vec<(Rid, bool)>| {
        let line = rids
            .iter()
            .find(|line| line.rid == *rid && line.sends == theirs);
        let Some(line) = line else { return };
        let kept = |format: &&PayloadType| codecs.iter().any(|c| c.payload_type == **format);
        let formats: Vec<PayloadType> = line.formats.iter().filter(kept).copied().collect();
        if line.formats.is_empty() || !formats.is_empty() {
            lines.push(RidLine {
                sends: !theirs,
                formats,
                ..line.clone()
            });
            streams.push((rid.clone(), paused));
        }
    };
    if receives {
        for (rid, paused) in &offered.send {
            take(rid, *paused, true, &mut answer.receive);
        }
    }
    for (rid, paused) in &offered.receive {
        if send.contains(rid) {
            take(rid, *paused, false, &mut answer.send);
        }
    }
    (lines, answer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rtp::{Codec, CodecName, FeedbackSet, MediaKind};

    fn rid(name: &str) -> Rid {
        name.parse().unwrap()
    }

    fn codec(payload_type: u8) -> CodecParameters {
        CodecParameters {
            payload_type: PayloadType::new(payload_type).unwrap(),
            codec: Codec::new(MediaKind::Video, CodecName::Vp8, 90_000),
            feedback: FeedbackSet::EMPTY,
            rtx: None,
        }
    }

    #[test]
    fn rids_are_read_and_said_with_their_restrictions() {
        for text in [
            "q send",
            "h recv pt=96,97",
            "f send pt=96;max-width=1280;max-fps=30",
            "x recv max-br=1000",
        ] {
            assert_eq!(RidLine::read(text).unwrap().to_string(), text);
        }
        for bad in ["", "q", "q sideways", "é send", "a;b send"] {
            assert_eq!(RidLine::read(bad), None, "{bad}");
        }
        let long = format!("q send {}", "x=1;".repeat(1_000));
        assert_eq!(RidLine::read(&long), None);
    }

    #[test]
    fn simulcast_is_read_in_both_forms_and_the_first_alternative_counts() {
        let read = |text| Simulcast::read(text).map(|simulcast| simulcast.to_string());
        assert_eq!(read("send q;h;f").as_deref(), Some("send q;h;f"));
        assert_eq!(
            read("send 1,~4;~2;3 recv c").as_deref(),
            Some("send 1;~2;3 recv c")
        );
        assert_eq!(read(" send rid=a;b").as_deref(), Some("send a;b"));
        assert_eq!(read("recv a;a").as_deref(), Some("recv a"));
        for bad in ["", "send", "up a;b", "send ;"] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }

    #[test]
    fn encodings_are_bounded() {
        let many: Vec<String> = (0..1_000).map(|n| format!("r{n}")).collect();
        let read = Simulcast::read(&format!("send {}", many.join(";"))).unwrap();
        assert_eq!(read.send.len(), MAX_ENCODINGS);
    }

    #[test]
    fn an_encoding_without_a_description_is_no_encoding() {
        let mut simulcast = Simulcast::read("send a;b recv c").unwrap();
        let lines = ["a send", "b recv", "c send"].map(|text| RidLine::read(text).unwrap());
        simulcast.keep_described(&lines);
        assert_eq!(simulcast.to_string(), "send a");
    }

    /// RFC 8853 section 5.3.2.
    #[test]
    fn an_answer_receives_what_is_sent_and_sends_what_it_was_asked_for() {
        let lines = ["a send pt=96", "b send pt=97", "c send", "d recv"]
            .map(|text| RidLine::read(text).unwrap());
        let offer = Simulcast::read("send a;b;~c recv d").unwrap();
        let answer = |receives, send: &[Rid]| {
            let (lines, simulcast) =
                answer_rids(&lines, Some(&offer), &[codec(96)], receives, send);
            let lines: Vec<String> = lines.iter().map(ToString::to_string).collect();
            (lines.join(", "), simulcast.to_string())
        };
        assert_eq!(
            answer(true, &[]),
            ("a recv pt=96, c recv".into(), "recv a;~c".into())
        );
        assert_eq!(
            answer(false, &[rid("d")]),
            ("d send".into(), "send d".into())
        );
        assert_eq!(answer(false, &[rid("x")]), (String::new(), String::new()));
    }
}
