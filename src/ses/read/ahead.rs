//! Reading ahead: what to fill the free places of a Get with.
//!
//! Terraform asks for ten identities at a time, SES answers a hundred in one
//! Get and takes one Get a second. A fleet of 1,000 would cost a hundred Gets if
//! each held only what is waited for. `ListIdentities` says which identities
//! exist, a thousand in one call; so once a fleet is being refreshed, the free
//! places of each Get are filled with listed identities that nobody has asked
//! for yet. What comes back for them is held until somebody asks.
//!
//! What holds:
//!
//! 1. Only a refresh is answered from what is held, and each held answer once.
//!    Whoever waits for a change to show is never answered from here.
//! 2. A held answer is at most [`FRESH`] old, counted from when its Get was
//!    sent. It lives no longer than the provider's configuration.
//! 3. Nothing is held of an identity whose Set went out, or was answered, after
//!    the Get was sent: SES may have answered with what held before.
//! 4. An identity is read ahead once, and again only while its answer is held and
//!    grows old: Terraform may take longer for a large fleet than an answer is good
//!    for. Once it was asked for, it is not read ahead any more.
//! 5. What SES left out of its answer is not held: that an identity is gone is
//!    told only to somebody who has asked for it.
//! 6. The list is a hint. If it may not be called, fails, is slow, or has nothing
//!    to do with what is asked for, every read is answered as without it, and a
//!    Get is never sent for read-ahead alone.
//! 7. Which MAIL FROM domains will be asked for next is told on
//!    ([`likely`](ReadAhead::likely)) once the list has proved right: many of the
//!    refreshes were answered from what is held.
//!
//! Here is the bookkeeping; it does no I/O. The reader sends the Gets and the
//! Lists.

use std::collections::{HashMap, HashSet, VecDeque};
use std::time::Duration;

use tokio::time::Instant;

use crate::ses::api::{ListPage, MailFrom};

/// How old an answer may be when it is used.
const FRESH: Duration = Duration::from_secs(120);

/// From what age on an answer is read again, where a Get has places left for it.
const OLD: Duration = Duration::from_secs(60);

/// How many answers have to be used before what else is held is taken for likely to be
/// asked for: more than a list of other identities gives by chance.
const PROOF: usize = 32;

/// How many refreshes make a fleet: Terraform's default parallelism. Fewer fit
/// into the first Get, so that a list would be of no use to them.
const FLEET: usize = 10;

/// The next page is asked for when fewer candidates than this are left: SES gives
/// a page a second, and a Get takes a hundred candidates a second.
const FEW: usize = 500;

/// What is known of identities that nobody waits for.
#[derive(Debug, Default)]
pub(in crate::ses) struct ReadAhead {
    /// Refreshes that were asked for so far.
    refreshes: usize,
    listing: Listing,
    /// Listed, and not in any Get yet.
    candidates: VecDeque<String>,
    /// Asked for, or read ahead, at some time.
    seen: HashSet<String>,
    /// Read ahead, in a Get that is under way.
    under_way: HashSet<String>,
    /// Read ahead and not asked for yet, with the time when the Get was sent.
    held: HashMap<String, (Instant, MailFrom)>,
    /// The same in the order of age; some may not be held any more.
    ages: VecDeque<(Instant, String)>,
    /// Held, and not told on yet.
    untold: Vec<String>,
    /// How many refreshes were answered from what was held.
    used: usize,
    /// When the last Set of an identity went out or was answered.
    changed: HashMap<String, Instant>,
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

/// How a refresh is answered.
#[derive(Debug, PartialEq)]
pub(in crate::ses) enum Refresh {
    /// From what is held.
    Held(MailFrom),
    /// From a Get under way, in which the identity is read ahead.
    UnderWay,
    /// From a Get that is still to be sent.
    Ask,
}

impl ReadAhead {
    /// Somebody asks for a refresh of `identity`.
    pub(in crate::ses) fn refresh(&mut self, identity: &str, now: Instant) -> Refresh {
        self.refreshes += 1;
        if self.refreshes == FLEET && self.listing == Listing::NotBegun {
            self.listing = Listing::More(None);
        }
        self.seen.insert(identity.to_owned());
        if let Some((sent, mail_from)) = self.held.remove(identity)
            && now.duration_since(sent) <= FRESH
        {
            self.under_way.remove(identity);
            self.used += 1;
            return Refresh::Held(mail_from);
        }
        if self.under_way.contains(identity) {
            return Refresh::UnderWay;
        }
        Refresh::Ask
    }

