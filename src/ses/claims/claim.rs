//! Keeps a delete from undoing a sibling.
//!
//! Two Terraform objects can stand for one MAIL FROM domain: for the length of an apply a
//! `for_each` key that was renamed without `moved`, or a resource that was moved to another
//! provider block; for longer what a replacement with `create_before_destroy` has left. If
//! the delete came last, MAIL FROM would be off at the end, and nobody would be told. So
//! whoever sets an identity claims it for its object, a plan claims what it keeps, and a
//! delete asks who else wants what it is about to unset.

use std::sync::{Arc, Once};

use super::line::{Event, Site};
use super::member::{Member, Shared};
use super::object::ObjectId;
use super::told::Told;

/// What is claimed at one endpoint and in one region.
#[derive(Clone)]
pub(in crate::ses) struct Claims {
    pub(super) member: Arc<Shared>,
    endpoint: Option<String>,
    region: String,
}

/// A Set that is queued or in flight, until it is dropped.
pub(in crate::ses) struct Claim {
    member: Arc<Shared>,
    site: Site,
    object: ObjectId,
    stands: Once,
}

impl Claims {
    /// The claims of a process that shares a run with nobody.
    #[cfg(test)]
    pub(in crate::ses) fn of_process() -> Self {
        Self {
            member: Arc::clone(Member::alone().shared()),
            endpoint: None,
            region: String::new(),
        }
    }

    /// The claims at `endpoint` (what is in the place of SES's own) and in `region`, which
    /// are those of the member's run.
    pub(in crate::ses) fn of_run(member: &Member, endpoint: Option<String>, region: &str) -> Self {
        let member = Arc::clone(member.shared());
        Self {
            member,
            endpoint,
            region: region.to_owned(),
        }
    }

    /// Claims `identity` for a Set of `object`, until the claim is dropped or stands.
    pub(in crate::ses) fn claim(&self, identity: &str, object: &ObjectId) -> Claim {
        let claim = Claim {
            member: Arc::clone(&self.member),
            site: self.site(identity),
            object: object.clone(),
            stands: Once::new(),
        };
        claim.happens(Event::Queued);
        claim
    }

    /// A plan goes on with `object` at `identity`, as it is or changed in place. Here and
    /// below, `None` is an object without a mark.
    pub(in crate::ses) fn keeps(&self, identity: &str, object: Option<&ObjectId>) {
        let (site, object) = self.object(identity, object);
        // Terraform plans more than once.
        if !self.member.own(|own| own.keeps(&site, &object)) {
            self.member.happens(Event::Keeps, &site, &object);
        }
    }

    /// A plan destroys `object` at `identity`.
    pub(in crate::ses) fn destroys(&self, identity: &str, object: Option<&ObjectId>) {
        let (site, object) = self.object(identity, object);
        if let Some(folder) = self.member.folder()
            && !self.member.own(Told::destroys_any)
        {
            folder.destroys();
        }
        self.member.happens(Event::Destroys, &site, &object);
    }

    /// `object` is deleted, and `identity` not its any more.
    pub(in crate::ses) fn gone(&self, identity: &str, object: &ObjectId) {
        self.member
            .happens(Event::Gone, &self.site(identity), object);
    }

    /// Whether a plan is known on this host in which `object` was destroyed; not counting
    /// what this process was asked to plan, as it is for a deposed object in an apply.
    pub(in crate::ses) fn destroy_planned(&self, object: &ObjectId) -> bool {
        self.member.hear();
        self.member
            .register_of(object, |register| register.is_destroy_planned(object))
    }

    /// An object, and where it is.
    pub(super) fn object(&self, identity: &str, object: Option<&ObjectId>) -> (Site, ObjectId) {
        let site = self.site(identity);
        let unmarked = || ObjectId::unmarked(&site);
        let object = object.cloned().unwrap_or_else(unmarked);
        (site, object)
    }

    pub(super) fn site(&self, identity: &str) -> Site {
        Site {
            endpoint: self.endpoint.clone(),
            region: self.region.clone(),
            identity: identity.to_owned(),
        }
    }
}

impl Claim {
    /// SES has accepted the Set, or may have: the claim stands from now on. Told once,
    /// however often it is said.
    pub(in crate::ses) fn stands(&self) {
        self.stands.call_once(|| self.happens(Event::Stands));
    }

    fn happens(&self, event: Event) {
        self.member.happens(event, &self.site, &self.object);
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.happens(Event::Ended);
    }
}
