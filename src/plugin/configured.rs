//! What a configuration sets although only the provider can, and what it leaves null
//! although it is required.
//!
//! Terraform leaves both to providers: a value that is configured for an attribute that is
//! only computed gets past it, and is never used; so does a null, such as that of a
//! variable, for one that is required.

use rmpv::Value;
use tf_provider::{AttributePath, AttributePathStep, Diagnostic, Diagnostics};

use super::dynamic::Dynamic;
use super::proto::tfplugin6::Schema;
use super::proto::tfplugin6::schema::nested_block::NestingMode as Blocks;
use super::proto::tfplugin6::schema::object::NestingMode as Attributes;
use super::proto::tfplugin6::schema::{Attribute, Block};
use super::wire::to_value;

/// Adds an error for every attribute that is only computed and that `config` sets, and
/// for every one that is required and that it leaves null, wherever it stands; one of
/// unknown value is set. `config` is decoded for the schema.
pub(super) fn check_configured(diags: &mut Diagnostics, config: &Dynamic, schema: &Schema) {
    // What was decoded can be parsed.
    if let (Ok(config), Some(block)) = (to_value(config), &schema.block) {
        let path = AttributePath::root();
        Walk { diags, path }.block(&config, block);
    }
}

/// A walk down a configuration beside its schema.
struct Walk<'a> {
    diags: &'a mut Diagnostics,
    path: AttributePath,
}

impl Walk<'_> {
    fn block(&mut self, value: &Value, block: &Block) {
        self.attributes(value, &block.attributes);
        for nested in &block.block_types {
            let Some(inner) = &nested.block else { continue };
            let nesting = match nested.nesting() {
                Blocks::Invalid | Blocks::Single | Blocks::Group => Nesting::One,
                Blocks::List => Nesting::List,
                Blocks::Set => Nesting::Set,
                Blocks::Map => Nesting::Map,
            };
            let is_group = nested.nesting() == Blocks::Group;
            self.field(value, &nested.type_name, |walk, value| {
                // One that is left out is an object of nulls.
                if !(is_group && is_of_nulls(value)) {
                    walk.each(value, nesting, |walk, value| walk.block(value, inner));
                }
            });
        }
    }

    fn attributes(&mut self, value: &Value, attributes: &[Attribute]) {
        for attribute in attributes {
            self.field(value, &attribute.name, |walk, value| {
                walk.attribute(value, attribute);
            });
        }
    }

    fn attribute(&mut self, value: &Value, attribute: &Attribute) {
        let settable = attribute.required || attribute.optional;
        match &attribute.nested_type {
            _ if value.is_nil() && attribute.required => self.add(missing(self.path.clone())),
            _ if value.is_nil() => {}
            _ if !settable => self.add(read_only(self.path.clone())),
            None => {}
            Some(object) => {
                let nesting = match object.nesting() {
                    Attributes::Invalid | Attributes::Single => Nesting::One,
                    Attributes::List => Nesting::List,
                    Attributes::Set => Nesting::Set,
                    Attributes::Map => Nesting::Map,
                };
                self.each(value, nesting, |walk, value| {
                    walk.attributes(value, &object.attributes);
                });
            }
        }
    }

    fn add(&mut self, error: Diagnostic) {
        // The elements of a set share their path.
        if !self.diags.errors.contains(&error) {
            self.diags.errors.push(error);
        }
    }

    /// Goes into a field of an object; one that is null or unknown has none.
    fn field(&mut self, object: &Value, name: &str, go: impl FnOnce(&mut Self, &Value)) {
        let fields = object.as_map().map_or(&[][..], Vec::as_slice);
        if let Some((_, value)) = fields.iter().find(|(key, _)| key.as_str() == Some(name)) {
            self.at(
                AttributePathStep::Attribute(name.to_owned().into()),
                |walk| go(walk, value),
            );
        }
    }

    /// Goes into all objects of a value.
    fn each(&mut self, value: &Value, nesting: Nesting, go: impl Fn(&mut Self, &Value)) {
        match (nesting, value) {
            (Nesting::One, object) => go(self, object),
            (Nesting::List, Value::Array(elements)) => {
                for (index, element) in (0_i64..).zip(elements) {
                    self.at(AttributePathStep::Index(index), |walk| go(walk, element));
                }
            }
            // The elements of a set have no path of their own.
            (Nesting::Set, Value::Array(elements)) => {
                for element in elements {
                    go(self, element);
                }
            }
            (Nesting::Map, Value::Map(entries)) => {
                for (key, element) in entries {
                    let key = key.as_str().unwrap_or_default().to_owned();
                    self.at(AttributePathStep::Key(key.into()), |walk| go(walk, element));
                }
            }
            _ => {}
        }
    }

    fn at(&mut self, step: AttributePathStep, go: impl FnOnce(&mut Self)) {
        self.path.add_step(step);
        go(self);
        self.path.steps.pop();
    }
}

