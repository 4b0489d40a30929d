//! Packets made of others and of their parity (RFC 5109, in RED as RFC 5109 section 14.2 has it).

use std::collections::VecDeque;

use bytes::Bytes;

use crate::ids::PayloadType;
use crate::wire::payload::fec::Parity;
use crate::wire::rtp::{ExtensionMap, Header, HeaderExtension, SeqNo};

/// Packets that are kept to make others of: as many as two masks reach over.
const MAX_MEDIA: usize = 96;
/// Parities that wait for packets.
const MAX_WAITING: usize = 24;

/// A packet that may be protected.
#[derive(Clone, Debug)]
pub(super) struct Protected {
    pub(super) sequence: SeqNo,
    /// The packet as it came, in the clear.
    pub(super) packet: Bytes,
    /// What it was before it was put into RED.
    pub(super) payload_type: PayloadType,
    pub(super) payload: Bytes,
}

/// A parity some of whose packets have not come.
#[derive(Debug)]
struct Waiting {
    payload: Bytes,
    base: SeqNo,
    /// One bit for each packet from `base` on that is protected and has not come, the highest first.
    missing: u64,
}

impl Waiting {
    /// A packet came. Whether only one is missing now.
    fn on_media(&mut self, sequence: SeqNo) {
        self.missing &= !bit(self.base, sequence);
    }
}

/// The bit of a packet in a mask.
fn bit(base: SeqNo, sequence: SeqNo) -> u64 {
    let distance = sequence.get().wrapping_sub(base.get());
    (1_u64 << 63).checked_shr(distance.into()).unwrap_or(0)
}

/// What one stream's packets are made of when they are lost.
#[derive(Debug, Default)]
pub(super) struct Parities {
    media: VecDeque<Protected>,
    waiting: VecDeque<Waiting>,
    held: usize,
}

impl Parities {
    /// A packet of media came, or was made. Gives how many parities it has made useless.
    pub(super) fn on_media(&mut self, packet: Protected) -> u64 {
        for waiting in &mut self.waiting {
            waiting.on_media(packet.sequence);
        }
        self.held += packet.packet.len();
        self.media.push_back(packet);
        if self.media.len() > MAX_MEDIA
            && let Some(oldest) = self.media.pop_front()
        {
            self.held -= oldest.packet.len();
        }
        self.drop_useless()
    }

    /// A parity came. Gives how many are of no use: itself, or others that have to go.
    pub(super) fn on_parity(&mut self, payload: &Bytes) -> u64 {
        let Some(parity) = Parity::parse(payload) else {
            return 1;
        };
        let base = SeqNo::new(parity.base());
        let mut waiting = Waiting {
            payload: payload.clone(),
            base,
            missing: parity.mask(),
        };
        for packet in &self.media {
            waiting.on_media(packet.sequence);
        }
        self.held += payload.len();
        self.waiting.push_back(waiting);
        let mut gone = self.drop_useless();
        if self.waiting.len() > MAX_WAITING
            && let Some(oldest) = self.waiting.pop_front()
        {
            self.held -= oldest.payload.len();
            gone += 1;
        }
        gone
    }

    /// Parities of packets that have all come are of no use.
    fn drop_useless(&mut self) -> u64 {
        let before = self.waiting.len();
        let held = &mut self.held;
        self.waiting.retain(|waiting| {
            let is_of_use = waiting.missing != 0;
            if !is_of_use {
                *held -= waiting.payload.len();
            }
            is_of_use
        });
        (before - self.waiting.len()) as u64
    }

    /// A packet that only one parity and packets that came make, in the clear.
    pub(super) fn recover(&mut self, map: &ExtensionMap) -> Option<Bytes> {
        loop {
            let ready = |waiting: &Waiting| waiting.missing.count_ones() == 1;
            let place = self.waiting.iter().position(ready)?;
            let ready = self.waiting.remove(place)?;
            self.held -= ready.payload.len();
            let Some(parity) = Parity::parse(&ready.payload) else {
                continue;
            };
            let others = self.media.iter();
            let others =
                others.filter(|packet| bit(ready.base, packet.sequence) & parity.mask() != 0);
            let others: Vec<_> = others.filter_map(|packet| original(packet, map)).collect();
            let made = parity.recover(others.iter().map(Vec::as_slice));
            if let Some(packet) = made {
                return Some(packet.into());
            }
        }
    }

    /// The memory that is held.
    pub(super) const fn held(&self) -> usize {
        self.held
    }
}

