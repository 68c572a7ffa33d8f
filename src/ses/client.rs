//! SES in one region, as the resources use it.

use std::sync::Arc;
#[cfg(test)]
use std::time::Duration;

use tokio::sync::mpsc;

use super::api::{Api, MailFrom};
use super::aws::{AwsApi, Connection};
use super::claims::{Claims, Member, ObjectId};
use super::deadline::Deadline;
use super::error::Error;
use super::limit::{Clock, RateLimiter, SharedSchedule};
use super::read::{Fleet, FleetReader, Freshness, IdentityReader, Reader, Sends, Sent, settled};
use super::write::{Set, Unset, Unwanted, Wanted, Writer};
use crate::mail_from::{DomainName, Identity, Region};

/// SES in one region: paced, batched and retried. Cheap to clone; the clones
/// share the pace, the batches and the claims.
#[derive(Clone)]
pub struct Client {
    reader: Reader,
    writer: Arc<Writer>,
    claims: Arc<Claims>,
    advisor: IdentityReader,
    fleets: FleetReader,
    sends: Sends,
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
        let claims = Claims::of_run(member, connection.which_ses(), region.as_str());
        let api = Arc::new(AwsApi::new(connection, region));
        Self::with_api(api, &limiter, claims, likely, Clock::System)
    }

    pub(super) fn with_api(
        api: Arc<dyn Api>,
        limiter: &RateLimiter,
        claims: Claims,
        likely: mpsc::UnboundedSender<DomainName>,
        clock: Clock,
    ) -> Self {
        let reader = Reader::start(Arc::clone(&api), limiter, likely);
        let sends = Sends::new(clock);
        let claims = Arc::new(claims);
        let writer = Writer::new(
            Arc::clone(&api),
            limiter,
            reader.clone(),
            sends.clone(),
            Arc::clone(&claims),
        );
        let fleets = FleetReader::new(Arc::clone(&api), limiter, reader.clone(), sends.clone());
        Self {
            fleets,
            writer: Arc::new(writer),
            claims,
            advisor: IdentityReader::start(api, limiter),
            reader,
            sends,
        }
    }

    /// The reader itself.
    #[cfg(test)]
    pub(super) fn reader(&self) -> &Reader {
        &self.reader
    }

    /// What SES holds for `identity`, for a refresh: as of a Get that was sent at
    /// most two minutes ago and after any Set of the identity by this client
    /// (`GetIdentityMailFromDomainAttributes`). What may be older than the last request
    /// that this client knows of is asked for again.
    pub async fn get(&self, deadline: &Deadline, identity: &Identity) -> Result<MailFrom, Error> {
        let (name, recent) = (identity.as_str(), Freshness::Recent);
        settled(&self.reader, &self.sends, deadline, name, recent).await
    }

    /// The identities of the region whose names are `wanted`, with what SES holds for each:
    /// as of a [`get`](Self::get), in a Get for a hundred and a List (`ListIdentities`) for a
    /// thousand. Each of these may take as long as `deadline`, which does not run yet.
    pub fn fleet(
        &self,
        deadline: &Deadline,
        wanted: impl Fn(&str) -> bool + Send + Sync + 'static,
    ) -> Fleet {
        self.fleets.fleet(deadline, Box::new(wanted))
    }

    /// What SES holds for `identity`, from a Get that is sent after this call: for
    /// whoever waits for a change to show.
    pub async fn get_fresh(
        &self,
        deadline: &Deadline,
        identity: &Identity,
    ) -> Result<MailFrom, Error> {
        let fresh = Freshness::Fresh;
        self.reader.read(deadline, identity, fresh).await
    }

    /// Whether `held`, which SES has shown just now, may be older than the last request of
    /// change that this client knows of.
    pub fn may_be_older(&self, identity: &Identity, held: &MailFrom) -> bool {
        self.sends.may_be_older(identity, held)
    }

    /// Lets this client know what another process has sent.
    pub fn recall(&self, identity: &Identity, sent: &Sent) {
        self.sends.recall(identity, sent);
    }

    /// Whether `domain` is itself an identity in this account and region
    /// (`GetIdentityVerificationAttributes`). For advice alone: not tried again.
    pub async fn is_identity(&self, domain: &DomainName) -> Result<bool, Error> {
        self.advisor.is_identity(domain).await
    }

    /// Sets the custom MAIL FROM domain of an identity (`SetIdentityMailFromDomain`), and
    /// finds out what became of it. What SES has given up is unset and set, if that is
    /// wanted; a stop between the two does not keep the second back. Beside it, what was
    /// sent last and is made, or perhaps.
    pub async fn set(&self, deadline: &Deadline, wanted: &Wanted) -> (Set, Option<Sent>) {
        self.writer.set(deadline, wanted).await
    }

    /// Disables the custom MAIL FROM domain of an identity (`SetIdentityMailFromDomain`
    /// without `MailFromDomain`), unless another object wants it. Done as well when the
    /// identity or its MAIL FROM domain is gone.
    pub async fn unset(&self, deadline: &Deadline, unwanted: &Unwanted) -> Unset {
        self.writer.unset(deadline, unwanted).await
    }

    /// A plan goes on with `object` at `identity`, as it is or changed in place: its
    /// MAIL FROM domain is left to it by whoever deletes another object of the identity.
    /// `None`, here and below: an object without a mark.
    pub fn keeps(&self, identity: &Identity, object: Option<&ObjectId>) {
        self.claims.keeps(identity.as_str(), object);
    }

    /// A plan destroys `object` at `identity`: what it has claimed it claims no more.
    pub fn destroys(&self, identity: &Identity, object: Option<&ObjectId>) {
        self.claims.destroys(identity.as_str(), object);
    }

    /// A read has shown that `object` is gone: it claims `identity` no more.
    pub fn gone(&self, identity: &Identity, object: &ObjectId) {
        self.claims.gone(identity.as_str(), object);
    }

    /// Whether a delete of `object` would leave `identity` to somebody else.
    #[cfg(test)]
    pub(crate) async fn is_left(&self, identity: &Identity, object: &ObjectId) -> bool {
        let deadline = Deadline::after(Duration::MAX, Default::default());
        let siblings = self
            .claims
            .siblings(&deadline, identity.as_str(), Some(object));
        siblings.await != super::claims::Siblings::Nobody
    }
}
