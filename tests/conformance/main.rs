//! The real `terraform` drives the provider against moto, a simulation of AWS
//! that is not our own, so that the provider and our simulator do not agree on
//! an error. DNS is our simulator's: moto has none. BIND stands before it where it
//! matters what a resolver remembers, and pyspf, an evaluation of SPF that is not our
//! own, judges the records that the provider has judged.
//!
//! The tests are ignored unless asked for, since they need `moto_server` and pyspf,
//! which `make conformance` installs; then they fail without. Those with BIND are
//! skipped, in a loud voice, where there is none.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod bind;
mod destroy;
mod drift;
#[path = "../acceptance/harness/mod.rs"]
#[allow(dead_code, unused_imports, reason = "other tests use the rest of it")]
mod harness;
mod import;
mod lifecycle;
mod moto;
mod spf;
mod world;
