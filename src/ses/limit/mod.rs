//! The rate limit: when a request may go out.

mod backoff;
mod hosts;
mod limiter;
mod schedule;
mod shared;
#[cfg(test)]
mod simulation;

pub(in crate::ses) use backoff::Backoff;
pub(in crate::ses) use limiter::{Pacer, Pacing, Turn};
pub(in crate::ses) use shared::SharedLines;
