//! Amazon SES: its state, and the handle by which a test sets a scene.

mod account;
mod calls;
mod error;
mod faults;
mod form;
mod limits;
mod operations;
mod service;
mod status;
mod xml;

use std::ops::Bound::{Excluded, Included, Unbounded};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use thiserror::Error;

pub use account::{Behavior, Snapshot};
pub use calls::{Call, Outcome};
pub use faults::{Fault, FaultKind};
pub use status::{PATIENCE, Status};

pub(crate) use calls::milliseconds;
pub(crate) use form::Form;
pub(crate) use service::{Answer, Reply, Request};
pub(crate) use status::Finding;

use crate::clock::Clock;
use crate::options::{Options, Rate};
use account::{Account, Identity, Key, MailFrom};
use calls::Calls;
use faults::Faults;
use limits::Limits;
use operations::Rules;
use status::Verification;

/// The region of requests that are not signed, and of control requests that
/// name none.
pub const DEFAULT_REGION: &str = "us-east-1";

/// The number of the account that there is from the start.
const FIRST_ACCOUNT: &str = "123456789012";

/// SES of one account as the simulator plays it. Clones share it; every change takes effect
/// with the next request.
#[derive(Clone, Debug)]
pub struct Ses {
    number: Arc<str>,
    clock: Clock,
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    account: Account,
    limits: Limits,
    faults: Faults,
    calls: Calls,
    latency: Duration,
    rules: Rules,
}

/// A scene cannot be set.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SceneError {
    /// SES does not know the identity.
    #[error("there is no identity {identity} in {region}")]
    NoIdentity {
        /// The region.
        region: String,
        /// The identity.
        identity: String,
    },
    /// The identity has no MAIL FROM domain, so it has no status.
    #[error("the identity {identity} in {region} has no MAIL FROM domain")]
    NoMailFrom {
        /// The region.
        region: String,
        /// The identity.
        identity: String,
    },
}

/// A MAIL FROM domain that SES looks up, as it was when the look-up began.
#[derive(Clone, Debug)]
pub(crate) struct Sought {
    key: Key,
    mail_from: MailFrom,
}

impl Sought {
    pub(crate) fn domain(&self) -> &str {
        &self.mail_from.domain
    }
}

impl Ses {
    pub(crate) fn new(options: &Options) -> Self {
        Self {
            number: FIRST_ACCOUNT.into(),
            clock: Clock::start(options.clock_speed),
            state: Arc::new(Mutex::new(State {
                account: Account::default(),
                limits: Limits::new(options.rate),
                faults: Faults::default(),
                calls: Calls::default(),
                latency: options.latency,
                rules: Rules {
                    identical_set_restarts: options.identical_set_restarts,
                    identical_set_resets_success: options.identical_set_resets_success,
                    shows_late: Duration::ZERO,
                },
            })),
        }
    }

