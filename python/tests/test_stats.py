"""Statistics are complete, and their figures are those of what was sent."""

import datetime

from helpers import happened, negotiate, opened, peer

import ironrtc
from ironrtc import stats
from ironrtc._native_types import stats_from_native


async def test_statistics_of_a_data_channel():
    async with peer() as one, peer() as two:
        before = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(seconds=1)
        ours = one.createDataChannel("chat", protocol="chess")
        two.on("datachannel", lambda theirs: theirs.on("message", theirs.send))
        await negotiate(one, two)
        await opened(ours)
        for size in 10, 1000:
            answered = happened(ours, "message")
            ours.send(bytes(size))
            await answered
        report = await one.getStats()
        assert isinstance(report, ironrtc.RTCStatsReport)
        assert all(key == entry.id for key, entry in report.items())
        assert all(entry.timestamp > before for entry in report.values())
        kinds = {entry.type for entry in report.values()}
        assert kinds == {
            "candidate-pair",
            "certificate",
            "data-channel",
            "local-candidate",
            "peer-connection",
            "remote-candidate",
            "transport",
        }

        channel = only(report, stats.RTCDataChannelStats)
        assert (channel.label, channel.protocol, channel.state) == ("chat", "chess", "open")
        assert channel.dataChannelIdentifier == ours.id
        assert (channel.messagesSent, channel.bytesSent) == (2, 1010)
        assert (channel.messagesReceived, channel.bytesReceived) == (2, 1010)

        transport = only(report, ironrtc.RTCTransportStats)
        assert (transport.iceRole, transport.dtlsState) == ("controlling", "connected")
        assert transport.bytesSent > 1010 and transport.packetsReceived > 2
        pair = report[transport.selectedCandidatePairId]
        assert pair.nominated and pair.state == "succeeded"
        assert pair.currentRoundTripTime > 0
        assert report[pair.localCandidateId].type == "local-candidate"
        assert report[pair.remoteCandidateId].port
        local = report[transport.localCertificateId]
        fingerprint = one.sctp.transport.getLocalParameters().fingerprints[0]
        assert (local.fingerprintAlgorithm, local.fingerprint) == (
            fingerprint.algorithm,
            fingerprint.value,
        )
        assert report[transport.remoteCertificateId].base64Certificate
        assert only(report, stats.RTCPeerConnectionStats).dataChannelsOpened == 1


async def test_statistics_before_and_after():
    one = peer()
    assert {entry.type for entry in (await one.getStats()).values()} <= {
        "certificate",
        "peer-connection",
        "transport",
    }
    await one.close()
    await one.getStats()


def test_streams_of_media_have_the_names_of_the_w3c():
    stream = {"ssrc": 7, "kind": "video", "transportId": "T0", "timestamp": 1000.0}
    report = stats_from_native(
        [
            {
                **stream,
                "type": "inbound-rtp",
                "id": "I",
                "packetsReceived": 3,
                "packetsLost": -1,
            },
            {**stream, "type": "outbound-rtp", "id": "O", "packetsSent": 9, "bytesSent": 90}
            | {"retransmittedPacketsSent": 2, "rtxSsrc": 8, "remoteId": "RI"},
            {**stream, "type": "remote-inbound-rtp", "id": "RI", "packetsReceived": 7}
            | {"packetsLost": 2, "jitter": 0.5, "fractionLost": 0.25, "localId": "O"},
            {**stream, "type": "remote-outbound-rtp", "id": "RO", "packetsSent": 4}
            | {"bytesSent": 40, "remoteTimestamp": 2000.0, "reportsSent": 1},
            {"type": "codec", "id": "C", "timestamp": 0.0, "payloadType": 96}
            | {"mimeType": "video/VP8", "clockRate": 90000, "transportId": "T0"},
            {"type": "media-source", "id": "S", "timestamp": 0.0, "kind": "video"}
            | {"trackIdentifier": "camera"},
        ]
    )
    assert (report["I"].packetsLost, report["I"].jitter) == (-1, None)
    assert (report["O"].rtxSsrc, report["O"].retransmittedPacketsSent) == (8, 2)
    assert report[report["O"].remoteId].localId == "O"
    assert report["RI"].fractionLost == 0.25
    told = report["RO"]
    assert told.remoteTimestamp - told.timestamp == datetime.timedelta(seconds=1)
    assert (report["C"].mimeType, report["C"].channels) == ("video/VP8", None)
    assert report["S"].trackIdentifier == "camera"


def only(report, kind):
    (entry,) = [entry for entry in report.values() if isinstance(entry, kind)]
    return entry
