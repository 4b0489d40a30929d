//! The RFCs' vectors that are below the derivation of keys.

use super::*;
use crate::srtp::tests::hex;
use crate::srtp::{Inbound, Outbound};

const GCM_SALT: &str = "517569642070726f2071756f";
const KEY_128: &str = "000102030405060708090a0b0c0d0e0f";
const KEY_256: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

/// RFC 7714 section 16: sequence number f17b of source 5501a0b2.
const RTP: &str = "8040f17b 8041f8d3 5501a0b2 47616c6c 69612065 7374206f 6d6e6973 20646976 69736120
    696e2070 61727465 73207472 6573";
/// RFC 7714 section 17: of the source "Mars".
const RTCP: &str = "81c8000d 4d617273 4e545031 4e545032 52545020 0000042a 0000e930 4c756e61
    deadbeef deadbeef deadbeef deadbeef deadbeef";
const RTCP_INDEX: u32 = 0x5d4;

fn gcm(profile: Profile) -> Cipher {
    let key = match profile {
        Profile::AeadAes256Gcm => KEY_256,
        _ => KEY_128,
    };
    Cipher::new(profile, &hex(key), &hex(GCM_SALT), &[], GCM_TAG_LEN).unwrap()
}

fn pair(profile: Profile) -> (Outbound, Inbound) {
    (
        Outbound::over(profile, gcm(profile), gcm(profile)),
        Inbound::over(profile, gcm(profile), gcm(profile)),
    )
}

#[test]
fn the_key_stream_is_that_of_rfc_3711() {
    // Appendix B.2: of source 0 and packet 0, three blocks at the beginning and at 0xfeff.
    let key = hex("2B7E151628AED2A6ABF7158809CF4F3C");
    let salt = hex("F0F1F2F3F4F5F6F7F8F9FAFBFCFD");
    let profile = Profile::Aes128CmSha1_80;
    let cipher = Cipher::new(profile, &key, &salt, &[0; MAC_KEY_LEN], 10).unwrap();
    let Mode::CounterMode { key, .. } = &cipher.mode else {
        panic!("another mode")
    };
    assert_eq!(
        cipher.block(0, 0).to_vec(),
        hex("F0F1F2F3F4F5F6F7F8F9FAFBFCFD0000")
    );
    let mut stream = vec![0; 0xff02 * 16];
    kdf::apply(key, cipher.block(0, 0), &mut stream).unwrap();
    let first = "E03EAD0935C95E80E166B16DD92B4EB4 D23513162B02D0F72A43A2FE4A5F97AB
        41E95B3BB0A2E8DD477901E4FCA894C0";
    assert_eq!(stream[..48], hex(first));
    let last = "EC8CDF7398607CB0F2D21675EA9EA1E4 362B7C3C6773516318A077D7FC5073AE
        6A2CC3787889374FBEB4C81B17BA6C44";
    assert_eq!(stream[0xfeff * 16..], hex(last));
}

#[test]
fn rtp_under_gcm_is_that_of_rfc_7714() {
    let vectors = [
        // Sections 16.1.1 and 16.1.2.
        (
            Profile::AeadAes128Gcm,
            "8040f17b 8041f8d3 5501a0b2 f24de3a3 fb34de6c acba861c 9d7e4bca be633bd5 0d294e6f
             42a5f47a 51c7d19b 36de3adf 8833899d 7f27beb1 6a9152cf 765ee439 0cce",
        ),
        // Sections 16.2.1 and 16.2.2.
        (
            Profile::AeadAes256Gcm,
            "8040f17b 8041f8d3 5501a0b2 32b1de78 a822fe12 ef9f78fa 332e33aa b1801238 9a58e2f3
             b50b2a02 76ffae0f 1ba63799 b87b7aa3 db36dfff d6b0f9bb 7878d7a7 6c13",
        ),
    ];
    for (profile, sealed) in vectors {
        let (mut outbound, mut inbound) = pair(profile);
        let mut packet = hex(RTP);
        outbound.seal_rtp(&mut packet, 0).unwrap();
        assert_eq!(packet, hex(sealed), "{profile:?}");
        assert_eq!(inbound.open_rtp(&mut packet), Ok(hex(RTP).len()));
        assert_eq!(packet[..hex(RTP).len()], hex(RTP));
    }
}

#[test]
fn the_tag_over_a_packet_in_the_clear_is_that_of_rfc_7714() {
    let vectors = [
        // Sections 16.1.3 and 16.1.4, 16.2.3 and 16.2.4.
        (
            Profile::AeadAes128Gcm,
            "22493f82 d2bce397 e9d79e3b 19aa4216",
        ),
        (
            Profile::AeadAes256Gcm,
            "a866d591 0f887463 067ceefe c45215d4",
        ),
    ];
    for (profile, expected) in vectors {
        let cipher = gcm(profile);
        let Mode::Gcm(key) = &cipher.mode else {
            panic!("another mode")
        };
        let nonce = || cipher.nonce(0x5501_a0b2, 0xf17b);
        assert_eq!(nonce().as_ref().to_vec(), hex("51753c6580c2726f20718414"));
        let tag = seal(key, nonce(), &hex(RTP), &mut []).unwrap();
        assert_eq!(tag.as_ref(), hex(expected), "{profile:?}");
    }
}

#[test]
fn rtcp_under_gcm_is_that_of_rfc_7714() {
    let vectors = [
        // Section 17.1.
        (
            Profile::AeadAes128Gcm,
            "81c8000d 4d617273 63e94885 dcdab67c a727d766 2f6b7e99 7ff5c0f7 6c06f32d c676a5f1
             730d6fda 4ce09b46 86303ded 0bb9275b c84aa458 96cf4d2f c5abf872 45d9eade 800005d4",
        ),
        // Section 17.2.
        (
            Profile::AeadAes256Gcm,
            "81c8000d 4d617273 d50ae4d1 f5ce5d30 4ba297e4 7d470c28 2c3ece5d bffe0a50 a2eaa5c1
             110555be 8415f658 c61de047 6f1b6fad 1d1eb30c 4446839f 57ff6f6c b26ac3be 800005d4",
        ),
    ];
    for (profile, sealed) in vectors {
        let (mut outbound, mut inbound) = pair(profile);
        let mut packet = hex(RTCP);
        outbound.skip_rtcp_to(RTCP_INDEX);
        outbound.seal_rtcp(&mut packet, 0).unwrap();
        assert_eq!(packet, hex(sealed), "{profile:?}");
        assert_eq!(inbound.open_rtcp(&mut packet), Ok(hex(RTCP).len()));
        assert_eq!(packet[..hex(RTCP).len()], hex(RTCP));
    }
}

#[test]
fn rtcp_that_is_signed_but_not_encrypted_is_read() {
    let vectors = [
        // Sections 17.3 and 17.4.
        (
            Profile::AeadAes128Gcm,
            "841dd968 3dd78ec9 2ae58790 125f62b3",
        ),
        (
            Profile::AeadAes256Gcm,
            "91db4afb feee5a97 8fab4393 ed2615fe",
        ),
    ];
    for (profile, tag) in vectors {
        let (_, mut inbound) = pair(profile);
        let mut packet = [hex(RTCP), hex(tag), RTCP_INDEX.to_be_bytes().to_vec()].concat();
        let mut forged = packet.clone();
        forged[20] ^= 1;
        let (_, mut other) = pair(profile);
        assert!(other.open_rtcp(&mut forged).is_err());
        assert_eq!(inbound.open_rtcp(&mut packet), Ok(hex(RTCP).len()));
        assert_eq!(packet[..hex(RTCP).len()], hex(RTCP));
    }
}
