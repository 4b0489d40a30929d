"""The public surface is aiortc's, but for what a list names."""

from surface import HERE, differences

import ironrtc


def test_only_the_listed_names_differ_from_aiortc():
    lines = (HERE / "surface_missing.txt").read_text().splitlines()
    assert differences() == [line for line in lines if not line.startswith("#")]


def test_what_is_missing_is_media():
    media = (
        "codecs",
        "contrib.media",
        "rtcrtp",
        "rtp",
        "clock",
        "jitterbuffer",
        "rate",
        "utils",
    )
    for line in differences():
        name = line.removeprefix("aiortc.").removeprefix("sdp.")
        assert name.startswith(media), line


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
