//! Whose credentials a process uses, as it tells the other processes of its run, and
//! whether they are those of one account.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::ses::host_folder::fnv1a;

/// What a process knows of its credentials. No part of them is in it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Whose {
    /// The AWS account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) account: Option<String>,
    /// Processes of one run that have one of these in common use one account.
    pub(super) marks: BTreeSet<String>,
    /// Whether this is all that can be known without a call to AWS.
    pub(super) is_known: bool,
    /// Why AWS, asked for the account, has not told it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) unknown: Option<String>,
}

/// Whether two processes use credentials of one account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Accounts {
    Same,
    Different,
    /// Not to be told from what is known.
    Open,
}

impl Whose {
    /// A mark of `text`, which is the same for all processes of the run `salt`.
    pub(super) fn mark(salt: &str, text: &str) -> String {
        format!("{:016x}", fnv1a(&format!("{salt}\0{text}")))
    }

    /// What is known of `self` by way of all that `others` have told: whoever shares a
    /// mark uses the same account.
    pub(super) fn by_way_of<'a>(&self, others: impl Iterator<Item = &'a Self> + Clone) -> Self {
        let mut known = self.clone();
        loop {
            let before = (known.marks.len(), known.account.is_some());
            for other in others.clone() {
                if known.is_marked_as(other) {
                    known.marks.extend(other.marks.iter().cloned());
                    if known.account.is_none() {
                        known.account.clone_from(&other.account);
                    }
                }
            }
            if before == (known.marks.len(), known.account.is_some()) {
                return known;
            }
        }
    }

    /// Compares what is known of two processes of one run.
    pub(super) fn accounts(&self, other: &Self) -> Accounts {
        match (&self.account, &other.account) {
            (Some(own), Some(other)) if own == other => Accounts::Same,
            (Some(_), Some(_)) => Accounts::Different,
            _ if self.is_marked_as(other) => Accounts::Same,
            _ => Accounts::Open,
        }
    }

    /// Whether the two have a mark in common.
    pub(super) fn is_marked_as(&self, other: &Self) -> bool {
        !self.marks.is_disjoint(&other.marks)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whose(account: Option<&str>, marks: &[&str]) -> Whose {
        Whose {
            account: account.map(str::to_owned),
            marks: marks.iter().map(|mark| (*mark).to_owned()).collect(),
            ..Whose::default()
        }
    }

    #[test]
    fn accounts_are_compared_by_number_then_by_marks() {
        for (one, other, expected) in [
            (
                whose(Some("1"), &["a"]),
                whose(Some("1"), &["b"]),
                Accounts::Same,
            ),
            (
                whose(Some("1"), &["a"]),
                whose(Some("2"), &["a"]),
                Accounts::Different,
            ),
            (
                whose(None, &["a", "b"]),
                whose(Some("2"), &["b"]),
                Accounts::Same,
            ),
            (
                whose(None, &["a"]),
                whose(Some("2"), &["b"]),
                Accounts::Open,
            ),
            (whose(None, &[]), whose(None, &[]), Accounts::Open),
        ] {
            assert_eq!(one.accounts(&other), expected, "{one:?} {other:?}");
            assert_eq!(other.accounts(&one), expected, "{one:?} {other:?}");
        }
    }

    #[test]
    fn what_a_process_of_the_same_block_has_found_out_is_known_of_the_others() {
        let planned = whose(None, &["block"]);
        let all = [
            whose(Some("1"), &["key"]),
            whose(None, &["key", "block"]),
            whose(Some("2"), &["other"]),
        ];
        let known = planned.by_way_of(all.iter());
        assert_eq!(known, whose(Some("1"), &["block", "key"]));
        assert_eq!(known.accounts(&all[2]), Accounts::Different);
    }

    #[test]
    fn a_mark_is_the_run_s_own() {
        assert_eq!(Whose::mark("run", "key"), Whose::mark("run", "key"));
        assert_ne!(Whose::mark("run", "key"), Whose::mark("another", "key"));
    }
}