    /// SES in another account, which knows no identity yet.
    pub(crate) fn of_account(&self, number: &str) -> Self {
        let state = self.state();
        Self {
            number: number.into(),
            clock: self.clock.clone(),
            state: Arc::new(Mutex::new(State {
                account: Account::default(),
                limits: Limits::new(state.limits.rate()),
                faults: Faults::default(),
                calls: Calls::default(),
                latency: state.latency,
                rules: state.rules,
            })),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds an identity, or changes whether a present one is verified. A domain that is
    /// not in lower case is answered and listed in this spelling, whatever is asked for.
    pub fn add_identity(&self, region: &str, name: &str, verified: bool) {
        self.add_identities(region, [name], verified);
    }

    /// Adds many identities at once.
    pub fn add_identities<N: AsRef<str>>(
        &self,
        region: &str,
        names: impl IntoIterator<Item = N>,
        verified: bool,
    ) {
        let mut state = self.state();
        for name in names {
            let key = Key::new(region, name.as_ref());
            let identity = state.account.entry(key).or_default();
            identity.register(name.as_ref());
            identity.verified = verified;
        }
    }

    /// Removes an identity; tells whether it was there.
    pub fn remove_identity(&self, region: &str, name: &str) -> bool {
        let key = Key::new(region, name);
        self.state().account.remove(&key).is_some()
    }

    /// From now on, a Get shows the state of so long ago, as far as calls have changed it
    /// since.
    pub fn show_late(&self, by: Duration) {
        self.state().rules.shows_late = by;
    }

    /// Sets MAIL FROM without a call. Only the rules of verification apply:
    /// another domain begins as `Pending`.
    pub fn set_mail_from(
        &self,
        region: &str,
        identity: &str,
        domain: &str,
        behavior: Behavior,
    ) -> Result<(), SceneError> {
        let now = self.clock.now();
        self.change(region, identity, |identity, rules| {
            let mail_from = operations::set(identity, domain, Some(behavior), rules, now);
            identity.set_mail_from(Some(mail_from));
        })
    }

    /// Unsets MAIL FROM without a call.
    pub fn clear_mail_from(&self, region: &str, identity: &str) -> Result<(), SceneError> {
        self.change(region, identity, |identity, _| identity.set_mail_from(None))
    }

    /// Puts MAIL FROM in a status, with its 72 hours before it. Look-ups go on:
    /// without an MX record in DNS, `Success` holds until the next one.
    pub fn set_status(
        &self,
        region: &str,
        identity: &str,
        status: Status,
    ) -> Result<(), SceneError> {
        let now = self.clock.now();
        self.change(region, identity, |identity, _| {
            identity
                .verification_mut()
                .map(|verification| *verification = Verification::in_status(status, now))
        })?
        .ok_or_else(|| SceneError::NoMailFrom {
            region: region.to_owned(),
            identity: identity.to_owned(),
        })
    }

    /// What SES holds of an identity; `None` if it does not know it.
    pub fn get(&self, region: &str, identity: &str) -> Option<Snapshot> {
        let key = Key::new(region, identity);
        let now = self.clock.now();
        let state = self.state();
        Some(state.account.get(&key)?.snapshot(&key, now))
    }

    /// What SES holds of every identity, by region and name.
    pub fn identities(&self) -> Vec<Snapshot> {
        let now = self.clock.now();
        let state = self.state();
        let identities = state.account.iter();
        identities
            .map(|(key, identity)| identity.snapshot(key, now))
            .collect()
    }

    /// Adds a fault behind those that wait.
    pub fn inject(&self, fault: Fault) {
        self.state().faults.push(fault);
    }

    /// The faults that wait.
    pub fn faults(&self) -> Vec<Fault> {
        self.state().faults.all()
    }

    /// Drops the faults that wait.
    pub fn clear_faults(&self) {
        self.state().faults.clear();
    }

    /// The calls since the start or the last clearing, in order.
    pub fn calls(&self) -> Vec<Call> {
        self.state().calls.all()
    }

    /// Empties the log of calls.
    pub fn clear_calls(&self) {
        self.state().calls.clear();
    }

    /// The rate in force.
    pub fn rate(&self) -> Rate {
        self.state().limits.rate()
    }

    /// Changes the rate, and begins to count anew.
    pub fn set_rate(&self, rate: Rate) {
        self.state().limits.set_rate(rate);
    }

    /// The latency in force.
    pub fn latency(&self) -> Duration {
        self.state().latency
    }

    /// Changes how long SES takes before each answer.
    pub fn set_latency(&self, latency: Duration) {
        self.state().latency = latency;
    }

    /// Simulated time since the start.
    pub fn now(&self) -> Duration {
        self.clock.now()
    }

    /// Simulated seconds in a real one.
    pub fn clock_speed(&self) -> f64 {
        self.clock.speed()
    }

    /// Changes how fast simulated time runs.
    pub fn set_clock_speed(&self, speed: f64) {
        self.clock.set_speed(speed);
    }

    /// Lets simulated time jump ahead.
    pub fn advance_clock(&self, by: Duration) {
        self.clock.advance(by);
    }

    pub(crate) fn clock(&self) -> Clock {
        self.clock.clone()
    }

    /// Up to `limit` MAIL FROM domains that SES looks up, first those behind
    /// `last`, the others after them.
    pub(crate) fn sought(&self, last: Option<&Sought>, limit: usize) -> Vec<Sought> {
        let now = self.clock.now();
        let state = self.state();
        let last = last.map(|last| last.key.clone());
        let (behind, before) = match last {
            None => (state.account.range::<Key, _>(..), None),
            Some(last) => (
                state.account.range((Excluded(last.clone()), Unbounded)),
                Some(state.account.range((Unbounded, Included(last)))),
            ),
        };
        behind
            .chain(before.into_iter().flatten())
            .filter_map(|(key, identity)| Some((key, identity.mail_from()?)))
            .filter(|(_, mail_from)| mail_from.verification.status(now) != Status::Failed)
            .take(limit)
            .map(|(key, mail_from)| Sought {
                key: key.clone(),
                mail_from: mail_from.clone(),
            })
            .collect()
    }

    /// Applies what a look-up came to, unless MAIL FROM was changed while it
    /// was under way.
    pub(crate) fn observe(&self, sought: &Sought, finding: Finding) {
        let now = self.clock.now();
        let mut state = self.state();
        if let Some(identity) = state.account.get_mut(&sought.key)
            && identity.mail_from() == Some(&sought.mail_from)
            && let Some(verification) = identity.verification_mut()
        {
            *verification = verification.observe(finding, now);
        }
    }

    fn change<T>(
        &self,
        region: &str,
        identity: &str,
        change: impl FnOnce(&mut Identity, Rules) -> T,
    ) -> Result<T, SceneError> {
        let mut state = self.state();
        let rules = state.rules;
        state
            .account
            .get_mut(&Key::new(region, identity))
            .map(|identity| change(identity, rules))
            .ok_or_else(|| SceneError::NoIdentity {
                region: region.to_owned(),
                identity: identity.to_owned(),
            })
    }
}
