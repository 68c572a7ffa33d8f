//! What a provider exposes, by name, with what its schema implies.

use std::collections::BTreeMap;
use std::collections::btree_map;
use std::sync::Arc;

use tf_provider::Diagnostics;
use tf_provider::schema::{FunctionSchema, Parameter, Schema};

use super::call::Told;
use super::capabilities::identity::{IdentityEntry, ResourceIdentity};
use super::capabilities::list::{ListEntry, ListResource};
use super::capabilities::move_state::{ErasedMove, MoveState};
use super::capabilities::plan_destroy::{ErasedPlanDestroy, PlanDestroy};
use super::capabilities::upgrade::UpgradeState;
use super::cty::Type;
use super::data_source::DataSource;
use super::diagnostics::error;
use super::erased::{ErasedDataSource, ErasedFunction, ErasedResource};
use super::function::Function;
use super::proto::tfplugin6 as proto;
use super::resource::Resource;
use super::schema;

/// A block's schema, as it is sent and as the type of its values.
pub(super) struct BlockSchema {
    pub(super) message: proto::Schema,
    pub(super) ty: Type,
}

impl From<Schema> for BlockSchema {
    fn from(schema: Schema) -> Self {
        Self {
            message: schema::schema(&schema),
            ty: (&schema.block).into(),
        }
    }
}

/// A function's signature, as it is sent and as the types of its values.
pub(super) struct Signature {
    pub(super) message: proto::Function,
    pub(super) parameters: Vec<Type>,
    pub(super) variadic: Option<Type>,
    pub(super) result: Type,
}

impl From<FunctionSchema> for Signature {
    fn from(schema: FunctionSchema) -> Self {
        let ty = |parameter: &Parameter| (&parameter.param_type).into();
        Self {
            message: schema::function(&schema),
            parameters: schema.parameters.iter().map(ty).collect(),
            variadic: schema.variadic.as_ref().map(ty),
            result: (&schema.return_type).into(),
        }
    }
}

/// A resource with its schema and its capabilities.
pub(super) struct ResourceEntry<C> {
    pub(super) entity: Arc<dyn ErasedResource<C>>,
    pub(super) schema: BlockSchema,
    pub(super) upgrade: Option<Arc<dyn UpgradeState>>,
    pub(super) plan_destroy: Option<Arc<dyn ErasedPlanDestroy<C>>>,
    pub(super) identity: Option<IdentityEntry<C>>,
    pub(super) list: Option<ListEntry<C>>,
    pub(super) moves: Option<Arc<dyn ErasedMove>>,
}

/// A data source with its schema.
pub(super) struct DataSourceEntry<C> {
    pub(super) entity: Box<dyn ErasedDataSource<C>>,
    pub(super) schema: BlockSchema,
}

/// A function with its signature.
pub(super) struct FunctionEntry {
    pub(super) entity: Box<dyn ErasedFunction>,
    pub(super) signature: Signature,
}

/// All that a provider exposes. `C` is what its Configure makes of its block.
pub struct Entities<C> {
    pub(super) resources: Registry<ResourceEntry<C>>,
    pub(super) data_sources: Registry<DataSourceEntry<C>>,
    pub(super) functions: Registry<FunctionEntry>,
}

