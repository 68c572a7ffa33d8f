//! Lists: the objects that exist, whether Terraform knows of them or not.

mod listing;

use std::sync::Arc;

use async_trait::async_trait;
use serde::de::DeserializeOwned;
use tf_provider::Diagnostics;
use tf_provider::schema::Schema;
use tokio::sync::mpsc;

use super::identity::ResourceIdentity;
use crate::plugin::Provider;
use crate::plugin::call::{Call, Told};
use crate::plugin::calls::{Caller, Calls, answered, answered_at_once, decoded, encoded};
use crate::plugin::configured::check_configured;
use crate::plugin::diagnostics::{diagnostics, error};
use crate::plugin::dynamic::Dynamic;
use crate::plugin::entities::BlockSchema;
use crate::plugin::erased::model;
use crate::plugin::proto::tfplugin6::{self as proto, DynamicValue, list_resource::Event};

use listing::Events;

pub use listing::Listing;

/// Its objects can be listed.
#[async_trait]
pub trait ListResource: ResourceIdentity {
    /// The schema's block as a Rust type: which objects are asked for.
    type Query: DeserializeOwned + Send + Sync;

    /// Schema of a list's configuration.
    fn list_schema(&self) -> Schema;

    /// Checks a configuration, whose values may still be unknown. Calls nothing.
    fn validate_list(&self, diags: &mut Diagnostics, query: &Self::Query);

    /// Finds the objects that `query` asks for, and gives them to `listing` as they come,
    /// until that has enough.
    async fn list(
        &self,
        call: &mut Call<Self::Configured>,
        query: Self::Query,
        listing: &mut Listing<'_>,
    ) -> Result<(), Told>;
}

/// A [`ListResource`] of whatever model.
#[async_trait]
pub(in crate::plugin) trait ErasedList<C>: Send + Sync {
    fn validate(&self, diags: &mut Diagnostics, query: &Dynamic) -> Result<(), Told>;
    async fn list(
        &self,
        call: &mut Call<C>,
        query: &Dynamic,
        listing: &mut Listing<'_>,
    ) -> Result<(), Told>;
}

#[async_trait]
impl<R: ListResource> ErasedList<R::Configured> for R {
    fn validate(&self, diags: &mut Diagnostics, query: &Dynamic) -> Result<(), Told> {
        let query = model(diags, query)?;
        self.validate_list(diags, &query);
        Ok(())
    }

    async fn list(
        &self,
        call: &mut Call<R::Configured>,
        query: &Dynamic,
        listing: &mut Listing<'_>,
    ) -> Result<(), Told> {
        let query = model(&mut call.diags, query)?;
        ListResource::list(self, call, query, listing).await
    }
}

/// The capability of one resource.
pub(in crate::plugin) struct ListEntry<C> {
    entity: Arc<dyn ErasedList<C>>,
    pub(in crate::plugin) schema: BlockSchema,
}

impl<C> ListEntry<C> {
    pub(in crate::plugin) fn new<R>(resource: &Arc<R>) -> Self
    where
        R: ListResource<Configured = C>,
    {
        Self {
            schema: resource.list_schema().into(),
            entity: Arc::clone(resource) as Arc<dyn ErasedList<C>>,
        }
    }

    /// A configuration; one that is left out asks for everything.
    fn query(
        &self,
        diags: &mut Diagnostics,
        config: Option<&DynamicValue>,
    ) -> Result<Dynamic, Told> {
        let query = decoded(diags, config, &self.schema.ty)?;
        if !query.is_null() {
            return Ok(query);
        }
        let empty = DynamicValue {
            json: b"{}".to_vec(),
            ..DynamicValue::default()
        };
        decoded(diags, Some(&empty), &self.schema.ty)
    }
}

impl<P: Provider> Calls<P> {
    /// The resources that can be listed, with the schemas of that.
    pub(in crate::plugin) fn lists(&self) -> impl Iterator<Item = (String, &BlockSchema)> {
        let resources = self.entities.resources.iter();
        resources.filter_map(|(name, resource)| Some((name, &resource.list.as_ref()?.schema)))
    }

    fn list_entry(
        &self,
        diags: &mut Diagnostics,
        type_name: &str,
    ) -> Result<&ListEntry<P::Configured>, Told> {
        let resource = self.entities.resources.get(diags, type_name)?;
        resource.list.as_ref().ok_or_else(|| {
            let problem = format!("What exists of {type_name} cannot be listed.");
            diags.errors.push(error("No list", problem));
            Told
        })
    }

    pub(in crate::plugin) fn validate_list(
        &self,
        request: proto::validate_list_resource_config::Request,
    ) -> proto::validate_list_resource_config::Response {
        let mut diags = Diagnostics::default();
        // What is wrong is in the diagnostics.
        let _ = answered_at_once(&mut diags, |diags| {
            let list = self.list_entry(diags, &request.type_name)?;
            let query = list.query(diags, request.config.as_ref())?;
            check_configured(diags, &query, &list.schema.message);
            list.entity.validate(diags, &query)
        });
        proto::validate_list_resource_config::Response {
            diagnostics: diagnostics(diags),
        }
    }

    /// Lists into `events` until all are found, nobody wants more, or an error ends it,
    /// which is the last event. Answers how many errors and warnings there were.
    pub(in crate::plugin) async fn list(
        &self,
        caller: Caller<P::Configured>,
        request: proto::list_resource::Request,
        events: mpsc::Sender<Event>,
    ) -> (usize, usize) {
        let stop = caller.stop.clone();
        let events = Events { events, stop };
        let mut call = caller.call();
        // What is wrong is in the diagnostics.
        let warnings = self.try_list(&mut call, &request, &events).await;
        let diags = call.into_parts().0;
        let told = (
            diags.errors.len(),
            diags.warnings.len() + warnings.unwrap_or_default(),
        );
        let diagnostic = diagnostics(diags);
        if !diagnostic.is_empty() {
            let last = Event {
                diagnostic,
                ..Event::default()
            };
            // Whoever has gone away does not mind.
            let _ = events.send(last).await;
        }
        told
    }

    /// Answers how many warnings were sent beside objects.
    async fn try_list(
        &self,
        call: &mut Call<P::Configured>,
        request: &proto::list_resource::Request,
        events: &Events,
    ) -> Result<usize, Told> {
        let type_name = &request.type_name;
        let list = self.list_entry(&mut call.diags, type_name)?;
        let resource = self.entities.resources.get(&mut call.diags, type_name)?;
        let query = list.query(&mut call.diags, request.config.as_ref())?;
        let encode = |diags: &mut Diagnostics, state: &Dynamic| {
            let identity = match &resource.identity {
                Some(identity) => Some(identity.of(diags, state)?),
                None => None,
            };
            let object = match request.include_resource_object {
                true => Some(encoded(diags, state, &resource.schema.ty)?),
                false => None,
            };
            Ok((identity, object))
        };
        let mut listing = Listing::new(events, request, &encode);
        let run = async |call: &mut Call<_>| list.entity.list(call, &query, &mut listing).await;
        answered(call, run, Told).await?;
        Ok(listing.warnings())
    }
}
