//! Keeps a delete from undoing a sibling.
//!
//! Two Terraform resources can stand for one MAIL FROM domain for the length of
//! an apply: a `for_each` key that was renamed without `moved`, or a replacement
//! with `create_before_destroy`. Terraform runs the create of the one and the
//! delete of the other in no order. If the delete came last, MAIL FROM would be
//! off at the end, and nobody would be told. So whoever sets an identity claims
//! it, and a delete leaves a claimed identity alone.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, OwnedMutexGuard};

use super::object::ObjectId;
use crate::ses::deadline::Deadline;

/// Who has set, or is about to set, which identity since the last Configure.
#[derive(Debug, Default)]
pub(in crate::ses) struct Claims {
    entries: Mutex<HashMap<String, Claimed>>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct Claimed {
    /// Of Sets that are queued or in flight.
    queued: Vec<ObjectId>,
    /// Whose Set SES has accepted, or may have.
    stands: Vec<ObjectId>,
    /// Held by whoever has a call for the identity in flight.
    in_flight: Arc<tokio::sync::Mutex<()>>,
}

/// What other objects want of an identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::ses) enum Siblings {
    /// Nothing.
    Nobody,
    /// One has a Set queued or in flight.
    Queued,
    /// One has set it.
    Stands,
    /// One of another process does, and whether in this account cannot be known.
    #[cfg_attr(not(test), expect(dead_code, reason = "other processes are not known yet"))]
    Unknown(String),
}

/// The right to have a call for one identity in flight. One holds it at a time, so that
/// SES sees a Set and an unset of one identity in the order that was decided here.
pub(in crate::ses) struct InFlight {
    _held: OwnedMutexGuard<()>,
}

/// A Set that is queued or in flight.
pub(in crate::ses) struct Claim<'a> {
    claims: &'a Claims,
    identity: &'a str,
    object: &'a ObjectId,
}

impl Claims {
    /// Claims `identity` for a Set of `object`, until the claim is dropped or stands.
    pub(in crate::ses) async fn claim<'a>(
        &'a self,
        identity: &'a str,
        object: &'a ObjectId,
    ) -> Claim<'a> {
        let mut entries = self.entries();
        let claimed = entries.entry(identity.to_owned()).or_default();
        claimed.queued.push(object.clone());
        Claim {
            claims: self,
            identity,
            object,
        }
    }

    /// What other objects than `object` want of `identity`.
    pub(in crate::ses) async fn siblings(
        &self,
        _deadline: &Deadline,
        identity: &str,
        object: Option<&ObjectId>,
    ) -> Siblings {
        let entries = self.entries();
        let Some(claimed) = entries.get(identity) else {
            return Siblings::Nobody;
        };
        let is_other = |other: &ObjectId| Some(other) != object;
        if claimed.stands.iter().any(is_other) {
            Siblings::Stands
        } else if claimed.queued.iter().any(is_other) {
            Siblings::Queued
        } else {
            Siblings::Nobody
        }
    }

    /// Resolves when what `Queued` was said of may have come to its end.
    pub(in crate::ses) async fn siblings_changed(&self, identity: &str) {
        let mut changed = std::pin::pin!(self.changed.notified());
        changed.as_mut().enable();
        let is_queued = {
            let entries = self.entries();
            entries.get(identity).is_some_and(|c| !c.queued.is_empty())
        };
        if is_queued {
            changed.await;
        }
    }

    /// Whether a plan of this host is known by which `object` is destroyed.
    pub(in crate::ses) fn destroy_planned(&self, _object: &ObjectId) -> bool {
        true
    }

    /// `object` is gone.
    pub(in crate::ses) fn gone(&self, identity: &str, object: &ObjectId) {
        if let Some(claimed) = self.entries().get_mut(identity) {
            claimed.stands.retain(|other| other != object);
        }
    }

    /// Waits for the right to have a call for `identity` in flight.
    pub(in crate::ses) async fn in_flight(&self, identity: &str) -> InFlight {
        let in_flight = {
            let mut entries = self.entries();
            Arc::clone(&entries.entry(identity.to_owned()).or_default().in_flight)
        };
        InFlight {
            _held: in_flight.lock_owned().await,
        }
    }

    fn entries(&self) -> MutexGuard<'_, HashMap<String, Claimed>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Claim<'_> {
    /// SES has accepted the Set, or may have: the claim stands from now on.
    pub(in crate::ses) fn stands(&self) {
        if let Some(claimed) = self.claims.entries().get_mut(self.identity) {
            claimed.stands.push(self.object.clone());
        }
    }
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        if let Some(claimed) = self.claims.entries().get_mut(self.identity) {
            let queued = claimed.queued.iter().position(|other| other == self.object);
            queued.map(|at| claimed.queued.swap_remove(at));
        }
        self.claims.changed.notify_waiters();
    }
}
