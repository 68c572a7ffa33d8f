//! Owner of the credentials, as far as it is known before a call: SES's limit is an
//! account's, and processes with the same owner share it.

use std::borrow::Cow;

use aws_config::profile::{self, Profile, ProfileSet};
use aws_runtime::env_config::file::EnvConfigFiles;
use aws_types::os_shim_internal::{Env, Fs};

use super::connection::ConnectionSettings;

/// Whose credentials a process uses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Owner {
    /// The account's twelve digits.
    Account(String),
    /// The ARN of a role that names no account.
    Role(String),
    /// A long-lived access key's id.
    AccessKey(String),
    /// Nothing is known: temporary keys are others in each process, and say nothing.
    Unknown,
}

/// What the AWS variables of the environment say of the owner.
#[derive(Clone, Debug, Default)]
pub struct EnvironmentOwner {
    /// `AWS_ACCESS_KEY_ID`
    pub access_key: Option<String>,
    /// Whether there is an `AWS_SESSION_TOKEN`.
    pub has_token: bool,
    /// `AWS_ACCOUNT_ID`
    pub account: Option<String>,
    /// `AWS_ROLE_ARN`, which a web identity assumes.
    pub role_arn: Option<String>,
}

impl Owner {
    /// The owner of the credentials that the chain finds with `settings`, without a call:
    /// keys of the settings, keys of the environment, the profile, a web identity.
    pub(super) async fn of(settings: &ConnectionSettings) -> Self {
        if let Some(keys) = &settings.keys {
            return Self::of_key(&keys.access_key, keys.token.is_some());
        }
        let environment = &settings.environment;
        if let Some(access_key) = &environment.access_key {
            return match &environment.account {
                Some(account) => Self::Account(account.clone()),
                None => Self::of_key(access_key, environment.has_token),
            };
        }
        let profiles = profiles(settings.profile.clone()).await;
        let profile = profiles
            .as_ref()
            .and_then(|profiles| profiles.get_profile(profiles.selected_profile()));
        let of_profile = profile.and_then(Self::of_profile);
        let of_role = || environment.role_arn.as_deref().map(Self::of_role);
        of_profile.or_else(of_role).unwrap_or(Self::Unknown)
    }

    fn of_profile(profile: &Profile) -> Option<Self> {
        let get = |name| profile.get(name).filter(|value| !value.is_empty());
        let account = || get("aws_account_id").or_else(|| get("sso_account_id"));
        let role = get("role_arn").map(Self::of_role);
        role.or_else(|| account().map(|account| Self::Account(account.to_owned())))
            .or_else(|| {
                let token = get("aws_session_token");
                Some(Self::of_key(get("aws_access_key_id")?, token.is_some()))
            })
    }

    /// `arn:PARTITION:iam::ACCOUNT:role/NAME`
    fn of_role(arn: &str) -> Self {
        let is_account = |part: &&str| part.len() == 12 && part.bytes().all(|c| c.is_ascii_digit());
        match arn.split(':').nth(4).filter(is_account) {
            Some(account) => Self::Account(account.to_owned()),
            None => Self::Role(arn.to_owned()),
        }
    }

    /// Temporary keys begin with `ASIA` (IAM's prefixes of unique identifiers).
    fn of_key(access_key: &str, has_token: bool) -> Self {
        if has_token || access_key.starts_with("ASIA") {
            Self::Unknown
        } else {
            Self::AccessKey(access_key.to_owned())
        }
    }
}

/// The configuration files; `None` where they cannot be read: the credential chain tells.
pub(super) async fn profiles(name: Option<String>) -> Option<ProfileSet> {
    let files = EnvConfigFiles::default();
    let name = name.map(Cow::Owned);
    let loaded = profile::load(&Fs::real(), &Env::real(), &files, name).await;
    loaded.ok()
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use aws_config::profile::Property;

    use super::*;
    use crate::ses::aws::AccessKeys;

    fn profile(properties: &[(&str, &str)]) -> Option<Owner> {
        let properties = properties.iter().map(|(key, value)| {
            let property = Property::new((*key).to_owned(), (*value).to_owned());
            ((*key).to_owned(), property)
        });
        let properties: HashMap<String, Property> = properties.collect();
        Owner::of_profile(&Profile::new("name", properties))
    }

    fn account(digits: &str) -> Option<Owner> {
        Some(Owner::Account(digits.to_owned()))
    }

    #[test]
    fn a_profile_names_the_account_its_role_or_a_long_lived_key() {
        let key = ("aws_access_key_id", "AKIAEXAMPLE");
        let role = ("role_arn", "arn:aws:iam::111122223333:role/terraform");
        assert_eq!(profile(&[key, role]), account("111122223333"));
        let odd = "arn:aws:iam::aws:role/x";
        let expected = Some(Owner::Role(odd.to_owned()));
        assert_eq!(profile(&[("role_arn", odd), key]), expected);
        let sso = ("sso_account_id", "444455556666");
        assert_eq!(profile(&[sso]), account("444455556666"));
        let stated = ("aws_account_id", "777788889999");
        assert_eq!(profile(&[stated, key]), account("777788889999"));
        let expected = Some(Owner::AccessKey("AKIAEXAMPLE".to_owned()));
        assert_eq!(profile(&[key]), expected);
        let token = ("aws_session_token", "token");
        assert_eq!(profile(&[key, token]), Some(Owner::Unknown));
        assert_eq!(profile(&[("region", "eu-west-1")]), None);
    }

    #[tokio::test]
    async fn keys_come_before_the_environment_and_temporary_ones_say_nothing() {
        let mut settings = ConnectionSettings {
            environment: EnvironmentOwner {
                access_key: Some("AKIAENVIRONMENT".to_owned()),
                ..EnvironmentOwner::default()
            },
            ..ConnectionSettings::default()
        };
        let environment = Owner::AccessKey("AKIAENVIRONMENT".to_owned());
        assert_eq!(Owner::of(&settings).await, environment);
        settings.environment.account = Some("111122223333".to_owned());
        assert_eq!(Owner::of(&settings).await, account("111122223333").unwrap());
        settings.environment.account = None;
        settings.environment.has_token = true;
        assert_eq!(Owner::of(&settings).await, Owner::Unknown);
        settings.keys = Some(AccessKeys {
            access_key: "AKIABLOCK".to_owned(),
            secret_key: String::new(),
            token: None,
        });
        let block = Owner::AccessKey("AKIABLOCK".to_owned());
        assert_eq!(Owner::of(&settings).await, block);
    }
}
