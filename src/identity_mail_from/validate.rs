//! What can be refused before anything is planned. Unknown values pass: they
//! are checked once they are known. Pure.

use std::fmt::Display;
use std::str::FromStr;

use tf_provider::value::Value;
use tf_provider::{AttributePath, Diagnostics};

use super::model::Model;
use crate::diagnostics::invalid;
use crate::duration;
use crate::mail_from::{BehaviorOnMxFailure, DomainName, Identity, check_subdomain};

/// What the attributes of a valid configuration mean, where they are known.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Meaning {
    pub(super) identity: Option<Identity>,
    pub(super) mail_from_domain: Option<DomainName>,
    /// Not configured: SES's default.
    pub(super) behavior: Option<BehaviorOnMxFailure>,
}

/// Parses a configuration or a plan, and tells what is wrong with it.
pub(super) fn validate(diags: &mut Diagnostics, model: &Model) -> Meaning {
    let identity = known(
        diags,
        "identity",
        &model.identity,
        Identity::parse,
        |error| error.remedy(),
    );
    let mail_from_domain = known(
        diags,
        "mail_from_domain",
        &model.mail_from_domain,
        DomainName::parse,
        |error| error.remedy(),
    );
    if let (Some(identity), Some(domain)) = (&identity, &mail_from_domain)
        && let Err(error) = check_subdomain(domain, identity)
    {
        let path = AttributePath::new("mail_from_domain");
        diags.add_error(invalid(path, &error, error.remedy()));
    }
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
    Meaning {
        identity,
        mail_from_domain,
        behavior,
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
        if let Value::Value(text) = value
            && let Err(error) = duration::parse(text)
        {
            let path = AttributePath::new("timeouts").attribute(name);
            diags.add_error(invalid(path, &error, error.remedy()));
        }
    }
}

/// Parses a value that is known; adds an error when that fails.
fn known<T, E: Display>(
    diags: &mut Diagnostics,
    attribute: &'static str,
    value: &Value<String>,
    parse: impl Fn(&str) -> Result<T, E>,
    remedy: impl Fn(&E) -> String,
) -> Option<T> {
    match parse(value.as_ref_option()?) {
        Ok(parsed) => Some(parsed),
        Err(error) => {
            diags.add_error(invalid(
                AttributePath::new(attribute),
                &error,
                remedy(&error),
            ));
            None
        }
    }
}
