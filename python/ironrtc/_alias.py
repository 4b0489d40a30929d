"""`import aiortc`, answered by IronRTC."""

import importlib
import importlib.abc
import importlib.util
import logging
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Optional

_ALIAS = "aiortc"
_PACKAGE = __name__.rpartition(".")[0]
# aioice is a package of its own, of use without aiortc: only its absence is filled.
_ICE_ALIAS, _ICE_PACKAGE = "aioice", f"{_PACKAGE}.aioice"

ENVIRONMENT = "IRONRTC_AS_AIORTC"
"""Set in the environment of child processes, which `ironrtc-alias.pth` looks at."""


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds `aiortc.x` as the very module `ironrtc.x`: there is one class of each name."""

    def __init__(self, packages: dict[str, str]) -> None:
        self._packages = packages
        self._specs: dict[str, Optional[ModuleSpec]] = {}

    def find_spec(
        self,
        fullname: str,
        path: Optional[Sequence[str]] = None,
        target: Optional[ModuleType] = None,
    ) -> Optional[ModuleSpec]:
        real = self._real_name(fullname)
        if real is None or importlib.util.find_spec(real) is None:
            return None
        return importlib.util.spec_from_loader(fullname, self)

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        real = self._real_name(spec.name)
        assert real is not None
        module = importlib.import_module(real)
        self._specs[spec.name] = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        # The import system has just written the alias's spec into the real module.
        alias = module.__spec__
        assert alias is not None
        module.__spec__ = self._specs.pop(alias.name)
        _use_alias_logger(module)

    def _real_name(self, name: str) -> Optional[str]:
        top, dot, rest = name.partition(".")
        package = self._packages.get(top)
        return None if package is None else package + dot + rest


def install_as_aiortc(*, force: bool = False) -> None:
    """Let `import aiortc` import IronRTC, from now on and in this process.

    All submodules are covered; the classes are the same under both names. If aiortc itself is
    installed or imported, this raises `RuntimeError`, unless `force` says that IronRTC is
    wanted in its place. The alias does not reach child processes; `python -m ironrtc run` does.
    """
    if any(isinstance(finder, _Finder) for finder in sys.meta_path):
        return
    if not force:
        if any(_is_alias(name) for name in sys.modules):
            raise RuntimeError(
                "aiortc is already imported; call install_as_aiortc() before that,"
                " or with force=True to replace it"
            )
        if importlib.util.find_spec(_ALIAS) is not None:
            raise RuntimeError(
                "aiortc is installed; uninstall it,"
                " or call install_as_aiortc(force=True) to use IronRTC in its place"
            )
    for name in [name for name in sys.modules if _is_alias(name)]:
        del sys.modules[name]
    packages = {_ALIAS: _PACKAGE}
    if importlib.util.find_spec(_ICE_ALIAS) is None:
        packages[_ICE_ALIAS] = _ICE_PACKAGE
    sys.meta_path.insert(0, _Finder(packages))
    importlib.import_module(_ALIAS)
    # What is loaded already must not be loaded a second time under its other name.
    for alias, package in packages.items():
        for name in [name for name in sys.modules if name.startswith(f"{package}.")]:
            importlib.import_module(alias + name.removeprefix(package))


def install_in_child() -> None:
    """Do what the parent's `python -m ironrtc run` did, as this process starts."""
    install_as_aiortc(force=True)


def _is_alias(name: str) -> bool:
    return name == _ALIAS or name.startswith(f"{_ALIAS}.")


def _use_alias_logger(module: ModuleType) -> None:
    """Log under aiortc's names: programs set the levels of those."""
    logger = getattr(module, "logger", None)
    if isinstance(logger, logging.Logger) and logger.name.startswith(_PACKAGE):
        module.logger = logging.getLogger(  # type: ignore[attr-defined]
            _ALIAS + logger.name.removeprefix(_PACKAGE)
        )
    if module.__name__ == _PACKAGE:
        logging.getLogger(_ALIAS).addHandler(logging.NullHandler())
