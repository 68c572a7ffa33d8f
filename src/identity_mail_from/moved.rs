//! States of hashicorp/aws, taken over by a `moved` block.
//!
//! | type | identity | domain | behaviour |
//! |---|---|---|---|
//! | `aws_ses_domain_mail_from` | `domain` | `mail_from_domain` | as here |
//! | `aws_sesv2_email_identity_mail_from_attributes` | `email_identity` | `mail_from_domain`, which may be null | `USE_DEFAULT_VALUE`, `REJECT_MESSAGE` |
//!
//! Versions 3 to 5 have no `region`. Names stay as they are spelt, so that a configuration
//! that spells them so plans nothing. Where the region is known, so are the DNS records; a read
//! fills in the rest.

use serde_json::{Map, Value as Json};
use tf_provider::value::Value;
use tf_provider::{AttributePath, Diagnostics};

use super::TYPE_NAME;
use super::model::Model;
use super::private::Private;
use super::resource::IdentityMailFrom;
use crate::diagnostics::diagnostic;
use crate::dns_records::dns_records;
use crate::mail_from::{BehaviorOnMxFailure, DomainName, Identity, Region, visible};
use crate::plugin::{MoveSource, MoveState, Moved, Told};

const SOURCES: [MoveSource; 2] = [
    MoveSource {
        provider: "hashicorp/aws",
        type_name: "aws_ses_domain_mail_from",
        attribute: "domain",
        version: 0,
    },
    MoveSource {
        provider: "hashicorp/aws",
        type_name: "aws_sesv2_email_identity_mail_from_attributes",
        attribute: "email_identity",
        version: 0,
    },
];

impl MoveState for IdentityMailFrom {
    fn sources(&self) -> &'static [MoveSource] {
        &SOURCES
    }

    fn moved(
        &self,
        diags: &mut Diagnostics,
        source: &MoveSource,
        attributes: &Map<String, Json>,
    ) -> Result<Moved<Model>, Told> {
        let state = state(attributes).map_err(|error| {
            let detail = format!(
                "The {} cannot become a {TYPE_NAME}: {error}.\n\n{}",
                source.type_name,
                error.remedy()
            );
            let told = diagnostic("Cannot be moved", detail, AttributePath::root());
            diags.add_error(told);
            Told
        })?;
        Ok(Moved {
            state,
            private: Private::begin().to_bytes(),
        })
    }
}

/// What keeps a state from being taken over.
#[derive(Debug, PartialEq, thiserror::Error)]
enum MoveError {
    #[error("its state names no identity")]
    NoIdentity,
    #[error("its state names an identity that cannot be one: {0}")]
    Identity(String),
    #[error("{0} has no MAIL FROM domain in its state")]
    NoMailFrom(Identity),
    #[error("`region` in its state is not the code of a region: `{}`", visible(.0))]
    Region(String),
    #[error("`{0}` in its state is no text")]
    NotText(&'static str),
}

impl MoveError {
    fn remedy(&self) -> &'static str {
        match self {
            Self::NoMailFrom(_) => {
                "There is nothing to take over. Leave the `moved` block out, and let go of the \
                 old resource by a `removed` block with `destroy = false`; the new one sets the \
                 MAIL FROM domain that it is configured with."
            }
            _ => {
                "Let hashicorp/aws write its state anew (`terraform apply -refresh-only`, before \
                 the `moved` block), or leave the `moved` block out and import the identity."
            }
        }
    }
}

fn state(attributes: &Map<String, Json>) -> Result<Model, MoveError> {
    let identity = match text(attributes, "domain")?.or(text(attributes, "email_identity")?) {
        Some(identity) => identity,
        // The id is the identity.
        None => text(attributes, "id")?.ok_or(MoveError::NoIdentity)?,
    };
    let parsed =
        Identity::parse(identity).map_err(|error| MoveError::Identity(error.to_string()))?;
    // Whether it may be any label, a block says that may not be known yet: the read that
    // follows goes by it.
    let region = text(attributes, "region")?
        .map(|text| Region::parse_any(text).map_err(|_| MoveError::Region(text.to_owned())));
    let region = region.transpose()?;
    let id = parsed.as_str().to_owned();
    let domain = text(attributes, "mail_from_domain")?.ok_or(MoveError::NoMailFrom(parsed))?;
    // Without them, a plan that does not refresh would show them as an update.
    let dns_records = match (DomainName::parse(domain), &region) {
        (Ok(domain), Some(region)) => dns_records(Some(&domain), Some(region), &Value::Null),
        _ => Value::Null,
    };
    Ok(Model {
        dns_records,
        identity: Value::Value(identity.to_owned()),
        id: Value::Value(id),
        mail_from_domain: Value::Value(domain.to_owned()),
        behavior_on_mx_failure: behavior(text(attributes, "behavior_on_mx_failure")?),
        // Null is the provider's, which may not be known yet.
        region: region.map_or(Value::Null, |region| {
            Value::Value(region.as_str().to_owned())
        }),
        ..Model::default()
    })
}

