"""Chromium without a window."""

import asyncio
import os
import shutil
from contextlib import asynccontextmanager

import pytest

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium")

needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")


@asynccontextmanager
async def visit(url, directory):
    """Open `url`, with a profile of its own under `directory`."""
    process = await asyncio.create_subprocess_exec(
        CHROMIUM,
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-background-networking",
        "--no-first-run",
        # There is no multicast between the sandbox's processes to look up `.local` names with.
        "--disable-features=WebRtcHideLocalIpsWithMdns",
        f"--user-data-dir={directory}",
        url,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        process.terminate()
        await process.wait()
