//! What the attributes of several entities have in common: how they are
//! described, parsed, planned and read back.

use std::fmt::Display;
use std::time::Duration;

use tf_provider::schema::{Attribute, AttributeConstraint, AttributeType, Description};
use tf_provider::value::Value;
use tf_provider::{AttributePath, Diagnostics};

use crate::diagnostics::{diagnostic, invalid};
use crate::duration;
use crate::mail_from::{
    DomainName, Identity, Place, Region, RegionCheck, RegionError, check_subdomain,
};
use crate::plugin::Told;

/// A string attribute, with a description in Markdown.
pub fn string(
    name: &str,
    constraint: AttributeConstraint,
    description: &str,
) -> (String, Attribute) {
    attribute(name, constraint, AttributeType::String, description)
}

/// An attribute of any type, with a description in Markdown.
pub fn attribute(
    name: &str,
    constraint: AttributeConstraint,
    attr_type: AttributeType,
    description: &str,
) -> (String, Attribute) {
    let attribute = Attribute {
        attr_type,
        description: Description::markdown(description),
        constraint,
        sensitive: false,
        deprecated: false,
    };
    (name.to_owned(), attribute)
}

/// Parses a value that is known; adds an error at `attribute` when that fails.
pub fn known<T, E: Display>(
    diags: &mut Diagnostics,
    attribute: &'static str,
    value: &Value<String>,
    parse: impl Fn(&str) -> Result<T, E>,
    remedy: impl Fn(&E) -> String,
) -> Option<T> {
    match parse(value.as_ref_option()?) {
        Ok(parsed) => Some(parsed),
        Err(error) => {
            let path = AttributePath::new(attribute);
            diags.add_error(invalid(path, &error, remedy(&error)));
            None
        }
    }
}

/// Parses a configured `region`; adds an error when that fails. `None`: the provider's, or
/// not known yet.
pub fn configured_region(
    diags: &mut Diagnostics,
    region: &Value<String>,
    check: RegionCheck,
) -> Option<Region> {
    let name = "region";
    if matches!(region, Value::Value(text) if text.is_empty()) {
        diags.add_error(invalid(
            AttributePath::new(name),
            "the region is empty",
            "Write the region's code, such as `eu-west-1`, or leave it out (or write `null`) for \
             the provider's.",
        ));
        return None;
    }
    let parse = |text: &str| check.parse(text);
    known(diags, name, region, parse, RegionError::remedy_by_block)
}

/// What the attributes that every resource has in common mean, where they are
/// known and valid.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Names {
    /// `identity`
    pub identity: Option<Identity>,
    /// `mail_from_domain`
    pub mail_from_domain: Option<DomainName>,
}

impl Names {
    /// Parses `identity` and `mail_from_domain`, and adds an error for each that is invalid,
    /// or if the second is no subdomain of the first.
    pub fn parse(
        diags: &mut Diagnostics,
        identity: &Value<String>,
        mail_from_domain: &Value<String>,
    ) -> Self {
        let identity = known(diags, "identity", identity, Identity::parse, |error| {
            error.remedy()
        });
        let name = "mail_from_domain";
        let domain = known(diags, name, mail_from_domain, DomainName::parse, |error| {
            error.remedy()
        });
        if let (Some(identity), Some(domain)) = (&identity, &domain)
            && let Err(error) = check_subdomain(domain, identity)
        {
            let path = AttributePath::new(name);
            diags.add_error(invalid(path, &error, error.remedy()));
        }
        Self {
            identity,
            mail_from_domain: domain,
        }
    }
}

/// The same attributes as values, and those that follow from them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NameValues {
    /// `identity`
    pub identity: Value<String>,
    /// `mail_from_domain`
    pub mail_from_domain: Value<String>,
    /// `region`
    pub region: Value<String>,
    /// `id`: the normalised identity.
    pub id: Value<String>,
}

