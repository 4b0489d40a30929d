"""A peer in a process of its own: commands and answers are lines of JSON.

`python peer.py aiortc` runs on aiortc, `python peer.py ironrtc` on IronRTC under aiortc's name.
"""

import asyncio
import base64
import json
import sys

if sys.argv[1] == "ironrtc":
    import ironrtc

    ironrtc.install_as_aiortc(force=True)

from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription


def tell(**message):
    print(json.dumps(message), flush=True)


def packed(data):
    if isinstance(data, str):
        return {"text": data}
    return {"bytes": base64.b64encode(data).decode()}


def unpacked(message):
    return message["text"] if "text" in message else base64.b64decode(message["bytes"])


class Peer:
    def __init__(self):
        self.pc = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self.channels = {}
        self.pc.on("datachannel", self.on_datachannel)
        self.pc.on("connectionstatechange", self.on_state)

    def on_state(self):
        tell(event="state", state=self.pc.connectionState)

    def on_datachannel(self, channel):
        self.add(channel)
        tell(
            event="datachannel",
            label=channel.label,
            protocol=channel.protocol,
            ordered=channel.ordered,
            maxRetransmits=channel.maxRetransmits,
            maxPacketLifeTime=channel.maxPacketLifeTime,
            id=channel.id,
        )

    def add(self, channel):
        label = channel.label
        self.channels[label] = channel
        channel.on("open", lambda: tell(event="open", label=label, id=channel.id))
        channel.on("close", lambda: tell(event="close", label=label))

        @channel.on("message")
        def on_message(message):
            if label == "echo":
                channel.send(message)
            else:
                tell(event="message", label=label, **packed(message))

    async def handle(self, command):
        match command.pop("do"):
            case "channel":
                self.add(self.pc.createDataChannel(**command))
            case "offer":
                await self.pc.setLocalDescription(await self.pc.createOffer())
                self.describe()
            case "answer":
                await self.pc.setRemoteDescription(RTCSessionDescription(**command))
                await self.pc.setLocalDescription(await self.pc.createAnswer())
                self.describe()
            case "accept":
                await self.pc.setRemoteDescription(RTCSessionDescription(**command))
            case "send":
                self.channels[command["label"]].send(unpacked(command))
            case "close-channel":
                self.channels[command["label"]].close()
            case "close":
                await self.pc.close()

    def describe(self):
        description = self.pc.localDescription
        tell(event="description", sdp=description.sdp, type=description.type)


async def main():
    reader = asyncio.StreamReader(limit=2**24)
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    peer = Peer()
    while line := await reader.readline():
        await peer.handle(json.loads(line))
    await peer.pc.close()


asyncio.run(main())
