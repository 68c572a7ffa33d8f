//! Memory: SES's answers, kept for refreshes.
//!
//! Terraform asks for one identity several times in a plan: its MAIL FROM domain and
//! the verification of it are two resources. What holds:
//!
//! 1. Only a refresh is answered from memory, and as often as one asks. A fresh read
//!    never is, but its answer renews what is remembered.
//! 2. An answer is good for [`FRESH`], counted from when its Get was sent. It lives no
//!    longer than the provider's configuration. Of two answers, the one whose Get was
//!    sent later counts.
//! 3. Nothing is remembered of an identity from a Get that was sent before a Set of it
//!    went out or was answered, or within [`SHOWN_WITHIN`] after: SES may have answered with
//!    what was set before.
//! 4. What SES left out of its answer answers nobody: that an identity is gone is told
//!    only to somebody whose Get says so.
//!
//! It counts who asks as well, which says what will probably be [asked for
//! again](Memory::worth_renewing).

use std::collections::HashMap;
use std::time::Duration;

use tokio::time::Instant;

use super::sends::SHOWN_WITHIN;
use crate::ses::api::MailFrom;

/// How old an answer may be when it is used.
pub(super) const FRESH: Duration = Duration::from_secs(120);

/// From what age on an answer is renewed, where a Get has places left for it.
pub(super) const OLD: Duration = Duration::from_secs(60);

/// How many identities have to be asked for so many times before that is what is usual.
const USUAL: usize = 10;

#[derive(Debug, Default)]
pub(super) struct Memory {
    answers: HashMap<String, Remembered>,
    /// When the last Set of an identity went out or was answered.
    changed: HashMap<String, Instant>,
    /// How many refreshes have asked for each identity.
    asked: HashMap<String, usize>,
    /// How many identities were asked for once at least, twice at least, and so on.
    asked_at_least: Vec<usize>,
}

#[derive(Debug)]
struct Remembered {
    /// When the Get was sent.
    sent: Instant,
    /// `None`: SES left the identity out.
    mail_from: Option<MailFrom>,
}

impl Memory {
    /// A refresh asks for `identity`.
    pub(super) fn asked(&mut self, identity: &str) {
        let times = self.asked.entry(identity.to_owned()).or_default();
        *times += 1;
        if self.asked_at_least.len() < *times {
            self.asked_at_least.push(0);
        }
        self.asked_at_least[*times - 1] += 1;
    }

    /// What is remembered of `identity` and good at `now`.
    pub(super) fn recall(&self, identity: &str, now: Instant) -> Option<&MailFrom> {
        let remembered = self.answers.get(identity)?;
        let is_good = now.duration_since(remembered.sent) <= FRESH;
        remembered.mail_from.as_ref().filter(|_| is_good)
    }

    /// Whether anything is remembered of `identity`, good or stale.
    pub(super) fn knows(&self, identity: &str) -> bool {
        let remembered = self.answers.get(identity);
        remembered.is_some_and(|remembered| remembered.mail_from.is_some())
    }

    /// SES's answer to a Get that was sent at `sent`; `None`: it has left `identity` out.
    pub(super) fn remember(
        &mut self,
        identity: String,
        mail_from: Option<MailFrom>,
        sent: Instant,
    ) {
        let before = self.answers.get(&identity);
        if before.is_some_and(|before| before.sent > sent) {
            return;
        }
        let changed = self.changed.get(&identity);
        let is_settled = changed.is_none_or(|changed| sent > *changed + SHOWN_WITHIN);
        if is_settled {
            let remembered = Remembered { sent, mail_from };
            self.answers.insert(identity, remembered);
        } else {
            self.answers.remove(&identity);
        }
    }

    /// A Set of `identity` goes out, or was answered, at `now`.
    pub(super) fn changed(&mut self, identity: &str, now: Instant) {
        self.answers.remove(identity);
        self.changed.insert(identity.to_owned(), now);
    }

