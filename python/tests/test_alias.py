"""`import aiortc` gives IronRTC, when a program asks for that, and only then."""

import os
import subprocess
import sys
import textwrap


def run(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments, "-c", textwrap.dedent(code)],
        capture_output=True,
        text=True,
        timeout=60,
    )


def passes(code: str) -> None:
    result = run(code)
    assert result.returncode == 0, result.stderr


def test_all_submodules_are_the_same_modules():
    passes(
        """
        import ironrtc
        ironrtc.install_as_aiortc(force=True)
        import aiortc, aiortc.contrib.signaling, aiortc.mediastreams, aiortc.rtcrtpsender
        from aiortc.contrib.media import MediaRelay, MediaStreamTrack
        import ironrtc.contrib.media
        assert aiortc is ironrtc
        assert aiortc.rtcrtpsender.RTCRtpSender is ironrtc.RTCRtpSender
        assert MediaRelay is ironrtc.contrib.media.MediaRelay
        assert issubclass(ironrtc.VideoStreamTrack, MediaStreamTrack)
        description = ironrtc.RTCSessionDescription("", "offer")
        assert isinstance(description, aiortc.RTCSessionDescription)
        assert ironrtc.sdp.__spec__.name == "ironrtc.sdp"
        """
    )


def test_a_module_that_does_not_exist_is_not_found():
    passes(
        """
        import ironrtc
        ironrtc.install_as_aiortc(force=True)
        try:
            import aiortc.bogus
        except ModuleNotFoundError as exc:
            assert exc.name == "aiortc.bogus"
        else:
            raise AssertionError
        """
    )


def test_what_aiortc_has_pickled_is_read():
    passes(
        """
        import ironrtc, pickle, subprocess, sys
        data = subprocess.check_output([sys.executable, "-c",
            "import aiortc, pickle, sys;"
            "pickle.dump(aiortc.RTCSessionDescription('v=0', 'offer'), sys.stdout.buffer)"])
        ironrtc.install_as_aiortc(force=True)
        assert pickle.loads(data) == ironrtc.RTCSessionDescription("v=0", "offer")
        """
    )


def test_an_installed_aiortc_is_not_shadowed():
    passes(
        """
        import ironrtc
        try:
            ironrtc.install_as_aiortc()
        except RuntimeError as exc:
            assert "aiortc is installed" in str(exc)
        else:
            raise AssertionError
        import aiortc
        assert aiortc is not ironrtc
        """
    )


def test_an_imported_aiortc_is_not_replaced():
    passes(
        """
        import aiortc, ironrtc
        try:
            ironrtc.install_as_aiortc()
        except RuntimeError as exc:
            assert "already imported" in str(exc)
        else:
            raise AssertionError
        """
    )


def test_without_aiortc_no_force_is_needed():
    passes(
        """
        import sys, importlib.machinery
        real = importlib.machinery.PathFinder.find_spec
        importlib.machinery.PathFinder.find_spec = classmethod(
            lambda cls, name, *rest: None if name == "aiortc" else real(name, *rest))
        import ironrtc
        ironrtc.install_as_aiortc()
        ironrtc.install_as_aiortc()
        import aiortc
        assert aiortc is ironrtc
        """
    )


def test_logs_go_under_the_name_that_the_program_uses():
    passes(
        """
        import ironrtc, logging
        assert ironrtc.rtcpeerconnection.logger.name == "ironrtc.rtcpeerconnection"
        ironrtc.install_as_aiortc(force=True)
        assert ironrtc.rtcpeerconnection.logger is logging.getLogger("aiortc.rtcpeerconnection")
        """
    )


def test_a_program_runs_unchanged(tmp_path):
    (tmp_path / "beside.py").write_text("NAME = 'beside'")
    program = tmp_path / "program.py"
    program.write_text(
        "import sys, aiortc, beside\n"
        "print(aiortc.RTCPeerConnection.__module__, sys.argv[1:], beside.NAME, __name__)\n"
    )
    command = [sys.executable, "-m", "ironrtc", "run", "--force", str(program), "-x", "1"]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert result.stdout == "ironrtc.rtcpeerconnection ['-x', '1'] beside __main__\n"


def test_a_program_that_is_not_there_gets_a_sentence():
    command = [sys.executable, "-m", "ironrtc", "run", "missing.py"]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert result.returncode == 2
    assert result.stderr.startswith("python -m ironrtc: there is no file 'missing.py'")
    assert result.stderr.count("\n") == 1


def test_a_program_is_not_run_in_an_installed_aiortcs_place(tmp_path):
    program = tmp_path / "program.py"
    program.write_text("print('ran')")
    command = [sys.executable, "-m", "ironrtc", "run", str(program)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert (result.returncode, result.stdout) == (2, "")
    assert "--force" in result.stderr


CHILDREN = """
import multiprocessing, subprocess, sys
import aiortc

def name(_=None):
    import aiortc
    return aiortc.RTCPeerConnection.__module__

if __name__ == "__main__":
    print(name())
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        print(pool.map(name, [0]))
    child = "import aiortc; print(aiortc.RTCPeerConnection.__module__)"
    print(subprocess.check_output([sys.executable, "-c", child], text=True), end="")
"""


def test_children_of_a_program_take_part(tmp_path):
    program = tmp_path / "program.py"
    program.write_text(CHILDREN)
    command = [sys.executable, "-m", "ironrtc", "run", "--force", str(program)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60)
    name = "ironrtc.rtcpeerconnection"
    assert result.stdout == f"{name}\n['{name}']\n{name}\n", result.stderr
    # And nothing happens without being asked for.
    plain = subprocess.run([sys.executable, str(program)], capture_output=True, text=True)
    assert plain.stdout == result.stdout.replace("ironrtc", "aiortc")


def test_the_variable_can_say_no():
    program = "import aiortc; print(aiortc.RTCPeerConnection.__module__)"

    def imported(value):
        environment = os.environ | {"IRONRTC_AS_AIORTC": value}
        command = [sys.executable, "-c", program]
        return subprocess.check_output(command, env=environment, text=True).strip()

    assert imported("1") == "ironrtc.rtcpeerconnection"
    assert {imported(value) for value in ("0", "", "off")} == {"aiortc.rtcpeerconnection"}


def without(*packages):
    return f"""
        import sys, importlib.machinery
        real = importlib.machinery.PathFinder.find_spec
        importlib.machinery.PathFinder.find_spec = classmethod(
            lambda cls, name, *rest: None if name in {packages} else real(name, *rest))
        import ironrtc
        ironrtc.install_as_aiortc()
        """


def test_where_aioice_is_not_installed_its_names_are_there():
    passes(
        without("aiortc", "aioice")
        + """
        import aioice, aioice.stun
        from aioice import Candidate
        from aioice.ice import CandidatePair, get_host_addresses
        from aioice.utils import random_string
        assert aioice is ironrtc.aioice
        assert aiortc_candidate is Candidate
        assert len(random_string(22)) == 22
        assert "127.0.0.1" not in get_host_addresses(use_ipv4=True, use_ipv6=False)
        """.replace(
            "assert aiortc_candidate",
            "from aiortc.rtcicetransport import Candidate as other\n        assert other",
        )
    )


def test_an_installed_aioice_stays():
    passes(
        without("aiortc")
        + """
        import aioice
        assert not aioice.__file__.startswith(ironrtc.__path__[0])
        """
    )
