"""Compares IronRTC's public surface with aiortc 1.16's, as `aiortc_api.txt` describes it.

Run it to see the differences: `python tests/surface.py`.
"""

from __future__ import annotations

import ast
import dataclasses
import importlib
import inspect
import re
from collections.abc import Hashable, Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
_MISSING = object()


def resolve(path: str) -> Any:
    """The object that `aiortc.x.y` names, taken from ironrtc."""
    parts = path.replace("aiortc", "ironrtc", 1).split(".")
    for cut in range(len(parts), 0, -1):
        try:
            value: Any = importlib.import_module(".".join(parts[:cut]))
        except ImportError:
            continue
        for name in parts[cut:]:
            value = getattr(value, name, _MISSING)
            if value is _MISSING:
                return _MISSING
        return value
    return _MISSING


def arguments(signature: str) -> list[tuple[str, str]]:
    """Names and defaults of a signature, without its annotations."""
    # Reprs of objects, as in "=<X.ALL: 'all'>", are no Python.
    text = re.sub(r"<([\w.]+): [^>]*>", r"\1", signature)
    text = re.sub(r"<class '([\w.]+)'>", r"\1", text).replace("~", "")
    tree = ast.parse(f"def f{text}: pass").body[0]
    assert isinstance(tree, ast.FunctionDef)
    spec = tree.args
    names = [*spec.posonlyargs, *spec.args]
    defaults = [None] * (len(names) - len(spec.defaults)) + list(spec.defaults)
    found = [
        (name.arg, "" if default is None else ast.unparse(default))
        for name, default in zip(names, defaults, strict=True)
    ]
    if spec.vararg:
        found.append((f"*{spec.vararg.arg}", ""))
    found += [(f"{arg.arg}=", "") for arg in spec.kwonlyargs]
    if spec.kwarg:
        found.append((f"**{spec.kwarg.arg}", ""))
    return found


def same_arguments(theirs: str, value: Any) -> bool:
    try:
        ours = str(inspect.signature(value))
    except (TypeError, ValueError):
        return False
    expected, got = arguments(theirs), arguments(ours)
    # More keyword arguments, or more positional ones behind aiortc's, break no caller.
    extra = got[len(expected) :]
    return got[: len(expected)] == expected and all(
        name.startswith("*") or name.endswith("=") or default for name, default in extra
    )


def check_class(path: str, head: str, body: list[str]) -> Iterator[str]:
    cls = resolve(path)
    if cls is _MISSING:
        yield f"{path}: missing"
        return
    facts = dict(re.findall(r"(bases|dataclass|eq|hashable|abstract)=(\[[^\]]*\]|\w+)", head))
    if str([base.__name__ for base in cls.__bases__]) != facts["bases"]:
        # `dict[str, RTCStats]` and the like are the same base, spelt out.
        yield f"{path}: bases {[base.__name__ for base in cls.__bases__]}"
    if dataclasses.is_dataclass(cls) != (facts["dataclass"] == "True"):
        yield f"{path}: dataclass"
    if issubclass(cls, Hashable) != (facts["hashable"] == "True"):
        yield f"{path}: hashable"
    if str(sorted(getattr(cls, "__abstractmethods__", ()))) != facts["abstract"]:
        yield f"{path}: abstract"
    for line in body:
        yield from check_member(path, cls, line.strip())


