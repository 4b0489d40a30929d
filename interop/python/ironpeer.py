"""IronRTC as a process, driven by lines of JSON (interop/peer/README.md)."""

import asyncio
import json
import os
from pathlib import Path

BINARY = os.environ.get(
    "IRONRTC_INTEROP",
    str(Path(__file__).parents[2] / "target" / "debug" / "ironrtc-interop"),
)
TIMEOUT = 15
BULK_TIMEOUT = 50


class PeerError(Exception):
    """A command failed; `name` is the W3C's name of the exception."""

    def __init__(self, name, message):
        super().__init__(f"{name}: {message}")
        self.name = name


class IronPeer:
    """One process; use it with `async with`."""

    def __init__(self):
        self._answers = {}
        self._events = []
        self._changed = asyncio.Condition()
        self._last = 0

    async def __aenter__(self):
        self._process = await asyncio.create_subprocess_exec(
            BINARY,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=2**24,
        )
        self._reader = asyncio.ensure_future(self._read())
        return self

    async def __aexit__(self, *_):
        # Its input's end is its own: that it stops by itself is part of the test.
        self._process.stdin.close()
        await asyncio.wait_for(self._process.wait(), 10)
        await self._reader

    async def _read(self):
        async for line in self._process.stdout:
            message = json.loads(line)
            if "id" in message and "event" not in message:
                self._answers.pop(message["id"]).set_result(message)
            else:
                async with self._changed:
                    self._events.append(message)
                    self._changed.notify_all()
        for answer in self._answers.values():
            answer.set_exception(EOFError("ironrtc-interop has ended"))

    async def command(self, do, timeout=TIMEOUT, **arguments):
        self._last += 1
        answer = self._answers[self._last] = asyncio.get_running_loop().create_future()
        line = json.dumps({"id": self._last, "do": do, **arguments}) + "\n"
        self._process.stdin.write(line.encode())
        message = await asyncio.wait_for(answer, timeout)
        if "error" in message:
            raise PeerError(message["error"]["name"], message["error"]["message"])
        return message["ok"]

    async def event(self, name, timeout=TIMEOUT, **members):
        """The first event of that name and with those members, past or to come, once."""

        def find():
            for event in self._events:
                if event["event"] == name and members.items() <= event.items():
                    return event
            return None

        async with self._changed:
            try:
                await asyncio.wait_for(self._changed.wait_for(find), timeout)
            except asyncio.TimeoutError:
                raise AssertionError(f"no event {name} {members} in {self._events[-30:]}") from None
            event = find()
            self._events.remove(event)
            return event

    async def connection(self, **config):
        name = f"pc{self._last}"
        await self.command("create", pc=name, config=config)
        return IronConnection(self, name)


class IronConnection:
    def __init__(self, peer, name):
        self.peer = peer
        self.name = name

    def command(self, do, **arguments):
        return self.peer.command(do, pc=self.name, **arguments)

    def event(self, name, **members):
        return self.peer.event(name, pc=self.name, **members)

    async def create_channel(self, label, **options):
        answer = await self.command("createChannel", label=label, options=options)
        return IronChannel(self.peer, answer["channel"])

    async def incoming(self, label):
        event = await self.event("datachannel", label=label)
        return IronChannel(self.peer, event["channel"])

    async def offer(self):
        """A local offer with all candidates."""
        await self.command("setLocal", description=await self.command("createOffer"))
        return await self.command("gathered")

    async def answer(self, offer):
        """The local answer to an offer, with all candidates."""
        await self.command("setRemote", description=offer)
        await self.command("setLocal", description=await self.command("createAnswer"))
        return await self.command("gathered")


class IronChannel:
    def __init__(self, peer, name):
        self.peer = peer
        self.name = name

    def command(self, do, **arguments):
        return self.peer.command(do, channel=self.name, **arguments)

    def event(self, name):
        return self.peer.event(name, channel=self.name)

    async def send(self, message):
        if isinstance(message, str):
            await self.command("send", text=message)
        else:
            await self.command("send", hex=message.hex())

    async def recv(self):
        event = await self.event("message")
        return event["text"] if "text" in event else bytes.fromhex(event["hex"])
