//! What can be refused before anything is planned. Unknown values pass: they
//! are checked once they are known. Pure.

use tf_provider::Diagnostics;
use tf_provider::value::Value;

use super::model::Model;
use crate::attributes::{Names, check_timeout};

/// Parses a configuration or a plan, and tells what is wrong with it; what its region may be
/// is for the provider block to say.
pub(super) fn validate(diags: &mut Diagnostics, model: &Model) -> Names {
    let names = Names::parse(diags, &model.identity, &model.mail_from_domain);
    if let Value::Value(timeouts) = &model.timeouts {
        check_timeout(diags, "create", &timeouts.create);
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attributes::value;
    use crate::identity_mail_from_verification::model::Timeouts;

    #[test]
    fn what_is_wrong_is_told_at_its_attribute() {
        let timeouts = Value::Value(Timeouts {
            create: value("soon"),
        });
        let slow = Model {
            timeouts,
            ..Model::of("example.com", Value::Null)
        };
        for (config, path) in [
            (Model::of("@example.com", Value::Null), "identity"),
            (
                Model::of("example.com", value("example.com")),
                "mail_from_domain",
            ),
            (
                Model::of("example.com", value("bounce")),
                "mail_from_domain",
            ),
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
            region: Value::Unknown,
            timeouts: Value::Unknown,
            ..Model::default()
        };
        assert_eq!(validate(&mut diags, &unknown), Names::default());
        assert!(diags.errors.is_empty());
    }
}
