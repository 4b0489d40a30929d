use super::super::{About, Format, Payload, SplitError, Splitter as AnySplitter};
use super::*;

const SPS_UNIT: [u8; 8] = [0x67, 0x42, 0xC0, 0x1F, 0x8C, 0x8D, 0x40, 0x50];
const PPS_UNIT: [u8; 4] = [0x68, 0xCE, 0x3C, 0x80];

fn frame(units: &[&[u8]]) -> Vec<u8> {
    let mut out = Vec::new();
    for unit in units {
        Framing::StartCodes.write(unit, &mut out);
    }
    out
}

/// A slice of this type that begins a picture.
fn slice(kind: u8, len: usize) -> Vec<u8> {
    let mut unit = vec![0x60 | kind, 0x88];
    unit.resize(len, 0x55);
    unit
}

fn split(splitter: &mut Splitter, frame: &[u8]) -> Result<Vec<Vec<u8>>, SplitError> {
    let mut any = AnySplitter::H264(splitter.clone());
    let mut payloads: Vec<Payload> = Vec::new();
    any.split(frame, About::default(), 300, &mut payloads)?;
    let AnySplitter::H264(after) = any else {
        unreachable!("it stays what it is");
    };
    *splitter = after;
    let written = payloads.iter().map(|payload| {
        let mut out = Vec::new();
        payload.write(frame, &mut out);
        assert_eq!(out.len(), payload.len());
        out
    });
    Ok(written.collect())
}

fn join_all(payloads: &[Vec<u8>]) -> Result<Vec<u8>, JoinError> {
    let mut out = Vec::new();
    let payloads = payloads.iter().map(Vec::as_slice);
    Format::H264.join(payloads, &mut out).map(|_| out)
}

#[test]
fn a_key_frame_is_an_aggregate_of_parameter_sets_and_equal_fragments() {
    let idr = slice(IDR, 1000);
    let access_unit = frame(&[&[0x09, 0xF0], &SPS_UNIT, &PPS_UNIT, &idr]);
    let payloads = split(&mut Splitter::default(), &access_unit).expect("split");
    let mut aggregate = vec![0x60 | STAP_A, 0, 8];
    aggregate.extend(SPS_UNIT);
    aggregate.extend([0, 4]);
    aggregate.extend(PPS_UNIT);
    assert_eq!(payloads[0], aggregate);
    let lengths: Vec<usize> = payloads[1..].iter().map(Vec::len).collect();
    assert_eq!(lengths, [252, 252, 252, 251]);
    let heads: Vec<[u8; 2]> = payloads[1..].iter().map(|p| [p[0], p[1]]).collect();
    assert_eq!(heads, [[0x7C, 0x85], [0x7C, 5], [0x7C, 5], [0x7C, 0x45]]);
    assert_eq!(
        join_all(&payloads),
        Ok(frame(&[&SPS_UNIT, &PPS_UNIT, &idr]))
    );
    // It is known by its first payload.
    let key: Vec<bool> = payloads
        .iter()
        .map(|payload| describe(payload).expect("well formed").key)
        .collect();
    assert_eq!(key, [true, true, false, false, false]);
}

#[test]
fn parameter_sets_given_alone_come_with_the_next_key_frame_that_has_none() {
    let mut splitter = Splitter::default();
    let sets = frame(&[&SPS_UNIT, &PPS_UNIT]);
    assert_eq!(split(&mut splitter, &sets), Ok(vec![]));
    let delta = slice(1, 50);
    assert_eq!(split(&mut splitter, &frame(&[&delta])), Ok(vec![delta]));
    let idr = slice(IDR, 50);
    let payloads = split(&mut splitter, &frame(&[&idr])).expect("split");
    assert_eq!(payloads.len(), 1);
    assert_eq!(
        join_all(&payloads),
        Ok(frame(&[&SPS_UNIT, &PPS_UNIT, &idr]))
    );
    // Another one of the same id takes its place.
    let mut other = PPS_UNIT;
    other[3] = 0x81;
    assert_eq!(split(&mut splitter, &frame(&[&other])), Ok(vec![]));
    let payloads = split(&mut splitter, &frame(&[&idr])).expect("split");
    assert_eq!(join_all(&payloads), Ok(frame(&[&SPS_UNIT, &other, &idr])));
}

