use super::super::{
    About, Format, JoinError, MAX_UNITS_PER_PAYLOAD, Payload, SplitError, Splitter,
};
use super::obu::{leb128, to_leb128};
use super::*;

/// An OBU with its size.
fn obu(kind: u8, body: &[u8]) -> Vec<u8> {
    let (size, used) = to_leb128(body.len());
    [&[kind << 3 | 2], &size[..used], body].concat()
}

fn split(frame: &[u8], max: usize) -> Result<Vec<Vec<u8>>, SplitError> {
    let mut payloads: Vec<Payload> = Vec::new();
    Splitter::Av1.split(frame, About::default(), max, &mut payloads)?;
    let written = payloads.iter().map(|payload| {
        let mut out = Vec::new();
        payload.write(frame, &mut out);
        assert!(out.len() <= max && out.len() == payload.len());
        out
    });
    Ok(written.collect())
}

fn join_all(payloads: &[Vec<u8>]) -> Result<Vec<u8>, JoinError> {
    let mut out = Vec::new();
    let joined = Format::Av1.join(payloads.iter().map(Vec::as_slice), &mut out);
    joined.map(|_| out)
}

#[test]
fn a_temporal_unit_that_fits_is_one_payload_without_delimiter_and_sizes() {
    let frame = [obu(2, &[]), obu(1, &[1, 2]), obu(6, &[3, 4, 5])].concat();
    let payloads = split(&frame, 1200).expect("split");
    // W is 2, N; the first element has its length, the last none.
    assert_eq!(payloads, [[0x28, 3, 0x08, 1, 2, 0x30, 3, 4, 5]]);
    assert_eq!(join_all(&payloads), Ok(frame[2..].to_vec()));
}

#[test]
fn a_large_obu_is_cut_into_equal_payloads() {
    let frame = obu(6, &[7; 5_000]);
    let payloads = split(&frame, 1200).expect("split");
    let lengths: Vec<usize> = payloads.iter().map(Vec::len).collect();
    assert_eq!(lengths, [1002, 1002, 1002, 1002, 998]);
    let heads: Vec<u8> = payloads.iter().map(|payload| payload[0]).collect();
    assert_eq!(heads, [0x50, 0xD0, 0xD0, 0xD0, 0x90]);
    assert_eq!(join_all(&payloads), Ok(frame));
    let edges: Vec<(Edge, Edge)> = payloads
        .iter()
        .map(|payload| describe(payload).expect("well formed"))
        .map(|descriptor| (descriptor.begins, descriptor.ends))
        .collect();
    assert_eq!(edges[0], (Edge::Possible, Edge::No));
    assert_eq!(edges[4], (Edge::No, Edge::Possible));
}

#[test]
fn any_mixture_of_obus_comes_back_at_any_payload_size() {
    let layered = |body: &[u8]| {
        let (size, used) = to_leb128(body.len());
        [&[6 << 3 | 6, 0x28], &size[..used], body].concat()
    };
    let mut frame = obu(1, &[1; 11]);
    for index in 0..60_usize {
        frame.extend(obu(4, &vec![index as u8; index * 7 % 300]));
        frame.extend(layered(&vec![index as u8; index * 131 % 999]));
    }
    for max in 256..400 {
        let payloads = split(&frame, max).expect("split");
        assert_eq!(join_all(&payloads), Ok(frame.clone()), "{max}");
        let least = frame.len().div_ceil(max);
        assert!(payloads.len() <= least + least / 10 + 1);
    }
}

#[test]
fn layers_and_key_frames_are_read() {
    let layered = describe(&[0x10, 6 << 3 | 4, 0x68, 1]).expect("well formed");
    assert_eq!((layered.temporal, layered.spatial), (Some(3), Some(1)));
    assert!(!layered.key);
    let key = describe(&[0x18, 1 << 3, 1]).expect("well formed");
    assert!(key.key && key.begins == Edge::Certain);
    // Without N, as packets of an SFU may be.
    assert!(describe(&[0x10, 1 << 3, 1]).expect("well formed").key);
}

