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


async def converse(arguments):
    one, two = (signaling.create_signaling(arguments) for _ in range(2))
    await one.connect()
    await two.connect()
    receiving = asyncio.ensure_future(two.receive())
    while not os.path.exists(arguments.signaling_path) and arguments.signaling == "unix-socket":
        await asyncio.sleep(0)
    if arguments.signaling == "tcp-socket":
        await wait_for_listener(int(arguments.signaling_port))
    await one.send(OFFER)
    assert await receiving == OFFER
    await two.send(ANSWER)
    assert await one.receive() == ANSWER
    await one.close()
    assert await two.receive() is signaling.BYE
    assert await two.receive() is None
    await two.close()


async def wait_for_listener(port):
    # /proc tells without connecting: the signalling takes one peer only.
    wanted = f":{port:04X} 00000000:0000 0A"
    while True:
        with open("/proc/net/tcp") as file:
            if wanted in file.read():
                return
        await asyncio.sleep(0)


async def test_unix_socket(tmp_path):
    path = str(tmp_path / "socket")
    await converse(parse("--signaling", "unix-socket", "--signaling-path", path))
    assert not os.path.exists(path)


async def test_tcp_socket(unused_tcp_port):
    await converse(parse("-s", "tcp-socket", "--signaling-port", str(unused_tcp_port)))
