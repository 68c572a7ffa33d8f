//! The calls of the protocol, each of one shape: decode, call, encode.
//!
//! A call never fails as a call: whatever goes wrong becomes a diagnostic, and
//! the rest of the answer is what keeps Terraform's state truthful.

use std::future::Future;
use std::panic::AssertUnwindSafe;

use futures_util::FutureExt as _;
use tf_provider::{Diagnostic, Diagnostics};

use super::diagnostics::{bug, diagnostics, function_error};
use super::dynamic::Dynamic;
use super::erased::{ErasedDataSource, ErasedFunction, ErasedResource, typed};
use super::proto::tfplugin6::{self as proto, DynamicValue};
use super::read_only::read_only;
use super::registry::{BlockSchema, Registry, Signature};
use super::stop::Stop;
use super::wire::{self, Malformed};
use super::{Provider, cty::Type};

/// A provider with its registered entities.
pub(super) struct Calls<P> {
    provider: P,
    schema: BlockSchema,
    pub(super) resources: Registry<dyn ErasedResource, BlockSchema>,
    data_sources: Registry<dyn ErasedDataSource, BlockSchema>,
    functions: Registry<dyn ErasedFunction, Signature>,
    pub(super) stop: Stop,
}

impl<P: Provider> Calls<P> {
    pub(super) fn new(provider: P) -> Self {
        let (resources, data_sources) = (provider.resources(), provider.data_sources());
        Self {
            schema: provider.schema().into(),
            resources: Registry::new("resource", resources, |r, diags| r.schema(diags)),
            data_sources: Registry::new("data source", data_sources, |d, diags| d.schema(diags)),
            functions: Registry::new("function", provider.functions(), |f, diags| f.schema(diags)),
            stop: Stop::default(),
            provider,
        }
    }

    pub(super) fn metadata(&self) -> proto::get_metadata::Response {
        use proto::get_metadata::{FunctionMetadata, TypeMetadata};
        let types = |type_name| TypeMetadata { type_name };
        proto::get_metadata::Response {
            server_capabilities: Some(capabilities()),
            diagnostics: Vec::new(),
            data_sources: self.data_sources.names().map(types).collect(),
            resources: self.resources.names().map(types).collect(),
            functions: self
                .functions
                .names()
                .map(|name| FunctionMetadata { name })
                .collect(),
        }
    }

    pub(super) fn schemas(&self) -> proto::get_provider_schema::Response {
        let mut diags = Diagnostics::default();
        let message = |schema: &BlockSchema| schema.message.clone();
        proto::get_provider_schema::Response {
            provider: Some(self.schema.message.clone()),
            resource_schemas: self.resources.schemas(&mut diags, message),
            data_source_schemas: self.data_sources.schemas(&mut diags, message),
            functions: self
                .functions
                .schemas(&mut diags, |signature| signature.message.clone()),
            diagnostics: diagnostics(diags),
            provider_meta: None,
            server_capabilities: Some(capabilities()),
        }
    }

    pub(super) fn functions(&self) -> proto::get_functions::Response {
        let mut diags = Diagnostics::default();
        proto::get_functions::Response {
            functions: self
                .functions
                .schemas(&mut diags, |signature| signature.message.clone()),
            diagnostics: diagnostics(diags),
        }
    }

    pub(super) async fn validate_provider(
        &self,
        request: proto::validate_provider_config::Request,
    ) -> proto::validate_provider_config::Response {
        let mut diags = Diagnostics::default();
        if let Some(config) = self.config(&mut diags, request.config.as_ref()) {
            let validated = guarded(self.provider.validate(&mut diags, config)).await;
            completed(&mut diags, validated);
        }
        proto::validate_provider_config::Response {
            diagnostics: diagnostics(diags),
        }
    }

    pub(super) async fn configure(
        &self,
        request: proto::configure_provider::Request,
    ) -> proto::configure_provider::Response {
        let mut diags = Diagnostics::default();
        let stop = self.stop.configured();
        if let Some(config) = self.config(&mut diags, request.config.as_ref()) {
            let version = request.terraform_version;
            let call = self.provider.configure(&mut diags, version, config, stop);
            let configured = guarded(call).await;
            completed(&mut diags, configured);
        }
        proto::configure_provider::Response {
            diagnostics: diagnostics(diags),
        }
    }

    fn config(&self, diags: &mut Diagnostics, config: Option<&DynamicValue>) -> Option<P::Config> {
        let config = decoded(diags, config, &self.schema.ty)?;
        typed(diags, &config)
    }

