//! What an operation of an entity works with: an identity of a region, SES there,
//! and the time that it has.

use std::sync::Arc;
use std::time::Duration;

use tf_provider::value::Value;
use tf_provider::{AttributePath, Diagnostics};

use crate::attributes::{NameValues, configured_region, place};
use crate::clients::Clients;
use crate::diagnostics::{self, TimeLimit, or_tell, or_tell_within, warn};
use crate::mail_from::{Finding, Place, Region, Reported, VerificationStatus, visible};
use crate::plugin::{Call, Told};
use crate::ses::{Client, Deadline, Error, SetMailFrom};

/// The target of one operation.
pub struct Target {
    /// The identity, and where it is.
    pub place: Place,
    /// What Configure has set up.
    pub clients: Arc<Clients>,
    /// SES in the region of the identity.
    pub ses: Client,
    /// Until when the operation may take, and when Terraform stops it.
    pub deadline: Deadline,
    /// What errors begin with.
    doing: String,
    /// What says how long it may take.
    limit: TimeLimit,
}

impl Target {
    /// The target of an operation on the `type_name` that has `names`; it may take
    /// `timeout`, and `to` says what it is to do, as in "read the MAIL FROM domain". A
    /// region that is null is the provider's. Where a setting of the provider is unknown,
    /// the call is deferred if the host takes that.
    pub async fn of(
        call: &mut Call<Clients>,
        type_name: &str,
        names: &NameValues,
        to: &str,
        timeout: Duration,
    ) -> Result<Self, Told> {
        let region = match (&names.region, names.identity.as_ref_option()) {
            (Value::Null, Some(identity)) => {
                let doing = format!("Could not {to} of {}", visible(identity));
                let region = known_region(call, &doing, REGION_UNKNOWN).await?;
                Value::Value(region.as_str().to_owned())
            }
            (region, _) => region.clone(),
        };
        let clients = call.configured()?;
        let named = [&names.identity, &region];
        let place = place(&mut call.diags, type_name, named, clients.region_check())?;
        let doing = format!("Could not {to} of {place}");
        let ses = ses(call, &place.region, &doing)?;
        Ok(Self {
            deadline: Deadline::queued(timeout, call.stop().clone()),
            place,
            clients,
            ses,
            doing,
            limit: TimeLimit::Timeouts,
        })
    }

    /// The same, where no setting says how long it may take.
    pub fn of_fixed_time(self) -> Self {
        Self {
            limit: TimeLimit::Fixed,
            ..self
        }
    }

    /// The region, as an attribute.
    pub fn region(&self) -> Value<String> {
        Value::Value(self.place.region.as_str().to_owned())
    }

    /// What could not be done, as the beginning of an error.
    pub fn doing(&self) -> &str {
        &self.doing
    }

    /// The answer of SES; its error is told.
    pub fn answered<T>(
        &self,
        diags: &mut Diagnostics,
        answer: Result<T, Error>,
    ) -> Result<T, Told> {
        or_tell_within(diags, &self.doing, answer, self.limit)
    }

    /// Warns of a domain that SES has verified and misses now: it is about to be
    /// given up. `mx` is what DNS says, if it was asked.
    pub fn warn_of_temporary_failure(
        &self,
        diags: &mut Diagnostics,
        held: &SetMailFrom,
        mx: Option<&Finding>,
    ) {
        if !held.status.is(VerificationStatus::TemporaryFailure) {
            return;
        }
        // What we could not have sent has no records that we could name.
        if let Some(domain) = held.domain.name() {
            let behavior = held.behavior.as_ref().and_then(Reported::known);
            let behavior = behavior.copied().unwrap_or_default();
            let advice = self.place.temporary_failure(domain, behavior, mx);
            warn(diags, advice, AttributePath::new("verification_status"));
        }
    }
}

/// SES in `region`. Where a setting of the provider is unknown, the call is deferred if the
/// host takes that, or an error of `doing`.
pub fn ses(call: &mut Call<Clients>, region: &Region, doing: &str) -> Result<Client, Told> {
    match call.configured()?.ses(region) {
        Ok(ses) => Ok(ses),
        Err(_) if call.defer() => Err(Told),
        Err(unknown) => or_tell(&mut call.diags, doing, Err(unknown.into())),
    }
}

/// Parses a configured `region` as the provider block has it. `None`: the provider's, or not
/// known yet, or invalid, which is told.
pub fn checked_region(
    call: &mut Call<Clients>,
    region: &Value<String>,
) -> Result<Option<Region>, Told> {
    let check = call.configured()?.region_check();
    Ok(configured_region(&mut call.diags, region, check))
}

/// How the error ends where a region is needed that is not known yet.
const REGION_UNKNOWN: &str = ": name it in the provider block by a value that is known at plan, or \
    by `region` in the resource";

