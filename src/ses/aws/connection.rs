//! How to reach AWS: settings, credentials, endpoints, HTTP.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use aws_config::{AppName, BehaviorVersion, SdkConfig};
use aws_runtime::env_config::file::{EnvConfigFileKind, EnvConfigFiles};
use aws_sdk_ses::config::SharedCredentialsProvider;
use aws_sdk_ses::config::timeout::TimeoutConfig;
use tokio::sync::OnceCell;

use super::credentials::Credentials;
use super::credentials::chain::{Chain, WebIdentity};
use super::http::Http;
use super::look_up::LookUps;
use super::owner::{EnvironmentOwner, Owner};
use super::phases;
use crate::mail_from::Region;
use crate::ses::error::Error;

/// Goes into the user agent, as `app/NAME`.
const APP_NAME: &str = concat!("terraform-provider-ses-", env!("CARGO_PKG_VERSION"));

/// What the practitioner says about the way to AWS. Whatever is left out, the
/// AWS chain finds: environment, files, SSO, container, instance.
#[derive(Clone, Debug, Default)]
pub struct ConnectionSettings {
    /// The region, already checked.
    pub region: Option<Region>,
    /// A profile of the shared configuration and credentials files.
    pub profile: Option<String>,
    /// Access keys, in place of the credential chain.
    pub keys: Option<AccessKeys>,
    /// A URL in place of SES's endpoint.
    pub ses_endpoint: Option<String>,
    /// A URL in place of STS's endpoint, for profiles that assume a role.
    pub sts_endpoint: Option<String>,
    /// A PEM file with the certificates to trust in place of the system's
    /// (`AWS_CA_BUNDLE`, which the SDK does not read).
    pub ca_bundle: Option<PathBuf>,
    /// The folders below which the provider processes of this host share SES's limit:
    /// the first that lets them.
    pub shared_folders: Vec<PathBuf>,
    /// `AWS_PROFILE`
    pub env_profile: Option<String>,
    /// What the environment says of whose the credentials are.
    pub environment: EnvironmentOwner,
    /// A role that the environment names, for who holds a token.
    pub web_identity: Option<WebIdentity>,
}

/// Static credentials. Never printed.
#[derive(Clone)]
pub struct AccessKeys {
    /// The access key id.
    pub access_key: String,
    /// The secret access key.
    pub secret_key: String,
    /// The session token of temporary credentials.
    pub token: Option<String>,
}

impl fmt::Debug for AccessKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AccessKeys(…)")
    }
}

/// The way to AWS, found at the first need. Clones share what was found.
#[derive(Clone, Debug)]
pub struct Connection(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    settings: ConnectionSettings,
    found_region: OnceCell<Region>,
    aws: OnceCell<Aws>,
}

/// What all AWS clients of a process are made of.
#[derive(Clone, Debug)]
pub(super) struct Aws {
    pub(super) sdk: SdkConfig,
    pub(super) credentials: Credentials,
}

impl Connection {
    /// Calls nothing and reads nothing yet.
    pub fn new(settings: ConnectionSettings) -> Self {
        Self(Arc::new(Shared {
            settings,
            found_region: OnceCell::new(),
            aws: OnceCell::new(),
        }))
    }

    /// The region of the settings.
    pub fn configured_region(&self) -> Option<&Region> {
        self.0.settings.region.as_ref()
    }

    /// The region of the settings, or else of the AWS chain. An error when there
    /// is none, or when what there is cannot be a region.
    pub async fn region(&self) -> Result<&Region, Error> {
        if let Some(region) = &self.0.settings.region {
            return Ok(region);
        }
        let found = self.aws().await?.sdk.region();
        self.0
            .found_region
            .get_or_try_init(|| async {
                let found = found.ok_or_else(|| Error::Settings {
                    reason: "no AWS region: set `region` in the provider block, or AWS_REGION, \
                             or a region in the AWS profile"
                        .to_owned(),
                })?;
                Region::parse(found.as_ref()).map_err(|error| Error::Settings {
                    reason: format!("the AWS region that was found in the environment: {error}"),
                })
            })
            .await
    }

    /// The folders in which the processes of this host may share SES's limit.
    pub(in crate::ses) fn shared_folders(&self) -> Vec<PathBuf> {
        self.0.settings.shared_folders.clone()
    }

    /// What tells SES's limit in `region` from others, as far as it is known before a
    /// call.
    pub(in crate::ses) fn limit_name(
        &self,
        region: &Region,
    ) -> impl Future<Output = String> + Send + use<> {
        let (connection, region) = (self.clone(), region.clone());
        async move {
            let settings = &connection.0.settings;
            let owner = Owner::of(settings).await;
            format!("{:?}", (region.as_str(), &settings.ses_endpoint, owner))
        }
    }

    pub(in crate::ses) fn ses_endpoint(&self) -> Option<&str> {
        self.0.settings.ses_endpoint.as_deref()
    }

    /// Reads the configuration, and makes the HTTP client; loads no credentials.
    pub(super) async fn aws(&self) -> Result<&Aws, Error> {
        self.0
            .aws
            .get_or_try_init(|| async {
                let settings = &self.0.settings;
                let look_ups = LookUps::of_system();
                let http = Http::new(settings.ca_bundle.as_deref(), look_ups).await?;
                let files = match &settings.sts_endpoint {
                    Some(endpoint) => {
                        let profile = settings.profile.as_ref().or(settings.env_profile.as_ref());
                        with_sts_endpoint(profile, endpoint)
                    }
                    None => EnvConfigFiles::default(),
                };
                // The chain looks for the region with this client, too.
                let mut loader = aws_config::defaults(BehaviorVersion::latest())
                    .http_client(http.clone())
                    .no_credentials()
                    .profile_files(files.clone())
                    .timeout_config(
                        TimeoutConfig::builder()
                            // Each phase has a limit of its own.
                            .disable_connect_timeout()
                            .disable_read_timeout()
                            .operation_attempt_timeout(phases::LONGEST)
                            .build(),
                    );
                if let Some(region) = &settings.region {
                    loader = loader.region(aws_config::Region::new(region.as_str().to_owned()));
                }
                if let Ok(name) = AppName::new(APP_NAME) {
                    loader = loader.app_name(name);
                }
                if let Some(profile) = &settings.profile {
                    loader = loader.profile_name(profile);
                }
                let sdk = loader.load().await;
                let credentials = Credentials::of(Chain {
                    settings: settings.clone(),
                    http,
                    sdk: sdk.clone(),
                    files,
                });
                let provider = SharedCredentialsProvider::new(credentials.clone());
                let sdk = sdk.into_builder().credentials_provider(provider).build();
                Ok(Aws { sdk, credentials })
            })
            .await
    }
}

/// The user's configuration files, with one service setting laid over them: the
/// SDK builds its own STS clients, and asks only environment and files for their
/// endpoint.
fn with_sts_endpoint(profile: Option<&String>, endpoint: &str) -> EnvConfigFiles {
    let section = match profile.map(String::as_str) {
        None | Some("default") => "default".to_owned(),
        Some(name) => format!("profile {name}"),
    };
    let services = "terraform-provider-ses";
    let overlay = format!(
        "[{section}]\nservices = {services}\n\n\
         [services {services}]\nsts =\n  endpoint_url = {endpoint}\n"
    );
    EnvConfigFiles::builder()
        .include_default_config_file(true)
        .include_default_credentials_file(true)
        .with_contents(EnvConfigFileKind::Config, overlay)
        .build()
}
