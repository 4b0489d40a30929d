import asyncio

from aiortc import RTCPeerConnection, RTCSessionDescription


async def main():
    pc1, pc2 = RTCPeerConnection(), RTCPeerConnection()
    done = asyncio.Event()
    log = {"pc1": [], "pc2": []}

    for name, pc in (("pc1", pc1), ("pc2", pc2)):

        @pc.on("connectionstatechange")
        def on_connectionstatechange(name=name, pc=pc):
            log[name].append(pc.connectionState)

    @pc2.on("datachannel")
    def on_datachannel(channel):
        log["pc2"].append(f"announced {channel.label} {channel.readyState}")

        @channel.on("message")
        def on_message(message):
            print("pc2", message)
            channel.send(f"echo {message}")

    channel = pc1.createDataChannel("chat")
    print("created", channel.label, channel.readyState, channel.id)

    @channel.on("open")
    def on_open():
        print("open", channel.readyState, channel.id)
        channel.send("hello")

    @channel.on("message")
    def on_message(message):
        print("pc1", message)
        channel.close()

    @channel.on("close")
    def on_close():
        print("close", channel.readyState)
        done.set()

    offer = await pc1.createOffer()
    await pc1.setLocalDescription(offer)
    await pc2.setRemoteDescription(
        RTCSessionDescription(sdp=pc1.localDescription.sdp, type=pc1.localDescription.type)
    )
    answer = await pc2.createAnswer()
    await pc2.setLocalDescription(answer)
    await pc1.setRemoteDescription(
        RTCSessionDescription(sdp=pc2.localDescription.sdp, type=pc2.localDescription.type)
    )
    print(pc1.signalingState, pc2.signalingState)
    await done.wait()
    await pc1.close()
    print(pc1.signalingState, pc1.iceConnectionState, pc1.connectionState)
    await pc2.close()
    print(log)
    print(pc2.signalingState, pc2.iceConnectionState, pc2.connectionState)


asyncio.run(main())
