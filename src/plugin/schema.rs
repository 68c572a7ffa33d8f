//! Schemas as Terraform reads them: tf-provider's types → messages.
//!
//! Attributes and blocks are sorted, so that two processes say the same.

use std::collections::HashMap;

use tf_provider::schema::{
    Attribute, AttributeConstraint, AttributeType, Block, Description, FunctionSchema, NestedBlock,
    Parameter, Schema, StringKind, Type as ParameterType,
};

use super::cty::Type;
use super::proto::tfplugin6::{self as proto, schema::nested_block, schema::object};

/// A provider's, resource's or data source's schema.
pub(super) fn schema(schema: &Schema) -> proto::Schema {
    proto::Schema {
        version: schema.version,
        block: Some(block(&schema.block)),
    }
}

/// A function's signature.
pub(super) fn function(schema: &FunctionSchema) -> proto::Function {
    proto::Function {
        parameters: schema.parameters.iter().map(parameter).collect(),
        variadic_parameter: schema.variadic.as_ref().map(parameter),
        r#return: Some(proto::function::Return {
            r#type: type_of(&schema.return_type),
        }),
        summary: schema.summary.clone(),
        description: schema.description.content.clone(),
        description_kind: kind(&schema.description),
        deprecation_message: schema.deprecated.clone().unwrap_or_default(),
    }
}

fn parameter(parameter: &Parameter) -> proto::function::Parameter {
    proto::function::Parameter {
        name: parameter.name.clone(),
        r#type: type_of(&parameter.param_type),
        allow_null_value: parameter.allow_null,
        allow_unknown_values: parameter.allow_unknown,
        description: parameter.description.content.clone(),
        description_kind: kind(&parameter.description),
    }
}

fn type_of(ty: &ParameterType) -> Vec<u8> {
    Type::from(ty).to_json().to_string().into_bytes()
}

fn block(block: &Block) -> proto::schema::Block {
    proto::schema::Block {
        version: block.version,
        attributes: attributes(&block.attributes),
        block_types: sorted(&block.blocks)
            .into_iter()
            .map(|(name, nested)| nested_block(name, nested))
            .collect(),
        description: block.description.content.clone(),
        description_kind: kind(&block.description),
        deprecated: block.deprecated,
        ..proto::schema::Block::default()
    }
}

fn nested_block(name: &str, nested: &NestedBlock) -> proto::schema::NestedBlock {
    use nested_block::NestingMode;
    // A single block with min_items 1 would have to be written; the framework's
    // SingleNestedBlock says 0 and 0: present is an object, absent is null.
    // Repeating blocks have no upper limit, which is 0 as well.
    let (nesting, inner, max_items) = match nested {
        NestedBlock::Single(inner) => (NestingMode::Single, inner, 0),
        NestedBlock::Group(inner) => (NestingMode::Group, inner, 0),
        NestedBlock::List(inner) => (NestingMode::List, inner, 0),
        NestedBlock::Optional(inner) => (NestingMode::List, inner, 1),
        NestedBlock::Set(inner) => (NestingMode::Set, inner, 0),
        NestedBlock::Map(inner) => (NestingMode::Map, inner, 0),
    };
    proto::schema::NestedBlock {
        type_name: name.to_owned(),
        block: Some(block(inner)),
        nesting: nesting.into(),
        min_items: 0,
        max_items,
    }
}

fn attributes(attributes: &HashMap<String, Attribute>) -> Vec<proto::schema::Attribute> {
    sorted(attributes)
        .into_iter()
        .map(|(name, described)| attribute(name, described))
        .collect()
}

fn attribute(name: &str, attribute: &Attribute) -> proto::schema::Attribute {
    use AttributeConstraint::{Computed, Optional, OptionalComputed, Required};
    let nested_type = nested_type(&attribute.attr_type);
    let r#type = match nested_type {
        Some(_) => Vec::new(),
        None => Type::from(&attribute.attr_type)
            .to_json()
            .to_string()
            .into_bytes(),
    };
    proto::schema::Attribute {
        name: name.to_owned(),
        r#type,
        nested_type,
        description: attribute.description.content.clone(),
        description_kind: kind(&attribute.description),
        required: attribute.constraint == Required,
        optional: matches!(attribute.constraint, Optional | OptionalComputed),
        computed: matches!(attribute.constraint, Computed | OptionalComputed),
        sensitive: attribute.sensitive,
        deprecated: attribute.deprecated,
        ..proto::schema::Attribute::default()
    }
}

