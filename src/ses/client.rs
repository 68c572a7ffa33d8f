//! SES in one region, as the resources use it.

use std::sync::Arc;

use tokio::sync::mpsc;

use super::api::{Api, MailFrom};
use super::aws::{AwsApi, Connection};
use super::claims::{Claims, Member, ObjectId};
use super::deadline::Deadline;
use super::error::Error;
use super::limit::{Clock, RateLimiter, SharedSchedule};
use super::read::{Freshness, IdentityReader, Reader};
use super::write::{RestartError, SetError, Unset, Writer};
use crate::mail_from::{BehaviorOnMxFailure, DomainName, Identity, Region};

/// SES in one region: paced, batched and retried. Cheap to clone; the clones
/// share the pace, the batches and the claims.
#[derive(Clone)]
pub struct Client {
    reader: Reader,
    writer: Arc<Writer>,
    claims: Arc<Claims>,
    advisor: IdentityReader,
}

impl Client {
    /// A client of SES in `region` that sends `rate` requests a second for each
    /// operation (0: no limit), in a process that is `member` of a Terraform run. Calls
    /// nothing; needs a tokio runtime. While a fleet is
    /// refreshed, `likely` is told the MAIL FROM domains that SES holds for identities
    /// that will probably be asked for soon.
    pub fn new(
        connection: Connection,
        member: &Member,
        region: Region,
        rate: f64,
        likely: mpsc::UnboundedSender<DomainName>,
    ) -> Self {
        let (folders, limit) = (connection.shared_folders(), connection.limit_name(&region));
        let schedule = SharedSchedule::of_host(folders, limit);
        let limiter = RateLimiter::by_clock(rate, schedule, Clock::System);
        let claims = Claims::of_run(member, connection.ses_endpoint(), region.as_str());
        let api = Arc::new(AwsApi::new(connection, region));
        Self::with_api(api, &limiter, claims, likely)
    }

    pub(super) fn with_api(
        api: Arc<dyn Api>,
        limiter: &RateLimiter,
        claims: Claims,
        likely: mpsc::UnboundedSender<DomainName>,
    ) -> Self {
        let claims = Arc::new(claims);
        let reader = Reader::start(Arc::clone(&api), limiter, likely);
        Self {
            writer: Arc::new(Writer::new(
                Arc::clone(&api),
                limiter,
                Arc::clone(&claims),
                reader.clone(),
            )),
            claims,
            advisor: IdentityReader::start(api, limiter),
            reader,
        }
    }

    /// What SES holds for `identity`, for a refresh: as of a Get that was sent at
    /// most two minutes ago and after any Set of the identity by this client
    /// (`GetIdentityMailFromDomainAttributes`).
    pub async fn get(&self, deadline: &Deadline, identity: &Identity) -> Result<MailFrom, Error> {
        self.reader
            .read(deadline, identity, Freshness::Recent)
            .await
    }

    /// What SES holds for `identity`, from a Get that is sent after this call: for
    /// whoever waits for a change to show.
    pub async fn get_fresh(
        &self,
        deadline: &Deadline,
        identity: &Identity,
    ) -> Result<MailFrom, Error> {
        self.reader.read(deadline, identity, Freshness::Fresh).await
    }

    /// The same for whoever has just set MAIL FROM: the Get goes out once no Set is
    /// under way, or in some seconds, so that it is one for all that were set together.
    pub async fn get_after_set(
        &self,
        deadline: &Deadline,
        identity: &Identity,
    ) -> Result<MailFrom, Error> {
        self.reader
            .read(deadline, identity, Freshness::AfterSet)
            .await
    }

    /// Whether `domain` is itself an identity in this account and region
    /// (`GetIdentityVerificationAttributes`). For advice alone: not tried again.
    pub async fn is_identity(&self, domain: &DomainName) -> Result<bool, Error> {
        self.advisor.is_identity(domain).await
    }

    /// Sets the custom MAIL FROM domain of `identity`
    /// (`SetIdentityMailFromDomain`). Setting again what is set is safe.
    pub async fn set(
        &self,
        deadline: &Deadline,
        identity: &Identity,
        domain: &DomainName,
        behavior: BehaviorOnMxFailure,
    ) -> Result<(), SetError> {
        self.writer.set(deadline, identity, domain, behavior).await
    }

    /// Starts the verification of a MAIL FROM domain that SES has given up again:
    /// unsets it and sets it. A stop between the two does not keep the second back.
    pub async fn restart(
        &self,
        deadline: &Deadline,
        identity: &Identity,
        domain: &DomainName,
        behavior: BehaviorOnMxFailure,
    ) -> Result<(), RestartError> {
        self.writer
            .restart(deadline, identity, domain, behavior)
            .await
    }

    /// Disables the custom MAIL FROM domain of `identity`
    /// (`SetIdentityMailFromDomain` without `MailFromDomain`). Done as well when
    /// the identity or its MAIL FROM domain is gone.
    pub async fn unset(&self, deadline: &Deadline, identity: &Identity) -> Result<Unset, Error> {
        self.writer.unset(deadline, identity).await
    }

    /// A plan goes on with `object` at `identity`, as it is or changed in place: its
    /// MAIL FROM domain is left to it by whoever deletes another object of the identity.
    pub fn keeps(&self, identity: &Identity, object: &ObjectId) {
        self.claims.keeps(identity.as_str(), object);
    }

    /// A plan destroys `object` at `identity`: what it has claimed it claims no more.
    /// `None`: an object without a mark.
    pub fn destroys(&self, identity: &Identity, object: Option<&ObjectId>) {
        self.claims.destroys(identity.as_str(), object);
    }

    /// Whether a delete of `object` would leave `identity` to somebody else.
    #[cfg(test)]
    pub(crate) async fn is_left(&self, identity: &Identity, object: &ObjectId) -> bool {
        let deadline = Deadline::after(std::time::Duration::MAX, Default::default());
        let siblings = self
            .claims
            .siblings(&deadline, identity.as_str(), Some(object));
        siblings.await != super::claims::Siblings::Nobody
    }
}
