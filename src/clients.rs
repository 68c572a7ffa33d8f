//! What a configured provider hands to its entities: SES by region, DNS, the
//! provider's region, and the word to stop.

mod allowance;
mod cadence;
mod dns_ahead;
mod managed;
mod regions;

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::dns::Resolver;
use crate::mail_from::{Region, RegionCheck};
use crate::ses::{self, Connection, Deadline, Error, Member};

pub use cadence::Cadence;
pub use managed::Managed;
pub use regions::Regions;

use allowance::Allowance;
use dns_ahead::DnsAhead;

/// How long the plans of a process may be held up by advice, in all.
const ADVICE: Duration = Duration::from_millis(1500);

/// How long the AWS chain may look for a region; the instance metadata service,
/// the last in it, may not answer at all.
const REGION_FOUND_WITHIN: Duration = Duration::from_secs(10);

/// How long AWS may be asked whose account this is before the first call.
const MADE_KNOWN_WITHIN: Duration = Duration::from_secs(10);

/// How long it may take to find out whose credentials these are: a person may be asked
/// for a second factor.
const ACCOUNT_CHECKED_WITHIN: Duration = Duration::from_secs(300);

/// Everything that one Configure has set up. Nothing is called before it is needed.
pub struct Clients {
    connection: Connection,
    member: Member,
    /// Settings of the provider block that a call to AWS needs and whose values
    /// are unknown so far, as `region` or `endpoints.ses`.
    unknown: Vec<&'static str>,
    requests_per_second: f64,
    dns: Dns,
    dns_ahead: DnsAhead,
    cadence: Cadence,
    advice: Allowance,
    managed: Managed,
    ses: Mutex<HashMap<Region, ses::Client>>,
}

/// Whether DNS is asked, and how.
pub enum Dns {
    /// By default: a resource's `dns_check` may say otherwise.
    Enabled(Resolver),
    /// Not unless a resource's `dns_check` says so.
    Disabled(Resolver),
    /// The `dns` block is not known yet.
    Unknown,
}

impl Clients {
    /// `member` is this process, as one of its Terraform run. `unknown` names the settings that a call to AWS needs and that are not
    /// known yet; `requests_per_second` is for each SES operation, 0: no limit. `stop`
    /// ends what goes on beside the calls.
    pub fn new(
        connection: Connection,
        member: Member,
        unknown: Vec<&'static str>,
        requests_per_second: f64,
        dns: Dns,
        stop: CancellationToken,
    ) -> Self {
        // Who cannot call yet has nothing to claim.
        if unknown.is_empty() {
            member.join(&connection);
        }
        Self {
            connection,
            member,
            unknown,
            requests_per_second,
            dns,
            dns_ahead: DnsAhead::new(stop),
            cadence: Cadence::start(),
            advice: Allowance::new(ADVICE),
            managed: Managed::default(),
            ses: Mutex::default(),
        }
    }

    /// Reads AWS's configuration files, which say to who makes clients which SES they call.
    /// An error where the profile that is named does not exist, if it is known which one is,
    /// and where to look for it. Calls nothing.
    pub async fn read_files(&self) -> Result<(), Error> {
        self.connection.read_files().await;
        let needed = ["profile", "shared_config_files", "shared_credentials_files"];
        if needed.iter().any(|name| self.unknown.contains(name)) {
            return Ok(());
        }
        self.connection.check_profile().await
    }

    /// Waits until other processes of the run can know whose account this is, where they
    /// have to.
    pub async fn make_known(&self, stop: &CancellationToken) {
        let deadline = Deadline::after(MADE_KNOWN_WITHIN, stop.clone());
        self.member.make_known(&deadline).await;
    }

    /// Whether the credentials are of an account that the provider block allows, where it
    /// says and all that has to be known for it is known.
    pub async fn check_account(&self, stop: &CancellationToken) -> Result<(), Error> {
        if !self.unknown.is_empty() {
            return Ok(());
        }
        let deadline = Deadline::after(ACCOUNT_CHECKED_WITHIN, stop.clone());
        self.connection.check_account(&deadline).await
    }

    /// What is taken for the code of a region.
    pub fn region_check(&self) -> RegionCheck {
        self.connection.region_check()
    }

    /// The provider's region; `None` while the setting is unknown. An error when
    /// neither the provider block nor the AWS chain names one.
    pub async fn region(&self, stop: &CancellationToken) -> Result<Option<Region>, Error> {
        if let Some(region) = self.connection.configured_region() {
            return Ok(Some(region.clone()));
        }
        if self.unknown.contains(&"region") || self.unknown.contains(&"profile") {
            return Ok(None);
        }
        let deadline = Deadline::after(REGION_FOUND_WITHIN, stop.clone());
        match deadline.bound(self.connection.region()).await {
            Ok(region) => Ok(Some(region?.clone())),
            Err(_) => Err(Error::Settings {
                reason: "the AWS region was not found in time: set `region` in the provider \
                         block, or AWS_REGION"
                    .to_owned(),
            }),
        }
    }

