//! The status chunks of transport-wide feedback: which packets arrived, in few bytes
//! (draft-holmer-rmcat-transport-wide-cc-extensions-01 sections 3.1.3 and 3.1.4).

use crate::wire::Reader;

const VECTOR: u16 = 0x8000;
const TWO_BITS: u16 = 0x4000;
const SYMBOL_SHIFT: u32 = 13;
const MAX_RUN: u16 = 0x1fff;
const ONE_BIT_SYMBOLS: u16 = 14;
const TWO_BIT_SYMBOLS: u16 = 7;

/// What is told of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Symbol {
    /// It has not arrived.
    Lost,
    /// It has, and the time since the one before takes a byte.
    Small,
    /// It has, and the time takes two bytes and a sign.
    Large,
}

impl Symbol {
    const fn of(bits: u16) -> Option<Self> {
        match bits & 3 {
            0 => Some(Self::Lost),
            1 => Some(Self::Small),
            2 => Some(Self::Large),
            _ => None,
        }
    }

    pub(super) const fn delta_length(self) -> usize {
        self as usize
    }
}

/// Walks over runs of equal packets, so that a chunk costs no more than it has bits.
#[derive(Clone, Copy, Debug)]
pub(super) struct Runs<'a> {
    reader: Reader<'a>,
    /// Packets whose status was not told yet.
    left: u16,
    vector: u16,
    symbols: u16,
    width: u16,
}

impl<'a> Runs<'a> {
    pub(super) const fn new(data: &'a [u8], packets: u16) -> Self {
        Self {
            reader: Reader::new(data),
            left: packets,
            vector: 0,
            symbols: 0,
            width: 0,
        }
    }

    /// Whether all packets' status was told, once the walk has ended.
    pub(super) const fn is_complete(&self) -> bool {
        self.left == 0
    }

    /// What stands behind the chunks, once the walk has ended.
    pub(super) const fn rest(&self) -> &'a [u8] {
        self.reader.rest()
    }
}

impl Iterator for Runs<'_> {
    type Item = (Symbol, u16);

    fn next(&mut self) -> Option<(Symbol, u16)> {
        while self.left > 0 {
            if let Some(symbols) = self.symbols.checked_sub(1) {
                self.symbols = symbols;
                self.left -= 1;
                let bits = self.vector >> (symbols * self.width);
                let mask = (1 << self.width) - 1;
                return Some((Symbol::of(bits & mask)?, 1));
            }
            let chunk = self.reader.u16()?;
            if chunk & VECTOR == 0 {
                let run = (chunk & MAX_RUN).min(self.left);
                let symbol = Symbol::of(chunk >> SYMBOL_SHIFT)?;
                if run > 0 {
                    self.left -= run;
                    return Some((symbol, run));
                }
                continue;
            }
            self.vector = chunk;
            (self.symbols, self.width) = if chunk & TWO_BITS == 0 {
                (ONE_BIT_SYMBOLS, 1)
            } else {
                (TWO_BIT_SYMBOLS, 2)
            };
        }
        None
    }
}

/// Packs symbols into as few chunks as looking at one chunk at a time allows.
#[derive(Debug)]
pub(super) struct ChunkWriter {
    out: Vec<u8>,
    pending: [Symbol; ONE_BIT_SYMBOLS as usize],
    /// Symbols that are pending; more than there is room for only if they are all the same.
    len: u16,
}

impl ChunkWriter {
    pub(super) const fn new() -> Self {
        Self {
            out: Vec::new(),
            pending: [Symbol::Lost; ONE_BIT_SYMBOLS as usize],
            len: 0,
        }
    }

    /// The most that the chunks would take with `lost` packets and another one.
    pub(super) fn length_with(&self, lost: u64) -> usize {
        let runs = usize::try_from(lost / u64::from(MAX_RUN)).unwrap_or(usize::MAX / 4);
        // What is pending may become two chunks before the run, and one follows it.
        self.out.len() + 2 * runs.saturating_add(4)
    }

    fn pending(&self) -> &[Symbol] {
        let len = usize::from(self.len.min(ONE_BIT_SYMBOLS));
        self.pending.get(..len).unwrap_or_default()
    }

    /// The symbol that all pending ones are.
    fn uniform(&self) -> Option<Symbol> {
        let (first, rest) = self.pending().split_first()?;
        rest.iter().all(|other| other == first).then_some(*first)
    }

    fn has_large(&self) -> bool {
        self.pending().contains(&Symbol::Large)
    }

    pub(super) fn push(&mut self, symbol: Symbol, mut count: u16) {
        while count > 0 {
            let uniform = self.uniform();
            if self.len == 0 || uniform == Some(symbol) {
                let taken = count.min(MAX_RUN - self.len);
                for slot in self.pending.iter_mut().skip(usize::from(self.len)) {
                    *slot = symbol;
                }
                self.len += taken;
                count -= taken;
                if count > 0 {
                    self.emit();
                }
                continue;
            }
            let room = if symbol == Symbol::Large || self.has_large() {
                TWO_BIT_SYMBOLS
            } else {
                ONE_BIT_SYMBOLS
            };
            match self.pending.get_mut(usize::from(self.len)) {
                Some(slot) if self.len < room => {
                    *slot = symbol;
                    self.len += 1;
                    count -= 1;
                }
                _ => self.emit(),
            }
        }
    }

