import asyncio

from aiortc import RTCPeerConnection


def track_states(pc, log):
    for event, attribute in (
        ("connectionstatechange", "connectionState"),
        ("iceconnectionstatechange", "iceConnectionState"),
        ("icegatheringstatechange", "iceGatheringState"),
        ("signalingstatechange", "signalingState"),
    ):
        states = log.setdefault(attribute, [getattr(pc, attribute)])

        @pc.on(event)
        def handler(states=states, attribute=attribute):
            states.append(getattr(pc, attribute))


async def main():
    pc1, pc2 = RTCPeerConnection(), RTCPeerConnection()
    log1, log2 = {}, {}
    track_states(pc1, log1)
    track_states(pc2, log2)
    opened = asyncio.Event()
    channel = pc1.createDataChannel("chat")
    channel.on("open", opened.set)
    await pc1.setLocalDescription(await pc1.createOffer())
    print(pc1.iceGatheringState, pc1.signalingState)
    await pc2.setRemoteDescription(pc1.localDescription)
    print(pc2.remoteDescription == pc1.localDescription)
    await pc2.setLocalDescription(await pc2.createAnswer())
    await pc1.setRemoteDescription(pc2.localDescription)
    print(pc1.remoteDescription == pc2.localDescription)
    await opened.wait()
    print(pc1.sctp.state, pc1.sctp.port, pc1.sctp.mid)
    print(pc1.sctp.transport.state, pc1.sctp.transport.transport.state)
    print(pc1.sctp.transport.transport.role, pc2.sctp.transport.transport.role)
    print(pc1.sctp.transport.transport.iceGatherer.state)
    await pc1.close()
    await pc2.close()
    print(log1)
    print(log2)
    print(pc1.sctp.state, pc1.sctp.transport.state, pc1.sctp.transport.transport.state)


asyncio.run(main())
