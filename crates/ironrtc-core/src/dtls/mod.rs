//! DTLS (RFC 6347, RFC 9147) and certificates.
