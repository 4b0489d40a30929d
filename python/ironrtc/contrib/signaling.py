"""Ways to bring descriptions and candidates to the other side, for examples and tests."""

import argparse
import asyncio
import json
import logging
import os
import sys
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from typing import Optional, Union

from ..rtcicetransport import RTCIceCandidate
from ..rtcsessiondescription import RTCSessionDescription
from ..sdp import candidate_from_sdp, candidate_to_sdp

__all__ = [
    "ABC",
    "BYE",
    "BaseSignaling",
    "CopyAndPasteSignaling",
    "Optional",
    "RTCIceCandidate",
    "RTCSessionDescription",
    "SignalingBye",
    "TcpSocketSignaling",
    "Union",
    "UnixSocketSignaling",
    "abstractmethod",
    "add_signaling_arguments",
    "argparse",
    "asyncio",
    "candidate_from_sdp",
    "candidate_to_sdp",
    "create_signaling",
    "json",
    "logger",
    "logging",
    "object_from_string",
    "object_to_string",
    "os",
    "sys",
]

logger = logging.getLogger(__name__)


class SignalingBye:
    """The message that ends a session."""


BYE = SignalingBye()

_SignalingObject = Union[RTCSessionDescription, RTCIceCandidate, SignalingBye]


def object_from_string(message_str: str) -> _SignalingObject:
    """Read a message from JSON."""
    message = json.loads(message_str)
    kind = message["type"]
    if kind in ("answer", "offer"):
        return RTCSessionDescription(**message)
    if kind == "candidate" and message["candidate"]:
        candidate = candidate_from_sdp(message["candidate"].split(":", 1)[1])
        candidate.sdpMid = message["id"]
        candidate.sdpMLineIndex = message["label"]
        return candidate
    assert kind == "bye"
    return BYE


def object_to_string(obj: _SignalingObject) -> str:
    """Write a message as JSON."""
    if isinstance(obj, RTCSessionDescription):
        message: dict[str, Union[int, str, None]] = {"sdp": obj.sdp, "type": obj.type}
    elif isinstance(obj, RTCIceCandidate):
        message = {
            "candidate": f"candidate:{candidate_to_sdp(obj)}",
            "id": obj.sdpMid,
            "label": obj.sdpMLineIndex,
            "type": "candidate",
        }
    else:
        assert obj is BYE
        message = {"type": "bye"}
    return json.dumps(message, sort_keys=True)


class BaseSignaling(ABC):
    """What every way of signalling can do."""

    @abstractmethod
    async def connect(self) -> None:
        """Reach the other side."""

    @abstractmethod
    async def close(self) -> None:
        """Say goodbye and free what is in use."""

    @abstractmethod
    async def receive(self) -> Optional[_SignalingObject]:
        """Wait for a message. `None` means that the other side is gone."""

    @abstractmethod
    async def send(self, descr: _SignalingObject) -> None:
        """Send a message."""


class CopyAndPasteSignaling(BaseSignaling):
    """Signalling by hand: messages are shown, and read from the standard input."""

    def __init__(self) -> None:
        self._read_pipe = sys.stdin
        self._write_pipe = sys.stdout
        self._read_transport: Optional[asyncio.ReadTransport] = None
        self._reader: Optional[asyncio.StreamReader] = None

    async def connect(self) -> None:
        """Begin to read the standard input."""
        loop = asyncio.get_running_loop()
        self._reader = asyncio.StreamReader(loop=loop)
        protocol = asyncio.StreamReaderProtocol(self._reader)
        self._read_transport, _ = await loop.connect_read_pipe(
            lambda: protocol, self._read_pipe
        )

    async def close(self) -> None:
        """Stop reading."""
        if self._reader is not None:
            await self.send(BYE)
            if self._read_transport is not None:
                self._read_transport.close()
            self._reader = None

    async def receive(self) -> Optional[_SignalingObject]:
        """Ask for a message."""
        assert self._reader
        print("-- Please enter a message from remote party --")
        data = await self._reader.readline()
        print()
        return (
            object_from_string(data.decode(self._read_pipe.encoding)) if data.strip() else None
        )

    async def send(self, descr: _SignalingObject) -> None:
        """Show a message."""
        print("-- Please send this message to the remote party --")
        self._write_pipe.write(object_to_string(descr) + "\n")
        self._write_pipe.flush()
        print()


_Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
_OnClient = Callable[[asyncio.StreamReader, asyncio.StreamWriter], None]


