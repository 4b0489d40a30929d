//! A [`Session`] as one line of text that can be copied and pasted.
//!
//! Base64url of: version (1), kind and setup, ICE credentials, fingerprint, SCTP port, largest
//! message, candidates, and the first four bytes of the SHA-256 of all that.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ironrtc::SessionDescription;
use sha2::{Digest, Sha256};

use super::ConnectError;
use super::session::{Address, HASHES, MAX_CANDIDATES, SETUPS, Session};

const VERSION: u8 = 1;
const CHECKSUM: usize = 4;
/// Longest code that is looked at, in characters.
const MAX_CODE: usize = 4096;

const ANSWER: u8 = 0x80;
const REFLEXIVE: u8 = 1;
const IPV6: u8 = 2;

/// The code of our own description.
pub(super) fn pack(description: &SessionDescription) -> Result<String, ConnectError> {
    let session = Session::of(description).map_err(|reason| {
        ConnectError::Library(format!("the description has no short form: {reason}"))
    })?;
    Ok(encode(&session))
}

/// The peer's description out of its code. `answer` is what is expected.
pub(super) fn unpack(code: &str, answer: bool) -> Result<SessionDescription, ConnectError> {
    let bytes = checked_bytes(code)?;
    let (body, checksum) = bytes.split_at(bytes.len() - CHECKSUM);
    let session = Reader(body).session().ok_or_else(|| wrong("is damaged"))?;
    if session.answer != answer {
        return Err(ConnectError::Code(
            if answer {
                "that is a sender's code; paste the one that `ironrtc receive` printed"
            } else {
                "that is a receiver's code; paste the one that `ironrtc send` printed"
            }
            .to_owned(),
        ));
    }
    let id = checksum
        .iter()
        .fold(0, |id, byte| id << 8 | u32::from(*byte));
    Ok(session.description(id))
}

fn wrong(what: &str) -> ConnectError {
    ConnectError::Code(format!(
        "the code {what}; copy the whole line again, without spaces or line breaks"
    ))
}

fn checked_bytes(code: &str) -> Result<Vec<u8>, ConnectError> {
    // Terminals and messengers like to break long lines.
    let code: String = code.split_whitespace().collect();
    if code.is_empty() {
        return Err(wrong("is empty"));
    }
    if code.len() > MAX_CODE {
        return Err(wrong("is too long"));
    }
    let bytes = URL_SAFE_NO_PAD
        .decode(&code)
        .map_err(|_| wrong("has characters that do not belong in it, or is incomplete"))?;
    if bytes.len() <= CHECKSUM {
        return Err(wrong("is incomplete"));
    }
    let (body, checksum) = bytes.split_at(bytes.len() - CHECKSUM);
    if body.first() != Some(&VERSION) {
        return Err(ConnectError::Code(
            "that is not a code of this version of ironrtc; use the same version on both sides"
                .to_owned(),
        ));
    }
    if !Sha256::digest(body).starts_with(checksum) {
        return Err(wrong("is incomplete or has a wrong character in it"));
    }
    Ok(bytes)
}

fn encode(session: &Session) -> String {
    let kind = if session.answer { ANSWER } else { 0 };
    // Indices into arrays of three fit.
    let mut out = vec![VERSION, kind | session.setup as u8, session.hash as u8];
    for text in [&session.ufrag, &session.pwd] {
        // RFC 8839 section 5.4: at most 256 characters; ours are far shorter.
        let text = &text.as_bytes()[..text.len().min(255)];
        out.push(text.len() as u8);
        out.extend_from_slice(text);
    }
    out.extend_from_slice(&session.fingerprint);
    out.extend_from_slice(&session.sctp_port.to_be_bytes());
    out.extend_from_slice(&session.max_message_size.to_be_bytes());
    for candidate in &session.candidates {
        let reflexive = if candidate.reflexive { REFLEXIVE } else { 0 };
        match candidate.address.ip() {
            IpAddr::V4(ip) => {
                out.push(reflexive);
                out.extend_from_slice(&ip.octets());
            }
            IpAddr::V6(ip) => {
                out.push(reflexive | IPV6);
                out.extend_from_slice(&ip.octets());
            }
        }
        out.extend_from_slice(&candidate.address.port().to_be_bytes());
        out.extend_from_slice(&candidate.priority.to_be_bytes());
    }
    let digest = Sha256::digest(&out);
    out.extend_from_slice(&digest[..CHECKSUM]);
    URL_SAFE_NO_PAD.encode(out)
}

