//! Which MAIL FROM domains are those of resources in this state: what a process has
//! been told of them in the course of a plan or an apply.
//!
//! Terraform tells of a resource by itself: that another one is renamed or replaced
//! shows only in that both are of one identity. And when it applies what is created
//! before the old one is destroyed, it plans the new one once more, in a process that it
//! has not told of the old one.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::timeout;

use crate::mail_from::{DomainName, Place};
use crate::ses::Setting;

/// How long to wait for Terraform to tell of a resource: it tells of ten at about
/// the same time.
const TOLD_WITHIN: Duration = Duration::from_millis(300);

/// The MAIL FROM domains of resources.
#[derive(Debug, Default)]
pub struct Managed {
    domains: Mutex<HashSet<(Place, DomainName)>>,
    /// What plans have SES hold.
    planned: Mutex<HashMap<Place, Setting>>,
    told: Notify,
}

impl Managed {
    /// A resource has `domain` in `place`, by its state.
    pub fn tell(&self, place: &Place, domain: DomainName) {
        self.domains().insert((place.clone(), domain));
        self.told.notify_waiters();
    }

    /// Whether a resource has `domain` in `place`; waits a moment to be told.
    pub async fn has(&self, place: &Place, domain: &DomainName) -> bool {
        let wanted = (place.clone(), domain.clone());
        let told = async {
            loop {
                let mut told = std::pin::pin!(self.told.notified());
                // What is told from now on is not missed.
                told.as_mut().enable();
                if self.domains().contains(&wanted) {
                    return;
                }
                told.await;
            }
        };
        timeout(TOLD_WITHIN, told).await.is_ok()
    }

    /// A plan has SES hold `setting` in `place`; returns what the plan of another resource
    /// has it hold there, if that is something else. (Of one resource all plans of a
    /// process say the same.)
    pub fn plan(&self, place: &Place, setting: &Setting) -> Option<Setting> {
        let mut planned = self.planned.lock().unwrap_or_else(PoisonError::into_inner);
        let other = planned
            .entry(place.clone())
            .or_insert_with(|| setting.clone());
        (other != setting).then(|| other.clone())
    }

    fn domains(&self) -> std::sync::MutexGuard<'_, HashSet<(Place, DomainName)>> {
        self.domains.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail_from::{BehaviorOnMxFailure, Identity, Region};

    #[test]
    fn plans_that_have_ses_hold_two_things_are_told_apart() {
        let place = |identity: &str| Place {
            identity: Identity::parse(identity).unwrap(),
            region: Region::parse("eu-west-1").unwrap(),
        };
        let setting = |domain: &str, behavior| Setting {
            domain: DomainName::parse(domain).unwrap(),
            behavior,
        };
        let [default, reject] = [
            BehaviorOnMxFailure::UseDefaultValue,
            BehaviorOnMxFailure::RejectMessage,
        ];
        let here = place("example.com");
        let first = setting("bounce.example.com", default);
        let managed = Managed::default();
        for _ in 0..2 {
            assert_eq!(managed.plan(&here, &first), None);
        }
        for rival in [
            setting("bounce.example.com", reject),
            setting("mail.example.com", default),
        ] {
            assert_eq!(managed.plan(&here, &rival), Some(first.clone()));
        }
        let there = setting("bounce.example.org", reject);
        assert_eq!(managed.plan(&place("example.org"), &there), None);
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_told_soon_is_waited_for() {
        let place = |region: &str| Place {
            identity: Identity::parse("example.com").unwrap(),
            region: Region::parse(region).unwrap(),
        };
        let here = place("eu-west-1");
        let domain = DomainName::parse("bounce.example.com").unwrap();
        let managed = Managed::default();
        assert!(!managed.has(&here, &domain).await);
        let later = async {
            tokio::time::sleep(TOLD_WITHIN / 2).await;
            managed.tell(&here, domain.clone());
        };
        let (has, ()) = tokio::join!(managed.has(&here, &domain), later);
        assert!(has);
        assert!(managed.has(&here, &domain).await);
        assert!(!managed.has(&place("us-east-1"), &domain).await);
        let other = DomainName::parse("mail.example.com").unwrap();
        assert!(!managed.has(&here, &other).await);
    }
}
