//! The numbers of header extensions (RFC 8285 section 5): the same for one URI over all sections of
//! the session, for as long as it lasts. A number that was given another meaning makes receivers
//! misread packets that are under way.

use std::collections::{BTreeMap, BTreeSet};

use super::Direction;
use crate::rtp::{ExtensionPlan, HeaderExtension};

/// Most extensions of a section that are looked at.
pub(in crate::jsep) const MAX_EXTENSIONS: usize = 64;
/// RFC 8285 section 4.2: in the short form 1 to 14 are numbers; 15 is not, and never given.
const SHORT: std::ops::RangeInclusive<u8> = 1..=14;
/// RFC 8285 section 4.3.
const LONG: std::ops::RangeInclusive<u8> = 16..=255;

/// `a=extmap`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::jsep) struct ExtensionLine {
    pub(in crate::jsep) id: u8,
    /// Which way packets carry it.
    pub(in crate::jsep) direction: Direction,
    /// `None` if we do not know it.
    pub(in crate::jsep) extension: Option<HeaderExtension>,
}

impl ExtensionLine {
    /// Reads the attribute's value. Numbers from 4096, which leave the choice to the answer, are
    /// left aside: no WebRTC peer needs so many.
    pub(in crate::jsep) fn read(value: &str) -> Option<Self> {
        let mut words = value.split_ascii_whitespace();
        let (number, uri) = (words.next()?, words.next()?);
        let (id, direction) = match number.split_once('/') {
            Some((id, direction)) => (id, direction.parse().ok()?),
            None => (number, Direction::SendRecv),
        };
        let id = id.parse().ok().filter(|id| *id != 0)?;
        Some(Self {
            id,
            direction,
            extension: uri.parse().ok(),
        })
    }

    /// The attribute's value, of one that we know.
    pub(in crate::jsep) fn value(&self) -> Option<String> {
        let uri = self.extension?.as_str();
        Some(match self.direction {
            Direction::SendRecv => format!("{} {uri}", self.id),
            direction => format!("{}/{direction} {uri}", self.id),
        })
    }
}

/// The numbers of a session.
#[derive(Clone, Debug, Default)]
pub(in crate::jsep) struct ExtensionIds {
    known: BTreeMap<HeaderExtension, u8>,
    /// Numbers that were ever used, by either side.
    taken: BTreeSet<u8>,
}

impl ExtensionIds {
    /// Takes over what the peer says: its numbers are ours, unless we have another already.
    pub(in crate::jsep) fn learn(&mut self, lines: &[ExtensionLine]) {
        for line in lines {
            if let Some(extension) = line.extension
                && !self.known.contains_key(&extension)
                && !self.known.values().any(|id| *id == line.id)
            {
                self.known.insert(extension, line.id);
            }
            self.taken.insert(line.id);
        }
    }

    /// What we offer.
    pub(in crate::jsep) fn offer(&mut self, wanted: &[HeaderExtension]) -> Vec<ExtensionLine> {
        let mut lines = Vec::with_capacity(wanted.len());
        for extension in wanted {
            let known = self.known.get(extension).copied();
            let Some(id) = known.or_else(|| self.allocate(*extension)) else {
                continue;
            };
            lines.push(ExtensionLine {
                id,
                direction: Direction::SendRecv,
                extension: Some(*extension),
            });
        }
        lines
    }

    fn allocate(&mut self, extension: HeaderExtension) -> Option<u8> {
        let id = SHORT.chain(LONG).find(|id| !self.taken.contains(id))?;
        self.taken.insert(id);
        self.known.insert(extension, id);
        Some(id)
    }
}

/// What we answer (RFC 8285 section 6): those offered that we know, under the offer's numbers.
/// Without `mixed`, packets cannot have the long form beside the short one, and the extensions that
/// need it are declined as long as there are others.
pub(in crate::jsep) fn answer_extensions(
    offered: &[ExtensionLine],
    wanted: &[HeaderExtension],
    mixed: bool,
) -> Vec<ExtensionLine> {
    let mut answer: Vec<ExtensionLine> = Vec::new();
    for line in offered {
        let fits = line
            .extension
            .is_some_and(|extension| wanted.contains(&extension));
        let again =
            (answer.iter()).any(|known| known.id == line.id || known.extension == line.extension);
        if fits && !again && (mixed || SHORT.contains(&line.id)) {
            answer.push(ExtensionLine {
                direction: line.direction.reversed(),
                ..line.clone()
            });
        }
    }
    answer
}

