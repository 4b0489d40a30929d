//! Offer and answer (RFC 9429).
