//! Scope of SES's limit: whether it counts each operation by itself, or the account.
//!
//! That is not documented, but answers tell. Two requests of different operations that
//! SES accepts closer than one interval show that it counts operations apart. A
//! refusal closer than that behind a request of another operation speaks for a count
//! of the account; or else another host has sent the same operation. So it is
//! believed for some minutes, in which a *probe* now and then, a request that goes
//! out right behind one of another operation, renews the evidence or refutes it. A
//! probe costs nothing: SES counts what it accepts.

use serde::{Deserialize, Serialize};

use super::clock::UnixTime;

/// Two requests are close if less than this part of SES's interval is between them:
/// the ways of both may have taken different times.
const CLOSE: f64 = 0.7;

/// For how many seconds evidence holds. An account with a little credit may accept
/// two requests at once, so that no evidence is for ever.
const APART: f64 = 60.0;
const TOGETHER: f64 = 300.0;

/// Seconds to the first probe; each pause is twice the one before, up to the longest.
const PROBES: (f64, f64) = (3.0, 120.0);

/// Where in the interval a probe goes out: the answer before it has to be there.
const PROBE_AT: f64 = 0.4;

/// What SES counts together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::ses) enum Scope {
    /// Each operation by itself, as documented.
    #[default]
    Operation,
    /// All operations of the account.
    Account,
}

/// What answers have told about the scope.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Evidence {
    /// Until when SES is known to count operations apart.
    apart_until: UnixTime,
    /// Until when it seems to count the account.
    account_until: UnixTime,
    /// When to probe next, and the pause after that.
    probe: UnixTime,
    pause: f64,
}

/// Whether requests that went out at these times are close; `interval` is between two
/// requests at the rate that was asked for, which may be slower than SES's.
pub(super) fn are_close(one: UnixTime, other: UnixTime, interval: f64) -> bool {
    (one - other).abs() < CLOSE * interval.min(1.0)
}

impl Evidence {
    pub(super) fn scope(&self, now: UnixTime) -> Scope {
        if is_within(now, self.account_until, TOGETHER) {
            Scope::Account
        } else {
            Scope::Operation
        }
    }

    /// SES accepted a request close to one of another operation.
    pub(super) fn apart(&mut self, now: UnixTime) {
        self.apart_until = now + APART;
        self.account_until = UnixTime::default();
    }

    /// SES refused a request close to one of another operation that it accepted.
    /// Whether that is believed.
    pub(super) fn together(&mut self, now: UnixTime) -> bool {
        if is_within(now, self.apart_until, APART) {
            return false;
        }
        if self.scope(now) == Scope::Operation {
            let (first, _) = PROBES;
            (self.probe, self.pause) = (now + first, first);
        }
        self.account_until = now + TOGETHER;
        true
    }

    /// When a probe may go out behind a request that was sent at `sent`, if one is due.
    pub(super) fn probe(&self, now: UnixTime, sent: UnixTime, interval: f64) -> Option<UnixTime> {
        let interval = interval.min(1.0);
        let (at, end) = (sent + PROBE_AT * interval, sent + CLOSE * interval);
        let due = self.scope(now) == Scope::Account && !is_within(now, self.probe, PROBES.1);
        (due && now < end).then_some(at.max(now))
    }

    /// A probe goes out; saying so twice does not count.
    pub(super) fn probed(&mut self, now: UnixTime) {
        if is_within(now, self.probe, PROBES.1) {
            return;
        }
        self.pause = (2.0 * self.pause).clamp(PROBES.0, PROBES.1);
        self.probe = now + self.pause;
    }
}

/// Whether `until` is still to come; farther off than `most` it is by a clock that
/// was wrong. (Those of two processes are a little apart.)
fn is_within(now: UnixTime, until: UnixTime, most: f64) -> bool {
    now < until && until <= now + most + 1.0
}
