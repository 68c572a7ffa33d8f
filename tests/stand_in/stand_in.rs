//! A provider that plays others for a real Terraform: of hashicorp/aws the resources
//! that MAIL FROM domains and their DNS records are kept with, of cloudflare/cloudflare
//! its DNS record. What they make goes into the simulator.
//!
//! Which provider it is, and in which version, the name of its file says, as Terraform
//! installs it: `terraform-provider-aws_v5.100.0`. Where the simulator is, the
//! environment variable `STAND_IN_SIMULATOR` says, as a URL.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "what panics here fails a test"
)]

mod aws;
mod cloudflare;
mod control;
mod kept;

use std::path::Path;
use std::process::ExitCode;

use async_trait::async_trait;
use serde::Deserialize;
use terraform_provider_ses::plugin::{
    self, Configure, Entities, Provider, ServeError, ServeOptions, Told,
};
use tf_provider::Diagnostics;
use tf_provider::schema::{
    Attribute, AttributeConstraint, AttributeType, Block, Description, NestedBlock, Schema,
};
use tf_provider::value::Value;

use control::Control;
use kept::Kept;

fn main() -> ExitCode {
    let program = std::env::args().next().unwrap_or_default();
    let Some((played, version)) = played(&program) else {
        eprintln!("{program} is not named as terraform-provider-aws_v6.0.0 is");
        return ExitCode::FAILURE;
    };
    let options = ServeOptions {
        debug: false,
        version: "0.0.1",
        address: "test/stand-in",
    };
    let result: Result<(), ServeError> = match played.as_str() {
        "aws" => plugin::run(StandIn(aws::all(version)), options),
        "cloudflare" => plugin::run(StandIn(cloudflare::all()), options),
        other => {
            eprintln!("nobody plays {other}");
            return ExitCode::FAILURE;
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// The provider and its major version, by the name of the file.
fn played(program: &str) -> Option<(String, u32)> {
    let name = Path::new(program).file_name()?.to_str()?;
    let (provider, version) = name.strip_prefix("terraform-provider-")?.split_once("_v")?;
    let major = version.split('.').next()?.parse().ok()?;
    Some((provider.to_owned(), major))
}

struct StandIn(Vec<kept::Kind>);

#[derive(Deserialize)]
struct Config {
    region: Value<String>,
}

#[async_trait]
impl Provider for StandIn {
    type Config = Value<Config>;
    type Configured = Control;

    /// What configurations usually say in the blocks of the two.
    fn schema(&self) -> Schema {
        let optional = |names: &[&str]| {
            let attributes = names.iter().map(|name| {
                let attribute = Attribute {
                    attr_type: AttributeType::String,
                    description: Description::plain("not looked at, unless it is the region"),
                    constraint: AttributeConstraint::Optional,
                    sensitive: false,
                    deprecated: false,
                };
                ((*name).to_owned(), attribute)
            });
            Block {
                attributes: attributes.collect(),
                ..Block::default()
            }
        };
        let mut block = optional(&["region", "profile", "api_token"]);
        let role = optional(&["role_arn", "session_name"]);
        block
            .blocks
            .insert("assume_role".to_owned(), NestedBlock::List(role));
        Schema { version: 0, block }
    }

    fn register(&self, entities: &mut Entities<Control>) {
        for kind in &self.0 {
            entities.resource(kind.name, Kept(kind.clone()));
        }
    }

    fn validate(&self, _: &mut Diagnostics, _: Value<Config>) {}

    async fn configure(
        &self,
        _: &mut Diagnostics,
        configure: Configure<Value<Config>>,
    ) -> Result<Control, Told> {
        let region = configure.config.and_then(|config| config.region);
        Ok(Control::of(region.as_ref_option()))
    }
}
