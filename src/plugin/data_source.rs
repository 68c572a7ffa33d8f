//! What a data source is written as.

use async_trait::async_trait;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tf_provider::Diagnostics;
use tf_provider::schema::Schema;

use super::call::{Call, Told};

/// A data source.
#[async_trait]
pub trait DataSource: Send + Sync + 'static {
    /// What the provider's Configure makes of its block.
    type Configured: Send + Sync + 'static;

    /// The schema's block as a Rust type: a configuration, or what was read.
    type Model: Serialize + DeserializeOwned + Send + Sync;

    /// Schema of the data source's block.
    fn schema(&self) -> Schema;

    /// Checks a configuration, whose values may still be unknown. Calls nothing.
    fn validate(&self, diags: &mut Diagnostics, config: &Self::Model);

    /// Reads what `config` asks for.
    async fn read(
        &self,
        call: &mut Call<Self::Configured>,
        config: Self::Model,
    ) -> Result<Self::Model, Told>;
}
