//! What can be refused before anything is planned. Unknown values pass: they
//! are checked once they are known. Pure.

use std::str::FromStr;

use tf_provider::value::Value;
use tf_provider::{AttributePath, Diagnostics};

use super::model::Model;
use crate::attributes::{Names, check_timeout, known};
use crate::diagnostics::{diagnostic, invalid};
use crate::mail_from::{BehaviorOnMxFailure, DomainName, Identity, visible};
use crate::ses::Setting;

/// What the attributes of a valid configuration mean, where they are known.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Meaning {
    pub(super) names: Names,
    /// Not configured: SES's default.
    pub(super) behavior: Option<BehaviorOnMxFailure>,
    /// Null where the same holds from the start.
    pub(super) until_verified: Value<BehaviorOnMxFailure>,
}

impl Meaning {
    /// What SES is to hold with this behaviour.
    pub(super) fn setting(&self, behavior: Option<BehaviorOnMxFailure>) -> Option<Setting> {
        Some(Setting {
            domain: self.names.mail_from_domain.clone()?,
            behavior: behavior?,
        })
    }
}

/// Parses a configuration or a plan, and tells what is wrong with it; what its region may be
/// is for the provider block to say.
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
    let until_verified = match &model.behavior_until_verified {
        Value::Null => Value::Null,
        value => {
            let until = known(
                diags,
                "behavior_until_verified",
                value,
                until_verified,
                NoSafeBehavior::remedy,
            );
            until.map_or(Value::Unknown, Value::Value)
        }
    };
    timeouts(diags, model);
    Meaning {
        names,
        behavior,
        until_verified,
    }
}

/// The behaviour until SES has verified the domain: one that refuses no mail.
fn until_verified(text: &str) -> Result<BehaviorOnMxFailure, NoSafeBehavior> {
    match text.parse() {
        Ok(BehaviorOnMxFailure::UseDefaultValue) => Ok(BehaviorOnMxFailure::UseDefaultValue),
        Ok(BehaviorOnMxFailure::RejectMessage) | Err(_) => Err(NoSafeBehavior(text.to_owned())),
    }
}

/// A text that is no behaviour until SES has verified the domain.
#[derive(Clone, Debug, thiserror::Error)]
#[error("`{}` is not `UseDefaultValue`, which is all that it can be", visible(.0))]
struct NoSafeBehavior(String);

impl NoSafeBehavior {
    fn remedy(&self) -> String {
        "Write `UseDefaultValue`, in exactly this spelling; or leave \
         `behavior_until_verified` out, and SES gets `behavior_on_mx_failure` from the start."
            .to_owned()
    }
}

/// Refuses names that SES takes and that should not be made, unless they are those of
/// `prior`: SES holds those, and they were imported. Then it warns.
pub(super) fn check_underscores(diags: &mut Diagnostics, prior: Option<&Model>, meaning: &Meaning) {
    let Names {
        identity,
        mail_from_domain,
    } = &meaning.names;
    let of_identity = identity.as_ref().map(Identity::domain);
    let held = prior.map(|prior| {
        let text = |value: &Value<String>| value.as_ref_option().cloned().unwrap_or_default();
        let identity = Identity::parse(&text(&prior.identity)).ok();
        let domain = DomainName::parse(&text(&prior.mail_from_domain)).ok();
        (identity, domain)
    });
    let (held_identity, held_domain) = held.unwrap_or_default();
    for (attribute, domain, end, is_held) in [
        ("identity", of_identity, None, held_identity == *identity),
        (
            "mail_from_domain",
            mail_from_domain.as_ref(),
            of_identity,
            held_domain == *mail_from_domain,
        ),
    ] {
        let path = AttributePath::new(attribute);
        match domain.map(|domain| domain.check_underscores(end)) {
            Some(Err(error)) if is_held => {
                diags.add_warning(diagnostic(
                    "Domain name with an underscore inside a label",
                    format!(
                        "SES holds it, so it stays: {error}. Some receivers of mail refuse such a \
                         name. {}",
                        error.remedy()
                    ),
                    path,
                ));
            }
            Some(Err(error)) => diags.add_error(invalid(path, &error, error.remedy())),
            Some(Ok(())) | None => {}
        }
    }
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
            // SES may hold it, and it may be imported.
            ("example.com", "a_b.example.com", vec![]),
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
        model.behavior_until_verified = value("RejectMessage");
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
                "behavior_until_verified",
                "timeouts.create",
                "timeouts.update"
            ]
        );
    }

    #[test]
    fn underscores_are_planned_only_where_ses_holds_them() {
        let told = |prior: Option<&Model>, config: &Model| {
            let mut diags = Diagnostics::default();
            let meaning = validate(&mut diags, config);
            check_underscores(&mut diags, prior, &meaning);
            let paths = |told: &[tf_provider::Diagnostic]| -> Vec<String> {
                told.iter().map(|told| told.attribute.to_string()).collect()
            };
            (paths(&diags.errors), paths(&diags.warnings))
        };
        let none = Vec::<String>::new();
        let domain = vec!["mail_from_domain".to_owned()];
        let identity = vec!["identity".to_owned()];
        let odd = model("example.com", "a_b.example.com");
        let even = model("example.com", "bounce.example.com");
        assert_eq!(told(None, &even), (none.clone(), none.clone()));
        assert_eq!(told(None, &odd), (domain.clone(), none.clone()));
        assert_eq!(told(Some(&even), &odd), (domain.clone(), none.clone()));
        let spelled = model("example.com", "A_B.example.com.");
        assert_eq!(told(Some(&odd), &spelled), (none.clone(), domain));
        let of_odd = model("x@c_d.example.com", "bounce.c_d.example.com");
        assert_eq!(told(None, &of_odd), (identity.clone(), none.clone()));
        let other = model("x@c_d.example.com", "mail.c_d.example.com");
        assert_eq!(told(Some(&of_odd), &other), (none, identity));
    }

    #[test]
    fn unknown_values_pass() {
        let unknown = Model {
            identity: Value::Unknown,
            mail_from_domain: Value::Unknown,
            behavior_on_mx_failure: Value::Unknown,
            behavior_until_verified: Value::Unknown,
            timeouts: Value::Unknown,
            ..Model::default()
        };
        assert!(errors(&unknown).is_empty());
        let mut half = model("example.com", "bounce.example.org");
        half.identity = Value::Unknown;
        assert!(errors(&half).is_empty());
    }
}
