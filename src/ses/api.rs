//! The SES API as the rest of this module sees it: one call, one attempt.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;

use super::deadline::Deadline;
use super::error::{Error, Operation};
use crate::mail_from::{
    BehaviorOnMxFailure, DomainName, Identity, Reported, ReportedDomain, VerificationStatus,
};

/// What SES holds for one identity
/// (`GetIdentityMailFromDomainAttributes`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MailFrom {
    /// SES does not know the identity: it is absent from the answer.
    UnknownIdentity,
    /// The identity is there and has no custom MAIL FROM domain.
    Unset,
    /// The identity has a custom MAIL FROM domain.
    Set(SetMailFrom),
}

/// A custom MAIL FROM domain as SES holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetMailFrom {
    /// `MailFromDomain`
    pub domain: ReportedDomain,
    /// `BehaviorOnMXFailure`; `None` where an emulator leaves it out.
    pub behavior: Option<Reported<BehaviorOnMxFailure>>,
    /// `MailFromDomainStatus`
    pub status: Reported<VerificationStatus>,
}

impl SetMailFrom {
    /// What SES does on MX failure; where an emulator leaves it out, SES's default.
    pub fn behavior_or_default(&self) -> Reported<BehaviorOnMxFailure> {
        let default = || Reported::Known(BehaviorOnMxFailure::default());
        self.behavior.clone().unwrap_or_else(default)
    }
}

/// The parameters of `SetIdentityMailFromDomain`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SetRequest {
    /// `Identity`
    pub(super) identity: Identity,
    /// `MailFromDomain` and `BehaviorOnMXFailure`, always both; `None` leaves
    /// both out, which disables the custom MAIL FROM domain.
    pub(super) mail_from: Option<(DomainName, BehaviorOnMxFailure)>,
}

impl SetRequest {
    /// Sets a custom MAIL FROM domain.
    pub(super) fn set(
        identity: &Identity,
        domain: &DomainName,
        behavior: BehaviorOnMxFailure,
    ) -> Self {
        Self {
            identity: identity.clone(),
            mail_from: Some((domain.clone(), behavior)),
        }
    }

    /// Disables the custom MAIL FROM domain.
    pub(super) fn unset(identity: &Identity) -> Self {
        Self {
            identity: identity.clone(),
            mail_from: None,
        }
    }
}

/// One page of `ListIdentities`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ListPage {
    /// Domains and e-mail addresses, at most 1,000.
    pub(super) identities: Vec<String>,
    /// The token of the next page, if there is one.
    pub(super) next: Option<String>,
}

/// Whoever has to know when a request goes out on a ready connection.
pub(super) trait Departure: fmt::Debug + Send + Sync + 'static {
    /// The request goes out now. Only the first call counts.
    fn sent(&self);

    /// Whether it has gone out.
    fn is_sent(&self) -> bool;
}

/// One attempt at one call. An implementation tells the departure when the request
/// has gone out; it does not wait, retry or judge.
#[async_trait]
pub(super) trait Api: Send + Sync + 'static {
    /// Waits for what has to be there before a permit for `operation` is taken:
    /// credentials. An error where there will be none, or where it is known that SES
    /// cannot be reached.
    async fn ready(&self, operation: Operation, deadline: &Deadline) -> Result<(), Error> {
        let (_, _) = (operation, deadline);
        Ok(())
    }

    /// `SetIdentityMailFromDomain`
    async fn set(&self, departure: &Arc<dyn Departure>, request: &SetRequest) -> Result<(), Error>;

    /// `GetIdentityMailFromDomainAttributes` of 1 to 100 identities. What SES
    /// does not know is absent from the map. Domains are in lower case, however SES
    /// spells them, here and below.
    async fn get(
        &self,
        departure: &Arc<dyn Departure>,
        identities: &[String],
    ) -> Result<HashMap<String, MailFrom>, Error>;

    /// `ListIdentities`: the page behind `token`, or the first.
    async fn list(
        &self,
        departure: &Arc<dyn Departure>,
        token: Option<String>,
    ) -> Result<ListPage, Error>;

    /// `GetIdentityVerificationAttributes` of 1 to 100 names: those of them that
    /// are identities, verified or not.
    async fn get_verification(
        &self,
        departure: &Arc<dyn Departure>,
        names: &[String],
    ) -> Result<HashSet<String>, Error>;
}
