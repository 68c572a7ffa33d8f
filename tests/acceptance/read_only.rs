//! Attributes that only the provider sets. Which they are is read from the schema
//! that Terraform prints, so that each new one is held too.

use serde_json::{Map, Value, json};

use crate::harness::{Workspace, provider_address};

/// What `terraform providers schema -json` says of the provider.
fn schema(ws: &Workspace) -> Value {
    let run = ws.terraform(&["providers", "schema", "-json"]).succeeds();
    let mut schemas: Value = serde_json::from_str(&run.stdout).unwrap();
    schemas["provider_schemas"][provider_address()].take()
}

fn is_read_only(attribute: &Value) -> bool {
    attribute["computed"] == true && attribute["optional"] != true && attribute["required"] != true
}

/// An HCL expression of a type as the schema's JSON has it.
fn literal(of: &Value) -> String {
    if let Some(primitive) = of.as_str() {
        return match primitive {
            "string" | "dynamic" => "\"x\"".to_owned(),
            "number" => "1".to_owned(),
            "bool" => "true".to_owned(),
            other => panic!("no value of {other}"),
        };
    }
    let object = |fields: &Value| {
        let fields = fields.as_object().unwrap().iter();
        let fields = fields.map(|(name, of)| format!("{name} = {}", literal(of)));
        format!("{{ {} }}", fields.collect::<Vec<_>>().join(", "))
    };
    let inner = &of[1];
    match of[0].as_str().unwrap() {
        "list" | "set" => format!("[{}]", literal(inner)),
        "map" => format!("{{ k = {} }}", literal(inner)),
        "object" => object(inner),
        "tuple" => {
            let elements: Vec<_> = inner.as_array().unwrap().iter().map(literal).collect();
            format!("[{}]", elements.join(", "))
        }
        other => panic!("no value of {other}"),
    }
}

/// The type of an attribute, of one with a `nested_type` too.
fn type_of(attribute: &Value) -> Value {
    let nested = &attribute["nested_type"];
    if nested.is_null() {
        return attribute["type"].clone();
    }
    let fields = nested["attributes"].as_object().unwrap().iter();
    let fields: Map<_, _> = fields
        .map(|(name, attribute)| (name.clone(), type_of(attribute)))
        .collect();
    let object = json!(["object", fields]);
    match nested["nesting_mode"].as_str().unwrap() {
        "single" => object,
        collection => json!([collection, object]),
    }
}

/// A block with all that is required, and `more` in it.
fn block(kind: &str, of: &str, schema: &Value, more: &str) -> String {
    let attributes = schema["block"]["attributes"].as_object().unwrap();
    let required: String = attributes
        .iter()
        .filter(|(_, attribute)| attribute["required"] == true)
        .map(|(name, attribute)| {
            let value = match name.as_str() {
                "identity" => "\"example.com\"".to_owned(),
                "mail_from_domain" => "\"bounce.example.com\"".to_owned(),
                _ => literal(&type_of(attribute)),
            };
            format!("  {name} = {value}\n")
        })
        .collect();
    format!("{kind} \"{of}\" \"this\" {{\n{required}  {more}\n}}\n")
}

/// The errors of `terraform validate -json`: address, line of the configuration,
/// and what is said.
fn errors(ws: &Workspace) -> Vec<(String, String, String)> {
    let run = ws.terraform(&["validate", "-json"]);
    let told: Value = serde_json::from_str(&run.stdout).unwrap();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let diagnostics = told["diagnostics"].as_array().unwrap().iter();
    diagnostics
        .filter(|told| told["severity"] == "error")
        .map(|told| {
            let line = text(&told["snippet"]["code"]);
            let words = format!("{}: {}", text(&told["summary"]), text(&told["detail"]));
            (text(&told["address"]), line, words)
        })
        .collect()
}

#[test]
fn configured_read_only_attribute_is_refused_at_validate_with_its_path() {
    let ws = Workspace::new();
    let schema = schema(&ws);
    let mut tried = 0;
    for (kind, list, prefix) in [
        ("resource", "resource_schemas", ""),
        ("data", "data_source_schemas", "data."),
    ] {
        let entities = schema[list].as_object();
        for (entity, schema) in entities.into_iter().flatten() {
            let attributes = schema["block"]["attributes"].as_object().unwrap();
            for (name, attribute) in attributes.iter().filter(|(_, a)| is_read_only(a)) {
                let later = "terraform_data.later.output";
                for value in [literal(&type_of(attribute)), later.to_owned()] {
                    let more = format!("{name} = {value}");
                    let later = "resource \"terraform_data\" \"later\" {\n  input = \"x\"\n}\n";
                    ws.config(&[later, &block(kind, entity, schema, &more)].concat());
                    let errors = errors(&ws);
                    let [(address, line, words)] = errors.as_slice() else {
                        panic!("one error of {entity}.{more}, not {errors:?}");
                    };
                    assert_eq!(*address, format!("{prefix}{entity}.this"));
                    assert_eq!(line.trim(), more);
                    assert!(words.contains(name.as_str()), "{name}: {words}");
                    tried += 1;
                }
                // Null is what it is when it is left out.
                ws.config(&block(kind, entity, schema, &format!("{name} = null")));
                assert_eq!(errors(&ws), [], "{entity}.{name}");
            }
        }
    }
    assert!(tried > 0, "{schema}");
    assert_eq!(ws.ses().calls(), []);
}

/// The paths below `value` of attributes that are read-only and have a
/// `nested_type`.
fn nested_read_only(path: &str, value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            if is_read_only(value) && fields.contains_key("nested_type") {
                found.push(path.to_owned());
            }
            for (name, field) in fields {
                nested_read_only(&format!("{path}.{name}"), field, found);
            }
        }
        Value::Array(elements) => {
            for element in elements {
                nested_read_only(path, element, found);
            }
        }
        _ => {}
    }
}

#[test]
fn read_only_attributes_are_sent_as_plain_types() {
    // Terraform 1.5 and OpenTofu 1.6 crash when they write a configuration for
    // an import where such an attribute has a nested type.
    let ws = Workspace::new();
    let schema = schema(&ws);
    assert_ne!(schema["resource_schemas"], Value::Null);
    let mut found = Vec::new();
    nested_read_only("", &schema, &mut found);
    assert!(found.is_empty(), "{found:#?}");
}
