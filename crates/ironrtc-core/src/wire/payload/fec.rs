//! Generic forward error correction (RFC 5109, "ulpfec"): a packet that is the parity of others.
//!
//! Browsers send it in RED (RFC 2198), among the packets that it protects and in their sequence.

/// The fixed header of RTP.
const RTP: usize = 12;
/// Packets that one of these can protect.
pub const MAX_PROTECTED: usize = 48;

/// A packet of parity, borrowed.
#[derive(Clone, Copy, Debug)]
pub struct Parity<'a> {
    /// The first six bits of the header and the second octet.
    head: [u8; 2],
    base: u16,
    timestamp: [u8; 4],
    length: u16,
    /// One bit for each packet from `base` on, the highest first.
    mask: u64,
    /// The parity of what is behind the fixed headers.
    body: &'a [u8],
}

impl<'a> Parity<'a> {
    /// Reads a payload with its first level of protection, which is the only one that browsers send.
    pub fn parse(payload: &'a [u8]) -> Option<Self> {
        // Section 7.3: the header.
        let (header, rest) = payload.split_first_chunk::<10>()?;
        let [flags, second, b0, b1, t0, t1, t2, t3, l0, l1] = *header;
        // E is for extensions to come.
        if flags & 0x80 != 0 {
            return None;
        }
        // Section 7.4: how much is protected, and the mask, which L makes long.
        let (protected, rest) = rest.split_first_chunk()?;
        let (mask, rest) = if flags & 0x40 == 0 {
            let ([m0, m1], rest) = rest.split_first_chunk()?;
            (u64::from_be_bytes([*m0, *m1, 0, 0, 0, 0, 0, 0]), rest)
        } else {
            let ([m0, m1, m2, m3, m4, m5], rest) = rest.split_first_chunk()?;
            (
                u64::from_be_bytes([*m0, *m1, *m2, *m3, *m4, *m5, 0, 0]),
                rest,
            )
        };
        Some(Self {
            head: [flags & 0x3F, second],
            base: u16::from_be_bytes([b0, b1]),
            timestamp: [t0, t1, t2, t3],
            length: u16::from_be_bytes([l0, l1]),
            mask,
            body: rest.get(..u16::from_be_bytes(*protected).into())?,
        })
    }

    /// The number that the mask begins with.
    pub const fn base(self) -> u16 {
        self.base
    }

    /// One bit for each packet from the base on, the highest first.
    pub const fn mask(self) -> u64 {
        self.mask
    }

    /// The sequence numbers of the packets that are protected, at most [`MAX_PROTECTED`].
    pub fn sequences(self) -> impl Iterator<Item = u16> {
        (0..MAX_PROTECTED as u16)
            .filter(move |bit| self.mask << bit >> 63 == 1)
            .map(move |bit| self.base.wrapping_add(bit))
    }

    /// The packet that is missing, made of the parity and all other packets that it protects.
    ///
    /// Packets that are not protected are passed over, and of two with one number the second one. None if
    /// more than one is missing, if none is, or if the parity says something impossible.
    pub fn recover<'b>(self, packets: impl Iterator<Item = &'b [u8]>) -> Option<Vec<u8>> {
        let mut missing = self.mask;
        let mut head = self.head;
        let mut timestamp = self.timestamp;
        let mut length = self.length;
        let mut body = self.body.to_vec();
        let mut source = None;
        for packet in packets {
            let Some((header, rest)) = packet.split_first_chunk::<RTP>() else {
                continue;
            };
            let [first, second, s0, s1, t0, t1, t2, t3, ssrc @ ..] = *header;
            let bit = u16::from_be_bytes([s0, s1]).wrapping_sub(self.base);
            let own = 1_u64
                .checked_shl(63_u32.wrapping_sub(bit.into()))
                .unwrap_or(0);
            if missing & own == 0 {
                continue;
            }
            missing &= !own;
            source = Some(ssrc);
            // Section 9.2: the exclusive or of all.
            add(&mut head, &[first & 0x3F, second]);
            add(&mut timestamp, &[t0, t1, t2, t3]);
            length ^= u16::try_from(rest.len()).ok()?;
            add(&mut body, rest);
        }
        if missing.count_ones() != 1 {
            return None;
        }
        // What is longer than the parity would be half a packet.
        let body = body.get(..length.into())?;
        let [first, second] = head;
        let sequence = self.base.wrapping_add(missing.leading_zeros() as u16);
        let mut packet = Vec::with_capacity(RTP + body.len());
        packet.extend([2 << 6 | first & 0x3F, second]);
        packet.extend(sequence.to_be_bytes());
        packet.extend(timestamp);
        packet.extend(source?);
        packet.extend_from_slice(body);
        Some(packet)
    }
}

