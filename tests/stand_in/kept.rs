//! A resource by its table: what it has, and what it is in the simulator.

use std::collections::BTreeMap;

use async_trait::async_trait;
use terraform_provider_ses::plugin::{
    Call, CouldNotRead, NothingChanged, Planned, Read, Resource, Told,
};
use tf_provider::schema::{
    Attribute, AttributeConstraint, AttributeType, Block, Description, Schema,
};
use tf_provider::value::ValueAny;
use tf_provider::{AttributePath, Diagnostic, Diagnostics};

use crate::control::Control;

/// A configuration, a plan or a state, by the names of its attributes.
pub(crate) type Object = BTreeMap<String, ValueAny>;

/// A type of resource.
#[derive(Clone)]
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    pub(crate) attributes: Vec<Column>,
    /// Attributes whose change replaces the resource.
    pub(crate) replaces: &'static [&'static str],
    /// The id, which the state holds and an import may take.
    pub(crate) id: fn(&Object) -> String,
    /// Makes or changes it.
    pub(crate) put: fn(&Control, &Object) -> Result<(), String>,
    /// What it is now, of what the state says it was or an import knows of it; `None`
    /// if it is gone.
    pub(crate) get: fn(&Control, Object) -> Result<Option<Object>, String>,
    pub(crate) delete: fn(&Control, &Object) -> Result<(), String>,
    /// What an import knows by the id alone.
    pub(crate) by_id: fn(&str) -> Vec<(&'static str, String)>,
}

/// An attribute.
#[derive(Clone)]
pub(crate) struct Column {
    pub(crate) name: &'static str,
    pub(crate) ty: AttributeType,
    pub(crate) constraint: AttributeConstraint,
    /// What is planned where it is not configured; `region` is the provider's.
    pub(crate) default: Option<ValueAny>,
}

/// An attribute that is text.
pub(crate) fn text(name: &'static str, constraint: AttributeConstraint) -> Column {
    Column {
        name,
        ty: AttributeType::String,
        constraint,
        default: None,
    }
}

/// The text of an attribute, if it has one.
pub(crate) fn string<'a>(object: &'a Object, name: &str) -> Option<&'a str> {
    match object.get(name) {
        Some(ValueAny::String(text)) => Some(text),
        _ => None,
    }
}

/// Serves a kind.
pub(crate) struct Kept(pub(crate) Kind);

impl Kept {
    /// Puts it into the simulator; the state is the plan with its id.
    fn put(&self, call: &mut Call<Control>, mut planned: Object) -> Result<Object, NothingChanged> {
        let control = call.configured()?;
        if let Err(error) = (self.0.put)(&control, &planned) {
            return Err(told(call, error).into());
        }
        let id = (self.0.id)(&planned);
        planned.insert("id".to_owned(), ValueAny::String(id));
        Ok(planned)
    }
}

fn told(call: &mut Call<Control>, error: String) -> Told {
    call.diags.errors.push(Diagnostic {
        summary: error.into(),
        detail: "".into(),
        attribute: AttributePath::root(),
    });
    Told
}

#[async_trait]
impl Resource for Kept {
    type Configured = Control;
    type Model = Object;

    fn schema(&self) -> Schema {
        let id = text("id", AttributeConstraint::Computed);
        let columns = self.0.attributes.iter().chain([&id]);
        let attributes = columns.map(|column| {
            let attribute = Attribute {
                attr_type: column.ty.clone(),
                description: Description::plain("as the provider that is played has it"),
                constraint: column.constraint.clone(),
                sensitive: false,
                deprecated: false,
            };
            (column.name.to_owned(), attribute)
        });
        let block = Block {
            attributes: attributes.collect(),
            ..Block::default()
        };
        Schema { version: 0, block }
    }

    fn validate(&self, _: &mut Diagnostics, _: &Object) {}

    async fn plan(
        &self,
        call: &mut Call<Control>,
        prior: Option<&Object>,
        config: &Object,
    ) -> Result<Planned<Object>, Told> {
        let control = call.configured()?;
        let mut state = config.clone();
        for column in &self.0.attributes {
            let default = match (column.name, &column.default) {
                ("region", _) => ValueAny::String(control.region.clone()),
                (_, Some(default)) => default.clone(),
                (_, None) => continue,
            };
            let planned = state.entry(column.name.to_owned()).or_default();
            if *planned == ValueAny::Null {
                *planned = default;
            }
        }
        let id = prior.and_then(|prior| prior.get("id")).cloned();
        state.insert("id".to_owned(), id.unwrap_or(ValueAny::Unknown));
        let differs =
            |name: &&&str| prior.is_some_and(|prior| prior.get(**name) != state.get(**name));
        let requires_replace = self.0.replaces.iter().filter(differs);
        Ok(Planned {
            requires_replace: requires_replace
                .map(|name| AttributePath::new(*name))
                .collect(),
            state,
        })
    }

    async fn read(
        &self,
        call: &mut Call<Control>,
        mut state: Object,
    ) -> Result<Read<Object>, CouldNotRead> {
        let control = call.configured()?;
        // A state of an older version has none.
        if let Some(region @ ValueAny::Null) = state.get_mut("region") {
            *region = ValueAny::String(control.region.clone());
        }
        match (self.0.get)(&control, state) {
            Ok(Some(found)) => Ok(Read::Is(found)),
            Ok(None) => Ok(Read::Gone),
            Err(error) => Err(told(call, error).into()),
        }
    }

    async fn create(
        &self,
        call: &mut Call<Control>,
        planned: Object,
    ) -> Result<Object, NothingChanged> {
        self.put(call, planned)
    }

    async fn update(
        &self,
        call: &mut Call<Control>,
        _: &Object,
        planned: Object,
    ) -> Result<Object, NothingChanged> {
        self.put(call, planned)
    }

    async fn delete(&self, call: &mut Call<Control>, prior: Object) -> Result<(), Told> {
        let control = call.configured()?;
        (self.0.delete)(&control, &prior).map_err(|error| told(call, error))
    }

    async fn import(&self, _: &mut Call<Control>, id: &str) -> Result<Object, Told> {
        let names = self.0.attributes.iter().map(|column| column.name);
        let mut state: Object = names
            .map(|name| (name.to_owned(), ValueAny::Null))
            .collect();
        let known = (self.0.by_id)(id).into_iter();
        state.extend(known.map(|(name, value)| (name.to_owned(), ValueAny::String(value))));
        state.insert("id".to_owned(), ValueAny::String(id.to_owned()));
        Ok(state)
    }
}
