//! The calls of the protocol, each of one shape: decode, call, encode.
//!
//! A call never fails as a call: whatever goes wrong becomes a diagnostic, and
//! the rest of the answer is what keeps Terraform's state truthful.

mod data_sources;
mod functions;
mod provider;
mod resources;

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt as _;
use tf_provider::{Diagnostic, Diagnostics};

use super::call::{Call, Told};
use super::cty::Type;
use super::diagnostics::bug;
use super::dynamic::Dynamic;
use super::entities::{BlockSchema, Entities};
use super::proto::tfplugin6::{ClientCapabilities, Deferred, DynamicValue, deferred};
use super::session::Session;
use super::wire::{self, Malformed};
use super::{CancellationToken, Provider};

/// A provider with its registered entities.
pub(super) struct Calls<P: Provider> {
    provider: P,
    schema: BlockSchema,
    pub(super) entities: Entities<P::Configured>,
}

impl<P: Provider> Calls<P> {
    pub(super) fn new(provider: P) -> Self {
        let mut entities = Entities::new();
        provider.register(&mut entities);
        Self {
            schema: provider.schema().into(),
            entities,
            provider,
        }
    }
}

/// Who has made a call: a run of Terraform, and the token that ends with its
/// word to stop or with the caller.
pub(super) struct Caller<C> {
    pub(super) session: Arc<Session<C>>,
    pub(super) stop: CancellationToken,
}

impl<C> Caller<C> {
    /// What a call on an entity carries.
    pub(super) fn call(self) -> Call<C> {
        Call::new(self.session.configured(), self.stop)
    }
}

fn may_defer(client: Option<&ClientCapabilities>) -> bool {
    client.is_some_and(|client| client.deferral_allowed)
}

/// What to answer beside the values, where a call asks to be made again.
fn deferred<C>(call: &Call<C>) -> Option<Deferred> {
    call.is_deferred().then(|| Deferred {
        reason: deferred::Reason::ProviderConfigUnknown.into(),
    })
}

/// Runs a call to its answer. A panic gets no further than this: it is an error,
/// and `broken` the answer; the panic hook has logged it. A failure without a
/// reason, which would leave Terraform with nothing to tell, is an error too.
pub(super) async fn answered<C, T, E>(
    call: &mut Call<C>,
    run: impl AsyncFnOnce(&mut Call<C>) -> Result<T, E>,
    broken: E,
) -> Result<T, E> {
    // What the provider shares between calls may be left half changed, as with
    // any error of its own that it does not expect.
    let answer = AssertUnwindSafe(run(call)).catch_unwind().await;
    let Ok(answer) = answer else {
        call.diags.errors.push(broke_off());
        return Err(broken);
    };
    if answer.is_err() && call.diags.errors.is_empty() && !call.is_deferred() {
        call.diags.errors.push(silent());
    }
    answer
}

/// As [`answered`], for a call that waits for nothing.
pub(super) fn answered_at_once<T>(
    diags: &mut Diagnostics,
    run: impl FnOnce(&mut Diagnostics) -> Result<T, Told>,
) -> Result<T, Told> {
    let answer = std::panic::catch_unwind(AssertUnwindSafe(|| run(diags)));
    let Ok(answer) = answer else {
        diags.errors.push(broke_off());
        return Err(Told);
    };
    if answer.is_err() && diags.errors.is_empty() {
        diags.errors.push(silent());
    }
    answer
}

fn broke_off() -> Diagnostic {
    bug("It stopped in the middle of a call. TF_LOG_PROVIDER=error shows where.")
}

fn silent() -> Diagnostic {
    bug("It gave no answer and no reason.")
}

pub(super) fn decoded(
    diags: &mut Diagnostics,
    value: Option<&DynamicValue>,
    ty: &Type,
) -> Result<Dynamic, Told> {
    noted(diags, wire::decode(value, ty))
}

pub(super) fn encoded(
    diags: &mut Diagnostics,
    value: &Dynamic,
    ty: &Type,
) -> Result<DynamicValue, Told> {
    wire::encode(value, ty).map_err(|malformed: Malformed| {
        let what = format!("A value of its own type does not fit its schema: {malformed}.");
        let Diagnostic { attribute, .. } = malformed.into();
        diags.errors.push(Diagnostic {
            attribute,
            ..bug(&what)
        });
        Told
    })
}

pub(in crate::plugin) fn noted<T>(
    diags: &mut Diagnostics,
    result: Result<T, impl Into<Diagnostic>>,
) -> Result<T, Told> {
    result.map_err(|error| {
        diags.errors.push(error.into());
        Told
    })
}
