//! Unhurried reads: the reads that follow Sets, gathered for one Get.
//!
//! Whoever has set MAIL FROM reads what SES says of it. As Sets go out one a second, each
//! read would cost a Get of its own, and where SES counts all operations together, that
//! doubles what an apply takes. But Terraform makes ten changes at a time, so a read can
//! wait for the others without holding any of them up. It goes out
//!
//! - when no Set is under way in this process, so that no other read can join it soon,
//! - when [`LONGEST`] has passed, or half of the time that its caller has left,
//! - or in the next Get that goes out anyway.

use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use super::batch::Caller as _;
use super::handle::Read;
use crate::ses::limit::OperationLimiter;

/// How long a read waits for others: as long as ten Sets take, of which one or two are
/// refused.
const LONGEST: Duration = Duration::from_secs(12);

pub(super) struct Unhurried {
    sets: OperationLimiter,
    reads: Vec<Read>,
    /// Until when they wait at most.
    until: Instant,
}

impl Unhurried {
    /// None yet; they wait for the Sets that go out by `sets`.
    pub(super) fn new(sets: OperationLimiter) -> Self {
        Self {
            sets,
            reads: Vec::new(),
            until: Instant::now(),
        }
    }

    /// A read comes.
    pub(super) fn push(&mut self, read: Read) {
        let until = Instant::now() + LONGEST.min(read.deadline.left() / 2);
        self.until = if self.reads.is_empty() {
            until
        } else {
            self.until.min(until)
        };
        self.reads.push(read);
    }

    /// Waits until the reads are to go out. Lasts for ever while there are none.
    pub(super) async fn due(&self) {
        if self.reads.is_empty() {
            return std::future::pending().await;
        }
        tokio::select! {
            () = self.sets.idle() => {}
            () = sleep_until(self.until) => {}
        }
    }

    /// Takes those that are still waited for.
    pub(super) fn take(&mut self) -> impl Iterator<Item = Read> + use<> {
        let reads = std::mem::take(&mut self.reads).into_iter();
        reads.filter(|read| !read.is_gone())
    }
}