def check_member(path: str, cls: Any, line: str) -> Iterator[str]:
    if line.startswith("fields: "):
        expected = [each.group(1) for each in re.finditer(r"(?:^|, )(\w+): ", line[8:])]
        got = [field.name for field in dataclasses.fields(cls)]
        if got[: len(expected)] != expected:
            yield f"{path}: fields {got}"
        extra = dataclasses.fields(cls)[len(expected) :]
        if any(field.default is dataclasses.MISSING for field in extra):
            yield f"{path}: more fields without a default"
    elif line.startswith("members: "):
        if [(each.name, each.value) for each in cls] != ast.literal_eval(line[9:]):
            yield f"{path}: members"
    elif found := re.match(r"property (\w+)( \(settable\))? -> ", line):
        value = inspect.getattr_static(cls, found.group(1), _MISSING)
        if not isinstance(value, property):
            yield f"{path}.{found.group(1)}: missing"
        elif bool(value.fset) != bool(found.group(2)):
            yield f"{path}.{found.group(1)}: settable"
    elif found := re.match(r"attr (\w+) = (.*)", line):
        if repr(getattr(cls, found.group(1), _MISSING)) != found.group(2):
            yield f"{path}.{found.group(1)}: value"
    elif found := re.match(r"class (\w+)", line):
        if not inspect.isclass(getattr(cls, found.group(1), None)):
            yield f"{path}.{found.group(1)}: missing"
    elif found := re.match(r"(async def |def |classmethod )(\w+)(\(.*)", line):
        yield from check_method(path, cls, *found.groups())
    elif found := re.match(r"__init__ (\(.*)", line):
        if "*args, **kwargs" not in line and not same_arguments(found.group(1), cls.__init__):
            yield f"{path}.__init__: signature {inspect.signature(cls.__init__)}"


def check_method(path: str, cls: Any, kind: str, name: str, signature: str) -> Iterator[str]:
    value = inspect.getattr_static(cls, name, _MISSING)
    if value is _MISSING:
        yield f"{path}.{name}: missing"
        return
    if isinstance(value, classmethod) != (kind == "classmethod "):
        yield f"{path}.{name}: classmethod"
    function = getattr(value, "__func__", value)
    if inspect.iscoroutinefunction(function) != (kind == "async def "):
        yield f"{path}.{name}: async"
    if kind == "classmethod ":
        # The class is passed by Python, whatever the parameter is called.
        signature, function = re.sub(r"^\(\w+[^,)]*(, )?", "(", signature), getattr(cls, name)
    if not same_arguments(signature, function):
        yield f"{path}.{name}: signature {inspect.signature(function)}"


def check_const(path: str, expected: str) -> Iterator[str]:
    value = resolve(path)
    text = re.sub(r" at 0x[0-9a-f]+", "", repr(value)).replace("ironrtc", "aiortc")
    expected = re.sub(r" at 0x[0-9a-f]+", "", expected)
    # The reference cuts long values.
    if value is _MISSING:
        yield f"{path}: missing"
    elif not text.startswith(expected):
        yield f"{path}: value {text}"


def differences() -> list[str]:
    """Everything of aiortc that IronRTC lacks or has in another form."""
    found: list[str] = []
    lines = (HERE / "aiortc_api.txt").read_text().splitlines()
    module = ""
    index = 0
    while index < len(lines):
        line = lines[index]
        index += 1
        if heading := re.match(r"## (\S+)", line):
            module = heading.group(1)
        elif names := re.match(r"  (?:own|re-exported/visible): (.*)", line):
            for name in ast.literal_eval(names.group(1)):
                if not name.startswith("_") and resolve(f"{module}.{name}") is _MISSING:
                    found.append(f"{module}.{name}: missing")
        elif head := re.match(r"### class (\S+)", line):
            body = []
            while index < len(lines) and lines[index].startswith("   "):
                body.append(lines[index])
                index += 1
            found += check_class(head.group(1), line, body)
        elif function := re.match(r"func ([\w.]+)(\(.*)", line):
            value = resolve(function.group(1))
            if value is _MISSING:
                found.append(f"{function.group(1)}: missing")
            elif not same_arguments(function.group(2), value):
                found.append(f"{function.group(1)}: signature {inspect.signature(value)}")
        elif const := re.match(r"const (\S+) = (.*)", line):
            found += check_const(const.group(1), const.group(2))
    return sorted(set(found))


if __name__ == "__main__":
    print("\n".join(differences()))
