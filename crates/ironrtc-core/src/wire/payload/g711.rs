//! PCMU, PCMA and G.722 (RFC 3551 section 4.5): a payload is any number of octets.

/// Ticks that a payload of one channel lasts.
///
/// G.711 has a sample in an octet. G.722 has two, but its clock counts 8,000 a second where 16,000
/// samples are taken (RFC 3551 section 4.5.2), so that an octet is one tick for all three.
pub fn duration(payload: &[u8]) -> Option<u32> {
    u32::try_from(payload.len()).ok().filter(|len| *len > 0)
}

#[cfg(test)]
mod tests {
    use super::super::Format;

    #[test]
    fn twenty_milliseconds_are_160_ticks_and_octets_for_g722_too() {
        for format in [Format::Pcmu, Format::Pcma, Format::G722] {
            let ticks = format.duration(&[0; 160]).expect("a payload");
            assert_eq!(ticks * 1_000 / format.clock_rate(), 20);
            assert_eq!(format.duration(&[]), None);
        }
    }
}
