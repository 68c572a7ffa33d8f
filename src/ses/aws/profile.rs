//! A profile of AWS's configuration files: where its credentials come from, and the roles
//! that are assumed with them.

use std::path::PathBuf;
use std::time::Duration;

use super::connection::AccessKeys;
use super::files::{Files, Properties};
use super::sts::{Role, WebIdentity};

/// How a profile's credentials are had.
#[derive(Debug)]
pub(super) struct Profile {
    pub(super) base: Base,
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
            // A profile that others are assumed with gives its keys, if it has any.
            let keys = if seen.len() > 1 { view.keys()? } else { None };
            if let Some(keys) = keys {
                return Ok(Some(Self::new(Base::Keys(keys), roles)));
            }
            let Some(role) = view.role()? else {
                let Some(base) = view.base(files)? else {
                    return match seen.len() {
                        1 => Ok(None),
                        _ => Err(format!("the profile `{name}` has no credentials")),
                    };
                };
                return Ok(Some(Self::new(base, roles)));
            };
            roles.push(role);
            match view.source()? {
                Source::Itself(base) => return Ok(Some(Self::new(base, roles))),
                Source::Profile(source) if source == name => {
                    let base = view.base(files)?;
                    let base = base.ok_or_else(|| {
                        format!("the profile `{name}` is its own source and has no credentials")
                    })?;
                    return Ok(Some(Self::new(base, roles)));
                }
                Source::Profile(source) => {
                    let source = source.to_owned();
                    if seen.contains(&source) {
                        seen.push(source);
                        let circle = seen.join("`, `");
                        return Err(format!("the profiles `{circle}` go round in a circle"));
                    }
                    seen.push(source);
                }
            }
        }
    }

    fn new(base: Base, mut roles: Vec<Role>) -> Self {
        roles.reverse();
        Self { base, roles }
    }
}

