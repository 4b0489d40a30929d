"""`python -m ironrtc run program.py`: run a program written for aiortc on IronRTC."""

import argparse
import os
import runpy
import sys
from collections.abc import Sequence
from typing import Optional

from . import __version__, install_as_aiortc
from ._alias import ENVIRONMENT


def main(arguments: Optional[Sequence[str]] = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m ironrtc", description=__doc__)
    parser.add_argument("--version", action="version", version=f"ironrtc {__version__}")
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run", help="run a program in which `import aiortc` is IronRTC")
    run.add_argument(
        "--force", action="store_true", help="use IronRTC even though aiortc is installed"
    )
    run.add_argument(
        "-m", dest="module", action="store_true", help="PROGRAM is a module's name"
    )
    run.add_argument("program", help="the program: a file, or with -m a module")
    run.add_argument("arguments", nargs=argparse.REMAINDER, help="the program's own arguments")
    options = parser.parse_args(arguments)
    if not options.module and not os.path.exists(options.program):
        text = f"there is no file {options.program!r}; -m runs a module by its name"
        parser.exit(2, f"python -m ironrtc: {text}\n")

    try:
        install_as_aiortc(force=options.force)
    except RuntimeError as exc:
        # The words of the library, with the command line's way out.
        text = str(exc).replace("install_as_aiortc(force=True)", "again with --force")
        parser.exit(2, f"python -m ironrtc: {text.replace('call again', 'run again')}\n")
    # Processes that the program starts take part: workers, reloaders, multiprocessing.
    os.environ[ENVIRONMENT] = "1"
    sys.argv = [options.program, *options.arguments]
    if options.module:
        sys.path.insert(0, os.getcwd())
        runpy.run_module(options.program, run_name="__main__", alter_sys=True)
    else:
        # As with `python program.py`, the program finds the modules beside it.
        sys.path.insert(0, os.path.dirname(os.path.abspath(options.program)))
        runpy.run_path(options.program, run_name="__main__")


if __name__ == "__main__":
    main()
