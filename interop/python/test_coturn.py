"""Server-reflexive candidates from coturn, and what an unreachable server does."""

import asyncio
import contextlib
import shutil
import socket

import pytest

from ironpeer import TIMEOUT, IronPeer

TURNSERVER = shutil.which("turnserver") or "/usr/bin/turnserver"


def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


async def answers(port):
    """Whether a STUN server answers a binding request there."""
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.setblocking(False)
        probe.connect(("127.0.0.1", port))
        request = bytes.fromhex("000100002112a442") + b"ironrtc-test"
        try:
            await loop.sock_sendall(probe, request)
            answer = await asyncio.wait_for(loop.sock_recv(probe, 2048), 0.2)
        except (OSError, asyncio.TimeoutError):
            return False
        return answer[:2] == bytes.fromhex("0101")


@contextlib.asynccontextmanager
async def coturn(directory):
    """coturn on the loopback interface; gives its port."""
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        TURNSERVER, "-n", "--no-auth", "--no-cli", "--no-tls", "--no-dtls", "--no-tcp",
        "--listening-ip=127.0.0.1", f"--listening-port={port}", "--allow-loopback-peers",
        f"--pidfile={directory}/pid", f"--db={directory}/db", "--log-file=stdout",
        cwd=directory,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(TIMEOUT):
            while not await answers(port):
                assert process.returncode is None, "turnserver has ended"
                await asyncio.sleep(0.05)
        yield port
    finally:
        process.terminate()
        await process.wait()


def candidates(description):
    lines = description["sdp"].splitlines()
    return [line.split() for line in lines if line.startswith("a=candidate:")]


async def connect(one, two):
    """Connects two IronRTC connections, and sends a message."""
    ours = await one.create_channel("chat")
    await one.command("setRemote", description=await two.answer(await one.offer()))
    theirs = await two.incoming("chat")
    await ours.send("hello")
    assert await theirs.recv() == "hello"


async def test_a_server_reflexive_candidate_is_gathered(tmp_path):
    # Bound to every interface, the socket reaches coturn from the loopback address, which no host
    # candidate has.
    async with coturn(tmp_path) as port, IronPeer() as peer:
        url = f"stun:127.0.0.1:{port}"
        pc = await peer.connection(iceServers=[{"urls": [url]}], bind=["0.0.0.0:0"])
        await pc.create_channel("chat")
        found = candidates(await pc.offer())
        reflexive = [line for line in found if line[7] == "srflx"]
        assert reflexive, found
        assert reflexive[0][4] == "127.0.0.1"
        assert "raddr" in reflexive[0]
        trickled = await pc.event("icecandidate")
        while trickled["candidate"] and " srflx " not in trickled["candidate"]["candidate"]:
            trickled = await pc.event("icecandidate")
        assert trickled["candidate"], "the candidate is an event, too"


async def test_connections_work_with_a_server(tmp_path):
    async with coturn(tmp_path) as port, IronPeer() as peer:
        servers = [{"urls": [f"stun:127.0.0.1:{port}"]}]
        one = await peer.connection(iceServers=servers)
        two = await peer.connection(iceServers=servers)
        await connect(one, two)


@pytest.mark.parametrize("host", ["127.0.0.1", "stun.invalid"])
async def test_an_unreachable_server_is_told_and_does_no_harm(host):
    url = f"stun:{host}:{free_port()}"
    async with IronPeer() as peer:
        one = await peer.connection(iceServers=[{"urls": [url]}])
        two = await peer.connection()
        connecting = asyncio.ensure_future(connect(one, two))
        error = await one.event("icecandidateerror")
        assert error["url"] == url
        assert error["errorCode"] == 701
        assert len(error["errorText"]) > 10, error
        await connecting


async def test_a_wrong_url_is_refused():
    async with IronPeer() as peer:
        with pytest.raises(Exception, match="SyntaxError.*stun"):
            await peer.connection(iceServers=[{"urls": ["http://example.org"]}])