/// The packet as it was protected: without RED, and with nothing in the extensions that are written when
/// it leaves, as libwebrtc makes parities before that.
fn original(protected: &Protected, map: &ExtensionMap) -> Option<Vec<u8>> {
    let header = Header::parse(&protected.packet)?;
    let length = header.length();
    let mut out = Vec::with_capacity(length + protected.payload.len());
    out.extend_from_slice(protected.packet.get(..length)?);
    // Padding is no part of what is protected.
    if let [first, second, ..] = &mut *out {
        *first &= !0x20;
        *second = *second & 0x80 | protected.payload_type.get();
    }
    let start = protected.packet.as_ptr().addr();
    for element in header.elements() {
        let is_volatile = matches!(
            map.kind(element.id),
            Some(
                HeaderExtension::TransportSequence
                    | HeaderExtension::AbsoluteSendTime
                    | HeaderExtension::TransmissionOffset
            )
        );
        if is_volatile {
            let at = element.value.as_ptr().addr().checked_sub(start)?;
            out.get_mut(at..at + element.value.len())?.fill(0);
        }
    }
    out.extend_from_slice(&protected.payload);
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rtp::tests::{Sent, TRANSPORT};

    fn map() -> ExtensionMap {
        let mut map = ExtensionMap::new();
        map.set(HeaderExtension::TransportSequence, TRANSPORT)
            .expect("free");
        map
    }

    /// A packet of VP8 in RED, as it leaves.
    fn protected(sequence: u16) -> Protected {
        let payload = vec![sequence as u8; 20 + usize::from(sequence % 7)];
        let wrapped = [&[96], &payload[..]].concat();
        let packet = Sent {
            payload_type: 118,
            sequence,
            timestamp: 3000 * u32::from(sequence),
            transport: Some(sequence + 1000),
            payload: &wrapped,
            ..Sent::default()
        }
        .packet();
        Protected {
            sequence: SeqNo::new(sequence),
            payload: packet.slice(packet.len() - payload.len()..),
            packet,
            payload_type: PayloadType::of_low_bits(96),
        }
    }

    /// The parity of packets, each of which follows the one before.
    fn parity(sequences: &[u16]) -> Bytes {
        let originals = sequences
            .iter()
            .map(|sequence| original(&protected(*sequence), &map()).expect("well formed"));
        let originals: Vec<_> = originals.collect();
        let longest = originals
            .iter()
            .map(|one| one.len() - 12)
            .max()
            .expect("one");
        let (mut head, mut length) = ([0_u8; 8], 0);
        let mut body = vec![0; longest];
        for one in &originals {
            for (sum, byte) in head
                .iter_mut()
                .zip([one[0], one[1], 0, 0, one[4], one[5], one[6], one[7]])
            {
                *sum ^= byte;
            }
            length ^= one.len() as u16 - 12;
            for (sum, byte) in body.iter_mut().zip(&one[12..]) {
                *sum ^= byte;
            }
        }
        let base = sequences[0].to_be_bytes();
        let mut out = vec![head[0] & 0x3F, head[1], base[0], base[1]];
        out.extend(&head[4..8]);
        out.extend(length.to_be_bytes());
        out.extend((longest as u16).to_be_bytes());
        let bits = sequences
            .iter()
            .map(|sequence| 0x8000_u16 >> (sequence - sequences[0]));
        out.extend(bits.sum::<u16>().to_be_bytes());
        out.extend(body);
        out.into()
    }

    #[test]
    fn the_one_packet_that_is_missing_is_made_whatever_comes_last() {
        for missing in 10..14 {
            for last in 0..4 {
                let mut parities = Parities::default();
                let mut arrivals: Vec<_> =
                    (10..14).filter(|one| *one != missing).map(Some).collect();
                arrivals.insert(last, None);
                for (count, arrival) in arrivals.into_iter().enumerate() {
                    assert!(parities.recover(&map()).is_none(), "{count}");
                    let useless = match arrival {
                        Some(sequence) => parities.on_media(protected(sequence)),
                        None => parities.on_parity(&parity(&[10, 11, 12, 13])),
                    };
                    assert_eq!(useless, 0);
                }
                let made = parities.recover(&map()).expect("one was missing");
                let expected = original(&protected(missing), &map()).expect("well formed");
                assert_eq!(made, expected);
                assert!(parities.recover(&map()).is_none());
            }
        }
    }

    #[test]
    fn a_packet_that_was_made_helps_to_make_the_next_one() {
        let mut parities = Parities::default();
        parities.on_parity(&parity(&[10, 11]));
        parities.on_parity(&parity(&[11, 12]));
        parities.on_media(protected(10));
        let made = parities.recover(&map()).expect("11 is made");
        parities.on_media(Protected {
            sequence: SeqNo::new(11),
            payload: made.slice(Header::parse(&made).expect("a header").length()..),
            packet: made,
            payload_type: PayloadType::of_low_bits(96),
        });
        let made = parities.recover(&map()).expect("12 is made");
        assert_eq!(made, original(&protected(12), &map()).expect("well formed"));
    }

    #[test]
    fn what_is_of_no_use_is_counted_and_all_has_bounds() {
        let mut parities = Parities::default();
        for sequence in 0..1_000 {
            parities.on_media(protected(sequence));
        }
        assert_eq!(parities.media.len(), MAX_MEDIA);
        assert_eq!(parities.on_parity(&parity(&[998, 999])), 1);
        assert_eq!(parities.on_parity(&Bytes::from_static(&[0x80])), 1);
        let mut gone = 0;
        for base in 2_000..2_100 {
            gone += parities.on_parity(&parity(&[base, base + 1]));
        }
        assert_eq!(
            (parities.waiting.len(), gone),
            (MAX_WAITING, 100 - MAX_WAITING as u64)
        );
        let packets: usize = parities.media.iter().map(|one| one.packet.len()).sum();
        let waiting: usize = parities.waiting.iter().map(|one| one.payload.len()).sum();
        assert_eq!(parities.held(), packets + waiting);
    }
}
