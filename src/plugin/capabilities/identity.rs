//! Resource identity: the attributes that tell one remote object from all others. It is
//! derived from the state that is answered, here alone, and never echoed.

mod importing;

use std::sync::Arc;

use async_trait::async_trait;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tf_provider::schema::AttributeType;
use tf_provider::{Diagnostic, Diagnostics};

use crate::plugin::Provider;
use crate::plugin::call::{Call, Told};
use crate::plugin::calls::{Calls, answered_at_once, encoded, noted};
use crate::plugin::cty::{Field, Type};
use crate::plugin::diagnostics::{diagnostics, error};
use crate::plugin::dynamic::Dynamic;
use crate::plugin::entities::ResourceEntry;
use crate::plugin::erased::{dynamic, model, typed};
use crate::plugin::proto::tfplugin6::{
    self as proto, DynamicValue, ResourceIdentityData, ResourceIdentitySchema,
};
use crate::plugin::resource::Resource;
use crate::plugin::wire::{self, Malformed};

/// Its objects have an identity, by which they can be imported and are listed.
#[async_trait]
pub trait ResourceIdentity: Resource {
    /// The identity as a Rust type, with a [`Value`](tf_provider::value::Value) for each
    /// attribute.
    type Identity: Serialize + DeserializeOwned + Send + Sync;

    /// What an identity consists of.
    fn identity_schema(&self) -> IdentitySchema;

    /// The identity of the object that `state` stands for: a state, or a plan, of which
    /// parts may be unknown. The same object has the same identity, however the state
    /// spells it.
    fn identity(&self, state: &Self::Model) -> Self::Identity;

    /// As [`Resource::import`], for an identity whose values are known, and which has the
    /// attributes that an import needs.
    async fn import_by_identity(
        &self,
        call: &mut Call<Self::Configured>,
        identity: Self::Identity,
    ) -> Result<Self::Model, Told>;
}

/// What an identity consists of.
#[derive(Clone, Debug)]
pub struct IdentitySchema {
    /// Raised when an identity of the former version could not be read.
    pub version: i64,
    /// Its attributes.
    pub attributes: Vec<IdentityAttribute>,
}

/// One attribute of an identity.
#[derive(Clone, Debug)]
pub struct IdentityAttribute {
    /// The name, the same as in the resource's schema where that has it.
    pub name: &'static str,
    /// The type of its values.
    pub attr_type: AttributeType,
    /// Whether an import has to name it, or may.
    pub is_required: bool,
    /// What it is, in Markdown.
    pub description: &'static str,
}

/// A [`ResourceIdentity`] of whatever model.
#[async_trait]
pub(in crate::plugin) trait ErasedIdentity<C>: Send + Sync {
    fn identity(&self, diags: &mut Diagnostics, state: &Dynamic) -> Result<Dynamic, Told>;
    async fn import(&self, call: &mut Call<C>, identity: &Dynamic) -> Result<Dynamic, Told>;
}

#[async_trait]
impl<R: ResourceIdentity> ErasedIdentity<R::Configured> for R {
    fn identity(&self, diags: &mut Diagnostics, state: &Dynamic) -> Result<Dynamic, Told> {
        let state = model(diags, state)?;
        dynamic(diags, &ResourceIdentity::identity(self, &state))
    }

    async fn import(
        &self,
        call: &mut Call<R::Configured>,
        identity: &Dynamic,
    ) -> Result<Dynamic, Told> {
        let identity = typed(&mut call.diags, identity)?;
        let imported = self.import_by_identity(call, identity).await?;
        dynamic(&mut call.diags, &imported)
    }
}

/// The capability of one resource.
pub(in crate::plugin) struct IdentityEntry<C> {
    entity: Arc<dyn ErasedIdentity<C>>,
    message: ResourceIdentitySchema,
    ty: Type,
}

impl<C> IdentityEntry<C> {
    pub(in crate::plugin) fn new<R>(resource: &Arc<R>) -> Self
    where
        R: ResourceIdentity<Configured = C>,
    {
        let schema = resource.identity_schema();
        let types = schema.attributes.iter().map(|attribute| {
            let field = Field::of((&attribute.attr_type).into());
            (attribute.name.to_owned(), field)
        });
        Self {
            entity: Arc::clone(resource) as Arc<dyn ErasedIdentity<C>>,
            ty: Type::Object(types.collect()),
            message: schema.into(),
        }
    }

    /// The identity of the object that `state` stands for; what is unknown of it is null.
    pub(in crate::plugin) fn of(
        &self,
        diags: &mut Diagnostics,
        state: &Dynamic,
    ) -> Result<ResourceIdentityData, Told> {
        let identity = self.entity.identity(diags, state)?;
        let known = wire::without_unknowns(&identity, &self.ty);
        let known = known.map_err(|malformed| {
            diags.errors.push(malformed.into());
            Told
        })?;
        self.encoded(diags, &known)
    }

    /// As [`Self::of`], of a plan: what is not known yet is unknown.
    fn planned(
        &self,
        diags: &mut Diagnostics,
        planned: &Dynamic,
    ) -> Result<ResourceIdentityData, Told> {
        let identity = self.entity.identity(diags, planned)?;
        self.encoded(diags, &identity)
    }

    fn encoded(
        &self,
        diags: &mut Diagnostics,
        identity: &Dynamic,
    ) -> Result<ResourceIdentityData, Told> {
        Ok(ResourceIdentityData {
            identity_data: Some(encoded(diags, identity, &self.ty)?),
        })
    }
}

