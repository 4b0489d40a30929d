import asyncio

from aiortc import RTCPeerConnection, RTCSessionDescription
from aiortc.contrib.signaling import object_from_string, object_to_string
from aiortc.sdp import SessionDescription


async def main():
    for kind in "offer", "pranswer", "answer", "rollback":
        description = RTCSessionDescription(sdp="v=0\r\n", type=kind)
        print(
            description,
            object_from_string(object_to_string(description)) == description
            if kind in ("offer", "answer")
            else "",
        )
    try:
        RTCSessionDescription(sdp="v=0\r\n", type="bogus")
    except ValueError as exc:
        print(exc)

    pc = RTCPeerConnection()
    pc.createDataChannel("chat")
    offer = await pc.createOffer()
    parsed = SessionDescription.parse(offer.sdp)
    media = parsed.media[0]
    print(offer.type, media.kind, media.profile, media.fmt, media.sctp_port, media.rtp.muxId)
    print(media.dtls.role, media.dtls.fingerprints[0].algorithm, media.sctpCapabilities)
    for method, kind in (
        (pc.setLocalDescription, "answer"),
        (pc.setRemoteDescription, "answer"),
    ):
        try:
            await method(RTCSessionDescription(sdp=offer.sdp, type=kind))
        except Exception as exc:
            print(type(exc).__name__, exc)
    await pc.setLocalDescription(offer)
    try:
        await pc.setRemoteDescription(pc.localDescription)
    except Exception as exc:
        print(type(exc).__name__, exc)
    try:
        await pc.createAnswer()
    except Exception as exc:
        print(type(exc).__name__, exc)
    await pc.close()
    try:
        await pc.createOffer()
    except Exception as exc:
        print(type(exc).__name__, exc)


asyncio.run(main())
