//! The DNS check: what a MAIL FROM domain's records are, without ever holding
//! up SES or failing.
//!
//! Questions go down this stack, each layer a file: `resolver` and `check`
//! (verdicts), `cache` (one question for all who ask it), `gate` (bounded concurrency, and
//! no waiting for servers that are silent), `name_servers` (the only place of
//! hickory).

mod cache;
mod check;
mod gate;
mod lookup;
mod name_servers;
mod resolver;
#[cfg(test)]
mod scripted_server;

pub use lookup::LookupError;
pub use resolver::{Resolver, Settings};
