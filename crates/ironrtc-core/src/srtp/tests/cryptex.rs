//! Encrypted header extensions: RFC 9335 appendix A.

use super::*;

/// Plain packets, then the same under AES-CM and under AES-GCM.
const VECTORS: [[&str; 3]; 6] = [
    // A.1.1 and A.2.1: one-byte extensions.
    [
        "900f1235decafbadcafebabebede000151000200abababababababababababababababab",
        "900f1235decafbadcafebabec0de0001eb92365251c3e036f8de27e9c27ee3e0b4651d9fbc4218a702445\
         22f34a5",
        "900f1235decafbadcafebabec0de000139972dc9572c4d99e8fc355de743fb2e94f9d8ff54e72f4193bbc\
         5c74ffab0fa9fa0fbeb",
    ],
    // A.1.2 and A.2.2: two-byte extensions.
    [
        "900f1236decafbadcafebabe1000000105020002abababababababababababababababab",
        "900f1236decafbadcafebabec2de00014ed9cc4e6a712b3096c5ca77339d4204ce0d77396cab69585fbce\
         38194a5",
        "900f1236decafbadcafebabec2de0001bb75a4c545cd1f413bdb7daa2b1e3263de313667c963249081b35\
         a65f5cb6c88b394235f",
    ],
    // A.1.3 and A.2.3: contributing sources.
    [
        "920f1238decafbadcafebabe0001e2400000b26ebede000151000200abababababababababababababababab",
        "920f1238decafbadcafebabe8bb6e12b5cff16ddc0de000192838c8c09e58393e1de3a9a74734d67456713\
         38c3acf11da2df8423bee0",
        "920f1238decafbadcafebabe63bbccc4a7f695c4c0de00018ad7c71fac70a80c92866b4c6ba98546ef9135\
         86e95ffaaffe956885bb0647a8bc094ac8",
    ],
    // A.1.4 and A.2.4.
    [
        "920f1239decafbadcafebabe0001e2400000b26e1000000105020002abababababababababababababababab",
        "920f1239decafbadcafebabef70e513eb90b9b25c2de0001bbed4848faa644665f3d7f34125914e9f4d0ae\
         923c6f479b95a0f7b53133",
        "920f1239decafbadcafebabe3680524f8d312b00c2de0001c78d120038422bc111a7187a18246f980c059c\
         c6bc9df8b626394eca344e4b05d80fea83",
    ],
    // A.1.5 and A.2.5: an empty extension.
    [
        "920f123adecafbadcafebabe0001e2400000b26ebede0000abababababababababababababababab",
        "920f123adecafbadcafebabe7130b6abfe2ab0e3c0de0000e3d9f64b25c9e74cb4cf8e43fb92e3781c2c0c\
         eab6b3a499a14c",
        "920f123adecafbadcafebabe15b6bb4337906fffc0de0000b7b964537a2b03ab7ba5389ce93317126b5d97\
         4df30c6884dcb651c5e120c1da",
    ],
    // A.1.6 and A.2.6.
    [
        "920f123bdecafbadcafebabe0001e2400000b26e10000000abababababababababababababababab",
        "920f123bdecafbadcafebabecbf24c124330e1c8c2de0000599dd45bc9d687b603e8b59d771fd38e88b170\
         e0cd31e125eabe",
        "920f123bdecafbadcafebabedcb38c9e48bf95f4c2de000061ee432cf920317076613258d3ce4236c06ac4\
         29681ad08413512dc98b5207d8",
    ],
];

/// The keys of the vectors, by their column.
fn pair_of(column: usize) -> (Outbound, Inbound) {
    let (profile, key, salt) = match column {
        1 => (
            Profile::Aes128CmSha1_80,
            hex("e1f97a0d3e018be0d64fa32c06de4139"),
            hex("0ec675ad498afeebb6960b3aabe6"),
        ),
        _ => (
            Profile::AeadAes128Gcm,
            hex("000102030405060708090a0b0c0d0e0f"),
            hex("a0a1a2a3a4a5a6a7a8a9aaab"),
        ),
    };
    let master = MasterKey::new(profile, &key, &salt).unwrap();
    let mut outbound = Outbound::new(&master).unwrap();
    outbound.set_cryptex(true);
    (outbound, Inbound::new(&master).unwrap())
}

