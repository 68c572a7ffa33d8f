//! Register of who wants which MAIL FROM domain: what the processes of a run, and those
//! of earlier runs, have told, and what follows from it for a delete. Pure.
//!
//! | a claim of another object than the one that is deleted | counts |
//! |---|---|
//! | its Set is queued | while the process lives |
//! | SES has accepted its Set, or may have | in the same run |
//! | a plan keeps it | in the same run; where no plan of this run destroys the object that is deleted, in the latest earlier run whose plan did: that plan was saved, and is applied now |
//!
//! No claim counts any more once a plan destroys its object, or the object is gone; nor
//! does one of another account.

use super::line::Site;
use super::object::ObjectId;
use super::told::{Told, Wants};
use super::whose::{Accounts, Whose};

/// A process of a run.
#[derive(Clone, Copy)]
pub(super) struct Process<'a> {
    pub(super) told: &'a Told,
    /// Whether it still runs.
    pub(super) lives: bool,
}

/// All that is known on this host.
pub(super) struct Register<'a> {
    /// This process.
    pub(super) own: &'a Told,
    /// The other processes of this run.
    pub(super) others: Vec<Process<'a>>,
    /// The processes of each earlier run.
    pub(super) earlier: Vec<Vec<&'a Told>>,
}

/// What follows for a delete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// No other object wants what is to be deleted.
    Nobody,
    /// Another object's Set is queued or in flight.
    Queued,
    /// Another object has set it, or a plan keeps it.
    Stands,
    /// Another object wants it, perhaps in another account.
    Open(Open),
}

/// What stands in the way of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Open {
    /// The account of this process is not known.
    Own,
    /// A process that lives can tell its account yet. `is_new`: it has not told yet what
    /// it knows without asking AWS.
    Theirs { is_new: bool },
    /// No process that lives can tell the account; one that Terraform starts now may.
    Gone,
    /// AWS has not told whoever has asked for it, for this reason.
    Failed(String),
    /// The saved plan that is applied does not tell.
    Saved,
}

