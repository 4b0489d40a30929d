//! One batch of datagrams, side by side in the driver's buffer, as segmentation offload wants them:
//! all of one size but the last, which may be smaller.
//!
//! Whoever has something to send writes it where it will be sent from, one datagram after the other:
//! [`begin`](Batch::begin) leaves room for what comes before the packet, and
//! [`commit`](Batch::commit) adds what has become of it. Some packets' size is only known once they
//! are written: [`admits`](Batch::admits) then says whether one belongs to the batch, and one that
//! does not is carried over to the next.

use crate::datagram::{Path, Transmit};

/// Most bytes of one batch: a UDP datagram's largest payload over IPv4, which bounds what a system
/// accepts for segmentation, less a margin for what lies between us and the wire.
const MAX_LEN: usize = 65_507 - 507;

/// A packet that did not fit the last batch.
#[derive(Debug, Default)]
pub(super) struct Carried {
    packet: Vec<u8>,
    is_probe: bool,
}

impl Carried {
    /// Appends the packet, if there is one, and tells whether it is a probe.
    pub(super) fn take(&mut self, out: &mut Vec<u8>) -> Option<bool> {
        if self.packet.is_empty() {
            return None;
        }
        out.append(&mut self.packet);
        Some(self.is_probe)
    }

    fn put(&mut self, packet: &[u8], is_probe: bool) {
        debug_assert!(self.packet.is_empty(), "only one packet is carried");
        self.packet.extend_from_slice(packet);
        self.is_probe = is_probe;
    }

    /// Whatever it was, it is not sent.
    pub(super) fn clear(&mut self) {
        self.packet.clear();
    }
}

/// A datagram that was begun, and is committed, carried over or dropped.
#[derive(Debug)]
#[must_use]
pub(super) struct Begun {
    datagram_at: usize,
    /// Where the record begins: behind the route's room.
    pub(super) record_at: usize,
    packet_at: usize,
}

/// How many bytes protection adds to a packet, before and behind it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Growth {
    /// As many as it is known to add. What turns out to be larger than this says is dropped.
    pub(super) expected: usize,
    pub(super) most: usize,
}

/// A batch in the making.
#[derive(Debug)]
pub(super) struct Batch<'a> {
    /// The driver's buffer, whose end is the batch's.
    pub(super) out: &'a mut Vec<u8>,
    /// Where the batch begins in it.
    start: usize,
    /// Room before each datagram that the route takes.
    head_room: usize,
    max_segments: usize,
    segments: usize,
    /// Length of the first datagram.
    segment_size: usize,
    is_probe: bool,
    is_complete: bool,
}

impl<'a> Batch<'a> {
    pub(super) fn new(out: &'a mut Vec<u8>, head_room: usize, max_segments: usize) -> Self {
        Self {
            start: out.len(),
            out,
            head_room,
            max_segments,
            segments: 0,
            segment_size: 0,
            is_probe: false,
            is_complete: false,
        }
    }

    pub(super) fn takes_more(&self) -> bool {
        !self.is_complete && self.segments < self.max_segments
    }

    /// Begins a datagram with room for a record's head of `head_len` bytes. The packet is to be
    /// appended to the buffer.
    pub(super) fn begin(&mut self, head_len: usize) -> Begun {
        let datagram_at = self.out.len();
        let record_at = datagram_at + self.head_room;
        let packet_at = record_at + head_len;
        self.out.resize(packet_at, 0);
        Begun {
            datagram_at,
            record_at,
            packet_at,
        }
    }

    /// The packet that was written.
    pub(super) fn packet(&self, begun: &Begun) -> &[u8] {
        let packet = self.out.get(begun.packet_at..);
        debug_assert!(packet.is_some(), "a writer only appends");
        packet.unwrap_or_default()
    }

    /// Whether the packet that was written, which will grow so, belongs to the batch.
    pub(super) fn admits(&self, begun: &Begun, growth: Growth, is_probe: bool) -> bool {
        if self.segments == 0 {
            return true;
        }
        let packet_len = self.packet(begun).len();
        let fits = begun.record_at + packet_len + growth.most <= self.start + MAX_LEN;
        let size = self.head_room + packet_len + growth.expected;
        // A probe goes alone, as it is sent in another way.
        fits && size <= self.segment_size && !is_probe
    }

    /// Keeps the packet for the next batch. This one is complete.
    pub(super) fn carry_over(&mut self, begun: Begun, is_probe: bool, carried: &mut Carried) {
        carried.put(self.packet(&begun), is_probe);
        self.is_complete = true;
        self.cancel(begun);
    }

    /// Takes back what was begun.
    pub(super) fn cancel(&mut self, begun: Begun) {
        self.out.truncate(begun.datagram_at);
    }

    /// Adds the datagram that stands in the buffer now. One that is larger than those before it is
    /// dropped, and then the batch is complete.
    pub(super) fn commit(&mut self, begun: Begun, is_probe: bool) {
        let size = self.out.len() - begun.datagram_at;
        if self.segments == 0 {
            self.segment_size = size;
        } else if size > self.segment_size {
            self.is_complete = true;
            self.cancel(begun);
            return;
        }
        self.segments += 1;
        self.is_probe = is_probe;
        self.is_complete = is_probe || size < self.segment_size;
    }