#[test]
fn kept_parameter_sets_are_bounded() {
    let mut splitter = Splitter::default();
    for id in 0..100_u32 {
        // An Exp-Golomb number of 13 bits.
        let code = (id + 64).to_be_bytes();
        let pps = [0x68, 0, code[3] << 1 | 1, 1];
        let _ = split(&mut splitter, &frame(&[&pps]));
        let mut large = vec![0x68];
        large.resize(5_000, 0x80);
        let _ = split(&mut splitter, &frame(&[&large]));
    }
    let payloads = split(&mut splitter, &frame(&[&slice(IDR, 20)])).expect("split");
    assert!(payloads.concat().len() < 8 * 200);
}

#[test]
fn without_fragmentation_a_large_unit_is_refused_and_units_stand_alone() {
    let mut splitter = Splitter::new(Framing::StartCodes, true);
    let large = split(&mut splitter, &frame(&[&slice(1, 301)]));
    assert_eq!(large, Err(SplitError::TooLarge(301)));
    let payloads = split(
        &mut splitter,
        &frame(&[&SPS_UNIT, &PPS_UNIT, &slice(IDR, 9)]),
    );
    assert_eq!(payloads.map(|payloads| payloads.len()), Ok(3));
}

#[test]
fn frames_with_lengths_are_split_and_joined_too() {
    let mut splitter = Splitter::new(Framing::Lengths, false);
    let mut access_unit = Vec::new();
    for unit in [SPS_UNIT.to_vec(), PPS_UNIT.to_vec(), slice(IDR, 700)] {
        Framing::Lengths.write(&unit, &mut access_unit);
    }
    let payloads = split(&mut splitter, &access_unit).expect("split");
    let mut out = Vec::new();
    let joined = join(
        payloads.iter().map(Vec::as_slice),
        Framing::Lengths,
        &mut out,
    );
    assert_eq!((joined, out), (Ok(()), access_unit));
}

#[test]
fn what_is_missing_or_malformed_makes_no_frame() {
    let fragments = split(&mut Splitter::default(), &frame(&[&slice(1, 900)])).expect("split");
    let join = |kept: &[usize]| {
        let kept: Vec<Vec<u8>> = kept.iter().map(|index| fragments[*index].clone()).collect();
        join_all(&kept).map(|frame| frame.len())
    };
    assert_eq!(fragments.len(), 4);
    assert_eq!(join(&[0, 1, 2, 3]), Ok(904));
    assert_eq!(join(&[1, 2, 3]), Err(JoinError::NotBegun));
    assert_eq!(join(&[0, 1, 2]), Err(JoinError::NotEnded));
    assert_eq!(join(&[0, 0]), Err(JoinError::NotEnded));
    assert_eq!(join(&[0, 3, 3]), Err(JoinError::Mixed));
    assert_eq!(join(&[]), Err(JoinError::Empty));
    for malformed in [
        &[][..],
        // Types 0, 25 (STAP-B) and 30.
        &[0x60, 1],
        &[0x79, 0, 0, 0, 1, 1],
        &[0x7E, 1],
        // An aggregate with nothing, half a length, a length over the end, an empty unit.
        &[0x78],
        &[0x78, 0],
        &[0x78, 0, 3, 1, 2],
        &[0x78, 0, 0],
        // Fragments without a header, without content, with start and end.
        &[0x7C],
        &[0x7C, 0x85],
        &[0x7C, 0xC5, 1],
    ] {
        assert_eq!(describe(malformed), None, "{malformed:?}");
        let joined = join_all(&[malformed.to_vec()]);
        assert_eq!(joined, Err(JoinError::Malformed), "{malformed:?}");
    }
}

#[test]
fn an_aggregate_of_more_units_than_allowed_is_malformed() {
    let aggregate = |units: usize| {
        let mut payload = vec![0x78];
        payload.extend([0, 1, 6].repeat(units));
        payload
    };
    assert!(describe(&aggregate(MAX_UNITS_PER_PAYLOAD)).is_some());
    assert!(describe(&aggregate(MAX_UNITS_PER_PAYLOAD + 1)).is_none());
    let joined = join_all(&[aggregate(MAX_UNITS_PER_PAYLOAD + 1)]);
    assert_eq!(joined, Err(JoinError::Malformed));
}

#[test]
fn a_slice_in_the_middle_of_a_picture_begins_no_frame() {
    let begins = |payload: &[u8]| describe(payload).expect("well formed").begins;
    assert_eq!(begins(&[0x61, 0x88]), Edge::Possible);
    assert_eq!(begins(&[0x61, 0x48]), Edge::No);
    assert_eq!(begins(&[0x7C, 0x81, 0x88]), Edge::Possible);
    assert_eq!(begins(&[0x7C, 0x81, 0x48]), Edge::No);
    assert_eq!(begins(&[0x7C, 0x01, 0x88]), Edge::No);
    assert_eq!(begins(&SPS_UNIT), Edge::Possible);
}
