//! The W3C's types of objects about media.

use super::StatsValue;
use super::dictionary::{Member, dictionary, members_by_word};
use crate::rtp::MediaKind;

members_by_word!(MediaKind);

dictionary! {
    /// `RTCCodecStats`: a codec that a stream uses.
    CodecStats {
        /// How its packets are known.
        payload_type: u64 = "payloadType",
        /// Its transport.
        transport_id: String = "transportId",
        /// Its name, such as `video/VP8`.
        mime_type: String = "mimeType",
        /// Ticks of its timestamps a second.
        clock_rate: u64 = "clockRate",
        /// Channels of sound.
        channels: Option<u64> = "channels",
        /// Its parameters as descriptions have them.
        sdp_fmtp_line: Option<String> = "sdpFmtpLine",
    }
}

dictionary! {
    /// `RTCInboundRtpStreamStats`: a stream that is received.
    InboundRtpStats {
        /// Its source.
        ssrc: u64 = "ssrc",
        /// What it carries.
        kind: MediaKind = "kind",
        /// Its transport.
        transport_id: String = "transportId",
        /// The codec of the last packet.
        codec_id: Option<String> = "codecId",
        /// The name of its track here.
        track_identifier: Option<String> = "trackIdentifier",
        /// The name of its section.
        mid: String = "mid",
        /// What its sender reports of it.
        remote_id: Option<String> = "remoteId",
        /// Packets received, with duplicates and retransmissions.
        packets_received: u64 = "packetsReceived",
        /// Bytes of their payloads.
        bytes_received: u64 = "bytesReceived",
        /// Bytes of their headers and padding.
        header_bytes_received: u64 = "headerBytesReceived",
        /// Packets of its own source that were lost, whatever was sent again; fewer than none if
        /// duplicates came.
        packets_lost: i64 = "packetsLost",
        /// The jitter of arrivals, in seconds.
        jitter: Option<f64> = "jitter",
        /// When the last packet came, in milliseconds since 1970.
        last_packet_received_timestamp: Option<f64> = "lastPacketReceivedTimestamp",
        /// Packets that nobody read in time, and retransmissions too old or too new to be of use.
        packets_discarded: u64 = "packetsDiscarded",
        /// Parity (RFC 5109) and repeated payloads (RFC 2198) received; absent where neither was
        /// negotiated.
        fec_packets_received: Option<u64> = "fecPacketsReceived",
        /// Bytes of them.
        fec_bytes_received: Option<u64> = "fecBytesReceived",
        /// Those of them that were of no use: nothing was lost, or too much.
        fec_packets_discarded: Option<u64> = "fecPacketsDiscarded",
        /// Whole frames received, of video that is read by frames.
        frames_received: Option<u64> = "framesReceived",
        /// Frames that nobody read in time, or that could not be decoded, as something they need was
        /// lost. Which of the others were decoded only their reader knows, so `framesDecoded`,
        /// `keyFramesDecoded` and `qpSum` are not told.
        frames_dropped: Option<u64> = "framesDropped",
        /// Of the packets received, those that were sent again; absent where nothing is.
        retransmitted_packets_received: Option<u64> = "retransmittedPacketsReceived",
        /// Bytes of their payloads.
        retransmitted_bytes_received: Option<u64> = "retransmittedBytesReceived",
        /// The source of the retransmissions, once it is known.
        rtx_ssrc: Option<u64> = "rtxSsrc",
        /// Requests for packets that were sent.
        nack_count: u64 = "nackCount",
        /// Requests for key frames that were sent as PLI; of video alone.
        pli_count: Option<u64> = "pliCount",
        /// Requests for key frames that were sent as FIR; of video alone.
        fir_count: Option<u64> = "firCount",
    }
}

