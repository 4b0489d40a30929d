import asyncio

from aiortc import RTCPeerConnection


async def main():
    pc1, pc2 = RTCPeerConnection(), RTCPeerConnection()
    announced = {}
    everything = asyncio.Event()
    kinds = {
        "default": {},
        "unordered": {"ordered": False},
        "retransmits": {"maxRetransmits": 2, "ordered": False},
        "lifetime": {"maxPacketLifeTime": 500},
        "protocol": {"protocol": "chess"},
    }
    answers = []

    @pc2.on("datachannel")
    def on_datachannel(channel):
        announced[channel.label] = channel

        @channel.on("message")
        def on_message(message):
            channel.send(message)

    agreed1 = pc1.createDataChannel("agreed", negotiated=True, id=100)
    agreed2 = pc2.createDataChannel("agreed", negotiated=True, id=100)
    agreed2.on("message", agreed2.send)

    def prepare(channel):
        @channel.on("open")
        def on_open():
            channel.send(f"text on {channel.label}")
            channel.send(b"bytes on " + channel.label.encode())

        @channel.on("message")
        def on_message(message):
            answers.append((channel.label, message))
            if len(answers) == 2 * (len(kinds) + 1):
                everything.set()

    ours = {label: pc1.createDataChannel(label, **options) for label, options in kinds.items()}
    for channel in [agreed1, *ours.values()]:
        prepare(channel)

    await pc1.setLocalDescription(await pc1.createOffer())
    await pc2.setRemoteDescription(pc1.localDescription)
    await pc2.setLocalDescription(await pc2.createAnswer())
    await pc1.setRemoteDescription(pc2.localDescription)
    await everything.wait()
    for answer in sorted(answers, key=str):
        print(answer)
    for label, channel in sorted(announced.items()):
        print(
            label,
            channel.readyState,
            channel.ordered,
            channel.maxRetransmits,
            channel.maxPacketLifeTime,
            channel.protocol,
            channel.negotiated,
            channel.id == ours[label].id,
        )
    print(agreed1.id, agreed1.negotiated, agreed1.readyState, agreed2.readyState)
    await pc1.close()
    print(agreed1.readyState, ours["default"].readyState)
    await pc2.close()


asyncio.run(main())
