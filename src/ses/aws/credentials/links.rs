//! Links of the chain: which sources may have credentials, by what the practitioner, the
//! environment and the files say. Asks none of them.

use crate::ses::aws::environment::PROFILE;
use crate::ses::aws::files::Files;
use crate::ses::aws::profile::{Base, Profile};
use crate::ses::aws::settings::ConnectionSettings;
use crate::ses::aws::sts::{Role, WebToken};

const DEFAULT: &str = "default";

/// Why a container's credentials are not asked for.
pub(super) const NO_CONTAINER: &str = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI and \
                                       AWS_CONTAINER_CREDENTIALS_FULL_URI are not set";
/// Why the instance metadata service is not asked.
pub(super) const NOT_ASKED: &str = "the instance metadata service is not to be asked \
                                    (`skip_metadata_api_check`, AWS_EC2_METADATA_DISABLED)";

/// Where the credentials come from, as far as that is known before any is asked.
pub(in crate::ses::aws) struct Found {
    pub(in crate::ses::aws) links: Vec<Link>,
    /// Sources that have none, each with the reason.
    pub(super) without: Vec<String>,
}

/// One source.
pub(in crate::ses::aws) struct Link {
    /// What it is called.
    pub(super) name: String,
    /// What a profile's roles are assumed with.
    pub(super) source: String,
    pub(in crate::ses::aws) base: Base,
    /// The roles that a profile assumes.
    pub(in crate::ses::aws) roles: Vec<Role>,
    /// Whether another load may give other credentials.
    pub(super) renews: bool,
}

impl Link {
    fn new(name: impl Into<String>, base: Base) -> Self {
        let name = name.into();
        Self {
            source: name.clone(),
            name,
            base,
            roles: Vec::new(),
            renews: true,
        }
    }

    /// Whose the credentials are that this gives, once the provider block's `roles` are
    /// assumed with them.
    pub(super) fn whose(&self, roles: &[Role]) -> String {
        match roles.last().or(self.roles.last()) {
            Some(role) => format!("the role {}, assumed with {}", role.arn, self.name),
            None => self.name.clone(),
        }
    }

    fn of_profile(name: String, profile: Profile) -> Self {
        let Profile {
            base,
            source,
            roles,
        } = profile;
        Self {
            source,
            roles,
            ..Self::new(name, base)
        }
    }
}

/// The sources that may have credentials, in their order. An error, as a clause, where
/// what is named does not exist or is at fault.
pub(in crate::ses::aws) fn find(
    settings: &ConnectionSettings,
    files: &Files,
) -> Result<Found, String> {
    let environment = &settings.environment;
    let only = |link| Found {
        links: vec![link],
        without: Vec::new(),
    };
    must_exist(settings, files)?;
    if let Some(web) = &settings.web_identity {
        let name = "`assume_role_with_web_identity`";
        return Ok(only(Link::new(name, Base::WebIdentity(web.clone()))));
    }
    if let Some(keys) = &settings.keys {
        let name = "`access_key` and `secret_key` in the provider block";
        return Ok(only(Link {
            renews: false,
            ..Link::new(name, Base::Keys(keys.clone()))
        }));
    }
    if let Some(name) = &settings.profile {
        let profile = Profile::of(files, name).map_err(|wrong| files.with_problems(wrong))?;
        let profile = profile.ok_or_else(|| {
            let looked_for = files.looked_for();
            format!("the profile `{name}` has no credentials (looked for in {looked_for})")
        })?;
        let name = format!("the profile `{name}` in the provider block");
        return Ok(only(Link::of_profile(name, profile)));
    }
    let (mut links, mut without) = (Vec::new(), Vec::new());
    match &environment.keys {
        Some(keys) => links.push(Link {
            renews: false,
            ..Link::new("the environment's keys", Base::Keys(keys.clone()))
        }),
        None => without.push("AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set".to_owned()),
    }
    match &environment.web_identity {
        Some(web) => {
            let name = match web.token {
                WebToken::File(_) => "the web identity of AWS_WEB_IDENTITY_TOKEN_FILE",
                WebToken::Inline(_) => "the web identity of TF_AWS_WEB_IDENTITY_TOKEN",
            };
            links.push(Link::new(name, Base::WebIdentity(web.clone())));
        }
        None => without.push("AWS_WEB_IDENTITY_TOKEN_FILE and AWS_ROLE_ARN are not set".to_owned()),
    }
    // What comes first is not hindered by what is wrong with what comes later.
    if links.is_empty() {
        let name = environment.profile.as_deref().unwrap_or(DEFAULT);
        let whose = format!("the profile `{name}`");
        let lacks = |what: &str| format!("{whose} {what} (looked for in {})", files.looked_for());
        match files.profile(name) {
            None => without.push(lacks(&format!("does not exist{}", files.instead_of(name)))),
            Some(_) => {
                match Profile::of(files, name).map_err(|wrong| files.with_problems(wrong))? {
                    None => without.push(lacks("has none")),
                    Some(profile) => links.push(Link::of_profile(whose, profile)),
                }
            }
        }
    }
    match environment.is_container {
        true => links.push(Link::new("the container's credentials", Base::Container)),
        false => without.push(NO_CONTAINER.to_owned()),
    }
    match settings.skips_metadata() {
        true => without.push(NOT_ASKED.to_owned()),
        false => links.push(Link::new("the instance metadata service", Base::Instance)),
    }
    Ok(Found { links, without })
}

/// A profile that is named has to exist, also where it is not needed.
pub(in crate::ses::aws) fn must_exist(
    settings: &ConnectionSettings,
    files: &Files,
) -> Result<(), String> {
    let of_environment = settings.environment.first(&PROFILE);
    let (name, named_by) = match (&settings.profile, of_environment) {
        (Some(name), _) => (name.as_str(), "`profile` in the provider block"),
        (None, Some((variable, name))) => (name, variable),
        (None, None) => return Ok(()),
    };
    match files.profile(name) {
        Some(_) => Ok(()),
        None => Profile::of(files, name)
            .map(|_| ())
            .map_err(|missing| format!("{missing}: see {named_by}")),
    }
}
