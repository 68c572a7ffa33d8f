//! Filters: which identities of a region are asked for. All that are given hold at once.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use regex_lite::{Regex, RegexBuilder};
use tf_provider::schema::{Attribute, AttributeConstraint, AttributeType};
use tf_provider::value::Value;
use tf_provider::{AttributePath, Diagnostics};

use crate::attributes::{attribute, known, string};
use crate::diagnostics::diagnostic;
use crate::mail_from::{IdentityKind, VerificationStatus, visible};
use crate::ses::SetMailFrom;

use AttributeConstraint::Optional;

/// The memory of a compiled `name_regex`, in octets, at most. Matching takes time in
/// proportion to it, whatever the text.
const REGEX_OCTETS: usize = 1 << 18;

/// The filters as attributes, by their names.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FilterValues {
    /// `kind`
    pub kind: Value<String>,
    /// `status`
    pub status: Value<String>,
    /// `mail_from_set`
    pub mail_from_set: Value<bool>,
    /// `name_regex`
    pub name_regex: Value<String>,
}

/// What the filters mean; what is null or unknown lets everything pass.
#[derive(Clone, Debug, Default)]
pub struct Filters {
    kind: Option<IdentityKind>,
    status: Option<VerificationStatus>,
    mail_from_set: Option<bool>,
    name: Option<Arc<Regex>>,
}

/// The attributes of the filters.
pub fn attributes() -> [(String, Attribute); 4] {
    [
        string("kind", Optional, KIND),
        string("status", Optional, STATUS),
        attribute(
            "mail_from_set",
            Optional,
            AttributeType::Bool,
            MAIL_FROM_SET,
        ),
        string("name_regex", Optional, NAME_REGEX),
    ]
}

impl Filters {
    /// Reads them; adds an error for each that is invalid, and a warning where no identity
    /// can pass them all.
    pub fn parse(diags: &mut Diagnostics, values: &FilterValues) -> Self {
        let kind = known(
            diags,
            "kind",
            &values.kind,
            IdentityKind::from_str,
            |error| error.remedy(),
        );
        let status = &values.status;
        let status = known(
            diags,
            "status",
            status,
            VerificationStatus::from_str,
            |error| error.remedy(),
        );
        let name = known(diags, "name_regex", &values.name_regex, regex, |_| {
            REGEX_REMEDY.to_owned()
        });
        let filters = Self {
            kind,
            status,
            mail_from_set: values.mail_from_set.as_option(),
            name: name.map(Arc::new),
        };
        if filters.status.is_some() && filters.mail_from_set == Some(false) {
            diags.add_warning(diagnostic(
                "No identity can pass these filters",
                "An identity without a custom MAIL FROM domain has no status. Leave out `status` \
                 or `mail_from_set`.",
                AttributePath::new("mail_from_set"),
            ));
        }
        filters
    }

    /// Whether the name of an identity passes.
    pub fn name_passes(&self, name: &str) -> bool {
        let is_kind = self.kind.is_none_or(|kind| IdentityKind::of(name) == kind);
        is_kind && self.name.as_ref().is_none_or(|regex| regex.is_match(name))
    }

    /// Whether what SES holds for an identity passes; `None`: no custom MAIL FROM domain.
    pub fn held_passes(&self, held: Option<&SetMailFrom>) -> bool {
        let is_as_wanted = self.mail_from_set.is_none_or(|set| set == held.is_some());
        let has = |status| held.is_some_and(|held| held.status.is(status));
        is_as_wanted && self.status.is_none_or(has)
    }
}

/// Why a text is no regular expression.
struct RegexError {
    text: String,
    reason: regex_lite::Error,
}

impl fmt::Display for RegexError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = visible(&self.text);
        write!(f, "`{text}` is not a regular expression: {}", self.reason)
    }
}

fn regex(text: &str) -> Result<Regex, RegexError> {
    let built = RegexBuilder::new(text).size_limit(REGEX_OCTETS).build();
    built.map_err(|reason| RegexError {
        text: text.to_owned(),
        reason,
    })
}

const KIND: &str = "Only identities of this kind: `Domain` or `EmailAddress`. Default: both.";

const STATUS: &str = "Only identities of whose MAIL FROM domain SES says this: `Pending`, \
    `Success`, `Failed` or `TemporaryFailure`. Default: any, or none.";

const MAIL_FROM_SET: &str = "`true`: only identities that have a custom MAIL FROM domain; `false`: \
    only those that have none. Default: both.";