/// The state of the object that an import names by its identity.
pub(in crate::plugin) async fn import_by_identity<C>(
    call: &mut Call<C>,
    request: &proto::import_resource_state::Request,
    resource: &ResourceEntry<C>,
    named: &DynamicValue,
) -> Result<Dynamic, Told> {
    let Some(identity) = &resource.identity else {
        call.diags.errors.push(none(&request.type_name));
        return Err(Told);
    };
    if !request.id.is_empty() {
        call.diags.errors.push(error(
            "Import by two names",
            format!(
                "The import names a {} by an id and by an identity. Name it by one of them.",
                request.type_name
            ),
        ));
        return Err(Told);
    }
    let named = importing::read(&mut call.diags, &identity.message, &identity.ty, named)?;
    identity.entity.import(call, &named).await
}

impl From<IdentitySchema> for ResourceIdentitySchema {
    fn from(schema: IdentitySchema) -> Self {
        use proto::resource_identity_schema::IdentityAttribute;
        let attributes = schema.attributes.into_iter();
        let attributes = attributes.map(|attribute| IdentityAttribute {
            name: attribute.name.to_owned(),
            r#type: Type::from(&attribute.attr_type)
                .to_json()
                .to_string()
                .into_bytes(),
            required_for_import: attribute.is_required,
            optional_for_import: !attribute.is_required,
            description: attribute.description.to_owned(),
        });
        Self {
            version: schema.version,
            identity_attributes: attributes.collect(),
        }
    }
}

/// What an identity goes with.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::plugin) enum Of {
    /// A state, in which nothing is unknown.
    State,
    Plan,
}

impl<P: Provider> Calls<P> {
    /// The identity to answer beside `state`; none where there is no object, or its type
    /// has no identity.
    pub(in crate::plugin) fn identity(
        &self,
        diags: &mut Diagnostics,
        type_name: &str,
        of: Of,
        state: Option<&DynamicValue>,
    ) -> Option<ResourceIdentityData> {
        // What is wrong with these was told by the call, which has read the same.
        let mut told = Diagnostics::default();
        let resource = self.entities.resources.get(&mut told, type_name).ok()?;
        let identity = resource.identity.as_ref()?;
        let state = wire::decode(state, &resource.schema.ty).ok()?;
        if state.is_null() || state.is_unknown() {
            return None;
        }
        let derived = answered_at_once(&mut told, |told| match of {
            Of::State => identity.of(told, &state),
            Of::Plan => identity.planned(told, &state),
        });
        if diags.errors.is_empty() {
            diags.errors.append(&mut told.errors);
        }
        derived.ok()
    }

    pub(in crate::plugin) fn identity_schemas(
        &self,
    ) -> proto::get_resource_identity_schemas::Response {
        let resources = self.entities.resources.iter();
        let schemas = resources.filter_map(|(name, resource)| {
            let identity = resource.identity.as_ref()?;
            Some((name, identity.message.clone()))
        });
        proto::get_resource_identity_schemas::Response {
            identity_schemas: schemas.collect(),
            diagnostics: Vec::new(),
        }
    }

    /// Answers an identity of this schema version or an older one, fitted to the schema
    /// of today.
    pub(in crate::plugin) fn upgrade_identity(
        &self,
        request: &proto::upgrade_resource_identity::Request,
    ) -> proto::upgrade_resource_identity::Response {
        let mut diags = Diagnostics::default();
        let upgraded = answered_at_once(&mut diags, |diags| {
            self.try_upgrade_identity(diags, request)
        });
        proto::upgrade_resource_identity::Response {
            upgraded_identity: upgraded.ok(),
            diagnostics: diagnostics(diags),
        }
    }

    fn try_upgrade_identity(
        &self,
        diags: &mut Diagnostics,
        request: &proto::upgrade_resource_identity::Request,
    ) -> Result<ResourceIdentityData, Told> {
        let type_name = &request.type_name;
        let resource = self.entities.resources.get(diags, type_name)?;
        let Some(identity) = &resource.identity else {
            diags.errors.push(none(type_name));
            return Err(Told);
        };
        let version = identity.message.version;
        if request.version > version {
            diags.errors.push(error(
                "Resource identity is newer than the provider",
                format!(
                    "The identity of a {type_name} was written by a newer version of the \
                     provider: its schema version is {}, and this provider knows {version}. \
                     Upgrade the provider.",
                    request.version
                ),
            ));
            return Err(Told);
        }
        let json = request.raw_identity.as_ref().map(|raw| raw.json.as_slice());
        let stored = wire::decode_json(json.unwrap_or_default(), &identity.ty, |_| {});
        let stored = stored.map_err(|malformed| unfit(type_name, malformed));
        let stored = noted(diags, stored)?;
        identity.encoded(diags, &stored)
    }
}

/// An identity that is not of its schema's types: edited by hand, or damaged.
fn unfit(type_name: &str, malformed: Malformed) -> Diagnostic {
    let detail = format!(
        "The identity of a {type_name} in the state does not fit its schema: {malformed}. Restore \
         the state from a backup, or remove the resource from it (`terraform state rm`) and \
         import it again."
    );
    let Diagnostic { attribute, .. } = malformed.into();
    Diagnostic {
        attribute,
        ..error("Resource identity cannot be read", detail)
    }
}

fn none(type_name: &str) -> Diagnostic {
    error(
        "No resource identity",
        format!("A {type_name} has no identity: nothing tells it from others but its id."),
    )
}
