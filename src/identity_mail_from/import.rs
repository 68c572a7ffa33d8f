//! What an import id says: `identity`, or `identity@region`; and what an import begins with.

use tf_provider::value::Value;

use super::model::Model;
use super::private::Private;
use crate::clients::Clients;
use crate::mail_from::{Identity, IdentityError, Region};
use crate::plugin::{Call, Told};
use crate::target::region_of_import;

/// What is imported, and from where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ImportId {
    pub(super) identity: Identity,
    /// `None`: the provider's.
    pub(super) region: Option<Region>,
}

impl ImportId {
    /// Parses an id. What follows the last `@` is a region if it can be one: a
    /// domain has a dot, which no region has.
    pub(super) fn parse(id: &str) -> Result<Self, IdentityError> {
        if let Some((identity, region)) = id.rsplit_once('@')
            && let Ok(region) = Region::parse(region)
        {
            return Ok(Self {
                identity: Identity::parse(identity)?,
                region: Some(region),
            });
        }
        Ok(Self {
            identity: Identity::parse(id)?,
            region: None,
        })
    }
}

/// As much of the state as an import tells; a read fills in the rest. Without a region,
/// the provider's is meant.
pub(super) async fn import(
    call: &mut Call<Clients>,
    identity: &Identity,
    region: Option<Region>,
) -> Result<Model, Told> {
    let region = match region {
        Some(region) => region,
        None => {
            let doing = format!("Could not import the MAIL FROM domain of {identity}");
            region_of_import(call, &doing).await?
        }
    };
    Private::begin().keep(call);
    Ok(imported(identity, &region))
}

/// The state of an import before it is read.
pub(super) fn imported(identity: &Identity, region: &Region) -> Model {
    Model {
        identity: Value::Value(identity.as_str().to_owned()),
        id: Value::Value(identity.as_str().to_owned()),
        region: Value::Value(region.as_str().to_owned()),
        ..Model::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn id_is_an_identity_with_or_without_a_region() {
        for (id, identity, region) in [
            ("example.com", "example.com", None),
            ("EXAMPLE.com.", "example.com", None),
            ("example.com@eu-west-1", "example.com", Some("eu-west-1")),
            ("Sender@Example.com", "Sender@Example.com", None),
            (
                "Sender@Example.com@us-gov-west-1",
                "Sender@Example.com",
                Some("us-gov-west-1"),
            ),
        ] {
            let parsed = ImportId::parse(id).unwrap();
            assert_eq!(parsed.identity.as_str(), identity, "{id}");
            assert_eq!(parsed.region.as_ref().map(Region::as_str), region, "{id}");
        }
        for id in [
            "",
            "example",
            "@eu-west-1",
            "a@b@c@eu-west-1",
            "a@example.com@nowhere",
            "user@",
        ] {
            assert!(ImportId::parse(id).is_err(), "{id}");
        }
    }
}
