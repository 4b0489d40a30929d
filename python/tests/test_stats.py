"""Statistics are complete, and their figures are those of what was sent."""

import datetime

from helpers import happened, negotiate, opened, peer

import ironrtc
from ironrtc import stats


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


def only(report, kind):
    (entry,) = [entry for entry in report.values() if isinstance(entry, kind)]
    return entry
