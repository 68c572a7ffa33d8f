//! One question to DNS for all who ask it, while it is under way and after.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OnceCell;

use super::lookup::{Lookup, LookupError, Question};

/// Whether an answer from before will do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Freshness {
    /// Yes: however old, since the cache lives for one run of the provider.
    Cached,
    /// No: ask again, and keep the new answer. For waits.
    Fresh,
}

type Entry<T> = Arc<OnceCell<Result<T, LookupError>>>;

/// Remembers what `L` answered, failures too.
#[derive(Debug)]
pub(super) struct Cache<L: Lookup> {
    inner: L,
    entries: Mutex<HashMap<Question, Entry<L::Found>>>,
}

impl<L: Lookup> Cache<L> {
    pub(super) fn new(inner: L) -> Cache<L> {
        Cache {
            inner,
            entries: Mutex::default(),
        }
    }

    /// Whoever answers, for what is not to be remembered.
    pub(super) fn inner(&self) -> &L {
        &self.inner
    }

    /// Answers from memory, or joins a look-up that is under way, or starts
    /// one. If whoever started it goes away, another takes it over.
    pub(super) async fn look_up(
        &self,
        question: Question,
        freshness: Freshness,
    ) -> Result<L::Found, LookupError> {
        let entry = self.entry(&question, freshness);
        let ask = async || match self.inner.look_up(&question).await {
            // Says nothing about the question: the next may go out again.
            Err(LookupError::Suspended) => Err(LookupError::Suspended),
            result => Ok(result),
        };
        entry.get_or_try_init(ask).await?.clone()
    }

    fn entry(&self, question: &Question, freshness: Freshness) -> Entry<L::Found> {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        match freshness {
            Freshness::Cached => entries.entry(question.clone()).or_default().clone(),
            Freshness::Fresh => {
                let entry = Entry::default();
                entries.insert(question.clone(), entry.clone());
                entry
            }
        }
    }
}

#[cfg(test)]
mod tests;
