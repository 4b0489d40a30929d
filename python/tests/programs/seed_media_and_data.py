import aiortc
import asyncio
async def add_media_and_data():
    pc = aiortc.RTCPeerConnection()
    # Add audio and video tracks
    audio_track = aiortc.AudioStreamTrack()
    video_track = aiortc.VideoStreamTrack()
    pc.addTrack(audio_track)
    pc.addTrack(video_track)
    # Create data channel
    channel = pc.createDataChannel("chat", ordered=True)
    @channel.on("open")
    def on_open():
        print("Data channel opened")
        channel.send("Hello WebRTC!")
    @channel.on("message")
    def on_message(message):
        print(f"Received: {message}")
    # Get connection info
    senders = pc.getSenders()
    receivers = pc.getReceivers()
    transceivers = pc.getTransceivers()
    print(f"Senders: {len(senders)}")
    print(f"Receivers: {len(receivers)}")
    print(f"Transceivers: {len(transceivers)}")
asyncio.run(add_media_and_data())
