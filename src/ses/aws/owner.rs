//! Owner of the credentials, as far as it is known before a call: SES's limit is an
//! account's, and processes with the same owner share it.

use super::credentials::links::{Link, find};
use super::files::Files;
use super::profile::Base;
use super::settings::{AccessKeys, ConnectionSettings};

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

impl Owner {
    /// The owner of the credentials that the chain finds, without a call.
    pub(super) fn of(settings: &ConnectionSettings, files: &Files) -> Self {
        if let Some(role) = settings.roles.last() {
            return Self::of_role(&role.arn);
        }
        // What cannot be found is told by the chain.
        let found = find(settings, files).ok();
        let link = found.as_ref().and_then(|found| found.links.first());
        let Some(Link { base, roles, .. }) = link else {
            return Self::Unknown;
        };
        if let Some(role) = roles.last() {
            return Self::of_role(&role.arn);
        }
        match base {
            Base::Keys(keys) => Self::of_keys(keys, settings, files),
            Base::WebIdentity(web) => Self::of_role(&web.role_arn),
            Base::Sso(sso) => Self::Account(sso.account_id.clone()),
            Base::Program(_) => Self::stated(settings, files).unwrap_or(Self::Unknown),
            Base::Environment | Base::Container | Base::Instance | Base::Machine => Self::Unknown,
        }
    }

    fn of_keys(keys: &AccessKeys, settings: &ConnectionSettings, files: &Files) -> Self {
        let environment = &settings.environment;
        if settings.keys.is_some() {
            return Self::of_key(&keys.access_key, keys.token.is_some());
        }
        let account = match settings.profile {
            None if environment.keys.is_some() => environment.account.clone().map(Self::Account),
            _ => Self::stated(settings, files),
        };
        account.unwrap_or_else(|| Self::of_key(&keys.access_key, keys.token.is_some()))
    }

    /// The account that the selected profile states.
    fn stated(settings: &ConnectionSettings, files: &Files) -> Option<Self> {
        let profile = files.profile(settings.profile_name())?;
        let account = profile.get("aws_account_id");
        account.map(|account| Self::Account(account.clone()))
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

#[cfg(test)]
mod tests {
    use super::super::environment::AwsEnvironment;
    use super::super::files::tests::files;
    use super::super::sts::Role;
    use super::*;

    fn keys(access_key: &str, token: Option<&str>) -> AccessKeys {
        AccessKeys {
            access_key: access_key.to_owned(),
            secret_key: "secret".to_owned(),
            token: token.map(str::to_owned),
        }
    }

    fn account(digits: &str) -> Owner {
        Owner::Account(digits.to_owned())
    }

    fn key(id: &str) -> Owner {
        Owner::AccessKey(id.to_owned())
    }

    #[test]
    fn a_profile_names_the_account_its_role_or_a_long_lived_key() {
        let of = |properties: &str| {
            let files = files(&format!("[profile p]\n{properties}\n"), "");
            let settings = ConnectionSettings {
                profile: Some("p".to_owned()),
                ..ConnectionSettings::default()
            };
            Owner::of(&settings, &files)
        };
        let keys = "aws_access_key_id = AKIAEXAMPLE\naws_secret_access_key = s\n";
        let role = |arn: &str| format!("{keys}role_arn = {arn}\nsource_profile = p\n");
        let arn = "arn:aws:iam::111122223333:role/terraform";
        assert_eq!(of(&role(arn)), account("111122223333"));
        let odd = "arn:aws:iam::aws:role/x";
        assert_eq!(of(&role(odd)), Owner::Role(odd.to_owned()));
        let sso = "sso_account_id = 444455556666\nsso_role_name = r\nsso_start_url = u\n\
                   sso_region = r\n";
        assert_eq!(of(sso), account("444455556666"));
        let stated = format!("{keys}aws_account_id = 777788889999\n");
        assert_eq!(of(&stated), account("777788889999"));
        assert_eq!(of(keys), key("AKIAEXAMPLE"));
        assert_eq!(
            of(&format!("{keys}aws_session_token = t\n")),
            Owner::Unknown
        );
        assert_eq!(of("region = eu-west-1"), Owner::Unknown);
    }

    #[test]
    fn keys_of_the_block_come_before_the_environment_and_temporary_ones_say_nothing() {
        let mut settings = ConnectionSettings {
            environment: AwsEnvironment {
                keys: Some(keys("AKIAENVIRONMENT", None)),
                ..AwsEnvironment::default()
            },
            ..ConnectionSettings::default()
        };
        let of = |settings: &ConnectionSettings| Owner::of(settings, &files("", ""));
        assert_eq!(of(&settings), key("AKIAENVIRONMENT"));
        settings.environment.account = Some("111122223333".to_owned());
        assert_eq!(of(&settings), account("111122223333"));
        settings.environment.account = None;
        settings.environment.keys = Some(keys("AKIAENVIRONMENT", Some("token")));
        assert_eq!(of(&settings), Owner::Unknown);
        settings.keys = Some(keys("AKIABLOCK", None));
        assert_eq!(of(&settings), key("AKIABLOCK"));
        settings.roles.push(Role {
            arn: "arn:aws:iam::111122223333:role/r".to_owned(),
            ..Role::default()
        });
        assert_eq!(of(&settings), account("111122223333"));
    }
}
