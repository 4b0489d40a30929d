"""Signalling brings objects to the other side, and goodbye."""

import argparse
import asyncio
import os

import pytest

from ironrtc import RTCIceCandidate, RTCSessionDescription
from ironrtc.contrib import signaling

OFFER = RTCSessionDescription("v=0\r\n", "offer")
ANSWER = RTCSessionDescription("v=0\r\n", "answer")
CANDIDATE = RTCIceCandidate(
    1, "0", "192.0.2.1", 9, 1, "udp", "host", sdpMid="audio", sdpMLineIndex=0
)


def parse(*arguments):
    parser = argparse.ArgumentParser()
    signaling.add_signaling_arguments(parser)
    return parser.parse_args(arguments)


@pytest.mark.parametrize("message", [OFFER, ANSWER, CANDIDATE, signaling.BYE])
def test_messages_go_both_ways(message):
    assert signaling.object_from_string(signaling.object_to_string(message)) == message


def test_the_json_is_aiortcs():
    assert signaling.object_to_string(OFFER) == r'{"sdp": "v=0\r\n", "type": "offer"}'
    assert signaling.object_to_string(signaling.BYE) == '{"type": "bye"}'
    assert signaling.object_to_string(CANDIDATE) == (
        '{"candidate": "candidate:0 1 udp 1 192.0.2.1 9 typ host",'
        ' "id": "audio", "label": 0, "type": "candidate"}'
    )


def test_copy_and_paste_is_the_default():
    assert isinstance(signaling.create_signaling(parse()), signaling.CopyAndPasteSignaling)


async def converse(one, two):
    await one.connect()
    await two.connect()
    # Who sends first listens, and waits for the other one.
    sending = asyncio.ensure_future(one.send(OFFER))
    assert await dialled(two) == OFFER
    await sending
    await two.send(ANSWER)
    assert await one.receive() == ANSWER
    await one.close()
    assert await two.receive() is signaling.BYE
    assert await two.receive() is None
    await two.close()


async def dialled(side):
    while True:
        try:
            return await side.receive()
        except OSError:
            # Nobody listens yet.
            await asyncio.sleep(0)


async def test_unix_socket(tmp_path):
    path = str(tmp_path / "socket")
    arguments = parse("--signaling", "unix-socket", "--signaling-path", path)
    await converse(*(signaling.create_signaling(arguments) for _ in range(2)))
    assert not os.path.exists(path)


async def test_tcp_socket(unused_tcp_port):
    arguments = parse("-s", "tcp-socket", "--signaling-port", str(unused_tcp_port))
    await converse(*(signaling.create_signaling(arguments) for _ in range(2)))


def ways(module, path, port):
    return module.UnixSocketSignaling(path), module.TcpSocketSignaling("127.0.0.1", port)


@pytest.mark.parametrize("way", [0, 1], ids=["unix", "tcp"])
@pytest.mark.parametrize("we_send_first", [True, False])
async def test_a_program_of_aiortcs_is_met(way, we_send_first, tmp_path, unused_tcp_port):
    from aiortc import RTCSessionDescription as TheirDescription
    from aiortc.contrib import signaling as theirs

    place = str(tmp_path / "socket"), unused_tcp_port
    ours, them = ways(signaling, *place)[way], ways(theirs, *place)[way]
    first, second = (ours, them) if we_send_first else (them, ours)
    descriptions = {ours: RTCSessionDescription, them: TheirDescription}
    sending = asyncio.ensure_future(first.send(descriptions[first]("v=0", "offer")))
    assert await dialled(second) == descriptions[second]("v=0", "offer")
    await sending
    await second.send(descriptions[second]("v=0", "answer"))
    assert await first.receive() == descriptions[first]("v=0", "answer")
    await ours.close()
    assert await them.receive() is theirs.BYE
    await them.close()
