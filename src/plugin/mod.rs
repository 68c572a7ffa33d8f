//! A Terraform plugin server for protocol 6: bytes in, typed calls out.
//!
//! Knows nothing of SES. What is served is written as a [`Provider`] that
//! registers its [`Resource`]s, [`DataSource`]s and [`Function`]s, in the words of
//! tf-provider: `Value`, `Schema`, `Diagnostics`, `AttributePath`.
//!
//! A call comes in by [`listener`] and [`tls`], is run to its end by [`rpc`],
//! decoded, made and encoded by [`calls`] (values by [`wire`]), and reaches the
//! entity by way of [`erased`]. [`session`] says whose call it is. [`start`] makes
//! sure of the machine, [`open`] of what the host connects to by the line of
//! [`handshake`]; [`serve`] is the process from then to its exit ([`stop`]).

mod absence;
mod call;
mod calls;
mod capabilities;
mod configured;
mod cty;
mod data_source;
mod diagnostics;
mod dynamic;
mod entities;
mod erased;
mod error;
mod fitting;
#[cfg(unix)]
mod folder;
mod function;
mod handshake;
mod listener;
mod logging;
mod number;
mod open;
mod parsing;
mod platform;
mod problem;
pub mod proto;
mod resource;
mod rpc;
mod schema;
mod serve;
mod services;
mod session;
mod spool;
mod start;
mod stop;
mod tls;
mod wire;

use async_trait::async_trait;
use serde::de::DeserializeOwned;
use tf_provider::Diagnostics;
use tf_provider::schema::Schema;

pub use call::{Call, Told};
pub use capabilities::identity::{IdentityAttribute, IdentitySchema, ResourceIdentity};
pub use capabilities::list::{ListResource, Listing};
pub use capabilities::move_state::{MoveSource, MoveState, Moved};
pub use capabilities::plan_destroy::PlanDestroy;
pub use capabilities::upgrade::UpgradeState;
pub use data_source::DataSource;
pub use entities::{Entities, Registered};
pub use error::ServeError;
pub use function::Function;
pub use handshake::HandshakeError;
pub use listener::ListenError;
pub use number::{NotANumber, Number};
pub use platform::GroupError;
pub use resource::{CouldNotRead, NothingChanged, Planned, Read, Resource};
pub use start::{ServeOptions, run};
pub use tls::TlsError;
pub use tokio_util::sync::CancellationToken;

/// What a plugin process serves: a provider block and entities.
#[async_trait]
pub trait Provider: Send + Sync + 'static {
    /// The provider block, usually `Value<ProviderConfig>`.
    type Config: DeserializeOwned + Send;

    /// What Configure makes of the block, and entities find in their
    /// [`Call`]s.
    type Configured: Send + Sync + 'static;

    /// Schema of the provider block.
    fn schema(&self) -> Schema;

    /// Registers all that the provider exposes.
    fn register(&self, entities: &mut Entities<Self::Configured>);

    /// Checks a provider block, whose values may still be unknown. Calls nothing.
    fn validate(&self, diags: &mut Diagnostics, config: Self::Config);

    /// Takes the provider block; values may be unknown during a plan.
    async fn configure(
        &self,
        diags: &mut Diagnostics,
        configure: Configure<Self::Config>,
    ) -> Result<Self::Configured, Told>;
}

/// What comes with a Configure.
#[derive(Clone, Debug)]
pub struct Configure<B> {
    /// The provider block.
    pub config: B,
    /// The version of Terraform or OpenTofu.
    pub terraform_version: String,
    /// Cancelled when Terraform asks this run to stop: for what outlives a call.
    pub stop: CancellationToken,
}