    /// The identities whose answers are old at `now` and that will probably be asked for
    /// again, because fewer refreshes have asked for them than for others. Those that
    /// the fewest have asked for come first, and of those the oldest.
    pub(super) fn worth_renewing(&self, now: Instant) -> Vec<&str> {
        let reached = |identities: &&usize| **identities >= USUAL;
        let usual = self.asked_at_least.iter().take_while(reached).count();
        let mut old: Vec<(usize, Instant, &str)> = self
            .answers
            .iter()
            .filter(|(_, remembered)| remembered.mail_from.is_some())
            .filter(|(_, remembered)| now.duration_since(remembered.sent) >= OLD)
            .map(|(identity, remembered)| {
                let asked = self.asked.get(identity).copied().unwrap_or(0);
                (asked, remembered.sent, identity.as_str())
            })
            .filter(|(asked, ..)| *asked < usual)
            .collect();
        old.sort_unstable();
        old.into_iter().map(|(.., identity)| identity).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ses::fake::set;

    fn remembering(identities: &[&str], sent: Instant) -> Memory {
        let mut memory = Memory::default();
        for identity in identities {
            memory.remember((*identity).to_owned(), Some(set("old.example.com")), sent);
        }
        memory
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_serves_every_refresh_until_it_is_stale() {
        let sent = Instant::now();
        let mut memory = remembering(&["a"], sent);
        for _ in 0..3 {
            memory.asked("a");
            assert_eq!(
                memory.recall("a", sent + FRESH),
                Some(&set("old.example.com"))
            );
        }
        let stale = sent + FRESH + Duration::from_millis(1);
        assert_eq!(memory.recall("a", stale), None);
        memory.remember("a".to_owned(), Some(set("new.example.com")), stale);
        assert_eq!(memory.recall("a", stale), Some(&set("new.example.com")));
    }

    #[tokio::test(start_paused = true)]
    async fn of_two_answers_the_later_get_counts() {
        let sent = Instant::now();
        let later = sent + Duration::from_secs(1);
        let mut memory = remembering(&["a"], later);
        for late in [Some(set("older.example.com")), None] {
            memory.remember("a".to_owned(), late, sent);
            assert_eq!(memory.recall("a", later), Some(&set("old.example.com")));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_ses_left_out_is_not_remembered() {
        let sent = Instant::now();
        let mut memory = remembering(&["a"], sent);
        memory.remember("a".to_owned(), None, sent + OLD);
        assert_eq!(memory.recall("a", sent + OLD), None);
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_is_remembered_of_what_a_set_may_have_changed() {
        let sent = Instant::now();
        let set_at = sent + Duration::from_secs(1);
        let mut memory = remembering(&["a"], sent);
        memory.changed("a", set_at);
        assert_eq!(memory.recall("a", set_at), None);
        for get in [sent, set_at, set_at + SHOWN_WITHIN] {
            memory.remember("a".to_owned(), Some(set("old.example.com")), get);
            assert_eq!(memory.recall("a", get), None, "{:?}", get - sent);
        }
        let settled = set_at + SHOWN_WITHIN + Duration::from_millis(1);
        memory.remember("a".to_owned(), Some(set("new.example.com")), settled);
        assert_eq!(memory.recall("a", settled), Some(&set("new.example.com")));
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_old_is_renewed_until_it_was_asked_for_as_often_as_others() {
        let sent = Instant::now();
        let names: Vec<String> = (0..USUAL).map(|number| format!("i{number}")).collect();
        let mut memory = remembering(&["unasked", "once", "twice"], sent);
        memory.remember("older".to_owned(), Some(set("d.example.com")), sent - OLD);
        memory.remember("young".to_owned(), Some(set("d.example.com")), sent + OLD);
        let asked = ["once", "older", "twice", "twice"];
        asked.iter().for_each(|identity| memory.asked(identity));
        let old = sent + OLD;
        assert_eq!(memory.worth_renewing(old), [""; 0], "nothing is usual yet");
        names.iter().for_each(|identity| memory.asked(identity));
        assert_eq!(memory.worth_renewing(old), ["unasked"]);
        names.iter().for_each(|identity| memory.asked(identity));
        assert_eq!(memory.worth_renewing(old), ["unasked", "older", "once"]);
    }

    #[tokio::test(start_paused = true)]
    async fn an_older_answer_does_not_bring_back_an_identity_that_is_gone() {
        let mut memory = Memory::default();
        let earlier = Instant::now();
        let later = earlier + Duration::from_secs(1);
        memory.remember("a".to_owned(), None, later);
        assert!(!memory.knows("a"));
        memory.remember("a".to_owned(), Some(set("old.example.com")), earlier);
        assert_eq!(memory.recall("a", later), None);
        assert!(memory.worth_renewing(later + OLD).is_empty());
        memory.remember("a".to_owned(), Some(set("new.example.com")), later + OLD);
        assert!(memory.recall("a", later + OLD).is_some());
    }
}
