//! The peer connection: JSEP on top of transports.
