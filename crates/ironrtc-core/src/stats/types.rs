//! The W3C's types of objects.

use super::StatsValue;
use super::dictionary::{Member, dictionary, members_by_word};
use crate::channel::ChannelState;
use crate::dtls::{DtlsState, Role as DtlsRole};
use crate::ice::{CandidateKind, CandidateProtocol, IceState, PairState, Role as IceRole, TcpType};

members_by_word!(
    CandidateKind,
    CandidateProtocol,
    ChannelState,
    DtlsState,
    IceState,
    PairState,
    TcpType
);

/// A role that is not known before it is negotiated.
impl Member for Option<IceRole> {
    fn value(&self) -> Option<StatsValue> {
        Some(StatsValue::Text(
            self.map_or("unknown", IceRole::as_str).to_owned(),
        ))
    }
}

impl Member for Option<DtlsRole> {
    fn value(&self) -> Option<StatsValue> {
        Some(StatsValue::Text(
            self.map_or("unknown", DtlsRole::as_str).to_owned(),
        ))
    }
}

dictionary! {
    /// `RTCPeerConnectionStats`.
    PeerConnectionStats {
        /// Channels that were ever open.
        data_channels_opened: u64 = "dataChannelsOpened",
        /// Channels that were open and are closed.
        data_channels_closed: u64 = "dataChannelsClosed",
    }
}

dictionary! {
    /// `RTCTransportStats`: ICE and DTLS of one transport.
    TransportStats {
        /// Datagrams sent, without STUN.
        packets_sent: u64 = "packetsSent",
        /// Datagrams received, without STUN.
        packets_received: u64 = "packetsReceived",
        /// Bytes of those sent.
        bytes_sent: u64 = "bytesSent",
        /// Bytes of those received.
        bytes_received: u64 = "bytesReceived",
        /// Our role in ICE; `None` is the W3C's `unknown`.
        ice_role: Option<IceRole> = "iceRole",
        /// Our user name fragment.
        ice_local_username_fragment: Option<String> = "iceLocalUsernameFragment",
        /// ICE's state.
        ice_state: IceState = "iceState",
        /// The state of DTLS.
        dtls_state: DtlsState = "dtlsState",
        /// Our role in DTLS; `None` is the W3C's `unknown`.
        dtls_role: Option<DtlsRole> = "dtlsRole",
        /// The pair in use.
        selected_candidate_pair_id: Option<String> = "selectedCandidatePairId",
        /// How often another pair was taken.
        selected_candidate_pair_changes: u64 = "selectedCandidatePairChanges",
        /// Our certificate.
        local_certificate_id: String = "localCertificateId",
        /// The peer's certificate, once it is shown.
        remote_certificate_id: Option<String> = "remoteCertificateId",
        /// The version of DTLS in four hexadecimal digits, such as `FEFC` for 1.3.
        tls_version: Option<String> = "tlsVersion",
        /// The cipher suite by its name in IANA's registry.
        dtls_cipher: Option<String> = "dtlsCipher",
        /// The protection profile of media by its name in IANA's registry.
        srtp_cipher: Option<String> = "srtpCipher",
    }
}

dictionary! {
    /// `RTCIceCandidateStats`, of this side or of the peer.
    IceCandidateStats {
        /// Its transport.
        transport_id: String = "transportId",
        /// The address; absent where it is behind a name or not told by the peer.
        address: Option<String> = "address",
        /// The port.
        port: u64 = "port",
        /// UDP or TCP.
        protocol: CandidateProtocol = "protocol",
        /// How it was found.
        candidate_type: CandidateKind = "candidateType",
        /// Its priority.
        priority: u64 = "priority",
        /// The server that it comes from.
        url: Option<String> = "url",
        /// Its foundation.
        foundation: String = "foundation",
        /// The address that it was made from.
        related_address: Option<String> = "relatedAddress",
        /// The port that it was made from.
        related_port: Option<u64> = "relatedPort",
        /// The generation that it belongs to.
        username_fragment: Option<String> = "usernameFragment",
        /// Who opens the TCP connection.
        tcp_type: Option<TcpType> = "tcpType",
    }
}

dictionary! {
    /// `RTCIceCandidatePairStats`.
    CandidatePairStats {
        /// Its transport.
        transport_id: String = "transportId",
        /// Our end.
        local_candidate_id: String = "localCandidateId",
        /// The peer's end.
        remote_candidate_id: String = "remoteCandidateId",
        /// Where its checks stand.
        state: PairState = "state",
        /// True if the controlling side nominated it.
        nominated: bool = "nominated",
        /// Datagrams sent, without STUN.
        packets_sent: u64 = "packetsSent",
        /// Datagrams received, without STUN.
        packets_received: u64 = "packetsReceived",
        /// Bytes of those sent.
        bytes_sent: u64 = "bytesSent",
        /// Bytes of those received.
        bytes_received: u64 = "bytesReceived",
        /// When data was last sent, in milliseconds since 1970.
        last_packet_sent_timestamp: Option<f64> = "lastPacketSentTimestamp",
        /// When data was last received, in milliseconds since 1970.
        last_packet_received_timestamp: Option<f64> = "lastPacketReceivedTimestamp",
        /// Sum of the round trips of all answered checks, in seconds.
        total_round_trip_time: f64 = "totalRoundTripTime",
        /// The latest round trip of a check, in seconds.
        current_round_trip_time: Option<f64> = "currentRoundTripTime",
        /// Checks received.
        requests_received: u64 = "requestsReceived",
        /// What congestion control has for all that the pair sends, in bits a second: of the pair in
        /// use, once the peer tells what arrives.
        available_outgoing_bitrate: Option<f64> = "availableOutgoingBitrate",
        /// Checks sent, without those for consent.
        requests_sent: u64 = "requestsSent",
        /// Answers received.
        responses_received: u64 = "responsesReceived",
        /// Answers sent.
        responses_sent: u64 = "responsesSent",
        /// Checks sent for consent.
        consent_requests_sent: u64 = "consentRequestsSent",
    }
}

dictionary! {
    /// `RTCCertificateStats`.
    CertificateStats {
        /// The fingerprint in hexadecimal with colons.
        fingerprint: String = "fingerprint",
        /// Its hash function.
        fingerprint_algorithm: String = "fingerprintAlgorithm",
        /// The certificate in DER, in base 64.
        base64_certificate: String = "base64Certificate",
    }
}

dictionary! {
    /// `RTCDataChannelStats`.
    DataChannelStats {
        /// Its label.
        label: String = "label",
        /// Its subprotocol.
        protocol: String = "protocol",
        /// `id` of the channel: the stream's number, once it is known.
        data_channel_identifier: Option<u64> = "dataChannelIdentifier",
        /// Its state.
        state: ChannelState = "state",
        /// Messages sent.
        messages_sent: u64 = "messagesSent",
        /// Bytes of their payload.
        bytes_sent: u64 = "bytesSent",
        /// Messages received.
        messages_received: u64 = "messagesReceived",
        /// Bytes of their payload.
        bytes_received: u64 = "bytesReceived",
    }
}
