//! What a managed resource is written as.

use async_trait::async_trait;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tf_provider::schema::Schema;
use tf_provider::{AttributePath, Diagnostics};

use super::call::{Call, Told};

/// A managed resource. What a resource may have beside this, such as a rewriting
/// of older states, is a capability of its own (see `capabilities`).
///
/// The server keeps private state and echoes what Terraform must get back; it
/// refuses configured read-only attributes before `validate`.
#[async_trait]
pub trait Resource: Send + Sync + 'static {
    /// What the provider's Configure makes of its block.
    type Configured: Send + Sync + 'static;

    /// The schema's block as a Rust type: a configuration, a plan or a state,
    /// with a [`Value`](tf_provider::value::Value) for each attribute and block.
    type Model: Serialize + DeserializeOwned + Send + Sync;

    /// Schema of the resource's block. Its version is raised when a state of the
    /// former version has to be rewritten to be read.
    fn schema(&self) -> Schema;

    /// Checks a configuration, whose values may still be unknown. Calls nothing.
    fn validate(&self, diags: &mut Diagnostics, config: &Self::Model);

    /// Plans a create (`prior` is `None`) or an update. Deterministic: Terraform
    /// plans more than once. A replacement is planned a second time, as a create.
    async fn plan(
        &self,
        call: &mut Call<Self::Configured>,
        prior: Option<&Self::Model>,
        config: &Self::Model,
    ) -> Result<Planned<Self::Model>, Told>;

    /// Reads the remote object that `state` stands for.
    async fn read(
        &self,
        call: &mut Call<Self::Configured>,
        state: Self::Model,
    ) -> Result<Read<Self::Model>, CouldNotRead>;

    /// Creates the object. What is returned is kept in the state; with an error
    /// beside it, the resource is tainted.
    async fn create(
        &self,
        call: &mut Call<Self::Configured>,
        planned: Self::Model,
    ) -> Result<Self::Model, NothingChanged>;

    /// Changes the object in place. What is returned is kept in the state, with
    /// an error beside it as well.
    async fn update(
        &self,
        call: &mut Call<Self::Configured>,
        prior: &Self::Model,
        planned: Self::Model,
    ) -> Result<Self::Model, NothingChanged>;

    /// Deletes the object. `Ok`: it is gone, or not this resource's to delete, and
    /// leaves the state. `Err`: the state keeps it.
    async fn delete(
        &self,
        call: &mut Call<Self::Configured>,
        prior: Self::Model,
    ) -> Result<(), Told>;

    /// The state of an existing object as far as its id tells it; Terraform then
    /// reads it.
    async fn import(
        &self,
        call: &mut Call<Self::Configured>,
        id: &str,
    ) -> Result<Self::Model, Told>;
}

/// What is planned.
#[derive(Clone, Debug)]
pub struct Planned<M> {
    /// The state as it will be, unknown where only apply can tell.
    pub state: M,
    /// Attributes whose change cannot be made in place.
    pub requires_replace: Vec<AttributePath>,
}

/// What a read has found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Read<M> {
    /// The object, as it is now.
    Is(M),
    /// The object does not exist any more: it leaves the state.
    Gone,
}

/// The object could not be read: the state stays as it was. An error was told,
/// or the call is deferred.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CouldNotRead;

/// Nothing was changed remotely: the state stays as it was. An error was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NothingChanged;

impl From<Told> for CouldNotRead {
    fn from(Told: Told) -> Self {
        Self
    }
}

impl From<Told> for NothingChanged {
    fn from(Told: Told) -> Self {
        Self
    }
}
