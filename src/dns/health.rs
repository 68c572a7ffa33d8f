//! Circuit breaker of one name server: open while the server is silent to
//! everybody. Arithmetic alone, the time is given to it.
//!
//! That a question got no answer says nothing of the server: the domain's own
//! servers may be dead, and a resolver then has nothing to say. So a server of
//! which nothing was heard since a look-up began is asked about the root, which
//! every resolver knows, and what it has answered before, and only if both stay
//! without any answer is it silent.

use std::time::Duration;

use tokio::time::Instant;

/// How long a silent server is left alone before the next trial.
pub(super) const PAUSE: Duration = Duration::from_secs(30);

/// What is known of a server's being there.
#[derive(Debug, Default)]
pub(super) struct Health {
    /// When anything came from it last.
    heard: Option<Instant>,
    /// A trial is under way.
    on_trial: bool,
    silent_until: Option<Instant>,
}

/// Whether a look-up may ask the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Admission {
    Yes,
    /// If a trial shows that it is there again. The others wait for what becomes
    /// of it.
    OnTrial,
    No,
}

impl Health {
    pub(super) fn admission(&mut self, now: Instant) -> Admission {
        match self.silent_until {
            None => Admission::Yes,
            Some(until) if now < until || self.on_trial => Admission::No,
            Some(_) => {
                self.on_trial = true;
                Admission::OnTrial
            }
        }
    }

    /// Any answer, whatever it says.
    pub(super) fn heard(&mut self, now: Instant) {
        self.heard = Some(now);
        self.silent_until = None;
    }

    /// Whether a trial has to begin, because a look-up that began at `began` is
    /// still without an answer.
    pub(super) fn doubts(&mut self, began: Instant) -> bool {
        let begins = !self.on_trial && !self.heard_since(began);
        self.on_trial |= begins;
        begins
    }

    /// A trial, for a look-up that began at `began`, is over: whether anything was
    /// heard meanwhile.
    pub(super) fn tried(&mut self, began: Instant, now: Instant) -> bool {
        self.on_trial = false;
        let heard = self.heard_since(began);
        if !heard {
            self.silent_until = Some(now + PAUSE);
        }
        heard
    }

    fn heard_since(&self, began: Instant) -> bool {
        self.heard.is_some_and(|heard| heard >= began)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[tokio::test(start_paused = true)]
    async fn time_outs_count_only_while_nothing_at_all_is_heard() {
        let begin = Instant::now();
        let mut health = Health::default();
        // Dead domains, and one answer to somebody else meanwhile.
        for round in 0..100 {
            let began = begin + SECOND * round;
            health.heard(began + SECOND / 2);
            assert!(!health.doubts(began));
            assert_eq!(health.admission(began + SECOND), Admission::Yes);
        }
        // Nothing else is under way: the trial decides.
        let began = begin + SECOND * 200;
        assert!(health.doubts(began));
        assert!(!health.doubts(began), "one trial at a time");
        health.heard(began + SECOND);
        health.tried(began, began + SECOND);
        assert_eq!(health.admission(began + SECOND), Admission::Yes);
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_server_is_left_alone_and_then_tried_once() {
        let began = Instant::now();
        let mut health = Health::default();
        assert!(health.doubts(began));
        assert_eq!(health.admission(began), Admission::Yes, "not known yet");
        health.tried(began, began + SECOND);
        assert_eq!(health.admission(began + SECOND), Admission::No);

        let again = began + SECOND + PAUSE;
        assert_eq!(health.admission(again), Admission::OnTrial);
        assert_eq!(health.admission(again), Admission::No, "one is enough");
        health.tried(again, again + SECOND);
        assert_eq!(health.admission(again + PAUSE), Admission::No);

        let third = again + SECOND + PAUSE;
        assert_eq!(health.admission(third), Admission::OnTrial);
        health.heard(third);
        health.tried(third, third);
        assert_eq!(health.admission(third), Admission::Yes);
    }

    #[tokio::test(start_paused = true)]
    async fn any_answer_ends_a_silence() {
        let began = Instant::now();
        let mut health = Health::default();
        assert!(health.doubts(began));
        health.tried(began, began);
        health.heard(began + SECOND);
        assert_eq!(health.admission(began + SECOND), Admission::Yes);
    }
}
