"""IronRTC and Chromium talk to each other, whoever offers."""

from browser import needs_chromium, page_in_chromium
from helpers import happened, peer, reached

from ironrtc import RTCSessionDescription

pytestmark = needs_chromium

PAGE = """<!doctype html><script>
const socket = new WebSocket(`ws://${location.host}/signal`);
const pc = new RTCPeerConnection();
const tell = (message) => socket.send(JSON.stringify(message));
const gathered = () => new Promise((resolve) => {
  const look = () => pc.iceGatheringState === "complete" && resolve();
  pc.onicegatheringstatechange = look;
  look();
});
async function describe() {
  await pc.setLocalDescription();
  await gathered();
  tell({description: pc.localDescription});
}
function listen(channel) {
  channel.binaryType = "arraybuffer";
  channel.onmessage = ({data}) => {
    if (typeof data === "string") channel.send(data.toUpperCase());
    else channel.send(new Uint8Array(data).reverse());
  };
  channel.onclose = () => tell({closed: channel.label});
}
pc.ondatachannel = ({channel}) => {
  const {label, ordered, maxRetransmits, protocol, id} = channel;
  tell({announced: {label, ordered, maxRetransmits, protocol, id}});
  listen(channel);
};
socket.onmessage = async ({data}) => {
  const message = JSON.parse(data);
  if (message.description) {
    await pc.setRemoteDescription(message.description);
    if (message.description.type === "offer") await describe();
  } else if (message.create) {
    listen(pc.createDataChannel(message.create, {protocol: "chess", maxRetransmits: 2}));
    await describe();
  } else if (message.close) {
    pc.close();
  }
};
</script>"""


async def exchange(channel):
    answer = happened(channel, "message")
    channel.send("hello")
    assert await answer == "HELLO"
    large = bytes(range(250)) * 800
    answer = happened(channel, "message")
    channel.send(large)
    assert await answer == large[::-1]


async def test_ironrtc_offers(tmp_path):
    async with page_in_chromium(PAGE, tmp_path) as page, peer() as pc:
        channel = pc.createDataChannel("chat", ordered=False, protocol="chess")
        opened = happened(channel, "open")
        await pc.setLocalDescription()
        await page.tell(description=vars(pc.localDescription))
        await pc.setRemoteDescription(RTCSessionDescription(**await page.heard("description")))
        await opened
        announced = await page.heard("announced")
        assert announced == {
            "label": "chat",
            "ordered": False,
            "maxRetransmits": None,
            "protocol": "chess",
            "id": channel.id,
        }
        await exchange(channel)
        channel.close()
        assert await page.heard("closed") == "chat"


async def test_chromium_offers(tmp_path):
    async with page_in_chromium(PAGE, tmp_path) as page, peer() as pc:
        announced = happened(pc, "datachannel")
        await page.tell(create="chat")
        await pc.setRemoteDescription(RTCSessionDescription(**await page.heard("description")))
        await pc.setLocalDescription()
        await page.tell(description=vars(pc.localDescription))
        channel = await announced
        assert (channel.label, channel.protocol, channel.maxRetransmits) == ("chat", "chess", 2)
        await exchange(channel)
        closed = happened(channel, "close")
        await page.tell(close=True)
        await closed
        await reached(pc, "connectionState", "closed", "connectionstatechange")
