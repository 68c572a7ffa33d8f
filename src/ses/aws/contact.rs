//! Contact with an endpoint: which obstacles on the way to it last, so that a process
//! learns them once.
//!
//! A host name that is misspelt, a proxy that wants a password, a firewall: each call
//! would find out by itself, for the whole of its timeout, and ten at a time a fleet of
//! 1,000 would take hours to say that it cannot reach SES. So an obstacle that stood in
//! the way from the first contact on counts as lasting after a while (a certificate that
//! is not trusted and a proxy that wants a password, at once), and from then on all calls
//! end with it. Once a minute one may look whether it still stands.
//!
//! Once SES has answered, obstacles pass: a connection that breaks in the middle of an
//! apply is ridden out as long as the call's timeout allows. Certificates and passwords do
//! not pass; the latter are given half a minute then.
//!
//! Arithmetic on given times; sends nothing and waits for nothing.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::obstacle::NotReached;
use crate::ses::error::Obstacle;

/// How long a lasting obstacle is taken for granted before one call looks again.
const TAKEN_FOR_GRANTED: Duration = Duration::from_secs(60);

/// Obstacles that are met farther apart than this are not known to have stood in between.
const APART: Duration = Duration::from_secs(60);

/// What is known of an endpoint.
#[derive(Debug, Default)]
pub(super) struct Contact(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    answered: bool,
    met: HashMap<Obstacle, Met>,
    lasting: Option<Lasting>,
}

/// An obstacle that was met again and again.
#[derive(Clone, Copy, Debug)]
struct Met {
    first: Instant,
    last: Instant,
}

#[derive(Debug)]
struct Lasting {
    not_reached: NotReached,
    look_again: Instant,
}

/// How long an obstacle stands from the first contact on before it counts as lasting.
fn patience(obstacle: Obstacle, answered: bool) -> Duration {
    Duration::from_secs(match obstacle {
        // A proxy that has let calls through asks again while it loses its own way to whoever
        // knows the users.
        Obstacle::ProxyAuthentication if answered => 30,
        obstacle if obstacle.stays() => 0,
        Obstacle::Tls | Obstacle::NoSuchHost | Obstacle::Refused | Obstacle::Proxy => 30,
        // As long as a call takes by default before it gives up.
        _ => 300,
    })
}

impl Contact {
    /// The lasting obstacle, if there is one and it is not time to look again.
    pub(super) fn lasting(&self, now: Instant) -> Option<NotReached> {
        let state = self.state();
        let lasting = state.lasting.as_ref()?;
        (now < lasting.look_again).then(|| lasting.not_reached.clone())
    }

    /// Whether to send a request now: not behind a lasting obstacle, unless it is time for
    /// one to look again.
    pub(super) fn may_send(&self, now: Instant) -> Result<(), NotReached> {
        match &mut self.state().lasting {
            Some(lasting) if now < lasting.look_again => Err(lasting.not_reached.clone()),
            Some(lasting) => {
                lasting.look_again = now + TAKEN_FOR_GRANTED;
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// The endpoint has answered.
    pub(super) fn answered(&self) {
        let mut state = self.state();
        *state = State {
            answered: true,
            ..State::default()
        };
    }

    /// A request was not answered; returns whether what stood in the way lasts.
    pub(super) fn failed(&self, not_reached: &NotReached, now: Instant) -> bool {
        let mut state = self.state();
        let obstacle = not_reached.obstacle;
        if state.answered && !obstacle.stays() {
            return false;
        }
        let is_lasting = state.lasting.is_some();
        let met = state.met.get(&obstacle);
        let met = met.filter(|met| is_lasting || now - met.last <= APART);
        let first = met.map_or(now, |met| met.first);
        state.met.insert(obstacle, Met { first, last: now });
        let lasts = now - first >= patience(obstacle, state.answered);
        if lasts {
            state.lasting = Some(Lasting {
                not_reached: not_reached.clone(),
                look_again: now + TAKEN_FOR_GRANTED,
            });
        }
        lasts
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Scene {
        contact: Contact,
        began: Instant,
    }

    impl Scene {
        fn new() -> Self {
            Self {
                contact: Contact::default(),
                began: Instant::now(),
            }
        }

        fn at(&self, seconds: u64) -> Instant {
            self.began + Duration::from_secs(seconds)
        }

        fn meets(&self, obstacle: Obstacle, seconds: u64) -> bool {
            let reason = format!("met at {seconds} s");
            let not_reached = NotReached { obstacle, reason };
            self.contact.failed(&not_reached, self.at(seconds))
        }

        fn may_send(&self, seconds: u64) -> bool {
            self.contact.may_send(self.at(seconds)).is_ok()
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_obstacle_from_the_first_contact_on_lasts_after_a_while() {
        for (obstacle, lasts_from) in [
            (Obstacle::Certificate, 0),
            (Obstacle::Tls, 30),
            (Obstacle::NoSuchHost, 30),
            (Obstacle::Refused, 30),
            (Obstacle::Proxy, 30),
            (Obstacle::ProxyAuthentication, 0),
            (Obstacle::LookUp, 300),
            (Obstacle::Connection, 300),
            (Obstacle::Answer, 300),
        ] {
            let scene = Scene::new();
            for seconds in (0..=lasts_from).step_by(10) {
                let lasts = seconds == lasts_from;
                assert_eq!(scene.meets(obstacle, seconds), lasts, "{obstacle:?}");
                assert_eq!(scene.may_send(seconds + 1), !lasts, "{obstacle:?}");
            }
            let known = scene.contact.lasting(scene.at(lasts_from + 1)).unwrap();
            assert_eq!(known.reason, format!("met at {lasts_from} s"));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn once_the_endpoint_has_answered_obstacles_pass_but_for_what_stays() {
        let scene = Scene::new();
        scene.contact.answered();
        for seconds in (0..1000).step_by(10) {
            assert!(!scene.meets(Obstacle::Refused, seconds));
        }
        assert!(scene.meets(Obstacle::Certificate, 1000));
        assert!(!scene.may_send(1001));
        scene.contact.answered();
        assert!(!scene.meets(Obstacle::ProxyAuthentication, 1002));
        assert!(!scene.meets(Obstacle::ProxyAuthentication, 1031));
        assert!(scene.meets(Obstacle::ProxyAuthentication, 1032));
        assert!(!scene.may_send(1033));
        scene.contact.answered();
        assert!(!scene.meets(Obstacle::ProxyAuthentication, 1040));
    }

    #[tokio::test(start_paused = true)]
    async fn one_call_a_minute_looks_whether_a_lasting_obstacle_still_stands() {
        let scene = Scene::new();
        scene.meets(Obstacle::Refused, 0);
        assert!(scene.meets(Obstacle::Refused, 30));
        assert!(!scene.may_send(89));
        assert!(scene.contact.lasting(scene.at(90)).is_none());
        assert!(scene.may_send(90));
        assert!(!scene.may_send(91), "one is enough");
        assert!(scene.meets(Obstacle::Refused, 95), "it still stands");
        assert!(!scene.may_send(154));
        assert!(scene.may_send(155));
        scene.contact.answered();
        assert!(scene.may_send(156) && scene.may_send(157));
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_met_long_ago_or_of_another_kind_does_not_count() {
        let scene = Scene::new();
        assert!(!scene.meets(Obstacle::Refused, 0));
        assert!(!scene.meets(Obstacle::Refused, 100));
        assert!(!scene.meets(Obstacle::NoSuchHost, 129));
        assert!(scene.meets(Obstacle::Refused, 130));
    }
}
