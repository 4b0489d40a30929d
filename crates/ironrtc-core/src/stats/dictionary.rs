//! How a struct is a dictionary of the W3C: members with names, of which some may be absent.

/// One member's value.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum StatsValue {
    /// `DOMString`, or an enumeration's value.
    Text(String),
    /// A whole number.
    Integer(u64),
    /// A whole number that may be negative.
    Signed(i64),
    /// `double`: seconds, or milliseconds since 1970 where the name ends in `Timestamp`.
    Float(f64),
    /// `boolean`.
    Flag(bool),
}

#[cfg(feature = "serde")]
impl serde::Serialize for StatsValue {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => serializer.serialize_str(text),
            Self::Integer(number) => serializer.serialize_u64(*number),
            Self::Signed(number) => serializer.serialize_i64(*number),
            Self::Float(number) => serializer.serialize_f64(*number),
            Self::Flag(flag) => serializer.serialize_bool(*flag),
        }
    }
}

/// What a member of a dictionary can be. `None` is a member that is absent.
pub(super) trait Member {
    fn value(&self) -> Option<StatsValue>;
}

impl Member for u64 {
    fn value(&self) -> Option<StatsValue> {
        Some(StatsValue::Integer(*self))
    }
}

impl Member for i64 {
    fn value(&self) -> Option<StatsValue> {
        Some(StatsValue::Signed(*self))
    }
}

impl Member for f64 {
    fn value(&self) -> Option<StatsValue> {
        Some(StatsValue::Float(*self))
    }
}

impl Member for bool {
    fn value(&self) -> Option<StatsValue> {
        Some(StatsValue::Flag(*self))
    }
}

impl Member for String {
    fn value(&self) -> Option<StatsValue> {
        Some(StatsValue::Text(self.clone()))
    }
}

impl<T: Member> Member for Option<T> {
    fn value(&self) -> Option<StatsValue> {
        self.as_ref().and_then(Member::value)
    }
}

/// Members that are written as their words.
macro_rules! members_by_word {
    ($($type:ty),+) => {
        $(impl Member for $type {
            fn value(&self) -> Option<StatsValue> {
                Some(StatsValue::Text(self.as_str().to_owned()))
            }
        })+
    };
}
pub(super) use members_by_word;

/// A struct that is a dictionary: its members with their names in the W3C's spelling.
macro_rules! dictionary {
    (
        $(#[$about:meta])*
        $name:ident {
            $($(#[$doc:meta])* $member:ident: $type:ty = $word:literal,)+
        }
    ) => {
        $(#[$about])*
        #[derive(Clone, Debug, PartialEq)]
        #[non_exhaustive]
        pub struct $name {
            /// `id`: stable over the life of the connection.
            pub id: String,
            $($(#[$doc])* #[doc = concat!(" (`", $word, "`)")] pub $member: $type,)+
        }

        impl $name {
            pub(super) fn members(&self) -> Vec<(&'static str, StatsValue)> {
                let members = [$(($word, Member::value(&self.$member))),+];
                let present = members.into_iter();
                present.filter_map(|(name, value)| Some((name, value?))).collect()
            }
        }
    };
}
pub(super) use dictionary;
