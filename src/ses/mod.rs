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
//! - [`pacer`]: every attempt waits for its turn there, retries too, first come,
//!   first served. [`pace`] is the arithmetic of when a request may go out,
//!   [`slices`] its part for an account that other hosts use as well, and [`host`]
//!   shares it with the other provider processes of the host.
//! - [`reader`]: collects the identities that are asked for while a turn is
//!   awaited, and asks SES for up to 100 of them at once; [`read_ahead`] says
//!   what the free places are filled with.
//! - [`advisor`]: which names are identities, for the warnings of a plan.
//! - [`retry`]: which errors to ride out, and how long to pause between.
//! - [`writer`]: sets and unsets MAIL FROM, and knows what became of it.
//! - [`claims`]: keeps a delete from undoing what a sibling resource has set.
//! - [`api`]: one call, one attempt; [`aws`], with [`connect`] and [`stamp`],
//!   makes them, and is the only place that knows the AWS crates.
//!
//! Imports nothing of ours but `mail_from`.

mod advisor;
mod api;
mod aws;
mod claims;
mod client;
mod connect;
mod deadline;
mod error;
#[cfg(test)]
pub(crate) mod fake;
mod host;
mod pace;
mod pacer;
mod read_ahead;
mod reader;
mod retry;
#[cfg(test)]
mod sharing_tests;
mod slices;
mod stamp;
mod writer;

pub use api::{MailFrom, SetMailFrom};
pub use client::Client;
pub use connect::{AccessKeys, Connection, ConnectionSettings};
pub use deadline::{Deadline, Interrupted};
pub use error::{Error, Operation};
pub use writer::{Left, Outcome, RestartError, SetError, Unset};
