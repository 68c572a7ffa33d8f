//! What can be refused before anything is planned, and what will be. Pure and
//! deterministic: Terraform plans more than once.

use tf_provider::value::Value;
use tf_provider::{AttributePath, Diagnostics};

use super::model::Model;
use crate::attributes::{
    check_timeout, known_identity, known_mail_from_domain, planned_region, spelled_as_before,
};
use crate::diagnostics::invalid;
use crate::mail_from::{DomainName, Identity, Region, check_subdomain};

/// What the attributes of a valid configuration mean, where they are known.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Meaning {
    pub(super) identity: Option<Identity>,
    pub(super) mail_from_domain: Option<DomainName>,
}

/// Parses a configuration or a plan, and tells what is wrong with it. Unknown
/// values pass.
pub(super) fn validate(diags: &mut Diagnostics, model: &Model) -> Meaning {
    let identity = known_identity(diags, &model.identity);
    let mail_from_domain = known_mail_from_domain(diags, &model.mail_from_domain);
    if let (Some(identity), Some(domain)) = (&identity, &mail_from_domain)
        && let Err(error) = check_subdomain(domain, identity)
    {
        let path = AttributePath::new("mail_from_domain");
        diags.add_error(invalid(path, &error, error.remedy()));
    }
    if let Value::Value(timeouts) = &model.timeouts {
        check_timeout(diags, "create", &timeouts.create);
    }
    Meaning {
        identity,
        mail_from_domain,
    }
}

/// A plan for one resource.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Plan {
    pub(super) planned: Model,
    /// Attributes whose change cannot be made in place.
    pub(super) requires_replace: Vec<AttributePath>,
}

/// Plans a create (`prior` is `None`) or an update. `meaning` is what `config`
/// says; `region` is the provider's, `None` while that is unknown.
pub(super) fn plan(
    prior: Option<&Model>,
    config: &Model,
    meaning: &Meaning,
    region: Option<&Region>,
) -> Plan {
    let was = |of: fn(&Model) -> &Value<String>| prior.map_or(&Value::Null, of);
    let identity = spelled_as_before(&config.identity, was(|prior| &prior.identity), |text| {
        Identity::parse(text).ok()
    });
    let mail_from_domain = spelled_as_before(
        &config.mail_from_domain,
        was(|prior| &prior.mail_from_domain),
        |text| DomainName::parse(text).ok(),
    );
    let region = planned_region(region, prior.map(|prior| &prior.region));

    let mut requires_replace = Vec::new();
    if let Some(prior) = prior {
        for (name, before, after) in [
            ("identity", &prior.identity, &identity),
            (
                "mail_from_domain",
                &prior.mail_from_domain,
                &mail_from_domain,
            ),
            ("region", &prior.region, &region),
        ] {
            if before != after {
                requires_replace.push(AttributePath::new(name));
            }
        }
    }
    let verification_status = match prior {
        Some(prior) if requires_replace.is_empty() => prior.verification_status.clone(),
        _ => Value::Unknown,
    };
    let planned = Model {
        id: match &meaning.identity {
            Some(identity) => Value::Value(identity.as_str().to_owned()),
            None => Value::Unknown,
        },
        identity,
        mail_from_domain,
        region,
        timeouts: config.timeouts.clone(),
        verification_status,
    };
    Plan {
        planned,
        requires_replace,
    }
}

