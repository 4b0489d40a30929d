//! Attribute types and iteration.

/// The 16-bit type of an attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct AttributeType(pub u16);

#[allow(missing_docs)] // the names are those of the RFCs' registries
impl AttributeType {
    pub const MAPPED_ADDRESS: Self = Self(0x0001);
    pub const USERNAME: Self = Self(0x0006);
    pub const MESSAGE_INTEGRITY: Self = Self(0x0008);
    pub const ERROR_CODE: Self = Self(0x0009);
    pub const UNKNOWN_ATTRIBUTES: Self = Self(0x000A);
    pub const REALM: Self = Self(0x0014);
    pub const NONCE: Self = Self(0x0015);
    pub const MESSAGE_INTEGRITY_SHA256: Self = Self(0x001C);
    pub const PASSWORD_ALGORITHM: Self = Self(0x001D);
    pub const USERHASH: Self = Self(0x001E);
    pub const XOR_MAPPED_ADDRESS: Self = Self(0x0020);
    pub const PRIORITY: Self = Self(0x0024);
    pub const USE_CANDIDATE: Self = Self(0x0025);
    pub const PASSWORD_ALGORITHMS: Self = Self(0x8002);
    pub const ALTERNATE_DOMAIN: Self = Self(0x8003);
    pub const SOFTWARE: Self = Self(0x8022);
    pub const ALTERNATE_SERVER: Self = Self(0x8023);
    pub const FINGERPRINT: Self = Self(0x8028);
    pub const ICE_CONTROLLED: Self = Self(0x8029);
    pub const ICE_CONTROLLING: Self = Self(0x802A);

    /// RFC 8489 section 14: types below 0x8000 must be understood.
    pub const fn is_comprehension_required(self) -> bool {
        self.0 < 0x8000
    }

    /// True for the attributes behind which nothing counts but FINGERPRINT and each other.
    pub(super) const fn is_integrity(self) -> bool {
        matches!(
            self,
            Self::MESSAGE_INTEGRITY | Self::MESSAGE_INTEGRITY_SHA256
        )
    }
}

/// True for the comprehension-required attributes that an ICE agent understands.
///
/// The attributes of RFC 3489 that RFC 8489 reserves (RESPONSE-ADDRESS to CHANGED-ADDRESS,
/// PASSWORD, REFLECTED-FROM) count as understood, because old servers still send them in
/// answers that are otherwise useful.
pub const fn is_known(kind: AttributeType) -> bool {
    matches!(
        kind.0,
        0x0001..=0x000B | 0x0014 | 0x0015 | 0x001C..=0x001E | 0x0020 | 0x0024 | 0x0025
    )
}

/// Counts the attributes that readings look at, so that tests can hold the work linear.
#[cfg(test)]
pub(crate) mod work {
    use std::cell::Cell;

    thread_local!(static ATTRIBUTES: Cell<usize> = const { Cell::new(0) });

    pub(super) fn add(attributes: usize) {
        ATTRIBUTES.set(ATTRIBUTES.get() + attributes);
    }

    /// The count since the last call.
    pub(crate) fn take() -> usize {
        ATTRIBUTES.replace(0)
    }
}

/// Walks over the attributes of a body whose structure may still be wrong.
#[derive(Clone, Debug)]
pub struct AttributeIter<'a> {
    rest: &'a [u8],
    offset: usize,
}

impl<'a> AttributeIter<'a> {
    pub(super) const fn new(body: &'a [u8]) -> Self {
        Self {
            rest: body,
            offset: 0,
        }
    }

    /// True if all bytes were well-formed attributes.
    pub(super) const fn is_exhausted(&self) -> bool {
        self.rest.is_empty()
    }

    /// The next attribute and the offset of its header in the body.
    pub(super) fn next_with_offset(&mut self) -> Option<(usize, AttributeType, &'a [u8])> {
        #[cfg(test)]
        work::add(1);
        let (header, rest) = self.rest.split_first_chunk::<4>()?;
        let [t0, t1, l0, l1] = *header;
        let length = usize::from(u16::from_be_bytes([l0, l1]));
        let value = rest.get(..length)?;
        // RFC 8489 section 14: values are padded to a multiple of four bytes.
        let padded = length.next_multiple_of(4);
        let at = self.offset;
        self.rest = rest.get(padded..)?;
        self.offset += 4 + padded;
        Some((at, AttributeType(u16::from_be_bytes([t0, t1])), value))
    }
}

impl<'a> Iterator for AttributeIter<'a> {
    type Item = (AttributeType, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        self.next_with_offset()
            .map(|(_, kind, value)| (kind, value))
    }
}