    /// SES in `region`: always the same client, so that its pace is shared.
    /// An error while a setting that a call needs is unknown.
    pub fn ses(&self, region: &Region) -> Result<ses::Client, UnknownSettings> {
        // An object names its region: that of the provider is not needed for it.
        let needed = self.unknown.iter().filter(|name| **name != "region");
        let needed: Vec<&'static str> = needed.copied().collect();
        if !needed.is_empty() {
            return Err(UnknownSettings(needed));
        }
        let mut clients = self.ses.lock().unwrap_or_else(PoisonError::into_inner);
        let client = clients.entry(region.clone()).or_insert_with(|| {
            let (likely, domains) = mpsc::unbounded_channel();
            if let Dns::Enabled(resolver) = &self.dns {
                self.dns_ahead
                    .start(resolver.clone(), region.clone(), domains);
            }
            ses::Client::new(
                self.connection.clone(),
                &self.member,
                region.clone(),
                self.requests_per_second,
                likely,
            )
        });
        Ok(client.clone())
    }

    /// The resolver, if DNS is to be asked for a resource with this `dns_check`;
    /// otherwise why not.
    pub fn dns(&self, dns_check: Option<bool>) -> Result<&Resolver, NotAsked> {
        match (&self.dns, dns_check) {
            (_, Some(false)) | (Dns::Disabled(_), None) => Err(NotAsked::Disabled),
            (Dns::Unknown, _) => Err(NotAsked::Unknown),
            (Dns::Enabled(resolver) | Dns::Disabled(resolver), _) => Ok(resolver),
        }
    }

    /// From now on no domain is looked up before it is asked for: a resource is not to
    /// be checked, and the fleet may hold more of them.
    pub fn end_dns_ahead(&self) {
        self.dns_ahead.end();
    }

    /// When waits look at SES.
    pub fn cadence(&self) -> Cadence {
        self.cadence
    }

    /// Awaits an answer that only a warning hangs on: a second and a half in all for the
    /// plans of a process, and not beyond a stop. `None`: go on without.
    pub async fn advice<T>(
        &self,
        stop: &CancellationToken,
        answer: impl Future<Output = T>,
    ) -> Option<T> {
        let deadline = self.advice_deadline(stop);
        self.advice.spend(deadline.bound(answer)).await?.ok()
    }

    /// What resources of this process hold, by their states.
    pub fn managed(&self) -> &Managed {
        &self.managed
    }

    /// The end of a call that is made for [`advice`](Self::advice).
    pub fn advice_deadline(&self, stop: &CancellationToken) -> Deadline {
        Deadline::for_advice(ADVICE, stop.clone())
    }
}

/// Why DNS is not asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotAsked {
    /// By the resource's `dns_check` or the provider's `dns` block.
    Disabled,
    /// The provider's `dns` block is not known yet.
    Unknown,
}

/// Settings of the provider block that a call needs and whose values are unknown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownSettings(Vec<&'static str>);

impl From<UnknownSettings> for Error {
    fn from(UnknownSettings(names): UnknownSettings) -> Self {
        let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
        let settings = match quoted.as_slice() {
            [one] => format!("setting {one} is"),
            many => format!("settings {} are", many.join(", ")),
        };
        Self::Settings {
            reason: format!(
                "the provider's {settings} not known until apply, and SES cannot be called \
                 without; apply what they depend on first (`terraform apply -target=…`), or give \
                 them values that are known at plan"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dns::Settings;
    use crate::ses::ConnectionSettings;

    fn clients(unknown: Vec<&'static str>, dns: Dns) -> Clients {
        let region = Some(Region::parse("eu-west-1").unwrap());
        let settings = ConnectionSettings {
            region,
            ..ConnectionSettings::default()
        };
        let stop = CancellationToken::new();
        Clients::new(
            Connection::new(settings),
            Member::alone(),
            unknown,
            1.0,
            dns,
            stop,
        )
    }

    #[tokio::test]
    async fn a_call_names_the_settings_that_it_lacks() {
        let region = Region::parse("eu-west-1").unwrap();
        let known = clients(Vec::new(), Dns::Unknown);
        assert!(known.ses(&region).is_ok());
        let stop = CancellationToken::new();
        let found = known.region(&stop).await.unwrap();
        assert_eq!(found, Some(region.clone()));

        let unknown = clients(vec!["endpoints.ses", "profile"], Dns::Unknown);
        let error = Error::from(unknown.ses(&region).err().unwrap()).to_string();
        assert!(error.contains("`endpoints.ses`, `profile` are"), "{error}");
        assert_eq!(
            unknown.region(&stop).await.unwrap(),
            Some(region),
            "it is configured"
        );
    }

    #[test]
    fn dns_check_of_a_resource_comes_before_the_provider() {
        let resolver = || Resolver::new(Settings::default());
        let enabled = clients(Vec::new(), Dns::Enabled(resolver()));
        assert!(enabled.dns(None).is_ok());
        assert_eq!(enabled.dns(Some(false)).err(), Some(NotAsked::Disabled));
        let disabled = clients(Vec::new(), Dns::Disabled(resolver()));
        assert_eq!(disabled.dns(None).err(), Some(NotAsked::Disabled));
        assert!(disabled.dns(Some(true)).is_ok());
        let unknown = clients(Vec::new(), Dns::Unknown);
        assert_eq!(unknown.dns(None).err(), Some(NotAsked::Unknown));
        assert_eq!(unknown.dns(Some(false)).err(), Some(NotAsked::Disabled));
    }
}
