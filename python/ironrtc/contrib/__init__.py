"""Helpers that are not part of WebRTC: signalling and media."""
