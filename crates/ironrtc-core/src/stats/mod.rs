//! Statistics with the W3C's types and names (webrtc-stats).
//!
//! An entry is a list of fields, so that a binding turns it into its own kind of object without
//! knowing each type.

mod report;

pub(crate) use report::report;

/// One value of a statistics object.
#[derive(Clone, Debug, PartialEq)]
pub enum StatsValue {
    /// `DOMString`, or an enumeration's value.
    Text(String),
    /// A whole number.
    Integer(u64),
    /// `double`: seconds, unless the name says otherwise.
    Float(f64),
    /// `DOMHighResTimeStamp`: milliseconds since 1970.
    Timestamp(f64),
    /// `boolean`.
    Flag(bool),
}

/// One statistics object (`RTCStats`).
#[derive(Clone, Debug, PartialEq)]
pub struct StatsEntry {
    /// The object's id, stable over the life of the connection.
    pub id: String,
    /// `RTCStatsType`: `peer-connection`, `transport`, `candidate-pair`, `local-candidate`,
    /// `remote-candidate`, `certificate` or `data-channel`.
    pub kind: &'static str,
    /// The other members under the W3C's names; what is unknown is left out.
    pub fields: Vec<(&'static str, StatsValue)>,
}

/// All statistics of a connection at one moment (`RTCStatsReport`).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StatsReport {
    /// When, in milliseconds since 1970.
    pub timestamp: f64,
    /// The objects, referenced before referencing.
    pub entries: Vec<StatsEntry>,
}
