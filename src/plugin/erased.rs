//! tf-provider's typed traits made object-safe.
//!
//! An erased call takes and returns [`Dynamic`] values, and leaves at least one
//! error in its diagnostics whenever it answers `None`.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use tf_provider::schema::{FunctionSchema, Schema};
use tf_provider::{AttributePath, DataSource, Diagnostics, Function, Resource};

use super::diagnostics::bug;
use super::dynamic::Dynamic;

/// Opaque bytes that Terraform keeps beside a resource's state. Whatever call
/// does not change them must echo them, or they are lost.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Private(pub Vec<u8>);

/// The outcome of a plan that creates or updates; of one that destroys,
/// `state` is null.
#[derive(Clone, Debug)]
pub struct Planned {
    /// The state as it will be, unknown where only apply can tell.
    pub state: Dynamic,
    /// Handed to apply.
    pub private: Private,
    /// Attributes whose change cannot be made in place.
    pub requires_replace: Vec<AttributePath>,
}

/// A managed resource of whatever state type. See [`resource`].
#[async_trait]
pub trait ErasedResource: Send + Sync {
    /// Schema of the resource's block.
    fn schema(&self, diags: &mut Diagnostics) -> Option<Schema>;

    /// Checks a configuration, whose values may still be unknown.
    async fn validate(&self, diags: &mut Diagnostics, config: &Dynamic);

    /// Refreshes `state`; a null state says that the resource is gone, `None`
    /// that it could not be read.
    async fn read(
        &self,
        diags: &mut Diagnostics,
        state: &Dynamic,
        private: Private,
    ) -> Option<(Dynamic, Private)>;

    /// Plans a create (`prior` is null), a destroy (`proposed` is null) or an
    /// update.
    async fn plan(
        &self,
        diags: &mut Diagnostics,
        prior: &Dynamic,
        proposed: &Dynamic,
        config: &Dynamic,
        private: Private,
    ) -> Option<Planned>;

    /// Creates (`prior` is null), destroys (`planned` is null) or updates.
    /// `None`: nothing was changed.
    async fn apply(
        &self,
        diags: &mut Diagnostics,
        prior: &Dynamic,
        planned: &Dynamic,
        config: &Dynamic,
        private: Private,
    ) -> Option<(Dynamic, Private)>;

    /// The state of an existing resource, as far as its id tells it.
    async fn import(&self, diags: &mut Diagnostics, id: String) -> Option<(Dynamic, Private)>;
}

/// A data source of whatever state type. See [`data_source`].
#[async_trait]
pub trait ErasedDataSource: Send + Sync {
    /// Schema of the data source's block.
    fn schema(&self, diags: &mut Diagnostics) -> Option<Schema>;

    /// Checks a configuration, whose values may still be unknown.
    async fn validate(&self, diags: &mut Diagnostics, config: &Dynamic);

    /// Reads what `config` asks for.
    async fn read(&self, diags: &mut Diagnostics, config: &Dynamic) -> Option<Dynamic>;
}

/// A provider-defined function of whatever parameters. See [`function`].
#[async_trait]
pub trait ErasedFunction: Send + Sync {
    /// Parameters and return type.
    fn schema(&self, diags: &mut Diagnostics) -> Option<FunctionSchema>;

    /// Calls the function with the array of its arguments. An error whose path
    /// is `AttributePath::function_argument` is told at that argument.
    async fn call(&self, diags: &mut Diagnostics, arguments: &Dynamic) -> Option<Dynamic>;
}

/// Erases a typed resource. Private state stays opaque bytes; provider_meta is
/// not part of our schema, so the resource is given null for it.
pub fn resource<R>(resource: R) -> Box<dyn ErasedResource>
where
    R: for<'a> Resource<PrivateState<'a> = Private> + 'static,
{
    Box::new(Erased(resource))
}

/// Erases a typed data source.
pub fn data_source<D: DataSource + 'static>(data_source: D) -> Box<dyn ErasedDataSource> {
    Box::new(Erased(data_source))
}

/// Erases a typed function. Its `Input` is read from a sequence: a tuple or a
/// struct with one field for each parameter.
pub fn function<F: Function + 'static>(function: F) -> Box<dyn ErasedFunction> {
    Box::new(Erased(function))
}

struct Erased<T>(T);

