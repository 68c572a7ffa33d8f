//! The calls that concern data sources.

use tf_provider::Diagnostics;

use super::{Caller, Calls, answered, answered_at_once, decoded, deferred, encoded, may_defer};
use crate::plugin::Provider;
use crate::plugin::call::{Call, Told};
use crate::plugin::configured::check_configured;
use crate::plugin::diagnostics::diagnostics;
use crate::plugin::proto::tfplugin6::{self as proto, DynamicValue};

impl<P: Provider> Calls<P> {
    pub(in crate::plugin) fn validate_data_source(
        &self,
        request: proto::validate_data_resource_config::Request,
    ) -> proto::validate_data_resource_config::Response {
        let mut diags = Diagnostics::default();
        // What is wrong is in the diagnostics.
        let _ = answered_at_once(&mut diags, |diags| {
            let data_source = self.entities.data_sources.get(diags, &request.type_name)?;
            let config = decoded(diags, request.config.as_ref(), &data_source.schema.ty)?;
            check_configured(diags, &config, &data_source.schema.message);
            data_source.entity.validate(diags, &config)
        });
        proto::validate_data_resource_config::Response {
            diagnostics: diagnostics(diags),
        }
    }

    pub(in crate::plugin) async fn read_data_source(
        &self,
        caller: Caller<P::Configured>,
        request: proto::read_data_source::Request,
    ) -> proto::read_data_source::Response {
        let client = request.client_capabilities.as_ref();
        let mut call = caller.call().deferrable(may_defer(client));
        let state = self.try_read_data_source(&mut call, &request).await;
        proto::read_data_source::Response {
            state: state.ok(),
            deferred: deferred(&call),
            diagnostics: diagnostics(call.into_parts().0),
        }
    }

    async fn try_read_data_source(
        &self,
        call: &mut Call<P::Configured>,
        request: &proto::read_data_source::Request,
    ) -> Result<DynamicValue, Told> {
        let data_sources = &self.entities.data_sources;
        let data_source = data_sources.get(&mut call.diags, &request.type_name)?;
        let ty = &data_source.schema.ty;
        let config = decoded(&mut call.diags, request.config.as_ref(), ty)?;
        let read = async |call: &mut Call<_>| data_source.entity.read(call, &config).await;
        let state = answered(call, read, Told).await?;
        encoded(&mut call.diags, &state, ty)
    }
}
