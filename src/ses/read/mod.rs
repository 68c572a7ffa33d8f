//! Reads: what SES holds, for many who ask, in few Gets.
//!
//! [`handle`] is what callers ask, [`task`] sends the Gets and answers. Both readers
//! gather their callers by [`batch`]; the other one is [`identities`]. [`memory`] keeps the
//! answers for refreshes, [`ahead`] fills the free places of a Get from the [`list`],
//! [`unhurried`] lets the reads that follow Sets wait for each other. [`sends`] tells
//! whether what SES shows is older than what was sent; what is, is asked for again by
//! [`settled`]. A [`fleet`] is all that SES lists.

mod ahead;
mod batch;
mod fleet;
mod handle;
mod identities;
mod list;
mod memory;
mod sends;
mod settled;
mod task;
#[cfg(test)]
mod tests;
mod unhurried;

pub(in crate::ses) use fleet::FleetReader;
pub use fleet::{Fleet, Listed};
pub(in crate::ses) use handle::{Freshness, Reader};
pub(in crate::ses) use identities::IdentityReader;
pub(in crate::ses) use sends::{SHOWN_WITHIN, Sends};
pub use sends::{Sent, Setting};
pub(in crate::ses) use settled::settled;
