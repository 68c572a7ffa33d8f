//! What the environment says to everybody who calls AWS.

use std::path::PathBuf;

use super::connection::AccessKeys;
use super::sts::WebIdentity;

/// The AWS variables of the environment, as far as the SDK does not read them itself. A
/// variable that is empty is not set.
#[derive(Clone, Debug, Default)]
pub struct AwsEnvironment {
    /// `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and `AWS_SESSION_TOKEN`
    pub keys: Option<AccessKeys>,
    /// `AWS_ACCOUNT_ID`
    pub account: Option<String>,
    /// `AWS_WEB_IDENTITY_TOKEN_FILE`, `AWS_ROLE_ARN` and `AWS_ROLE_SESSION_NAME`
    pub web_identity: Option<WebIdentity>,
    /// `AWS_PROFILE`
    pub profile: Option<String>,
    /// `AWS_REGION`
    pub region: Option<String>,
    /// Whether a container's credentials are offered
    /// (`AWS_CONTAINER_CREDENTIALS_RELATIVE_URI` or `…_FULL_URI`).
    pub is_container: bool,
    /// `AWS_CONFIG_FILE`, or where the file is by default.
    pub config_file: Option<PathBuf>,
    /// `AWS_SHARED_CREDENTIALS_FILE`, or where the file is by default.
    pub credentials_file: Option<PathBuf>,
    /// The home folder.
    pub home: Option<PathBuf>,
}

impl AwsEnvironment {
    /// By what `variable` says of a variable's name.
    pub fn read(variable: impl Fn(&str) -> Option<String>) -> Self {
        let first = |names: &[&str]| names.iter().find_map(|name| variable(name));
        let home = first(&["HOME", "USERPROFILE"]).map(PathBuf::from);
        let file = |name: &str, default: &str| {
            let path = variable(name).map(|path| expanded(&path, home.as_ref()));
            path.or_else(|| Some(home.as_ref()?.join(".aws").join(default)))
        };
        let access_key = first(&["AWS_ACCESS_KEY_ID", "AWS_ACCESS_KEY"]);
        let secret_key = first(&["AWS_SECRET_ACCESS_KEY", "AWS_SECRET_KEY"]);
        let keys = access_key.zip(secret_key);
        let token_file = variable("AWS_WEB_IDENTITY_TOKEN_FILE");
        let web_identity = token_file.zip(variable("AWS_ROLE_ARN"));
        Self {
            keys: keys.map(|(access_key, secret_key)| AccessKeys {
                access_key,
                secret_key,
                token: variable("AWS_SESSION_TOKEN"),
            }),
            account: variable("AWS_ACCOUNT_ID"),
            web_identity: web_identity.map(|(token_file, role_arn)| WebIdentity {
                session_name: variable("AWS_ROLE_SESSION_NAME"),
                ..WebIdentity::of_file(expanded(&token_file, home.as_ref()), role_arn)
            }),
            profile: first(&["AWS_PROFILE", "AWS_DEFAULT_PROFILE"]),
            region: first(&["AWS_REGION", "AWS_DEFAULT_REGION"]),
            is_container: first(&[
                "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
                "AWS_CONTAINER_CREDENTIALS_FULL_URI",
            ])
            .is_some(),
            config_file: file("AWS_CONFIG_FILE", "config"),
            credentials_file: file("AWS_SHARED_CREDENTIALS_FILE", "credentials"),
            home,
        }
    }

    /// A path of the provider block, which may begin with `~/`.
    pub fn expanded(&self, path: &str) -> PathBuf {
        expanded(path, self.home.as_ref())
    }
}

/// A path that may begin with `~/`.
fn expanded(path: &str, home: Option<&PathBuf>) -> PathBuf {
    match (path.strip_prefix("~/"), home) {
        (Some(below), Some(home)) => home.join(below),
        _ => PathBuf::from(path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> AwsEnvironment {
        AwsEnvironment::read(|name| {
            let set = variables.iter().find(|(set, _)| *set == name);
            set.map(|(_, value)| (*value).to_owned())
        })
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
        let region = [("AWS_DEFAULT_REGION", "b"), ("AWS_REGION", "a")];
        assert_eq!(read(&region).region.as_deref(), Some("a"));
        assert_eq!(read(&region[..1]).region.as_deref(), Some("b"));
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
}
