//! A Terraform plugin server for protocol 6: bytes in, typed calls out.
//!
//! Knows nothing of SES. What is served is written as a [`Provider`], with
//! resources in tf-provider's typed traits.

mod calls;
mod cty;
mod diagnostics;
mod dynamic;
mod erased;
mod fitting;
#[cfg(unix)]
mod folder;
mod handshake;
mod listener;
mod logging;
mod platform;
pub mod proto;
mod registry;
mod resources;
mod rpc;
mod schema;
mod serve;
mod services;
mod spool;
mod start;
mod stop;
mod tls;
mod wire;

use async_trait::async_trait;
use tf_provider::Diagnostics;
use tf_provider::schema::Schema;

pub use dynamic::Dynamic;
pub use erased::{
    ErasedDataSource, ErasedFunction, ErasedResource, Planned, Private, data_source, function,
    resource,
};
pub use handshake::HandshakeError;
pub use listener::ListenError;
pub use platform::GroupError;
pub use serve::{ServeError, ServeOptions};
pub use start::run;
pub use tls::TlsError;
pub use tokio_util::sync::CancellationToken;

/// What a plugin process serves: one provider configuration and its entities.
#[async_trait]
pub trait Provider: Send + Sync + 'static {
    /// The provider block, usually `Value<ProviderConfig>`.
    type Config: serde::de::DeserializeOwned + Send;

    /// Schema of the provider block.
    fn schema(&self) -> Schema;

    /// Checks a provider block, whose values may still be unknown. Makes no
    /// remote call; findings go into `diags`.
    async fn validate(&self, diags: &mut Diagnostics, config: Self::Config);

    /// Takes the provider block; values may be unknown during a plan.
    ///
    /// `stop` is cancelled by StopProvider, SIGINT or SIGTERM, and every wait
    /// must end with it. A process that is attached to serves many runs: a
    /// Configure that follows a StopProvider gets a fresh token.
    async fn configure(
        &self,
        diags: &mut Diagnostics,
        terraform_version: String,
        config: Self::Config,
        stop: CancellationToken,
    );

    /// Managed resources by type name.
    fn resources(&self) -> Vec<(&'static str, Box<dyn ErasedResource>)>;

    /// Data sources by type name.
    fn data_sources(&self) -> Vec<(&'static str, Box<dyn ErasedDataSource>)> {
        Vec::new()
    }

    /// Functions by name, called as `provider::TYPE::NAME`.
    fn functions(&self) -> Vec<(&'static str, Box<dyn ErasedFunction>)> {
        Vec::new()
    }
}
