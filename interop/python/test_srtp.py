"""SRTP against libsrtp, which browsers use, by its Python binding."""

import os
import struct
import subprocess

import pytest
from pylibsrtp import Error, Policy, Session

LINES = os.environ["IRONRTC_SRTP"]

# The number in `use_srtp`, libsrtp's name for it, and the lengths of key and salt.
PROFILES = {
    "gcm128": (7, Policy.SRTP_PROFILE_AEAD_AES_128_GCM, 16, 12),
    "gcm256": (8, Policy.SRTP_PROFILE_AEAD_AES_256_GCM, 32, 12),
    "cm80": (1, Policy.SRTP_PROFILE_AES128_CM_SHA1_80, 16, 14),
    "cm32": (2, Policy.SRTP_PROFILE_AES128_CM_SHA1_32, 16, 14),
}


class Ours:
    def __init__(self, profile, key, salt):
        pipe = subprocess.PIPE
        self.process = subprocess.Popen([LINES], stdin=pipe, stdout=pipe, text=True)
        assert self.command("new", str(profile), key.hex(), salt.hex()) == b""

    def command(self, *words):
        self.process.stdin.write(" ".join(words) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline().strip()
        assert not answer.startswith("error"), answer
        return bytes.fromhex(answer)

    def close(self):
        self.process.stdin.close()
        self.process.stdout.close()
        assert self.process.wait() == 0


@pytest.fixture(params=PROFILES)
def ends(request):
    number, profile, key_len, salt_len = PROFILES[request.param]
    key, salt = bytes(range(key_len)), bytes(range(100, 100 + salt_len))

    def session(direction):
        policy = Policy(key + salt, direction, srtp_profile=profile)
        policy.window_size = 1024
        return Session(policy)

    ours = Ours(number, key, salt)
    yield ours, session(Policy.SSRC_ANY_OUTBOUND), session(Policy.SSRC_ANY_INBOUND)
    ours.close()


def rtp(ssrc, sequence):
    # A contributing source, a header extension and a payload that tells which packet it is.
    head = struct.pack("!BBHIII", 0x91, 96, sequence, sequence * 90, ssrc, 0xC0FFEE)
    extension = struct.pack("!HHI", 0xBEDE, 1, 0x10AA0000)
    return head + extension + struct.pack("!H", sequence) * (1 + sequence % 300)


def rtcp(ssrc, count):
    report = struct.pack("!BBHIQIII", 0x80, 200, 6, ssrc, count, count, count, count)
    return report + struct.pack("!BBHI", 0x80, 201, 1, ssrc)


# Two turns of the sequence number, with steps that leave no doubt about it.
SEQUENCES = [*range(0, 140_000, 9_973), 140_001, 139_999, 140_000]


def test_rtp_goes_both_ways(ends):
    ours, sealing, opening = ends
    for ssrc in (1, 0xDECAFBAD):
        for number in SEQUENCES:
            packet = rtp(ssrc, number % 65_536)
            assert opening.unprotect(ours.command("seal", "rtp", packet.hex())) == packet
            sealed = sealing.protect(packet)
            assert ours.command("open", "rtp", sealed.hex()) == packet


def test_rtcp_goes_both_ways(ends):
    ours, sealing, opening = ends
    for count in range(50):
        packet = rtcp(count % 3, count)
        assert opening.unprotect_rtcp(ours.command("seal", "rtcp", packet.hex())) == packet
        sealed = sealing.protect_rtcp(packet)
        assert ours.command("open", "rtcp", sealed.hex()) == packet


def test_a_changed_packet_is_noticed_by_either(ends):
    ours, sealing, opening = ends
    sealed = bytearray(ours.command("seal", "rtp", rtp(1, 1).hex()))
    sealed[30] ^= 1
    with pytest.raises(Error):
        opening.unprotect(bytes(sealed))
    sealed = bytearray(sealing.protect(rtp(1, 1)))
    sealed[30] ^= 1
    with pytest.raises(AssertionError, match="unauthenticated"):
        ours.command("open", "rtp", sealed.hex())