class _Link:
    """One message a line, over a stream. Who sends first listens, who receives first dials."""

    def __init__(
        self,
        dial: Callable[[], Awaitable[_Streams]],
        listen: Callable[[_OnClient], Awaitable[asyncio.Server]],
    ) -> None:
        self._dial = dial
        self._listen = listen
        self._server: Optional[asyncio.Server] = None
        self._streams: Optional[_Streams] = None

    @property
    def listening(self) -> bool:
        return self._server is not None

    @property
    def writer(self) -> Optional[asyncio.StreamWriter]:
        return None if self._streams is None else self._streams[1]

    async def _accept(self) -> _Streams:
        accepted: asyncio.Future[_Streams] = asyncio.get_running_loop().create_future()

        def on_client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            if accepted.done():
                # Signalling is between two; a third finds the door closed.
                writer.close()
            else:
                accepted.set_result((reader, writer))

        self._server = await self._listen(on_client)
        return await accepted

    async def close(self) -> None:
        if self._streams is not None:
            await self.send(BYE)
            self._streams[1].close()
            self._streams = None
        if self._server is not None:
            self._server.close()
            self._server = None

    async def receive(self) -> Optional[_SignalingObject]:
        if self._streams is None:
            self._streams = await self._dial()
        try:
            data = await self._streams[0].readuntil()
        except asyncio.IncompleteReadError:
            return None
        return object_from_string(data.decode())

    async def send(self, descr: _SignalingObject) -> None:
        if self._streams is None:
            self._streams = await self._accept()
        self._streams[1].write(object_to_string(descr).encode() + b"\n")


class TcpSocketSignaling(BaseSignaling):
    """Signalling over a TCP socket."""

    def __init__(self, host: str, port: int) -> None:
        self._link = _Link(
            dial=lambda: asyncio.open_connection(host=host, port=port),
            listen=lambda on_client: asyncio.start_server(on_client, host=host, port=port),
        )

    @property
    def _writer(self) -> Optional[asyncio.StreamWriter]:
        # aiortc's private name, with which programs cut the connection.
        return self._link.writer

    async def connect(self) -> None:
        """Do nothing yet: the first `send` listens, and the first `receive` dials."""

    async def close(self) -> None:
        """Say goodbye, and close the sockets."""
        await self._link.close()

    async def receive(self) -> Optional[_SignalingObject]:
        """Wait for a message, and connect to the other side if need be."""
        return await self._link.receive()

    async def send(self, descr: _SignalingObject) -> None:
        """Send a message, and wait for the other side to connect if need be."""
        await self._link.send(descr)


class UnixSocketSignaling(BaseSignaling):
    """Signalling over a Unix socket."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._link = _Link(
            dial=lambda: asyncio.open_unix_connection(path),
            listen=lambda on_client: asyncio.start_unix_server(on_client, path=path),
        )

    @property
    def _writer(self) -> Optional[asyncio.StreamWriter]:
        # aiortc's private name, with which programs cut the connection.
        return self._link.writer

    async def connect(self) -> None:
        """Do nothing yet: the first `send` listens, and the first `receive` dials."""

    async def close(self) -> None:
        """Say goodbye, close the sockets, and remove the path if we listened on it."""
        listening = self._link.listening
        await self._link.close()
        if listening and os.path.exists(self._path):
            os.unlink(self._path)

    async def receive(self) -> Optional[_SignalingObject]:
        """Wait for a message, and connect to the other side if need be."""
        return await self._link.receive()

    async def send(self, descr: _SignalingObject) -> None:
        """Send a message, and wait for the other side to connect if need be."""
        await self._link.send(descr)


_METHODS = ["copy-and-paste", "tcp-socket", "unix-socket"]


def add_signaling_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options that choose the way of signalling to a command line."""
    parser.add_argument("--signaling", "-s", choices=_METHODS)
    parser.add_argument(
        "--signaling-host", default="127.0.0.1", help="Signaling host (tcp-socket only)"
    )
    parser.add_argument(
        "--signaling-port", default=1234, help="Signaling port (tcp-socket only)"
    )
    parser.add_argument(
        "--signaling-path",
        default="aiortc.socket",
        help="Signaling socket path (unix-socket only)",
    )


def create_signaling(args: argparse.Namespace) -> BaseSignaling:
    """Make what the options on the command line ask for."""
    match args.signaling:
        case "tcp-socket":
            return TcpSocketSignaling(args.signaling_host, args.signaling_port)
        case "unix-socket":
            return UnixSocketSignaling(args.signaling_path)
    return CopyAndPasteSignaling()