dictionary! {
    /// `RTCOutboundRtpStreamStats`: a stream that is sent.
    OutboundRtpStats {
        /// Its source.
        ssrc: u64 = "ssrc",
        /// What it carries.
        kind: MediaKind = "kind",
        /// Its transport.
        transport_id: String = "transportId",
        /// The codec of the last packet.
        codec_id: Option<String> = "codecId",
        /// The track that is sent, if there is one.
        media_source_id: Option<String> = "mediaSourceId",
        /// The name of its section.
        mid: String = "mid",
        /// The name of its encoding, in a simulcast.
        rid: Option<String> = "rid",
        /// The place of its encoding.
        encoding_index: u64 = "encodingIndex",
        /// It is sent; otherwise it is paused.
        active: bool = "active",
        /// What its receiver reports of it.
        remote_id: Option<String> = "remoteId",
        /// Packets sent, with retransmissions.
        packets_sent: u64 = "packetsSent",
        /// Bytes of their payloads.
        bytes_sent: u64 = "bytesSent",
        /// Bytes of their headers.
        header_bytes_sent: u64 = "headerBytesSent",
        /// Of the packets sent, those that were sent again; absent where nothing is.
        retransmitted_packets_sent: Option<u64> = "retransmittedPacketsSent",
        /// Bytes of their payloads.
        retransmitted_bytes_sent: Option<u64> = "retransmittedBytesSent",
        /// The source of the retransmissions.
        rtx_ssrc: Option<u64> = "rtxSsrc",
        /// Frames whose last packet was sent; of video alone. Key frames are counted by encoders, of
        /// which there are none here.
        frames_sent: Option<u64> = "framesSent",
        /// The sum of the times that packets waited to be sent, without retransmissions, in seconds.
        total_packet_send_delay: f64 = "totalPacketSendDelay",
        /// The bits a second that congestion control has for it, if that is known.
        target_bitrate: Option<f64> = "targetBitrate",
        /// Requests for packets that came.
        nack_count: u64 = "nackCount",
        /// Requests for key frames that came as PLI; of video alone.
        pli_count: Option<u64> = "pliCount",
        /// Requests for key frames that came as FIR; of video alone.
        fir_count: Option<u64> = "firCount",
    }
}

dictionary! {
    /// `RTCRemoteInboundRtpStreamStats`: what the receiver of a stream that we send reports.
    RemoteInboundRtpStats {
        /// When the last report came, in milliseconds since 1970.
        timestamp: f64 = "timestamp",
        /// The stream's source.
        ssrc: u64 = "ssrc",
        /// What it carries.
        kind: MediaKind = "kind",
        /// Its transport.
        transport_id: String = "transportId",
        /// The codec of the last packet.
        codec_id: Option<String> = "codecId",
        /// What we know of the stream.
        local_id: String = "localId",
        /// Packets of the stream's own source that arrived, by its numbers and what was lost.
        packets_received: u64 = "packetsReceived",
        /// Packets lost in all; fewer than none if duplicates came.
        packets_lost: i64 = "packetsLost",
        /// The share lost between the last two reports.
        fraction_lost: f64 = "fractionLost",
        /// The jitter of arrivals, in seconds.
        jitter: Option<f64> = "jitter",
        /// The last round trip that was measured, in seconds.
        round_trip_time: Option<f64> = "roundTripTime",
        /// The sum of all, in seconds.
        total_round_trip_time: f64 = "totalRoundTripTime",
        /// How many were measured.
        round_trip_time_measurements: u64 = "roundTripTimeMeasurements",
    }
}

dictionary! {
    /// `RTCRemoteOutboundRtpStreamStats`: what the sender of a stream that we receive reports.
    RemoteOutboundRtpStats {
        /// When the last report came, in milliseconds since 1970.
        timestamp: f64 = "timestamp",
        /// The stream's source.
        ssrc: u64 = "ssrc",
        /// What it carries.
        kind: MediaKind = "kind",
        /// Its transport.
        transport_id: String = "transportId",
        /// The codec of the last packet.
        codec_id: Option<String> = "codecId",
        /// What we know of the stream.
        local_id: String = "localId",
        /// When the report was made, by the sender's clock, in milliseconds since 1970.
        remote_timestamp: f64 = "remoteTimestamp",
        /// Packets that had been sent.
        packets_sent: u64 = "packetsSent",
        /// Bytes of their payloads.
        bytes_sent: u64 = "bytesSent",
        /// Reports that came.
        reports_sent: u64 = "reportsSent",
    }
}

dictionary! {
    /// `RTCMediaSourceStats`: a track that is sent.
    MediaSourceStats {
        /// Its name.
        track_identifier: String = "trackIdentifier",
        /// What it carries.
        kind: MediaKind = "kind",
    }
}
