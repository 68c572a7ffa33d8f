//! The real `terraform` on PATH drives the provider, by real HTTP and real DNS
//! against the simulator. Needs nothing but loopback.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod harness;
mod lifecycle;
