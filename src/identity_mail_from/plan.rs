//! What will be: the planned state, whether it takes a replacement, and whether
//! SES will be called. Pure and deterministic: Terraform plans more than once.

use tf_provider::AttributePath;
use tf_provider::value::Value;

use super::model::{Model, dns_records};
use super::validate::Meaning;
use crate::mail_from::{BehaviorOnMxFailure, DomainName, Identity, Region};

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
    // Never the prior value that core proposes: not configured means the default.
    let behavior_on_mx_failure = match &config.behavior_on_mx_failure {
        Value::Null => Value::Value(BehaviorOnMxFailure::default().as_str().to_owned()),
        configured => configured.clone(),
    };
    let planned_region = match (region, prior) {
        (Some(region), _) => Value::Value(region.as_str().to_owned()),
        // An unknown provider region says nothing about a resource that exists.
        (None, Some(prior)) => prior.region.clone(),
        (None, None) => Value::Unknown,
    };

    let mut requires_replace = Vec::new();
    if let Some(prior) = prior {
        for (name, before, after) in [
            ("identity", &prior.identity, &identity),
            ("region", &prior.region, &planned_region),
        ] {
            if before != after {
                requires_replace.push(AttributePath::new(name));
            }
        }
    }

    let unchanged = prior.filter(|prior| {
        requires_replace.is_empty()
            && prior.mail_from_domain == mail_from_domain
            && prior.behavior_on_mx_failure == behavior_on_mx_failure
    });
    let (verification_status, dns) = match unchanged {
        None => (Value::Unknown, Value::Unknown),
        Some(prior) if prior.dns_check != config.dns_check => {
            (prior.verification_status.clone(), Value::Unknown)
        }
        Some(prior) => (prior.verification_status.clone(), prior.dns.clone()),
    };

    let known_region = planned_region
        .as_ref_option()
        .and_then(|text| Region::parse(text).ok());
    let planned = Model {
        id: match &meaning.identity {
            Some(identity) => Value::Value(identity.as_str().to_owned()),
            None => Value::Unknown,
        },
        dns_records: dns_records(
            meaning.mail_from_domain.as_ref(),
            known_region.as_ref(),
            &Value::Unknown,
        ),
        identity,
        mail_from_domain,
        behavior_on_mx_failure,
        region: planned_region,
        dns_check: config.dns_check,
        timeouts: config.timeouts.clone(),
        verification_status,
        dns,
    };
    Plan {
        planned,
        requires_replace,
    }
}

/// Whether carrying out `planned` takes a Set. Whatever a Set may change is
/// planned unknown exactly then, the status first of all.
pub(super) fn sets(planned: &Model) -> bool {
    planned.verification_status.is_unknown()
}