/// The exclusive or, as far as both go.
fn add(sum: &mut [u8], other: &[u8]) {
    for (sum, other) in sum.iter_mut().zip(other) {
        *sum ^= other;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A packet of the example in section 10.1.
    fn media(sequence: u8, marker: u8, payload_type: u8, time: u8, length: usize) -> Vec<u8> {
        let mut packet = vec![0x80, marker << 7 | payload_type, 0, sequence, 0, 0, 0, time];
        packet.extend([0, 0, 0, 2]);
        packet.extend((0..length).map(|at| (at as u8).wrapping_mul(sequence)));
        packet
    }

    fn example() -> [Vec<u8>; 4] {
        [
            media(8, 1, 11, 3, 200),
            media(9, 0, 18, 5, 140),
            media(10, 1, 11, 7, 100),
            media(11, 0, 18, 9, 340),
        ]
    }

    /// The parity of these, with the header that the RFC gives for it.
    fn parity(packets: &[Vec<u8>]) -> Vec<u8> {
        let mut payload = vec![0, 0, 0, 8, 0, 0, 0, 8];
        payload.extend(372_u16.to_be_bytes());
        payload.extend(340_u16.to_be_bytes());
        payload.extend([0xF0, 0]);
        let mut body = vec![0; 340];
        for packet in packets {
            add(&mut body, &packet[12..]);
        }
        payload.extend(body);
        payload
    }

    fn recover(payload: &[u8], packets: &[&Vec<u8>]) -> Option<Vec<u8>> {
        let packets = packets.iter().map(|packet| packet.as_slice());
        Parity::parse(payload)
            .expect("well formed")
            .recover(packets)
    }

    #[test]
    fn each_packet_of_the_rfcs_example_is_recovered_from_the_others() {
        let packets = example();
        let payload = parity(&packets);
        let sequences = Parity::parse(&payload).expect("well formed").sequences();
        assert_eq!(sequences.collect::<Vec<u16>>(), [8, 9, 10, 11]);
        for missing in 0..4 {
            let others = packets.iter().enumerate().filter(|(at, _)| *at != missing);
            let mut others: Vec<&Vec<u8>> = others.map(|(_, packet)| packet).collect();
            others.reverse();
            let unrelated = media(12, 0, 1, 1, 400);
            others.push(&unrelated);
            others.push(others[0]);
            assert_eq!(recover(&payload, &others).as_ref(), Some(&packets[missing]));
        }
    }

    #[test]
    fn nothing_is_recovered_of_two_that_are_missing_or_of_none() {
        let packets = example();
        let payload = parity(&packets);
        let [a, b, c, d] = &packets;
        assert_eq!(recover(&payload, &[a, b]), None);
        assert_eq!(recover(&payload, &[a, b, c, d]), None);
        assert_eq!(recover(&payload, &[]), None);
    }

    #[test]
    fn a_packet_longer_than_the_parity_is_not_recovered() {
        let [a, b, c, d] = &example();
        let mut payload = parity(&[a.clone(), b.clone(), c.clone(), d.clone()]);
        payload.truncate(14 + 300);
        payload[10..12].copy_from_slice(&300_u16.to_be_bytes());
        assert_eq!(recover(&payload, &[a, b, c]), None);
        assert_eq!(recover(&payload, &[b, c, d]).as_ref(), Some(a));
    }

    #[test]
    fn a_long_mask_reaches_48_packets_over_the_wrap() {
        let mut payload = vec![0x40, 0, 0xFF, 0xF0, 0, 0, 0, 0, 0, 0, 0, 0];
        payload.extend([0x80, 0, 0, 0, 0, 1]);
        let parity = Parity::parse(&payload).expect("well formed");
        assert_eq!(parity.sequences().collect::<Vec<u16>>(), [0xFFF0, 0x001F]);
        let mut other = media(0x1F, 0, 0, 0, 0);
        other[1] = 0x60;
        let recovered = recover(&payload, &[&other]).expect("one is missing");
        assert_eq!(recovered[..4], [0x80, 0x60, 0xFF, 0xF0]);
    }

    #[test]
    fn payloads_that_are_cut_off_or_of_a_later_version_are_malformed() {
        let payload = parity(&example());
        for length in 0..payload.len() {
            assert!(Parity::parse(&payload[..length]).is_none(), "{length}");
        }
        let mut later = payload;
        later[0] |= 0x80;
        assert!(Parity::parse(&later).is_none());
    }
}
