//! All objects of one moment.

use super::StatsValue;
use super::types::{
    CandidatePairStats, CertificateStats, DataChannelStats, IceCandidateStats, PeerConnectionStats,
    TransportStats,
};
use crate::words::words;

/// The types of objects (`RTCStatsType`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum StatsType {
    /// [`PeerConnectionStats`].
    PeerConnection,
    /// [`TransportStats`].
    Transport,
    /// [`CandidatePairStats`].
    CandidatePair,
    /// [`IceCandidateStats`] of this side.
    LocalCandidate,
    /// [`IceCandidateStats`] of the peer.
    RemoteCandidate,
    /// [`CertificateStats`].
    Certificate,
    /// [`DataChannelStats`].
    DataChannel,
}

words!(StatsType, "type of statistics", {
    PeerConnection => "peer-connection",
    Transport => "transport",
    CandidatePair => "candidate-pair",
    LocalCandidate => "local-candidate",
    RemoteCandidate => "remote-candidate",
    Certificate => "certificate",
    DataChannel => "data-channel",
});

/// One object (`RTCStats`).
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Stats {
    /// The connection.
    PeerConnection(PeerConnectionStats),
    /// A transport.
    Transport(TransportStats),
    /// A pair of candidates.
    CandidatePair(CandidatePairStats),
    /// A candidate of this side.
    LocalCandidate(IceCandidateStats),
    /// A candidate of the peer.
    RemoteCandidate(IceCandidateStats),
    /// A certificate of either side.
    Certificate(CertificateStats),
    /// A data channel.
    DataChannel(DataChannelStats),
}

/// What all types answer alike.
macro_rules! each {
    ($self:expr, $object:ident => $answer:expr) => {
        match $self {
            Stats::PeerConnection($object) => $answer,
            Stats::Transport($object) => $answer,
            Stats::CandidatePair($object) => $answer,
            Stats::LocalCandidate($object) | Stats::RemoteCandidate($object) => $answer,
            Stats::Certificate($object) => $answer,
            Stats::DataChannel($object) => $answer,
        }
    };
}

impl Stats {
    /// `id`: stable over the life of the connection.
    pub fn id(&self) -> &str {
        each!(self, object => &object.id)
    }

    /// `type`.
    pub const fn stats_type(&self) -> StatsType {
        match self {
            Self::PeerConnection(_) => StatsType::PeerConnection,
            Self::Transport(_) => StatsType::Transport,
            Self::CandidatePair(_) => StatsType::CandidatePair,
            Self::LocalCandidate(_) => StatsType::LocalCandidate,
            Self::RemoteCandidate(_) => StatsType::RemoteCandidate,
            Self::Certificate(_) => StatsType::Certificate,
            Self::DataChannel(_) => StatsType::DataChannel,
        }
    }

    /// The members beside `id`, `type` and `timestamp`, under the W3C's names; what is unknown is
    /// left out.
    pub fn members(&self) -> Vec<(&'static str, StatsValue)> {
        each!(self, object => object.members())
    }

    /// One member by the W3C's name.
    pub fn member(&self, name: &str) -> Option<StatsValue> {
        let mut members = self.members().into_iter();
        members.find_map(|(known, value)| (known == name).then_some(value))
    }
}

/// All statistics of a connection at one moment (`RTCStatsReport`). With the feature `serde` it is
/// written as browsers' pages write it: a map of objects by id.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StatsReport {
    pub(super) timestamp: f64,
    pub(super) objects: Vec<Stats>,
}

/// The objects of one type.
macro_rules! of_type {
    ($($(#[$doc:meta])* $name:ident: $variant:ident => $type:ty,)+) => {
        $($(#[$doc])*
        pub fn $name(&self) -> impl Iterator<Item = &$type> {
            self.objects.iter().filter_map(|object| match object {
                Stats::$variant(object) => Some(object),
                _ => None,
            })
        })+
    };
}

impl StatsReport {
    /// When, in milliseconds since 1970.
    pub const fn timestamp(&self) -> f64 {
        self.timestamp
    }

    /// An object by its id.
    pub fn get(&self, id: &str) -> Option<&Stats> {
        self.objects.iter().find(|object| object.id() == id)
    }

    /// All objects, referenced before referencing.
    pub fn iter(&self) -> std::slice::Iter<'_, Stats> {
        self.objects.iter()
    }

    /// The object about the connection as a whole.
    pub fn peer_connection(&self) -> Option<&PeerConnectionStats> {
        self.objects.iter().find_map(|object| match object {
            Stats::PeerConnection(object) => Some(object),
            _ => None,
        })
    }

    of_type! {
        /// The transports.
        transports: Transport => TransportStats,
        /// The pairs of candidates.
        candidate_pairs: CandidatePair => CandidatePairStats,
        /// The candidates of this side.
        local_candidates: LocalCandidate => IceCandidateStats,
        /// The candidates of the peer.
        remote_candidates: RemoteCandidate => IceCandidateStats,
        /// The certificates of both sides.
        certificates: Certificate => CertificateStats,
        /// The data channels.
        data_channels: DataChannel => DataChannelStats,
    }

    /// The pair that a transport sends along.
    pub fn selected_candidate_pair(
        &self,
        transport: &TransportStats,
    ) -> Option<&CandidatePairStats> {
        let id = transport.selected_candidate_pair_id.as_ref()?;
        self.candidate_pairs().find(|pair| pair.id == *id)
    }
}

impl<'a> IntoIterator for &'a StatsReport {
    type Item = &'a Stats;
    type IntoIter = std::slice::Iter<'a, Stats>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for StatsReport {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let timestamp = self.timestamp;
        serializer.collect_map(
            self.objects
                .iter()
                .map(|object| (object.id(), Stamped { object, timestamp })),
        )
    }
}

/// An object with the members that all have.
#[cfg(feature = "serde")]
struct Stamped<'a> {
    object: &'a Stats,
    timestamp: f64,
}

#[cfg(feature = "serde")]
impl serde::Serialize for Stamped<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { object, timestamp } = self;
        let common = [
            ("id", StatsValue::Text(object.id().to_owned())),
            (
                "type",
                StatsValue::Text(object.stats_type().as_str().to_owned()),
            ),
            ("timestamp", StatsValue::Float(*timestamp)),
        ];
        serializer.collect_map(common.into_iter().chain(object.members()))
    }
}
