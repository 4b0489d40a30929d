//! Serial numbers (RFC 1982): what wraps on the wire, and its unwrapped form inside.
//!
//! Inside, positions are `u64` and never wrap; their low bits are the number on the wire. So maps
//! and ranges order correctly, and only parsing and printing know about wrapping.

/// Makes newtypes of numbers on the wire that know their unwrapped positions.
macro_rules! serial {
    ($(#[$doc:meta])* $vis:vis $name:ident, $word:ty, $signed:ty) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
        $vis struct $name(pub(crate) $word);

        impl $name {
            /// The wire form of an unwrapped position.
            #[allow(dead_code, reason = "not each number is made from a position")]
            $vis const fn of(position: u64) -> Self {
                Self(position as $word)
            }

            /// The position nearest to `reference` that has this wire form.
            #[allow(dead_code, reason = "nor compared with one")]
            $vis const fn near(self, reference: u64) -> u64 {
                let distance = self.0.wrapping_sub(reference as $word) as $signed;
                reference.wrapping_add(distance as i64 as u64)
            }
        }
    };
}
pub(crate) use serial;

/// Where positions start, so that a number slightly before the first one is not negative.
pub(crate) const EPOCH: u64 = 1 << 32;
