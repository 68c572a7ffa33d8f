//! The calls that concern functions.

use tf_provider::Diagnostics;

use super::{Calls, answered_at_once, encoded, noted};
use crate::plugin::Provider;
use crate::plugin::call::Told;
use crate::plugin::diagnostics::function_error;
use crate::plugin::proto::tfplugin6::{self as proto, DynamicValue};
use crate::plugin::wire;

impl<P: Provider> Calls<P> {
    pub(in crate::plugin) fn functions(&self) -> proto::get_functions::Response {
        proto::get_functions::Response {
            functions: self
                .entities
                .functions
                .iter()
                .map(|(name, function)| (name, function.signature.message.clone()))
                .collect(),
            diagnostics: Vec::new(),
        }
    }

    pub(in crate::plugin) fn call_function(
        &self,
        request: proto::call_function::Request,
    ) -> proto::call_function::Response {
        let mut diags = Diagnostics::default();
        let result = answered_at_once(&mut diags, |diags| self.try_call_function(diags, &request));
        let error = function_error(diags);
        proto::call_function::Response {
            result: result.ok().filter(|_| error.is_none()),
            error,
        }
    }

    fn try_call_function(
        &self,
        diags: &mut Diagnostics,
        request: &proto::call_function::Request,
    ) -> Result<DynamicValue, Told> {
        let function = self.entities.functions.get(diags, &request.name)?;
        let signature = &function.signature;
        let arguments = wire::decode_arguments(
            &request.arguments,
            &signature.parameters,
            signature.variadic.as_ref(),
        );
        let arguments = noted(diags, arguments)?;
        let result = function.entity.call(diags, &arguments)?;
        encoded(diags, &result, &signature.result)
    }
}
