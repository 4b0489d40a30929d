//! Whole connections over a simulated network, one module per capability.

mod connect;
