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

use tokio::sync::OwnedMutexGuard;

/// Who has set, or is about to set, which identity since the last Configure.
#[derive(Debug, Default)]
pub(in crate::ses) struct Claims(Mutex<HashMap<String, Claimed>>);

#[derive(Debug, Default)]
struct Claimed {
    /// Sets that are queued or in flight.
    queued: usize,
    /// Whether SES has accepted one, or may have.
    stands: bool,
    /// Held by whoever has a call for the identity in flight.
    in_flight: Arc<tokio::sync::Mutex<()>>,
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
}

impl Claims {
    /// Claims `identity` for a Set, until the claim is dropped or stands.
    pub(in crate::ses) fn claim<'a>(&'a self, identity: &'a str) -> Claim<'a> {
        self.entries()
            .entry(identity.to_owned())
            .or_default()
            .queued += 1;
        Claim {
            claims: self,
            identity,
        }
    }

    /// Whether a sibling has set `identity` or is about to.
    pub(in crate::ses) fn is_claimed(&self, identity: &str) -> bool {
        self.entries()
            .get(identity)
            .is_some_and(|claimed| claimed.stands || claimed.queued > 0)
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
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Claim<'_> {
    /// SES has accepted the Set, or may have: the claim stands from now on.
    pub(in crate::ses) fn stands(&self) {
        if let Some(claimed) = self.claims.entries().get_mut(self.identity) {
            claimed.stands = true;
        }
    }
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        if let Some(claimed) = self.claims.entries().get_mut(self.identity) {
            claimed.queued -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identity_is_claimed_while_a_set_is_queued_and_after_it_was_accepted() {
        let claims = Claims::default();
        assert!(!claims.is_claimed("example.com"));
        let refused = claims.claim("example.com");
        assert!(claims.is_claimed("example.com"));
        assert!(!claims.is_claimed("example.org"));
        drop(refused);
        assert!(!claims.is_claimed("example.com"), "its Set was refused");
        let accepted = claims.claim("example.com");
        accepted.stands();
        drop(accepted);
        assert!(claims.is_claimed("example.com"));
    }
}
