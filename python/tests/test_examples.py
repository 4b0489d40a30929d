"""The examples do what they say."""

import asyncio
import os
import sys
from pathlib import Path

from browser import needs_chromium, visit

EXAMPLES = Path(__file__).parent.parent / "examples"


async def start(name, *arguments):
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-W",
        "error",
        str(EXAMPLES / name),
        *map(str, arguments),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )


async def line_after(process, prompt):
    while (await process.stdout.readline()).decode().rstrip("\n") != prompt:
        assert process.returncode is None
    return await process.stdout.readline()


async def test_chat():
    one, two = await start("chat.py", "offer"), await start("chat.py", "answer")
    given = "-- give this to the other side:"
    two.stdin.write(await line_after(one, given))
    one.stdin.write(await line_after(two, given))
    one.stdin.write(b"hello\nhow are you?\n")
    connected = "-- connected; type, and end with Ctrl-D"
    assert await line_after(two, connected) == b"< hello\n"
    assert await two.stdout.readline() == b"< how are you?\n"
    two.stdin.write(b"fine\n")
    assert await line_after(one, connected) == b"< fine\n"
    one.stdin.close()
    assert (await one.wait(), await two.wait()) == (0, 0)


async def test_file_transfer(tmp_path):
    source, copy = tmp_path / "source", tmp_path / "copy"
    source.write_bytes(os.urandom(5_000_000))
    signaling = ("--signaling", "unix-socket", "--signaling-path", tmp_path / "socket")
    receiver = await start("filetransfer.py", "receive", copy, *signaling)
    sender = await start("filetransfer.py", "send", source, *signaling)
    out, _ = await sender.communicate()
    assert out.startswith(b"sent 5000000 bytes")
    out, _ = await receiver.communicate()
    assert out.startswith(b"received 5000000 bytes")
    assert (sender.returncode, receiver.returncode) == (0, 0)
    assert copy.read_bytes() == source.read_bytes()


@needs_chromium
async def test_echo_server_with_a_browser(tmp_path):
    from aiohttp import web

    sys.path.insert(0, str(EXAMPLES))
    try:
        import echo_server
    finally:
        sys.path.remove(str(EXAMPLES))

    app = echo_server.application()
    heard = asyncio.get_running_loop().create_future()
    runner = web.AppRunner(app)

    async def watch(request, handler):
        response = await handler(request)
        for pc in app[echo_server.CONNECTIONS]:

            @pc.on("datachannel")
            def on_datachannel(channel):
                channel.on("message", heard.set_result)

        return response

    app.middlewares.append(web.middleware(watch))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = site._server.sockets[0].getsockname()[1]
    try:
        async with visit(f"http://127.0.0.1:{port}/", tmp_path):
            assert await heard == "hello from the browser"
    finally:
        await runner.cleanup()
    assert not app[echo_server.CONNECTIONS]


async def test_the_readmes_program(tmp_path):
    readme = (EXAMPLES.parent / "README.md").read_text()
    program = tmp_path / "program.py"
    program.write_text(readme.split("```python\n")[1].split("```")[0])
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-W", "error", str(program), stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate()
    assert (process.returncode, out) == (0, b"hello\n")