#[async_trait]
impl<R> ErasedResource for Erased<R>
where
    R: for<'a> Resource<PrivateState<'a> = Private>,
{
    fn schema(&self, diags: &mut Diagnostics) -> Option<Schema> {
        let schema = self.0.schema(diags);
        answered(diags, schema)
    }

    async fn validate(&self, diags: &mut Diagnostics, config: &Dynamic) {
        if let Some(config) = typed(diags, config) {
            let done = self.0.validate(diags, config).await;
            answered(diags, done);
        }
    }

    async fn read(
        &self,
        diags: &mut Diagnostics,
        state: &Dynamic,
        private: Private,
    ) -> Option<(Dynamic, Private)> {
        let meta = Dynamic::null();
        let (state, meta) = (typed(diags, state)?, typed(diags, &meta)?);
        let read = self.0.read(diags, state, private, meta).await;
        let (state, private) = answered(diags, read)?;
        Some((dynamic(diags, &state)?, private))
    }

    async fn plan(
        &self,
        diags: &mut Diagnostics,
        prior: &Dynamic,
        proposed: &Dynamic,
        config: &Dynamic,
        private: Private,
    ) -> Option<Planned> {
        let meta = Dynamic::null();
        let meta = typed(diags, &meta)?;
        if proposed.is_null() {
            let prior = typed(diags, prior)?;
            let planned = self.0.plan_destroy(diags, prior, private, meta).await;
            return Some(Planned {
                state: Dynamic::null(),
                private: answered(diags, planned)?,
                requires_replace: Vec::new(),
            });
        }
        let (state, private, requires_replace) = if prior.is_null() {
            let (proposed, config) = (typed(diags, proposed)?, typed(diags, config)?);
            let planned = self.0.plan_create(diags, proposed, config, meta).await;
            let (state, private) = answered(diags, planned)?;
            (state, private, Vec::new())
        } else {
            let (prior, proposed) = (typed(diags, prior)?, typed(diags, proposed)?);
            let config = typed(diags, config)?;
            let planned = self
                .0
                .plan_update(diags, prior, proposed, config, private, meta)
                .await;
            answered(diags, planned)?
        };
        Some(Planned {
            state: dynamic(diags, &state)?,
            private,
            requires_replace,
        })
    }

    async fn apply(
        &self,
        diags: &mut Diagnostics,
        prior: &Dynamic,
        planned: &Dynamic,
        config: &Dynamic,
        private: Private,
    ) -> Option<(Dynamic, Private)> {
        let meta = Dynamic::null();
        let meta = typed(diags, &meta)?;
        if planned.is_null() {
            let prior = typed(diags, prior)?;
            let destroyed = self.0.destroy(diags, prior, private, meta).await;
            answered(diags, destroyed)?;
            return Some((Dynamic::null(), Private::default()));
        }
        let (planned, config) = (typed(diags, planned)?, typed(diags, config)?);
        let applied = if prior.is_null() {
            self.0.create(diags, planned, config, private, meta).await
        } else {
            let prior = typed(diags, prior)?;
            self.0
                .update(diags, prior, planned, config, private, meta)
                .await
        };
        let (state, private) = answered(diags, applied)?;
        Some((dynamic(diags, &state)?, private))
    }

    async fn import(&self, diags: &mut Diagnostics, id: String) -> Option<(Dynamic, Private)> {
        let imported = self.0.import(diags, id).await;
        let (state, private) = answered(diags, imported)?;
        Some((dynamic(diags, &state)?, private))
    }
}

#[async_trait]
impl<D: DataSource> ErasedDataSource for Erased<D> {
    fn schema(&self, diags: &mut Diagnostics) -> Option<Schema> {
        let schema = self.0.schema(diags);
        answered(diags, schema)
    }

    async fn validate(&self, diags: &mut Diagnostics, config: &Dynamic) {
        if let Some(config) = typed(diags, config) {
            let done = self.0.validate(diags, config).await;
            answered(diags, done);
        }
    }

    async fn read(&self, diags: &mut Diagnostics, config: &Dynamic) -> Option<Dynamic> {
        let meta = Dynamic::null();
        let (config, meta) = (typed(diags, config)?, typed(diags, &meta)?);
        let read = self.0.read(diags, config, meta).await;
        let state = answered(diags, read)?;
        dynamic(diags, &state)
    }
}

#[async_trait]
impl<F: Function> ErasedFunction for Erased<F> {
    fn schema(&self, diags: &mut Diagnostics) -> Option<FunctionSchema> {
        let schema = self.0.schema(diags);
        answered(diags, schema)
    }

    async fn call(&self, diags: &mut Diagnostics, arguments: &Dynamic) -> Option<Dynamic> {
        let arguments = typed(diags, arguments)?;
        let called = self.0.call(diags, arguments).await;
        let result = answered(diags, called)?;
        dynamic(diags, &result)
    }
}

/// An answer of `None` without an error would leave Terraform with nothing to
/// tell: make it an error.
pub(super) fn answered<T>(diags: &mut Diagnostics, answer: Option<T>) -> Option<T> {
    if answer.is_none() && diags.errors.is_empty() {
        diags.errors.push(bug("It gave no answer and no reason."));
    }
    answer
}

pub(super) fn typed<'a, T: Deserialize<'a>>(
    diags: &mut Diagnostics,
    value: &'a Dynamic,
) -> Option<T> {
    value
        .to_typed()
        .map_err(|error| {
            diags.errors.push(bug(&format!(
                "A value that fits the schema does not fit the provider's own type: {error}."
            )));
        })
        .ok()
}

fn dynamic<T: Serialize>(diags: &mut Diagnostics, value: &T) -> Option<Dynamic> {
    Dynamic::from_typed(value)
        .map_err(|error| {
            diags
                .errors
                .push(bug(&format!("A value could not be encoded: {error}.")));
        })
        .ok()
}
