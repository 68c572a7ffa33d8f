//! What the environment says to everybody who calls AWS.

use std::collections::HashMap;
use std::fmt;
use std::path::PathBuf;

use super::settings::AccessKeys;
use super::sts::{WebIdentity, WebToken};

/// The variables that name a profile.
pub(super) const PROFILE: [&str; 2] = ["AWS_PROFILE", "AWS_DEFAULT_PROFILE"];

/// The AWS variables of the environment, as far as the SDK does not read them itself. A
/// variable that is empty is not set.
#[derive(Clone, Debug, Default)]
pub struct AwsEnvironment {
    /// `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and `AWS_SESSION_TOKEN`
    pub keys: Option<AccessKeys>,
    /// `AWS_ACCOUNT_ID`
    pub account: Option<String>,
    /// `AWS_WEB_IDENTITY_TOKEN_FILE` or else `TF_AWS_WEB_IDENTITY_TOKEN`, `AWS_ROLE_ARN`
    /// and `AWS_ROLE_SESSION_NAME`
    pub web_identity: Option<WebIdentity>,
    /// `AWS_PROFILE`
    pub profile: Option<String>,
    /// Whether a container's credentials are offered
    /// (`AWS_CONTAINER_CREDENTIALS_RELATIVE_URI` or `…_FULL_URI`).
    pub is_container: bool,
    /// `AWS_EC2_METADATA_DISABLED`: whether the metadata service is not to be asked.
    pub skip_metadata: bool,
    /// `AWS_CONFIG_FILE`, or where the file is by default.
    pub config_file: Option<PathBuf>,
    /// `AWS_SHARED_CREDENTIALS_FILE`, or where the file is by default.
    pub credentials_file: Option<PathBuf>,
    /// `AWS_CA_BUNDLE`: a PEM file of certificates to trust.
    pub ca_bundle: Option<PathBuf>,
    pub(super) variables: Variables,
}

/// All variables. Never printed.
#[derive(Clone, Default)]
pub(super) struct Variables(HashMap<String, String>);

impl fmt::Debug for Variables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Variables(…)")
    }
}

impl AwsEnvironment {
    /// By all variables of the environment.
    pub fn read(variables: impl IntoIterator<Item = (String, String)>) -> Self {
        let variables = Variables(variables.into_iter().collect());
        let variable = |name: &str| variables.get(name).map(str::to_owned);
        let first = |names: &[&str]| names.iter().find_map(|name| variable(name));
        let path = |name: &str| variable(name).map(|path| variables.at_home(&path));
        let file = |name: &str, default: &str| {
            path(name).or_else(|| Some(variables.home()?.join(".aws").join(default)))
        };
        let access_key = first(&["AWS_ACCESS_KEY_ID", "AWS_ACCESS_KEY"]);
        let secret_key = first(&["AWS_SECRET_ACCESS_KEY", "AWS_SECRET_KEY"]);
        let keys = access_key.zip(secret_key);
        let token = path("AWS_WEB_IDENTITY_TOKEN_FILE").map(WebToken::File);
        let token = token.or_else(|| variable("TF_AWS_WEB_IDENTITY_TOKEN").map(WebToken::Inline));
        let web_identity = token.zip(variable("AWS_ROLE_ARN"));
        Self {
            keys: keys.map(|(access_key, secret_key)| AccessKeys {
                access_key,
                secret_key,
                token: variable("AWS_SESSION_TOKEN"),
            }),
            account: variable("AWS_ACCOUNT_ID"),
            web_identity: web_identity.map(|(token, role_arn)| WebIdentity {
                session_name: variable("AWS_ROLE_SESSION_NAME"),
                ..WebIdentity::of(token, role_arn)
            }),
            profile: first(&PROFILE),
            is_container: first(&[
                "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
                "AWS_CONTAINER_CREDENTIALS_FULL_URI",
            ])
            .is_some(),
            skip_metadata: variable("AWS_EC2_METADATA_DISABLED")
                .is_some_and(|text| text.eq_ignore_ascii_case("true")),
            config_file: file("AWS_CONFIG_FILE", "config"),
            credentials_file: file("AWS_SHARED_CREDENTIALS_FILE", "credentials"),
            ca_bundle: path("AWS_CA_BUNDLE"),
            variables,
        }
    }

