"""Sound and pictures that are known again after they were encoded and decoded."""

import asyncio
import fractions
import math
import time

from aiortc import MediaStreamTrack
from av import AudioFrame, VideoFrame

RATE = 48_000
FRAME = RATE // 50
TONE = 440
WIDTH, HEIGHT = 320, 240
# A picture is so many squares, of which each is black or white.
SIDE = 20
BLACK, WHITE = 40, 210
FPS = 20


class Tone(MediaStreamTrack):
    """A sine of 440 Hz."""

    kind = "audio"

    def __init__(self):
        super().__init__()
        self.begun = time.monotonic()
        self.sent = 0

    async def recv(self):
        await asyncio.sleep(self.begun + self.sent / RATE - time.monotonic())
        frame = AudioFrame(format="s16", layout="mono", samples=FRAME)
        samples = (
            int(8000 * math.sin(2 * math.pi * TONE * (self.sent + n) / RATE)) for n in range(FRAME)
        )
        frame.planes[0].update(b"".join(s.to_bytes(2, "little", signed=True) for s in samples))
        frame.pts = self.sent
        frame.sample_rate = RATE
        frame.time_base = fractions.Fraction(1, RATE)
        self.sent += FRAME
        return frame


def squares(number):
    """Which squares of a picture are white, row after row: its number twelve times over, and a
    row of stripes for its sense of direction."""
    columns, rows = WIDTH // SIDE, HEIGHT // SIDE
    bits = [number >> n & 1 for n in range(columns)]
    return [
        bits[(column + row) % columns] if row else column % 2
        for row in range(rows)
        for column in range(columns)
    ]


def picture(number):
    """The brightness of all points of a picture."""
    columns = WIDTH // SIDE
    white = squares(number)
    lines = bytearray()
    for row in range(HEIGHT // SIDE):
        line = b"".join(
            bytes([WHITE if white[row * columns + column] else BLACK]) * SIDE
            for column in range(columns)
        )
        lines += line * SIDE
    return bytes(lines)


class Pattern(MediaStreamTrack):
    """Pictures of their own numbers."""

    kind = "video"

    def __init__(self):
        super().__init__()
        self.begun = time.monotonic()
        self.sent = 0

    async def recv(self):
        await asyncio.sleep(self.begun + self.sent / FPS - time.monotonic())
        frame = VideoFrame(WIDTH, HEIGHT, "yuv420p")
        frame.planes[0].update(picture(self.sent))
        for plane in frame.planes[1:]:
            plane.update(bytes([128]) * plane.buffer_size)
        frame.pts = self.sent * 90_000 // FPS
        frame.time_base = fractions.Fraction(1, 90_000)
        self.sent += 1
        return frame


def number_of(frame):
    """The number that a picture shows, if all of it shows that number."""
    frame = frame.reformat(format="yuv420p")
    plane = frame.planes[0]
    points = bytes(plane)
    columns = WIDTH // SIDE

    def middle(index):
        row, column = divmod(index, columns)
        at = (row * SIDE + SIDE // 2) * plane.line_size + column * SIDE + SIDE // 2
        return int(points[at] > (BLACK + WHITE) // 2)

    seen = [middle(index) for index in range(columns * (HEIGHT // SIDE))]
    # The second row begins with the second bit.
    bits = [seen[columns + (n - 1) % columns] for n in range(columns)]
    number = sum(bit << n for n, bit in enumerate(bits))
    return number if seen == squares(number) else None


def loudest(samples):
    """The frequency that is loudest in samples of one channel, in steps of 10 Hz."""

    def strength(frequency):
        factor = 2 * math.cos(2 * math.pi * frequency / RATE)
        last = before = 0.0
        for sample in samples:
            last, before = sample + factor * last - before, last
        return last * last + before * before - factor * last * before

    return max(range(100, 2000, 10), key=strength)
