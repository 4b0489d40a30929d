//! All objects of one moment.

use std::collections::{BTreeMap, BTreeSet};

use super::StatsValue;
use super::media_types::{
    CodecStats, InboundRtpStats, MediaSourceStats, OutboundRtpStats, RemoteInboundRtpStats,
    RemoteOutboundRtpStats,
};
use super::types::{
    CandidatePairStats, CertificateStats, DataChannelStats, IceCandidateStats, PeerConnectionStats,
    TransportStats,
};
use crate::ids::Mid;
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
    /// [`CodecStats`].
    Codec,
    /// [`InboundRtpStats`].
    InboundRtp,
    /// [`OutboundRtpStats`].
    OutboundRtp,
    /// [`RemoteInboundRtpStats`].
    RemoteInboundRtp,
    /// [`RemoteOutboundRtpStats`].
    RemoteOutboundRtp,
    /// [`MediaSourceStats`].
    MediaSource,
}

words!(StatsType, "type of statistics", {
    PeerConnection => "peer-connection",
    Transport => "transport",
    CandidatePair => "candidate-pair",
    LocalCandidate => "local-candidate",
    RemoteCandidate => "remote-candidate",
    Certificate => "certificate",
    DataChannel => "data-channel",
    Codec => "codec",
    InboundRtp => "inbound-rtp",
    OutboundRtp => "outbound-rtp",
    RemoteInboundRtp => "remote-inbound-rtp",
    RemoteOutboundRtp => "remote-outbound-rtp",
    MediaSource => "media-source",
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
    /// A codec of media.
    Codec(CodecStats),
    /// A stream that is received.
    InboundRtp(InboundRtpStats),
    /// A stream that is sent.
    OutboundRtp(OutboundRtpStats),
    /// What the receiver of a stream reports.
    RemoteInboundRtp(RemoteInboundRtpStats),
    /// What the sender of a stream reports.
    RemoteOutboundRtp(RemoteOutboundRtpStats),
    /// A track that is sent.
    MediaSource(MediaSourceStats),
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
            Stats::Codec($object) => $answer,
            Stats::InboundRtp($object) => $answer,
            Stats::OutboundRtp($object) => $answer,
            Stats::RemoteInboundRtp($object) => $answer,
            Stats::RemoteOutboundRtp($object) => $answer,
            Stats::MediaSource($object) => $answer,
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
            Self::Codec(_) => StatsType::Codec,
            Self::InboundRtp(_) => StatsType::InboundRtp,
            Self::OutboundRtp(_) => StatsType::OutboundRtp,
            Self::RemoteInboundRtp(_) => StatsType::RemoteInboundRtp,
            Self::RemoteOutboundRtp(_) => StatsType::RemoteOutboundRtp,
            Self::MediaSource(_) => StatsType::MediaSource,
        }
    }

    /// The members beside `id` and `type`, under the W3C's names; what is unknown is left out.
    /// `timestamp` is among them only where it is another than the report's: when a report of the
    /// peer's came.
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
        /// The codecs that streams use.
        codecs: Codec => CodecStats,
        /// The streams that are received.
        inbound_rtp: InboundRtp => InboundRtpStats,
        /// The streams that are sent.
        outbound_rtp: OutboundRtp => OutboundRtpStats,
        /// What receivers report of the streams that are sent.
        remote_inbound_rtp: RemoteInboundRtp => RemoteInboundRtpStats,
        /// What senders report of the streams that are received.
        remote_outbound_rtp: RemoteOutboundRtp => RemoteOutboundRtpStats,
        /// The tracks that are sent.
        media_sources: MediaSource => MediaSourceStats,
    }

    /// What there is to be told of the sender of that section (`RTCRtpSender.getStats`): the streams
    /// that it sends, and all that they refer to.
    #[must_use]
    pub fn of_sender(&self, mid: &Mid) -> Self {
        self.reachable(
            |object| matches!(object, Stats::OutboundRtp(stream) if stream.mid == mid.as_str()),
        )
    }

    /// What there is to be told of the receiver of that section (`RTCRtpReceiver.getStats`).
    #[must_use]
    pub fn of_receiver(&self, mid: &Mid) -> Self {
        self.reachable(
            |object| matches!(object, Stats::InboundRtp(stream) if stream.mid == mid.as_str()),
        )
    }

    /// webrtc-pc section 8.5: some objects and all that they refer to, directly or not.
    fn reachable(&self, is_first: impl Fn(&Stats) -> bool) -> Self {
        let by_id: BTreeMap<&str, &Stats> = self
            .objects
            .iter()
            .map(|object| (object.id(), object))
            .collect();
        let first = self.objects.iter().filter(|object| is_first(object));
        let mut waiting: Vec<&Stats> = first.collect();
        let mut found = BTreeSet::new();
        while let Some(object) = waiting.pop() {
            if !found.insert(object.id()) {
                continue;
            }
            for (name, value) in object.members() {
                if name.ends_with("Id")
                    && let StatsValue::Text(id) = value
                    && let Some(next) = by_id.get(id.as_str())
                {
                    waiting.push(next);
                }
            }
        }
        let objects = self.objects.iter();
        let objects = objects.filter(|object| found.contains(object.id()));
        Self {
            timestamp: self.timestamp,
            objects: objects.cloned().collect(),
        }
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
        let members = object.members();
        let has_own = members.iter().any(|(name, _)| *name == "timestamp");
        let common = [
            ("id", StatsValue::Text(object.id().to_owned())),
            (
                "type",
                StatsValue::Text(object.stats_type().as_str().to_owned()),
            ),
            ("timestamp", StatsValue::Float(*timestamp)),
        ];
        let common = common.into_iter();
        let common = common.filter(|(name, _)| !(has_own && *name == "timestamp"));
        serializer.collect_map(common.chain(members))
    }
}
