//! The provider block, made into clients, and the registry of all that the
//! provider exposes.

mod assume_role;
mod config;
mod schema;
mod validate;

use async_trait::async_trait;
use tf_provider::Diagnostics;
use tf_provider::schema::Schema;
use tf_provider::value::Value;

use crate::clients::Clients;
use crate::identity_mail_from::{self, IdentityMailFrom};
use crate::identity_mail_from_verification::{self, IdentityMailFromVerification};
use crate::plugin::{self, Configure, Entities, Told};

pub use config::{Config, Environment};

/// The provider `ses`.
pub struct Provider {
    environment: Environment,
}

impl Provider {
    /// The provider in a process with this environment.
    pub fn new(environment: Environment) -> Self {
        Self { environment }
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
        entities
            .resource(identity_mail_from::TYPE_NAME, IdentityMailFrom)
            .upgrades_state();
        entities.resource(
            identity_mail_from_verification::TYPE_NAME,
            IdentityMailFromVerification,
        );
    }

    fn validate(&self, diags: &mut Diagnostics, config: Value<Config>) {
        if let Value::Value(config) = &config {
            validate::validate(diags, config);
        }
    }

    async fn configure(
        &self,
        diags: &mut Diagnostics,
        configure: Configure<Value<Config>>,
    ) -> Result<Clients, Told> {
        let config = configure.config.unwrap_or_default();
        let parsed = validate::validate(diags, &config);
        if !diags.errors.is_empty() {
            return Err(Told);
        }
        config.warn_of_two_sources(diags, &self.environment);
        Ok(config.into_clients(parsed, &self.environment, configure.stop))
    }
}
