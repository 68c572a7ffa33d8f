//! Objects that another type has kept, taken over by a `moved` block.

use std::fmt::Write as _;

use serde_json::{Map, Value as Json};
use tf_provider::Diagnostics;

use crate::plugin::Provider;
use crate::plugin::call::Told;
use crate::plugin::calls::{Calls, answered_at_once, encoded};
use crate::plugin::capabilities::identity::Of;
use crate::plugin::diagnostics::{diagnostics, error};
use crate::plugin::dynamic::Dynamic;
use crate::plugin::erased::dynamic;
use crate::plugin::parsing;
use crate::plugin::proto::tfplugin6::{self as proto, DynamicValue, RawState};
use crate::plugin::resource::Resource;

/// Takes over objects that types of other providers have kept. Every resource takes over
/// its own type under another provider address, with or without this.
pub trait MoveState: Resource {
    /// The types whose objects it takes over.
    fn sources(&self) -> &'static [MoveSource];

    /// The state of the object that `source` has kept as `attributes`. Terraform may ask
    /// before it configures the provider, and reads the object next.
    fn moved(
        &self,
        diags: &mut Diagnostics,
        source: &MoveSource,
        attributes: &Map<String, Json>,
    ) -> Result<Moved<Self::Model>, Told>;
}

/// A type of another provider.
#[derive(Debug, PartialEq, Eq)]
pub struct MoveSource {
    /// `NAMESPACE/TYPE`. The host is not asked for: registries mirror each other.
    pub provider: &'static str,
    /// The type of the resource.
    pub type_name: &'static str,
    /// An attribute that none of the other types has.
    pub attribute: &'static str,
    /// The newest version of its schema that is known.
    pub version: i64,
}

/// An object that was taken over.
#[derive(Debug)]
pub struct Moved<M> {
    /// Its state. What only a read can tell is null.
    pub state: M,
    /// Its private state.
    pub private: Vec<u8>,
}

/// A [`MoveState`] of whatever model.
pub(in crate::plugin) trait ErasedMove: Send + Sync {
    fn sources(&self) -> &'static [MoveSource];
    fn moved(
        &self,
        diags: &mut Diagnostics,
        source: &MoveSource,
        attributes: &Map<String, Json>,
    ) -> Result<Moved<Dynamic>, Told>;
}

impl<R: MoveState> ErasedMove for R {
    fn sources(&self) -> &'static [MoveSource] {
        MoveState::sources(self)
    }

    fn moved(
        &self,
        diags: &mut Diagnostics,
        source: &MoveSource,
        attributes: &Map<String, Json>,
    ) -> Result<Moved<Dynamic>, Told> {
        let Moved { state, private } = MoveState::moved(self, diags, source, attributes)?;
        let state = dynamic(diags, &state)?;
        Ok(Moved { state, private })
    }
}

impl<P: Provider> Calls<P> {
    pub(in crate::plugin) fn move_state(
        &self,
        request: proto::move_resource_state::Request,
    ) -> proto::move_resource_state::Response {
        let mut diags = Diagnostics::default();
        let moved = answered_at_once(&mut diags, |diags| self.try_move(diags, &request));
        let (state, private) = match moved {
            Ok(Moved { state, private }) => (Some(state), private),
            Err(Told) => (None, Vec::new()),
        };
        let target = &request.target_type_name;
        let identity = self.identity(&mut diags, target, Of::State, state.as_ref());
        proto::move_resource_state::Response {
            target_state: state,
            target_private: private,
            target_identity: identity,
            diagnostics: diagnostics(diags),
        }
    }

    fn try_move(
        &self,
        diags: &mut Diagnostics,
        request: &proto::move_resource_state::Request,
    ) -> Result<Moved<DynamicValue>, Told> {
        let target = self
            .entities
            .resources
            .get(diags, &request.target_type_name)?;
        let raw = request.source_state.as_ref();
        let moves = target.moves.as_deref();
        let known = moves.map_or(&[][..], ErasedMove::sources);
        let is_own_type = request.source_type_name == request.target_type_name;
        if is_own_type && !known.iter().any(|source| source.is_of_provider(request)) {
            let (name, version) = (&request.source_type_name, request.source_schema_version);
            return Ok(Moved {
                state: self.upgraded(diags, name, version, raw)?,
                private: request.source_private.clone(),
            });
        }
        let attributes = attributes(raw);
        let found = known.iter().find(|source| {
            let is_type = match &attributes {
                // Where one `moved` block leads to the next, Terraform hands on what the
                // other provider has kept, under the type that it is moved to.
                Ok(attributes) if is_own_type => source.has_kept(attributes),
                _ => is_own_type || source.type_name == request.source_type_name,
            };
            is_type && (source.is_of_provider(request) || !is_own_type && is_of_target(request))
        });
        let (Some(moves), Some(source)) = (moves, found) else {
            diags
                .errors
                .push(error("Cannot be moved", unknown(request, known)));
            return Err(Told);
        };
        if request.source_schema_version > source.version {
            let detail = format!(
                "The state of the {} is of schema version {}, and version {} is the newest that \
                 this provider knows. Upgrade this provider; or import the object instead, and \
                 let go of the old one by a `removed` block with `destroy = false`.",
                source.type_name, request.source_schema_version, source.version
            );
            diags
                .errors
                .push(error("State is newer than the provider", detail));
            return Err(Told);
        }
        let attributes = attributes.map_err(|problem| {
            let detail = format!(
                "The state of the {} is not one that {} writes today: {problem}. Let that \
                 provider write it anew (`terraform apply -refresh-only`, before the `moved` \
                 block), or restore the state from a backup.",
                source.type_name, source.provider
            );
            diags.errors.push(error("State cannot be read", detail));
            Told
        })?;
        let Moved { state, private } = moves.moved(diags, source, &attributes)?;
        Ok(Moved {
            state: encoded(diags, &state, &target.schema.ty)?,
            private,
        })
    }
}