    /// The first of these variables that is set to something, and its value.
    pub(super) fn first(&self, names: &[&'static str]) -> Option<(&'static str, &str)> {
        let set = |name: &&'static str| Some((*name, self.variables.get(name)?));
        names.iter().find_map(set)
    }

    /// `TF_AWS_WEB_IDENTITY_TOKEN`, for a block that has no token of its own.
    pub fn web_token(&self) -> Option<&str> {
        self.variables.get("TF_AWS_WEB_IDENTITY_TOKEN")
    }

    /// `AWS_CONTAINER_AUTHORIZATION_TOKEN`
    pub(super) fn container_token(&self) -> Option<&str> {
        self.variables.get("AWS_CONTAINER_AUTHORIZATION_TOKEN")
    }

    /// `AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE`, which the SDK reads without a word of what
    /// it is.
    pub(super) fn container_token_file(&self) -> Option<PathBuf> {
        let path = self.variables.get("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
        path.map(PathBuf::from)
    }

    /// A path of the provider block, in which `~/`, `$NAME` and `${NAME}` stand for what
    /// they do in a shell.
    pub fn expanded(&self, path: &str) -> PathBuf {
        self.variables.at_home(&self.variables.put_into(path))
    }
}

impl Variables {
    /// A variable that is set to something.
    fn get(&self, name: &str) -> Option<&str> {
        let value = self.0.get(name).map(String::as_str);
        value.filter(|value| !value.is_empty())
    }

    fn home(&self) -> Option<PathBuf> {
        let home = self.get("HOME").or_else(|| self.get("USERPROFILE"));
        home.map(PathBuf::from)
    }

    /// A path that may be `~`, or begin with `~/`.
    fn at_home(&self, path: &str) -> PathBuf {
        let below = match path {
            "~" => Some(""),
            path => path.strip_prefix("~/"),
        };
        match (below, self.home()) {
            (Some(below), Some(home)) => home.join(below),
            _ => PathBuf::from(path),
        }
    }

    fn put_into(&self, text: &str) -> String {
        let mut parts = text.split('$');
        let mut put = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let braced = part.strip_prefix('{').and_then(|part| part.split_once('}'));
            let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
            let end = part.find(|c| !is_name(c)).unwrap_or(part.len());
            let (name, rest) = braced.unwrap_or(part.split_at(end));
            put.push_str(self.get(name).unwrap_or_default());
            put.push_str(rest);
        }
        put
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> AwsEnvironment {
        let variables = variables.iter();
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        AwsEnvironment::read(variables.map(owned))
    }

    #[test]
    fn each_variable_has_its_names_in_their_order() {
        let keys = |variables: &[(&str, &str)]| {
            let keys = read(variables).keys;
            keys.map(|keys| [keys.access_key, keys.secret_key])
        };
        let both = Some(["a".to_owned(), "b".to_owned()]);
        let (id, secret) = (("AWS_ACCESS_KEY_ID", "a"), ("AWS_SECRET_ACCESS_KEY", "b"));
        assert_eq!(keys(&[id, secret]), both);
        assert_eq!(
            keys(&[("AWS_ACCESS_KEY", "a"), ("AWS_SECRET_KEY", "b")]),
            both
        );
        assert_eq!(keys(&[id, secret, ("AWS_ACCESS_KEY", "x")]), both);
        assert_eq!(keys(&[id]), None);
        assert_eq!(keys(&[secret]), None);

        let profile = [("AWS_DEFAULT_PROFILE", "b"), ("AWS_PROFILE", "a")];
        assert_eq!(read(&profile).profile.as_deref(), Some("a"));
        assert_eq!(read(&profile[..1]).profile.as_deref(), Some("b"));
    }

    #[test]
    fn files_are_below_the_home_folder_or_where_they_are_said_to_be() {
        let home = ("HOME", "/home/u");
        let default = read(&[home]);
        let path = |path: &str| Some(PathBuf::from(path));
        assert_eq!(default.config_file, path("/home/u/.aws/config"));
        assert_eq!(default.credentials_file, path("/home/u/.aws/credentials"));
        let said = read(&[
            home,
            ("AWS_CONFIG_FILE", "~/c"),
            ("AWS_SHARED_CREDENTIALS_FILE", "/s"),
        ]);
        assert_eq!(said.config_file, path("/home/u/c"));
        assert_eq!(said.credentials_file, path("/s"));
        assert_eq!(read(&[]).config_file, None);
    }

    #[test]
    fn paths_of_the_block_are_expanded_as_in_a_shell() {
        let environment = read(&[("HOME", "/home/u"), ("A", "a"), ("B_1", "b")]);
        for (path, expanded) in [
            ("~/x", "/home/u/x"),
            ("~", "/home/u/"),
            ("$HOME/x", "/home/u/x"),
            ("/${A}x/$B_1/$A", "/ax/b/a"),
            ("/$MISSING/x", "//x"),
            ("~x", "~x"),
            ("", ""),
        ] {
            assert_eq!(environment.expanded(path), PathBuf::from(expanded));
        }
    }
}
