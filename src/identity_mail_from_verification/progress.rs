//! What one look at SES means, and when to look again. Pure: the time is given.

use std::time::Duration;

use tokio::time::Instant;

use crate::mail_from::{DomainName, VerificationStatus};
use crate::ses::{MailFrom, SetMailFrom};

/// How long SES may show something else than what is waited for: the resource
/// that sets it may be on its way still, and SES shows late what it has accepted.
const GRACE: Duration = Duration::from_secs(15);

/// The time between two looks, at first and at last. Each is a multiple of the
/// shorter ones, so that waits of any age look at the same instants.
const SHORTEST: Duration = Duration::from_secs(2);
const LONGEST: Duration = Duration::from_secs(32);

/// What SES shows, measured by what is waited for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Seen {
    /// The domain is verified.
    Verified(SetMailFrom),
    /// SES looks for its MX record: Pending or TemporaryFailure, or Success or Failed that
    /// may be of before.
    Sought(SetMailFrom),
    /// SES has stopped looking: Failed.
    GivenUp(SetMailFrom),
    /// The identity has another MAIL FROM domain than was asked for.
    Other(SetMailFrom),
    /// The identity has no MAIL FROM domain.
    Unset,
    /// SES does not know the identity.
    NoIdentity,
}

impl Seen {
    /// Measures what SES holds by the domain that was asked for, if any was. `is_late`: SES
    /// may show what it held before the last Set.
    pub(super) fn new(held: MailFrom, asked: Option<&DomainName>, is_late: bool) -> Self {
        let held = match held {
            MailFrom::UnknownIdentity => return Self::NoIdentity,
            MailFrom::Unset => return Self::Unset,
            MailFrom::Set(held) => held,
        };
        if !asked.is_none_or(|asked| held.domain.is(asked)) {
            return Self::Other(held);
        }
        match held.status.known() {
            Some(VerificationStatus::Success) if !is_late => Self::Verified(held),
            Some(VerificationStatus::Failed) if !is_late => Self::GivenUp(held),
            // A status that SES may have one day is none of the two ends.
            Some(_) | None => Self::Sought(held),
        }
    }

    /// What is held, where something is.
    pub(super) fn held(&self) -> Option<&SetMailFrom> {
        match self {
            Self::Verified(held) | Self::Sought(held) | Self::GivenUp(held) | Self::Other(held) => {
                Some(held)
            }
            Self::Unset | Self::NoIdentity => None,
        }
    }
}

/// How far a wait has come.
#[derive(Debug)]
pub(super) struct Progress {
    started: Instant,
    identity_was_there: bool,
    /// Since when SES shows something else than what is waited for.
    astray_since: Option<Instant>,
}

/// What follows from a look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// The domain is verified.
    Done(SetMailFrom),
    /// It will not be, as it stands.
    Over(Seen),
    /// Look again at the next multiple of this time.
    Again(Duration),
}

impl Progress {
    /// A wait that begins at `now`.
    pub(super) fn new(now: Instant) -> Self {
        Self {
            started: now,
            identity_was_there: false,
            astray_since: None,
        }
    }

    /// SES was seen so at `now`.
    pub(super) fn saw(&mut self, seen: Seen, now: Instant) -> Step {
        match &seen {
            Seen::Verified(held) => return Step::Done(held.clone()),
            Seen::GivenUp(_) => return Step::Over(seen),
            // One that was just registered can be absent for a moment.
            Seen::NoIdentity if self.identity_was_there => return Step::Over(seen),
            Seen::Sought(_) => {
                self.identity_was_there = true;
                self.astray_since = None;
                return Step::Again(interval(now - self.started));
            }
            Seen::Other(_) | Seen::Unset => self.identity_was_there = true,
            Seen::NoIdentity => {}
        }
        let since = *self.astray_since.get_or_insert(now);
        if now - since < GRACE {
            Step::Again(SHORTEST)
        } else {
            Step::Over(seen)
        }
    }
}