impl<C: Send + Sync + 'static> Entities<C> {
    pub(super) fn new() -> Self {
        Self {
            resources: Registry::new("resource"),
            data_sources: Registry::new("data source"),
            functions: Registry::new("function"),
        }
    }

    /// Registers a resource; what it can beside a [`Resource`] is said on the
    /// answer.
    pub fn resource<R>(&mut self, type_name: &'static str, resource: R) -> Registered<'_, C, R>
    where
        R: Resource<Configured = C>,
    {
        let resource = Arc::new(resource);
        let entry = ResourceEntry {
            schema: resource.schema().into(),
            entity: Arc::clone(&resource) as Arc<dyn ErasedResource<C>>,
            upgrade: None,
            plan_destroy: None,
            identity: None,
            list: None,
            moves: None,
        };
        Registered {
            entry: self.resources.insert(type_name, entry),
            resource,
        }
    }

    /// Registers a data source.
    pub fn data_source<D>(&mut self, type_name: &'static str, data_source: D)
    where
        D: DataSource<Configured = C>,
    {
        let entry = DataSourceEntry {
            schema: data_source.schema().into(),
            entity: Box::new(data_source),
        };
        self.data_sources.insert(type_name, entry);
    }

    /// Registers a function, called as `provider::TYPE::NAME`.
    pub fn function<F: Function>(&mut self, name: &'static str, function: F) {
        let entry = FunctionEntry {
            signature: function.schema().into(),
            entity: Box::new(function),
        };
        self.functions.insert(name, entry);
    }

    /// The first name that was registered twice, with what it was registered as.
    pub(super) fn registered_twice(&self) -> Option<(&'static str, &'static str)> {
        self.resources
            .twice()
            .or(self.data_sources.twice())
            .or(self.functions.twice())
    }
}

/// A resource that was just registered.
pub struct Registered<'a, C, R> {
    entry: &'a mut ResourceEntry<C>,
    resource: Arc<R>,
}

impl<C, R> Registered<'_, C, R> {
    /// States of older schema versions are rewritten.
    pub fn upgrades_state(self) -> Self
    where
        R: UpgradeState,
    {
        self.entry.upgrade = Some(Arc::clone(&self.resource) as Arc<dyn UpgradeState>);
        self
    }

    /// Its objects have an identity.
    pub fn has_identity(self) -> Self
    where
        R: ResourceIdentity<Configured = C>,
    {
        self.entry.identity = Some(IdentityEntry::new(&self.resource));
        self
    }

    /// It takes over objects of other types.
    pub fn moves_state(self) -> Self
    where
        R: MoveState<Configured = C>,
    {
        self.entry.moves = Some(Arc::clone(&self.resource) as _);
        self
    }

    /// Its objects can be listed.
    pub fn lists(self) -> Self
    where
        R: ListResource<Configured = C>,
    {
        self.entry.list = Some(ListEntry::new(&self.resource));
        self
    }

    /// It is told of destroys that are planned.
    pub fn plans_destroy(self) -> Self
    where
        R: PlanDestroy<Configured = C>,
    {
        self.entry.plan_destroy = Some(Arc::clone(&self.resource) as _);
        self
    }
}

/// The entities of one kind, by name.
pub(super) struct Registry<E> {
    kind: &'static str,
    entries: BTreeMap<&'static str, E>,
    twice: Option<&'static str>,
}

impl<E> Registry<E> {
    fn new(kind: &'static str) -> Self {
        Self {
            kind,
            entries: BTreeMap::new(),
            twice: None,
        }
    }

    fn insert(&mut self, name: &'static str, entry: E) -> &mut E {
        match self.entries.entry(name) {
            btree_map::Entry::Vacant(vacant) => vacant.insert(entry),
            btree_map::Entry::Occupied(occupied) => {
                self.twice = Some(name);
                let first = occupied.into_mut();
                *first = entry;
                first
            }
        }
    }

    fn twice(&self) -> Option<(&'static str, &'static str)> {
        Some((self.kind, self.twice?))
    }

    /// The entity of that name; an error if there is none.
    pub(super) fn get(&self, diags: &mut Diagnostics, name: &str) -> Result<&E, Told> {
        self.entries.get(name).ok_or_else(|| {
            diags.errors.push(error(
                "Unknown type",
                format!("The provider has no {} {name:?}.", self.kind),
            ));
            Told
        })
    }

    /// All of them with their names, sorted by name.
    pub(super) fn iter(&self) -> impl Iterator<Item = (String, &E)> {
        self.entries
            .iter()
            .map(|(&name, entry)| (name.to_owned(), entry))
    }
}
