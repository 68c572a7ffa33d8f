//! Credentials of a process: loaded once, kept, and renewed in time.
//!
//! - **One load at a time**, for all regions. It is no part of an attempt, which has
//!   seconds, and goes on when whoever has asked for it has given up: a program that asks
//!   a person for a second factor is started once.
//! - **Before a permit is taken**, whoever is about to call waits for credentials, until
//!   its own deadline: [`Credentials::ready`]. An attempt takes what is there.
//! - What is loaded when, and how failures are ridden out or told: [`state`].

pub(super) mod chain;
mod keys;
pub(super) mod links;
mod source_error;
mod state;

pub(super) use source_error::failed;

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use aws_credential_types::Credentials as Keys;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, future};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until};

use crate::ses::error::{CredentialFault, Refusal};
use state::{Held, Next, State};

/// How long somebody who can be asked again rides out what passes, and how long it waits
/// before it looks again.
const RIDDEN_OUT: Duration = Duration::from_secs(30);
const BETWEEN_LOADS: Duration = Duration::from_secs(1);

/// Where credentials come from.
#[async_trait]
pub(super) trait Source: fmt::Debug + Send + Sync + 'static {
    /// Loads them from scratch.
    async fn load(&self) -> Result<Loaded, LoadFailed>;

    /// What it is called, as far as that is known before it is asked.
    async fn name(&self) -> String;

    /// Whether loading them asks no person and runs no program.
    async fn is_quiet(&self) -> bool;
}

/// What a source gives.
#[derive(Clone, Debug)]
pub(super) struct Loaded {
    pub(super) keys: Keys,
    /// Whether another load may give others once these have expired.
    pub(super) renews: bool,
}

/// Why there are no credentials.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub(super) struct LoadFailed {
    pub(super) fault: CredentialFault,
    /// Which source has failed, and what it said.
    pub(super) reason: String,
    /// What STS has refused, where it has.
    pub(super) refusal: Option<Refusal>,
    /// Whether a source that has never given any was asked often enough by now, although its
    /// fault may pass.
    pub(super) tried_enough: bool,
}

impl LoadFailed {
    pub(super) fn new(fault: CredentialFault, reason: impl Into<String>) -> Self {
        Self {
            fault,
            reason: reason.into(),
            refusal: None,
            tried_enough: false,
        }
    }
}

/// The credentials of a process. Clones share them.
#[derive(Clone, Debug)]
pub(super) struct Credentials {
    source: Arc<dyn Source>,
    state: Arc<watch::Sender<State>>,
}

/// How much trouble is worth it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effort {
    /// Whatever it takes.
    Any,
    /// Programs and persons, but nothing tried again.
    Once,
    /// For advice: no program is started, no person asked, and nothing tried again.
    Little,
}

impl Credentials {
    pub(super) fn of(source: impl Source) -> Self {
        Self {
            source: Arc::new(source),
            state: Arc::default(),
        }
    }

    /// Waits until there are credentials, or until it is clear that there are none.
    pub(super) async fn ready(&self, effort: Effort) -> Result<(), LoadFailed> {
        let may_load = effort != Effort::Little || self.source.is_quiet().await;
        let mut changes = self.state.subscribe();
        loop {
            changes.mark_unchanged();
            match self.next(may_load) {
                Next::Use(_) => return Ok(()),
                Next::Fails(failure) => return Err(failure),
                Next::Waits if !may_load && !self.state.borrow().is_loading() => {
                    return Err(LoadFailed::new(
                        CredentialFault::NotAsked,
                        "a program gives them, and none is started for advice",
                    ));
                }
                Next::Waits => {
                    // The sender is these credentials' own.
                    let _ = changes.changed().await;
                }
                Next::Pauses(_, failure) if effort != Effort::Any => return Err(failure),
                Next::Pauses(until, _) => sleep_until(until).await,
            }
        }
    }

    /// As [`ready`](Self::ready), and rides out for a while only what passes: for somebody
    /// who can tell what went wrong, and be asked again.
    pub(super) async fn ready_soon(&self) -> Result<(), LoadFailed> {
        let until = Instant::now() + RIDDEN_OUT;
        loop {
            match self.ready(Effort::Once).await {
                Err(failed)
                    if failed.fault == CredentialFault::Passing && Instant::now() < until =>
                {
                    sleep(BETWEEN_LOADS).await;
                }
                ready => return ready,
            }
        }
    }

    /// The credentials, and which load they come of. An error where they are not at hand.
    pub(super) fn at_hand(&self) -> Result<(Keys, u64), LoadFailed> {
        match self.next(true) {
            Next::Use(Held { loaded, load, .. }) => Ok((loaded.keys, load)),
            Next::Fails(failure) | Next::Pauses(_, failure) => Err(failure),
            Next::Waits => Err(LoadFailed::new(
                CredentialFault::Passing,
                "the credentials have expired, and new ones are being loaded",
            )),
        }
    }

    /// Why there are none yet, for somebody who stops waiting for them.
    pub(super) async fn absence(&self) -> Option<LoadFailed> {
        let (failure, is_loading) = {
            let state = self.state.borrow();
            (state.failure().cloned(), state.is_loading())
        };
        if failure.is_some() || !is_loading {
            return failure;
        }
        let reason = format!("{} has not given any yet", self.source.name().await);
        Some(LoadFailed::new(CredentialFault::Passing, reason))
    }

    /// AWS says that the credentials of `load` have expired. Returns whether to call again:
    /// with new ones, which their source is asked for once.
    pub(super) fn have_expired(&self, load: u64) -> bool {
        let mut again = false;
        self.state
            .send_modify(|state| again = state.have_expired(load));
        again
    }

    /// What to do next; begins the load that is due, if it may.
    fn next(&self, may_load: bool) -> Next {
        let now = Instant::now();
        let next = self.state.borrow().next(now);
        let mut begins = false;
        self.state.send_if_modified(|state| {
            begins = may_load && state.begin(now);
            false
        });
        if begins {
            self.load();
        }
        next
    }

    /// Loads, whether anybody waits for it or not.
    fn load(&self) {
        let (source, state) = (Arc::clone(&self.source), Arc::clone(&self.state));
        tokio::spawn(async move {
            let load = tokio::spawn(async move { source.load().await });
            let loaded = load.await.unwrap_or_else(|_| {
                Err(LoadFailed::new(
                    CredentialFault::Lasting,
                    "the provider has failed while it loaded them",
                ))
            });
            if let Err(failure) = &loaded {
                tracing::debug!(%failure, "credentials could not be loaded");
            }
            let valid = loaded.as_ref().ok().and_then(valid_for);
            let (now, jitter) = (Instant::now(), fastrand::f64());
            state.send_modify(|state| state.ended(loaded, valid, now, jitter));
        });
    }
}

/// How long what was loaded is valid; `None` where that is not known. What has expired by
/// this machine's clock may be good by AWS's.
fn valid_for(loaded: &Loaded) -> Option<Duration> {
    #[expect(
        clippy::disallowed_methods,
        reason = "credentials expire by the wall clock"
    )]
    let now = SystemTime::now();
    let left = loaded.keys.expiry()?.duration_since(now).ok()?;
    (!left.is_zero()).then_some(left)
}

/// For the SDK, in an attempt.
impl ProvideCredentials for Credentials {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        let at_hand = self.at_hand().map(|(keys, _)| keys);
        future::ProvideCredentials::ready(at_hand.map_err(CredentialsError::provider_error))
    }
}

#[cfg(test)]
mod tests;
