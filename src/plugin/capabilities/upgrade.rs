//! States of older schema versions, rewritten.

use std::mem;

use serde_json::{Map, Value as Json};
use tf_provider::{Diagnostic, Diagnostics};

use crate::plugin::Provider;
use crate::plugin::call::Told;
use crate::plugin::calls::{Calls, answered_at_once, encoded, noted};
use crate::plugin::capabilities::move_state::Moved;
use crate::plugin::diagnostics::{diagnostics, error};
use crate::plugin::proto::tfplugin6::{self as proto, DynamicValue, RawState};
use crate::plugin::wire::{self, Malformed};

/// Rewrites states that older releases have written. Without it, and after it,
/// the server fits each state to the schema of today: what the state lacks
/// becomes null, what the schema lacks is dropped.
pub trait UpgradeState: Send + Sync + 'static {
    /// Rewrites the attributes of schema version `from` as those of the next
    /// version; called for one version after the other. A state may have been
    /// edited by hand: whatever is not as expected stays as it is.
    fn upgrade(&self, from: i64, state: &mut Map<String, Json>);
}

impl<P: Provider> Calls<P> {
    /// Answers every state of this schema version or an older one, fitted to
    /// the schema of today: Terraform asks at every read of the state.
    pub(in crate::plugin) fn upgrade(
        &self,
        request: &proto::upgrade_resource_state::Request,
    ) -> proto::upgrade_resource_state::Response {
        let mut diags = Diagnostics::default();
        let upgraded = answered_at_once(&mut diags, |diags| self.try_upgrade(diags, request));
        proto::upgrade_resource_state::Response {
            upgraded_state: upgraded.ok(),
            diagnostics: diagnostics(diags),
        }
    }

    fn try_upgrade(
        &self,
        diags: &mut Diagnostics,
        request: &proto::upgrade_resource_state::Request,
    ) -> Result<DynamicValue, Told> {
        let raw = request.raw_state.as_ref();
        self.upgraded(diags, &request.type_name, request.version, raw)
    }

    /// The state of a `type_name` as its schema is today, of one of `version`.
    pub(super) fn upgraded(
        &self,
        diags: &mut Diagnostics,
        type_name: &str,
        version: i64,
        raw: Option<&RawState>,
    ) -> Result<DynamicValue, Told> {
        let resource = self.entities.resources.get(diags, type_name)?;
        let known = resource.schema.message.version;
        if version > known {
            diags.errors.push(error(
                "State is newer than the provider",
                format!(
                    "The state of a {type_name} was written by a newer version of the provider: \
                     its schema version is {version}, and this provider knows {known}. Upgrade \
                     the provider."
                ),
            ));
            return Err(Told);
        }
        let json = raw.map(|raw| raw.json.as_slice());
        let Some(json) = json.filter(|json| !json.is_empty()) else {
            diags.errors.push(error(
                "State cannot be read",
                format!(
                    "The state of a {type_name} is in the format of Terraform 0.11 or earlier, \
                     which no release of this provider has written."
                ),
            ));
            return Err(Told);
        };
        let mut kept_elsewhere = None;
        let state = wire::decode_json(json, &resource.schema.ty, |state| {
            let Json::Object(state) = state else { return };
            if let Some(moves) = resource.moves.as_deref() {
                let source = moves.sources().iter().find(|source| source.has_kept(state));
                kept_elsewhere = source.map(|source| (moves, source, mem::take(state)));
            }
            if let Some(upgrade) = &resource.upgrade {
                // No release has written a version below zero.
                for from in version.max(0)..known {
                    upgrade.upgrade(from, state);
                }
            }
        });
        // Terraform asks for no move of deposed objects; nor, where a second `moved` block
        // leads to a type and each instance has one of its own, of any but the first.
        if let Some((moves, source, attributes)) = kept_elsewhere {
            let Moved { state, .. } = moves.moved(diags, source, &attributes)?;
            return encoded(diags, &state, &resource.schema.ty);
        }
        let state = noted(
            diags,
            state.map_err(|malformed| unfit(type_name, malformed)),
        )?;
        encoded(diags, &state, &resource.schema.ty)
    }
}

/// A state that is not of its schema's types: edited by hand, or damaged.
fn unfit(type_name: &str, malformed: Malformed) -> Diagnostic {
    let problem = malformed.to_string();
    let Diagnostic { attribute, .. } = malformed.into();
    let place = match attribute.steps.as_slice() {
        [] => String::new(),
        _ => format!(" at `{attribute}`"),
    };
    let detail = format!(
        "The state of a {type_name} does not fit its schema{place}: {problem}. Restore the state \
         from a backup, or remove the resource from it (`terraform state rm`) and import it again."
    );
    Diagnostic {
        attribute,
        ..error("State cannot be read", detail)
    }
}
