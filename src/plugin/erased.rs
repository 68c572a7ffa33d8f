//! The typed traits of entities made object-safe: an erased call takes and
//! returns [`Dynamic`] values.

use async_trait::async_trait;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tf_provider::Diagnostics;

use super::call::{Call, Told};
use super::data_source::DataSource;
use super::diagnostics::{bug, error};
use super::dynamic::Dynamic;
use super::function::Function;
use super::resource::{CouldNotRead, NothingChanged, Planned, Read, Resource};

/// Why a create or an update has no state to answer with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failed {
    /// Nothing was changed remotely.
    NothingChanged,
    /// It broke off, or what it has come to cannot be written: what it was to
    /// make may exist.
    BrokeOff,
}

/// A [`Resource`] of whatever model. A prior state is null for a create.
#[async_trait]
pub(super) trait ErasedResource<C>: Send + Sync {
    fn validate(&self, diags: &mut Diagnostics, config: &Dynamic) -> Result<(), Told>;
    async fn plan(
        &self,
        call: &mut Call<C>,
        prior: &Dynamic,
        config: &Dynamic,
    ) -> Result<Planned<Dynamic>, Told>;
    async fn read(
        &self,
        call: &mut Call<C>,
        state: &Dynamic,
    ) -> Result<Read<Dynamic>, CouldNotRead>;
    /// Creates or updates.
    async fn apply(
        &self,
        call: &mut Call<C>,
        prior: &Dynamic,
        planned: &Dynamic,
    ) -> Result<Dynamic, Failed>;
    async fn delete(&self, call: &mut Call<C>, prior: &Dynamic) -> Result<(), Told>;
    async fn import(&self, call: &mut Call<C>, id: &str) -> Result<Dynamic, Told>;
}

#[async_trait]
impl<R: Resource> ErasedResource<R::Configured> for R {
    fn validate(&self, diags: &mut Diagnostics, config: &Dynamic) -> Result<(), Told> {
        let config = model(diags, config)?;
        Resource::validate(self, diags, &config);
        Ok(())
    }

    async fn plan(
        &self,
        call: &mut Call<R::Configured>,
        prior: &Dynamic,
        config: &Dynamic,
    ) -> Result<Planned<Dynamic>, Told> {
        let prior = match prior.is_null() {
            true => None,
            false => Some(model(&mut call.diags, prior)?),
        };
        let config = model(&mut call.diags, config)?;
        let planned = Resource::plan(self, call, prior.as_ref(), &config).await?;
        Ok(Planned {
            state: dynamic(&mut call.diags, &planned.state)?,
            requires_replace: planned.requires_replace,
        })
    }

    async fn read(
        &self,
        call: &mut Call<R::Configured>,
        state: &Dynamic,
    ) -> Result<Read<Dynamic>, CouldNotRead> {
        let state = model(&mut call.diags, state)?;
        match Resource::read(self, call, state).await? {
            Read::Is(state) => Ok(Read::Is(dynamic(&mut call.diags, &state)?)),
            Read::Gone => Ok(Read::Gone),
        }
    }

    async fn apply(
        &self,
        call: &mut Call<R::Configured>,
        prior: &Dynamic,
        planned: &Dynamic,
    ) -> Result<Dynamic, Failed> {
        let unread = |Told| Failed::NothingChanged;
        let planned = model(&mut call.diags, planned).map_err(unread)?;
        let applied = if prior.is_null() {
            self.create(call, planned).await
        } else {
            let prior = model(&mut call.diags, prior).map_err(unread)?;
            self.update(call, &prior, planned).await
        };
        let state = applied.map_err(|NothingChanged| Failed::NothingChanged)?;
        dynamic(&mut call.diags, &state).map_err(|Told| Failed::BrokeOff)
    }

    async fn delete(&self, call: &mut Call<R::Configured>, prior: &Dynamic) -> Result<(), Told> {
        let prior = model(&mut call.diags, prior)?;
        Resource::delete(self, call, prior).await
    }

    async fn import(&self, call: &mut Call<R::Configured>, id: &str) -> Result<Dynamic, Told> {
        let imported = Resource::import(self, call, id).await?;
        dynamic(&mut call.diags, &imported)
    }
}

/// A [`DataSource`] of whatever model.
#[async_trait]
pub(super) trait ErasedDataSource<C>: Send + Sync {
    fn validate(&self, diags: &mut Diagnostics, config: &Dynamic) -> Result<(), Told>;
    async fn read(&self, call: &mut Call<C>, config: &Dynamic) -> Result<Dynamic, Told>;
}

#[async_trait]
impl<D: DataSource> ErasedDataSource<D::Configured> for D {
    fn validate(&self, diags: &mut Diagnostics, config: &Dynamic) -> Result<(), Told> {
        let config = model(diags, config)?;
        DataSource::validate(self, diags, &config);
        Ok(())
    }

    async fn read(
        &self,
        call: &mut Call<D::Configured>,
        config: &Dynamic,
    ) -> Result<Dynamic, Told> {
        let config = model(&mut call.diags, config)?;
        let read = DataSource::read(self, call, config).await?;
        dynamic(&mut call.diags, &read)
    }
}

/// A [`Function`] of whatever arguments, which come as one array.
pub(super) trait ErasedFunction: Send + Sync {
    fn call(&self, diags: &mut Diagnostics, arguments: &Dynamic) -> Result<Dynamic, Told>;
}

impl<F: Function> ErasedFunction for F {
    fn call(&self, diags: &mut Diagnostics, arguments: &Dynamic) -> Result<Dynamic, Told> {
        let arguments = typed(diags, arguments)?;
        let result = Function::call(self, diags, arguments)?;
        dynamic(diags, &result)
    }
}

/// An object as the entity's model.
pub(super) fn model<M: DeserializeOwned>(
    diags: &mut Diagnostics,
    value: &Dynamic,
) -> Result<M, Told> {
    if value.is_null() || value.is_unknown() {
        diags.errors.push(error(
            "Value cannot be decoded",
            "There is no object, where the call is about one.".to_owned(),
        ));
        return Err(Told);
    }
    typed(diags, value)
}

/// A value as a type of the provider's.
pub(super) fn typed<T: DeserializeOwned>(
    diags: &mut Diagnostics,
    value: &Dynamic,
) -> Result<T, Told> {
    value.to_typed().map_err(|error| {
        diags.errors.push(bug(&format!(
            "A value that fits the schema does not fit the provider's own type: {error}."
        )));
        Told
    })
}

/// A type of the provider's as a value.
pub(super) fn dynamic<T: Serialize>(diags: &mut Diagnostics, value: &T) -> Result<Dynamic, Told> {
    Dynamic::from_typed(value).map_err(|error| {
        let what = format!("A value could not be encoded: {error}.");
        diags.errors.push(bug(&what));
        Told
    })
}
