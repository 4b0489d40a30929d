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


class Nat(asyncio.DatagramProtocol):
    """Takes datagrams for a server and sends them on from an address of its own per sender."""

    def __init__(self, server):
        self.server = server
        self.outside = {}

    def connection_made(self, transport):
        self.inside = transport

    def datagram_received(self, data, sender):
        asyncio.ensure_future(self.forward(data, sender))

    async def forward(self, data, sender):
        if sender not in self.outside:
            make = asyncio.get_running_loop().create_datagram_endpoint
            self.outside[sender], _ = await make(
                lambda: Back(self.inside, sender), remote_addr=self.server
            )
        self.outside[sender].sendto(data)


class Back(asyncio.DatagramProtocol):
    """The way back through the translation."""

    def __init__(self, inside, sender):
        self.inside = inside
        self.sender = sender

    def datagram_received(self, data, _):
        self.inside.sendto(data, self.sender)


async def test_a_server_reflexive_candidate_is_gathered(tmp_path):
    async with coturn(tmp_path) as port, IronPeer() as peer:
        make = asyncio.get_running_loop().create_datagram_endpoint
        inside, nat = await make(lambda: Nat(("127.0.0.1", port)), local_addr=("127.0.0.1", 0))
        url = f"stun:127.0.0.1:{inside.get_extra_info('sockname')[1]}"
        pc = await peer.connection(iceServers=[{"urls": [url]}])
        await pc.create_channel("chat")
        found = candidates(await pc.offer())
        mapped = {
            outside.get_extra_info("sockname"): sender for sender, outside in nat.outside.items()
        }
        reflexive = [line for line in found if line[7] == "srflx"]
        assert reflexive, found
        for line in reflexive:
            # Address and port as coturn saw them, and the base that they belong to.
            base = mapped[line[4], int(line[5])]
            related = dict(zip(line[8::2], line[9::2]))
            assert (related["raddr"], int(related["rport"])) == base
            assert any(host[4:6] == [base[0], str(base[1])] for host in found)
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
