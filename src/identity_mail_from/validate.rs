//! What can be refused before anything is planned. Unknown values pass: they
//! are checked once they are known. Pure.

use std::str::FromStr;

use tf_provider::Diagnostics;
use tf_provider::value::Value;

use super::model::Model;
use crate::attributes::{Names, check_timeout, known};
use crate::mail_from::BehaviorOnMxFailure;

/// What the attributes of a valid configuration mean, where they are known.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Meaning {
    pub(super) names: Names,
    /// Not configured: SES's default.
    pub(super) behavior: Option<BehaviorOnMxFailure>,
}

/// Parses a configuration or a plan, and tells what is wrong with it.
pub(super) fn validate(diags: &mut Diagnostics, model: &Model) -> Meaning {
    let names = Names::parse(diags, &model.identity, &model.mail_from_domain);
    let behavior = match &model.behavior_on_mx_failure {
        Value::Null => Some(BehaviorOnMxFailure::default()),
        value => known(
            diags,
            "behavior_on_mx_failure",
            value,
            BehaviorOnMxFailure::from_str,
            |error| error.remedy(),
        ),
    };
    timeouts(diags, model);
    Meaning { names, behavior }
}

fn timeouts(diags: &mut Diagnostics, model: &Model) {
    let Value::Value(timeouts) = &model.timeouts else {
        return;
    };
    for (name, value) in [
        ("create", &timeouts.create),
        ("read", &timeouts.read),
        ("update", &timeouts.update),
        ("delete", &timeouts.delete),
    ] {
        check_timeout(diags, name, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attributes::value;
    use crate::identity_mail_from::model::Timeouts;

    fn model(identity: &str, domain: &str) -> Model {
        Model::of(identity, value(domain))
    }

    /// The paths of the errors.
    fn errors(model: &Model) -> Vec<String> {
        let mut diags = Diagnostics::default();
        validate(&mut diags, model);
        for error in &diags.errors {
            let (problem, remedy) = error.detail.split_once("\n\n").unwrap();
            assert!(!problem.is_empty() && !remedy.is_empty(), "{error:?}");
        }
        let paths = diags.errors.iter().map(|error| error.attribute.to_string());
        paths.collect()
    }

    #[test]
    fn what_is_wrong_is_told_at_its_attribute() {
        let long_label = format!("{}.example.com", "a".repeat(64));
        let long_name = format!("{}example.com", "a.".repeat(130));
        for (identity, domain, paths) in [
            ("example.com", "bounce.example.com", vec![]),
            ("a@example.com", "bounce.example.com", vec![]),
            ("example.com", "example.com", vec!["mail_from_domain"]),
            (
                "example.com",
                "bounce.example.org",
                vec!["mail_from_domain"],
            ),
            ("example.com", "evilexample.com", vec!["mail_from_domain"]),
            ("example.com", "bounce", vec!["mail_from_domain"]),
            ("example.com", "", vec!["mail_from_domain"]),
            ("example.com", &long_label, vec!["mail_from_domain"]),
            ("example.com", &long_name, vec!["mail_from_domain"]),
            (
                "example.com",
                "bounce mail.example.com",
                vec!["mail_from_domain"],
            ),
            ("example.com", "a_b.example.com", vec!["mail_from_domain"]),
            ("example.com", "*.example.com", vec!["mail_from_domain"]),
            (
                "example.com",
                "https://bounce.example.com",
                vec!["mail_from_domain"],
            ),
            (
                "example.com",
                "bounce\u{202e}.example.com",
                vec!["mail_from_domain"],
            ),
            ("@example.com", "bounce.example.com", vec!["identity"]),
            ("a@", "bounce.example.com", vec!["identity"]),
            ("a@b@example.com", "bounce.example.com", vec!["identity"]),
            ("a@example.com", "example.com", vec!["mail_from_domain"]),
            ("", "", vec!["identity", "mail_from_domain"]),
        ] {
            assert_eq!(
                errors(&model(identity, domain)),
                paths,
                "{identity} {domain}"
            );
        }
    }

    #[test]
    fn behavior_and_timeouts_are_told_at_theirs() {
        let mut model = model("example.com", "bounce.example.com");
        model.behavior_on_mx_failure = value("Reject");
        model.timeouts = Value::Value(Timeouts {
            create: value("5 parsecs"),
            read: value("1h30m"),
            update: value("-1s"),
            delete: Value::Unknown,
        });
        assert_eq!(
            errors(&model),
            [
                "behavior_on_mx_failure",
                "timeouts.create",
                "timeouts.update"
            ]
        );
    }

    #[test]
    fn unknown_values_pass() {
        let unknown = Model {
            identity: Value::Unknown,
            mail_from_domain: Value::Unknown,
            behavior_on_mx_failure: Value::Unknown,
            timeouts: Value::Unknown,
            ..Model::default()
        };
        assert!(errors(&unknown).is_empty());
        let mut half = model("example.com", "bounce.example.org");
        half.identity = Value::Unknown;
        assert!(errors(&half).is_empty());
    }
}
