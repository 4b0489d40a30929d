//! Packets of other stacks: the files `rtp*.bin` and `rtcp*.bin` of aiortc's source distribution, which
//! `interop/test.sh python` puts into `target/captures`, and for which it runs these tests.

use std::path::{Path, PathBuf};

use super::rtcp::{Compound, Packet as Rtcp};
use super::rtp::{ElementSet, Form, Packet};

fn captures(prefix: &str) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/captures");
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    files.sort();
    assert!(
        !files.is_empty(),
        "run `interop/test.sh python`, which fetches them"
    );
    let named = files.into_iter().filter_map(|path| {
        let name = path.file_name()?.to_str()?.to_owned();
        name.starts_with(prefix).then_some((name, path))
    });
    named
        .map(|(name, path)| (name, std::fs::read(path).expect("a readable file")))
        .collect()
}

#[test]
#[ignore = "interop/test.sh python fetches the packets, and runs it"]
fn packets_of_other_stacks_are_read_and_written_the_same() {
    for (name, data) in captures("rtp") {
        let packet = Packet::parse(&data).unwrap_or_else(|| panic!("{name} is not read"));
        let mut elements = ElementSet::new();
        for element in packet.header.elements() {
            assert!(elements.push(element.id, element.value), "{name}");
        }
        let csrcs: Vec<_> = packet.header.csrcs().collect();
        let mut out = Vec::new();
        let fixed = packet.header.fixed;
        fixed.write(&mut out, &csrcs, &elements, Form::Mixed, packet.padding > 0);
        out.extend_from_slice(packet.payload);
        assert_eq!(out, data[..out.len()], "{name}");
        assert_eq!(
            out.len() + usize::from(packet.padding),
            data.len(),
            "{name}"
        );
    }
}

#[test]
#[ignore = "interop/test.sh python fetches the packets, and runs it"]
fn datagrams_of_other_stacks_are_read_and_what_is_wrong_in_them_is_not() {
    for (name, data) in captures("rtcp") {
        let is_bad = name.contains("invalid") || name.contains("truncated");
        let packets: Vec<_> = Compound::parse(&data).into_iter().flatten().collect();
        let is_read = packets.iter().all(|packet| match packet {
            Rtcp::Malformed | Rtcp::Unknown => false,
            Rtcp::SourceDescription(found) => found.chunks().next().is_some(),
            _ => true,
        });
        assert_eq!(
            is_read && !packets.is_empty(),
            !is_bad,
            "{name}: {packets:?}"
        );
    }
}