#[test]
fn what_is_missing_or_malformed_makes_no_frame() {
    let payloads = split(&obu(6, &[7; 3_000]), 1200).expect("split");
    let join = |kept: &[usize]| {
        let kept: Vec<Vec<u8>> = kept.iter().map(|index| payloads[*index].clone()).collect();
        join_all(&kept).map(|frame| frame.len())
    };
    assert_eq!(join(&[0, 1, 2]), Ok(3_003));
    assert_eq!(join(&[1, 2]), Err(JoinError::NotBegun));
    assert_eq!(join(&[0, 1]), Err(JoinError::NotEnded));
    assert_eq!(join(&[0, 0]), Err(JoinError::NotEnded));
    assert_eq!(join(&[]), Err(JoinError::Empty));
    for malformed in [
        &[][..],
        &[0x10],
        // Z and N.
        &[0x98, 1],
        // A length over the end, an empty element, a number without an end.
        &[0x20, 5, 1],
        &[0x00, 0],
        &[0x20, 0x80],
        &[0x00, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF],
        // Fewer elements than W says.
        &[0x20, 2, 0x30, 1],
        // The forbidden bit; an extension that is not there.
        &[0x10, 0xB0, 1],
        &[0x10, 0x34],
    ] {
        assert_eq!(describe(malformed), None, "{malformed:?}");
        let joined = join_all(&[malformed.to_vec()]);
        assert_eq!(joined, Err(JoinError::Malformed), "{malformed:?}");
    }
}

#[test]
fn sizes_that_should_not_be_there_must_be_right_and_delimiters_are_left_out() {
    assert_eq!(
        join_all(&[vec![0x10, 0x32, 2, 1, 1]]),
        Ok(vec![0x32, 2, 1, 1])
    );
    let wrong = join_all(&[vec![0x10, 0x32, 3, 1, 1]]);
    assert_eq!(wrong, Err(JoinError::Malformed));
    let delimiter = join_all(&[vec![0x20, 1, 0x10, 0x30, 1]]);
    assert_eq!(delimiter, Ok(vec![0x32, 1, 1]));
}

#[test]
fn elements_of_a_payload_are_bounded() {
    let payload = |elements: usize| [&[0][..], &[1, 0x30].repeat(elements)].concat();
    assert!(describe(&payload(MAX_UNITS_PER_PAYLOAD)).is_some());
    assert!(describe(&payload(MAX_UNITS_PER_PAYLOAD + 1)).is_none());
    assert!(split(&obu(6, &[1]).repeat(2_000), 1200).is_err());
    assert!(split(&[0x32, 5, 1], 1200).is_err());
    assert!(split(&obu(2, &[]), 1200).is_err());
}

#[test]
fn numbers_are_those_of_the_standard() {
    for (value, octets) in [
        (0, &[0][..]),
        (127, &[0x7F]),
        (128, &[0x80, 1]),
        (300, &[0xAC, 2]),
    ] {
        let (written, used) = to_leb128(value);
        assert_eq!(&written[..used], octets);
        assert_eq!(leb128(octets), Some((value, octets.len())));
    }
    assert_eq!(leb128(&[0x80, 0x80, 0]), Some((0, 3)));
    assert_eq!(leb128(&[0xFF, 0xFF, 0xFF, 0xFF, 0x7F]), None);
}

#[test]
fn each_payload_is_looked_at_twice_at_most() {
    // Each but the last begins an OBU that ends in the next one.
    let mut payloads = vec![vec![0x60, 1, 0x30, 0x30, 7]];
    payloads.extend(vec![vec![0xE0, 1, 9, 0x30, 7]; 2_000]);
    payloads.push(vec![0x90, 9]);
    let looks = std::cell::Cell::new(0);
    let payloads = payloads.iter().map(|payload| {
        looks.set(looks.get() + 1);
        payload.as_slice()
    });
    let mut out = Vec::new();
    Format::Av1.join(payloads, &mut out).expect("joined");
    assert!(looks.get() <= 2 * 2_002, "{} looks", looks.get());
    assert_eq!(out.len(), 2 + 2_001 * 4);
}
