//! How to reach AWS: settings, credentials, endpoints, HTTP.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use aws_config::{AppName, BehaviorVersion, SdkConfig};
use aws_runtime::env_config::file::{EnvConfigFileKind, EnvConfigFiles};
use aws_sdk_ses::config::{Credentials, SharedHttpClient};
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::{self, TlsContext, TrustStore};
use aws_smithy_http_client::{Builder, Connector};
use tokio::sync::OnceCell;

use super::owner::{EnvironmentOwner, Owner};
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
    sdk_config: OnceCell<SdkConfig>,
}

impl Connection {
    /// Calls nothing and reads nothing yet.
    pub fn new(settings: ConnectionSettings) -> Self {
        Self(Arc::new(Shared {
            settings,
            found_region: OnceCell::new(),
            sdk_config: OnceCell::new(),
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
        let found = self.sdk_config().await?.region();
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

    pub(super) async fn owner(&self) -> Owner {
        Owner::of(&self.0.settings).await
    }

    /// Where the credentials come from, as far as the settings say it.
    pub(super) fn credential_settings(&self) -> String {
        let settings = &self.0.settings;
        let keys = settings.keys.as_ref();
        let key = keys.map(|keys| (&keys.access_key, keys.token.is_some()));
        format!("{:?}", (key, &settings.profile, &settings.sts_endpoint))
    }

    pub(super) fn sts_endpoint(&self) -> Option<&str> {
        self.0.settings.sts_endpoint.as_deref()
    }

    pub(in crate::ses) fn ses_endpoint(&self) -> Option<&str> {
        self.0.settings.ses_endpoint.as_deref()
    }

    pub(in crate::ses) async fn sdk_config(&self) -> Result<&SdkConfig, Error> {
        self.0
            .sdk_config
            .get_or_try_init(|| async {
                let settings = &self.0.settings;
                // The chain looks for the region with this client, too.
                let mut loader = aws_config::defaults(BehaviorVersion::latest())
                    .http_client(http_client(settings.ca_bundle.as_deref()).await?);
                if let Some(region) = &settings.region {
                    loader = loader.region(aws_config::Region::new(region.as_str().to_owned()));
                }
                if let Ok(name) = AppName::new(APP_NAME) {
                    loader = loader.app_name(name);
                }
                if let Some(profile) = &settings.profile {
                    loader = loader.profile_name(profile);
                }
                if let Some(endpoint) = &settings.sts_endpoint {
                    let profile = settings.profile.as_ref().or(settings.env_profile.as_ref());
                    loader = loader.profile_files(with_sts_endpoint(profile, endpoint));
                }
                if let Some(keys) = &settings.keys {
                    loader = loader.credentials_provider(Credentials::from_keys(
                        &keys.access_key,
                        &keys.secret_key,
                        keys.token.clone(),
                    ));
                }
                Ok(loader.load().await)
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

/// The SDK's own client, but one that honours `HTTPS_PROXY` and its kin, and a
/// certificate bundle.
async fn http_client(ca_bundle: Option<&Path>) -> Result<SharedHttpClient, Error> {
    let mut context = TlsContext::builder();
    if let Some(path) = ca_bundle {
        let pem = tokio::fs::read(path)
            .await
            .map_err(|error| Error::Settings {
                reason: format!(
                    "cannot read the certificate bundle {} that AWS_CA_BUNDLE names: {error}",
                    path.display()
                ),
            })?;
        context = context.with_trust_store(TrustStore::empty().with_pem_certificate(pem));
    }
    let context = context.build().map_err(|error| Error::Settings {
        reason: format!("cannot use the certificate bundle that AWS_CA_BUNDLE names: {error}"),
    })?;
    Ok(
        Builder::new().build_with_connector_fn(move |settings, components| {
            let mut connector = Connector::builder()
                .proxy_config(ProxyConfig::from_env())
                .tls_provider(tls::Provider::Rustls(
                    tls::rustls_provider::CryptoMode::AwsLc,
                ))
                .tls_context(context.clone());
            if let Some(settings) = settings {
                connector = connector.connector_settings(settings.clone());
            }
            if let Some(sleep) = components.and_then(|components| components.sleep_impl()) {
                connector = connector.sleep_impl(sleep);
            }
            connector.build()
        }),
    )
}
