"""The log tells what aiortc's tells, under the same names and at the same levels."""

import logging
import re
import subprocess
import sys
import textwrap

from helpers import happened, negotiate, opened, peer

MODULES = "rtcpeerconnection", "rtcicetransport", "rtcdtlstransport", "rtcsctptransport"


async def conversation():
    async with peer() as one, peer() as two:
        channel = one.createDataChannel("chat")
        announced = happened(two, "datachannel")
        await negotiate(one, two)
        await opened(channel)
        channel.send("quiet")
        await happened(await announced, "message")


async def test_descriptions_and_states(caplog):
    caplog.set_level(logging.DEBUG)
    await conversation()
    said = {
        (record.name.removeprefix("ironrtc."), record.getMessage()) for record in caplog.records
    }
    assert all(
        record.levelno == logging.DEBUG for record in caplog.records if "ice" not in record.name
    )
    offers = [text for _, text in said if text.startswith("RTCPeerConnection() setLocal")]
    assert any(
        text.startswith("RTCPeerConnection() setLocalDescription(offer)\nv=0")
        for text in offers
    )
    assert any("setRemoteDescription(answer)\nv=0" in text for _, text in said)
    for expected in (
        ("rtcpeerconnection", "RTCPeerConnection() iceGatheringState new -> gathering"),
        ("rtcpeerconnection", "RTCPeerConnection() iceConnectionState new -> checking"),
        ("rtcpeerconnection", "RTCPeerConnection() connectionState connecting -> connected"),
        ("rtcpeerconnection", "RTCPeerConnection() signalingState stable -> have-local-offer"),
        ("rtcicetransport", "RTCIceTransport(controlling) - new -> checking"),
        ("rtcdtlstransport", "RTCDtlsTransport() - connecting -> connected"),
        ("rtcsctptransport", "RTCSctpTransport(client) - connecting -> connected"),
        ("rtcdatachannel", "RTCDataChannel(1) - connecting -> open"),
    ):
        assert expected in said, expected
    assert not any("quiet" in text for _, text in said)


async def test_candidates_and_checks(caplog):
    caplog.set_level(logging.DEBUG, "aioice.ice")
    await conversation()
    records = [record for record in caplog.records if record.name == "aioice.ice"]
    said = "\n".join(f"{record.levelname} {record.getMessage()}" for record in records)
    assert re.search(
        r"^DEBUG Connection\(\d+\) Local candidate candidate:\S+ 1 udp", said, re.M
    )
    checked = r"^INFO Connection\(\d+\) Check CandidatePair\(\('\S+', \d+\) -> \('\S+', \d+\)\)"
    assert re.search(f"{checked} [a-z-]+ -> succeeded$", said, re.M)
    assert re.search(r"^INFO Connection\(\d+\) ICE completed$", said, re.M)


async def test_a_silent_log_is_silent(caplog):
    caplog.set_level(logging.INFO)
    await conversation()
    assert [record for record in caplog.records if "ice" not in record.name] == []


def test_under_the_alias_the_names_are_aiortcs():
    code = """
        import asyncio, logging
        logging.basicConfig(level=logging.DEBUG, format="%(name)s %(message)s")
        import ironrtc
        ironrtc.install_as_aiortc(force=True)
        import aiortc
        async def main():
            async with aiortc.RTCPeerConnection(aiortc.RTCConfiguration([])) as one:
                one.createDataChannel("chat")
                await one.setLocalDescription()
        asyncio.run(main())
    """
    out = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True
    )
    assert (
        "aiortc.rtcpeerconnection RTCPeerConnection() setLocalDescription(offer" in out.stderr
    )
    assert "ironrtc." not in out.stderr
