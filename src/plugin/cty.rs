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

/// What stands for a field that a value lacks, or that is null in it: core never
/// takes null for blocks that repeat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Absent {
    Null,
    /// Blocks that repeat are an empty collection when there is none.
    EmptyList,
    /// As above.
    EmptyMap,
    /// A group of blocks is always there: an object whose fields are absent.
    EmptyObject,
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

    /// The type that [`Type::to_json`] would write so; `None` if it is none.
    pub(super) fn from_json(json: &Json) -> Option<Self> {
        let of = |json| Self::from_json(json).map(Box::new);
        let parts = match json {
            Json::String(name) => {
                return match name.as_str() {
                    "string" => Some(Self::String),
                    "number" => Some(Self::Number),
                    "bool" => Some(Self::Bool),
                    "dynamic" => Some(Self::Dynamic),
                    _ => None,
                };
            }
            Json::Array(parts) => parts.split_first()?,
            _ => return None,
        };
        match (parts.0.as_str()?, parts.1) {
            ("list", [element]) => of(element).map(Self::List),
            ("set", [element]) => of(element).map(Self::Set),
            ("map", [element]) => of(element).map(Self::Map),
            ("tuple", [Json::Array(elements)]) => {
                let elements = elements.iter().map(Self::from_json);
                elements.collect::<Option<_>>().map(Self::Tuple)
            }
            // Which fields of an object are optional is no part of a value.
            ("object", [Json::Object(fields)] | [Json::Object(fields), Json::Array(_)]) => {
                let field = |(name, ty): (&String, _)| {
                    Some((name.clone(), Field::of(Self::from_json(ty)?)))
                };
                fields
                    .iter()
                    .map(field)
                    .collect::<Option<_>>()
                    .map(Self::Object)
            }
            _ => None,
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
    pub(super) fn of(ty: Type) -> Self {
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
            NestedBlock::Group(block) => (block.into(), Absent::EmptyObject),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_read_as_they_are_written() {
        let json = json!(["tuple", [
            "string",
            ["list", "number"],
            ["set", "bool"],
            ["map", ["object", { "a": "dynamic", "b": ["tuple", []] }]],
        ]]);
        assert_eq!(Type::from_json(&json).unwrap().to_json(), json);
        let optional = json!(["object", { "a": "string" }, ["a"]]);
        let object = Type::from_json(&optional).unwrap();
        assert_eq!(object.to_json(), json!(["object", { "a": "string" }]));
        for json in [
            json!(null),
            json!("text"),
            json!([]),
            json!(["list"]),
            json!(["list", "string", "string"]),
            json!(["tuple", "string"]),
            json!(["object", ["a"]]),
            json!(["object", { "a": 1 }]),
            json!([["list"], "string"]),
        ] {
            assert_eq!(Type::from_json(&json), None, "{json}");
        }
    }
}