fn nested_type(ty: &AttributeType) -> Option<proto::schema::Object> {
    use object::NestingMode;
    let (nesting, nested) = match ty {
        AttributeType::AttributeSingle(nested) => (NestingMode::Single, nested),
        AttributeType::AttributeList(nested) => (NestingMode::List, nested),
        AttributeType::AttributeSet(nested) => (NestingMode::Set, nested),
        AttributeType::AttributeMap(nested) => (NestingMode::Map, nested),
        _ => return None,
    };
    Some(proto::schema::Object {
        attributes: attributes(nested),
        nesting: nesting.into(),
    })
}

fn kind(description: &Description) -> i32 {
    match description.kind {
        StringKind::Plain => proto::StringKind::Plain,
        StringKind::Markdown => proto::StringKind::Markdown,
    }
    .into()
}

fn sorted<V>(map: &HashMap<String, V>) -> Vec<(&String, &V)> {
    let mut entries: Vec<_> = map.iter().collect();
    entries.sort_unstable_by_key(|(name, _)| *name);
    entries
}

#[cfg(test)]
mod tests {
    use super::*;

    fn string(constraint: AttributeConstraint) -> Attribute {
        Attribute {
            attr_type: AttributeType::String,
            description: Description::markdown("text"),
            constraint,
            sensitive: false,
            deprecated: false,
        }
    }

    fn map<V>(entries: impl IntoIterator<Item = (&'static str, V)>) -> HashMap<String, V> {
        entries
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect()
    }

    #[test]
    fn attributes_are_sorted_and_flagged() {
        let block = block(&Block {
            attributes: map([
                ("d", string(AttributeConstraint::Required)),
                ("a", string(AttributeConstraint::Optional)),
                ("c", string(AttributeConstraint::Computed)),
                ("b", string(AttributeConstraint::OptionalComputed)),
            ]),
            ..Block::default()
        });
        let flags: Vec<_> = block
            .attributes
            .iter()
            .map(|a| (a.name.as_str(), a.required, a.optional, a.computed))
            .collect();
        assert_eq!(
            flags,
            [
                ("a", false, true, false),
                ("b", false, true, true),
                ("c", false, false, true),
                ("d", true, false, false),
            ]
        );
        let first = &block.attributes[0];
        assert_eq!(first.r#type, br#""string""#);
        assert_eq!(first.description_kind(), proto::StringKind::Markdown);
    }

    #[test]
    fn object_types_are_cty_json_with_sorted_fields() {
        let ty = AttributeType::List(Box::new(AttributeType::Object(map([
            ("z", AttributeType::Number),
            ("a", AttributeType::Set(Box::new(AttributeType::Bool))),
            ("m", AttributeType::Map(Box::new(AttributeType::Any))),
            ("t", AttributeType::Tuple(vec![AttributeType::String])),
        ]))));
        assert_eq!(
            Type::from(&ty).to_json().to_string(),
            r#"["list",["object",{"a":["set","bool"],"m":["map","dynamic"],"t":["tuple",["string"]],"z":"number"}]]"#
        );
    }

    #[test]
    fn nested_attributes_have_a_nested_type_and_no_type() {
        let nested = map([("x", string(AttributeConstraint::Computed))]);
        for (ty, nesting) in [
            (
                AttributeType::AttributeSingle(nested.clone()),
                object::NestingMode::Single,
            ),
            (
                AttributeType::AttributeList(nested.clone()),
                object::NestingMode::List,
            ),
            (
                AttributeType::AttributeSet(nested.clone()),
                object::NestingMode::Set,
            ),
            (
                AttributeType::AttributeMap(nested),
                object::NestingMode::Map,
            ),
        ] {
            let attribute = attribute(
                "n",
                &Attribute {
                    attr_type: ty,
                    ..string(AttributeConstraint::Computed)
                },
            );
            assert!(attribute.r#type.is_empty());
            let object = attribute.nested_type.unwrap();
            assert_eq!(object.nesting(), nesting);
            assert_eq!(object.attributes[0].name, "x");
        }
    }

    #[test]
    fn blocks_state_their_nesting_and_bounds() {
        use nested_block::NestingMode;
        for (nested, nesting, max_items) in [
            (
                NestedBlock::Single(Block::default()),
                NestingMode::Single,
                0,
            ),
            (NestedBlock::Group(Block::default()), NestingMode::Group, 0),
            (NestedBlock::List(Block::default()), NestingMode::List, 0),
            (
                NestedBlock::Optional(Block::default()),
                NestingMode::List,
                1,
            ),
            (NestedBlock::Set(Block::default()), NestingMode::Set, 0),
            (NestedBlock::Map(Block::default()), NestingMode::Map, 0),
        ] {
            let nested = nested_block("b", &nested);
            assert_eq!(nested.nesting(), nesting);
            assert_eq!((nested.min_items, nested.max_items), (0, max_items));
        }
    }
}
