//! Batches: many callers, each with a name to ask SES about, gathered into one Get.
//!
//! Callers come ten at a time, SES answers about a hundred names at a time, once a
//! second. So callers stand in a [`Queue`] while it awaits the permit for its next Get,
//! and a little longer for those who come right behind, and then go out together:
//!
//! - A Get holds at most [`MOST`] names, each once.
//! - A caller that stops waiting is forgotten; nobody waits for it, or because of it.
//! - A caller of a Get that is to be split comes back with the [largest](Caller::largest)
//!   Get that it may go out in.

use std::collections::{HashSet, VecDeque};
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::time::{Instant, sleep_until};

use crate::ses::limit::{OperationLimiter, Permit};

/// The most names that SES takes in one Get.
pub(super) const MOST: usize = 100;

/// Somebody who waits for what SES answers about one name.
pub(super) trait Caller: Send {
    /// The name that SES is asked about.
    fn name(&self) -> &str;

    /// The most names that a Get for this caller may hold.
    fn largest(&self) -> usize {
        MOST
    }

    /// Whether it has stopped waiting.
    fn is_gone(&self) -> bool;

    /// Completes when it stops waiting.
    fn gone(&mut self) -> impl Future<Output = ()> + Send;

    /// It is the oldest of its queue, or its first Get goes out: what it waits for from
    /// now on is SES. Told more than once.
    fn begin(&self) {}
}

/// How long callers are gathered, even if the permit is there.
#[derive(Clone, Copy, Debug)]
pub(super) struct Gathering {
    /// Since the last one came.
    pub(super) since_last: Duration,
    /// Since the first one came, at most.
    pub(super) since_first: Duration,
}

/// Callers in the order in which they came, and the permit for their next Get.
pub(super) struct Queue<C> {
    limiter: OperationLimiter,
    gathering: Gathering,
    callers: VecDeque<C>,
    first_came: Instant,
    last_came: Instant,
    /// The permit for the next Get: awaited, and then there.
    awaited: Option<BoxFuture<'static, Permit>>,
    permit: Option<Permit>,
}

/// Who goes out in one Get.
#[derive(Debug)]
pub(super) struct Batch<C> {
    pub(super) callers: Vec<C>,
    /// What the callers ask about: at most [`MOST`], each once.
    pub(super) names: Vec<String>,
    /// How many names more the Get may hold.
    pub(super) room: usize,
}

impl<C: Caller> Queue<C> {
    /// An empty queue, whose Gets go out by `limiter`.
    pub(super) fn new(limiter: OperationLimiter, gathering: Gathering) -> Self {
        let now = Instant::now();
        Self {
            limiter,
            gathering,
            callers: VecDeque::new(),
            first_came: now,
            last_came: now,
            awaited: None,
            permit: None,
        }
    }

    /// A caller comes.
    pub(super) fn push(&mut self, caller: C) {
        self.last_came = Instant::now();
        if self.callers.is_empty() {
            self.first_came = self.last_came;
        }
        self.callers.push_back(caller);
    }

    /// Callers come back from a Get that has failed: they keep their places.
    pub(super) fn push_again(&mut self, callers: Vec<C>) {
        for caller in callers.into_iter().rev() {
            self.callers.push_front(caller);
        }
    }

    /// Waits until a Get may go out, and all who come together have come; not before
    /// `earliest`. Lasts for ever while nobody waits. Cancelled, it loses nothing.
    pub(super) async fn permit(&mut self, earliest: Option<Instant>) -> Permit {
        loop {
            while self.callers.front().is_some_and(Caller::is_gone) {
                self.callers.pop_front();
            }
            let gathered = self.gathered();
            let Some(oldest) = self.callers.front_mut() else {
                // Others may have the permit.
                (self.awaited, self.permit) = (None, None);
                return std::future::pending().await;
            };
            oldest.begin();
            if self.permit.is_some() {
                sleep_until(earliest.map_or(gathered, |earliest| earliest.max(gathered))).await;
                if let Some(permit) = self.permit.take() {
                    return permit;
                }
            }
            let limiter = &self.limiter;
            let awaited = self.awaited.get_or_insert_with(|| {
                let limiter = limiter.clone();
                Box::pin(async move { limiter.permit().await })
            });
            let permit = tokio::select! {
                permit = awaited => permit,
                // The next one is the oldest now, if there is one.
                () = oldest.gone() => continue,
            };
            (self.awaited, self.permit) = (None, Some(permit));
        }
    }

    /// When all who come together have come.
    fn gathered(&self) -> Instant {
        let since_last = self.last_came + self.gathering.since_last;
        since_last.min(self.first_came + self.gathering.since_first)
    }

    /// Takes from the front what fits into one Get: no more names than each caller
    /// allows. Whoever asks about a name that is in it already comes along.
    pub(super) fn take_batch(&mut self) -> Batch<C> {
        let mut largest = MOST;
        let mut asked = HashSet::new();
        let mut batch = Batch {
            callers: Vec::new(),
            names: Vec::new(),
            room: 0,
        };
        for caller in std::mem::take(&mut self.callers) {
            if caller.is_gone() {
                continue;
            }
            let joins = asked.contains(caller.name());
            if !joins && asked.len() >= largest.min(caller.largest()) {
                self.callers.push_back(caller);
                continue;
            }
            largest = largest.min(caller.largest());
            caller.begin();
            if !joins {
                asked.insert(caller.name().to_owned());
                batch.names.push(caller.name().to_owned());
            }
            batch.callers.push(caller);
        }
        // A Get that is split to find a fault is not filled up.
        if largest == MOST {
            batch.room = MOST - batch.names.len();
        }
        batch
    }

    /// Takes all who wait.
    pub(super) fn take_all(&mut self) -> VecDeque<C> {
        std::mem::take(&mut self.callers)
    }
}
