//! The provider block, made into clients, and the registry of all that the
//! provider exposes.

mod accounts;
mod assume_role;
mod config;
mod schema;
mod validate;

use async_trait::async_trait;
use tf_provider::Diagnostics;
use tf_provider::schema::Schema;
use tf_provider::value::Value;

use self::config::Run;
use self::validate::Parsed;
use crate::clients::{Clients, Regions};
use crate::diagnostics;
use crate::functions::{MailFromDnsRecords, MailFromZoneFile, SpfMerge};
use crate::identities_mail_from::{self, IdentitiesMailFromData};
use crate::identity_mail_from::{self, IdentityMailFrom, IdentityMailFromData};
use crate::identity_mail_from_verification::{self, IdentityMailFromVerification};
use crate::plugin::{self, Configure, Entities, Told};
use crate::ses::Member;

pub use config::{Config, Environment};

/// The provider `ses`.
pub struct Provider {
    environment: Environment,
    /// This process, where it serves one run of Terraform's.
    member: Option<Member>,
    regions: Regions,
}

impl Provider {
    /// The provider in a process with this environment.
    pub fn new(environment: Environment) -> Self {
        let folders = || environment.shared_folders.clone();
        let is_started = environment.is_started_by_terraform;
        Self {
            member: is_started.then(|| Member::of_terraform(folders())),
            environment,
            regions: Regions::default(),
        }
    }

    fn validated(&self, diags: &mut Diagnostics, config: &Config) -> Parsed {
        let parsed = validate::validate(diags, config);
        self.regions.tell(parsed.region_check);
        parsed
    }
}

#[async_trait]
impl plugin::Provider for Provider {
    type Config = Value<Config>;
    type Configured = Clients;

    fn schema(&self) -> Schema {
        schema::schema()
    }

    fn register(&self, entities: &mut Entities<Clients>) {
        let regions = || self.regions.clone();
        entities
            .resource(
                identity_mail_from::TYPE_NAME,
                IdentityMailFrom::new(regions()),
            )
            .upgrades_state()
            .has_identity()
            .moves_state()
            .lists()
            .plans_destroy();
        entities.resource(
            identity_mail_from_verification::TYPE_NAME,
            IdentityMailFromVerification::new(regions()),
        );
        entities.data_source(
            identity_mail_from::TYPE_NAME,
            IdentityMailFromData::new(regions()),
        );
        entities.data_source(
            identities_mail_from::TYPE_NAME,
            IdentitiesMailFromData::new(regions()),
        );
        entities.function("mail_from_dns_records", MailFromDnsRecords);
        entities.function("mail_from_zone_file", MailFromZoneFile);
        entities.function("spf_merge", SpfMerge);
    }

    fn validate(&self, diags: &mut Diagnostics, config: Value<Config>) {
        if let Value::Value(config) = config {
            self.validated(diags, &config.with_environment(&self.environment));
        }
    }

    async fn configure(
        &self,
        diags: &mut Diagnostics,
        configure: Configure<Value<Config>>,
    ) -> Result<Clients, Told> {
        let config = configure.config.unwrap_or_default();
        let config = config.with_environment(&self.environment);
        let parsed = self.validated(diags, &config);
        if !diags.errors.is_empty() {
            return Err(Told);
        }
        config.warn(diags, &self.environment);
        // Where one process serves many runs, each Configure is one.
        let member = self.member.clone().unwrap_or_else(Member::alone);
        let stop = configure.stop.clone();
        let accounts = config.accounts_path();
        let run = Run {
            member,
            terraform_version: configure.terraform_version,
            stop: configure.stop,
        };
        let clients = config.into_clients(parsed, &self.environment, run);
        if let Err(error) = clients.read_files().await {
            diags.add_error(diagnostics::profile(&error));
            return Err(Told);
        }
        if let Err(error) = clients.check_account(&stop).await {
            diags.add_error(diagnostics::account(&error, accounts));
            return Err(Told);
        }
        clients.make_known(&stop).await;
        Ok(clients)
    }
}
