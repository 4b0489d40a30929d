"""Certificates: made here, or brought by the program."""

import datetime

import pytest

import ironrtc


def test_a_generated_certificate_is_valid_for_thirty_days():
    certificate = ironrtc.RTCCertificate.generateCertificate()
    left = certificate.expires - datetime.datetime.now(datetime.timezone.utc)
    assert datetime.timedelta(days=29) < left <= datetime.timedelta(days=30)


def test_fingerprints_are_of_three_algorithms():
    fingerprints = ironrtc.RTCCertificate.generateCertificate().getFingerprints()
    assert [each.algorithm for each in fingerprints] == ["sha-256", "sha-384", "sha-512"]
    assert [len(each.value) for each in fingerprints] == [95, 143, 191]


def test_two_certificates_differ():
    one, two = (ironrtc.RTCCertificate.generateCertificate() for _ in range(2))
    assert one.getFingerprints() != two.getFingerprints()


def test_a_certificate_of_the_program_keeps_its_fingerprints():
    aiortc = pytest.importorskip("aiortc")
    theirs = aiortc.RTCCertificate.generateCertificate()
    ours = ironrtc.RTCCertificate(theirs._key, theirs._cert)
    assert [each.value for each in ours.getFingerprints()] == [
        each.value for each in theirs.getFingerprints()
    ]
    assert ours.expires == theirs.expires


def test_a_key_of_another_certificate_is_refused():
    aiortc = pytest.importorskip("aiortc")
    one, two = (aiortc.RTCCertificate.generateCertificate() for _ in range(2))
    with pytest.raises(ValueError, match="does not belong"):
        ironrtc.RTCCertificate(one._key, two._cert)
