//! The calls that concern managed resources.

use tf_provider::Diagnostics;

use super::Provider;
use super::calls::{Calls, completed, decoded, encoded, guarded, noted};
use super::diagnostics::{diagnostics, error, path};
use super::erased::Private;
use super::proto::tfplugin6::{self as proto, DynamicValue};
use super::read_only::read_only;
use super::wire;

/// Why an apply has no state of its own to answer with.
enum Failed {
    /// Nothing was changed: the prior state holds.
    Unchanged,
    /// It broke off; what it was to create may exist.
    BrokeOff,
}

impl<P: Provider> Calls<P> {
    pub(super) async fn validate_resource(
        &self,
        request: proto::validate_resource_config::Request,
    ) -> proto::validate_resource_config::Response {
        let mut diags = Diagnostics::default();
        let found = self.resources.get(&mut diags, &request.type_name);
        if let Some((resource, schema)) = found
            && let Some(config) = decoded(&mut diags, request.config.as_ref(), &schema.ty)
        {
            read_only(&mut diags, &config, &schema.message);
            let validated = guarded(resource.validate(&mut diags, &config)).await;
            completed(&mut diags, validated);
        }
        proto::validate_resource_config::Response {
            diagnostics: diagnostics(diags),
        }
    }

    /// Answers every state of this schema version or an older one, fitted to
    /// the schema of today: Terraform asks at every read of the state.
    pub(super) fn upgrade(
        &self,
        request: &proto::upgrade_resource_state::Request,
    ) -> proto::upgrade_resource_state::Response {
        let mut diags = Diagnostics::default();
        let upgraded_state = self.try_upgrade(&mut diags, request);
        proto::upgrade_resource_state::Response {
            upgraded_state,
            diagnostics: diagnostics(diags),
        }
    }

    fn try_upgrade(
        &self,
        diags: &mut Diagnostics,
        request: &proto::upgrade_resource_state::Request,
    ) -> Option<DynamicValue> {
        let (_, schema) = self.resources.get(diags, &request.type_name)?;
        if request.version > schema.message.version {
            diags.errors.push(error(
                "State is newer than the provider",
                format!(
                    "The state of a {} was written by a newer version of the provider: its schema \
                     version is {}, and this provider knows {}. Upgrade the provider.",
                    request.type_name, request.version, schema.message.version
                ),
            ));
            return None;
        }
        let json = request.raw_state.as_ref().map(|raw| raw.json.as_slice());
        let Some(json) = json.filter(|json| !json.is_empty()) else {
            diags.errors.push(error(
                "State cannot be read",
                format!(
                    "The state of a {} is in the format of Terraform 0.11 or earlier, which no \
                     release of this provider has written.",
                    request.type_name
                ),
            ));
            return None;
        };
        let state = noted(diags, wire::decode_json(json, &schema.ty))?;
        encoded(diags, &state, &schema.ty)
    }

    pub(super) async fn read(
        &self,
        request: proto::read_resource::Request,
    ) -> proto::read_resource::Response {
        let mut diags = Diagnostics::default();
        let (new_state, private) = match self.try_read(&mut diags, &request).await {
            Some((state, private)) => (Some(state), private),
            None => (request.current_state, request.private),
        };
        proto::read_resource::Response {
            new_state,
            private,
            diagnostics: diagnostics(diags),
            new_identity: request.current_identity,
        }
    }

    async fn try_read(
        &self,
        diags: &mut Diagnostics,
        request: &proto::read_resource::Request,
    ) -> Option<(DynamicValue, Vec<u8>)> {
        let (resource, schema) = self.resources.get(diags, &request.type_name)?;
        let state = decoded(diags, request.current_state.as_ref(), &schema.ty)?;
        let private = Private(request.private.clone());
        let read = guarded(resource.read(diags, &state, private)).await;
        let (state, private) = completed(diags, read)??;
        Some((encoded(diags, &state, &schema.ty)?, private.0))
    }

    pub(super) async fn plan(
        &self,
        request: proto::plan_resource_change::Request,
    ) -> proto::plan_resource_change::Response {
        let mut diags = Diagnostics::default();
        let planned = self.try_plan(&mut diags, &request).await;
        proto::plan_resource_change::Response {
            diagnostics: diagnostics(diags),
            ..planned.unwrap_or_else(|| proto::plan_resource_change::Response {
                planned_private: request.prior_private,
                planned_identity: request.prior_identity,
                ..Default::default()
            })
        }
    }

