import asyncio

from aiortc import RTCConfiguration, RTCIceServer, RTCPeerConnection


async def main():
    config = RTCConfiguration(iceServers=[RTCIceServer(urls="stun:stun.l.google.com:19302")])
    pc = RTCPeerConnection(configuration=config)
    peer = RTCPeerConnection(
        RTCConfiguration([RTCIceServer("stun:stun.l.google.com:19302", "user", "secret")])
    )
    connected = asyncio.Event()

    @pc.on("iceconnectionstatechange")
    async def on_iceconnectionstatechange():
        print("ICE connection state is", pc.iceConnectionState)
        if pc.iceConnectionState == "completed":
            connected.set()

    pc.createDataChannel("data")
    await pc.setLocalDescription(await pc.createOffer())
    await peer.setRemoteDescription(pc.localDescription)
    await peer.setLocalDescription(await peer.createAnswer())
    await pc.setRemoteDescription(peer.localDescription)
    await connected.wait()
    await pc.close()
    await peer.close()


asyncio.run(main())