/// Takes fields off the front.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn session(&mut self) -> Option<Session> {
        let [_, kind, hash] = self.array()?;
        let setup = usize::from(kind & !ANSWER);
        SETUPS.get(setup)?;
        let ufrag = self.ice_text(4)?;
        let pwd = self.ice_text(22)?;
        let hash = usize::from(hash);
        let (_, length) = HASHES.get(hash)?;
        let fingerprint = self.bytes(*length)?.to_vec();
        let sctp_port = u16::from_be_bytes(self.array()?);
        let max_message_size = u32::from_be_bytes(self.array()?);
        let mut candidates = Vec::new();
        while !self.0.is_empty() {
            if candidates.len() == MAX_CANDIDATES {
                return None;
            }
            candidates.push(self.candidate()?);
        }
        Some(Session {
            answer: kind & ANSWER != 0,
            ufrag,
            pwd,
            hash,
            fingerprint,
            setup,
            sctp_port,
            max_message_size,
            candidates,
        })
    }

    fn candidate(&mut self) -> Option<Address> {
        let [flags] = self.array()?;
        if flags & !(REFLEXIVE | IPV6) != 0 {
            return None;
        }
        let ip = if flags & IPV6 == 0 {
            IpAddr::V4(Ipv4Addr::from(self.array::<4>()?))
        } else {
            IpAddr::V6(Ipv6Addr::from(self.array::<16>()?))
        };
        let port = u16::from_be_bytes(self.array()?);
        let priority = u32::from_be_bytes(self.array()?);
        Some(Address {
            reflexive: flags & REFLEXIVE != 0,
            priority,
            address: SocketAddr::new(ip, port),
        })
    }

    /// RFC 8839 section 5.4: letters, digits, `+` and `/`. Anything else could write its own lines
    /// into the description.
    fn ice_text(&mut self, shortest: usize) -> Option<String> {
        let [length] = self.array()?;
        let bytes = self.bytes(usize::from(length))?;
        let good = bytes.len() >= shortest
            && bytes
                .iter()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, b'+' | b'/'));
        good.then(|| String::from_utf8_lossy(bytes).into_owned())
    }

    fn bytes(&mut self, length: usize) -> Option<&'a [u8]> {
        let (bytes, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(bytes)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.bytes(N)?.try_into().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::super::session::tests::example;
    use super::*;

    fn sealed(body: &[u8]) -> String {
        let mut bytes = body.to_vec();
        bytes.extend_from_slice(&Sha256::digest(body)[..CHECKSUM]);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    fn body_of(code: &str) -> Vec<u8> {
        let mut bytes = URL_SAFE_NO_PAD.decode(code).unwrap();
        bytes.truncate(bytes.len() - CHECKSUM);
        bytes
    }

    fn reason(code: &str, answer: bool) -> String {
        unpack(code, answer).unwrap_err().to_string()
    }

    #[test]
    fn a_code_gives_the_description_back() {
        let session = example();
        let code = pack(&session.description(1)).unwrap();
        assert!(code.len() < 200, "{}", code.len());
        let description = unpack(&code, false).unwrap();
        assert_eq!(Session::of(&description), Ok(session));
        let broken = format!(" {}\n  {}\n", &code[..50], &code[50..]);
        assert_eq!(unpack(&broken, false).unwrap(), description);
    }

    #[test]
    fn every_change_of_one_character_is_noticed() {
        let code = encode(&example());
        for at in 0..code.len() {
            let mut changed = code.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            // The last character may carry bits that mean nothing; those are refused as well.
            assert!(unpack(&changed, false).is_err(), "at {at}");
        }
    }

    #[test]
    fn every_truncation_is_noticed_even_with_a_right_checksum() {
        let code = encode(&example());
        for length in 0..code.len() {
            assert!(unpack(&code[..length], false).is_err(), "{length}");
        }
        let body = body_of(&code);
        let candidates = 3 + 5 + 25 + 32 + 6;
        for length in 0..body.len() {
            // Between candidates a shorter code is a code with fewer of them.
            let between = length == candidates || length == candidates + 11;
            assert_eq!(
                unpack(&sealed(&body[..length]), false).is_ok(),
                between,
                "{length}"
            );
        }
    }

    #[test]
    fn what_is_wrong_is_said() {
        let code = encode(&example());
        assert!(reason("", false).contains("is empty"));
        assert!(reason("not a code!", false).contains("characters"));
        assert!(reason(&"A".repeat(5000), false).contains("too long"));
        assert!(reason(&code, true).contains("a sender's code"));
        let answer = Session {
            answer: true,
            ..example()
        };
        assert!(reason(&encode(&answer), false).contains("a receiver's code"));
        let mut future = body_of(&code);
        future[0] = 2;
        assert!(reason(&sealed(&future), false).contains("version"));
    }

    #[test]
    fn a_hostile_code_cannot_write_lines_into_the_description() {
        let hostile = Session {
            ufrag: "ab\r\na=x".into(),
            ..example()
        };
        assert!(reason(&encode(&hostile), false).contains("damaged"));
        let crowd = Session {
            candidates: vec![example().candidates[0]; MAX_CANDIDATES + 1],
            ..example()
        };
        assert!(reason(&encode(&crowd), false).contains("damaged"));
    }
}