/// The text of an attribute; `None` where it is missing, null or empty, which hashicorp/aws
/// does not tell apart.
fn text<'a>(
    attributes: &'a Map<String, Json>,
    name: &'static str,
) -> Result<Option<&'a str>, MoveError> {
    match attributes.get(name) {
        None | Some(Json::Null) => Ok(None),
        Some(Json::String(text)) => Ok(Some(text.as_str()).filter(|text| !text.is_empty())),
        Some(_) => Err(MoveError::NotText(name)),
    }
}

/// As SES's first API spells it, and not its second. What neither does is left to the read.
fn behavior(text: Option<&str>) -> Value<String> {
    let behavior = match text {
        None | Some("USE_DEFAULT_VALUE" | "UseDefaultValue") => {
            BehaviorOnMxFailure::UseDefaultValue
        }
        Some("REJECT_MESSAGE" | "RejectMessage") => BehaviorOnMxFailure::RejectMessage,
        Some(_) => return Value::Null,
    };
    Value::Value(behavior.as_str().to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::attributes::value;

    fn moved(attributes: Json) -> Result<Model, MoveError> {
        let Json::Object(attributes) = attributes else {
            panic!("{attributes} is no object");
        };
        state(&attributes)
    }

    #[test]
    fn states_of_both_types_become_ours() {
        let ours = Model {
            id: value("example.com"),
            behavior_on_mx_failure: value("UseDefaultValue"),
            ..Model::of("example.com", value("bounce.example.com"))
        };
        let rejecting = Model {
            behavior_on_mx_failure: value("RejectMessage"),
            ..ours.clone()
        };
        let domain = DomainName::parse("bounce.example.com").unwrap();
        let records = |region: &str| {
            let region = Region::parse_any(region).ok();
            dns_records(Some(&domain), region.as_ref(), &Value::Null)
        };
        for (attributes, expected) in [
            (
                json!({
                    "id": "example.com",
                    "domain": "example.com",
                    "mail_from_domain": "bounce.example.com",
                    "behavior_on_mx_failure": "UseDefaultValue",
                }),
                ours.clone(),
            ),
            (
                json!({
                    "id": "example.com",
                    "email_identity": "example.com",
                    "mail_from_domain": "bounce.example.com",
                    "behavior_on_mx_failure": "REJECT_MESSAGE",
                    "region": null,
                }),
                rejecting,
            ),
            (
                json!({
                    "id": "example.com",
                    "mail_from_domain": "bounce.example.com",
                    "behavior_on_mx_failure": "",
                    "region": "",
                }),
                ours.clone(),
            ),
            (
                json!({
                    "domain": "EXAMPLE.com.",
                    "mail_from_domain": "Bounce.Example.com.",
                    "behavior_on_mx_failure": null,
                    "region": "eu-west-1",
                }),
                Model {
                    identity: value("EXAMPLE.com."),
                    mail_from_domain: value("Bounce.Example.com."),
                    region: value("eu-west-1"),
                    dns_records: records("eu-west-1"),
                    ..ours.clone()
                },
            ),
            (
                json!({
                    "domain": "example.com",
                    "mail_from_domain": "bounce.example.com",
                    "region": "local",
                }),
                Model {
                    region: value("local"),
                    dns_records: records("local"),
                    ..ours.clone()
                },
            ),
            (
                json!({
                    "email_identity": "Sender@Example.com",
                    "mail_from_domain": "bounce.example.com",
                    "behavior_on_mx_failure": "SOMETHING_ELSE",
                }),
                Model {
                    identity: value("Sender@Example.com"),
                    id: value("Sender@Example.com"),
                    behavior_on_mx_failure: Value::Null,
                    ..ours.clone()
                },
            ),
        ] {
            assert_eq!(moved(attributes.clone()), Ok(expected), "{attributes}");
        }
    }

    #[test]
    fn a_state_that_cannot_be_taken_over_says_why() {
        let identity = Identity::parse("example.com").unwrap();
        for (attributes, error) in [
            (json!({}), MoveError::NoIdentity),
            (json!({ "domain": "", "id": null }), MoveError::NoIdentity),
            (
                json!({ "email_identity": "example.com", "mail_from_domain": null }),
                MoveError::NoMailFrom(identity.clone()),
            ),
            (
                json!({ "email_identity": "example.com", "mail_from_domain": "" }),
                MoveError::NoMailFrom(identity),
            ),
            (
                json!({ "domain": ["example.com"] }),
                MoveError::NotText("domain"),
            ),
            (
                json!({ "domain": "example.com", "mail_from_domain": 1 }),
                MoveError::NotText("mail_from_domain"),
            ),
            (
                json!({ "domain": "example.com", "region": "no where" }),
                MoveError::Region("no where".to_owned()),
            ),
        ] {
            assert_eq!(moved(attributes), Err(error));
        }
        let told = moved(json!({ "domain": "example" })).unwrap_err();
        assert!(matches!(told, MoveError::Identity(_)), "{told}");
    }
}