    async fn try_plan(
        &self,
        diags: &mut Diagnostics,
        request: &proto::plan_resource_change::Request,
    ) -> Option<proto::plan_resource_change::Response> {
        let (resource, schema) = self.resources.get(diags, &request.type_name)?;
        let prior = decoded(diags, request.prior_state.as_ref(), &schema.ty)?;
        let proposed = decoded(diags, request.proposed_new_state.as_ref(), &schema.ty)?;
        let config = decoded(diags, request.config.as_ref(), &schema.ty)?;
        let private = Private(request.prior_private.clone());
        let call = resource.plan(diags, &prior, &proposed, &config, private);
        let planned = guarded(call).await;
        let planned = completed(diags, planned)??;
        Some(proto::plan_resource_change::Response {
            planned_state: Some(encoded(diags, &planned.state, &schema.ty)?),
            requires_replace: planned.requires_replace.into_iter().map(path).collect(),
            planned_private: planned.private.0,
            diagnostics: Vec::new(),
            planned_identity: request.prior_identity.clone(),
        })
    }

    pub(super) async fn apply(
        &self,
        request: proto::apply_resource_change::Request,
    ) -> proto::apply_resource_change::Response {
        let mut diags = Diagnostics::default();
        let (new_state, private) = match self.try_apply(&mut diags, &request).await {
            Ok((state, private)) => (Some(state), private),
            Err(Failed::Unchanged) => (request.prior_state, request.planned_private),
            Err(Failed::BrokeOff) => (self.broken_off(&request), request.planned_private),
        };
        proto::apply_resource_change::Response {
            new_state,
            private,
            diagnostics: diagnostics(diags),
            new_identity: request.planned_identity,
        }
    }

    async fn try_apply(
        &self,
        diags: &mut Diagnostics,
        request: &proto::apply_resource_change::Request,
    ) -> Result<(DynamicValue, Vec<u8>), Failed> {
        let found = self.resources.get(diags, &request.type_name);
        let (resource, schema) = found.ok_or(Failed::Unchanged)?;
        let mut decoded = |value: &Option<DynamicValue>| {
            decoded(diags, value.as_ref(), &schema.ty).ok_or(Failed::Unchanged)
        };
        let prior = decoded(&request.prior_state)?;
        let planned = decoded(&request.planned_state)?;
        let config = decoded(&request.config)?;
        let private = Private(request.planned_private.clone());
        let call = resource.apply(diags, &prior, &planned, &config, private);
        let applied = guarded(call).await;
        let applied = completed(diags, applied).ok_or(Failed::BrokeOff)?;
        let (state, private) = applied.ok_or(Failed::Unchanged)?;
        let state = encoded(diags, &state, &schema.ty).ok_or(Failed::BrokeOff)?;
        Ok((state, private.0))
    }

    /// After a create that broke off: the planned state, so that what may exist
    /// is not orphaned. After an update or a destroy: the prior state.
    fn broken_off(&self, request: &proto::apply_resource_change::Request) -> Option<DynamicValue> {
        self.created(request)
            .or_else(|| request.prior_state.clone())
    }

    /// The planned state of a create, with null for what only its end can tell.
    fn created(&self, request: &proto::apply_resource_change::Request) -> Option<DynamicValue> {
        // What fails here has been told when the call decoded the same values.
        let mut told = Diagnostics::default();
        let (_, schema) = self.resources.get(&mut told, &request.type_name)?;
        let prior = wire::decode(request.prior_state.as_ref(), &schema.ty).ok()?;
        if !prior.is_null() {
            return None;
        }
        let planned = wire::decode(request.planned_state.as_ref(), &schema.ty).ok()?;
        let known = wire::without_unknowns(&planned, &schema.ty).ok()?;
        wire::encode(&known, &schema.ty).ok()
    }

    pub(super) async fn import(
        &self,
        request: proto::import_resource_state::Request,
    ) -> proto::import_resource_state::Response {
        let mut diags = Diagnostics::default();
        let imported = self.try_import(&mut diags, request).await;
        proto::import_resource_state::Response {
            imported_resources: imported.into_iter().collect(),
            diagnostics: diagnostics(diags),
        }
    }

    async fn try_import(
        &self,
        diags: &mut Diagnostics,
        request: proto::import_resource_state::Request,
    ) -> Option<proto::import_resource_state::ImportedResource> {
        let (resource, schema) = self.resources.get(diags, &request.type_name)?;
        let imported = guarded(resource.import(diags, request.id)).await;
        let (state, private) = completed(diags, imported)??;
        Some(proto::import_resource_state::ImportedResource {
            state: Some(encoded(diags, &state, &schema.ty)?),
            type_name: request.type_name,
            private: private.0,
            identity: request.identity,
        })
    }
}
