//! The streams that a section's track is in (RFC 8830).

use crate::wire::sdp::Line;

/// Most streams of a track that are kept.
pub(in crate::jsep) const MAX_STREAMS: usize = 16;
/// Longest name of a stream or a track: RFC 8830 section 2 has 64 characters, Firefox puts braces
/// around them.
const MAX_LENGTH: usize = 128;

/// `a=msid`: a stream, and the name that the track has in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::jsep) struct Msid {
    /// `None` if the track is in no stream (`-`).
    pub(in crate::jsep) stream: Option<String>,
    pub(in crate::jsep) track: Option<String>,
}

impl Msid {
    /// Reads the attribute's value.
    pub(in crate::jsep) fn read(value: &str) -> Option<Self> {
        let mut words = value.split_ascii_whitespace();
        let (stream, track) = (words.next()?, words.next());
        let fits = |word: &&str| word.len() <= MAX_LENGTH && !word.contains(char::is_control);
        let stream = Some(stream).filter(fits)?;
        Some(Self {
            stream: (stream != "-").then(|| stream.to_owned()),
            track: track.filter(fits).map(str::to_owned),
        })
    }

    /// The older form, of a source: `a=ssrc:1 msid:stream track`.
    pub(in crate::jsep) fn of_source(line: &Line) -> Option<Self> {
        let (_, value) = line.attribute().filter(|(name, _)| *name == "ssrc")?;
        let (_, attribute) = value.split_once(' ')?;
        Self::read(attribute.trim().strip_prefix("msid:")?)
    }
}

/// The streams that the sections of a peer name, each once. Who never says streams means one for
/// all of its tracks: media without a name is played together (RFC 9429 section 5.10).
pub(in crate::jsep) fn streams_of(msids: &[Msid]) -> Vec<String> {
    if msids.is_empty() {
        return vec![UNNAMED.to_owned()];
    }
    let mut streams: Vec<String> = Vec::new();
    for stream in msids.iter().filter_map(|msid| msid.stream.as_ref()) {
        if !streams.contains(stream) {
            streams.push(stream.clone());
        }
    }
    streams
}

/// The stream of all tracks that have none.
const UNNAMED: &str = "default";

#[cfg(test)]
mod tests {
    use super::*;

    fn line(value: &str) -> Line {
        Line {
            kind: 'a',
            value: value.into(),
            number: 0,
        }
    }

    #[test]
    fn both_forms_are_read() {
        let firefox = Msid::read("{a-b} {c-d}").unwrap();
        assert_eq!(firefox.stream.as_deref(), Some("{a-b}"));
        assert_eq!(firefox.track.as_deref(), Some("{c-d}"));
        assert_eq!(Msid::read("- t").unwrap().stream, None);
        assert_eq!(Msid::read("s").unwrap().track, None);
        assert_eq!(Msid::read(""), None);
        let source = Msid::of_source(&line("ssrc:1 msid:s t"));
        assert_eq!(source, Msid::read("s t"));
        assert_eq!(Msid::of_source(&line("ssrc:1 cname:x")), None);
        assert_eq!(Msid::of_source(&line("msid:s t")), None);
    }

    #[test]
    fn tracks_without_a_word_of_streams_are_in_one_and_a_dash_means_none() {
        assert_eq!(streams_of(&[]), ["default"]);
        assert!(streams_of(&[Msid::read("- t").unwrap()]).is_empty());
        let two = ["b t", "a t", "b t"].map(|text| Msid::read(text).unwrap());
        assert_eq!(streams_of(&two), ["b", "a"]);
    }

    #[test]
    fn a_name_that_is_too_long_is_none() {
        assert_eq!(Msid::read(&"s".repeat(1_000)), None);
    }
}
