//! The pages of docs/ say what the schema says. `make conformance` holds them against
//! their generator, which needs the network.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::harness::{Workspace, provider_address};

/// A page of docs/ with single spaces between its words.
#[track_caller]
fn page(path: &str) -> String {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    let text = fs::read_to_string(docs.join(path).with_extension("md"));
    spaced(&text.unwrap_or_else(|error| panic!("docs/{path}.md: {error}: run make docs")))
}

fn spaced(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Asserts that the page describes `name` as the schema does.
#[track_caller]
fn describes(page: &str, path: &str, name: &str, described: &Value) {
    let text = described["description"].as_str().unwrap_or_default();
    assert!(!text.is_empty(), "{path} {name} has no description");
    let (item, text) = (format!("`{name}` ("), spaced(text));
    assert!(
        page.contains(&item) && page.contains(&text),
        "docs/{path}.md does not describe {name} as the schema does, {text:?}: run make docs"
    );
}

/// Asserts that of the attributes of a block, and of the blocks in it.
#[track_caller]
fn describes_block(page: &str, path: &str, block: &Value) {
    for (name, attribute) in block["attributes"].as_object().into_iter().flatten() {
        describes(page, path, name, attribute);
    }
    for (name, nested) in block["block_types"].as_object().into_iter().flatten() {
        describes(page, path, name, &nested["block"]);
        describes_block(page, path, &nested["block"]);
    }
}

#[test]
fn pages_say_what_the_schema_says() {
    let ws = Workspace::new();
    let run = ws.terraform(&["providers", "schema", "-json"]).succeeds();
    let schemas: Value = serde_json::from_str(&run.stdout).unwrap();
    let schema = &schemas["provider_schemas"][provider_address()];

    let block = &schema["provider"]["block"];
    describes_block(&page("index"), "index", block);
    let mut pages = 0;
    for (kind, folder) in [
        ("resource_schemas", "resources"),
        ("data_source_schemas", "data-sources"),
        // Of Terraform 1.14 and later.
        ("list_resource_schemas", "list-resources"),
    ] {
        for (name, schema) in schema[kind].as_object().into_iter().flatten() {
            let path = format!("{folder}/{}", name.strip_prefix("ses_").unwrap());
            describes_block(&page(&path), &path, &schema["block"]);
            pages += 1;
        }
    }
    // Of Terraform 1.8 and later.
    for (name, function) in schema["functions"].as_object().into_iter().flatten() {
        let path = format!("functions/{name}");
        let page = page(&path);
        for text in ["summary", "description"] {
            let text = spaced(function[text].as_str().unwrap());
            assert!(page.contains(&text), "docs/{path}.md lacks {text:?}");
        }
        for parameter in function["parameters"].as_array().into_iter().flatten() {
            let name = parameter["name"].as_str().unwrap();
            describes(&page, &path, name, parameter);
        }
    }
    assert!(pages >= 3, "{schema}");
}
