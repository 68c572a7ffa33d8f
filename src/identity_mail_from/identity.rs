//! What tells the MAIL FROM domain of one identity from all others: the resource identity
//! of Terraform 1.12 and later.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use tf_provider::schema::AttributeType;
use tf_provider::value::Value;

use super::import::import;
use super::model::Model;
use super::resource::IdentityMailFrom;
use crate::attributes::known;
use crate::clients::Clients;
use crate::mail_from::Identity;
use crate::plugin::{Call, IdentityAttribute, IdentitySchema, ResourceIdentity, Told};

/// An identity of a region, in SES's own spelling.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct ObjectIdentity {
    identity: Value<String>,
    /// Null in an import: the provider's.
    region: Value<String>,
}

#[async_trait]
impl ResourceIdentity for IdentityMailFrom {
    type Identity = ObjectIdentity;

    fn identity_schema(&self) -> IdentitySchema {
        let attribute = |name, is_required, description| IdentityAttribute {
            name,
            attr_type: AttributeType::String,
            is_required,
            description,
        };
        IdentitySchema {
            version: 0,
            attributes: vec![
                attribute("identity", true, IDENTITY),
                attribute("region", false, REGION),
            ],
        }
    }

    fn identity(&self, state: &Model) -> ObjectIdentity {
        ObjectIdentity {
            identity: state.identity.as_ref().map(|text| normalised(text)),
            region: state.region.clone(),
        }
    }

    async fn import_by_identity(
        &self,
        call: &mut Call<Clients>,
        named: ObjectIdentity,
    ) -> Result<Model, Told> {
        let check = call.configured()?.region_check();
        let diags = &mut call.diags;
        let identity = known(
            diags,
            "identity",
            &named.identity,
            Identity::parse,
            |error| error.remedy(),
        );
        let parse = |text: &str| check.parse(text);
        let region = known(diags, "region", &named.region, parse, |error| {
            let remedy = error.remedy_by_block();
            format!("{remedy} Without it, the provider's is meant.")
        });
        match identity {
            Some(identity) if call.diags.errors.is_empty() => import(call, &identity, region).await,
            _ => Err(Told),
        }
    }
}

/// As SES has it. What is no identity, in a state that was edited by hand, stays as it is.
fn normalised(text: &str) -> String {
    match Identity::parse(text) {
        Ok(identity) => identity.as_str().to_owned(),
        Err(_) => text.to_owned(),
    }
}

const IDENTITY: &str = "The SES identity: a domain or an e-mail address.";

const REGION: &str = "The AWS region of the identity. Default: the provider's.";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attributes::value;

    #[test]
    fn every_spelling_of_an_object_has_one_identity() {
        for (written, identity) in [
            ("example.com", "example.com"),
            ("EXAMPLE.com.", "example.com"),
            ("bücher.example", "xn--bcher-kva.example"),
            ("Sender@Example.com", "Sender@Example.com"),
            ("not a name", "not a name"),
        ] {
            let state = Model {
                region: value("eu-west-1"),
                ..Model::of(written, Value::Null)
            };
            let expected = ObjectIdentity {
                identity: value(identity),
                region: value("eu-west-1"),
            };
            assert_eq!(IdentityMailFrom::default().identity(&state), expected);
        }
    }

    #[test]
    fn what_a_plan_does_not_know_yet_is_unknown() {
        let planned = Model {
            identity: Value::Unknown,
            region: Value::Unknown,
            ..Model::default()
        };
        let expected = ObjectIdentity {
            identity: Value::Unknown,
            region: Value::Unknown,
        };
        assert_eq!(IdentityMailFrom::default().identity(&planned), expected);
    }
}
