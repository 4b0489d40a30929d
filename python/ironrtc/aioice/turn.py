"""TURN: constants and names. Its work is done in IronRTC's core, or not yet."""

from .._names import module_names

__getattr__, __dir__ = module_names(globals())
