import asyncio

from aiortc import RTCPeerConnection


async def main():
    pc1, pc2 = RTCPeerConnection(), RTCPeerConnection()
    opened, closed = asyncio.Event(), asyncio.Event()
    channel = pc1.createDataChannel("chat")
    channel.on("open", opened.set)
    channel.on("close", lambda: print("channel", channel.readyState))

    @pc1.on("connectionstatechange")
    def on_connectionstatechange():
        print("connection", pc1.connectionState)
        if pc1.connectionState == "closed":
            closed.set()

    await pc1.setLocalDescription(await pc1.createOffer())
    await pc2.setRemoteDescription(pc1.localDescription)
    await pc2.setLocalDescription(await pc2.createAnswer())
    await pc1.setRemoteDescription(pc2.localDescription)
    await opened.wait()
    await pc2.close()
    await closed.wait()
    print(pc1.signalingState, pc1.iceConnectionState)
    await pc1.close()


asyncio.run(main())
