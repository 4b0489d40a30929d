//! The lines of a description, by section.

use std::fmt;

use super::SdpError;

/// One line, `k=value`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The letter in front of the equals sign.
    pub kind: char,
    /// What follows it.
    pub value: String,
    /// The line's number in the text it came from, 0 for a line of our own.
    pub number: usize,
}

impl Line {
    /// The name and value of an attribute line; the value is empty for a flag.
    pub fn attribute(&self) -> Option<(&str, &str)> {
        (self.kind == 'a').then(|| self.value.split_once(':').unwrap_or((&self.value, "")))
    }

    pub(crate) fn error(&self, reason: impl Into<String>) -> SdpError {
        SdpError::new(self.number, &self.to_string(), reason)
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.kind, self.value)
    }
}

/// The lines of the session or of one media section.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Section {
    /// The lines, without the `m=` line of a media section.
    pub lines: Vec<Line>,
}

impl Section {
    /// Adds a line.
    pub fn push(&mut self, kind: char, value: impl Into<String>) {
        self.lines.push(Line {
            kind,
            value: value.into(),
            number: 0,
        });
    }

    /// Adds an attribute with a value.
    pub fn push_attribute(&mut self, name: &str, value: impl fmt::Display) {
        self.push('a', format!("{name}:{value}"));
    }

    /// True if there is this attribute, with its value if it has one.
    pub fn attribute_line(&self, text: &str) -> bool {
        let mut lines = self.lines.iter();
        lines.any(|line| line.kind == 'a' && line.value == text)
    }

    /// Where the attribute `name` stands first, or where another one would be added.
    pub fn position(&self, name: &str) -> usize {
        let is_it = |line: &Line| line.attribute().is_some_and(|(known, _)| known == name);
        let found = self.lines.iter().position(is_it);
        found.unwrap_or(self.lines.len())
    }

    /// Puts attributes, with their values, in one place.
    pub fn insert_attributes(&mut self, place: usize, attributes: Vec<String>) {
        let lines = attributes.into_iter().map(|value| Line {
            kind: 'a',
            value,
            number: 0,
        });
        let place = place.min(self.lines.len());
        self.lines.splice(place..place, lines);
    }

    /// The lines of the attribute `name`, with their values.
    pub fn attributes<'a>(
        &'a self,
        name: &'a str,
    ) -> impl Iterator<Item = (&'a Line, &'a str)> + 'a {
        #[cfg(test)]
        super::work::add(self.lines.len());
        self.lines.iter().filter_map(move |line| {
            let (found, value) = line.attribute()?;
            (found == name).then_some((line, value))
        })
    }

    /// The first value of the attribute `name`.
    pub fn attribute<'a>(&'a self, name: &'a str) -> Option<(&'a Line, &'a str)> {
        self.attributes(name).next()
    }

    /// True if the attribute is there.
    pub fn has(&self, name: &str) -> bool {
        self.attribute(name).is_some()
    }
}

/// A media section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Media {
    /// `audio`, `video`, `application`, or anything else.
    pub kind: String,
    /// The port; 0 rejects the section, unless it is bundle-only.
    pub port: u16,
    /// The transport, such as `UDP/DTLS/SCTP`.
    pub protocol: String,
    /// The formats.
    pub formats: Vec<String>,
    /// The number of the `m=` line.
    pub number: usize,
    /// The lines below it.
    pub section: Section,
}

impl Media {
    /// The `m=` line's value.
    pub fn line(&self) -> String {
        format!(
            "{} {} {} {}",
            self.kind,
            self.port,
            self.protocol,
            self.formats.join(" ")
        )
    }

    /// An error about the `m=` line.
    pub fn error(&self, reason: impl Into<String>) -> SdpError {
        SdpError::new(self.number, &format!("m={}", self.line()), reason)
    }
}

/// A whole description.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sdp {
    /// The lines before the first `m=` line.
    pub session: Section,
    /// The media sections in order.
    pub media: Vec<Media>,
}

impl fmt::Display for Sdp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in &self.session.lines {
            write!(f, "{line}\r\n")?;
        }
        for media in &self.media {
            write!(f, "m={}\r\n", media.line())?;
            for line in &media.section.lines {
                write!(f, "{line}\r\n")?;
            }
        }
        Ok(())
    }
}
