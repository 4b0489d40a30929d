"""The profiles and levels of H.264."""

import enum
import re


class H264Profile(enum.Enum):
    """The profiles of H.264 that can be negotiated."""

    PROFILE_CONSTRAINED_BASELINE = 0
    PROFILE_BASELINE = 1
    PROFILE_MAIN = 2
    PROFILE_CONSTRAINED_HIGH = 3
    PROFILE_HIGH = 4
    PROFILE_PREDICTIVE_HIGH_444 = 5


class H264Level(enum.IntEnum):
    """The levels of H.264: `level_idc`, but for level 1b, which has none of its own."""

    LEVEL1_B = -1
    LEVEL1 = 10
    LEVEL1_1 = 11
    LEVEL1_2 = 12
    LEVEL1_3 = 13
    LEVEL2 = 20
    LEVEL2_1 = 21
    LEVEL2_2 = 22
    LEVEL3 = 30
    LEVEL3_1 = 31
    LEVEL3_2 = 32
    LEVEL4 = 40
    LEVEL4_1 = 41
    LEVEL4_2 = 42
    LEVEL5 = 50
    LEVEL5_1 = 51
    LEVEL5_2 = 52


class BitPattern:
    """A pattern for the bits of a byte, such as `x1xx0000`, in which `x` matches either bit."""

    def __init__(self, v: str) -> None:
        self._mask = ~int("".join("1" if bit == "x" else "0" for bit in v[:8]), 2)
        self._masked_value = int("".join("1" if bit == "1" else "0" for bit in v[:8]), 2)

    def matches(self, v: int) -> bool:
        """Whether the byte `v` fits the pattern."""
        return v & self._mask == self._masked_value


# RFC 6184 section 8.1, table 5: profile_idc and the bits of profile-iop make the profile.
H264_PROFILE_PATTERNS = [
    (66, BitPattern("x1xx0000"), H264Profile.PROFILE_CONSTRAINED_BASELINE),
    (77, BitPattern("1xxx0000"), H264Profile.PROFILE_CONSTRAINED_BASELINE),
    (88, BitPattern("11xx0000"), H264Profile.PROFILE_CONSTRAINED_BASELINE),
    (66, BitPattern("x0xx0000"), H264Profile.PROFILE_BASELINE),
    (88, BitPattern("10xx0000"), H264Profile.PROFILE_BASELINE),
    (77, BitPattern("0x0x0000"), H264Profile.PROFILE_MAIN),
    (100, BitPattern("00000000"), H264Profile.PROFILE_HIGH),
    (100, BitPattern("00001100"), H264Profile.PROFILE_CONSTRAINED_HIGH),
    (244, BitPattern("00000000"), H264Profile.PROFILE_PREDICTIVE_HIGH_444),
]

# RFC 6184 section 8.1: with these profiles, level_idc 11 and constraint_set3_flag mean level
# 1b.
_LEVEL_1B_PROFILES = (
    H264Profile.PROFILE_CONSTRAINED_BASELINE,
    H264Profile.PROFILE_BASELINE,
    H264Profile.PROFILE_MAIN,
)
_CONSTRAINT_SET3 = 0x10


def parse_h264_profile_level_id(profile_str: str) -> tuple[H264Profile, H264Level]:
    """Take apart the `profile-level-id` of H.264."""
    if not isinstance(profile_str, str) or not re.match(
        "[0-9a-f]{6}", profile_str, re.IGNORECASE
    ):
        raise ValueError("Expected a 6 character hexadecimal string")
    # A longer string is read as one number, so that its last byte is the level.
    packed = int(profile_str, 16)
    profile_idc, profile_iop, level_idc = packed >> 16, packed >> 8 & 0xFF, packed & 0xFF

    for idc, pattern, profile in H264_PROFILE_PATTERNS:
        if profile_idc == idc and pattern.matches(profile_iop):
            break
    else:
        raise ValueError(
            f"Unrecognized profile_iop = {profile_iop}, profile_idc = {profile_idc}"
        )

    is_1b = level_idc == H264Level.LEVEL1_1 and profile_iop & _CONSTRAINT_SET3 != 0
    if is_1b and profile in _LEVEL_1B_PROFILES:
        return profile, H264Level.LEVEL1_B
    return profile, H264Level(level_idc)