    /// The MAIL FROM domains that will be asked for soon, each once.
    pub(in crate::ses) fn likely(&mut self) -> Vec<String> {
        if self.used < PROOF {
            return Vec::new();
        }
        let untold = std::mem::take(&mut self.untold);
        untold
            .iter()
            .filter_map(|identity| match self.held.get(identity) {
                Some((_, MailFrom::Set(held))) => Some(held.domain.clone()),
                _ => None,
            })
            .collect()
    }

    /// The token of the page to list now, if there is one to list: `Some(None)`
    /// is the first. It counts as under way from now on.
    pub(in crate::ses) fn page(&mut self) -> Option<Option<String>> {
        if self.candidates.len() >= FEW || !matches!(self.listing, Listing::More(_)) {
            return None;
        }
        match std::mem::replace(&mut self.listing, Listing::UnderWay) {
            Listing::More(token) => Some(token),
            _ => None,
        }
    }

    /// Whether a list is under way and there is nothing else to fill a Get with.
    pub(in crate::ses) fn waits_for_list(&self) -> bool {
        self.listing == Listing::UnderWay && self.candidates.is_empty()
    }

    /// A page has come; `None`: it cannot be had.
    pub(in crate::ses) fn listed(&mut self, page: Option<ListPage>) {
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

    /// Up to `room` identities to read ahead in a Get that is about to be sent for those
    /// that are `asked` for: listed ones first, then what is held and grows old.
    pub(in crate::ses) fn fill(
        &mut self,
        room: usize,
        asked: &HashSet<&str>,
        now: Instant,
    ) -> Vec<String> {
        let mut filling = Vec::new();
        while filling.len() < room
            && let Some(candidate) = self.candidates.pop_front()
        {
            if self.seen.insert(candidate.clone()) && !asked.contains(candidate.as_str()) {
                filling.push(candidate);
            }
        }
        while filling.len() < room
            && let Some((sent, _)) = self.ages.front()
            && now.duration_since(*sent) >= OLD
            && let Some((sent, identity)) = self.ages.pop_front()
        {
            let held = self.held.get(&identity);
            if held.is_some_and(|held| held.0 == sent) && !asked.contains(identity.as_str()) {
                filling.push(identity);
            }
        }
        self.under_way.extend(filling.iter().cloned());
        filling
    }

    /// What was read ahead in a Get sent at `sent` is there.
    pub(in crate::ses) fn hold(
        &mut self,
        identity: String,
        mail_from: Option<MailFrom>,
        sent: Instant,
    ) {
        let before = self.held.remove(&identity);
        let asked_for = !self.under_way.remove(&identity);
        let Some(mail_from) = mail_from else {
            return;
        };
        if asked_for || self.changed_since(&identity, sent) {
            return;
        }
        if before.is_none() {
            self.untold.push(identity.clone());
        }
        self.ages.push_back((sent, identity.clone()));
        self.held.insert(identity, (sent, mail_from));
    }

    /// The Get has failed for a reason that passes.
    pub(in crate::ses) fn put_back(&mut self, identity: String) {
        if !self.under_way.remove(&identity) {
            return;
        }
        if let Some((sent, _)) = self.held.get(&identity) {
            self.ages.push_front((*sent, identity));
        } else {
            self.seen.remove(&identity);
            self.candidates.push_front(identity);
        }
    }

    /// SES does not take the list's identities: nothing is read ahead any more.
    pub(in crate::ses) fn give_up(&mut self) {
        self.listing = Listing::Ended;
        self.candidates.clear();
        self.under_way.clear();
        self.ages.clear();
    }

    /// A Set of `identity` goes out, or was answered, at `now`.
    pub(in crate::ses) fn changed(&mut self, identity: &str, now: Instant) {
        self.held.remove(identity);
        self.changed.insert(identity.to_owned(), now);
    }

    fn changed_since(&self, identity: &str, sent: Instant) -> bool {
        self.changed
            .get(identity)
            .is_some_and(|changed| *changed >= sent)
    }
}

#[cfg(test)]
mod tests;
