//! AV1 ("RTP Payload Format For AV1", version 1.0, of the Alliance for Open Media).
//!
//! A frame is a temporal unit in the low-overhead format: OBUs with their sizes. In payloads they
//! have none, and the temporal delimiter is left out.

mod join;
mod obu;
mod sequence;
mod split;

pub(super) use join::join;
pub use sequence::{Color, SequenceHeader};
pub(super) use split::split;

use super::{Descriptor, Edge};
use obu::{Elements, Header, Obus, SEQUENCE_HEADER};

pub(super) fn describe(payload: &[u8]) -> Option<Descriptor> {
    let elements = Elements::parse(payload)?;
    let mut key = elements.begins_sequence;
    let mut layers = None;
    let mut empty = true;
    for (index, element) in elements.clone().enumerate() {
        let element = element?;
        empty = false;
        if index == 0 && elements.continues {
            continue;
        }
        let header = Header::parse(element)?;
        key |= header.kind == SEQUENCE_HEADER;
        layers = layers.or(header.layers);
    }
    if empty {
        return None;
    }
    let edge = |no| if no { Edge::No } else { Edge::Possible };
    Some(Descriptor {
        // Section 4.4: N is set for the first packet of a sequence only.
        begins: if elements.begins_sequence {
            Edge::Certain
        } else {
            edge(elements.continues)
        },
        ends: edge(elements.goes_on),
        key,
        temporal: layers.map(|(temporal, _)| temporal),
        spatial: layers.map(|(_, spatial)| spatial),
        ..Descriptor::MIDDLE
    })
}

/// True if a decoder can start with a frame: encoders put the sequence header before key frames.
pub(super) fn has_sequence_header(frame: &[u8]) -> bool {
    Obus::new(frame)
        .map_while(|obu| obu)
        .any(|obu| obu.header.kind == SEQUENCE_HEADER)
}

#[cfg(test)]
mod tests;
