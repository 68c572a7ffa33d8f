//! A profile of AWS's configuration files: where its credentials come from, and the roles
//! that are assumed with them.

use std::path::PathBuf;
use std::time::Duration;

use super::files::{ACCESS_KEY, Files, Properties, SECRET_KEY, TOKEN};
use super::settings::AccessKeys;
use super::sts::{Role, WebIdentity};

/// How a profile's credentials are had.
#[derive(Debug)]
pub(super) struct Profile {
    pub(super) base: Base,
    /// What they are, for an error.
    pub(super) source: String,
    /// The roles, in the order in which they are assumed.
    pub(super) roles: Vec<Role>,
}

/// The credentials with which a profile begins.
#[derive(Debug)]
pub(super) enum Base {
    Keys(AccessKeys),
    /// `credential_process`
    Program(String),
    Sso(Sso),
    WebIdentity(WebIdentity),
    /// `credential_source`
    Environment,
    Container,
    Instance,
    /// Whatever this machine has: a container's credentials, or else an instance's.
    Machine,
}

/// The SSO settings of a profile.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Sso {
    pub(super) account_id: String,
    pub(super) role_name: String,
    pub(super) start_url: String,
    pub(super) region: String,
    pub(super) session: Option<String>,
}

impl Profile {
    /// The profile `name`; `None` where it has no credentials. An error that says what is
    /// wrong with it, as a clause.
    pub(super) fn of(files: &Files, name: &str) -> Result<Option<Self>, String> {
        let mut roles = Vec::new();
        let mut seen = vec![name.to_owned()];
        loop {
            let name = seen.last().map_or(name, String::as_str);
            let Some(profile) = files.profile(name) else {
                return Err(missing(files, &seen));
            };
            let view = View { name, profile };
            view.check_sources()?;
            let is_again = seen.iter().filter(|seen| *seen == name).count() > 1;
            let role = match is_again {
                true => None,
                false => view.role()?,
            };
            let Some(role) = role else {
                let base = view.base(files)?;
                if base.is_none() && seen.len() == 1 {
                    return Ok(None);
                }
                let base = base.ok_or_else(|| match is_again {
                    true => format!(
                        "the profiles `{}` go round in a circle, and `{name}` has no credentials",
                        seen.join("`, `")
                    ),
                    false => format!("the profile `{name}` has no credentials"),
                })?;
                return Ok(Some(Self::new(name, base, roles)));
            };
            roles.push(role);
            // A profile assumes its role with keys of its own, unless it names another one.
            let own = view
                .keys()?
                .filter(|_| seen.len() > 1 || view.get("source_profile").is_none());
            if let Some(keys) = own {
                return Ok(Some(Self::new(name, Base::Keys(keys), roles)));
            }
            match view.source(files, seen.len() == 1)? {
                Source::Itself(base) => return Ok(Some(Self::new(name, base, roles))),
                Source::Profile(source) => seen.push(source.to_owned()),
            }
        }
    }

    /// `name` is the profile that `base` was found in.
    fn new(name: &str, base: Base, mut roles: Vec<Role>) -> Self {
        roles.reverse();
        let source = match base {
            Base::Environment => "the environment's keys".to_owned(),
            Base::Container => "the container's credentials".to_owned(),
            Base::Instance => "the instance's role".to_owned(),
            Base::Machine => "the credentials of this container or instance".to_owned(),
            Base::Keys(_) | Base::Program(_) | Base::Sso(_) | Base::WebIdentity(_) => {
                format!("the credentials of the profile `{name}`")
            }
        };
        Self {
            base,
            source,
            roles,
        }
    }
}

fn missing(files: &Files, seen: &[String]) -> String {
    let what = match seen {
        [.., by, name] => format!("the profile `{name}`, which `{by}` names as its source,"),
        [name] => format!("the profile `{name}`"),
        [] => "the profile".to_owned(),
    };
    let instead = seen.last().map(|name| files.instead_of(name));
    format!(
        "{what} does not exist (looked for in {}){}",
        files.looked_for(),
        instead.unwrap_or_default()
    )
}

/// What names the source of a role.
const SOURCES: [&str; 2] = ["source_profile", "credential_source"];

/// Of these a profile has one at most.
const EXCLUSIVE: [&str; 4] = [
    "source_profile",
    "credential_source",
    "credential_process",
    "web_identity_token_file",
];

/// What a role is assumed with.
enum Source<'a> {
    Profile(&'a str),
    Itself(Base),
}

/// One profile of the files.
struct View<'a> {
    name: &'a str,
    profile: &'a Properties,
}

