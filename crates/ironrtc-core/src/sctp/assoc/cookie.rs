//! State cookies (RFC 9260 section 5.1.3): the whole state of a half-open association, kept by the
//! peer and authenticated by us.

use aws_lc_rs::hmac;

use crate::rng::Rng;
use crate::sctp::num::Tsn;
use crate::sctp::packet::init::{Extensions, Init};
use crate::time::Time;
use crate::wire::Reader;

const MAC_LEN: usize = 32;

/// What a cookie remembers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cookie {
    pub(super) created: Time,
    pub(super) local_tag: u32,
    pub(super) local_tsn: Tsn,
    /// RFC 9260 section 5.2.2: the tags of the association that existed when the INIT came.
    pub(super) tie_tags: (u32, u32),
    pub(super) peer: Init,
}

/// Makes and checks cookies.
#[derive(Debug)]
pub(super) struct CookieKey(hmac::Key);

impl CookieKey {
    pub(super) fn new(rng: &mut Rng) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, &rng.bytes::<32>()))
    }

    pub(super) fn seal(&self, cookie: &Cookie) -> Vec<u8> {
        let mut out = Vec::with_capacity(48 + MAC_LEN);
        out.extend_from_slice(&cookie.created.as_nanos().to_be_bytes());
        let peer = &cookie.peer;
        for word in [
            cookie.local_tag,
            cookie.local_tsn.0,
            cookie.tie_tags.0,
            cookie.tie_tags.1,
            peer.tag,
            peer.window,
            peer.initial_tsn.0,
        ] {
            out.extend_from_slice(&word.to_be_bytes());
        }
        out.extend_from_slice(&peer.outbound_streams.to_be_bytes());
        out.extend_from_slice(&peer.inbound_streams.to_be_bytes());
        let extensions = peer.extensions;
        // Eight, so that the cookie, which is the last parameter of its chunk, needs no padding.
        for flag in [
            extensions.forward_tsn,
            extensions.reconfig,
            extensions.interleaving,
            extensions.zero_checksum,
            extensions.large_packets,
            false,
            false,
            false,
        ] {
            out.push(u8::from(flag));
        }
        let mac = hmac::sign(&self.0, &out);
        out.extend_from_slice(mac.as_ref());
        out
    }

    /// The cookie, if it is one of ours.
    pub(super) fn open(&self, sealed: &[u8]) -> Option<Cookie> {
        let (body, mac) = sealed.split_at_checked(sealed.len().checked_sub(MAC_LEN)?)?;
        hmac::verify(&self.0, body, mac).ok()?;
        let mut reader = Reader::new(body);
        let created = Time::from_nanos(reader.u64()?);
        let local_tag = reader.u32()?;
        let local_tsn = Tsn(reader.u32()?);
        let tie_tags = (reader.u32()?, reader.u32()?);
        let tag = reader.u32()?;
        let window = reader.u32()?;
        let initial_tsn = Tsn(reader.u32()?);
        let outbound_streams = reader.u16()?;
        let inbound_streams = reader.u16()?;
        let [
            forward_tsn,
            reconfig,
            interleaving,
            zero_checksum,
            large_packets,
            ..,
        ] = reader.array::<8>()?.map(|flag| flag != 0);
        Some(Cookie {
            created,
            local_tag,
            local_tsn,
            tie_tags,
            peer: Init {
                tag,
                window,
                outbound_streams,
                inbound_streams,
                initial_tsn,
                extensions: Extensions {
                    forward_tsn,
                    reconfig,
                    interleaving,
                    zero_checksum,
                    large_packets,
                },
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cookie() -> Cookie {
        Cookie {
            created: Time::from_millis(1234),
            local_tag: 1,
            local_tsn: Tsn(2),
            tie_tags: (3, 4),
            peer: Init {
                tag: 5,
                window: 6,
                outbound_streams: 7,
                inbound_streams: 8,
                initial_tsn: Tsn(9),
                extensions: Extensions {
                    forward_tsn: true,
                    reconfig: false,
                    interleaving: true,
                    zero_checksum: false,
                    large_packets: true,
                },
            },
        }
    }

    #[test]
    fn a_cookie_comes_back_whole_and_any_changed_bit_is_noticed() {
        let key = CookieKey::new(&mut Rng::from_test_seed(1));
        let sealed = key.seal(&cookie());
        assert_eq!(key.open(&sealed), Some(cookie()));
        assert_eq!(sealed.len() % 4, 0);
        for index in 0..sealed.len() {
            for bit in 0..8 {
                let mut forged = sealed.clone();
                forged[index] ^= 1 << bit;
                assert_eq!(key.open(&forged), None);
            }
        }
        for len in 0..sealed.len() {
            assert_eq!(key.open(&sealed[..len]), None);
        }
    }

    #[test]
    fn another_association_s_cookie_is_refused() {
        let key = CookieKey::new(&mut Rng::from_test_seed(1));
        let other = CookieKey::new(&mut Rng::from_test_seed(2));
        assert_eq!(other.open(&key.seal(&cookie())), None);
    }
}