const NAME_REGEX: &str = "Only identities in whose name this regular expression is found. It may \
    be anywhere in the name: `^` and `$` bind it to the ends. Domains are in lower case and \
    Punycode; `(?i)` at the beginning ignores the case of addresses. The syntax is that of \
    Terraform's own `regex` function, without classes of Unicode characters.";

const REGEX_REMEDY: &str = "Write an expression as Terraform's function `regex` takes it, such as \
    `(^|[.@])example\\.com$`. A backslash is written twice in a string of Terraform's; \
    look-around, backreferences and classes of Unicode characters (`\\p{…}`) are not supported, \
    and neither are counts of more than some thousand.";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attributes::value;
    use crate::mail_from::{Reported, ReportedDomain};

    fn parsed(values: &FilterValues) -> (Filters, Diagnostics) {
        let mut diags = Diagnostics::default();
        (Filters::parse(&mut diags, values), diags)
    }

    fn with_status(status: &str) -> SetMailFrom {
        SetMailFrom {
            domain: ReportedDomain::parse("bounce.example.com"),
            behavior: None,
            status: Reported::parse(status),
        }
    }

    #[test]
    fn filters_hold_at_once_and_the_unknown_ones_let_pass() {
        let all = FilterValues {
            kind: value("EmailAddress"),
            status: value("Failed"),
            mail_from_set: Value::Value(true),
            name_regex: value("@Example"),
        };
        let unknown = FilterValues {
            kind: Value::Unknown,
            status: Value::Unknown,
            mail_from_set: Value::Unknown,
            name_regex: Value::Unknown,
        };
        for (values, names, statuses, passes_unset) in [
            (FilterValues::default(), 4, 2, true),
            (unknown, 4, 2, true),
            (all.clone(), 1, 1, false),
            (
                FilterValues {
                    kind: value("Domain"),
                    ..FilterValues::default()
                },
                2,
                2,
                true,
            ),
            (
                FilterValues {
                    name_regex: value(r"(?i)(^|[.@])example\.com$"),
                    mail_from_set: Value::Value(false),
                    ..FilterValues::default()
                },
                4,
                0,
                true,
            ),
        ] {
            let (filters, diags) = parsed(&values);
            assert!(diags.errors.is_empty() && diags.warnings.is_empty());
            let listed = [
                "example.com",
                "a.example.com",
                "a@example.com",
                "A@Example.com",
            ];
            let passing = listed.iter().filter(|name| filters.name_passes(name));
            assert_eq!(passing.count(), names, "{values:?}");
            let held = ["Success", "Failed"].map(with_status);
            let passing = held.iter().filter(|held| filters.held_passes(Some(held)));
            assert_eq!(passing.count(), statuses, "{values:?}");
            assert_eq!(filters.held_passes(None), passes_unset, "{values:?}");
        }
    }

    #[test]
    fn what_cannot_be_meant_is_told_with_a_remedy() {
        let regex = |text: &str| FilterValues {
            name_regex: value(text),
            ..FilterValues::default()
        };
        for (values, attribute, remedy) in [
            (
                FilterValues {
                    kind: value("domain"),
                    ..FilterValues::default()
                },
                "kind",
                "Write `Domain`",
            ),
            (
                FilterValues {
                    status: value("FAILED"),
                    ..FilterValues::default()
                },
                "status",
                "Write `Failed`",
            ),
            (regex("(example"), "name_regex", "example\\.com$"),
            (regex("*"), "name_regex", "example\\.com$"),
            (regex(r"(?=a)"), "name_regex", "look-around"),
            (regex(r"\p{Greek}"), "name_regex", "Unicode"),
            (regex("((a{99}){99}){99}"), "name_regex", "counts"),
        ] {
            let (_, diags) = parsed(&values);
            let [error] = diags.errors.as_slice() else {
                panic!("{values:?}: {:?}", diags.errors);
            };
            assert_eq!(error.attribute.to_string(), attribute);
            assert!(error.detail.contains(remedy), "{}", error.detail);
        }
        let (filters, diags) = parsed(&FilterValues {
            status: value("Success"),
            mail_from_set: Value::Value(false),
            ..FilterValues::default()
        });
        assert_eq!((diags.errors.len(), diags.warnings.len()), (0, 1));
        assert!(!filters.held_passes(None));
    }

    #[test]
    fn expression_that_could_take_for_ever_takes_its_length() {
        let (filters, _) = parsed(&FilterValues {
            name_regex: value("^(a|a?)+(a|a?)+(a|a?)+$"),
            ..FilterValues::default()
        });
        let name = format!("{}.example", "a".repeat(300));
        assert!(!filters.name_passes(&name));
    }
}
