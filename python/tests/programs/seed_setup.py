import aiortc
import asyncio
async def setup_peer_connection():
    # Create configuration with STUN server
    config = aiortc.RTCConfiguration(
        iceServers=[aiortc.RTCIceServer("stun:stun.l.google.com:19302")]
    )
    # Create peer connection
    pc = aiortc.RTCPeerConnection(configuration=config)
    # Add event listeners
    @pc.on("connectionstatechange")
    def on_connectionstatechange():
        print(f"Connection state: {pc.connectionState}")
    @pc.on("icecandidate")
    def on_icecandidate(candidate):
        # Send candidate to remote peer
        print(f"New ICE candidate: {candidate}")
    return pc
pc = asyncio.run(setup_peer_connection())