/// The provider's region for a plan, where one of `regions`, the configured one and that of
/// the state, is null and so stands for it. `None` while it is unknown, or not needed. An
/// error of `doing` where there is none.
pub async fn region_for(
    call: &mut Call<Clients>,
    doing: &str,
    regions: [Option<&Value<String>>; 2],
) -> Result<Option<Region>, Told> {
    if regions.into_iter().flatten().any(Value::is_null) {
        provider_region(call, doing).await
    } else {
        Ok(None)
    }
}

/// The provider's region; `None` while it is unknown.
async fn provider_region(call: &mut Call<Clients>, doing: &str) -> Result<Option<Region>, Told> {
    let clients = call.configured()?;
    // Boxed: the layout of the AWS chain's futures is too deep for those of every call.
    let region = Box::pin(clients.region(call.stop())).await;
    or_tell(&mut call.diags, doing, region)
}

/// The same for an import, which cannot do without it.
pub async fn region_of_import(call: &mut Call<Clients>, doing: &str) -> Result<Region, Told> {
    known_region(call, doing, ": import `IDENTITY@REGION`").await
}

/// The same for what cannot do without it; `remedy` ends the error's sentence.
pub async fn known_region(
    call: &mut Call<Clients>,
    doing: &str,
    remedy: &str,
) -> Result<Region, Told> {
    match provider_region(call, doing).await? {
        Some(region) => Ok(region),
        None if call.defer() => Err(Told),
        None => {
            let unknown = Error::Settings {
                reason: format!("the provider's region is not known until apply{remedy}"),
            };
            call.diags.add_error(diagnostics::ses(doing, &unknown));
            Err(Told)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attributes::value;
    use crate::clients::Dns;
    use crate::plugin::CancellationToken;
    use crate::ses::{Connection, ConnectionSettings, Member, Operation};

    fn call(deferrable: bool) -> Call<Clients> {
        let connection = Connection::new(ConnectionSettings::default());
        let unknown = vec!["region", "endpoints.ses"];
        let stop = CancellationToken::new();
        let clients = Clients::new(
            connection,
            Member::alone(),
            unknown,
            1.0,
            Dns::Unknown,
            stop.clone(),
        );
        Call::new(Some(Arc::new(clients)), stop).deferrable(deferrable)
    }

    #[tokio::test]
    async fn what_needs_an_unknown_setting_is_deferred_or_an_error_that_names_it() {
        for deferrable in [true, false] {
            let mut read = call(deferrable);
            let names = NameValues {
                identity: value("example.com"),
                region: value("eu-west-1"),
                ..NameValues::default()
            };
            let to = "read the MAIL FROM domain";
            let timeout = Duration::from_secs(1);
            let target = Target::of(&mut read, "ses_x", &names, to, timeout);
            assert!(target.await.is_err());
            let mut import = call(deferrable);
            let doing = "Could not import";
            assert!(region_of_import(&mut import, doing).await.is_err());
            for (call, summary, setting) in [
                (
                    &read,
                    "Could not read the MAIL FROM domain of example.com in eu-west-1",
                    "`endpoints.ses`",
                ),
                (&import, doing, "region"),
            ] {
                assert_eq!(call.is_deferred(), deferrable);
                let told = call.diags.errors.iter();
                let told: Vec<_> = told.map(|e| (&*e.summary, &*e.detail)).collect();
                match told.as_slice() {
                    [] => assert!(deferrable),
                    [(told, detail)] => {
                        assert_eq!((*told, deferrable), (summary, false));
                        assert!(detail.contains(setting), "{detail}");
                    }
                    more => panic!("{more:?}"),
                }
            }
        }
    }

    #[tokio::test]
    async fn what_no_timeouts_block_is_for_is_not_told_of_one() {
        let stop = CancellationToken::new();
        let connection = Connection::new(ConnectionSettings::default());
        let member = Member::alone();
        let clients = Clients::new(connection, member, vec![], 1.0, Dns::Unknown, stop.clone());
        let mut call = Call::new(Some(Arc::new(clients)), stop);
        let names = NameValues {
            identity: value("example.com"),
            region: value("eu-west-1"),
            ..NameValues::default()
        };
        let timeout = Duration::from_secs(1);
        let target = Target::of(&mut call, "ses_x", &names, "read", timeout);
        let target = target.await.unwrap();
        let late = || Error::TimedOut {
            operation: Operation::GetIdentityMailFromDomainAttributes,
            after: timeout,
            last: None,
        };
        let told = |target: &Target| {
            let mut diags = Diagnostics::default();
            assert!(target.answered(&mut diags, Err::<(), _>(late())).is_err());
            diags.errors[0].detail.contains("`timeouts`")
        };
        assert!(told(&target));
        assert!(!told(&target.of_fixed_time()));
    }

    #[tokio::test]
    async fn a_plan_goes_on_without_a_region_that_is_unknown_or_not_needed() {
        for regions in [
            [Some(&Value::Null), None],
            [Some(&value("eu-west-1")), None],
            [Some(&Value::Unknown), Some(&value("eu-west-1"))],
        ] {
            let mut call = call(true);
            let region = region_for(&mut call, "Could not plan", regions).await;
            assert_eq!((region, call.is_deferred()), (Ok(None), false));
        }
    }
}
