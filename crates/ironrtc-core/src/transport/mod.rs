//! One BUNDLE group: ICE, DTLS and SCTP wired together.
