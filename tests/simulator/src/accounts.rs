//! AWS accounts: each has an SES of its own. Which is called, the access key says.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::ses::Ses;

/// The accounts by their access keys.
#[derive(Clone, Debug)]
pub(crate) struct Accounts {
    /// Of every key that is not another account's.
    first: Ses,
    others: Arc<Mutex<HashMap<String, Ses>>>,
}

impl Accounts {
    pub(crate) fn new(first: Ses) -> Self {
        Self {
            first,
            others: Arc::default(),
        }
    }

    pub(crate) fn add(&self, access_key: &str, ses: Ses) {
        let mut others = self.others.lock().unwrap_or_else(PoisonError::into_inner);
        others.insert(access_key.to_owned(), ses);
    }

    /// SES as whoever signs with `access_key` finds it.
    pub(crate) fn of(&self, access_key: Option<&str>) -> Ses {
        let others = self.others.lock().unwrap_or_else(PoisonError::into_inner);
        let other = access_key.and_then(|key| others.get(key));
        other.unwrap_or(&self.first).clone()
    }
}
