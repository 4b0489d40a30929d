"""Names that aiortc's modules have at import and that IronRTC has no use for.

Programs import them without using them, or only for `isinstance`, so they exist. What a program
does use says in one sentence that the core does its work.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any, NoReturn

from ._name_table import TABLE, Names

_PACKAGE = __name__.rpartition(".")[0]


def _complain(name: str) -> NoReturn:
    raise NotImplementedError(f"{name} cannot be used by itself: its work is done in Rust")


def module_names(
    module: dict[str, Any], **made: Callable[[], Any]
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Return `__getattr__` and `__dir__` (PEP 562) for the module whose globals are `module`.

    A name is made when it is first asked for. `made` are more names, and how to make them.
    """
    full_name: str = module["__name__"]
    makers = _makers(full_name, TABLE[full_name.removeprefix(f"{_PACKAGE}.")]) | made

    def module_getattr(name: str) -> Any:
        if name in module:
            return module[name]
        if name not in makers:
            raise AttributeError(f"module {full_name!r} has no attribute {name!r}")
        value = module[name] = makers[name]()
        return value

    def module_dir() -> list[str]:
        return sorted({*module, *makers})

    return module_getattr, module_dir


def _makers(module: str, names: Names) -> dict[str, Callable[[], Any]]:
    makers: dict[str, Callable[[], Any]] = {}
    for word in names.modules.split():
        name, _, source = word.partition("=")
        makers[name] = _importer(module, name, source or name, "")
    for source, words in names.imports.items():
        for word in words.split():
            name, _, attribute = word.partition("=")
            makers[name] = _importer(module, name, source, attribute or name)
    for name in names.internal.split():
        makers[name] = _maker(module, name)
    for name, value in names.constants.items():
        makers[name] = _constant(value)
    return makers


def _importer(module: str, name: str, source: str, attribute: str) -> Callable[[], Any]:
    def make() -> Any:
        try:
            imported = importlib.import_module(source)
        except ImportError:
            if source.startswith(_PACKAGE):
                raise
            # A dependency of aiortc's that is none of ours.
            return _maker(module, name)()
        return getattr(imported, attribute) if attribute else imported

    return make


def _constant(value: Any) -> Callable[[], Any]:
    return lambda: value


def _maker(module: str, name: str) -> Callable[[], Any]:
    """Make a class of what begins with a capital, and a function of the rest."""
    full_name = f"{module}.{name}"

    def initialise(self: object, *_: object, **__: object) -> None:
        _complain(full_name)

    def function(*_: object, **__: object) -> None:
        _complain(full_name)

    def make() -> Any:
        if name[0].isupper():
            return type(name, (), {"__init__": initialise, "__module__": module})
        function.__module__, function.__name__, function.__qualname__ = module, name, name
        return function

    return make