    pub(super) async fn validate_data_source(
        &self,
        request: proto::validate_data_resource_config::Request,
    ) -> proto::validate_data_resource_config::Response {
        let mut diags = Diagnostics::default();
        let found = self.data_sources.get(&mut diags, &request.type_name);
        if let Some((data_source, schema)) = found
            && let Some(config) = decoded(&mut diags, request.config.as_ref(), &schema.ty)
        {
            read_only(&mut diags, &config, &schema.message);
            let validated = guarded(data_source.validate(&mut diags, &config)).await;
            completed(&mut diags, validated);
        }
        proto::validate_data_resource_config::Response {
            diagnostics: diagnostics(diags),
        }
    }

    pub(super) async fn read_data_source(
        &self,
        request: proto::read_data_source::Request,
    ) -> proto::read_data_source::Response {
        let mut diags = Diagnostics::default();
        let state = self.try_read_data_source(&mut diags, &request).await;
        proto::read_data_source::Response {
            state,
            diagnostics: diagnostics(diags),
        }
    }

    async fn try_read_data_source(
        &self,
        diags: &mut Diagnostics,
        request: &proto::read_data_source::Request,
    ) -> Option<DynamicValue> {
        let (data_source, schema) = self.data_sources.get(diags, &request.type_name)?;
        let config = decoded(diags, request.config.as_ref(), &schema.ty)?;
        let read = guarded(data_source.read(diags, &config)).await;
        let state = completed(diags, read)??;
        encoded(diags, &state, &schema.ty)
    }

    pub(super) async fn call_function(
        &self,
        request: proto::call_function::Request,
    ) -> proto::call_function::Response {
        let mut diags = Diagnostics::default();
        let result = self.try_call_function(&mut diags, &request).await;
        let error = function_error(diags);
        proto::call_function::Response {
            result: result.filter(|_| error.is_none()),
            error,
        }
    }

    async fn try_call_function(
        &self,
        diags: &mut Diagnostics,
        request: &proto::call_function::Request,
    ) -> Option<DynamicValue> {
        let (function, signature) = self.functions.get(diags, &request.name)?;
        let arguments = wire::decode_arguments(
            &request.arguments,
            &signature.parameters,
            signature.variadic.as_ref(),
        );
        let arguments = noted(diags, arguments)?;
        let called = guarded(function.call(diags, &arguments)).await;
        let result = completed(diags, called)??;
        encoded(diags, &result, &signature.result)
    }
}

fn capabilities() -> proto::ServerCapabilities {
    proto::ServerCapabilities {
        plan_destroy: true,
        get_provider_schema_optional: true,
        move_resource_state: false,
        generate_resource_config: false,
    }
}

/// A handler of the provider has panicked. The panic hook has logged it.
#[derive(Debug)]
pub(super) struct Panicked;

/// Keeps a panic from getting further than the call it happens in.
pub(super) async fn guarded<T>(call: impl Future<Output = T>) -> Result<T, Panicked> {
    // What the provider shares between calls may be left half changed, as with
    // any error of its own that it does not expect.
    AssertUnwindSafe(call)
        .catch_unwind()
        .await
        .map_err(|_| Panicked)
}

/// What a guarded call has answered; an error if it has panicked.
pub(super) fn completed<T>(diags: &mut Diagnostics, call: Result<T, Panicked>) -> Option<T> {
    call.map_err(|Panicked| {
        diags.errors.push(bug(
            "It stopped in the middle of a call. TF_LOG_PROVIDER=error shows where.",
        ));
    })
    .ok()
}

pub(super) fn decoded(
    diags: &mut Diagnostics,
    value: Option<&DynamicValue>,
    ty: &Type,
) -> Option<Dynamic> {
    noted(diags, wire::decode(value, ty))
}

pub(super) fn encoded(diags: &mut Diagnostics, value: &Dynamic, ty: &Type) -> Option<DynamicValue> {
    wire::encode(value, ty)
        .map_err(|malformed: Malformed| {
            let what = format!("A value of its own type does not fit its schema: {malformed}.");
            let Diagnostic { attribute, .. } = malformed.into();
            diags.errors.push(Diagnostic {
                attribute,
                ..bug(&what)
            });
        })
        .ok()
}

pub(super) fn noted<T>(
    diags: &mut Diagnostics,
    result: Result<T, impl Into<Diagnostic>>,
) -> Option<T> {
    result.map_err(|error| diags.errors.push(error.into())).ok()
}