/// What both sides have said of each extension, as we see it.
pub(in crate::jsep) fn agreed_extensions(
    ours: &[ExtensionLine],
    theirs: &[ExtensionLine],
) -> Vec<ExtensionPlan> {
    let both = ours.iter().filter_map(|ours| {
        let theirs = (theirs.iter())
            .find(|theirs| theirs.id == ours.id && theirs.extension == ours.extension)?;
        let direction = ours.direction.intersection(theirs.direction.reversed());
        Some(ExtensionPlan {
            id: ours.id,
            extension: ours.extension?,
            send: direction.sends(),
            receive: direction.receives(),
        })
    });
    both.filter(|plan| plan.send || plan.receive).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rtp::MediaKind;

    fn line(text: &str) -> ExtensionLine {
        ExtensionLine::read(text).unwrap_or_else(|| panic!("{text}"))
    }

    fn mid(id: u8) -> String {
        format!("{id} {}", HeaderExtension::Mid)
    }

    #[test]
    fn lines_are_read_and_said() {
        for text in [
            mid(3),
            format!("9/recvonly {}", HeaderExtension::PlayoutDelay),
        ] {
            assert_eq!(line(&text).value(), Some(text));
        }
        assert_eq!(line("5/sendonly urn:example:new").extension, None);
        for bad in ["", "1", "0 urn:x", "4096 urn:x", "x urn:x", "1/up urn:x"] {
            assert_eq!(ExtensionLine::read(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_uri_has_one_number_over_all_sections_and_keeps_it() {
        let mut ids = ExtensionIds::default();
        let audio = ids.offer(HeaderExtension::usual(MediaKind::Audio));
        let video = ids.offer(HeaderExtension::usual(MediaKind::Video));
        for line in &audio {
            let same = video.iter().find(|other| other.extension == line.extension);
            assert!(same.is_none_or(|same| same.id == line.id));
            let other = video.iter().find(|other| other.id == line.id);
            assert!(other.is_none_or(|other| other.extension == line.extension));
        }
        assert!(
            audio
                .iter()
                .chain(&video)
                .all(|line| SHORT.contains(&line.id))
        );
        assert_eq!(ids.offer(HeaderExtension::usual(MediaKind::Audio)), audio);
    }

    #[test]
    fn the_peers_numbers_are_taken_over_and_a_number_never_changes_its_meaning() {
        let mut ids = ExtensionIds::default();
        ids.learn(&[line(&mid(7)), line("1 urn:example:unknown")]);
        let ours = ids.offer(HeaderExtension::usual(MediaKind::Audio));
        assert_eq!(ours[0].value(), Some(mid(7)));
        assert!(
            ours.iter().all(|line| line.id != 1),
            "the peer means another by it"
        );
        // The peer gives its number to something else.
        let level = HeaderExtension::AudioLevel;
        ids.learn(&[line(&format!("7 {level}")), line(&mid(9))]);
        assert_eq!(ids.offer(HeaderExtension::usual(MediaKind::Audio)), ours);
    }

    #[test]
    fn numbers_of_the_long_form_come_last_and_15_never() {
        let mut ids = ExtensionIds::default();
        let foreign: Vec<ExtensionLine> = (1..=14)
            .map(|id| line(&format!("{id} urn:example:{id}")))
            .collect();
        ids.learn(&foreign);
        let ours = ids.offer(&[HeaderExtension::Mid, HeaderExtension::AudioLevel]);
        assert_eq!(
            ours.iter().map(|line| line.id).collect::<Vec<_>>(),
            [16, 17]
        );
    }

    #[test]
    fn an_answer_keeps_known_extensions_reversed_and_each_once() {
        let offered = [
            line(&mid(3)),
            line(&mid(4)),
            line("5 urn:example:unknown"),
            line(&format!("3 {}", HeaderExtension::AudioLevel)),
            line(&format!(
                "6/recvonly {}",
                HeaderExtension::TransportSequence
            )),
            line(&format!("20 {}", HeaderExtension::AbsoluteSendTime)),
        ];
        let wanted = HeaderExtension::usual(MediaKind::Audio);
        let said = |mixed| -> Vec<String> {
            let answer = answer_extensions(&offered, wanted, mixed);
            answer.iter().filter_map(ExtensionLine::value).collect()
        };
        let transport = format!("6/sendonly {}", HeaderExtension::TransportSequence);
        assert_eq!(said(false), [mid(3), transport.clone()]);
        let long = format!("20 {}", HeaderExtension::AbsoluteSendTime);
        assert_eq!(said(true), [mid(3), transport, long]);
    }

    #[test]
    fn what_is_used_is_what_both_sides_said_under_one_number() {
        let ours = [
            line(&mid(3)),
            line(&format!("6/sendonly {}", HeaderExtension::AudioLevel)),
        ];
        let theirs = [
            line(&mid(3)),
            line(&format!("6/recvonly {}", HeaderExtension::AudioLevel)),
        ];
        let agreed = agreed_extensions(&ours, &theirs);
        let said: Vec<_> = agreed.iter().map(|e| (e.id, e.send, e.receive)).collect();
        assert_eq!(said, [(3, true, true), (6, true, false)]);
        assert!(agreed_extensions(&ours, &[line(&mid(4))]).is_empty());
    }
}
