//! SRTP for a test program in another language: each line of input is a command, each line of output
//! its answer.
//!
//! `new PROFILE KEY SALT` begins, with a profile's number in `use_srtp`. `seal rtp|rtcp PACKET` and
//! `open rtp|rtcp PACKET` answer with a packet, or with `error: …`. Bytes are in hexadecimal.

use std::io::BufRead as _;

use ironrtc_core::srtp::{Inbound, MasterKey, Outbound, Profile};

fn main() {
    let mut directions = None;
    for line in std::io::stdin().lock().lines() {
        let line = line.expect("a line");
        let words: Vec<&str> = line.split_whitespace().collect();
        let answer = match words[..] {
            ["new", profile, key, salt] => {
                directions = Some(begin(profile, &bytes(key), &bytes(salt)));
                Ok(Vec::new())
            }
            [verb, kind, packet] => {
                let (outbound, inbound) = directions.as_mut().expect("keys");
                run(outbound, inbound, (verb, kind), bytes(packet))
            }
            _ => Err("an unknown command".into()),
        };
        match answer {
            Ok(packet) => {
                let text: String = packet.iter().map(|byte| format!("{byte:02x}")).collect();
                println!("{text}");
            }
            Err(error) => println!("error: {error}"),
        }
    }
}

fn begin(profile: &str, key: &[u8], salt: &[u8]) -> (Outbound, Inbound) {
    let id = profile.parse().expect("a number");
    let profile = Profile::from_id(id).expect("a profile");
    let master = MasterKey::new(profile, key, salt).expect("a key");
    let outbound = Outbound::new(&master).expect("a direction");
    (outbound, Inbound::new(&master).expect("a direction"))
}

fn run(
    outbound: &mut Outbound,
    inbound: &mut Inbound,
    command: (&str, &str),
    mut packet: Vec<u8>,
) -> Result<Vec<u8>, String> {
    let len = match command {
        ("seal", "rtp") => outbound.seal_rtp(&mut packet, 0).map_err(|e| e.to_string()),
        ("seal", _) => outbound
            .seal_rtcp(&mut packet, 0)
            .map_err(|e| e.to_string()),
        (_, "rtp") => inbound.open_rtp(&mut packet).map_err(|e| e.to_string()),
        _ => inbound.open_rtcp(&mut packet).map_err(|e| e.to_string()),
    }?;
    packet.truncate(len);
    Ok(packet)
}

fn bytes(text: &str) -> Vec<u8> {
    let pairs = text.as_bytes().chunks(2);
    let pairs = pairs.map(|pair| std::str::from_utf8(pair).expect("digits"));
    pairs
        .map(|pair| u8::from_str_radix(pair, 16).expect("two digits"))
        .collect()
}
