//! Read-ahead: fills the free places of a Get.
//!
//! Terraform asks for ten identities at a time, SES answers a hundred in one
//! Get and takes one Get a second. A fleet of 1,000 would cost a hundred Gets if
//! each held only what is waited for. `ListIdentities` says which identities
//! exist, a thousand in one call; so once a fleet is being refreshed, the free
//! places of each Get are filled with listed identities that nobody has asked
//! for yet. The [memory](super::memory) keeps what comes back until somebody asks.
//!
//! What holds:
//!
//! 1. A fleet is [`FLEET`] identities that refreshes ask for together, or a refresh that
//!    needs a second Get. Fewer cost one Get and no List.
//! 2. A listed identity is read ahead once; after that, its answer is renewed like any
//!    that grows old while it will probably be [asked for
//!    again](super::memory::Memory::worth_renewing): Terraform may take longer for a
//!    large fleet than an answer is good for.
//! 3. The list is a hint. If it may not be called, fails, is slow, or has nothing
//!    to do with what is asked for, every read is answered as without it. Only a Get that
//!    a refresh waits for is filled, and no Get is sent for read-ahead alone.
//! 4. Which MAIL FROM domains will be asked for next is told on
//!    ([`likely`](ReadAhead::likely)) once the list has proved right: many of the
//!    refreshes found their identities read ahead.
//!
//! Here is the bookkeeping; it does no I/O. The task sends the Gets and the Lists.

use std::collections::{HashSet, VecDeque};

use tokio::time::Instant;

use super::memory::Memory;
use crate::mail_from::DomainName;
use crate::ses::api::{ListPage, MailFrom};

/// How many identities make a fleet: Terraform's default parallelism. Fewer fit
/// into the first Get, so that a list would be of no use to them.
const FLEET: usize = 10;

/// How many identities have to be asked for that were read ahead before the others are
/// likely to be asked for: more than a list of other identities gives by chance.
const PROOF: usize = 32;

/// The next page is asked for when fewer candidates than this are left: SES gives
/// a page a second, and a Get takes a hundred candidates a second.
const FEW: usize = 500;

/// What is known of identities that nobody waits for.
#[derive(Debug, Default)]
pub(super) struct ReadAhead {
    /// How many identities refreshes have asked for before their first Get went out.
    first_get: usize,
    /// Whether it did.
    is_got: bool,
    listing: Listing,
    /// Listed, and not in any Get yet.
    candidates: VecDeque<String>,
    /// Asked for, or read ahead, at some time.
    seen: HashSet<String>,
    /// Read ahead, and not asked for yet.
    unasked: HashSet<String>,
    /// Those of them that SES has answered about, and that were not told on yet.
    untold: Vec<String>,
    /// How many identities were asked for after they had been read ahead.
    proofs: usize,
    /// Whether SES has refused what was read ahead.
    is_refused: bool,
}

/// How far the list of identities has come.
#[derive(Debug, Default, PartialEq)]
enum Listing {
    #[default]
    NotBegun,
    /// There is another page, behind this token.
    More(Option<String>),
    UnderWay,
    /// It has ended, or cannot be had.
    Ended,
}

impl ReadAhead {
    /// A refresh asks for `identity`; `needs_get`: memory has no answer, and there is
    /// none under way.
    pub(super) fn asked(&mut self, identity: &str, needs_get: bool) {
        let is_new = self.seen.insert(identity.to_owned());
        self.first_get += usize::from(is_new && !self.is_got);
        let is_fleet = self.first_get >= FLEET || (needs_get && self.is_got);
        if is_fleet && self.listing == Listing::NotBegun {
            self.listing = Listing::More(None);
        }
        if self.unasked.remove(identity) && !needs_get {
            self.proofs += 1;
        }
    }

    /// `identity` is read anyway, by whoever reads all that are listed.
    pub(super) fn read_by_others(&mut self, identity: &str) {
        self.seen.insert(identity.to_owned());
    }

    /// The MAIL FROM domains that will be asked for soon, each once.
    pub(super) fn likely(&mut self, memory: &Memory, now: Instant) -> Vec<DomainName> {
        if self.proofs < PROOF {
            return Vec::new();
        }
        let untold = std::mem::take(&mut self.untold).into_iter();
        let unasked = untold.filter(|identity| self.unasked.contains(identity));
        unasked
            .filter_map(|identity| match memory.recall(&identity, now) {
                Some(MailFrom::Set(mail_from)) => mail_from.domain.name().cloned(),
                _ => None,
            })
            .collect()
    }

    /// The token of the page to list now, if there is one to list: `Some(None)`
    /// is the first. It counts as under way from now on.
    pub(super) fn page(&mut self) -> Option<Option<String>> {
        if self.candidates.len() >= FEW || !matches!(self.listing, Listing::More(_)) {
            return None;
        }
        match std::mem::replace(&mut self.listing, Listing::UnderWay) {
            Listing::More(token) => Some(token),
            _ => None,
        }
    }

    /// Whether a list is under way and there is nothing else to fill a Get with.
    pub(super) fn waits_for_list(&self) -> bool {
        self.listing == Listing::UnderWay && self.candidates.is_empty()
    }

    /// A page has come; `None`: it cannot be had.
    pub(super) fn listed(&mut self, page: Option<ListPage>) {
        self.listing = match page {
            None => Listing::Ended,
            Some(page) => {
                let new = page
                    .identities
                    .into_iter()
                    .filter(|one| !self.seen.contains(one));
                self.candidates.extend(new);
                match page.next {
                    Some(token) => Listing::More(Some(token)),
                    None => Listing::Ended,
                }
            }
        };
    }

    /// A Get that a refresh waits for is about to be sent: up to `room` identities to read
    /// ahead in it, listed ones first, then those whose answers grow old. Without those
    /// that are `taken` already, by this Get or one under way.
    pub(super) fn fill(
        &mut self,
        room: usize,
        taken: impl Fn(&str) -> bool,
        memory: &Memory,
        now: Instant,
    ) -> Vec<String> {
        self.is_got = true;
        let mut filling = Vec::new();
        if self.is_refused {
            return filling;
        }
        while filling.len() < room
            && let Some(candidate) = self.candidates.pop_front()
        {
            if self.seen.insert(candidate.clone()) && !taken(&candidate) {
                self.unasked.insert(candidate.clone());
                filling.push(candidate);
            }
        }
        if filling.len() < room {
            let old = memory.worth_renewing(now).into_iter();
            let old = old.filter(|identity| !taken(identity));
            filling.extend(old.take(room - filling.len()).map(str::to_owned));
        }
        filling
    }

    /// SES has answered about `identity` for the first time.
    pub(super) fn answered(&mut self, identity: &str) {
        if self.unasked.contains(identity) {
            self.untold.push(identity.to_owned());
        }
    }

    /// The Get that `identity` was read ahead in has failed for a reason that passes, and
    /// it was not answered about before.
    pub(super) fn put_back(&mut self, identity: String) {
        if self.unasked.remove(&identity) {
            self.seen.remove(&identity);
            self.candidates.push_front(identity);
        }
    }

    /// SES does not take the list's identities: nothing is read ahead any more.
    pub(super) fn give_up(&mut self) {
        self.is_refused = true;
        self.listing = Listing::Ended;
        self.candidates.clear();
    }
}

#[cfg(test)]
mod tests;
