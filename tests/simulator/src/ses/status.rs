//! How the status of a MAIL FROM domain moves: SES's rules, without I/O.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// How long SES looks for the MX record before it gives up.
pub const PATIENCE: Duration = Duration::from_secs(72 * 60 * 60);

/// SES's `CustomMailFromStatus`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Status {
    /// SES looks for the MX record.
    Pending,
    /// The MX record is there.
    Success,
    /// SES has stopped looking.
    Failed,
    /// The MX record was there and is not any more.
    TemporaryFailure,
}

impl Status {
    /// The status as SES writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "Pending",
            Self::Success => "Success",
            Self::Failed => "Failed",
            Self::TemporaryFailure => "TemporaryFailure",
        }
    }
}

/// What one look-up of the MX record came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Finding {
    /// Exactly one MX record, and it names a feedback host of SES.
    Right,
    /// None, several, or another.
    Wrong,
    /// DNS could not be asked; says nothing about the record.
    Unknown,
}

/// A status, and the simulated time it has held since.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Verification {
    status: Status,
    since: Duration,
}

impl Verification {
    /// The state after a Set: SES begins to look.
    pub(crate) fn begin(now: Duration) -> Self {
        Self::in_status(Status::Pending, now)
    }

    pub(crate) fn in_status(status: Status, now: Duration) -> Self {
        Self { status, since: now }
    }

    /// The status at `now`: one that waits for the record fails after 72 hours.
    pub(crate) fn status(self, now: Duration) -> Status {
        match self.status {
            Status::Pending | Status::TemporaryFailure
                if now.saturating_sub(self.since) >= PATIENCE =>
            {
                Status::Failed
            }
            status => status,
        }
    }

    /// The state after a look-up made at `now`.
    pub(crate) fn observe(self, finding: Finding, now: Duration) -> Self {
        let next = match (self.status(now), finding) {
            (Status::Pending | Status::TemporaryFailure, Finding::Right) => Status::Success,
            (Status::Success, Finding::Wrong) => Status::TemporaryFailure,
            (status, _) => status,
        };
        if next == self.status {
            self
        } else {
            Self::in_status(next, now)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(60 * 60);

    #[test]
    fn pending_waits_72_hours_then_fails_for_good() {
        let pending = Verification::begin(HOUR);
        let last_moment = HOUR + PATIENCE - Duration::from_secs(1);
        assert_eq!(pending.status(last_moment), Status::Pending);
        assert_eq!(pending.status(HOUR + PATIENCE), Status::Failed);

        let searched = pending.observe(Finding::Wrong, 2 * HOUR);
        assert_eq!(searched.status(HOUR + PATIENCE), Status::Failed);
        let too_late = searched.observe(Finding::Right, HOUR + PATIENCE);
        assert_eq!(too_late.status(HOUR + PATIENCE), Status::Failed);
    }

    #[test]
    fn pending_succeeds_when_the_record_is_found() {
        let found = Verification::begin(HOUR).observe(Finding::Right, 2 * HOUR);
        assert_eq!(found.status(1000 * HOUR), Status::Success);
    }

    #[test]
    fn success_without_the_record_is_a_temporary_failure_for_72_hours() {
        let gone =
            Verification::in_status(Status::Success, HOUR).observe(Finding::Wrong, 100 * HOUR);
        assert_eq!(gone.status(100 * HOUR), Status::TemporaryFailure);
        assert_eq!(gone.status(172 * HOUR), Status::Failed);
        // Looking in vain again does not start the 72 hours anew.
        let again = gone.observe(Finding::Wrong, 150 * HOUR);
        assert_eq!(again.status(172 * HOUR), Status::Failed);
        let back = again.observe(Finding::Right, 171 * HOUR);
        assert_eq!(back.status(1000 * HOUR), Status::Success);
    }

    #[test]
    fn dns_that_cannot_be_asked_changes_nothing() {
        for status in [Status::Pending, Status::Success, Status::TemporaryFailure] {
            let state = Verification::in_status(status, HOUR);
            assert_eq!(state.observe(Finding::Unknown, 2 * HOUR), state);
        }
    }
}
