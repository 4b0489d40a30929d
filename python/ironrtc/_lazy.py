"""Names that a module offers but imports on first use (PEP 562)."""

import importlib
from collections.abc import Callable
from typing import Any


def lazy_names(
    module: dict[str, Any], **sources: tuple[str, str]
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Return `__getattr__` and `__dir__` for a module whose globals are `module`.

    Each keyword is a name and where it comes from; an empty attribute stands for the module
    itself. A name is imported when it is first asked for, and kept.
    """

    def module_getattr(name: str) -> Any:
        if name in module:
            return module[name]
        if name not in sources:
            raise AttributeError(f"module {module['__name__']!r} has no attribute {name!r}")
        origin, attribute = sources[name]
        value = importlib.import_module(origin)
        module[name] = getattr(value, attribute) if attribute else value
        return module[name]

    def module_dir() -> list[str]:
        return sorted({*module, *sources})

    return module_getattr, module_dir
