//! Payload formats: any bytes as payloads, and any bytes as a frame that is split and joined.

use ironrtc_core::wire::payload::{
    About, Format, MIN_PAYLOAD, Payload, Size, Splitter, dtmf, fec, h264, key, opus, red, vp8, vp9,
};

pub(crate) fn run(data: &[u8]) {
    let Some((selector, data)) = data.split_first() else {
        return;
    };
    let format = Format::ALL[usize::from(*selector) % Format::ALL.len()];
    read(format, data);
    join(format, data);
    split(format, data);
    redundant(data);
    parity(data);
    assert!(dtmf::Report::parse(data).count() <= data.len() / 4);
}

fn read(format: Format, data: &[u8]) {
    let before = format.describe(data);
    let _ = (
        format.duration(data),
        opus::Toc::parse(data),
        key::frame_is_key(format, data),
        Size::of(format, data),
    );
    assert!(h264::units(data).count() <= data.len() / 3);
    let _ = h264::units_with_lengths(data);
    // Numbers are changed in place, and nothing else.
    let shift = vp8::Shift {
        picture_id: 0x1234,
        tl0_pic_idx: 0x56,
    };
    let mut shifted = data.to_vec();
    match format {
        Format::Vp8 => shift.apply(&mut shifted),
        Format::Vp9 => vp9::apply(shift, &mut shifted),
        _ => return,
    }
    let expected = before.map(|descriptor| shift.applied(descriptor));
    assert_eq!(format.describe(&shifted), expected);
}

/// Cut into payloads, each behind an octet with its length.
fn join(format: Format, data: &[u8]) {
    let mut rest = data;
    let mut payloads = Vec::new();
    while let Some((length, tail)) = rest.split_first() {
        let (payload, tail) = tail.split_at(usize::from(*length).min(tail.len()));
        payloads.push(payload);
        rest = tail;
    }
    let mut out = b"before".to_vec();
    match format.join(payloads.iter().copied(), &mut out) {
        Ok(joined) => assert_eq!(out.len(), 6 + joined.len),
        Err(_) => assert_eq!(out, b"before"),
    }
    // Start codes and sizes are all that is added.
    assert!(out.len() <= 6 + 6 * data.len());
}

fn split(format: Format, frame: &[u8]) {
    let Some(mut splitter) = Splitter::new(format, 0) else {
        return;
    };
    let mut payloads: Vec<Payload> = Vec::new();
    let split = splitter.split(frame, About::default(), MIN_PAYLOAD, &mut payloads);
    if split.is_err() || payloads.is_empty() {
        assert!(payloads.is_empty());
        return;
    }
    let written: Vec<Vec<u8>> = payloads
        .iter()
        .map(|payload| {
            let mut out = Vec::new();
            payload.write(frame, &mut out);
            assert!(out.len() == payload.len() && out.len() <= MIN_PAYLOAD);
            out
        })
        .collect();
    let mut joined = Vec::new();
    format
        .join(written.iter().map(Vec::as_slice), &mut joined)
        .expect("what was split is joined");
    // What was joined is a frame like any other, and stays as it is.
    let mut again = Vec::new();
    splitter
        .split(&joined, About::default(), MIN_PAYLOAD, &mut again)
        .expect("what was joined is split");
    let written: Vec<Vec<u8>> = again
        .iter()
        .map(|payload| {
            let mut out = Vec::new();
            payload.write(&joined, &mut out);
            out
        })
        .collect();
    let mut twice = Vec::new();
    format
        .join(written.iter().map(Vec::as_slice), &mut twice)
        .expect("what was split is joined");
    assert_eq!(joined, twice);
}

fn redundant(data: &[u8]) {
    if let Some(payload) = red::Payload::parse(data) {
        let blocks: Vec<_> = payload.blocks().collect();
        assert!(!blocks.is_empty() && blocks.len() <= red::MAX_BLOCKS);
        let length: usize = blocks.iter().map(|block| block.data.len() + 4).sum();
        assert_eq!(length - 3, data.len());
        assert_eq!(payload.primary(), blocks.last().copied());
    }
    let mut writer = red::Writer::new(96, 3);
    for (index, payload) in data.chunks(97).enumerate() {
        let mut out = Vec::new();
        writer.write(index as u32 * 960, payload, 300, &mut out);
        assert!(out.len() <= 300);
        let read = red::Payload::parse(&out).and_then(red::Payload::primary);
        assert_eq!(read.map(|block| block.data), Some(payload));
    }
}

/// The first part as parity, and packets behind it.
fn parity(data: &[u8]) {
    let Some(parity) = fec::Parity::parse(data) else {
        return;
    };
    assert!(parity.sequences().count() <= fec::MAX_PROTECTED);
    if let Some(packet) = parity.recover(data.chunks(40)) {
        let sequence = u16::from_be_bytes([packet[2], packet[3]]);
        assert!(packet[0] >> 6 == 2 && packet.len() <= data.len() + 12);
        assert!(parity.sequences().any(|protected| protected == sequence));
    }
}
