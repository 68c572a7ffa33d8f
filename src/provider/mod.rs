//! The provider block, made into clients, and the registry of all that the
//! provider exposes.

mod config;
mod schema;
mod validate;

use async_trait::async_trait;
use tf_provider::Diagnostics;
use tf_provider::schema::Schema;
use tf_provider::value::Value;

use crate::clients::ClientsHandle;
use crate::identity_mail_from::{self, IdentityMailFrom};
use crate::identity_mail_from_verification::{self, IdentityMailFromVerification};
use crate::plugin::{self, CancellationToken, ErasedResource};

pub use config::{Config, Environment};

/// The provider `ses`.
pub struct Provider {
    environment: Environment,
    clients: ClientsHandle,
}

impl Provider {
    /// A provider that has not been configured yet.
    pub fn new(environment: Environment) -> Self {
        Self {
            environment,
            clients: ClientsHandle::default(),
        }
    }
}

#[async_trait]
impl plugin::Provider for Provider {
    type Config = Value<Config>;

    fn schema(&self) -> Schema {
        schema::schema()
    }

    async fn validate(&self, diags: &mut Diagnostics, config: Value<Config>) {
        if let Value::Value(config) = &config {
            validate::validate(diags, config);
        }
    }

    async fn configure(
        &self,
        diags: &mut Diagnostics,
        _terraform_version: String,
        config: Value<Config>,
        stop: CancellationToken,
    ) {
        let config = config.unwrap_or_default();
        let parsed = validate::validate(diags, &config);
        if diags.errors.is_empty() {
            self.clients
                .set(config.into_clients(parsed, &self.environment, stop));
        }
    }

    fn resources(&self) -> Vec<(&'static str, Box<dyn ErasedResource>)> {
        let clients = || self.clients.clone();
        vec![
            (
                identity_mail_from::TYPE_NAME,
                plugin::resource(IdentityMailFrom::new(clients())),
            ),
            (
                identity_mail_from_verification::TYPE_NAME,
                plugin::resource(IdentityMailFromVerification::new(clients())),
            ),
        ]
    }
}
