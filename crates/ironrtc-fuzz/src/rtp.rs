//! A packet of RTP: its header, all that its extensions say, and what is written of it again; and a
//! session that is fed with such packets.

mod session;

use ironrtc_core::wire::rtp::{
    DependencyDescriptor, ElementSet, ExtensionMap, Extensions, Form, Header, HeaderExtension,
    Packet, VideoLayers,
};

pub(crate) fn run(data: &[u8]) {
    // By itself, and behind a plausible header, so that the work is on the elements.
    read(data);
    session::run(data);
    for profile in [[0xbe, 0xde], [0x10, 0x00]] {
        let words = data.len() / 4;
        let Ok(field) = u16::try_from(words) else {
            return;
        };
        let mut packet = vec![0x90, 96, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1];
        packet.extend_from_slice(&profile);
        packet.extend_from_slice(&field.to_be_bytes());
        packet.extend_from_slice(&data[..words * 4]);
        read(&packet);
    }
    // And as the values of the extensions that have a language of their own.
    if let Some(layers) = VideoLayers::read(data) {
        assert!(layers.layers.len() <= 16);
        let mut elements = ElementSet::new();
        let _ = layers.push(1, &mut elements);
    }
    let kept = DependencyDescriptor::read(data, None).and_then(|found| found.structure);
    let Some(structure) = kept else {
        return;
    };
    for target in 0..structure.decode_targets() {
        let _ = (
            structure.layers_of(target),
            structure.protecting_chain(target),
        );
    }
    for start in 0..data.len().min(32) {
        let _ = DependencyDescriptor::read(&data[start..], Some(&structure));
    }
}

fn read(data: &[u8]) {
    let mut map = ExtensionMap::new();
    for (kind, id) in HeaderExtension::ALL.into_iter().zip(1..) {
        map.set(kind, id).expect("a number of its own");
    }
    let Some(header) = Header::parse(data) else {
        assert!(Packet::parse(data).is_none());
        return;
    };
    assert!(header.length() <= data.len());
    let found = Extensions::read(header.elements(), &map);
    if let Some(levels) = found.csrc_levels {
        assert!(levels.of(header.csrcs()).count() <= 15);
    }
    if let Some(packet) = Packet::parse(data) {
        let parts = header.length() + packet.payload.len() + usize::from(packet.padding);
        assert_eq!(parts, data.len());
    }
    // What was read is written, and reads the same.
    let mut elements = ElementSet::new();
    for element in header.elements() {
        elements.push(element.id, element.value);
    }
    let csrcs: Vec<_> = header.csrcs().collect();
    let mut written = Vec::new();
    header
        .fixed
        .write(&mut written, &csrcs, &elements, Form::Mixed, false);
    let again = Header::parse(&written).expect("what was written");
    assert_eq!((again.fixed, again.length()), (header.fixed, written.len()));
    assert!(again.csrcs().eq(header.csrcs()));
    let kept = header.elements().take(ElementSet::MAX_ELEMENTS);
    assert!(again.elements().eq(kept));
}
