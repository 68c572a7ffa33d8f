//! What will be. Pure and deterministic: Terraform plans more than once.

use tf_provider::AttributePath;
use tf_provider::value::Value;

use super::model::Model;
use crate::attributes::{NameValues, Names, changed, changed_region};
use crate::mail_from::Region;

/// A plan for one resource.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Plan {
    pub(super) planned: Model,
    /// Attributes whose change cannot be made in place.
    pub(super) requires_replace: Vec<AttributePath>,
}

/// Plans a create (`prior` is `None`) or an update. `meaning` is what `config`
/// says; `region` is the provider's, `None` while that is unknown, or not needed.
pub(super) fn plan(
    prior: Option<&Model>,
    config: &Model,
    meaning: &Names,
    region: Option<&Region>,
) -> Plan {
    let names = NameValues::planned(
        prior.map(Model::names).as_ref(),
        &config.names(),
        meaning,
        region,
    );
    let requires_replace = prior.map_or_else(Vec::new, |prior| {
        let mut changed = changed(&[
            ("identity", &prior.identity, &names.identity),
            (
                "mail_from_domain",
                &prior.mail_from_domain,
                &names.mail_from_domain,
            ),
        ]);
        changed.extend(changed_region(&prior.region, &names.region));
        changed
    });
    let verification_status = match prior {
        Some(prior) if requires_replace.is_empty() => prior.verification_status.clone(),
        _ => Value::Unknown,
    };
    let planned = Model {
        id: names.id,
        identity: names.identity,
        mail_from_domain: names.mail_from_domain,
        region: names.region,
        verification_status,
        // Local attributes are as configured.
        ..config.clone()
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
    use tf_provider::Diagnostics;

    use super::*;
    use crate::attributes::value;
    use crate::identity_mail_from_verification::model::Timeouts;
    use crate::identity_mail_from_verification::validate::validate;

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
        let config = Model::of("EXAMPLE.com.", value("bounce.example.com"));
        let Plan { planned, .. } = planned(None, &config, Some("eu-west-1"));
        assert!(waits(&planned));
        assert_eq!(planned.id, value("example.com"));
        assert_eq!(planned.region, value("eu-west-1"));
        assert_eq!(planned.identity, value("EXAMPLE.com."));
    }

    #[test]
    fn nothing_changed_and_another_spelling_plan_the_prior_state() {
        let before = Model::of("bücher.example", value("bounce.bücher.example"));
        let prior = created(&before);
        let named = Model {
            region: value("eu-west-1"),
            ..before.clone()
        };
        let other = Model::of("BÜCHER.example.", value("bounce.xn--bcher-kva.example"));
        for (config, region) in [
            (&before, Some("eu-west-1")),
            (&before, None),
            (&named, Some("us-east-1")),
            (&other, Some("eu-west-1")),
        ] {
            let plan = planned(Some(&prior), config, region);
            assert_eq!(plan.planned, prior);
            assert!(plan.requires_replace.is_empty());
        }
    }

    #[test]
    fn what_is_waited_for_replaces() {
        let before = Model::of("example.com", value("bounce.example.com"));
        let prior = created(&before);
        let domain = |domain| Model::of("example.com", domain);
        for (config, region, replaces) in [
            (
                Model::of("a@example.com", value("bounce.example.com")),
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
            (
                Model {
                    region: value("us-east-1"),
                    ..before.clone()
                },
                "eu-west-1",
                "region",
            ),
        ] {
            let plan = planned(Some(&prior), &config, Some(region));
            assert_eq!(replaced(&plan), [replaces]);
            assert!(waits(&plan.planned));
        }
    }

    #[test]
    fn a_change_of_timeouts_waits_for_nothing() {
        let mut config = Model::of("example.com", Value::Null);
        let prior = created(&config);
        config.timeouts = Value::Value(Timeouts {
            create: value("1h"),
        });
        let plan = planned(Some(&prior), &config, Some("eu-west-1"));
        assert!(plan.requires_replace.is_empty() && !waits(&plan.planned));
        assert_eq!(plan.planned.timeouts, config.timeouts);
    }
}
