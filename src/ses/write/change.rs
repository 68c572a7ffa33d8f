//! A change of one identity's MAIL FROM domain, and what can become of it.

use super::table::{Goal, Request, Seen};
use crate::mail_from::{Identity, Reported, VerificationStatus};
use crate::ses::api::{MailFrom, SetRequest};
use crate::ses::claims::{Claim, ObjectId};
use crate::ses::error::Error;
use crate::ses::read::Setting;

/// What a create or an update wants SES to hold.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Of which identity.
    pub identity: Identity,
    /// By which object.
    pub object: ObjectId,
    /// With what.
    pub setting: Setting,
    /// Whether a verification that SES has given up is started again.
    pub restarts: bool,
}

/// What a delete wants SES to hold no more.
#[derive(Clone, Debug)]
pub struct Unwanted {
    /// Of which identity.
    pub identity: Identity,
    /// By which object; `None`: one that an older release has made.
    pub object: Option<ObjectId>,
    /// What the object has set. Where no plan of the delete is known on this host, and
    /// SES holds something else, that is left.
    pub own: Option<Setting>,
}

/// What became of a Set.
#[derive(Clone, Debug)]
pub enum Set {
    /// SES holds it, with this status.
    Shown(Reported<VerificationStatus>),
    /// SES has accepted it and does not show it; why, if it could not be read.
    NotShown(Option<Error>),
    /// SES has accepted it, and shows by now what somebody else has made of it.
    Overtaken,
    /// SES has not made the change.
    NotMade(Error),
    /// SES may have made the change, or may make it yet.
    InDoubt(Error),
    /// SES holds it as Failed still: it could not be started again.
    NotRestarted(Error),
    /// It was unset to start it again, and could not be set again: MAIL FROM is off, for
    /// certain or perhaps.
    Off {
        /// Why it could not be set again.
        error: Error,
        /// Whether it is off for certain.
        certain: bool,
    },
}

/// What became of an unset.
#[derive(Clone, Debug)]
pub enum Unset {
    /// The identity has no custom MAIL FROM domain, or is gone.
    Done,
    /// Another object of this Terraform run wants what SES holds: nothing was unset.
    LeftToSibling,
    /// SES holds what this object has not set: nothing was unset.
    LeftToOther,
    /// Another process of this run wants it, and whether in the same account cannot be
    /// known, for this reason: nothing was unset.
    SiblingUnknown(String),
    /// SES holds it still, or may.
    NotDone(Error),
}

/// A change as the writer carries it out.
pub(super) struct Change<'a> {
    pub(super) identity: &'a Identity,
    pub(super) object: Option<&'a ObjectId>,
    /// The object's own setting: what is set, or what is to be unset.
    pub(super) own: Option<&'a Setting>,
    pub(super) goal: Goal,
    /// That of a Set.
    pub(super) claim: Option<&'a Claim>,
}

impl<'a> Change<'a> {
    pub(super) fn set(wanted: &'a Wanted, claim: &'a Claim) -> Self {
        Self {
            identity: &wanted.identity,
            object: Some(&wanted.object),
            own: Some(&wanted.setting),
            goal: Goal::Set {
                restarts: wanted.restarts,
            },
            claim: Some(claim),
        }
    }

    pub(super) fn unset(unwanted: &'a Unwanted, looks_first: bool) -> Self {
        Self {
            identity: &unwanted.identity,
            object: unwanted.object.as_ref(),
            own: unwanted.own.as_ref(),
            goal: Goal::Unset { looks_first },
            claim: None,
        }
    }

    /// What SES is to hold after `request`.
    pub(super) fn setting(&self, request: Request) -> Option<&'a Setting> {
        match request {
            Request::Set => self.own,
            Request::Unset => None,
        }
    }

    /// The parameters of `request`.
    pub(super) fn parameters(&self, request: Request) -> SetRequest {
        match self.setting(request) {
            Some(Setting { domain, behavior }) => SetRequest::set(self.identity, domain, *behavior),
            None => SetRequest::unset(self.identity),
        }
    }

    /// What SES shows, measured by the object's own setting.
    pub(super) fn seen(&self, shown: &MailFrom) -> Seen {
        match shown {
            MailFrom::Unset | MailFrom::UnknownIdentity => Seen::Nothing,
            MailFrom::Set(held) if !self.own.is_some_and(|own| own.is(held)) => Seen::Other,
            MailFrom::Set(held) if held.status.is(VerificationStatus::Failed) => Seen::OwnFailed,
            MailFrom::Set(_) => Seen::Own,
        }
    }
}
