//! The DNS check: what a MAIL FROM domain's records are, without ever holding
//! up SES or failing.
//!
//! Questions go down this stack, each layer a file: `resolver` and `check`
//! (verdicts), `second_opinion` (whose word counts), `cache` (one question for all
//! who ask it), `gate` (bounded concurrency), `name_servers` (which of them is asked,
//! and when the next) or `own_servers` (those of the zone itself, for a second
//! opinion), `server` (its `pace`, and by its `health` no waiting for one that is
//! silent), `exchange` (UDP and TCP), `message`, `sections`, `name` and `reading` (octets, and
//! what they say).

mod cache;
mod check;
mod exchange;
mod failures;
mod gate;
mod health;
mod lookup;
mod message;
mod name;
mod name_servers;
mod own_servers;
mod pace;
mod reading;
mod resolver;
#[cfg(test)]
mod scripted_server;
mod second_opinion;
mod sections;
mod server;
mod system;

pub use lookup::LookupError;
pub use resolver::{Resolver, Settings};