/// The time to the next look after `waited`: a quarter of it as a power of two,
/// so that success is noticed late by a quarter of the wait at most.
fn interval(waited: Duration) -> Duration {
    let mut interval = SHORTEST;
    while interval < LONGEST && interval * 8 <= waited {
        interval *= 2;
    }
    interval
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ses::fake::with_status;

    fn seen(status: &str) -> Seen {
        Seen::new(with_status("bounce.example.com", status), None, false)
    }

    #[test]
    fn what_is_held_is_measured_by_what_was_asked_for() {
        let bounce = DomainName::parse("Bounce.example.com").unwrap();
        let mail = DomainName::parse("mail.example.com").unwrap();
        let success = with_status("bounce.example.com", "Success");
        for asked in [None, Some(&bounce)] {
            let seen = Seen::new(success.clone(), asked, false);
            assert!(matches!(seen, Seen::Verified(_)), "{asked:?}");
        }
        assert!(matches!(
            Seen::new(success, Some(&mail), false),
            Seen::Other(_)
        ));
        for status in ["Pending", "TemporaryFailure", "Novel"] {
            assert!(matches!(seen(status), Seen::Sought(_)), "{status}");
        }
        assert!(matches!(seen("Failed"), Seen::GivenUp(_)));
        for status in ["Success", "Failed"] {
            let before = Seen::new(with_status("bounce.example.com", status), None, true);
            assert!(matches!(before, Seen::Sought(_)), "{status}");
        }
        assert_eq!(Seen::new(MailFrom::Unset, None, false), Seen::Unset);
        assert_eq!(
            Seen::new(MailFrom::UnknownIdentity, Some(&mail), false),
            Seen::NoIdentity
        );
    }

    #[test]
    fn interval_is_at_most_a_quarter_of_the_wait() {
        for (waited, seconds) in [
            (0, 2),
            (15, 2),
            (16, 4),
            (31, 4),
            (32, 8),
            (64, 16),
            (128, 32),
            (2700, 32),
        ] {
            assert_eq!(
                interval(Duration::from_secs(waited)).as_secs(),
                seconds,
                "{waited} s"
            );
        }
    }

    #[test]
    fn success_and_failure_end_at_once_and_so_does_an_identity_that_vanishes() {
        let now = Instant::now();
        let mut progress = Progress::new(now);
        let done = progress.saw(seen("Success"), now);
        assert!(matches!(done, Step::Done(held) if held.status.is(VerificationStatus::Success)));
        let over = progress.saw(seen("Failed"), now);
        assert_eq!(over, Step::Over(seen("Failed")));
        let again = progress.saw(seen("Pending"), now);
        assert_eq!(again, Step::Again(Duration::from_secs(2)));
        let over = progress.saw(Seen::NoIdentity, now);
        assert_eq!(over, Step::Over(Seen::NoIdentity));
    }

    #[test]
    fn something_else_is_borne_for_a_while_each_time() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let again = Step::Again(SHORTEST);
        let asked = DomainName::parse("bounce.example.com").unwrap();
        let other = Seen::new(
            with_status("old.example.com", "Success"),
            Some(&asked),
            false,
        );
        for astray in [Seen::Unset, Seen::NoIdentity, other] {
            let mut progress = Progress::new(start);
            assert_eq!(progress.saw(astray.clone(), at(0)), again);
            assert_eq!(progress.saw(astray.clone(), at(14)), again);
            let over = progress.saw(astray.clone(), at(15));
            assert_eq!(over, Step::Over(astray));
        }
        // Another resource starts the verification again meanwhile.
        let mut progress = Progress::new(start);
        progress.saw(Seen::Unset, at(0));
        progress.saw(seen("Pending"), at(8));
        progress.saw(Seen::Unset, at(100));
        assert_eq!(progress.saw(Seen::Unset, at(114)), again);
        let over = progress.saw(Seen::Unset, at(115));
        assert_eq!(over, Step::Over(Seen::Unset));
    }
}
