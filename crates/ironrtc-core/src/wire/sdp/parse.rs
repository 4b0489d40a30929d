//! Text to lines, with bounds.
//!
//! Generous in what it takes: any of CRLF, LF and CR ends a line, empty lines are passed over, the
//! last line may lack its end, and lines of any type stay where they are.

use std::str::FromStr;

use super::{Line, Media, Sdp, SdpError, Section};

/// Largest description in bytes.
pub const MAX_LEN: usize = 1024 * 1024;
/// Most lines.
pub const MAX_LINES: usize = 10_000;
/// Most media sections.
pub const MAX_MEDIA: usize = 256;
/// Most formats of a media section; RTP has 128 payload types.
pub const MAX_FORMATS: usize = 256;

impl FromStr for Sdp {
    type Err = SdpError;

    fn from_str(text: &str) -> Result<Self, SdpError> {
        if text.len() > MAX_LEN {
            let reason = format!("the description has {} bytes, over {MAX_LEN}", text.len());
            return Err(SdpError::new(1, "", reason));
        }
        let mut sdp = Self::default();
        let mut count = 0;
        for (number, raw) in lines(text) {
            count += 1;
            if count > MAX_LINES {
                let reason = format!("the description has more than {MAX_LINES} lines");
                return Err(SdpError::new(number, raw, reason));
            }
            let line = parse_line(raw, number)?;
            if line.kind == 'm' {
                if sdp.media.len() == MAX_MEDIA {
                    return Err(line.error(format!("more than {MAX_MEDIA} media sections")));
                }
                sdp.media.push(parse_media(&line)?);
            } else if let Some(media) = sdp.media.last_mut() {
                media.section.lines.push(line);
            } else {
                sdp.session.lines.push(line);
            }
        }
        check_session(&sdp.session)?;
        Ok(sdp)
    }
}

/// The lines that are not empty, with their numbers. RFC 8866 section 5: lines end with CRLF, and a
/// parser should accept a bare LF. A bare CR ends a line too: no value may hold one.
pub fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.split('\n').enumerate().flat_map(|(index, line)| {
        line.split('\r')
            .filter(|piece| !piece.is_empty())
            .map(move |piece| (index + 1, piece))
    })
}

fn parse_line(raw: &str, number: usize) -> Result<Line, SdpError> {
    let mut chars = raw.chars();
    let (kind, equals) = (chars.next(), chars.next());
    match (kind, equals) {
        (Some(kind), Some('=')) if kind.is_ascii_lowercase() => Ok(Line {
            kind,
            value: chars.as_str().to_owned(),
            number,
        }),
        _ => Err(SdpError::new(
            number,
            raw,
            "a line starts with a lower-case letter and \"=\"",
        )),
    }
}

/// RFC 8866 section 5.14: `media port["/"count] protocol formats`.
fn parse_media(line: &Line) -> Result<Media, SdpError> {
    // What is repeated in an answer has to be a word there, whoever reads it.
    if line.value.contains(|c: char| c.is_control() && c != '\t') {
        return Err(line.error("a media line has no control characters"));
    }
    let mut words = line.value.split_whitespace();
    let (Some(kind), Some(port), Some(protocol)) = (words.next(), words.next(), words.next())
    else {
        return Err(line.error("a media line has a kind, a port, a protocol and formats"));
    };
    let port = port.split('/').next().unwrap_or_default();
    let port = port
        .parse()
        .map_err(|_| line.error("the port is not a number up to 65535"))?;
    let formats: Vec<String> = words
        .by_ref()
        .take(MAX_FORMATS)
        .map(str::to_owned)
        .collect();
    if formats.is_empty() {
        return Err(line.error("a media line names at least one format"));
    }
    if words.next().is_some() {
        return Err(line.error(format!("more than {MAX_FORMATS} formats")));
    }
    Ok(Media {
        kind: kind.to_owned(),
        port,
        protocol: protocol.to_owned(),
        formats,
        number: line.number,
        section: Section::default(),
    })
}

/// RFC 8866 section 5: version, origin and session name come first, in this order.
fn check_session(session: &Section) -> Result<(), SdpError> {
    for (index, expected) in ['v', 'o', 's'].into_iter().enumerate() {
        match session.lines.get(index) {
            Some(line) if line.kind == expected => {}
            Some(line) => return Err(line.error(format!("expected the \"{expected}=\" line"))),
            None => {
                let reason = format!("the description ends before its \"{expected}=\" line");
                return Err(SdpError::new(index + 1, "", reason));
            }
        }
    }
    match session.lines.first() {
        Some(line) if line.value != "0" => Err(line.error("the version of SDP is 0")),
        _ => Ok(()),
    }
}