    /// What there is to send, if anything.
    pub(super) fn finish(self, path: Path) -> Option<Transmit> {
        (self.segments > 0).then(|| Transmit {
            path,
            ecn: None,
            size: self.out.len() - self.start,
            segment_size: (self.segments > 1).then_some(self.segment_size),
            is_probe: self.is_probe,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a record adds: 5 bytes before the packet and 8 behind it.
    const HEAD: usize = 5;
    const TAIL: usize = 8;
    const GROWTH: Growth = Growth {
        expected: HEAD + TAIL,
        most: 40,
    };

    fn path() -> Path {
        Path::udp(
            "192.0.2.1:1".parse().unwrap(),
            "192.0.2.2:2".parse().unwrap(),
        )
    }

    /// Writes a packet and seals it; false if it was carried over.
    fn add(batch: &mut Batch<'_>, len: usize, is_probe: bool, carried: &mut Carried) -> bool {
        let begun = batch.begin(HEAD);
        batch.out.resize(begun.packet_at + len, 7);
        if !batch.admits(&begun, GROWTH, is_probe) {
            batch.carry_over(begun, is_probe, carried);
            return false;
        }
        batch.out.extend([9; TAIL]);
        batch.commit(begun, is_probe);
        true
    }

    #[test]
    fn datagrams_stand_side_by_side_each_behind_the_routes_room() {
        for head_room in [0, 4, 36] {
            let (mut out, mut carried) = (b"before".to_vec(), Carried::default());
            let mut batch = Batch::new(&mut out, head_room, 10);
            assert!(add(&mut batch, 100, false, &mut carried));
            assert!(add(&mut batch, 100, false, &mut carried));
            assert!(add(&mut batch, 60, false, &mut carried));
            assert!(!batch.takes_more(), "a smaller one is the last");
            let transmit = batch.finish(path()).unwrap();
            let size = head_room + 113;
            assert_eq!(transmit.segment_size, Some(size));
            assert_eq!(transmit.size, 2 * size + head_room + 73);
            let sent = out.get(6..).unwrap();
            assert_eq!(sent.len(), transmit.size);
            for datagram in sent.chunks(size) {
                let (room, record) = datagram.split_at(head_room + HEAD);
                assert!(
                    room.iter().all(|byte| *byte == 0),
                    "it is still to be filled"
                );
                let (packet, tail) = record.split_at(record.len() - TAIL);
                assert!(packet.iter().all(|byte| *byte == 7));
                assert_eq!(tail, [9; TAIL]);
            }
        }
    }

    #[test]
    fn what_is_larger_than_the_first_or_is_a_probe_begins_the_next_batch() {
        for (len, is_probe) in [(101, false), (100, true), (50, true)] {
            let (mut out, mut carried) = (Vec::new(), Carried::default());
            let mut batch = Batch::new(&mut out, 4, 10);
            assert!(add(&mut batch, 100, false, &mut carried));
            assert!(!add(&mut batch, len, is_probe, &mut carried), "{len}");
            assert!(!batch.takes_more());
            let transmit = batch.finish(path()).unwrap();
            assert_eq!((transmit.size, transmit.segment_size), (117, None));
            assert_eq!(out.len(), 117, "nothing of it is left in this one");
            let mut next = Vec::new();
            assert_eq!(carried.take(&mut next), Some(is_probe));
            assert_eq!(next, vec![7; len]);
            assert_eq!(carried.take(&mut next), None);
        }
    }

    /// Media's records grow by other sizes than data's.
    #[test]
    fn a_packet_that_grows_less_may_be_longer_in_the_same_batch() {
        let mut out = Vec::new();
        let mut batch = Batch::new(&mut out, 0, 10);
        let begun = batch.begin(0);
        batch.out.resize(begun.packet_at + 110, 1);
        batch.commit(begun, false);
        let begun = batch.begin(HEAD);
        batch.out.resize(begun.packet_at + 98, 1);
        assert!(
            !batch.admits(&begun, GROWTH, false),
            "111 bytes with its record"
        );
        batch.cancel(begun);
        let begun = batch.begin(HEAD);
        batch.out.resize(begun.packet_at + 97, 1);
        assert!(batch.admits(&begun, GROWTH, false));
        batch.cancel(begun);
        assert_eq!(batch.out.len(), 110);
    }

    #[test]
    fn a_record_that_came_out_larger_than_expected_is_not_sent() {
        let (mut out, mut carried) = (Vec::new(), Carried::default());
        let mut batch = Batch::new(&mut out, 0, 10);
        assert!(add(&mut batch, 100, false, &mut carried));
        let begun = batch.begin(HEAD);
        batch.out.resize(begun.packet_at + 100, 7);
        assert!(batch.admits(&begun, GROWTH, false));
        batch.out.extend([9; TAIL + 1]);
        batch.commit(begun, false);
        assert!(!batch.takes_more());
        let transmit = batch.finish(path()).unwrap();
        assert_eq!((transmit.size, transmit.segment_size), (113, None));
        assert_eq!(out.len(), 113);
    }

    #[test]
    fn a_batch_has_a_bound_in_datagrams_and_in_bytes() {
        let (mut out, mut carried) = (vec![1; 1000], Carried::default());
        let mut batch = Batch::new(&mut out, 0, 3);
        for _ in 0..3 {
            assert!(batch.takes_more());
            assert!(add(&mut batch, 100, false, &mut carried));
        }
        assert!(!batch.takes_more());
        let mut batch = Batch::new(&mut out, 0, 10);
        let mut count = 0;
        while batch.takes_more() && add(&mut batch, 16_000, false, &mut carried) {
            count += 1;
        }
        assert_eq!(count, 4, "a fifth would not fit");
        assert!(batch.finish(path()).unwrap().size <= MAX_LEN);
        assert_eq!(carried.take(&mut Vec::new()), Some(false));
    }
}
