//! What an import id says: `identity`, or `identity@region`; and what an import begins with.

use tf_provider::value::Value;

use super::model::Model;
use super::private::Private;
use crate::clients::Clients;
use crate::mail_from::{Identity, IdentityError, Region, RegionCheck, RegionError};
use crate::plugin::{Call, Told};
use crate::target::region_of_import;

/// What is imported, and from where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ImportId {
    pub(super) identity: Identity,
    /// `None`: the provider's.
    pub(super) region: Option<Region>,
}

/// Why an id is none.
#[derive(Debug, thiserror::Error)]
pub(super) enum ImportIdError {
    #[error(transparent)]
    Identity(#[from] IdentityError),
    #[error(transparent)]
    Region(RegionError),
}

impl ImportIdError {
    pub(super) fn remedy(&self) -> String {
        match self {
            Self::Identity(error) => error.remedy(),
            Self::Region(error) => error.remedy_by_block(),
        }
    }
}

impl ImportId {
    /// Parses an id. What follows the last `@` is a region if it can be one: a
    /// domain has a dot, which no region has.
    pub(super) fn parse(id: &str, check: RegionCheck) -> Result<Self, ImportIdError> {
        let whole = Identity::parse(id);
        let Some((identity, region)) = id.rsplit_once('@') else {
            return Ok(Self::in_provider_region(whole?));
        };
        match (check.parse(region), Identity::parse(identity), whole) {
            (Ok(region), identity, _) => Ok(Self {
                identity: identity?,
                region: Some(region),
            }),
            (Err(error), Ok(_), Err(_)) => Err(ImportIdError::Region(error)),
            (Err(_), _, whole) => Ok(Self::in_provider_region(whole?)),
        }
    }

    fn in_provider_region(identity: Identity) -> Self {
        Self {
            identity,
            region: None,
        }
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
            let parsed = ImportId::parse(id, RegionCheck::Code).unwrap();
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
            assert!(ImportId::parse(id, RegionCheck::Code).is_err(), "{id}");
        }
    }

    #[test]
    fn id_may_name_an_emulator_s_region_where_the_block_takes_it() {
        let region = |id| {
            let parsed = ImportId::parse(id, RegionCheck::Label).unwrap();
            parsed.region.map(|region| region.to_string())
        };
        for (id, argument, written) in [
            ("example.com@local", true, None),
            ("a@example.com@EU-WEST-1", true, Some("`eu-west-1`")),
        ] {
            let remedy = ImportId::parse(id, RegionCheck::Code).unwrap_err().remedy();
            assert_eq!(remedy.contains("`skip_region_validation = true`"), argument);
            assert!(remedy.contains(written.unwrap_or_default()), "{remedy}");
            let (_, named) = id.rsplit_once('@').unwrap();
            assert_eq!(region(id).as_deref(), Some(named));
        }
        assert_eq!(region("example.com"), None);
        assert_eq!(region("sender@example.com"), None);
        assert!(ImportId::parse("example.com@no where", RegionCheck::Label).is_err());
    }
}
