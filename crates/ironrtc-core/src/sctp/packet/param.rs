//! Parameters and error causes: both are type, length, value, padded to four bytes.

use crate::wire::Reader;
use crate::work;

/// Type of a parameter (RFC 9260 section 3.2.1 and the extensions' own).
pub(crate) mod kind {
    pub(crate) const HEARTBEAT_INFO: u16 = 1;
    pub(crate) const STATE_COOKIE: u16 = 7;
    pub(crate) const UNRECOGNIZED: u16 = 8;
    pub(crate) const COOKIE_PRESERVATIVE: u16 = 9;
    pub(crate) const OUTGOING_RESET: u16 = 13;
    pub(crate) const INCOMING_RESET: u16 = 14;
    pub(crate) const TSN_RESET: u16 = 15;
    pub(crate) const RECONFIG_RESPONSE: u16 = 16;
    pub(crate) const ADD_OUTGOING: u16 = 17;
    pub(crate) const ADD_INCOMING: u16 = 18;
    pub(crate) const ZERO_CHECKSUM: u16 = 0x8001;
    /// Our own; its type tells others to skip it in silence.
    pub(crate) const LARGE_PACKETS: u16 = 0xbf49;
    pub(crate) const SUPPORTED_EXTENSIONS: u16 = 0x8008;
    pub(crate) const FORWARD_TSN: u16 = 0xc000;
}

/// Error cause codes (RFC 9260 section 3.3.10).
pub(crate) mod cause {
    pub(crate) const INVALID_STREAM: u16 = 1;
    pub(crate) const STALE_COOKIE: u16 = 3;
    pub(crate) const UNRECOGNIZED_CHUNK: u16 = 6;
    pub(crate) const NO_USER_DATA: u16 = 9;
    pub(crate) const COOKIE_WHILE_SHUTTING_DOWN: u16 = 10;
    pub(crate) const USER_ABORT: u16 = 12;
    pub(crate) const PROTOCOL_VIOLATION: u16 = 13;
}

/// What to do with a type that we do not know, from its two highest bits (RFC 9260 section 3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct UnknownAction {
    /// Whether what follows is processed.
    pub(crate) go_on: bool,
    /// Whether the sender is told.
    pub(crate) report: bool,
}

impl UnknownAction {
    /// From the two highest bits of a type.
    pub(crate) const fn of_bits(bits: u8) -> Self {
        Self {
            go_on: bits & 2 != 0,
            report: bits & 1 != 0,
        }
    }
}

/// One parameter or cause.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Param<'a> {
    pub(crate) kind: u16,
    pub(crate) value: &'a [u8],
    /// Header and value, as it is echoed when it is not recognized.
    pub(crate) raw: &'a [u8],
}

/// Iterates over parameters and ends at the first that does not fit.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Params<'a>(&'a [u8]);

impl<'a> Params<'a> {
    pub(crate) const fn new(data: &'a [u8]) -> Self {
        Self(data)
    }

    /// Whether every byte belongs to a well-formed parameter.
    pub(crate) fn is_well_formed(mut self) -> bool {
        while self.next().is_some() {}
        self.0.is_empty()
    }
}

impl<'a> Iterator for Params<'a> {
    type Item = Param<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        work::add(1);
        let mut reader = Reader::new(self.0);
        let kind = reader.u16()?;
        let len = usize::from(reader.u16()?);
        let raw = self.0.get(..len)?;
        let value = raw.get(4..)?;
        // RFC 9260 section 3.2.1: the last parameter's padding may be missing.
        self.0 = self.0.get(len.next_multiple_of(4)..).unwrap_or_default();
        Some(Param { kind, value, raw })
    }
}

/// Appends one parameter or cause with its padding.
pub(crate) fn write_param(out: &mut Vec<u8>, kind: u16, value: &[&[u8]]) {
    let len = 4 + value.iter().map(|part| part.len()).sum::<usize>();
    out.extend_from_slice(&kind.to_be_bytes());
    out.extend_from_slice(&u16::try_from(len).unwrap_or(u16::MAX).to_be_bytes());
    for part in value {
        out.extend_from_slice(part);
    }
    pad(out, len);
}

/// Appends the zeros that follow `len` bytes up to a multiple of four.
pub(crate) fn pad(out: &mut Vec<u8>, len: usize) {
    let zeros = len.next_multiple_of(4) - len;
    out.resize(out.len() + zeros, 0);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_below_the_header_or_beyond_the_end_stops_the_iteration() {
        for len in [0_u8, 1, 2, 3, 9, 255] {
            let data = [0, 7, 0, len, 1, 2, 3, 4];
            assert!(Params::new(&data).next().is_none(), "length {len}");
            assert!(!Params::new(&data).is_well_formed());
        }
    }

    #[test]
    fn padding_is_written_and_skipped_and_may_be_missing_at_the_end() {
        let mut out = Vec::new();
        write_param(&mut out, 7, &[b"abc", b"de"]);
        write_param(&mut out, 8, &[b"x"]);
        assert_eq!(out.len(), 12 + 8);
        out.truncate(12 + 5);
        let params: Vec<_> = Params::new(&out).map(|p| (p.kind, p.value)).collect();
        assert_eq!(params, [(7, &b"abcde"[..]), (8, &b"x"[..])]);
        assert!(Params::new(&out).is_well_formed());
    }

    #[test]
    fn the_two_highest_bits_say_what_to_do_with_the_unknown() {
        let action = |bits| {
            let action = UnknownAction::of_bits(bits);
            (action.go_on, action.report)
        };
        assert_eq!(action(0), (false, false));
        assert_eq!(action(1), (false, true));
        assert_eq!(action(2), (true, false));
        assert_eq!(action(3), (true, true));
    }
}
