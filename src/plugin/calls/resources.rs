//! The calls that concern managed resources.

use tf_provider::Diagnostics;

use super::{Caller, Calls, answered, answered_at_once, decoded, deferred, encoded, may_defer};
use crate::plugin::Provider;
use crate::plugin::call::{Call, Told};
use crate::plugin::capabilities::identity::{Of, import_by_identity};
use crate::plugin::configured::check_configured;
use crate::plugin::diagnostics::{diagnostics, path};
use crate::plugin::dynamic::Dynamic;
use crate::plugin::entities::ResourceEntry;
use crate::plugin::erased::Failed;
use crate::plugin::proto::tfplugin6::{self as proto, DynamicValue};
use crate::plugin::resource::{CouldNotRead, Planned, Read};
use crate::plugin::wire;

impl<P: Provider> Calls<P> {
    pub(in crate::plugin) fn validate_resource(
        &self,
        request: proto::validate_resource_config::Request,
    ) -> proto::validate_resource_config::Response {
        let mut diags = Diagnostics::default();
        // What is wrong is in the diagnostics.
        let _ = answered_at_once(&mut diags, |diags| {
            let resource = self.entities.resources.get(diags, &request.type_name)?;
            let config = decoded(diags, request.config.as_ref(), &resource.schema.ty)?;
            check_configured(diags, &config, &resource.schema.message);
            resource.entity.validate(diags, &config)
        });
        proto::validate_resource_config::Response {
            diagnostics: diagnostics(diags),
        }
    }

    pub(in crate::plugin) async fn read(
        &self,
        caller: Caller<P::Configured>,
        request: proto::read_resource::Request,
    ) -> proto::read_resource::Response {
        let client = request.client_capabilities.as_ref();
        let mut call = caller
            .call()
            .with_private(request.private)
            .deferrable(may_defer(client));
        let state = request.current_state.as_ref();
        let read = self.try_read(&mut call, &request.type_name, state).await;
        let deferred = deferred(&call);
        let new_state = read.ok().or(request.current_state);
        let state = new_state.as_ref();
        let identity = self.identity(&mut call.diags, &request.type_name, Of::State, state);
        let (diags, private) = call.into_parts();
        proto::read_resource::Response {
            new_state,
            private,
            diagnostics: diagnostics(diags),
            deferred,
            new_identity: identity,
        }
    }

    async fn try_read(
        &self,
        call: &mut Call<P::Configured>,
        type_name: &str,
        state: Option<&DynamicValue>,
    ) -> Result<DynamicValue, CouldNotRead> {
        let resource = self.entities.resources.get(&mut call.diags, type_name)?;
        let state = decoded(&mut call.diags, state, &resource.schema.ty)?;
        let read = async |call: &mut Call<_>| resource.entity.read(call, &state).await;
        let state = match answered(call, read, CouldNotRead).await? {
            Read::Is(state) => state,
            Read::Gone => Dynamic::null(),
        };
        Ok(encoded(&mut call.diags, &state, &resource.schema.ty)?)
    }

    pub(in crate::plugin) async fn plan(
        &self,
        caller: Caller<P::Configured>,
        request: proto::plan_resource_change::Request,
    ) -> proto::plan_resource_change::Response {
        let client = request.client_capabilities.as_ref();
        let mut call = caller
            .call()
            .with_private(request.prior_private.clone())
            .deferrable(may_defer(client));
        let planned = self.try_plan(&mut call, &request).await;
        let deferred = deferred(&call);
        // Put off, it is what Terraform proposed.
        let proposed = request.proposed_new_state.filter(|_| deferred.is_some());
        let (planned_state, requires_replace) = match planned {
            Ok(planned) => (Some(planned.state), planned.requires_replace),
            Err(Told) => (proposed, Vec::new()),
        };
        let state = planned_state.as_ref();
        let identity = self.identity(&mut call.diags, &request.type_name, Of::Plan, state);
        let (diags, private) = call.into_parts();
        proto::plan_resource_change::Response {
            planned_state,
            requires_replace: requires_replace.into_iter().map(path).collect(),
            planned_private: private,
            diagnostics: diagnostics(diags),
            deferred,
            planned_identity: identity,
        }
    }

    async fn try_plan(
        &self,
        call: &mut Call<P::Configured>,
        request: &proto::plan_resource_change::Request,
    ) -> Result<Planned<DynamicValue>, Told> {
        let resources = &self.entities.resources;
        let resource = resources.get(&mut call.diags, &request.type_name)?;
        let ty = &resource.schema.ty;
        let mut decode = |value: &Option<_>| decoded(&mut call.diags, value.as_ref(), ty);
        let prior = decode(&request.prior_state)?;
        let proposed = decode(&request.proposed_new_state)?;
        let config = decode(&request.config)?;
        let planned = if proposed.is_null() {
            if let Some(entity) = &resource.plan_destroy {
                let plan = async |call: &mut Call<_>| entity.plan_destroy(call, &prior).await;
                answered(call, plan, Told).await?;
            }
            Planned {
                state: Dynamic::null(),
                requires_replace: Vec::new(),
            }
        } else {
            let plan = async |call: &mut Call<_>| resource.entity.plan(call, &prior, &config).await;
            answered(call, plan, Told).await?
        };
        Ok(Planned {
            state: encoded(&mut call.diags, &planned.state, ty)?,
            requires_replace: planned.requires_replace,
        })
    }

