//! Elements (RFC 8794), as far as they are written here.
//!
//! Written by hand: what crates.io has for it is a binding to C++, under a licence that asks for more,
//! or stands on crates that nobody keeps.

/// Appends an element.
pub(super) fn element(id: u32, body: &[u8], out: &mut Vec<u8>) {
    head(id, body.len() as u64, out);
    out.extend_from_slice(body);
}

/// Appends the id and the size, which is written in eight bytes.
pub(super) fn head(id: u32, size: u64, out: &mut Vec<u8>) {
    identify(id, out);
    // RFC 8794 section 4.4: seven times eight bits behind the marker.
    out.extend((size.min((1 << 56) - 2) | 1 << 56).to_be_bytes());
}

/// Appends the head of an element that goes on to the end (RFC 8794 section 6.2).
pub(super) fn endless(id: u32, out: &mut Vec<u8>) {
    identify(id, out);
    out.extend([1, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]);
}

pub(super) fn unsigned(id: u32, value: u64, out: &mut Vec<u8>) {
    let bytes = value.to_be_bytes();
    let zeros = bytes.iter().take(7).take_while(|byte| **byte == 0).count();
    element(id, bytes.get(zeros..).unwrap_or_default(), out);
}

pub(super) fn float(id: u32, value: f64, out: &mut Vec<u8>) {
    element(id, &value.to_be_bytes(), out);
}

/// An id has its length in its first bits, so leading zeros are not part of it.
fn identify(id: u32, out: &mut Vec<u8>) {
    out.extend(id.to_be_bytes().into_iter().skip_while(|byte| *byte == 0));
}