/// The configured value, unless it means the same as the prior one: a domain
/// that is only written differently is no change.
fn spelled_as_before<T: PartialEq>(
    configured: &Value<String>,
    prior: &Value<String>,
    parse: impl Fn(&str) -> Option<T>,
) -> Value<String> {
    if let (Value::Value(after), Value::Value(before)) = (configured, prior)
        && let (Some(now), Some(then)) = (parse(after), parse(before))
        && now == then
    {
        return prior.clone();
    }
    configured.clone()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity_mail_from::model::{Dns, Timeouts};
    use crate::identity_mail_from::validate::validate;
    use crate::mail_from::DnsFindings;
    use tf_provider::Diagnostics;

    fn value(text: &str) -> Value<String> {
        Value::Value(text.to_owned())
    }

    fn config(identity: &str, domain: &str) -> Model {
        Model {
            identity: value(identity),
            mail_from_domain: value(domain),
            ..Model::default()
        }
    }

    fn planned(prior: Option<&Model>, config: &Model, region: Option<&str>) -> Plan {
        let mut diags = Diagnostics::default();
        let meaning = validate(&mut diags, config);
        assert!(diags.errors.is_empty(), "{:?}", diags.errors);
        let region = region.map(|region| Region::parse(region).unwrap());
        let first = plan(prior, config, &meaning, region.as_ref());
        assert_eq!(first, plan(prior, config, &meaning, region.as_ref()));
        first
    }

    /// The state after `config` was applied in eu-west-1.
    fn applied(config: &Model) -> Model {
        Model {
            verification_status: value("Success"),
            dns: Value::Value(Dns::from(&DnsFindings::unchecked())),
            ..planned(None, config, Some("eu-west-1")).planned
        }
    }

    fn replaced(plan: &Plan) -> Vec<String> {
        plan.requires_replace
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    #[test]
    fn create_knows_all_but_what_only_ses_and_dns_can_tell() {
        let Plan { planned, .. } = planned(
            None,
            &config("EXAMPLE.com.", "Bounce.Example.com."),
            Some("eu-west-1"),
        );
        assert_eq!(planned.identity, value("EXAMPLE.com."));
        assert_eq!(planned.mail_from_domain, value("Bounce.Example.com."));
        assert_eq!(planned.id, value("example.com"));
        assert_eq!(planned.behavior_on_mx_failure, value("UseDefaultValue"));
        assert_eq!(planned.region, value("eu-west-1"));
        assert!(sets(&planned) && planned.dns.is_unknown());
        let records = planned.dns_records.unwrap();
        let mx = records[0].as_ref().unwrap();
        assert_eq!(mx.name, value("bounce.example.com"));
        assert_eq!(mx.rdata, value("10 feedback-smtp.eu-west-1.amazonses.com"));
        assert_eq!(mx.priority, Value::Value(10));
        let txt = records[1].as_ref().unwrap();
        assert_eq!(txt.record_type, value("TXT"));
        assert_eq!(txt.priority, Value::Null);
    }

    #[test]
    fn create_of_an_unknown_domain_knows_the_number_and_types_of_its_records() {
        let mut config = config("example.com", "bounce.example.com");
        config.mail_from_domain = Value::Unknown;
        let Plan { planned, .. } = planned(None, &config, None);
        assert_eq!(
            (planned.region, planned.mail_from_domain),
            (Value::Unknown, Value::Unknown)
        );
        let records = planned.dns_records.unwrap();
        let types: Vec<_> = records
            .iter()
            .map(|record| record.as_ref().unwrap().record_type.clone().unwrap())
            .collect();
        assert_eq!(types, ["MX", "TXT"]);
        let (mx, txt) = (records[0].as_ref().unwrap(), records[1].as_ref().unwrap());
        assert!(mx.name.is_unknown() && mx.value.is_unknown() && txt.name.is_unknown());
        assert_eq!(txt.rdata, value("v=spf1 include:amazonses.com ~all"));
    }

    #[test]
    fn nothing_changed_plans_the_prior_state() {
        let config = config("example.com", "bounce.example.com");
        let prior = applied(&config);
        let plan = planned(Some(&prior), &config, Some("eu-west-1"));
        assert_eq!(plan.planned, prior);
        assert!(plan.requires_replace.is_empty());
    }

    #[test]
    fn another_spelling_is_no_change() {
        let prior = applied(&config("bücher.example", "bounce.bücher.example"));
        for (identity, domain) in [
            ("xn--bcher-kva.example", "bounce.xn--bcher-kva.example"),
            ("BÜCHER.example.", "Bounce.Bücher.Example."),
        ] {
            let plan = planned(Some(&prior), &config(identity, domain), Some("eu-west-1"));
            assert_eq!(plan.planned, prior, "{identity}");
            assert!(plan.requires_replace.is_empty());
        }
    }

    #[test]
    fn the_case_of_an_address_is_a_change() {
        let prior = applied(&config("Sender@Example.com", "bounce.example.com"));
        let config = config("sender@example.com", "bounce.example.com");
        let plan = planned(Some(&prior), &config, Some("eu-west-1"));
        assert_eq!(replaced(&plan), ["identity"]);
        assert!(sets(&plan.planned));
    }

    #[test]
    fn identity_and_region_replace_and_domain_and_behavior_do_not() {
        let before = config("example.com", "bounce.example.com");
        let prior = applied(&before);
        let mut behavior = before.clone();
        behavior.behavior_on_mx_failure = value("RejectMessage");
        let other_identity = config("example.org", "bounce.example.org");
        let other_domain = config("example.com", "mail.example.com");
        for (config, region, replaces) in [
            (&other_identity, "eu-west-1", vec!["identity"]),
            (&before, "us-east-1", vec!["region"]),
            (&other_domain, "eu-west-1", vec![]),
            (&behavior, "eu-west-1", vec![]),
        ] {
            let plan = planned(Some(&prior), config, Some(region));
            assert_eq!(replaced(&plan), replaces);
            assert!(sets(&plan.planned), "a Set will be sent");
            assert!(plan.planned.dns.is_unknown());
        }
        let moved = planned(Some(&prior), &other_domain, Some("eu-west-1")).planned;
        let records = moved.dns_records.unwrap();
        assert_eq!(records[0].as_ref().unwrap().name, value("mail.example.com"));
        assert_eq!(moved.id, value("example.com"), "same id");
    }

    #[test]
    fn a_behavior_that_is_not_configured_is_the_default_and_not_the_prior_one() {
        let mut with_behavior = config("example.com", "bounce.example.com");
        with_behavior.behavior_on_mx_failure = value("RejectMessage");
        let prior = applied(&with_behavior);
        let without = config("example.com", "bounce.example.com");
        let plan = planned(Some(&prior), &without, Some("eu-west-1"));
        assert_eq!(
            plan.planned.behavior_on_mx_failure,
            value("UseDefaultValue")
        );
        assert!(sets(&plan.planned));
    }

    #[test]
    fn local_attributes_take_no_set() {
        let before = config("example.com", "bounce.example.com");
        let prior = applied(&before);
        let mut timeouts = before.clone();
        timeouts.timeouts = Value::Value(Timeouts {
            read: value("10s"),
            ..Timeouts::default()
        });
        let plan = planned(Some(&prior), &timeouts, Some("eu-west-1"));
        assert!(!sets(&plan.planned));
        assert_eq!(plan.planned.dns, prior.dns);

        let mut dns_check = before;
        dns_check.dns_check = Value::Value(false);
        let plan = planned(Some(&prior), &dns_check, Some("eu-west-1"));
        assert!(!sets(&plan.planned) && plan.planned.dns.is_unknown());
        assert_eq!(plan.planned.verification_status, prior.verification_status);
    }

    #[test]
    fn an_unknown_provider_region_leaves_what_exists_alone() {
        let config = config("example.com", "bounce.example.com");
        let prior = applied(&config);
        assert_eq!(planned(Some(&prior), &config, None).planned, prior);
    }
}
