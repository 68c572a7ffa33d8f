//! Rate limit of one name server, learnt from its refusals: none until it turns
//! questions away that it would answer at another time. Arithmetic alone, the
//! time is given to it.
//!
//! Resolvers protect themselves with REFUSED or with silence: the VPC resolver of
//! AWS stops at 1,024 packets a second. A question that was turned away under load
//! is asked again, and more slowly.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

/// The span of one count.
const SECOND: Duration = Duration::from_secs(1);

/// Counts that are kept: what happened before is over.
const SECONDS: u32 = 4;

/// What is load: so many turned away at least, and one in so many of those
/// answered. Fewer refusals are a policy towards single names; a few losses are
/// domains whose own servers are dead.
const REFUSALS: (u32, u32) = (10, 50);
const LOSSES: (u32, u32) = (20, 20);

/// How a question that is turned away again and again is put off.
const BACKOFF: [Duration; 6] = [
    Duration::from_millis(300),
    Duration::from_millis(700),
    Duration::from_millis(1100),
    Duration::from_millis(1500),
    Duration::from_secs(2),
    Duration::from_secs(2),
];

/// So often a refused question is asked again if there is no load.
const CALM_TRIES: usize = 2;

#[derive(Debug, Default)]
pub(super) struct Pace {
    /// Questions a second.
    limit: Option<f64>,
    /// When the next may go out, under a limit.
    next: Option<Instant>,
    /// When the limit was lowered last.
    lowered: Option<Instant>,
    counts: VecDeque<Count>,
}

/// What happened in one second.
#[derive(Debug)]
struct Count {
    begin: Instant,
    answered: u32,
    refused: u32,
    lost: u32,
}

/// How a question was turned away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TurnedAway {
    Refused,
    Lost,
}

impl Pace {
    /// The turn of a question that is ready now: when it may go out.
    pub(super) fn turn(&mut self, now: Instant) -> Instant {
        let Some(limit) = self.raised(now) else {
            return now;
        };
        let turn = self.next.map_or(now, |next| next.max(now));
        self.next = Some(turn + Duration::from_secs_f64(1.0 / limit));
        turn
    }

    /// An answer that is none to the load.
    pub(super) fn answered(&mut self, now: Instant) {
        self.count(now).answered += 1;
    }

    /// A question was turned away, for the `tries`th time. `Some`: to be asked
    /// again after so long; `None`: that was the server's last word.
    pub(super) fn turned_away(
        &mut self,
        how: TurnedAway,
        tries: usize,
        now: Instant,
    ) -> Option<Duration> {
        let count = self.count(now);
        match how {
            TurnedAway::Refused => count.refused += 1,
            TurnedAway::Lost => count.lost += 1,
        }
        let sum = |of: fn(&Count) -> u32| self.counts.iter().map(of).sum::<u32>();
        let answered = sum(|count| count.answered);
        let (turned_away, (least, one_in)) = match how {
            TurnedAway::Refused => (sum(|count| count.refused), REFUSALS),
            TurnedAway::Lost => (sum(|count| count.lost), LOSSES),
        };
        // Who answers nobody has no load that would pass.
        if answered == 0 && self.limit.is_none() {
            return None;
        }
        let loaded = turned_away >= least && turned_away * one_in >= answered;
        if loaded {
            self.lower(now);
        }
        let tries_left = match how {
            _ if loaded || self.lately_lowered(now) => BACKOFF.len(),
            TurnedAway::Refused => CALM_TRIES,
            TurnedAway::Lost => 0,
        };
        let wait = BACKOFF.get(tries.saturating_sub(1))?;
        (tries <= tries_left).then_some(*wait)
    }

    /// To four fifths of what was answered in the best second, then by a third
    /// each time, and a second's rest for what the server has counted so far.
    fn lower(&mut self, now: Instant) {
        if self.lowered.is_some_and(|at| now < at + SECOND * 2) {
            return;
        }
        let best = self.counts.iter().map(|count| count.answered).max();
        let answered = f64::from(best.unwrap_or_default()) * 0.8;
        let limit = match self.limit {
            Some(limit) => limit * 2.0 / 3.0,
            None => answered,
        };
        self.limit = Some(limit.max(1.0));
        self.lowered = Some(now);
        self.next = Some(now + SECOND);
    }

    /// The limit now: a tenth more for each second of calm after the first four.
    fn raised(&mut self, now: Instant) -> Option<f64> {
        let limit = self.limit?;
        let calm = SECOND * SECONDS;
        if let Some(lowered) = self.lowered
            && now >= lowered + calm + SECOND
        {
            self.lowered = Some(now - calm);
            self.limit = Some(limit * 1.1);
        }
        self.limit
    }

    fn lately_lowered(&self, now: Instant) -> bool {
        self.lowered.is_some_and(|at| now < at + SECOND * SECONDS)
    }

    /// The count of the second that `now` is in.
    fn count(&mut self, now: Instant) -> &mut Count {
        while self
            .counts
            .front()
            .is_some_and(|count| now >= count.begin + SECOND * SECONDS)
        {
            self.counts.pop_front();
        }
        if self
            .counts
            .back()
            .is_none_or(|count| now >= count.begin + SECOND)
        {
            self.counts.push_back(Count {
                begin: now,
                answered: 0,
                refused: 0,
                lost: 0,
            });
        }
        let last = self.counts.len() - 1;
        &mut self.counts[last]
    }
}

#[cfg(test)]
mod tests;
