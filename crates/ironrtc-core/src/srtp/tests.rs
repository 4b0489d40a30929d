//! Packets through both directions.

mod cryptex;
mod hostile;
mod turns;

use super::*;
use crate::datagram::DropReason;

/// The bytes that a text names; white space counts for nothing.
pub(super) fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
    let digit = |byte: u8| char::from(byte).to_digit(16).unwrap() as u8;
    let pairs = digits.chunks(2);
    pairs
        .map(|pair| digit(pair[0]) << 4 | digit(pair[1]))
        .collect()
}

fn master(profile: Profile) -> MasterKey {
    let key: Vec<u8> = (0..profile.key_len() as u8).collect();
    let salt: Vec<u8> = (0xa0..0xa0 + profile.salt_len() as u8).collect();
    MasterKey::new(profile, &key, &salt).unwrap()
}

fn pair(profile: Profile) -> (Outbound, Inbound) {
    let master = master(profile);
    (
        Outbound::new(&master).unwrap(),
        Inbound::new(&master).unwrap(),
    )
}

/// A packet with a payload that tells which it is.
fn rtp(ssrc: u32, sequence: u16) -> Vec<u8> {
    let mut packet = vec![0x80, 96];
    packet.extend(sequence.to_be_bytes());
    packet.extend([0, 0, 0, 7]);
    packet.extend(ssrc.to_be_bytes());
    packet.extend(sequence.to_be_bytes().repeat(20));
    packet
}

fn rtcp(ssrc: u32) -> Vec<u8> {
    let mut packet = vec![0x80, 201, 0, 1];
    packet.extend(ssrc.to_be_bytes());
    packet
}

fn seal(outbound: &mut Outbound, packet: &[u8]) -> Vec<u8> {
    // Something else stands before it in the batch.
    let mut out = [b"before", packet].concat();
    let len = outbound.seal_rtp(&mut out, 6).unwrap();
    assert_eq!(&out[..6], b"before");
    assert_eq!(out.len(), 6 + len);
    out.split_off(6)
}

fn open(inbound: &mut Inbound, sealed: &[u8]) -> Result<Vec<u8>, DropReason> {
    let mut packet = sealed.to_vec();
    let len = inbound.open_rtp(&mut packet)?;
    packet.truncate(len);
    Ok(packet)
}

#[test]
fn session_keys_are_those_of_the_rfcs() {
    // RFC 3711 appendix B.3.
    let key = hex("E1F97A0D3E018BE0D64FA32C06DE4139");
    let salt = hex("0EC675AD498AFEEBB6960B3AABE6");
    let master = MasterKey::new(Profile::Aes128CmSha1_80, &key, &salt).unwrap();
    let derive = |master: &MasterKey, label, len| {
        let mut out = vec![0xff; len];
        kdf::derive(master, label, &mut out).unwrap();
        out
    };
    assert_eq!(
        derive(&master, kdf::Label::RtpKey, 16),
        hex("C61E7A93744F39EE10734AFE3FF7A087")
    );
    assert_eq!(
        derive(&master, kdf::Label::RtpSalt, 14),
        hex("30CBBC08863D8C85D49DB34A9AE1")
    );
    assert_eq!(
        derive(&master, kdf::Label::RtpTag, 94),
        hex(
            "CEBE321F6FF7716B6FD4AB49AF256A15 6D38BAA48F0A0ACF3C34E2359E6CDBCE
             E049646C43D9327AD175578EF7227098 6371C10C9A369AC2F94A8C5FBCDDDC25
             6D6E919A48B610EF17C2041E47403576 6B68642C59BBFC2F34DB60DBDFB2"
        )
    );
}

#[test]
fn packets_pass_and_only_their_length_changes() {
    for profile in Profile::ALL {
        let (mut outbound, mut inbound) = pair(profile);
        let packet = rtp(1, 7);
        let sealed = seal(&mut outbound, &packet);
        assert_eq!(sealed.len(), packet.len() + outbound.rtp_overhead());
        assert_eq!(sealed[..12], packet[..12], "the header stays readable");
        assert_ne!(sealed[12..52], packet[12..], "{profile:?}");
        assert_eq!(open(&mut inbound, &sealed), Ok(packet));

        let report = [rtcp(1), rtcp(2)].concat();
        let mut sealed = report.clone();
        let len = outbound.seal_rtcp(&mut sealed, 0).unwrap();
        assert_eq!(len, report.len() + outbound.rtcp_overhead());
        assert_ne!(sealed[8..16], report[8..], "{profile:?}");
        assert_eq!(inbound.open_rtcp(&mut sealed), Ok(report.len()));
        assert_eq!(sealed[..report.len()], report);
    }
}

#[test]
fn the_shorter_tag_is_for_rtp_alone() {
    let (outbound, _) = pair(Profile::Aes128CmSha1_32);
    assert_eq!((outbound.rtp_overhead(), outbound.rtcp_overhead()), (4, 14));
}

#[test]
fn keys_have_the_length_of_their_profile_and_are_not_printed() {
    for profile in Profile::ALL {
        let (key, salt) = (profile.key_len(), profile.salt_len());
        let made = |key, salt| MasterKey::new(profile, &vec![3; key], &vec![3; salt]);
        assert_eq!(made(key + 1, salt).unwrap_err(), KeyError::Length);
        assert_eq!(made(key, salt - 1).unwrap_err(), KeyError::Length);
        assert_eq!(Profile::from_id(profile.id()), Some(profile));
        let printed = format!("{:?} {:?}", master(profile), pair(profile));
        assert!(
            !printed.contains("key") && !printed.contains("salt"),
            "{printed}"
        );
    }
}

#[test]
fn what_dtls_exports_is_split_between_client_and_server() {
    for profile in Profile::ALL {
        let (key, salt) = (profile.key_len(), profile.salt_len());
        let material = [vec![1; key], vec![2; key], vec![3; salt], vec![4; salt]].concat();
        let (client, server) = MasterKey::from_exported(profile, &material).unwrap();
        assert_eq!(
            (client.key(), server.key()),
            (&vec![1; key][..], &vec![2; key][..])
        );
        assert_eq!(client.salt()[..salt], vec![3; salt]);
        assert_eq!(server.salt()[..salt], vec![4; salt]);
        for len in 0..material.len() {
            assert!(MasterKey::from_exported(profile, &material[..len]).is_err());
        }
    }
}