fn missing(files: &Files, seen: &[String]) -> String {
    let what = match seen {
        [.., by, name] => format!("the profile `{name}`, which `{by}` names as its source,"),
        [name] => format!("the profile `{name}`"),
        [] => "the profile".to_owned(),
    };
    format!(
        "{what} does not exist (looked for in {})",
        files.looked_for()
    )
}

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
        let (access, secret) = ("aws_access_key_id", "aws_secret_access_key");
        let (given, missing) = match (self.get(access), self.get(secret)) {
            (Some(access_key), Some(secret_key)) => {
                return Ok(Some(AccessKeys {
                    access_key: access_key.to_owned(),
                    secret_key: secret_key.to_owned(),
                    token: self.get("aws_session_token").map(str::to_owned),
                }));
            }
            (None, None) => return Ok(None),
            (Some(_), None) => (access, secret),
            (None, Some(_)) => (secret, access),
        };
        let name = self.name;
        Err(format!("the profile `{name}` has {given} and no {missing}"))
    }

    /// The role to assume; a web identity's is none.
    fn role(&self) -> Result<Option<Role>, String> {
        let (name, text) = (self.name, |property| self.get(property).map(str::to_owned));
        let Some(role_arn) = text("role_arn") else {
            return match self.get("source_profile") {
                Some(_) if self.keys()?.is_none() => Err(format!(
                    "the profile `{name}` has source_profile and no role_arn"
                )),
                _ => Ok(None),
            };
        };
        if self.get("web_identity_token_file").is_some() {
            return Ok(None);
        }
        if self.get("mfa_serial").is_some() {
            return Err(format!(
                "the profile `{name}` asks for a second factor (mfa_serial), and there is nobody \
                 to ask: get temporary credentials with the AWS command line, or by a \
                 credential_process that asks"
            ));
        }
        let duration = match self.get("duration_seconds") {
            None => None,
            Some(seconds) => Some(seconds.parse().map(Duration::from_secs).map_err(|_| {
                format!("duration_seconds of the profile `{name}` is no number of seconds")
            })?),
        };
        Ok(Some(Role {
            arn: role_arn,
            duration,
            external_id: text("external_id"),
            session_name: text("role_session_name"),
            ..Role::default()
        }))
    }

    fn source(&self) -> Result<Source<'a>, String> {
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
            (Some(_), Some(_)) => Err(format!(
                "the profile `{name}` has both source_profile and credential_source"
            )),
            (None, None) => Err(format!(
                "the profile `{name}` has role_arn, and neither source_profile nor \
                 credential_source"
            )),
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
        if session.is_none() && self.get("sso_start_url").is_none() {
            return Ok(None);
        }
        let of_session = match session {
            None => None,
            Some(session) => Some(files.sso_session(session).ok_or_else(|| {
                format!("the sso-session `{session}` of the profile `{name}` does not exist")
            })?),
        };
        let setting = |property: &str| {
            let session = of_session.and_then(|session| session.get(property));
            let session = session
                .map(String::as_str)
                .filter(|value| !value.is_empty());
            let value = session.or_else(|| self.get(property)).map(str::to_owned);
            value.ok_or_else(|| format!("the profile `{name}` uses SSO and has no {property}"))
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
mod tests {
    use super::super::files::tests::files;
    use super::*;

    const KEYS: &str = "aws_access_key_id = K\naws_secret_access_key = S\n";

    fn of(config: &str) -> Result<Option<Profile>, String> {
        Profile::of(&files(config, ""), "p")
    }

    fn roles(profile: &Profile) -> Vec<&str> {
        profile.roles.iter().map(|role| role.arn.as_str()).collect()
    }

    #[test]
    fn a_profile_gives_keys_a_program_sso_or_a_web_identity() {
        let found = |properties: &str| {
            let found = of(&format!(
                "[profile p]\n{properties}\n[sso-session s]\nsso_region = r\n\
                                     sso_start_url = u\n"
            ));
            found.unwrap().map(|profile| profile.base)
        };
        let program = "credential_process = x\n";
        let base = found(&format!("{program}{KEYS}"));
        assert!(matches!(base, Some(Base::Keys(keys)) if keys.access_key == "K"));
        assert!(matches!(found(program), Some(Base::Program(program)) if program == "x"));
        let web = "web_identity_token_file = t\nrole_arn = a";
        assert!(matches!(found(web), Some(Base::WebIdentity(web)) if web.role_arn == "a"));
        assert!(found("region = eu-west-1").is_none());
        let account = "sso_account_id = 1\nsso_role_name = n\n";
        let sso = |session: Option<&str>| Sso {
            account_id: "1".to_owned(),
            role_name: "n".to_owned(),
            start_url: "u".to_owned(),
            region: "r".to_owned(),
            session: session.map(str::to_owned),
        };
        for (properties, session) in [
            ("sso_session = s\n", Some("s")),
            // As the AWS command line writes it.
            (
                "sso_session = s\nsso_region = r\nsso_start_url = u\n",
                Some("s"),
            ),
            ("sso_region = r\nsso_start_url = u\n", None),
        ] {
            let Some(Base::Sso(found)) = found(&format!("{account}{properties}")) else {
                panic!("{properties}");
            };
            assert_eq!(found, sso(session));
        }
    }

    #[test]
    fn roles_are_assumed_from_the_source_on() {
        let found = of(&format!(
            "[profile p]\nrole_arn = a\nsource_profile = q\nduration_seconds = 900\n\
             [profile q]\nrole_arn = b\nsource_profile = r\nexternal_id = e\n[profile r]\n{KEYS}"
        ));
        let found = found.unwrap().unwrap();
        assert_eq!(roles(&found), ["b", "a"]);
        assert!(matches!(found.base, Base::Keys(_)));
        assert_eq!(found.roles[1].duration, Some(Duration::from_secs(900)));
        assert_eq!(found.roles[0].external_id.as_deref(), Some("e"));

        let itself = of(&format!(
            "[profile p]\nrole_arn = a\nsource_profile = p\n{KEYS}"
        ));
        let itself = itself.unwrap().unwrap();
        assert_eq!(roles(&itself), ["a"]);
        assert!(matches!(itself.base, Base::Keys(_)));
        for (source, is) in [
            ("Environment", matches as fn(&Base) -> u8),
            ("EcsContainer", matches),
            ("Ec2InstanceMetadata", matches),
        ] {
            let text = format!("[profile p]\nrole_arn = a\ncredential_source = {source}\n");
            let found = of(&text).unwrap().unwrap();
            assert_eq!(roles(&found), ["a"]);
            assert!(is(&found.base) > 0);
        }
    }

    fn matches(base: &Base) -> u8 {
        match base {
            Base::Environment => 1,
            Base::Container => 2,
            Base::Instance => 3,
            _ => 0,
        }
    }

    #[test]
    fn what_is_wrong_with_a_profile_is_said() {
        for (config, says) in [
            ("", "the profile `p` does not exist (looked for in config"),
            (
                "[profile p]\nrole_arn = a\nsource_profile = q\n",
                "the profile `q`, which `p` names as its source, does not exist",
            ),
            (
                "[profile p]\nrole_arn = a\nsource_profile = q\n[profile q]\nrole_arn = b\n\
                 source_profile = p\n",
                "the profiles `p`, `q`, `p` go round in a circle",
            ),
            (
                "[profile p]\nsource_profile = q\n",
                "has source_profile and no role_arn",
            ),
            (
                "[profile p]\nrole_arn = a\n",
                "neither source_profile nor credential_source",
            ),
            (
                "[profile p]\nrole_arn = a\nsource_profile = q\n[profile q]\nregion = x\n",
                "the profile `q` has no credentials",
            ),
            (
                "[profile p]\naws_access_key_id = K\n",
                "has aws_access_key_id and no aws_secret",
            ),
            (
                "[profile p]\nrole_arn = a\nmfa_serial = m\n",
                "second factor",
            ),
            ("[profile p]\nlogin_session = x\n", "does not support"),
            (
                "[profile p]\nsso_session = s\n",
                "the sso-session `s` of the profile `p`",
            ),
            (
                "[profile p]\nrole_arn = a\ncredential_source = x\n",
                "is none of Environment",
            ),
            (
                "[profile p]\nrole_arn = a\nsource_profile = p\nduration_seconds = x\n",
                "is no number of seconds",
            ),
        ] {
            let told = of(config).unwrap_err();
            assert!(told.contains(says), "{told}");
        }
    }
}
