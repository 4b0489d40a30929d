"""The time, as RTCP tells it: since 1900 (RFC 5905 section 6)."""

import datetime

NTP_EPOCH = datetime.datetime(1900, 1, 1, tzinfo=datetime.timezone.utc)

_FRACTIONS = 1 << 32
"""In NTP a second has so many parts."""


def current_datetime() -> datetime.datetime:
    """The time now, in UTC."""
    return datetime.datetime.now(datetime.timezone.utc)


def current_ms() -> int:
    """Milliseconds since 1900."""
    return (current_datetime() - NTP_EPOCH) // datetime.timedelta(milliseconds=1)


def current_ntp_time() -> int:
    """The time now: 32 bits of seconds since 1900, and 32 of their fraction."""
    return datetime_to_ntp(current_datetime())


def datetime_from_ntp(ntp: int) -> datetime.datetime:
    """The time that NTP's 64 bits stand for, to the microsecond."""
    seconds, fraction = divmod(ntp, _FRACTIONS)
    return NTP_EPOCH + datetime.timedelta(
        seconds=seconds, microseconds=fraction * 1_000_000 / _FRACTIONS
    )


def datetime_to_ntp(dt: datetime.datetime) -> int:
    """The 64 bits that stand for `dt` in NTP."""
    since = dt - NTP_EPOCH
    seconds = since.days * 86_400 + since.seconds
    return seconds * _FRACTIONS + since.microseconds * _FRACTIONS // 1_000_000
