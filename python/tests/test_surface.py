"""The public surface is aiortc's; what IronRTC cannot do is said when it is used."""

import datetime
import importlib
import itertools
import pkgutil

import pytest
from surface import differences

import ironrtc
import ironrtc.aioice
import ironrtc.contrib.media


def test_the_public_surface_is_aiortcs():
    assert differences() == []


def modules_of_aiortc():
    import aiortc

    return ["aiortc"] + [
        each.name for each in pkgutil.walk_packages(aiortc.__path__, "aiortc.")
    ]


@pytest.mark.parametrize("name", modules_of_aiortc())
def test_every_name_of_aiortcs_modules_can_be_imported(name):
    theirs = importlib.import_module(name)
    ours = importlib.import_module(name.replace("aiortc", "ironrtc", 1))
    missing = [each for each in dir(theirs) if not each.startswith("__")]
    assert [each for each in missing if not hasattr(ours, each)] == []


AIOICE = {
    "": "Candidate Connection ConnectionClosed TransportPolicy candidate ice stun turn utils",
    ".candidate": "Candidate candidate_foundation candidate_priority",
    ".ice": "CONSENT_FAILURES CONSENT_INTERVAL ICE_COMPLETED ICE_FAILED Candidate CandidatePair"
    " Connection ConnectionClosed ConnectionEvent StunProtocol TransportPolicy"
    " candidate_pair_priority get_host_addresses logger mdns random_string stun turn",
    ".mdns": "MDNS_ADDRESS MDNS_PORT MDnsProtocol create_mdns_hostname is_mdns_hostname",
    ".stun": "COOKIE RETRY_MAX RETRY_RTO Class Message Method Transaction TransactionError"
    " TransactionFailed TransactionTimeout parse_message",
    ".turn": "DEFAULT_ALLOCATION_LIFETIME UDP_TRANSPORT TurnTransport create_turn_endpoint",
    ".utils": "random_string random_transaction_id",
}


@pytest.mark.parametrize("module", AIOICE)
def test_names_of_aioice_that_programs_import_exist(module):
    theirs = importlib.import_module(f"aioice{module}")
    ours = importlib.import_module(f"ironrtc.aioice{module}")
    for name in AIOICE[module].split():
        assert hasattr(theirs, name) and hasattr(ours, name), name
        if name.isupper():
            assert getattr(theirs, name) == getattr(ours, name), name


def test_what_rust_does_says_so_when_used():
    for use in (
        ironrtc.rtcsctptransport.DataChunk,
        ironrtc.aioice.Connection,
        ironrtc.rtcrtpreceiver.NackGenerator,
        ironrtc.rate.RemoteBitrateEstimator,
    ):
        with pytest.raises(NotImplementedError, match="cannot be used by itself"):
            use()


def test_placeholders_serve_in_isinstance_and_as_base_classes():
    assert not isinstance(object(), ironrtc.rtp.RtpPacket)
    assert ironrtc.rtcrtpsender.RtpPacket is ironrtc.rtp.RtpPacket

    class Encoder(ironrtc.codecs.Vp8Encoder):
        pass

    class Player(ironrtc.contrib.media.MediaPlayer):
        pass


def test_constants_that_programs_read_or_change():
    assert ironrtc.rtcsctptransport.USERDATA_MAX_LENGTH == 1160
    assert set(ironrtc.rtcdtlstransport.X509_DIGEST_ALGORITHMS) == {
        "sha-256",
        "sha-384",
        "sha-512",
    }
    assert ironrtc.codecs.vpx.MAX_BITRATE == 1500000


def test_aioices_candidates_are_read_and_written():
    from aioice import Candidate as Theirs

    from ironrtc.aioice import Candidate

    for text in (
        "6815297761 1 udp 659136 1.2.3.4 31102 typ host generation 0",
        "1 1 tcp 1518280447 ::1 9 typ srflx raddr 10.0.0.1 rport 5 tcptype active",
    ):
        assert Candidate.from_sdp(text).to_sdp() == Theirs.from_sdp(text).to_sdp() == text
    with pytest.raises(ValueError, match="SDP does not have enough properties"):
        Candidate.from_sdp("1 1 udp")


def test_serial_numbers_and_times_are_those_of_aiortc():
    from aiortc import clock as their_clock
    from aiortc import utils as theirs

    edges = [0, 1, 5, 32767, 32768, 32769, 65535, 2**31 - 1, 2**31, 2**31 + 1, 2**32 - 1]
    for a, b in itertools.product(edges, edges):
        for name in "uint32_add", "uint32_gt", "uint32_gte":
            assert getattr(ironrtc.utils, name)(a, b) == getattr(theirs, name)(a, b)
        if a < 65536 and b < 65536:
            for name in "uint16_add", "uint16_gt", "uint16_gte":
                assert getattr(ironrtc.utils, name)(a, b) == getattr(theirs, name)(a, b)
    moment = datetime.datetime(2026, 11, 26, 1, 2, 3, 456789, tzinfo=datetime.timezone.utc)
    ntp = ironrtc.clock.datetime_to_ntp(moment)
    assert ntp == their_clock.datetime_to_ntp(moment)
    assert ironrtc.clock.datetime_from_ntp(ntp) == their_clock.datetime_from_ntp(ntp)


def test_star_import_gives_the_42_names():
    names: dict[str, object] = {}
    exec("from ironrtc import *", names)
    names.pop("__builtins__")
    assert sorted(names) == sorted(ironrtc.__all__)
    assert len(ironrtc.__all__) == 42


def test_submodules_are_attributes_after_a_plain_import():
    assert ironrtc.rtcdtlstransport.RTCCertificate is ironrtc.RTCCertificate
    assert ironrtc.exceptions.InvalidStateError is ironrtc.InvalidStateError


def test_public_classes_and_functions_have_docstrings():
    for name in ironrtc.__all__:
        cls = getattr(ironrtc, name)
        assert cls.__doc__, name
        for member, value in vars(cls).items():
            if not member.startswith("_") and (callable(value) or isinstance(value, property)):
                assert value.__doc__, f"{name}.{member}"
