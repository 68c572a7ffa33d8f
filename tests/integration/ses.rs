//! The real provider, driven by gRPC, against the simulation of SES: for what not every
//! Terraform calls.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value as Json, json};
use simulator::{Options, Rate, Simulator};
use terraform_provider_ses::plugin::proto::tfplugin6::provider_client::ProviderClient;
use terraform_provider_ses::plugin::proto::tfplugin6::{
    ResourceIdentityData, apply_resource_change, configure_provider, import_resource_state,
    plan_resource_change, read_resource,
};
use tokio::process::Command;
use tonic::transport::Channel;

use crate::plugin::{COOKIE, Plugin};
use crate::values::msgpack;

pub(crate) const MAIL_FROM: &str = "ses_identity_mail_from";

/// The provider's region.
pub(crate) const REGION: &str = "eu-west-1";

/// SES without limits and the provider, configured: without DNS, and in [`REGION`].
pub(crate) struct World {
    pub(crate) simulator: Simulator,
    pub(crate) provider: ProviderClient<Channel>,
    _plugin: Plugin,
}

impl World {
    pub(crate) async fn start() -> Self {
        let mut world = Self::unconfigured().await;
        world.configure(json!(REGION)).await;
        world
    }

    /// As Terraform has it before it calls Configure.
    pub(crate) async fn unconfigured() -> Self {
        let simulator = Simulator::start(Options {
            rate: Rate::Unlimited,
            ..Options::default()
        })
        .unwrap();
        simulator.ses().set_latency(Duration::ZERO);
        let plugin = Plugin::spawn(command()).await;
        Self {
            provider: plugin.provider().await,
            simulator,
            _plugin: plugin,
        }
    }

    pub(crate) async fn configure(&mut self, region: Json) {
        self.configure_with(region, Json::Null).await;
    }

    /// [`configure`](Self::configure) with this `skip_region_validation`.
    pub(crate) async fn configure_with(&mut self, region: Json, skip: Json) {
        let request = configure_provider::Request {
            config: msgpack(&self.block(region, skip)),
            ..Default::default()
        };
        let configured = self.provider.configure_provider(request).await.unwrap();
        assert_eq!(configured.into_inner().diagnostics, []);
    }

    /// The provider block, with its `region` and `skip_region_validation`.
    pub(crate) fn block(&self, region: Json, skip: Json) -> Json {
        json!({
            "region": region,
            "skip_region_validation": skip,
            "access_key": "AKIAIOSFODNN7EXAMPLE",
            "secret_key": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            "requests_per_second": 0,
            "endpoints": { "ses": self.simulator.ses_url(), "sts": null },
            "dns": { "enabled": false },
        })
    }

    /// SES has a verified identity in [`REGION`].
    pub(crate) fn add_identity(&self, identity: &str) {
        self.simulator.ses().add_identity(REGION, identity, true);
    }

    pub(crate) async fn plan(
        &mut self,
        prior: &Json,
        config: &Json,
        prior_identity: Option<ResourceIdentityData>,
    ) -> plan_resource_change::Response {
        let request = plan_resource_change::Request {
            type_name: MAIL_FROM.to_owned(),
            prior_state: msgpack(prior),
            proposed_new_state: msgpack(config),
            config: msgpack(config),
            prior_identity,
            ..Default::default()
        };
        let planned = self.provider.plan_resource_change(request).await.unwrap();
        planned.into_inner()
    }

    /// Carries out what was planned.
    pub(crate) async fn apply(
        &mut self,
        prior: &Json,
        planned: plan_resource_change::Response,
    ) -> apply_resource_change::Response {
        let request = apply_resource_change::Request {
            type_name: MAIL_FROM.to_owned(),
            prior_state: msgpack(prior),
            config: planned.planned_state.clone(),
            planned_state: planned.planned_state,
            planned_private: planned.planned_private,
            planned_identity: planned.planned_identity,
            ..Default::default()
        };
        let applied = self.provider.apply_resource_change(request).await.unwrap();
        applied.into_inner()
    }

    pub(crate) async fn read(
        &mut self,
        state: &Json,
        private: &[u8],
        current_identity: Option<ResourceIdentityData>,
    ) -> read_resource::Response {
        let request = read_resource::Request {
            type_name: MAIL_FROM.to_owned(),
            current_state: msgpack(state),
            private: private.to_vec(),
            current_identity,
            ..Default::default()
        };
        let found = self.provider.read_resource(request).await.unwrap();
        found.into_inner()
    }

    pub(crate) async fn import(
        &mut self,
        type_name: &str,
        id: &str,
        identity: Option<ResourceIdentityData>,
    ) -> import_resource_state::Response {
        let request = import_resource_state::Request {
            type_name: type_name.to_owned(),
            id: id.to_owned(),
            identity,
            ..Default::default()
        };
        let imported = self.provider.import_resource_state(request).await.unwrap();
        imported.into_inner()
    }
}

/// The provider, not started yet, in the environment that Terraform gives it.
fn command() -> Command {
    let provider: PathBuf = Path::new(env!("CARGO_BIN_EXE_terraform-provider-ses")).into();
    let mut command = Command::new(provider);
    command
        .env_clear()
        .env("RUST_BACKTRACE", "1")
        .env("TF_PLUGIN_MAGIC_COOKIE", COOKIE)
        .env("PLUGIN_PROTOCOL_VERSIONS", "6,5")
        .env("PLUGIN_MIN_PORT", "10000")
        .env("PLUGIN_MAX_PORT", "25000")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true);
    command
}

/// A configuration of `ses_identity_mail_from` with these two.
pub(crate) fn config(identity: Json, mail_from_domain: Json) -> Json {
    json!({ "identity": identity, "mail_from_domain": mail_from_domain })
}
