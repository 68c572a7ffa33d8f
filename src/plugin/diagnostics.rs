//! Diagnostics as Terraform prints them.

use std::fmt::Write as _;

use tf_provider::{AttributePath, AttributePathStep, Diagnostic, Diagnostics};

use super::proto::tfplugin6::{self as proto, attribute_path::step::Selector};

/// Errors, then warnings, each in the order they were found; their text made
/// harmless for a terminal.
pub(super) fn diagnostics(diags: Diagnostics) -> Vec<proto::Diagnostic> {
    use proto::diagnostic::Severity;
    let errors = diags.errors.into_iter().map(|d| (Severity::Error, d));
    let warnings = diags.warnings.into_iter().map(|d| (Severity::Warning, d));
    errors
        .chain(warnings)
        .map(|(severity, diagnostic)| proto::Diagnostic {
            severity: severity.into(),
            summary: printable(&diagnostic.summary),
            detail: printable(&diagnostic.detail),
            attribute: match diagnostic.attribute.steps.is_empty() {
                true => None,
                false => Some(path(diagnostic.attribute)),
            },
        })
        .collect()
}

/// A function's first error; at an argument if its path begins with an index.
pub(super) fn function_error(diags: Diagnostics) -> Option<proto::FunctionError> {
    let error = diags.errors.into_iter().next()?;
    let text = match error.detail.is_empty() {
        true => printable(&error.summary),
        false => printable(&format!("{}: {}", error.summary, error.detail)),
    };
    let function_argument = match error.attribute.steps.first() {
        Some(AttributePathStep::Index(index)) => Some(*index),
        _ => None,
    };
    Some(proto::FunctionError {
        text,
        function_argument,
    })
}

/// A path to an attribute.
pub(super) fn path(path: AttributePath) -> proto::AttributePath {
    let step = |step| proto::attribute_path::Step {
        selector: Some(match step {
            AttributePathStep::Attribute(name) => Selector::AttributeName(name.into_owned()),
            AttributePathStep::Key(key) => Selector::ElementKeyString(key.into_owned()),
            AttributePathStep::Index(index) => Selector::ElementKeyInt(index),
        }),
    };
    proto::AttributePath {
        steps: path.steps.into_iter().map(step).collect(),
    }
}

/// An error without a path. By the struct's public fields: `Diagnostic::new`
/// appends a backtrace to the text when RUST_BACKTRACE is set.
pub(super) fn error(summary: &'static str, detail: String) -> Diagnostic {
    Diagnostic {
        summary: summary.into(),
        detail: detail.into(),
        attribute: AttributePath::root(),
    }
}

/// An error that is the provider's fault, not the practitioner's.
pub(super) fn bug(what: &str) -> Diagnostic {
    error(
        "The provider has a bug",
        format!("{what} Please report it to the provider's developers."),
    )
}

/// Text with everything that could drive a terminal, or reorder what it shows,
/// written as `\u{…}`. Diagnostics quote what DNS and HTTP servers sent.
fn printable(text: &str) -> String {
    let mut printable = String::with_capacity(text.len());
    for c in text.chars() {
        if c == '\n' || c == '\t' || !is_hazardous(c) {
            printable.push(c);
        } else {
            // Writing to a String does not fail.
            let _ = write!(printable, "\\u{{{:x}}}", u32::from(c));
        }
    }
    printable
}

fn is_hazardous(c: char) -> bool {
    // C0, DEL and C1; line and paragraph separators; bidirectional marks,
    // embeddings, overrides and isolates.
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{61c}')
        || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_cannot_drive_a_terminal() {
        for (text, shown) in [
            ("bücher.example\n\tok", "bücher.example\n\tok"),
            ("\u{1b}[2Jgone", "\\u{1b}[2Jgone"),
            ("a\rb\u{7}\u{0}", "a\\u{d}b\\u{7}\\u{0}"),
            ("\u{7f}\u{9b}31m", "\\u{7f}\\u{9b}31m"),
            ("\u{202e}evil\u{202c}", "\\u{202e}evil\\u{202c}"),
            (
                "\u{2066}\u{2069}\u{200e}\u{200f}",
                "\\u{2066}\\u{2069}\\u{200e}\\u{200f}",
            ),
            ("日本語 🎉", "日本語 🎉"),
        ] {
            assert_eq!(printable(text), shown);
        }
    }

    #[test]
    fn errors_come_before_warnings_with_their_paths() {
        let at = AttributePath::new("a").key("k").index(1);
        let diags = Diagnostics {
            warnings: vec![error("w", String::new())],
            errors: vec![
                Diagnostic {
                    attribute: at,
                    ..error("first\u{1b}", "detail\u{1b}".to_owned())
                },
                error("second", String::new()),
            ],
        };
        let sent = diagnostics(diags);
        let summaries: Vec<_> = sent.iter().map(|d| d.summary.as_str()).collect();
        assert_eq!(summaries, ["first\\u{1b}", "second", "w"]);
        assert_eq!(sent[0].detail, "detail\\u{1b}");
        assert_eq!(sent[2].severity(), proto::diagnostic::Severity::Warning);
        let steps: Vec<_> = sent[0].attribute.clone().unwrap().steps;
        assert_eq!(
            steps
                .into_iter()
                .map(|s| s.selector.unwrap())
                .collect::<Vec<_>>(),
            [
                Selector::AttributeName("a".to_owned()),
                Selector::ElementKeyString("k".to_owned()),
                Selector::ElementKeyInt(1),
            ]
        );
        assert_eq!(sent[1].attribute, None);
    }

    #[test]
    fn a_function_error_names_its_argument() {
        let diags = Diagnostics {
            errors: vec![Diagnostic {
                attribute: AttributePath::function_argument(1),
                ..error("not a domain", "why".to_owned())
            }],
            warnings: Vec::new(),
        };
        assert_eq!(
            function_error(diags),
            Some(proto::FunctionError {
                text: "not a domain: why".to_owned(),
                function_argument: Some(1),
            })
        );
        assert_eq!(function_error(Diagnostics::default()), None);
    }
}