/// Whether carrying out `planned` takes a wait; otherwise nothing but local
/// attributes changes.
pub(super) fn waits(planned: &Model) -> bool {
    planned.verification_status.is_unknown()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity_mail_from_verification::model::Timeouts;

    fn value(text: &str) -> Value<String> {
        Value::Value(text.to_owned())
    }

    fn config(identity: &str, domain: Value<String>) -> Model {
        Model {
            identity: value(identity),
            mail_from_domain: domain,
            ..Model::default()
        }
    }

    fn planned(prior: Option<&Model>, config: &Model, region: Option<&str>) -> Plan {
        let mut diags = Diagnostics::default();
        let meaning = validate(&mut diags, config);
        assert!(diags.errors.is_empty(), "{:?}", diags.errors);
        let region = region.map(|region| Region::parse(region).unwrap());
        plan(prior, config, &meaning, region.as_ref())
    }

    fn created(config: &Model) -> Model {
        Model {
            verification_status: value("Success"),
            ..planned(None, config, Some("eu-west-1")).planned
        }
    }

    fn replaced(plan: &Plan) -> Vec<String> {
        let paths = plan.requires_replace.iter();
        paths.map(ToString::to_string).collect()
    }

    #[test]
    fn create_waits_and_knows_all_but_the_status() {
        let config = config("EXAMPLE.com.", value("bounce.example.com"));
        let Plan { planned, .. } = planned(None, &config, Some("eu-west-1"));
        assert!(waits(&planned));
        assert_eq!(planned.id, value("example.com"));
        assert_eq!(planned.region, value("eu-west-1"));
        assert_eq!(planned.identity, value("EXAMPLE.com."));
    }

    #[test]
    fn nothing_changed_and_another_spelling_plan_the_prior_state() {
        let before = config("bücher.example", value("bounce.bücher.example"));
        let prior = created(&before);
        let other = config("BÜCHER.example.", value("bounce.xn--bcher-kva.example"));
        for (config, region) in [
            (&before, Some("eu-west-1")),
            (&before, None),
            (&other, Some("eu-west-1")),
        ] {
            let plan = planned(Some(&prior), config, region);
            assert_eq!(plan.planned, prior);
            assert!(plan.requires_replace.is_empty());
        }
    }

    #[test]
    fn what_is_waited_for_replaces() {
        let before = config("example.com", value("bounce.example.com"));
        let prior = created(&before);
        let domain = |domain| config("example.com", domain);
        for (config, region, replaces) in [
            (
                config("a@example.com", value("bounce.example.com")),
                "eu-west-1",
                "identity",
            ),
            (
                domain(value("mail.example.com")),
                "eu-west-1",
                "mail_from_domain",
            ),
            (domain(Value::Unknown), "eu-west-1", "mail_from_domain"),
            (domain(Value::Null), "eu-west-1", "mail_from_domain"),
            (before.clone(), "us-east-1", "region"),
        ] {
            let plan = planned(Some(&prior), &config, Some(region));
            assert_eq!(replaced(&plan), [replaces]);
            assert!(waits(&plan.planned));
        }
    }

    #[test]
    fn a_change_of_timeouts_waits_for_nothing() {
        let mut config = config("example.com", Value::Null);
        let prior = created(&config);
        config.timeouts = Value::Value(Timeouts {
            create: value("1h"),
        });
        let plan = planned(Some(&prior), &config, Some("eu-west-1"));
        assert!(plan.requires_replace.is_empty() && !waits(&plan.planned));
        assert_eq!(plan.planned.timeouts, config.timeouts);
    }

    #[test]
    fn what_is_wrong_is_told_at_its_attribute() {
        let timeouts = Value::Value(Timeouts {
            create: value("soon"),
        });
        let slow = Model {
            timeouts,
            ..config("example.com", Value::Null)
        };
        for (config, path) in [
            (config("@example.com", Value::Null), "identity"),
            (
                config("example.com", value("example.com")),
                "mail_from_domain",
            ),
            (config("example.com", value("bounce")), "mail_from_domain"),
            (slow, "timeouts.create"),
        ] {
            let mut diags = Diagnostics::default();
            validate(&mut diags, &config);
            let paths = diags.errors.iter().map(|error| error.attribute.to_string());
            assert_eq!(paths.collect::<Vec<_>>(), [path]);
        }
        let mut diags = Diagnostics::default();
        let unknown = Model {
            identity: Value::Unknown,
            mail_from_domain: Value::Unknown,
            timeouts: Value::Unknown,
            ..Model::default()
        };
        assert_eq!(validate(&mut diags, &unknown), Meaning::default());
        assert!(diags.errors.is_empty());
    }
}
