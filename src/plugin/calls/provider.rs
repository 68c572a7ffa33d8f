//! The calls that concern the provider as a whole.

use std::sync::Arc;

use tf_provider::Diagnostics;

use super::{Caller, Calls, answered, answered_at_once, decoded};
use crate::plugin::call::{Call, Told};
use crate::plugin::diagnostics::diagnostics;
use crate::plugin::erased::typed;
use crate::plugin::proto::tfplugin6::{self as proto, DynamicValue};
use crate::plugin::{Configure, Provider};

impl<P: Provider> Calls<P> {
    pub(in crate::plugin) fn metadata(&self) -> proto::get_metadata::Response {
        use proto::get_metadata::{FunctionMetadata, TypeMetadata};
        let types = |type_name| TypeMetadata { type_name };
        let entities = &self.entities;
        proto::get_metadata::Response {
            server_capabilities: Some(self.capabilities()),
            data_sources: names(entities.data_sources.iter()).map(types).collect(),
            resources: names(entities.resources.iter()).map(types).collect(),
            functions: names(entities.functions.iter())
                .map(|name| FunctionMetadata { name })
                .collect(),
            list_resources: self.lists().map(|(name, _)| types(name)).collect(),
            ..Default::default()
        }
    }

    pub(in crate::plugin) fn schemas(&self) -> proto::get_provider_schema::Response {
        let entities = &self.entities;
        proto::get_provider_schema::Response {
            provider: Some(self.schema.message.clone()),
            resource_schemas: entities
                .resources
                .iter()
                .map(|(name, resource)| (name, resource.schema.message.clone()))
                .collect(),
            data_source_schemas: entities
                .data_sources
                .iter()
                .map(|(name, data_source)| (name, data_source.schema.message.clone()))
                .collect(),
            functions: self.functions().functions,
            list_resource_schemas: self
                .lists()
                .map(|(name, schema)| (name, schema.message.clone()))
                .collect(),
            server_capabilities: Some(self.capabilities()),
            ..Default::default()
        }
    }

    /// What is announced follows from what is registered.
    fn capabilities(&self) -> proto::ServerCapabilities {
        let mut resources = self.entities.resources.iter();
        proto::ServerCapabilities {
            get_provider_schema_optional: true,
            plan_destroy: resources.any(|(_, resource)| resource.plan_destroy.is_some()),
            // Of its own type, every resource takes over.
            move_resource_state: true,
            generate_resource_config: false,
        }
    }

    pub(in crate::plugin) fn validate_provider(
        &self,
        request: proto::validate_provider_config::Request,
    ) -> proto::validate_provider_config::Response {
        let mut diags = Diagnostics::default();
        // What is wrong is in the diagnostics.
        let _ = answered_at_once(&mut diags, |diags| {
            let config = self.config(diags, request.config.as_ref())?;
            self.provider.validate(diags, config);
            Ok(())
        });
        proto::validate_provider_config::Response {
            diagnostics: diagnostics(diags),
        }
    }

    pub(in crate::plugin) async fn configure(
        &self,
        caller: Caller<P::Configured>,
        request: proto::configure_provider::Request,
    ) -> proto::configure_provider::Response {
        let stop = caller.session.begin();
        let session = Arc::clone(&caller.session);
        let mut call = caller.call();
        let run = async |call: &mut Call<_>| {
            let configure = Configure {
                config: self.config(&mut call.diags, request.config.as_ref())?,
                terraform_version: request.terraform_version,
                stop,
            };
            self.provider.configure(&mut call.diags, configure).await
        };
        if let Ok(configured) = answered(&mut call, run, Told).await {
            session.set_configured(configured);
        }
        proto::configure_provider::Response {
            diagnostics: diagnostics(call.into_parts().0),
        }
    }

    fn config(
        &self,
        diags: &mut Diagnostics,
        config: Option<&DynamicValue>,
    ) -> Result<P::Config, Told> {
        let config = decoded(diags, config, &self.schema.ty)?;
        typed(diags, &config)
    }
}

fn names<E>(entities: impl Iterator<Item = (String, E)>) -> impl Iterator<Item = String> {
    entities.map(|(name, _)| name)
}
