import aiortc
import asyncio
async def create_offer_answer():
    pc1 = aiortc.RTCPeerConnection()
    pc2 = aiortc.RTCPeerConnection()
    # PC1 creates offer
    offer = await pc1.createOffer()
    await pc1.setLocalDescription(offer)
    # PC2 processes offer and creates answer
    await pc2.setRemoteDescription(offer)
    answer = await pc2.createAnswer()
    await pc2.setLocalDescription(answer)
    # PC1 processes answer
    await pc1.setRemoteDescription(answer)
    # Connections are now established (pending ICE)
    print(f"PC1 signaling state: {pc1.signalingState}")
    print(f"PC2 signaling state: {pc2.signalingState}")
asyncio.run(create_offer_answer())
