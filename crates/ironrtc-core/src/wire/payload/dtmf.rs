//! Telephone events (RFC 4733 section 2.3).

/// A report of an event, four octets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Report {
    /// Which one: 0 to 9, `*` 10, `#` 11, A to D 12 to 15.
    pub event: u8,
    /// True for the last reports of the event, which are sent three times (section 2.5.1.4).
    pub end: bool,
    /// Of the tone, in −dBm0: 0 to 63.
    pub volume: u8,
    /// Ticks since the packet's timestamp.
    pub duration: u16,
}

impl Report {
    /// The reports in a payload: more than one if several events follow each other (section 2.5.1.5).
    pub fn parse(payload: &[u8]) -> impl Iterator<Item = Self> {
        payload
            .as_chunks()
            .0
            .iter()
            .map(|[event, flags, high, low]| Self {
                event: *event,
                end: flags & 0x80 != 0,
                volume: flags & 0x3F,
                duration: u16::from_be_bytes([*high, *low]),
            })
    }

    /// The payload with this one report.
    pub fn write(self) -> [u8; 4] {
        let [high, low] = self.duration.to_be_bytes();
        let end = if self.end { 0x80 } else { 0 };
        [self.event, end | self.volume.min(63), high, low]
    }
}

/// The event of a character of `insertDTMF` (W3C), whatever its case.
pub const fn event(tone: char) -> Option<u8> {
    Some(match tone.to_ascii_uppercase() {
        digit @ '0'..='9' => digit as u8 - b'0',
        '*' => 10,
        '#' => 11,
        letter @ 'A'..='D' => letter as u8 - b'A' + 12,
        _ => return None,
    })
}

/// The character of an event.
pub fn tone(event: u8) -> Option<char> {
    "0123456789*#ABCD".chars().nth(event.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_are_read_and_written() {
        // Figure 1: event, E R volume, duration.
        let report = Report {
            event: 1,
            end: true,
            volume: 10,
            duration: 1_760,
        };
        assert_eq!(report.write(), [1, 0x8A, 0x06, 0xE0]);
        assert_eq!(Report::parse(&report.write()).next(), Some(report));
        assert_eq!(Report::parse(&[1, 0x8A, 6]).next(), None);
        assert_eq!(Report::parse(&[0; 11]).count(), 2);
    }

    #[test]
    fn each_tone_has_its_event() {
        for (number, character) in "0123456789*#ABCD".chars().enumerate() {
            assert_eq!(event(character).map(usize::from), Some(number));
            assert_eq!(tone(number as u8), Some(character));
        }
        assert_eq!(event('d'), Some(15));
        assert_eq!(event(','), None);
        assert_eq!(tone(16), None);
    }
}