impl<'a> View<'a> {
    /// A property that is set to something.
    fn get(&self, property: &str) -> Option<&'a str> {
        let value = self.profile.get(property)?.as_str();
        (!value.is_empty()).then_some(value)
    }

    fn keys(&self) -> Result<Option<AccessKeys>, String> {
        let (given, missing) = match (self.get(ACCESS_KEY), self.get(SECRET_KEY)) {
            (Some(access_key), Some(secret_key)) => {
                return Ok(Some(AccessKeys {
                    access_key: access_key.to_owned(),
                    secret_key: secret_key.to_owned(),
                    token: self.get(TOKEN).map(str::to_owned),
                }));
            }
            (None, None) => return Ok(None),
            (Some(_), None) => (ACCESS_KEY, SECRET_KEY),
            (None, Some(_)) => (SECRET_KEY, ACCESS_KEY),
        };
        let name = self.name;
        Err(format!("the profile `{name}` has {given} and no {missing}"))
    }

    /// The role to assume; a web identity's is none.
    fn role(&self) -> Result<Option<Role>, String> {
        let (name, text) = (self.name, |property| self.get(property).map(str::to_owned));
        let Some(role_arn) = text("role_arn") else {
            let given = SOURCES.iter().find(|source| self.get(source).is_some());
            return match given {
                Some(given) => Err(format!("the profile `{name}` has {given} and no role_arn")),
                None => Ok(None),
            };
        };
        if self.get("web_identity_token_file").is_some() && self.keys()?.is_none() {
            return Ok(None);
        }
        if self.get("mfa_serial").is_some() {
            return Err(format!(
                "the profile `{name}` asks for a second factor (mfa_serial), and there is nobody \
                 to ask: get temporary credentials with the AWS command line, or by a \
                 credential_process that asks"
            ));
        }
        // What is no number says nothing, as to AWS's tools in Go.
        let duration = self.get("duration_seconds");
        let duration = duration.and_then(|seconds| seconds.parse().ok());
        let duration = duration.filter(|seconds| *seconds > 0);
        Ok(Some(Role {
            arn: role_arn,
            duration: duration.map(Duration::from_secs),
            external_id: text("external_id"),
            session_name: text("role_session_name"),
            ..Role::default()
        }))
    }

    /// The profile may say in one way alone where its credentials come from.
    fn check_sources(&self) -> Result<(), String> {
        let given: Vec<&str> = EXCLUSIVE
            .into_iter()
            .filter(|source| self.get(source).is_some())
            .collect();
        match given.as_slice() {
            [one, other, ..] => {
                let name = self.name;
                Err(format!("the profile `{name}` has both {one} and {other}"))
            }
            _ => Ok(()),
        }
    }

    /// What the role is assumed with. A profile that is no other's source may leave it open.
    fn source(&self, files: &Files, is_first: bool) -> Result<Source<'a>, String> {
        let name = self.name;
        match (self.get("source_profile"), self.get("credential_source")) {
            (Some(source), None) => Ok(Source::Profile(source)),
            (None, Some("Environment")) => Ok(Source::Itself(Base::Environment)),
            (None, Some("EcsContainer")) => Ok(Source::Itself(Base::Container)),
            (None, Some("Ec2InstanceMetadata")) => Ok(Source::Itself(Base::Instance)),
            (None, Some(_)) => Err(format!(
                "credential_source of the profile `{name}` is none of Environment, EcsContainer \
                 and Ec2InstanceMetadata"
            )),
            // The credentials that the profile has besides, or else this machine's.
            (None, None) => {
                let own = self.asked_for(files)?;
                let base = own.or_else(|| is_first.then_some(Base::Machine));
                base.map(Source::Itself).ok_or_else(|| {
                    format!(
                        "the profile `{name}` has role_arn, and neither source_profile nor \
                         credential_source"
                    )
                })
            }
            (Some(source), Some(_)) => Ok(Source::Profile(source)),
        }
    }

    fn base(&self, files: &Files) -> Result<Option<Base>, String> {
        let name = self.name;
        if let Some(keys) = self.keys()? {
            return Ok(Some(Base::Keys(keys)));
        }
        if let Some(token_file) = self.get("web_identity_token_file") {
            let role_arn = self.get("role_arn").ok_or_else(|| {
                format!("the profile `{name}` has web_identity_token_file and no role_arn")
            })?;
            let token_file = PathBuf::from(token_file);
            return Ok(Some(Base::WebIdentity(WebIdentity {
                session_name: self.get("role_session_name").map(str::to_owned),
                ..WebIdentity::of_file(token_file, role_arn.to_owned())
            })));
        }
        self.asked_for(files)
    }

    /// What SSO or a program gives.
    fn asked_for(&self, files: &Files) -> Result<Option<Base>, String> {
        let name = self.name;
        if let Some(sso) = self.sso(files)? {
            return Ok(Some(Base::Sso(sso)));
        }
        if let Some(program) = self.get("credential_process") {
            return Ok(Some(Base::Program(program.to_owned())));
        }
        if self.get("login_session").is_some() {
            return Err(format!(
                "the profile `{name}` has login_session, which this provider does not support: use \
                 SSO, or `aws configure export-credentials` as a credential_process"
            ));
        }
        Ok(None)
    }

    /// With a session, the session's settings; the AWS command line writes them into the
    /// profile as well.
    fn sso(&self, files: &Files) -> Result<Option<Sso>, String> {
        let name = self.name;
        let session = self.get("sso_session");
        let of_sso = [
            "sso_session",
            "sso_start_url",
            "sso_region",
            "sso_account_id",
            "sso_role_name",
        ];
        if of_sso.iter().all(|property| self.get(property).is_none()) {
            return Ok(None);
        }
        let of_session = match session {
            None => None,
            Some(session) => Some(files.sso_session(session).ok_or_else(|| {
                format!("the sso-session `{session}` of the profile `{name}` does not exist")
            })?),
        };
        let setting = |property: &str| {
            let of_session = of_session.and_then(|session| session.get(property));
            let of_session = of_session.map(String::as_str);
            match (
                of_session.filter(|value| !value.is_empty()),
                self.get(property),
            ) {
                (Some(one), Some(other)) if one != other => Err(format!(
                    "{property} of the profile `{name}` is not that of its sso-session"
                )),
                (Some(value), _) | (None, Some(value)) => Ok(value.to_owned()),
                (None, None) => Err(format!(
                    "the profile `{name}` uses SSO and has no {property}"
                )),
            }
        };
        Ok(Some(Sso {
            account_id: setting("sso_account_id")?,
            role_name: setting("sso_role_name")?,
            start_url: setting("sso_start_url")?,
            region: setting("sso_region")?,
            session: session.map(str::to_owned),
        }))
    }
}

#[cfg(test)]
mod tests;
