//! The meanings of an object's fields, told in one paragraph.

use std::collections::HashMap;

use tf_provider::schema::{Attribute, AttributeType};

use super::sorted;

/// A nested attribute's description in Markdown, and after it those of its
/// fields.
pub(super) fn described(description: &str, ty: &AttributeType) -> String {
    let mut paragraph = String::new();
    sentence(&mut paragraph, description);
    fields(&mut paragraph, &[], ty);
    paragraph
}

/// Whether a field is sensitive, at any depth: a value of a plain type is so as
/// a whole or not at all.
pub(super) fn are_sensitive(ty: &AttributeType) -> bool {
    nested(ty).is_some_and(|(nested, _)| {
        let mut fields = nested.values();
        fields.any(|field| field.sensitive || are_sensitive(&field.attr_type))
    })
}

/// Tells the fields of what stands at `paths`, all of type `ty`; with no path, of
/// what is described.
fn fields(paragraph: &mut String, paths: &[String], ty: &AttributeType) {
    let Some((nested, nesting)) = nested(ty) else {
        return;
    };
    let each = match nesting {
        Nesting::One => "",
        Nesting::Many => " of each element",
    };
    let of = match paths {
        [] => String::new(),
        paths => format!(" of {}", listed(paths)),
    };
    paragraph.push_str(&format!(" Fields{each}{of}:"));
    let mut told: Vec<(&AttributeType, Vec<&String>)> = Vec::new();
    for (name, field) in sorted(nested) {
        paragraph.push_str(&format!(" `{name}` ({}", words(&field.attr_type)));
        if field.deprecated {
            paragraph.push_str(", deprecated");
        }
        paragraph.push(')');
        if !field.description.content.trim().is_empty() {
            paragraph.push_str(": ");
        }
        sentence(paragraph, &field.description.content);
        // What several fields hold is told once.
        match told.iter_mut().find(|(ty, _)| **ty == field.attr_type) {
            Some((_, names)) => names.push(name),
            None => told.push((&field.attr_type, vec![name])),
        }
    }
    for (ty, names) in told {
        let path = |name| match paths {
            [] => vec![String::clone(name)],
            paths => paths.iter().map(|path| format!("{path}.{name}")).collect(),
        };
        let paths: Vec<_> = names.into_iter().flat_map(path).collect();
        fields(paragraph, &paths, ty);
    }
}

#[derive(Clone, Copy)]
enum Nesting {
    One,
    Many,
}

fn nested(ty: &AttributeType) -> Option<(&HashMap<String, Attribute>, Nesting)> {
    match ty {
        AttributeType::AttributeSingle(nested) => Some((nested, Nesting::One)),
        AttributeType::AttributeList(nested)
        | AttributeType::AttributeSet(nested)
        | AttributeType::AttributeMap(nested) => Some((nested, Nesting::Many)),
        _ => None,
    }
}

/// Adds a text, on one line and with a full stop.
fn sentence(paragraph: &mut String, text: &str) {
    let words: Vec<_> = text.split_whitespace().collect();
    paragraph.push_str(&words.join(" "));
    if !paragraph.ends_with(['.', '!', '?']) {
        paragraph.push('.');
    }
}

/// "`a`, `b` and `c`".
fn listed(paths: &[String]) -> String {
    let quoted: Vec<_> = paths.iter().map(|path| format!("`{path}`")).collect();
    match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => quoted.concat(),
    }
}

/// A type in the words that Terraform's documentation has for it.
fn words(ty: &AttributeType) -> String {
    match ty {
        AttributeType::String => "String".to_owned(),
        AttributeType::Number => "Number".to_owned(),
        AttributeType::Bool => "Boolean".to_owned(),
        AttributeType::Any => "Dynamic".to_owned(),
        AttributeType::List(element) => format!("List of {}", words(element)),
        AttributeType::Set(element) => format!("Set of {}", words(element)),
        AttributeType::Map(element) => format!("Map of {}", words(element)),
        AttributeType::Tuple(_) => "Tuple".to_owned(),
        AttributeType::Object(_) | AttributeType::AttributeSingle(_) => "Object".to_owned(),
        AttributeType::AttributeList(_) => "List of Object".to_owned(),
        AttributeType::AttributeSet(_) => "Set of Object".to_owned(),
        AttributeType::AttributeMap(_) => "Map of Object".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use tf_provider::schema::{AttributeConstraint, Description};

    use super::*;

    fn fields<const N: usize>(
        fields: [(&str, AttributeType, &str); N],
    ) -> HashMap<String, Attribute> {
        fields
            .into_iter()
            .map(|(name, attr_type, description)| {
                let attribute = Attribute {
                    attr_type,
                    description: Description::markdown(description),
                    constraint: AttributeConstraint::Computed,
                    sensitive: false,
                    deprecated: false,
                };
                (name.to_owned(), attribute)
            })
            .collect()
    }

    #[test]
    fn fields_of_elements_are_told_in_one_paragraph() {
        let strings = AttributeType::List(Box::new(AttributeType::String));
        let mut records = fields([
            ("name", AttributeType::String, "The name"),
            ("priority", AttributeType::Number, "Null\nfor TXT."),
            ("old", AttributeType::Bool, ""),
            ("values", strings, "`a` or `b`."),
        ]);
        records.get_mut("old").unwrap().deprecated = true;
        let expected = "The records. Fields of each element: `name` (String): The name. `old` \
            (Boolean, deprecated). `priority` (Number): Null for TXT. `values` (List of String): \
            `a` or `b`.";
        for ty in [
            AttributeType::AttributeList(records.clone()),
            AttributeType::AttributeSet(records.clone()),
            AttributeType::AttributeMap(records),
        ] {
            assert_eq!(described("The records", &ty), expected);
        }
    }

    #[test]
    fn fields_that_hold_the_same_are_told_once() {
        use AttributeType::{AttributeList, AttributeSingle, String};
        let deepest = || AttributeList(fields([("y", String, "Why.")]));
        let finding = || {
            AttributeSingle(fields([
                ("more", deepest(), "More of it."),
                ("status", String, "`ok` or `wrong`."),
            ]))
        };
        let dns = AttributeSingle(fields([
            ("mx", finding(), "The MX record."),
            (
                "other",
                AttributeSingle(fields([("x", String, "")])),
                "Another.",
            ),
            ("spf", finding(), "The SPF record."),
        ]));
        assert_eq!(
            described("What DNS says.", &dns),
            "What DNS says. Fields: `mx` (Object): The MX record. `other` (Object): Another. `spf` \
             (Object): The SPF record. Fields of `mx` and `spf`: `more` (List of Object): More of \
             it. `status` (String): `ok` or `wrong`. Fields of each element of `mx.more` and \
             `spf.more`: `y` (String): Why. Fields of `other`: `x` (String)."
        );
    }
}
