//! Record numbers in ACKs, where dimpl's and ours differ (RFC 9147 section 7).

use std::collections::VecDeque;

use crate::work;

/// Handshake records that may wait for an ACK: dimpl transmits one 33 times at most.
const MAX_RENUMBERED: usize = 64;

/// A handshake record that dimpl numbered one way and we another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Renumbered {
    pub(super) epoch: u16,
    pub(super) by_dimpl: u64,
    pub(super) by_us: u64,
}

/// The handshake records sent under our numbers.
#[derive(Debug, Default)]
pub(super) struct Acks {
    records: VecDeque<Renumbered>,
    /// The latest epoch in which we number, and the first number there that is ours.
    first: Option<(u16, u64)>,
}

impl Acks {
    /// Numbers from `sequence` in this epoch are ours.
    pub(super) fn set_first(&mut self, epoch: u16, sequence: u64) {
        self.first = Some((epoch, sequence));
    }

    pub(super) fn add(&mut self, record: Renumbered) {
        if self.records.len() == MAX_RENUMBERED {
            self.records.pop_front();
        }
        self.records.push_back(record);
    }

    /// Adds what another has.
    pub(super) fn append(&mut self, newer: Self) {
        for record in newer.records {
            self.add(record);
        }
        self.first = newer.first.or(self.first);
    }

    /// Writes dimpl's record numbers into the peer's ACK.
    pub(super) fn renumber(&self, ack: &mut [u8]) {
        let Some((_, entries)) = ack.split_first_chunk_mut::<2>() else {
            return;
        };
        for entry in entries.chunks_exact_mut(16) {
            let (Some(epoch), Some(sequence)) = (entry.first_chunk(), entry.last_chunk()) else {
                return;
            };
            work::add(1 + self.records.len());
            let epoch = u64::from_be_bytes(*epoch);
            let sequence = u64::from_be_bytes(*sequence);
            let known = self
                .records
                .iter()
                .find(|record| u64::from(record.epoch) == epoch && record.by_us == sequence);
            let ours = self
                .first
                .is_some_and(|(current, first)| u64::from(current) == epoch && sequence >= first);
            let number = match known {
                Some(record) => record.by_dimpl,
                // dimpl may have given this number to another record.
                None if ours => u64::MAX,
                None => continue,
            };
            if let Some(bytes) = entry.last_chunk_mut() {
                *bytes = number.to_be_bytes();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ack(entries: &[(u64, u64)]) -> Vec<u8> {
        let mut ack = (entries.len() as u16 * 16).to_be_bytes().to_vec();
        for (epoch, sequence) in entries {
            ack.extend(epoch.to_be_bytes());
            ack.extend(sequence.to_be_bytes());
        }
        ack
    }

    #[test]
    fn numbers_of_ours_become_dimpls_and_no_other_can_be_mistaken() {
        let mut acks = Acks::default();
        acks.set_first(3, 2);
        acks.add(Renumbered {
            epoch: 3,
            by_dimpl: 7,
            by_us: 100_000,
        });
        let mut got = ack(&[(3, 1), (3, 7), (3, 100_000), (2, 7), (4, 100_000)]);
        acks.renumber(&mut got);
        let expected = ack(&[(3, 1), (3, u64::MAX), (3, 7), (2, 7), (4, 100_000)]);
        assert_eq!(got, expected);
        for len in 0..20 {
            acks.renumber(&mut vec![0; len]);
        }
    }

    #[test]
    fn the_oldest_are_forgotten() {
        let mut acks = Acks::default();
        for number in 0..1000 {
            acks.add(Renumbered {
                epoch: 3,
                by_dimpl: number,
                by_us: number,
            });
        }
        assert_eq!(acks.records.len(), MAX_RENUMBERED);
    }
}
