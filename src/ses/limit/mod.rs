//! Rate limit: when a request may go out.
//!
//! [`limiter`] is what callers await; [`schedule`] the arithmetic behind it, [`hosts`]
//! its part for an account that other hosts use as well; [`shared`] keeps the schedule
//! where the other processes of this host find it; [`backoff`] is how long to pause
//! after a failure. `simulation` runs all of it against others.

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

pub(in crate::ses) use backoff::Backoff;
pub(in crate::ses) use clock::Clock;
pub(in crate::ses) use limiter::{OperationLimiter, Permit, RateLimiter};
pub(in crate::ses) use shared::SharedSchedule;
pub(in crate::ses) use tickets::Ticket;
