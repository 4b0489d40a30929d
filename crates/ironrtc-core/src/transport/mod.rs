//! One BUNDLE group: ICE, DTLS and SCTP wired together.

mod plan;

pub use plan::{DtlsPlan, Plan, RemoteIce, SctpPlan, TransportPlan};
