//! Amazon SES: the calls this provider makes, paced, batched and retried.
//!
//! SES allows each of its identity operations once a second, and Terraform
//! asks ten things at a time. So nothing here is sent when it is asked for:
//!
//! ```text
//! set, unset ── wait for the turn ──┐
//!                                   ├── pacer, one per region and operation ── one attempt
//! get ── reader: batches of 100 ────┘
//! ```
//!
//! Four rooms, each importing only what is left of it: `aws` → `limit` → `read` →
//! `write`. What all of them speak of stands beside them: [`api`] (one call, one
//! attempt), [`error`], [`deadline`]; [`client`] puts the rooms together.
//!
//! Imports nothing of ours but `mail_from` and `machine`.

mod api;
mod aws;
mod client;
mod deadline;
mod error;
#[cfg(test)]
pub(crate) mod fake;
mod limit;
mod read;
mod write;

pub use api::{MailFrom, SetMailFrom};
pub use aws::{AccessKeys, Connection, ConnectionSettings};
pub use client::Client;
pub use deadline::{Deadline, Interrupted};
pub use error::{Error, Operation};
pub use write::{Left, Outcome, RestartError, SetError, Unset};
