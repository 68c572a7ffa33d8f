//! Schemas as Terraform reads them: tf-provider's types → messages.
//!
//! Attributes and blocks are sorted, so that two processes say the same.
//!
//! A nested attribute that is only computed is sent as one of a plain object
//! type: with a nested type, `plan -generate-config-out` crashes Terraform 1.5
//! and 1.6 and OpenTofu up to 1.11.1, and Terraform's mocks cannot fill a list.
//! What the nested type would say of its fields goes into the description.

mod fields;

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
        ..Default::default()
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
    let ty = &attribute.attr_type;
    let is_only_computed = attribute.constraint == Computed;
    let mut message = proto::schema::Attribute {
        name: name.to_owned(),
        description: attribute.description.content.clone(),
        description_kind: kind(&attribute.description),
        required: attribute.constraint == Required,
        optional: matches!(attribute.constraint, Optional | OptionalComputed),
        computed: matches!(attribute.constraint, Computed | OptionalComputed),
        sensitive: attribute.sensitive,
        deprecated: attribute.deprecated,
        ..Default::default()
    };
    match nested_type(ty) {
        Some(nested) if !is_only_computed => message.nested_type = Some(nested),
        nested => {
            message.r#type = Type::from(ty).to_json().to_string().into_bytes();
            if nested.is_some() {
                message.description = fields::described(&message.description, ty);
                message.description_kind = proto::StringKind::Markdown.into();
                message.sensitive |= fields::are_sensitive(ty);
            }
        }
    }
    message
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

    fn nestings(nested: &HashMap<String, Attribute>) -> [(AttributeType, object::NestingMode); 4] {
        use AttributeType::{AttributeList, AttributeMap, AttributeSet, AttributeSingle};
        use object::NestingMode;
        let nested = || nested.clone();
        [
            (AttributeSingle(nested()), NestingMode::Single),
            (AttributeList(nested()), NestingMode::List),
            (AttributeSet(nested()), NestingMode::Set),
            (AttributeMap(nested()), NestingMode::Map),
        ]
    }

    #[test]
    fn nested_attributes_that_can_be_set_have_a_nested_type_and_no_type() {
        use AttributeConstraint::{Computed, Optional, OptionalComputed, Required};
        let nested = map([("x", string(Computed))]);
        for constraint in [Required, Optional, OptionalComputed] {
            for (attr_type, nesting) in nestings(&nested) {
                let sent = Attribute {
                    attr_type,
                    ..string(constraint.clone())
                };
                let sent = attribute("n", &sent);
                assert!(sent.r#type.is_empty());
                assert_eq!(sent.description, "text");
                let object = sent.nested_type.unwrap();
                assert_eq!(object.nesting(), nesting);
                assert_eq!(object.attributes[0].name, "x");
            }
        }
    }

    #[test]
    fn nested_attributes_that_are_only_computed_have_a_type_and_no_nested_type() {
        let secret = Attribute {
            sensitive: true,
            ..string(AttributeConstraint::Computed)
        };
        let is_secret = |nested: &HashMap<_, _>, ty: &str| {
            let types = [
                ty.to_owned(),
                format!(r#"["list",{ty}]"#),
                format!(r#"["set",{ty}]"#),
                format!(r#"["map",{ty}]"#),
            ];
            let mut secret = Vec::new();
            for ((attr_type, _), ty) in nestings(nested).into_iter().zip(types) {
                let sent = Attribute {
                    attr_type,
                    ..string(AttributeConstraint::Computed)
                };
                let sent = attribute("n", &sent);
                assert_eq!(sent.nested_type, None);
                assert_eq!(String::from_utf8(sent.r#type).unwrap(), ty);
                assert!(sent.description.starts_with("text. Fields"));
                secret.push(sent.sensitive);
            }
            secret
        };
        let flat = map([("x", string(AttributeConstraint::Computed))]);
        assert_eq!(is_secret(&flat, r#"["object",{"x":"string"}]"#), [false; 4]);
        let list = Attribute {
            attr_type: AttributeType::AttributeList(map([("x", secret)])),
            ..string(AttributeConstraint::Computed)
        };
        let deep = map([("deep", list)]);
        let ty = r#"["object",{"deep":["list",["object",{"x":"string"}]]}]"#;
        assert_eq!(is_secret(&deep, ty), [true; 4]);
    }

    #[test]
    fn no_attribute_that_is_only_computed_has_a_nested_type_at_any_depth() {
        use AttributeConstraint::{Computed, Optional};
        let leaf = map([("x", string(Computed))]);
        let computed = Attribute {
            attr_type: AttributeType::AttributeMap(leaf),
            ..string(Computed)
        };
        let settable = Attribute {
            attr_type: AttributeType::AttributeSingle(map([("computed", computed.clone())])),
            ..string(Optional)
        };
        let block = block(&Block {
            attributes: map([("settable", settable.clone()), ("computed", computed)]),
            blocks: map([(
                "nested",
                NestedBlock::List(Block {
                    attributes: map([("settable", settable)]),
                    ..Block::default()
                }),
            )]),
            ..Block::default()
        });
        let nested = block.block_types[0].block.as_ref().unwrap();
        for attribute in [&block.attributes[1], &nested.attributes[0]] {
            let object = attribute.nested_type.as_ref().unwrap();
            assert_eq!(object.attributes[0].nested_type, None);
            let ty = br#"["map",["object",{"x":"string"}]]"#;
            assert_eq!(object.attributes[0].r#type, ty);
        }
        assert_eq!(block.attributes[0].nested_type, None);
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
