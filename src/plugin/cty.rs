//! The types of values: what a schema implies about their shape.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};
use tf_provider::schema::{self, Attribute, AttributeType, Block, NestedBlock};

/// A type of cty, the type system of Terraform's language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Type {
    String,
    Number,
    Bool,
    /// Any type; the value brings its own.
    Dynamic,
    List(Box<Type>),
    Set(Box<Type>),
    Map(Box<Type>),
    Tuple(Vec<Type>),
    Object(BTreeMap<String, Field>),
}

/// A field of an object type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Field {
    pub(super) ty: Type,
    pub(super) absent: Absent,
}

/// What stands for a field that a value lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Absent {
    Null,
    /// Blocks that repeat are an empty collection when there is none.
    EmptyList,
    /// As above; also an object whose fields are all absent.
    EmptyMap,
}

impl Type {
    /// The type in cty's JSON form, as schemas carry it; object fields sorted.
    pub(super) fn to_json(&self) -> Json {
        match self {
            Self::String => json!("string"),
            Self::Number => json!("number"),
            Self::Bool => json!("bool"),
            Self::Dynamic => json!("dynamic"),
            Self::List(element) => json!(["list", element.to_json()]),
            Self::Set(element) => json!(["set", element.to_json()]),
            Self::Map(element) => json!(["map", element.to_json()]),
            Self::Tuple(elements) => {
                let elements: Vec<_> = elements.iter().map(Self::to_json).collect();
                json!(["tuple", elements])
            }
            Self::Object(fields) => {
                let fields: serde_json::Map<_, _> = fields
                    .iter()
                    .map(|(name, field)| (name.clone(), field.ty.to_json()))
                    .collect();
                json!(["object", fields])
            }
        }
    }

    fn object<'a>(attributes: impl IntoIterator<Item = (&'a String, &'a Attribute)>) -> Self {
        Self::Object(
            attributes
                .into_iter()
                .map(|(name, attribute)| (name.clone(), Field::of((&attribute.attr_type).into())))
                .collect(),
        )
    }
}

impl Field {
    fn of(ty: Type) -> Self {
        Self {
            ty,
            absent: Absent::Null,
        }
    }
}

impl From<&AttributeType> for Type {
    fn from(ty: &AttributeType) -> Self {
        match ty {
            AttributeType::String => Self::String,
            AttributeType::Number => Self::Number,
            AttributeType::Bool => Self::Bool,
            AttributeType::Any => Self::Dynamic,
            AttributeType::List(element) => Self::List(Box::new(element.as_ref().into())),
            AttributeType::Set(element) => Self::Set(Box::new(element.as_ref().into())),
            AttributeType::Map(element) => Self::Map(Box::new(element.as_ref().into())),
            AttributeType::Tuple(elements) => {
                Self::Tuple(elements.iter().map(Into::into).collect())
            }
            AttributeType::Object(fields) => Self::Object(
                fields
                    .iter()
                    .map(|(name, ty)| (name.clone(), Field::of(ty.into())))
                    .collect(),
            ),
            AttributeType::AttributeSingle(nested) => Self::object(nested),
            AttributeType::AttributeList(nested) => Self::List(Box::new(Self::object(nested))),
            AttributeType::AttributeSet(nested) => Self::Set(Box::new(Self::object(nested))),
            AttributeType::AttributeMap(nested) => Self::Map(Box::new(Self::object(nested))),
        }
    }
}

impl From<&Block> for Type {
    fn from(block: &Block) -> Self {
        let attributes = block
            .attributes
            .iter()
            .map(|(name, attribute)| (name.clone(), Field::of((&attribute.attr_type).into())));
        let blocks = block
            .blocks
            .iter()
            .map(|(name, nested)| (name.clone(), nested.into()));
        Self::Object(attributes.chain(blocks).collect())
    }
}

impl From<&NestedBlock> for Field {
    fn from(nested: &NestedBlock) -> Self {
        let (ty, absent) = match nested {
            NestedBlock::Single(block) => (block.into(), Absent::Null),
            NestedBlock::Group(block) => (block.into(), Absent::EmptyMap),
            NestedBlock::List(block) | NestedBlock::Optional(block) => {
                (Type::List(Box::new(block.into())), Absent::EmptyList)
            }
            NestedBlock::Set(block) => (Type::Set(Box::new(block.into())), Absent::EmptyList),
            NestedBlock::Map(block) => (Type::Map(Box::new(block.into())), Absent::EmptyMap),
        };
        Self { ty, absent }
    }
}

impl From<&schema::Type> for Type {
    fn from(ty: &schema::Type) -> Self {
        match ty {
            schema::Type::String => Self::String,
            schema::Type::Number => Self::Number,
            schema::Type::Bool => Self::Bool,
            schema::Type::Any => Self::Dynamic,
            schema::Type::List(element) => Self::List(Box::new(element.as_ref().into())),
            schema::Type::Set(element) => Self::Set(Box::new(element.as_ref().into())),
            schema::Type::Map(element) => Self::Map(Box::new(element.as_ref().into())),
            schema::Type::Tuple(elements) => Self::Tuple(elements.iter().map(Into::into).collect()),
            schema::Type::Object(fields) => Self::Object(
                fields
                    .iter()
                    .map(|(name, ty)| (name.clone(), Field::of(ty.into())))
                    .collect(),
            ),
        }
    }
}