    pub(in crate::plugin) async fn apply(
        &self,
        caller: Caller<P::Configured>,
        request: proto::apply_resource_change::Request,
    ) -> proto::apply_resource_change::Response {
        let mut call = caller.call().with_private(request.planned_private);
        let change = Change {
            prior: request.prior_state,
            planned: request.planned_state,
        };
        let new_state = match self.try_apply(&mut call, &request.type_name, &change).await {
            Ok(state) => Some(state),
            Err(Failed::NothingChanged) => change.prior,
            Err(Failed::BrokeOff) => self.broken_off(&request.type_name, change),
        };
        let state = new_state.as_ref();
        let identity = self.identity(&mut call.diags, &request.type_name, Of::State, state);
        let (diags, private) = call.into_parts();
        proto::apply_resource_change::Response {
            new_state,
            private,
            diagnostics: diagnostics(diags),
            new_identity: identity,
        }
    }

    async fn try_apply(
        &self,
        call: &mut Call<P::Configured>,
        type_name: &str,
        change: &Change,
    ) -> Result<DynamicValue, Failed> {
        let unread = |Told| Failed::NothingChanged;
        let resources = &self.entities.resources;
        let resource = resources.get(&mut call.diags, type_name).map_err(unread)?;
        let ty = &resource.schema.ty;
        let mut decode =
            |value: &Option<_>| decoded(&mut call.diags, value.as_ref(), ty).map_err(unread);
        let prior = decode(&change.prior)?;
        let planned = decode(&change.planned)?;
        let apply = async |call: &mut Call<_>| applied(resource, call, &prior, &planned).await;
        let state = answered(call, apply, Failed::BrokeOff).await?;
        if state.is_null() {
            // Nothing is left that it could belong to.
            call.set_private(Vec::new());
        }
        encoded(&mut call.diags, &state, ty).map_err(|Told| Failed::BrokeOff)
    }

    /// After a create that broke off: the planned state, so that what may exist
    /// is not orphaned. After an update or a destroy: the prior state.
    fn broken_off(&self, type_name: &str, change: Change) -> Option<DynamicValue> {
        self.created(type_name, &change).or(change.prior)
    }

    /// The planned state of a create, with null for what only its end can tell.
    fn created(&self, type_name: &str, change: &Change) -> Option<DynamicValue> {
        // What fails here has been told when the call decoded the same values.
        let mut told = Diagnostics::default();
        let resource = self.entities.resources.get(&mut told, type_name).ok()?;
        let ty = &resource.schema.ty;
        let prior = wire::decode(change.prior.as_ref(), ty).ok()?;
        if !prior.is_null() {
            return None;
        }
        let planned = wire::decode(change.planned.as_ref(), ty).ok()?;
        let known = wire::without_unknowns(&planned, ty).ok()?;
        wire::encode(&known, ty).ok()
    }

    pub(in crate::plugin) async fn import(
        &self,
        caller: Caller<P::Configured>,
        request: proto::import_resource_state::Request,
    ) -> proto::import_resource_state::Response {
        let client = request.client_capabilities.as_ref();
        let mut call = caller.call().deferrable(may_defer(client));
        let imported = self.try_import(&mut call, &request).await;
        let deferred = deferred(&call);
        let state = imported.as_ref().ok();
        let identity = self.identity(&mut call.diags, &request.type_name, Of::State, state);
        let (diags, private) = call.into_parts();
        let imported = imported.map(|state| proto::import_resource_state::ImportedResource {
            type_name: request.type_name,
            state: Some(state),
            private,
            identity,
        });
        proto::import_resource_state::Response {
            imported_resources: imported.into_iter().collect(),
            diagnostics: diagnostics(diags),
            deferred,
        }
    }

    async fn try_import(
        &self,
        call: &mut Call<P::Configured>,
        request: &proto::import_resource_state::Request,
    ) -> Result<DynamicValue, Told> {
        let resources = &self.entities.resources;
        let resource = resources.get(&mut call.diags, &request.type_name)?;
        let named = request
            .identity
            .as_ref()
            .and_then(|it| it.identity_data.as_ref());
        let import = async |call: &mut Call<_>| match named {
            None => resource.entity.import(call, &request.id).await,
            Some(named) => import_by_identity(call, request, resource, named).await,
        };
        let state = match answered(call, import, Told).await {
            Ok(state) => state,
            // Which object it will be is known later. (By identity, Terraform wants one.)
            Err(Told) if call.is_deferred() && named.is_none() => Dynamic::unknown(),
            Err(Told) => return Err(Told),
        };
        encoded(&mut call.diags, &state, &resource.schema.ty)
    }
}

/// The values of an apply: of a create the first is null, of a destroy the second.
struct Change {
    prior: Option<DynamicValue>,
    planned: Option<DynamicValue>,
}

async fn applied<C>(
    resource: &ResourceEntry<C>,
    call: &mut Call<C>,
    prior: &Dynamic,
    planned: &Dynamic,
) -> Result<Dynamic, Failed> {
    if !planned.is_null() {
        return resource.entity.apply(call, prior, planned).await;
    }
    let deleted = resource.entity.delete(call, prior).await;
    let kept = |Told| Failed::NothingChanged;
    deleted.map(|()| Dynamic::null()).map_err(kept)
}
