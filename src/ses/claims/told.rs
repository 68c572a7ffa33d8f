//! What one process has told, line after line.

use std::collections::HashMap;

use super::line::{Event, Line, Says, Site};
use super::object::ObjectId;
use super::whose::Whose;

/// All that a process has told so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Told {
    pub(super) whose: Whose,
    wants: HashMap<Site, HashMap<ObjectId, Wants>>,
    /// When an object's claims were released: its destroy was planned, or it is gone.
    released: HashMap<ObjectId, u64>,
    /// When, and where, a plan destroyed an object.
    destroys: HashMap<ObjectId, (u64, Site)>,
    /// Where a delete has asked whose the credentials of others are.
    asks: Vec<Site>,
}

/// How one object wants one MAIL FROM domain.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Wants {
    /// Sets that are queued or in flight.
    pub(super) queued: u32,
    /// When SES was last known to have accepted one, or to may have.
    pub(super) stands: Option<u64>,
    /// When a plan last kept it.
    pub(super) kept: Option<u64>,
}

impl Told {
    pub(super) fn take(&mut self, line: Line) {
        let Line { at, says } = line;
        match says {
            Says::Whose(whose) => self.whose = whose,
            Says::Asks(site) => self.asks.push(site),
            Says::Object(event, site, object) => self.happened(at, event, site, object),
        }
    }

    fn happened(&mut self, at: u64, event: Event, site: Site, object: ObjectId) {
        match event {
            Event::Destroys => {
                self.released.insert(object.clone(), at);
                self.destroys.insert(object, (at, site));
            }
            Event::Gone => {
                self.released.insert(object, at);
            }
            Event::Queued => self.wants_mut(site, object).queued += 1,
            Event::Ended => {
                let wants = self.wants_mut(site, object);
                wants.queued = wants.queued.saturating_sub(1);
            }
            Event::Stands => self.wants_mut(site, object).stands = Some(at),
            Event::Keeps => self.wants_mut(site, object).kept = Some(at),
        }
    }

    fn wants_mut(&mut self, site: Site, object: ObjectId) -> &mut Wants {
        let wants = self.wants.entry(site).or_default();
        wants.entry(object).or_default()
    }

    /// Who wants what is at `site`.
    pub(super) fn wants(&self, site: &Site) -> impl Iterator<Item = (&ObjectId, Wants)> {
        let wants = self.wants.get(site).into_iter().flatten();
        wants.map(|(object, wants)| (object, *wants))
    }

    /// When the claims of `object` were last released.
    pub(super) fn released(&self, object: &ObjectId) -> Option<u64> {
        self.released.get(object).copied()
    }

    /// When the destroy of `object` was planned.
    pub(super) fn destroys(&self, object: &ObjectId) -> Option<u64> {
        self.destroys.get(object).map(|(at, _)| *at)
    }

    /// Whether the destroy of any object was planned.
    pub(super) fn destroys_any(&self) -> bool {
        !self.destroys.is_empty()
    }

    /// Where a delete was planned, or has asked whose the credentials of others are.
    pub(super) fn deletes(&self) -> impl Iterator<Item = &Site> {
        let planned = self.destroys.values().map(|(_, site)| site);
        planned.chain(&self.asks)
    }

    /// Whether a plan has already kept `object` at `site`, and nothing has released it.
    pub(super) fn keeps(&self, site: &Site, object: &ObjectId) -> bool {
        let wants = self.wants.get(site).and_then(|wants| wants.get(object));
        let kept = wants.and_then(|wants| wants.kept);
        kept.is_some_and(|kept| self.released(object) < Some(kept))
    }
}