impl Register<'_> {
    /// What follows for a delete of `object` at `site`.
    pub(super) fn answer(&self, site: &Site, object: &ObjectId) -> Answer {
        let mut found = Found::default();
        for claim in self.claims_of_run(site, Some(object)) {
            let relation = claim.whose.map(|whose| (self.accounts(whose), whose));
            match relation {
                Some((Accounts::Different, _)) => {}
                Some((Accounts::Open, whose)) => found.open(self.open(whose), claim.is_queued),
                Some((Accounts::Same, _)) | None => found.claim(claim.is_queued),
            }
        }
        for relation in self.saved_plan(site, object) {
            match relation {
                Accounts::Different => {}
                Accounts::Same => found.claim(false),
                Accounts::Open => found.open(Open::Saved, false),
            }
        }
        found.answer()
    }

    /// Whether a plan is known in which `object` was destroyed, other than one that this
    /// process has made itself: an apply plans the destroy of a deposed object anew.
    pub(super) fn is_destroy_planned(&self, object: &ObjectId) -> bool {
        let others = self.others.iter().map(|process| process.told);
        let all = others.chain(self.earlier.iter().flatten().copied());
        all.into_iter().any(|told| told.destroys(object).is_some())
    }

    /// Whether the plan by which `object` is deleted may be one of an earlier run.
    pub(super) fn may_be_saved(&self, object: &ObjectId) -> bool {
        let mut others = self.others.iter();
        !others.any(|process| process.told.destroys(object).is_some())
    }

    /// How many claims of any object are queued at `site`, and how many stand.
    pub(super) fn count(&self, site: &Site) -> (usize, usize) {
        let claims = self.claims_of_run(site, None);
        let queued = claims.iter().filter(|claim| claim.is_queued).count();
        (queued, claims.len() - queued)
    }

    /// The account of this process, where it is known.
    pub(super) fn account(&self) -> Option<String> {
        self.known(&self.own.whose).account
    }

    /// Whether somebody of this process's account wants what somebody of an account that
    /// is not told from it deletes, or the other way round.
    pub(super) fn is_met(&self) -> bool {
        let (mut ours, mut open) = (vec![self.own], Vec::new());
        for process in &self.others {
            match self.accounts(&process.told.whose) {
                Accounts::Same => ours.push(process.told),
                Accounts::Different => {}
                Accounts::Open => open.push(process.told),
            }
        }
        let wants = |all: &[&Told], site: &Site| {
            let mut wants = all.iter().flat_map(|told| told.wants(site));
            wants.any(|(object, wants)| self.counts(object, wants, true).is_some())
        };
        let meet = |deleting: &[&Told], wanting: &[&Told]| {
            let mut sites = deleting.iter().flat_map(|told| told.deletes());
            sites.any(|site| wants(wanting, site))
        };
        meet(&open, &ours) || meet(&ours, &open)
    }

    /// The claims of this run at `site` by others than `object`.
    fn claims_of_run(&self, site: &Site, object: Option<&ObjectId>) -> Vec<Claimed<'_>> {
        let own = (self.own, true, None);
        let others = self.others.iter();
        let others = others.map(|process| (process.told, process.lives, Some(&process.told.whose)));
        let mut claims = Vec::new();
        for (told, lives, whose) in others.chain([own]) {
            let others = told.wants(site).filter(|(other, _)| object != Some(*other));
            claims.extend(others.filter_map(|(other, wants)| {
                Some(Claimed {
                    is_queued: self.counts(other, wants, lives)? == Counts::Queued,
                    whose,
                })
            }));
        }
        claims
    }

    /// Of what accounts those are that the saved plan keeps at `site`, by which `object`
    /// is deleted: compared, in that run, with the process that planned the destroy.
    fn saved_plan(&self, site: &Site, object: &ObjectId) -> Vec<Accounts> {
        let planned = self.earlier.iter().filter_map(|run| {
            let planners = run
                .iter()
                .filter_map(|told| Some((told.destroys(object)?, told)));
            let (at, planner) = planners.max_by_key(|(at, _)| *at)?;
            Some((at, planner, run))
        });
        let latest = planned.max_by_key(|(at, ..)| *at);
        let Some((_, planner, run)) = latest.filter(|_| self.may_be_saved(object)) else {
            return Vec::new();
        };
        let known = |told: &Told| told.whose.by_way_of(run.iter().map(|told| &told.whose));
        let planner = known(planner);
        let keeps = |told: &&&Told| {
            let mut others = told.wants(site).filter(|(other, _)| *other != object);
            others.any(|(other, wants)| self.is_later(wants.kept, other))
        };
        let keepers = run.iter().filter(keeps);
        keepers.map(|told| planner.accounts(&known(told))).collect()
    }

    /// What of a claim counts.
    fn counts(&self, object: &ObjectId, wants: Wants, lives: bool) -> Option<Counts> {
        if self.is_later(wants.stands, object) || self.is_later(wants.kept, object) {
            Some(Counts::Stands)
        } else {
            (lives && wants.queued > 0).then_some(Counts::Queued)
        }
    }

    /// Whether a claim was made after the last release of its object's claims.
    fn is_later(&self, claimed: Option<u64>, object: &ObjectId) -> bool {
        let others = self.others.iter().map(|process| process.told);
        let all = others.chain(self.earlier.iter().flatten().copied());
        let released = all
            .chain([self.own])
            .map(|told| told.released(object))
            .max();
        claimed > released.flatten()
    }

    /// Compares this process with another.
    fn accounts(&self, other: &Whose) -> Accounts {
        self.known(&self.own.whose).accounts(&self.known(other))
    }

    /// What is known of `whose` by way of this run.
    fn known(&self, whose: &Whose) -> Whose {
        let others = self.others.iter().map(|process| &process.told.whose);
        whose.by_way_of(others.chain([&self.own.whose]))
    }

    /// What keeps the account of `whose` from being compared with this process's.
    fn open(&self, whose: &Whose) -> Open {
        let theirs = self.known(whose);
        let others = self.others.iter();
        let alike = others.filter(|other| theirs.is_marked_as(&other.told.whose));
        // Whoever lives of the same account can ask in the place of who does not.
        let able = alike.clone().filter(|process| process.lives);
        let able: Vec<&Whose> = able.map(|process| &process.told.whose).collect();
        let mut reasons = alike.filter_map(|process| process.told.whose.unknown.clone());
        let reason = reasons.next();
        if able.iter().any(|whose| !whose.is_known) {
            Open::Theirs { is_new: true }
        } else if able.is_empty() && theirs.account.is_none() {
            reason.map_or(Open::Gone, Open::Failed)
        } else if self.account().is_none() {
            Open::Own
        } else if able.iter().any(|whose| whose.unknown.is_none()) {
            Open::Theirs { is_new: false }
        } else {
            Open::Failed(reason.unwrap_or_default())
        }
    }
}

/// A claim that counts.
struct Claimed<'a> {
    is_queued: bool,
    /// Of the process; `None` for this one.
    whose: Option<&'a Whose>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Counts {
    Queued,
    Stands,
}

/// What was found of the claims at a site.
#[derive(Default)]
struct Found {
    stands: bool,
    queued: bool,
    /// What stands in the way of an answer, the least hopeless first.
    open: Option<Open>,
}

impl Found {
    fn claim(&mut self, is_queued: bool) {
        self.queued |= is_queued;
        self.stands |= !is_queued;
    }

    fn open(&mut self, open: Open, is_queued: bool) {
        match open {
            // If its Set fails, the account does not matter.
            Open::Gone | Open::Failed(_) if is_queued => self.queued = true,
            open => {
                let hope = |open: &Open| match open {
                    Open::Theirs { is_new: true } => 0,
                    Open::Own => 1,
                    Open::Theirs { is_new: false } => 2,
                    Open::Gone => 3,
                    Open::Failed(_) | Open::Saved => 4,
                };
                if self
                    .open
                    .as_ref()
                    .is_none_or(|found| hope(&open) < hope(found))
                {
                    self.open = Some(open);
                }
            }
        }
    }

    fn answer(self) -> Answer {
        match self.open {
            _ if self.stands => Answer::Stands,
            _ if self.queued => Answer::Queued,
            Some(open) => Answer::Open(open),
            None => Answer::Nobody,
        }
    }
}

#[cfg(test)]
mod tests;
