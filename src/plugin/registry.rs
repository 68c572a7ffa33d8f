//! What a provider exposes, by name, with what its schema implies.

use std::collections::BTreeMap;

use tf_provider::Diagnostics;
use tf_provider::schema::{FunctionSchema, Parameter, Schema};

use super::cty::Type;
use super::diagnostics::error;
use super::proto::tfplugin6 as proto;
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

/// The entities of one kind.
pub(super) struct Registry<E: ?Sized, S> {
    kind: &'static str,
    entries: BTreeMap<&'static str, Entry<E, S>>,
}

struct Entry<E: ?Sized, S> {
    entity: Box<E>,
    schema: Option<S>,
    /// What was said when the schema was made.
    diags: Diagnostics,
}

impl<E: ?Sized, S> Registry<E, S> {
    /// Registers `entities`; `kind` is what they are called in errors.
    pub(super) fn new<T: Into<S>>(
        kind: &'static str,
        entities: Vec<(&'static str, Box<E>)>,
        schema: impl Fn(&E, &mut Diagnostics) -> Option<T>,
    ) -> Self {
        let entry = |(name, entity): (_, Box<E>)| {
            let mut diags = Diagnostics::default();
            let schema = schema(&entity, &mut diags).map(Into::into);
            let entry = Entry {
                entity,
                schema,
                diags,
            };
            (name, entry)
        };
        Self {
            kind,
            entries: entities.into_iter().map(entry).collect(),
        }
    }

    /// The entity and its schema; `None` leaves an error.
    pub(super) fn get(&self, diags: &mut Diagnostics, name: &str) -> Option<(&E, &S)> {
        let Some(entry) = self.entries.get(name) else {
            diags.errors.push(error(
                "Unknown type",
                format!("The provider has no {} {name:?}.", self.kind),
            ));
            return None;
        };
        let Some(schema) = &entry.schema else {
            diags.add_diagnostics(entry.diags.clone());
            return None;
        };
        Some((&entry.entity, schema))
    }

    pub(super) fn names(&self) -> impl Iterator<Item = String> {
        self.entries.keys().map(|&name| name.to_owned())
    }

    /// All schemas by name, made into messages; what was said about them goes
    /// into `diags`.
    pub(super) fn schemas<M, C: FromIterator<(String, M)>>(
        &self,
        diags: &mut Diagnostics,
        message: impl Fn(&S) -> M,
    ) -> C {
        self.entries
            .iter()
            .filter_map(|(&name, entry)| {
                diags.add_diagnostics(entry.diags.clone());
                Some((name.to_owned(), message(entry.schema.as_ref()?)))
            })
            .collect()
    }
}
