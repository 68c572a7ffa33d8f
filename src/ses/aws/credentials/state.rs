//! What is known of a process's credentials, and what follows from it.
//!
//! - **A fault that passes** is ridden out with pauses, which all who wait share. What
//!   lasts (there are none; a role that may not be assumed; a program that fails) is told
//!   at once, and told again for a minute without another load.
//! - **Renewed** in the last quarter of their life, and no sooner than five minutes before
//!   they expire, while the old ones are still used.
//! - **Expired by AWS's word** in the middle: loaded anew once, if their source may give
//!   others at all.
//!
//! Arithmetic on given times; loads nothing and waits for nothing.

use std::time::Duration;

use tokio::time::Instant;

use super::{LoadFailed, Loaded};
use crate::ses::error::CredentialFault;

/// How long before they expire credentials are renewed at the earliest.
const RENEWED_BEFORE: Duration = Duration::from_secs(300);

/// How long a lasting failure is told again without another load.
const REMEMBERED: Duration = Duration::from_secs(60);

/// How long a source that has never given credentials is asked before its failures count
/// as lasting: as long as a call takes by default before it gives up.
const NEVER_GIVEN: Duration = Duration::from_secs(300);

/// Seconds of the first pause after a failure, and of the longest.
const PAUSES: (f64, f64) = (0.2, 5.0);

#[derive(Debug, Default)]
pub(super) struct State {
    held: Option<Held>,
    loading: bool,
    failed: Option<Failed>,
    /// How many loads have succeeded.
    loads: u64,
    /// Whether the next load is to replace credentials that AWS says have expired.
    replaces: bool,
}

/// Credentials that were loaded.
#[derive(Clone, Debug)]
pub(super) struct Held {
    pub(super) loaded: Loaded,
    /// Which load they come of.
    pub(super) load: u64,
    /// When they are to be renewed and when they expire; `None`: never, as far as is known.
    until: Option<(Instant, Instant)>,
    /// Whether they were loaded to replace others that AWS says have expired.
    replaces: bool,
}

/// Loads that have failed, in a row.
#[derive(Debug)]
struct Failed {
    failure: LoadFailed,
    loads: u32,
    since: Instant,
    /// When the source may be asked again.
    again: Instant,
}

/// What somebody who needs credentials does next.
#[derive(Debug)]
pub(super) enum Next {
    /// Uses these.
    Use(Held),
    /// Gives up.
    Fails(LoadFailed),
    /// Waits for the load that is under way, or begins now.
    Waits,
    /// Waits until the source may be asked again after what has failed.
    Pauses(Instant, LoadFailed),
}

impl State {
    /// Whether a load is under way.
    pub(super) fn is_loading(&self) -> bool {
        self.loading
    }

    /// What the last loads have failed for.
    pub(super) fn failure(&self) -> Option<&LoadFailed> {
        Some(&self.failed.as_ref()?.failure)
    }

    pub(super) fn next(&self, now: Instant) -> Next {
        if let Some(held) = self.valid(now) {
            return Next::Use(held.clone());
        }
        match &self.failed {
            _ if self.loading => Next::Waits,
            Some(Failed { again, failure, .. }) if now < *again => match failure.fault {
                CredentialFault::Passing => Next::Pauses(*again, failure.clone()),
                _ => Next::Fails(failure.clone()),
            },
            _ => Next::Waits,
        }
    }

    /// Whether a load begins now. It counts as under way from then on.
    pub(super) fn begin(&mut self, now: Instant) -> bool {
        let fresh = |held: &Held| held.until.is_none_or(|(renewed, _)| now < renewed);
        let is_fresh = self.valid(now).is_some_and(fresh);
        let failed = self.failed.as_ref();
        let pauses = failed.is_some_and(|failed| now < failed.again);
        let begins = !self.loading && !is_fresh && !pauses;
        self.loading |= begins;
        begins
    }

    /// The load has ended; `valid_for` is how long what it gave is valid, where that is
    /// known. `jitter` in `0.0..1.0` spreads the pause after a failure over its upper half.
    pub(super) fn ended(
        &mut self,
        loaded: Result<Loaded, LoadFailed>,
        valid_for: Option<Duration>,
        now: Instant,
        jitter: f64,
    ) {
        self.loading = false;
        let loaded = match loaded {
            Ok(loaded) => loaded,
            Err(failure) => return self.failed(failure, now, jitter),
        };
        self.loads += 1;
        self.failed = None;
        self.held = Some(Held {
            loaded,
            load: self.loads,
            until: valid_for.map(|valid_for| {
                let early = RENEWED_BEFORE.min(valid_for / 4);
                (now + valid_for - early, now + valid_for)
            }),
            replaces: std::mem::take(&mut self.replaces),
        });
    }

    fn failed(&mut self, mut failure: LoadFailed, now: Instant, jitter: f64) {
        let row = self.failed.take();
        let (before, since) = row.map_or((0, now), |failed| (failed.loads, failed.since));
        let passes = failure.fault == CredentialFault::Passing;
        let tried_enough = failure.tried_enough || now - since >= NEVER_GIVEN;
        if passes && self.loads == 0 && tried_enough {
            failure.fault = CredentialFault::Lasting;
        }
        let pause = match failure.fault {
            CredentialFault::Passing => {
                let (first, longest) = PAUSES;
                let full = (first * f64::from(1_u32 << before.min(8))).min(longest);
                Duration::from_secs_f64(full * (0.5 + jitter / 2.0))
            }
            _ => REMEMBERED,
        };
        self.failed = Some(Failed {
            failure,
            loads: before + 1,
            since,
            again: now + pause,
        });
    }

    /// AWS says that the credentials of `load` have expired. Returns whether to call again.
    pub(super) fn have_expired(&mut self, load: u64) -> bool {
        match &self.held {
            Some(held) if held.load == load => {
                let again = held.loaded.renews && !held.replaces;
                if again {
                    (self.held, self.failed) = (None, None);
                    self.replaces = true;
                }
                again
            }
            // There are others by now, or will be.
            _ => true,
        }
    }

    fn valid(&self, now: Instant) -> Option<&Held> {
        let held = self.held.as_ref()?;
        let expired = held.until.is_some_and(|(_, expires)| now >= expires);
        (!expired).then_some(held)
    }
}
