//! Rate limit: when a request may go out.
//!
//! [`limiter`] is what callers await, [`tickets`] the order among them; [`schedule`] is
//! the arithmetic behind it: a [`queue`] of reservations for each operation or for the
//! account, whichever SES seems to count ([`scope`]), in turns with other hosts
//! ([`hosts`]), wider where requests arrive late ([`latency`]). [`shared`] keeps the
//! schedule where the other processes of this host find it; [`backoff`] is how long to
//! pause after a failure. `simulation` runs all of it against others.

mod backoff;
mod clock;
mod hosts;
mod latency;
mod limiter;
mod queue;
mod schedule;
mod scope;
mod shared;
#[cfg(test)]
mod simulation;
mod tickets;

use std::sync::{Mutex, MutexGuard, PoisonError};

pub(in crate::ses) use backoff::Backoff;
pub(in crate::ses) use clock::{Clock, UnixTime};
pub(in crate::ses) use limiter::{OperationLimiter, Permit, RateLimiter};
pub(in crate::ses) use shared::SharedSchedule;
pub(in crate::ses) use tickets::Ticket;

/// The state behind the locks of this room is valid after every statement, so a panic
/// elsewhere while one was held has broken nothing.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