fn is_of_nulls(object: &Value) -> bool {
    let mut fields = object.as_map().into_iter().flatten();
    fields.all(|(_, value)| value.is_nil())
}

#[derive(Clone, Copy)]
enum Nesting {
    One,
    List,
    Set,
    Map,
}

fn missing(path: AttributePath) -> Diagnostic {
    Diagnostic {
        summary: "Missing required argument".into(),
        detail: format!("`{path}` is required, and it is null here. Give it a value.").into(),
        attribute: path,
    }
}

fn read_only(path: AttributePath) -> Diagnostic {
    Diagnostic {
        summary: "Invalid configuration of a read-only attribute".into(),
        detail: format!(
            "`{path}` is set by the provider and cannot be configured: remove it from the \
             configuration."
        )
        .into(),
        attribute: path,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use serde_json::{Value as Json, json};
    use tf_provider::schema::{self, AttributeConstraint, AttributeType, Description, NestedBlock};

    use super::super::proto::tfplugin6::DynamicValue;
    use super::super::schema::schema;
    use super::super::wire::decode;
    use super::*;

    use AttributeConstraint::{Computed, Optional, OptionalComputed, Required};

    fn attribute(attr_type: AttributeType, constraint: AttributeConstraint) -> schema::Attribute {
        schema::Attribute {
            attr_type,
            description: Description::plain(""),
            constraint,
            sensitive: false,
            deprecated: false,
        }
    }

    fn attributes() -> HashMap<String, schema::Attribute> {
        let constraints = [
            ("computed", Computed),
            ("optional", Optional),
            ("optional_computed", OptionalComputed),
            ("required", Required),
        ];
        constraints
            .into_iter()
            .map(|(name, constraint)| {
                (
                    name.to_owned(),
                    attribute(AttributeType::String, constraint),
                )
            })
            .collect()
    }

    /// Attributes of all constraints: plain, nested in attributes of each nesting,
    /// and in blocks of each nesting.
    fn root() -> schema::Block {
        let inner = || schema::Block {
            attributes: attributes(),
            ..schema::Block::default()
        };
        let nested = [
            ("attribute_list", AttributeType::AttributeList(attributes())),
            ("attribute_map", AttributeType::AttributeMap(attributes())),
            ("attribute_set", AttributeType::AttributeSet(attributes())),
            (
                "attribute_single",
                AttributeType::AttributeSingle(attributes()),
            ),
        ];
        let mut root = inner();
        for (name, ty) in nested {
            let nested = attribute(ty.clone(), Optional);
            root.attributes.insert(name.to_owned(), nested);
            let computed = attribute(ty, Computed);
            root.attributes.insert(format!("computed_{name}"), computed);
        }
        let list = schema::Block {
            blocks: HashMap::from([("inner".to_owned(), NestedBlock::Single(inner()))]),
            ..inner()
        };
        let blocks = [
            ("group", NestedBlock::Group(inner())),
            ("list", NestedBlock::List(list)),
            ("map", NestedBlock::Map(inner())),
            ("one", NestedBlock::Optional(inner())),
            ("set", NestedBlock::Set(inner())),
            ("single", NestedBlock::Single(inner())),
        ];
        root.blocks = blocks.map(|(name, block)| (name.to_owned(), block)).into();
        root
    }

    const READ_ONLY: &str = "Invalid configuration of a read-only attribute";
    const MISSING: &str = "Missing required argument";

    /// The paths of what a configuration sets although only the provider can.
    fn errors(config: &Json) -> Vec<String> {
        errors_as(READ_ONLY, config)
    }

    /// The paths of the errors of a configuration that have this summary.
    fn errors_as(summary: &str, config: &Json) -> Vec<String> {
        let root = root();
        let config = DynamicValue {
            msgpack: Vec::new(),
            json: config.to_string().into_bytes(),
        };
        let config = decode(Some(&config), &(&root).into()).unwrap();
        let message = schema(&schema::Schema {
            version: 0,
            block: root,
        });
        let mut diags = Diagnostics::default();
        check_configured(&mut diags, &config, &message);
        for error in &diags.errors {
            assert!([READ_ONLY, MISSING].contains(&&*error.summary));
            assert!(error.detail.contains(&format!("`{}`", error.attribute)));
        }
        let errors = diags.errors.iter();
        let errors = errors.filter(|error| error.summary == summary);
        errors.map(|error| error.attribute.to_string()).collect()
    }

    #[test]
    fn what_is_required_and_null_is_an_error_wherever_it_stands() {
        let given = || json!({ "required": "x" });
        for (config, paths) in [
            (json!(null), vec![]),
            (given(), vec![]),
            (json!({}), vec!["required"]),
            (
                json!({ "required": null, "one": [{}] }),
                vec!["required", "one[0].required"],
            ),
            (
                json!({ "required": "", "attribute_list": [given(), {}] }),
                vec!["attribute_list[1].required"],
            ),
            (
                json!({ "required": "x", "attribute_set": [{}, { "optional": "x" }] }),
                vec!["attribute_set.required"],
            ),
            (
                json!({ "required": "x", "list": [given(), { "inner": {} }] }),
                vec!["list[1].required", "list[1].inner.required"],
            ),
        ] {
            let mut found = errors_as(MISSING, &config);
            let mut paths: Vec<_> = paths.into_iter().map(str::to_owned).collect();
            found.sort();
            paths.sort();
            assert_eq!(found, paths, "{config}");
        }
    }

    #[test]
    fn what_may_be_configured_is_no_error() {
        let object = || json!({ "computed": null, "optional": "x", "required": "x" });
        for config in [
            json!(null),
            json!({}),
            json!({
                "required": "x",
                "optional": "x",
                "optional_computed": "x",
                "computed": null,
                "attribute_list": [object()],
                "attribute_map": { "k": object() },
                "attribute_set": [object()],
                "attribute_single": object(),
                "group": object(),
                "list": [object(), object()],
                "map": { "k": object() },
                "one": [object()],
                "set": [object()],
                "single": object(),
            }),
        ] {
            assert_eq!(errors(&config), [""; 0]);
        }
    }

    #[test]
    fn what_is_only_computed_is_an_error_wherever_it_stands() {
        let object = || json!({ "computed": "x" });
        for (config, paths) in [
            (json!({ "computed": "x" }), vec!["computed"]),
            (json!({ "computed": "" }), vec!["computed"]),
            (
                json!({ "attribute_list": [{}, object()] }),
                vec!["attribute_list[1].computed"],
            ),
            (
                json!({ "attribute_map": { "k": object() } }),
                vec!["attribute_map[\"k\"].computed"],
            ),
            (
                json!({ "attribute_set": [object(), { "computed": "y" }] }),
                vec!["attribute_set.computed"],
            ),
            (
                json!({ "attribute_single": object() }),
                vec!["attribute_single.computed"],
            ),
            (
                json!({ "computed_attribute_list": [] }),
                vec!["computed_attribute_list"],
            ),
            (
                json!({ "computed_attribute_single": object() }),
                vec!["computed_attribute_single"],
            ),
            (json!({ "group": object() }), vec!["group.computed"]),
            (
                json!({ "list": [{ "computed": "x", "inner": object() }, object()] }),
                vec![
                    "list[0].computed",
                    "list[0].inner.computed",
                    "list[1].computed",
                ],
            ),
            (
                json!({ "map": { "k": object() } }),
                vec!["map[\"k\"].computed"],
            ),
            (json!({ "one": [object()] }), vec!["one[0].computed"]),
            (json!({ "set": [object(), {}] }), vec!["set.computed"]),
            (
                json!({ "single": object(), "computed": "x" }),
                vec!["computed", "single.computed"],
            ),
        ] {
            assert_eq!(errors(&config), paths, "{config}");
        }
    }

    /// The paths of the errors of a configuration of `name` alone.
    fn errors_of(name: &str, value: Value) -> Vec<String> {
        let config = Value::Map(vec![(name.into(), value)]);
        let message = schema(&schema::Schema {
            version: 0,
            block: root(),
        });
        let mut diags = Diagnostics::default();
        let path = AttributePath::root();
        let mut walk = Walk {
            diags: &mut diags,
            path,
        };
        walk.block(&config, message.block.as_ref().unwrap());
        let errors = diags.errors.iter();
        let errors = errors.filter(|error| error.summary == READ_ONLY);
        errors.map(|error| error.attribute.to_string()).collect()
    }

    #[test]
    fn what_is_unknown_is_configured_but_holds_nothing_yet() {
        let unknown = || Value::Ext(0, vec![0]);
        assert_eq!(errors_of("computed", unknown()), ["computed"]);
        for name in [
            "attribute_list",
            "attribute_single",
            "list",
            "set",
            "map",
            "single",
        ] {
            assert_eq!(errors_of(name, unknown()), [""; 0]);
            let elements = Value::Array(vec![unknown()]);
            assert_eq!(errors_of(name, elements), [""; 0]);
        }
        let object = Value::Map(vec![("computed".into(), unknown())]);
        assert_eq!(errors_of("single", object), ["single.computed"]);
    }
}
