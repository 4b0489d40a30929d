"""The parameters of codecs: `a=fmtp`."""

from ..rtcrtpparameters import ParametersDict

FMTP_INT_PARAMETERS = [
    "apt",
    "max-fr",
    "max-fs",
    "maxplaybackrate",
    "minptime",
    "stereo",
    "useinbandfec",
]


def parameters_from_sdp(sdp: str) -> ParametersDict:
    """Read the parameters of an `a=fmtp` line."""
    parameters: ParametersDict = {}
    for parameter in sdp.split(";"):
        name, equals, value = parameter.partition("=")
        if not equals:
            parameters[name] = None
        else:
            parameters[name] = int(value) if name in FMTP_INT_PARAMETERS else value
    return parameters


def parameters_to_sdp(parameters: ParametersDict) -> str:
    """Write the parameters of an `a=fmtp` line."""
    return ";".join(
        name if value is None else f"{name}={value}" for name, value in parameters.items()
    )
