"""DTLS: certificates, and the transport that encrypts."""

from __future__ import annotations

import datetime
import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Optional, TypeVar

from pyee.asyncio import AsyncIOEventEmitter

from . import _ironrtc
from ._names import module_names
from ._values import RTCDtlsFingerprint, RTCDtlsParameters
from .exceptions import InvalidStateError
from .rtcicetransport import RTCIceTransport

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509 import Certificate

__all__ = [
    "RTCCertificate",
    "RTCDtlsFingerprint",
    "RTCDtlsParameters",
    "RTCDtlsTransport",
]

logger = logging.getLogger(__name__)

CERTIFICATE_T = TypeVar("CERTIFICATE_T", bound="RTCCertificate")


class RTCCertificate:
    """A certificate, and its private key, with which a side proves who it is."""

    def __init__(self, key: "ec.EllipticCurvePrivateKey", cert: "Certificate") -> None:
        from cryptography.hazmat.primitives import serialization

        self._native = _ironrtc.Certificate.from_der(
            cert.public_bytes(serialization.Encoding.DER),
            key.private_bytes(
                serialization.Encoding.DER,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            ),
        )

    @property
    def expires(self) -> datetime.datetime:
        """The time from which the certificate is no longer valid."""
        return datetime.datetime.fromtimestamp(self._native.expires, datetime.timezone.utc)

    def getFingerprints(self) -> list[RTCDtlsFingerprint]:
        """The certificate's hashes: SHA-256, SHA-384 and SHA-512."""
        return [
            RTCDtlsFingerprint(algorithm=algorithm, value=value)
            for algorithm, value in self._native.fingerprints()
        ]

    @classmethod
    def generateCertificate(cls: type[CERTIFICATE_T]) -> CERTIFICATE_T:
        """Make a key on the curve P-256, and a certificate for it that is valid for 30 days."""
        return cls._of(_ironrtc.Certificate.generate())

    @classmethod
    def _of(cls: type[CERTIFICATE_T], native: _ironrtc.Certificate) -> CERTIFICATE_T:
        certificate = cls.__new__(cls)
        certificate._native = native
        return certificate


class RTCDtlsTransport(AsyncIOEventEmitter):
    """Encrypts what goes over an `RTCIceTransport`.

    Event: `statechange()`.
    """

    def __init__(self, transport: RTCIceTransport, certificates: list[RTCCertificate]) -> None:
        assert len(certificates) == 1
        super().__init__()
        self.encrypted = False
        self.__certificate = certificates[0]
        self.__state = "new"
        self.__transport = transport
        self._link = transport._link
        self._link.dtls = self

    @property
    def state(self) -> str:
        """`new`, `connecting`, `connected`, `closed` or `failed`."""
        return self.__state

    @property
    def transport(self) -> RTCIceTransport:
        """The ICE transport below."""
        return self.__transport

    def getLocalParameters(self) -> RTCDtlsParameters:
        """The fingerprints of this side."""
        return RTCDtlsParameters(fingerprints=self.__certificate.getFingerprints())

    def getRemoteCertificates(self) -> list[bytes]:
        """The certificate of the other side, in DER, once it is known."""
        certificate = self._link.remote_certificate()
        return [] if certificate is None else [certificate]

    async def start(self, remoteParameters: RTCDtlsParameters) -> None:
        """Shake hands with the side whose fingerprints are given. Returns when that is done."""
        assert self.__state == "new"
        assert remoteParameters.fingerprints
        self._set_state("connecting")
        await self._link.start_dtls(self.__certificate, remoteParameters)

    async def stop(self) -> None:
        """Say goodbye to the other side, and stop."""
        if self.__state in ("connecting", "connected"):
            await self._link.stop_dtls()
        self._close()

    def _set_state(self, state: str) -> None:
        if state != self.__state and self.__state not in ("closed", "failed"):
            logger.debug("RTCDtlsTransport() - %s -> %s", self.__state, state)
            self.__state = state
            self.encrypted = state == "connected"
            self.emit("statechange")

    def _close(self) -> None:
        self._set_state("closed")
        self.remove_all_listeners()


def _assert_usable(transport: RTCDtlsTransport) -> None:
    if transport.state == "closed":
        raise InvalidStateError


def _digest_algorithms() -> dict[str, Any]:
    from cryptography.hazmat.primitives import hashes

    return {"sha-256": hashes.SHA256(), "sha-384": hashes.SHA384(), "sha-512": hashes.SHA512()}


__getattr__, __dir__ = module_names(globals(), X509_DIGEST_ALGORITHMS=_digest_algorithms)
