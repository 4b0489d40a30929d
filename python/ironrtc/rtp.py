"""RTP and RTCP packets: names only, until there are audio and video."""

from ._names import module_names

__getattr__, __dir__ = module_names(globals())