impl MoveSource {
    /// Whether `attributes` are those of an object of this type, and of no other.
    pub(super) fn has_kept(&self, attributes: &Map<String, Json>) -> bool {
        attributes.contains_key(self.attribute)
    }

    fn is_of_provider(&self, request: &proto::move_resource_state::Request) -> bool {
        is_address_of(self.provider, &request.source_provider_address)
    }
}

/// Whether `address` is that of `provider`, `NAMESPACE/TYPE`, at whatever host. OpenTofu
/// before 1.11.12 and 1.12.4 sends the bare type, as the resource's name implies it.
fn is_address_of(provider: &str, address: &str) -> bool {
    let (_, bare) = provider.split_once('/').unwrap_or_default();
    let (_, hostless) = address.split_once('/').unwrap_or_default();
    address == bare || address == provider || hostless == provider
}

/// Whether the address of the source is that of the target's provider. Terraform keeps one
/// provider for all instances of a resource: where each has a `moved` block of its own, it
/// names the target's for all but the first.
fn is_of_target(request: &proto::move_resource_state::Request) -> bool {
    let address = &request.source_provider_address;
    let (_, name) = address.rsplit_once('/').unwrap_or(("", address));
    let of_target = request.target_type_name.strip_prefix(name);
    of_target.is_some_and(|rest| rest.starts_with('_'))
}

/// What to tell of a type that nobody takes over.
fn unknown(request: &proto::move_resource_state::Request, known: &[MoveSource]) -> String {
    let (name, target) = (&request.source_type_name, &request.target_type_name);
    let address = &request.source_provider_address;
    let mut told = format!("A {target} cannot take over a {name} of the provider {address}. ");
    let same_type = known.iter().find(|source| source.type_name == name);
    // Writing to a String does not fail.
    let _ = match (same_type, known) {
        (Some(source), _) => write!(
            told,
            "It takes over those of {0}. If yours is a copy of it, with the same attributes, say \
             so first: `terraform state replace-provider {address} {0}`.",
            source.provider
        ),
        (None, []) => write!(
            told,
            "It takes over its own type alone. Leave the `moved` block out."
        ),
        (None, known) => {
            let names = known.iter().map(|source| {
                let MoveSource {
                    provider,
                    type_name,
                    ..
                } = source;
                format!("{type_name} of {provider}")
            });
            let names: Vec<_> = names.collect();
            write!(
                told,
                "It takes over {}, and its own type under another address. Leave the `moved` \
                 block out, and import the object instead.",
                names.join(", ")
            )
        }
    };
    told
}

/// The attributes of a state as it was stored; what is wrong with it.
fn attributes(raw: Option<&RawState>) -> Result<Map<String, Json>, String> {
    let json = raw.map(|raw| raw.json.as_slice()).unwrap_or_default();
    if json.is_empty() {
        return Err("it is in the format of Terraform 0.11 or earlier, or empty".to_owned());
    }
    match parsing::json_tree(json) {
        Ok(Json::Object(attributes)) => Ok(attributes),
        Ok(_) => Err("it is no object".to_owned()),
        Err(problem) => Err(problem.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn provider_is_told_by_all_but_its_host() {
        for (address, is_aws) in [
            ("registry.terraform.io/hashicorp/aws", true),
            ("registry.opentofu.org/hashicorp/aws", true),
            ("mirror.example:8443/hashicorp/aws", true),
            ("hashicorp/aws", true),
            ("aws", true),
            ("registry.terraform.io/acme/aws", false),
            ("acme/aws", false),
            ("registry.terraform.io/-/aws", false),
            ("registry.terraform.io/hashicorp/awscc", false),
            ("registry.terraform.io/nothashicorp/aws", false),
            ("mirror.example/a/hashicorp/aws", false),
            ("awscc", false),
            ("", false),
        ] {
            assert_eq!(is_address_of("hashicorp/aws", address), is_aws, "{address}");
        }
    }
}