    /// Writes one chunk of what is pending.
    fn emit(&mut self) {
        let (chunk, taken) = if let Some(symbol) = self.uniform() {
            (((symbol as u16) << SYMBOL_SHIFT) | self.len, self.len)
        } else if self.has_large() || self.len < ONE_BIT_SYMBOLS {
            let taken = self.len.min(TWO_BIT_SYMBOLS);
            (VECTOR | TWO_BITS | self.vector(taken, 2), taken)
        } else {
            (VECTOR | self.vector(ONE_BIT_SYMBOLS, 1), ONE_BIT_SYMBOLS)
        };
        self.out.extend_from_slice(&chunk.to_be_bytes());
        self.pending
            .rotate_left(usize::from(taken.min(ONE_BIT_SYMBOLS)));
        self.len -= taken;
    }

    /// The first symbols as bits, the first one highest, with room for those that are missing.
    fn vector(&self, taken: u16, width: u16) -> u16 {
        let room = ONE_BIT_SYMBOLS / width;
        let symbols = self.pending().iter().take(usize::from(taken));
        let bits = symbols.fold(0, |bits, symbol| bits << width | *symbol as u16);
        bits << ((room - taken) * width)
    }

    /// Writes what is pending, and gives all chunks.
    pub(super) fn finish(mut self) -> Vec<u8> {
        // The last vector need not be full: those that are missing count as nothing.
        if self.uniform().is_none() && !self.has_large() && self.len > TWO_BIT_SYMBOLS {
            let chunk = VECTOR | self.vector(self.len, 1);
            self.out.extend_from_slice(&chunk.to_be_bytes());
            self.len = 0;
        }
        while self.len > 0 {
            self.emit();
        }
        self.out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Rng;

    use Symbol::{Large, Lost, Small};

    fn packed(symbols: &[(Symbol, u16)]) -> Vec<u8> {
        let mut writer = ChunkWriter::new();
        for (symbol, count) in symbols {
            writer.push(*symbol, *count);
        }
        writer.finish()
    }

    fn unpacked(data: &[u8], packets: u16) -> Vec<Symbol> {
        let runs = Runs::new(data, packets);
        runs.flat_map(|(symbol, run)| std::iter::repeat_n(symbol, usize::from(run)))
            .collect()
    }

    #[test]
    fn the_drafts_examples_are_read() {
        // Section 3.1.3: a run of 221 lost packets, and one of 24 that arrived after large times.
        assert_eq!(Runs::new(&[0x00, 0xdd], 221).next(), Some((Lost, 221)));
        assert_eq!(Runs::new(&[0x40, 0x18], 24).next(), Some((Large, 24)));
        // Section 3.1.4: 1 lost, 5 arrived, 3 lost, 3 arrived, 2 lost.
        let one_bit = [
            Lost, Small, Small, Small, Small, Small, Lost, Lost, Lost, Small, Small, Small, Lost,
            Lost,
        ];
        assert_eq!(unpacked(&[0x9f, 0x1c], 14), one_bit);
        // 1 lost, 1 arrived after a small time, 3 lost, 2 arrived after large times.
        let two_bits = [Lost, Small, Lost, Lost, Lost, Large, Large];
        assert_eq!(unpacked(&[0xc4, 0x0a], 7), two_bits);
        assert_eq!(packed(&one_bit.map(|symbol| (symbol, 1))), [0x9f, 0x1c]);
        assert_eq!(packed(&two_bits.map(|symbol| (symbol, 1))), [0xc4, 0x0a]);
        assert_eq!(packed(&[(Lost, 221)]), [0x00, 0xdd]);
    }

    #[test]
    fn a_run_longer_than_a_chunk_takes_several() {
        let data = packed(&[(Lost, u16::MAX)]);
        assert_eq!(data.len(), 2 * 9);
        let runs = Runs::new(&data, u16::MAX);
        assert_eq!(runs.map(|(_, run)| u32::from(run)).sum::<u32>(), 65_535);
    }

    #[test]
    fn what_is_packed_comes_out_again_and_takes_no_more_than_foretold() {
        for seed in 0..300 {
            let mut rng = Rng::from_test_seed(seed);
            let (mut writer, mut all, mut foretold) = (ChunkWriter::new(), Vec::new(), 0);
            for _ in 0..rng.below(60) {
                let lost = rng.below(if seed % 3 == 0 { 30 } else { 3 }) as u16;
                let symbol = if rng.below(8) < seed % 8 {
                    Large
                } else {
                    Small
                };
                foretold = writer.length_with(u64::from(lost));
                writer.push(Lost, lost);
                writer.push(symbol, 1);
                all.extend(std::iter::repeat_n(Lost, usize::from(lost)));
                all.push(symbol);
            }
            let data = writer.finish();
            assert!(
                data.len() <= foretold,
                "seed {seed}: {} > {foretold}",
                data.len()
            );
            assert_eq!(unpacked(&data, all.len() as u16), all, "seed {seed}");
        }
    }

    #[test]
    fn the_reserved_symbol_and_missing_chunks_leave_the_walk_incomplete() {
        for data in [
            &[0x60, 0x01][..],
            &[0xc0, 0x03],
            &[0x20],
            &[],
            &[0, 0, 0, 0],
        ] {
            let mut runs = Runs::new(data, 9);
            runs.by_ref().for_each(drop);
            assert!(!runs.is_complete() || data.len() == 2, "{data:?}");
        }
        let mut reserved = Runs::new(&[0x60, 0x01], 1);
        assert_eq!(reserved.next(), None);
        assert!(!reserved.is_complete());
    }
}