#[test]
fn packets_are_those_of_the_rfc() {
    for column in [1, 2] {
        let (mut outbound, mut inbound) = pair_of(column);
        inbound.set_cryptex(Cryptex::Required);
        for vector in VECTORS {
            let (plain, sealed) = (hex(vector[0]), hex(vector[column]));
            assert_eq!(seal(&mut outbound, &plain), sealed, "{}", vector[0]);
            assert_eq!(open(&mut inbound, &sealed), Ok(plain), "{}", vector[0]);
        }
    }
}

#[test]
fn sources_without_an_extension_get_an_empty_one() {
    for column in [1, 2] {
        let (mut outbound, mut inbound) = pair_of(column);
        let [with, ..] = VECTORS[4];
        let with = hex(with);
        let without = [&[0x82], &with[1..20], &with[24..]].concat();
        let sealed = seal(&mut outbound, &without);
        assert_eq!(sealed, hex(VECTORS[4][column]));
        assert_eq!(sealed.len(), without.len() + outbound.rtp_overhead());
        assert_eq!(open(&mut inbound, &sealed), Ok(with));
    }
}

#[test]
fn a_packet_with_nothing_to_hide_is_as_ever() {
    let (mut outbound, mut inbound) = pair_of(2);
    inbound.set_cryptex(Cryptex::Required);
    let sealed = seal(&mut outbound, &rtp(1, 1));
    assert_eq!(sealed[..12], rtp(1, 1)[..12]);
    assert_eq!(open(&mut inbound, &sealed), Ok(rtp(1, 1)));
}

#[test]
fn a_packet_that_shows_what_must_be_hidden_is_dropped() {
    let (mut outbound, mut inbound) = pair_of(2);
    outbound.set_cryptex(false);
    for vector in VECTORS {
        let sealed = seal(&mut outbound, &hex(vector[0]));
        inbound.set_cryptex(Cryptex::Required);
        assert_eq!(open(&mut inbound, &sealed), Err(DropReason::SrtpAuth));
        inbound.set_cryptex(Cryptex::Allowed);
        assert_eq!(open(&mut inbound, &sealed), Ok(hex(vector[0])));
    }
}

#[test]
fn extensions_that_cannot_be_hidden_are_not_sent() {
    let (mut outbound, _) = pair_of(2);
    for form in [0xc0de_u16, 0xc2de, 0x1001, 0x1234] {
        let mut packet = hex(VECTORS[0][0]);
        packet[12..14].copy_from_slice(&form.to_be_bytes());
        assert_eq!(outbound.seal_rtp(&mut packet, 0), Err(SealError::Extension));
        assert!(packet.is_empty());
    }
}

#[test]
fn what_sealing_adds_is_known_before() {
    for column in [1, 2] {
        for cryptex in [false, true] {
            let (mut outbound, _) = pair_of(column);
            outbound.set_cryptex(cryptex);
            // With contributing sources, with an extension, with both.
            for (sequence, first) in [(1, 0x80), (2, 0x82), (3, 0x90), (4, 0x92)] {
                let mut packet = vec![first, 15, 0, sequence];
                packet.resize(if first & 2 == 0 { 12 } else { 20 }, 7);
                if first & 0x10 != 0 {
                    packet.extend([0xbe, 0xde, 0, 1, 0x10, 1, 0, 0]);
                }
                packet.resize(100, 9);
                let growth = outbound.rtp_growth(&packet);
                assert!(growth <= outbound.rtp_overhead());
                assert_eq!(
                    outbound.seal_rtp(&mut packet, 0),
                    Ok(100 + growth),
                    "{first:#x}"
                );
            }
        }
    }
}
