"""What IronRTC records is read by Wireshark."""

import asyncio

from aiortc import RTCPeerConnection

from ironpeer import IronPeer
from test_aiortc import Inbox, exchange

FIELDS = ["frame.protocols", "dtls.handshake.type", "rtcdc.message_type", "stun.type"]
BINDING_REQUEST, BINDING_RESPONSE = 0x0001, 0x0101
CLIENT_HELLO, FINISHED = 1, 20
DATA_CHANNEL_OPEN = 3


async def tshark(path, *options):
    process = await asyncio.create_subprocess_exec(
        "tshark",
        *("-r", path),
        *options,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await process.communicate()
    assert process.returncode == 0, errors.decode()
    return output.decode()


async def record(folder):
    """A connection to aiortc, which speaks DTLS 1.2, with one message each way."""
    files = {"capture": str(folder / "call.pcapng"), "keyLog": str(folder / "keys.txt")}
    async with IronPeer() as peer:
        foreign = RTCPeerConnection()
        theirs = Inbox(foreign.createDataChannel("chat"))
        iron = await peer.connection(record=files)
        await exchange(iron, foreign, "aiortc")
        ours = await iron.incoming("chat")
        await ours.send("from IronRTC in the clear")
        assert await theirs.recv() == "from IronRTC in the clear"
        theirs.channel.send("from aiortc in the clear")
        assert await ours.recv() == "from aiortc in the clear"
        await foreign.close()
        await iron.command("close")
    return files


async def test_a_capture_shows_what_was_said(tmp_path):
    files = await record(tmp_path)
    options = [option for field in FIELDS for option in ("-e", field)]
    table = await tshark(files["capture"], "-T", "fields", *options)
    rows = [line.split("\t") for line in table.splitlines()]
    columns = [{value for row in rows for value in row[i].split(",")} for i in range(4)]
    protocols = columns[0]
    # Versions differ in whether they print a number in hexadecimal.
    numbers = [{int(value, 0) for value in column if value} for column in columns[1:]]
    handshakes, control, stun = numbers
    assert any("sctp" in protocol for protocol in protocols), protocols
    assert {BINDING_REQUEST, BINDING_RESPONSE} <= stun
    assert CLIENT_HELLO in handshakes
    # It is encrypted on the wire: the keys are in the capture.
    assert FINISHED in handshakes
    assert DATA_CHANNEL_OPEN in control
    for sentence in ["from IronRTC in the clear", "from aiortc in the clear"]:
        found = await tshark(files["capture"], "-Y", f'sctp and frame contains "{sentence}"')
        assert len(found.splitlines()) == 1, found
    # Lengths, checksums and padding are as they should be.
    malformed = await tshark(files["capture"], "-Y", "_ws.malformed or _ws.expert.severity >= 8388608")
    assert malformed == ""


async def test_a_key_log_decrypts_another_capture(tmp_path):
    files = await record(tmp_path)
    # Without the keys that the capture itself has.
    bare = str(tmp_path / "bare.pcapng")
    await tshark(files["capture"], "-w", bare, "-F", "pcap")
    finished = ["-Y", f"dtls.handshake.type == {FINISHED}"]
    assert await tshark(bare, *finished) == ""
    key_log = ["-o", f"tls.keylog_file:{files['keyLog']}"]
    assert len((await tshark(bare, *key_log, *finished)).splitlines()) == 2
