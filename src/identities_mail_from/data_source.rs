//! The data source `ses_identities_mail_from`, by way of SES and DNS.

use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::Arc;

use async_trait::async_trait;
use futures_util::stream::{FuturesUnordered, StreamExt as _};
use tf_provider::Diagnostics;
use tf_provider::schema::Schema;
use tf_provider::value::Value;

use super::model::{Audited, Model};
use super::schema::schema;
use crate::attributes::configured_region;
use crate::clients::{Clients, Regions};
use crate::dns_check;
use crate::fleet::{Filters, Identities, unread};
use crate::mail_from::{DnsFindings, Identity, Place, Region};
use crate::plugin::{Call, DataSource, Told};
use crate::ses::{Deadline, SetMailFrom};
use crate::target::checked_region;

/// MAIL FROM domains whose records are looked up at a time, of those that SES has answered
/// about. How many look-ups that may be is the resolver's business.
const LOOKED_UP_AT_A_TIME: usize = 500;

/// The data source `ses_identities_mail_from`.
pub(crate) struct IdentitiesMailFromData {
    regions: Regions,
}

impl IdentitiesMailFromData {
    /// `regions` is what the provider block says of their codes.
    pub(crate) fn new(regions: Regions) -> Self {
        Self { regions }
    }
}

#[async_trait]
impl DataSource for IdentitiesMailFromData {
    type Configured = Clients;
    type Model = Model;

    fn schema(&self) -> Schema {
        schema()
    }

    fn validate(&self, diags: &mut Diagnostics, config: &Model) {
        configured_region(diags, &config.region, self.regions.check());
        Filters::parse(diags, &config.filters());
    }

    async fn read(&self, call: &mut Call<Clients>, config: Model) -> Result<Model, Told> {
        let region = checked_region(call, &config.region)?;
        // What is worth a warning was told by validation.
        let mut told = Diagnostics::default();
        let filters = Filters::parse(&mut told, &config.filters());
        call.diags.errors.append(&mut told.errors);
        if !call.diags.errors.is_empty() {
            return Err(Told);
        }
        let identities = Identities::of(call, region, filters).await?;
        let region = identities.region();
        let dns_check = config.dns_check == Value::Value(true);
        let audited = audit(&mut call.diags, identities, dns_check).await?;
        Ok(Model {
            region,
            identities: Value::Value(audited),
            ..config
        })
    }
}

/// All of `identities`, sorted by name. Looks their records up while SES is asked for
/// more.
async fn audit(
    diags: &mut Diagnostics,
    mut identities: Identities,
    dns_check: bool,
) -> Result<Vec<Value<Audited>>, Told> {
    let auditor = Arc::new(Auditor {
        region: identities.region.clone(),
        clients: Arc::clone(&identities.clients),
        deadline: identities.deadline.clone(),
        dns_check,
    });
    let mut audited = BTreeMap::new();
    let mut under_way = FuturesUnordered::new();
    loop {
        let some = {
            let mut next = pin!(identities.next(diags));
            loop {
                tokio::select! {
                    some = &mut next, if under_way.len() < LOOKED_UP_AT_A_TIME => break some?,
                    Some((name, done)) = under_way.next() => {
                        audited.insert(name, Value::Value(done));
                    }
                }
            }
        };
        let Some(some) = some else { break };
        for one in some {
            match one.held {
                Ok(held) => {
                    let auditor = Arc::clone(&auditor);
                    under_way.push(async move {
                        let done = auditor.audit(&one.name, held).await;
                        (one.name, done)
                    });
                }
                Err(error) => diags.add_warning(unread(&one.name, &auditor.region, &error)),
            }
        }
    }
    while let Some((name, done)) = under_way.next().await {
        audited.insert(name, Value::Value(done));
    }
    Ok(audited.into_values().collect())
}

/// What is the same for all identities.
struct Auditor {
    region: Region,
    clients: Arc<Clients>,
    deadline: Deadline,
    dns_check: bool,
}

impl Auditor {
    async fn audit(&self, name: &str, held: Option<SetMailFrom>) -> Audited {
        let audited = Audited::without_mail_from(name);
        match held {
            Some(held) => {
                let findings = self.look_up(name, &held).await;
                audited.with(&self.region, &held, &findings)
            }
            None => audited,
        }
    }

    async fn look_up(&self, name: &str, held: &SetMailFrom) -> DnsFindings {
        if !self.dns_check {
            return dns_check::not_looked_up(&self.clients, Some(false));
        }
        // One that this provider could not write has no records that it could name.
        let Ok(identity) = Identity::parse(name) else {
            return DnsFindings::unchecked();
        };
        let region = self.region.clone();
        let place = Place { identity, region };
        let (deadline, domain) = (self.deadline.renewed(), held.domain.name());
        dns_check::look_up(&self.clients, &deadline, Some(true), domain, &place).await
    }
}