impl NameValues {
    /// The values to plan for a configuration that means `names`: the prior ones
    /// where the configured ones mean the same. `provider_region` is `None` while it is
    /// unknown, or not needed.
    pub fn planned(
        prior: Option<&Self>,
        configured: &Self,
        names: &Names,
        provider_region: Option<&Region>,
    ) -> Self {
        let was = |of: fn(&Self) -> &Value<String>| prior.map_or(&Value::Null, of);
        Self {
            identity: spelled_as_before(
                &configured.identity,
                was(|prior| &prior.identity),
                |text| Identity::parse(text).ok(),
            ),
            mail_from_domain: spelled_as_before(
                &configured.mail_from_domain,
                was(|prior| &prior.mail_from_domain),
                |text| DomainName::parse(text).ok(),
            ),
            region: match &configured.region {
                Value::Null => planned_region(provider_region, prior.map(|prior| &prior.region)),
                configured => configured.clone(),
            },
            id: match &names.identity {
                Some(identity) => Value::Value(identity.as_str().to_owned()),
                None => Value::Unknown,
            },
        }
    }
}

/// The paths of the attributes, given as `(name, before, after)`, that change.
pub fn changed(
    attributes: &[(&'static str, &Value<String>, &Value<String>)],
) -> Vec<AttributePath> {
    let changed = attributes
        .iter()
        .filter(|(_, before, after)| before != after);
    changed
        .map(|(name, ..)| AttributePath::new(*name))
        .collect()
}

/// The path of `region`, where it changes. From null nothing moves: a state that names no
/// region is one of the provider's.
pub fn changed_region(before: &Value<String>, after: &Value<String>) -> Vec<AttributePath> {
    let before = if before.is_null() { after } else { before };
    changed(&[("region", before, after)])
}

/// Adds an error for a duration of the `timeouts` block that cannot be parsed.
pub fn check_timeout(diags: &mut Diagnostics, name: &'static str, value: &Value<String>) {
    if let Value::Value(text) = value
        && let Err(error) = duration::parse(text)
    {
        let path = AttributePath::new("timeouts").attribute(name);
        diags.add_error(invalid(path, &error, error.remedy()));
    }
}

/// A configured timeout or `otherwise`. What cannot be parsed was refused by
/// validation.
pub fn timeout_or(configured: Option<&Value<String>>, otherwise: Duration) -> Duration {
    configured
        .and_then(Value::as_ref_option)
        .and_then(|text| duration::parse(text).ok())
        .unwrap_or(otherwise)
}

/// The configured value, unless it means the same as the prior one: a domain
/// that is only written differently is no change.
pub fn spelled_as_before<T: PartialEq>(
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

/// The region to plan where none is configured: the provider's, so that a change of it is
/// seen. An unknown one (`None`) says nothing about a resource that exists in `prior`.
fn planned_region(provider: Option<&Region>, prior: Option<&Value<String>>) -> Value<String> {
    match (provider, prior) {
        (Some(region), _) => Value::Value(region.as_str().to_owned()),
        (None, Some(prior)) if !prior.is_null() => prior.clone(),
        (None, _) => Value::Unknown,
    }
}

/// The region of a state: null, as in states of other providers, is the provider's.
pub fn region_or(state: &Value<String>, provider_region: Option<&Region>) -> Value<String> {
    match (state, provider_region) {
        (Value::Null, Some(region)) => Value::Value(region.as_str().to_owned()),
        (state, _) => state.clone(),
    }
}

/// The identity and the region that the plan or the state of a `type_name` names.
/// These were checked, so that an error means that the state was edited by hand, moved from
/// another provider, or made when the provider block had `skip_region_validation`.
pub fn place(
    diags: &mut Diagnostics,
    type_name: &str,
    names: [&Value<String>; 2],
    check: RegionCheck,
) -> Result<Place, Told> {
    let [identity, region] = names.map(Value::as_ref_option);
    let identity = identity.map(|text| Identity::parse(text));
    let region = region.map(|text| check.parse(text));
    let (problem, by_block) = match (identity, region) {
        (Some(Ok(identity)), Some(Ok(region))) => return Ok(Place { identity, region }),
        (Some(Err(error)), _) => (error.to_string(), None),
        (_, Some(Err(error))) => (error.to_string(), error.by_block()),
        (None, _) => ("the identity is missing".to_owned(), None),
        (_, None) => ("the region is missing".to_owned(), None),
    };
    let remedy = match by_block {
        Some(by_block) => format!("{by_block} Otherwise remove"),
        None => "Remove".to_owned(),
    };
    diags.add_error(diagnostic(
        format!("Unusable state of a {type_name}"),
        format!(
            "The state does not say which identity is meant: {problem}. {remedy} the \
             resource from the state (`terraform state rm`), and import or create it again."
        ),
        AttributePath::root(),
    ));
    Err(Told)
}

/// A known value, for tests.
#[cfg(test)]
pub(crate) fn value(text: &str) -> Value<String> {
    Value::Value(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_spelling_keeps_the_prior_value() {
        let domain = |text: &str| DomainName::parse(text).ok();
        let prior = value("Bounce.bücher.example");
        let same = value("bounce.xn--bcher-kva.example.");
        assert_eq!(spelled_as_before(&same, &prior, domain), prior);
        for other in [value("mail.bücher.example"), Value::Null, Value::Unknown] {
            assert_eq!(spelled_as_before(&other, &prior, domain), other);
            assert_eq!(spelled_as_before(&prior, &other, domain), prior);
        }
    }

    #[test]
    fn configured_region_is_told_with_what_to_write() {
        let argument = "`skip_region_validation = true`";
        for (region, remedies, is_label) in [
            ("EU-WEST-1", &["Write `eu-west-1`.", argument][..], true),
            ("nowhere", &["Write the region's code", argument], true),
            ("eu west 1", &["Write `eu-west-1`."], false),
            (
                "",
                &["leave it out (or write `null`) for the provider's."],
                false,
            ),
        ] {
            let mut diags = Diagnostics::default();
            configured_region(&mut diags, &value(region), RegionCheck::Code);
            let [error] = diags.errors.as_slice() else {
                panic!("{region}: {:?}", diags.errors);
            };
            assert_eq!(error.attribute.to_string(), "region");
            for remedy in remedies {
                assert!(error.detail.contains(remedy), "{error:?}");
            }
            let taken = configured_region(
                &mut Diagnostics::default(),
                &value(region),
                RegionCheck::Label,
            );
            assert_eq!(taken.is_some(), is_label, "{region}");
        }
        for region in [Value::Null, Value::Unknown, value("eusc-de-east-1")] {
            let mut diags = Diagnostics::default();
            configured_region(&mut diags, &region, RegionCheck::Code);
            assert!(diags.errors.is_empty());
        }
    }

    #[test]
    fn region_is_the_providers_unless_that_is_unknown() {
        let region = Region::parse("eu-west-1").unwrap();
        let prior = value("us-east-1");
        let planned = planned_region(Some(&region), Some(&prior));
        assert_eq!(planned, value("eu-west-1"));
        assert_eq!(planned_region(None, Some(&prior)), prior);
        assert_eq!(planned_region(None, None), Value::Unknown);
    }

    #[test]
    fn place_of_a_state_that_was_edited_is_an_error() {
        let (identity, region) = (value("example.com"), value("eu-west-1"));
        let mut diags = Diagnostics::default();
        let code = RegionCheck::Code;
        let local = value("local");
        assert!(place(&mut diags, "ses_x", [&identity, &region], code).is_ok());
        let of_local = |diags: &mut _, check| place(diags, "ses_x", [&identity, &local], check);
        assert!(of_local(&mut diags, RegionCheck::Label).is_ok());
        assert!(diags.errors.is_empty());
        assert!(of_local(&mut diags, code).is_err());
        let told = &diags.errors[0].detail;
        assert!(told.contains("`skip_region_validation = true`"), "{told}");
        for (identity, region) in [
            (Value::Null, region.clone()),
            (identity.clone(), value("no.where")),
            (value("a@b@c"), region),
            (identity, Value::Null),
        ] {
            let mut diags = Diagnostics::default();
            assert!(place(&mut diags, "ses_x", [&identity, &region], code).is_err());
            assert!(diags.errors[0].summary.contains("ses_x"));
        }
    }

    #[test]
    fn timeout_is_the_configured_one_or_the_other() {
        let otherwise = Duration::from_secs(300);
        assert_eq!(timeout_or(None, otherwise), otherwise);
        assert_eq!(timeout_or(Some(&Value::Null), otherwise), otherwise);
        let configured = timeout_or(Some(&value("1h30m")), otherwise);
        assert_eq!(configured, Duration::from_secs(5400));
    }
}
