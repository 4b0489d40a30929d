//! Access units become payloads; parameter sets are kept and come before pictures without any.

use std::ops::Range;

use super::super::split::{Payload, SplitError, cuts};
use super::super::{MAX_UNITS_PER_FRAME, MAX_UNITS_PER_PAYLOAD, bits::Bits};
use super::{
    DELIMITER, END, FILLER, FU_A, Framing, IDR, PPS, SPS, STAP_A, START, kind, units,
    units_with_lengths,
};

/// Parameter sets that are kept; more, or larger ones, have to come with each picture.
const MAX_SETS: usize = 8;
const MAX_SET: usize = 200;

/// Splits the access units of a stream.
#[derive(Clone, Debug, Default)]
pub struct Splitter {
    framing: Framing,
    single_units: bool,
    sets: Vec<Vec<u8>>,
}

/// A unit of the frame, or a set that was kept.
enum Unit<'a> {
    Frame(Range<usize>),
    Kept(&'a [u8]),
}

impl Unit<'_> {
    fn len(&self) -> usize {
        match self {
            Self::Frame(range) => range.len(),
            Self::Kept(set) => set.len(),
        }
    }

    fn header(&self, frame: &[u8]) -> u8 {
        match self {
            Self::Frame(range) => frame.get(range.start),
            Self::Kept(set) => set.first(),
        }
        .copied()
        .unwrap_or_default()
    }

    fn append(self, payload: &mut Payload) {
        match self {
            Self::Frame(range) => payload.range(range),
            Self::Kept(set) => payload.literal(set),
        }
    }
}

impl Splitter {
    /// A splitter of frames whose units follow each other so.
    ///
    /// `single_units` is `packetization-mode=0` (RFC 6184 section 6.2): one unit in a packet, and none
    /// is cut.
    pub const fn new(framing: Framing, single_units: bool) -> Self {
        Self {
            framing,
            single_units,
            sets: Vec::new(),
        }
    }

    pub(in super::super) fn split(
        &mut self,
        frame: &[u8],
        max: usize,
        out: &mut Vec<Payload>,
    ) -> Result<(), SplitError> {
        let ranges = match self.framing {
            Framing::StartCodes => units(frame).take(MAX_UNITS_PER_FRAME + 1).collect(),
            Framing::Lengths => units_with_lengths(frame)?,
        };
        if ranges.is_empty() {
            return Err(SplitError::Malformed("no NAL unit"));
        }
        if ranges.len() > MAX_UNITS_PER_FRAME {
            return Err(SplitError::Malformed("too many NAL units"));
        }
        let (mut picture, mut idr, mut sps, mut pps) = (false, false, false, false);
        for range in &ranges {
            let unit = frame.get(range.clone()).unwrap_or_default();
            let kind = kind(*unit.first().unwrap_or(&0));
            picture |= matches!(kind, 1..=IDR);
            idr |= kind == IDR;
            sps |= kind == SPS;
            pps |= kind == PPS;
            if matches!(kind, SPS | PPS) {
                self.keep(unit);
            }
        }
        // Some encoders give parameter sets alone, with another timestamp or none. They go out with
        // the picture that they are for (RFC 6184 section 8.4 wants them there in time).
        if !picture {
            return Ok(());
        }
        let mut writer = Writer {
            frame,
            max,
            single_units: self.single_units,
            waiting: Vec::new(),
            size: 0,
            out,
        };
        if idr && !sps {
            let missing = [Some(SPS), (!pps).then_some(PPS)];
            for kept in missing.into_iter().flatten() {
                for set in self.sets.iter().filter(|set| is(set, kept)) {
                    writer.add(Unit::Kept(set))?;
                }
            }
        }
        for range in ranges {
            match kind(frame.get(range.start).copied().unwrap_or_default()) {
                // Packets say themselves where an access unit ends, and what is to be filled.
                0 | DELIMITER | FILLER => {}
                STAP_A.. => return Err(SplitError::Malformed("a NAL unit of an unknown type")),
                _ => writer.add(Unit::Frame(range))?,
            }
        }
        writer.flush();
        Ok(())
    }

    /// Keeps a parameter set in place of the one with its type and id.
    fn keep(&mut self, set: &[u8]) {
        if set.len() > MAX_SET {
            return;
        }
        if let Some(place) = self.sets.iter_mut().find(|kept| id(kept) == id(set)) {
            set.clone_into(place);
            return;
        }
        if self.sets.len() == MAX_SETS {
            self.sets.remove(0);
        }
        self.sets.push(set.to_vec());
    }
}

fn is(set: &[u8], wanted: u8) -> bool {
    set.first().is_some_and(|header| kind(*header) == wanted)
}

/// The type of a parameter set and its id (H.264 sections 7.3.2.1.1 and 7.3.2.2).
fn id(set: &[u8]) -> Option<(u8, u32)> {
    let kind = kind(*set.first()?);
    let body = set.get(if kind == SPS { 4 } else { 1 }..)?;
    Some((kind, Bits::of_unit(body).exp_golomb()?))
}

struct Writer<'a> {
    frame: &'a [u8],
    max: usize,
    single_units: bool,
    /// Units that may share a payload.
    waiting: Vec<Unit<'a>>,
    /// Of the STAP-A that they would make.
    size: usize,
    out: &'a mut Vec<Payload>,
}

impl<'a> Writer<'a> {
    fn add(&mut self, unit: Unit<'a>) -> Result<(), SplitError> {
        let length = unit.len();
        if self.single_units && length > self.max {
            return Err(SplitError::TooLarge(length));
        }
        let full = self.size + 2 + length > self.max
            || length > u16::MAX.into()
            || self.waiting.len() == MAX_UNITS_PER_PAYLOAD;
        if full || self.single_units {
            self.flush();
        }
        if length > self.max {
            self.fragment(&unit);
            return Ok(());
        }
        if self.waiting.is_empty() {
            self.size = 1;
        }
        self.size += 2 + length;
        self.waiting.push(unit);
        Ok(())
    }

    /// Writes the units that wait: one alone as it is, more as a STAP-A.
    fn flush(&mut self) {
        let mut payload = Payload::default();
        if self.waiting.len() > 1 {
            let headers = self.waiting.iter().map(|unit| unit.header(self.frame));
            // RFC 6184 section 5.7: F if one has it, and the highest NRI.
            let (f, nri) = headers.fold((0, 0), |(f, nri), header| {
                (f | header & 0x80, nri.max(header & 0x60))
            });
            payload.literal(&[f | nri | STAP_A]);
            for unit in self.waiting.drain(..) {
                // Not larger than a payload.
                payload.literal(&(unit.len() as u16).to_be_bytes());
                unit.append(&mut payload);
            }
        } else if let Some(unit) = self.waiting.pop() {
            unit.append(&mut payload);
        } else {
            return;
        }
        self.out.push(payload);
        self.size = 0;
    }

    /// Cuts a unit of the frame. Kept sets are smaller than any payload.
    fn fragment(&mut self, unit: &Unit<'_>) {
        let Unit::Frame(range) = unit else { return };
        let header = unit.header(self.frame);
        let body = range.start + 1..range.end;
        for part in cuts(body.clone(), 2, 2, self.max) {
            let start = if part.start == body.start { START } else { 0 };
            let end = if part.end == body.end { END } else { 0 };
            let prefix = [header & 0xE0 | FU_A, start | end | kind(header)];
            self.out.push(Payload::new(&prefix, part));
        }
    }
}
