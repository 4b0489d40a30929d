//! Packets that we seal, changed packets and strangers' packets, for the peer that has our key.

use arbitrary::Arbitrary;
use ironrtc_core::srtp::{Cryptex, Inbound, MasterKey, Outbound, Profile};

const MOST_OPERATIONS: usize = 64;

#[derive(Arbitrary, Debug)]
enum Operation {
    /// Bytes as they come.
    Stranger { is_rtp: bool, bytes: Vec<u8> },
    /// A packet of ours, which passes once and unchanged.
    Rtp {
        first: u8,
        ssrc: u8,
        sequence: u16,
        rest: Vec<u8>,
    },
    /// The same of RTCP.
    Rtcp { ssrc: u8, rest: Vec<u8> },
    /// The last packet of ours, with one byte changed.
    Forged { at: u16, bits: u8 },
    /// Which headers are encrypted.
    Cryptex { ours: bool, required: bool },
}

pub(crate) fn run(data: &[u8]) {
    let Some((&profile, data)) = data.split_first() else {
        return;
    };
    let profile = Profile::ALL[usize::from(profile) % Profile::ALL.len()];
    let (key, salt) = (vec![7; profile.key_len()], vec![9; profile.salt_len()]);
    let master = MasterKey::new(profile, &key, &salt).expect("a key");
    let mut outbound = Outbound::new(&master).expect("a direction");
    let mut inbound = Inbound::new(&master).expect("a direction");
    let mut last: Option<(bool, Vec<u8>)> = None;
    for operation in crate::operations::<Operation>(data, MOST_OPERATIONS) {
        let (is_rtp, mut packet, is_ours) = match operation {
            Operation::Stranger { is_rtp, bytes } => (is_rtp, bytes, false),
            Operation::Rtp {
                first,
                ssrc,
                sequence,
                rest,
            } => {
                let mut packet = vec![0x80 | first & 0x3f, 96];
                packet.extend(sequence.to_be_bytes());
                packet.extend([0, 0, 0, 1, 0, 0, 0, ssrc]);
                packet.extend(rest);
                if outbound.seal_rtp(&mut packet, 0).is_err() {
                    assert!(
                        packet.is_empty(),
                        "something is left of what was not sealed"
                    );
                    continue;
                }
                last = Some((true, packet.clone()));
                (true, packet, true)
            }
            Operation::Rtcp { ssrc, rest } => {
                let mut packet = vec![0x80, 201, 0, 1, 0, 0, 0, ssrc];
                packet.extend(rest);
                outbound.seal_rtcp(&mut packet, 0).expect("a sealed packet");
                last = Some((false, packet.clone()));
                (false, packet, true)
            }
            Operation::Forged { at, bits } => {
                let Some((is_rtp, mut packet)) = last.clone() else {
                    continue;
                };
                let len = packet.len();
                packet[usize::from(at) % len] ^= bits.max(1);
                (is_rtp, packet, false)
            }
            Operation::Cryptex { ours, required } => {
                outbound.set_cryptex(ours || required);
                inbound.set_cryptex(if required {
                    Cryptex::Required
                } else {
                    Cryptex::Allowed
                });
                continue;
            }
        };
        let again = packet.clone();
        let opened = open(&mut inbound, is_rtp, &mut packet);
        assert!(is_ours || !opened, "a stranger's packet was opened");
        if opened {
            let opened = open(&mut inbound, is_rtp, &mut again.clone());
            assert!(!opened, "a packet was opened twice");
        }
    }
}

fn open(inbound: &mut Inbound, is_rtp: bool, packet: &mut [u8]) -> bool {
    let result = if is_rtp {
        inbound.open_rtp(packet)
    } else {
        inbound.open_rtcp(packet)
    };
    result.is_ok_and(|len| {
        assert!(len <= packet.len());
        true
    })
}
