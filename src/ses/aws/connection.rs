//! How to reach AWS: settings, credentials, endpoints, HTTP.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use aws_config::provider_config::ProviderConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use aws_sdk_ses::config::SharedCredentialsProvider;
use aws_sdk_ses::config::timeout::TimeoutConfig;
use tokio::sync::OnceCell;

use super::accounts::Accounts;
use super::credentials::chain::{Chain, find, must_exist};
use super::credentials::{Credentials, LoadFailed};
use super::endpoints::{Endpoints, which_ses};
use super::environment::AwsEnvironment;
use super::files::Files;
use super::http::{Http, Trust};
use super::instance::{Instance, Metadata, MetadataSettings};
use super::look_up::LookUps;
use super::names;
use super::owner::Owner;
use super::phases;
use super::profile::Base;
use super::proxies::{Proxies, ProxySettings};
use super::retries::{Retries, RetryMode};
use super::said::Said;
use super::sts::{FirstRegion, Role, Sts, WebIdentity};
use crate::mail_from::{Region, RegionCheck};
use crate::ses::deadline::{Deadline, Interrupted};
use crate::ses::error::{CredentialFault, Error};

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
    /// The region whose STS is asked; the region itself if left out.
    pub sts_region: Option<String>,
    /// How the metadata service of an instance is asked.
    pub metadata: MetadataSettings,
    /// A PEM file with the certificates to trust in place of the system's.
    pub ca_bundle: Option<PathBuf>,
    /// AWS's configuration files in place of the environment's; empty: the environment's.
    pub config_files: Vec<PathBuf>,
    /// AWS's credentials files in place of the environment's; empty: the environment's.
    pub credentials_files: Vec<PathBuf>,
    /// Proxies on the way.
    pub proxies: ProxySettings,
    /// Whether all certificates are trusted.
    pub insecure: bool,
    /// Whether endpoints are FIPS's where none is named; if not, the environment's word.
    pub use_fips: bool,
    /// Whether endpoints are dual-stack's where none is named; if not, the environment's
    /// word.
    pub use_dual_stack: bool,
    /// How often a call to STS or to the metadata service is made at most.
    pub max_attempts: Option<u32>,
    /// How its attempts follow one another.
    pub retry_mode: Option<RetryMode>,
    /// What is added to `User-Agent`.
    pub user_agent: Vec<String>,
    /// The version of Terraform, for `User-Agent`.
    pub terraform_version: String,
    /// What is taken for the code of a region.
    pub region_check: RegionCheck,
    /// The folders below which the provider processes of this host share SES's limit:
    /// the first that lets them.
    pub shared_folders: Vec<PathBuf>,
    /// What the environment says.
    pub environment: AwsEnvironment,
    /// A role for who holds a token, in place of all other credentials.
    pub web_identity: Option<WebIdentity>,
    /// Roles that are assumed one after the other, with whatever credentials there are.
    pub roles: Vec<Role>,
    /// The accounts that the credentials may belong to.
    pub accounts: Accounts,
    /// Whether AWS is not to be asked for the account where that only helps
    /// (`skip_requesting_account_id`).
    pub skips_account: bool,
}

impl ConnectionSettings {
    /// The profile that is selected.
    pub(super) fn profile_name(&self) -> &str {
        let named = self.profile.as_ref().or(self.environment.profile.as_ref());
        named.map_or("default", String::as_str)
    }

    /// AWS's configuration files as they are now.
    pub(super) async fn files(&self) -> Files {
        let AwsEnvironment {
            config_file,
            credentials_file,
            ..
        } = &self.environment;
        let config = chosen(&self.config_files, config_file);
        Files::read(config, chosen(&self.credentials_files, credentials_file)).await
    }

    /// Whether the metadata service is not to be asked.
    pub(super) fn skips_metadata(&self) -> bool {
        let skip = self.metadata.skip;
        skip.unwrap_or(self.environment.skip_metadata)
    }

    /// Whose certificates are trusted.
    fn trust(&self, files: &Files) -> Trust {
        if self.insecure {
            return Trust::Anybody;
        }
        let block = self.ca_bundle.clone();
        let block = block.map(|path| ("`custom_ca_bundle`", path));
        let environment = || {
            let path = self.environment.ca_bundle.clone();
            path.map(|path| ("AWS_CA_BUNDLE", path))
        };
        let profile = || {
            let path = files.profile(self.profile_name())?.get("ca_bundle")?;
            let path = self.environment.expanded(path);
            (!path.as_os_str().is_empty()).then_some(("the profile's ca_bundle", path))
        };
        let bundle = block.or_else(environment).or_else(profile);
        bundle.map_or(Trust::System, |(by, path)| Trust::Bundle(by, path))
    }
}

/// The files of the block, or else the environment's.
fn chosen<'a>(block: &'a [PathBuf], environment: &'a Option<PathBuf>) -> &'a [PathBuf] {
    if block.is_empty() {
        environment.as_slice()
    } else {
        block
    }
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
    files: OnceCell<Files>,
    found_region: OnceCell<Region>,
    first_region: FirstRegion,
    aws: OnceCell<Aws>,
}

/// What all AWS clients of a process are made of.
#[derive(Clone, Debug)]
pub(super) struct Aws {
    pub(super) sdk: SdkConfig,
    pub(super) credentials: Credentials,
    pub(super) http: Http,
    pub(super) endpoints: Endpoints,
    pub(super) sts: Sts,
}

impl Connection {
    /// Calls nothing and reads nothing yet.
    pub fn new(settings: ConnectionSettings) -> Self {
        Self(Arc::new(Shared {
            settings,
            files: OnceCell::new(),
            found_region: OnceCell::new(),
            first_region: FirstRegion::default(),
            aws: OnceCell::new(),
        }))
    }

    /// The region of the settings.
    pub fn configured_region(&self) -> Option<&Region> {
        self.0.settings.region.as_ref()
    }

    /// What is taken for the code of a region.
    pub fn region_check(&self) -> RegionCheck {
        self.0.settings.region_check
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
                let Some(found) = found else {
                    let reason = without_region(&self.0.settings, self.files().await);
                    return Err(Error::Settings { reason });
                };
                let files = self.files().await;
                let region = self.region_check().parse(found.as_ref());
                region.map_err(|error| {
                    let by = match said_region(&self.0.settings, files) {
                        Some(said) => said.by,
                        None => "the region of the instance metadata service".to_owned(),
                    };
                    let remedy = error.remedy_by_block();
                    let reason = format!("{by} cannot be used: {error}. {remedy}");
                    Error::Settings { reason }
                })
            })
            .await
    }

    /// Whether the profile that block or environment name exists. Calls nothing.
    pub async fn check_profile(&self) -> Result<(), Error> {
        let exists = must_exist(&self.0.settings, self.files().await);
        exists.map_err(|reason| Error::Settings { reason })
    }

    /// SES is to be called in `region`.
    pub(super) fn calls_in(&self, region: &Region) {
        self.0.first_region.tell(region);
    }

    /// Where the settings limit the accounts, loads the credentials, so that it is known
    /// before anything else whether they are of one that is allowed. What passes is
    /// ridden out for a while.
    pub async fn check_account(&self, deadline: &Deadline) -> Result<(), Error> {
        if !self.0.settings.accounts.are_limited() {
            return Ok(());
        }
        let credentials = &self.aws().await?.credentials;
        let checked = match deadline.bound(credentials.ready_soon()).await {
            Ok(checked) => checked,
            Err(Interrupted::Stopped) => Err(LoadFailed::new(
                CredentialFault::Passing,
                "the provider was asked to stop",
            )),
            Err(Interrupted::TimedOut) => {
                let absence = credentials.absence().await;
                Err(absence.unwrap_or_else(|| {
                    LoadFailed::new(CredentialFault::Passing, "AWS has not told it in time")
                }))
            }
        };
        checked.map_err(|failed| Error::Account {
            fault: failed.fault,
            reason: failed.reason,
            refusal: failed.refusal,
        })
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
            let owner = connection.owner().await;
            connection.files().await;
            format!("{:?}", (region.as_str(), connection.which_ses(), owner))
        }
    }

    pub(super) async fn owner(&self) -> Owner {
        Owner::of(&self.0.settings, self.files().await)
    }

    /// AWS's configuration files as they were at first. Credentials are looked for in what
    /// they are at the time.
    async fn files(&self) -> &Files {
        let read = || self.0.settings.files();
        self.0.files.get_or_init(read).await
    }

    /// Where the credentials come from, as far as the settings say it, and no part of them
    /// that is secret.
    pub(super) fn credential_settings(&self) -> String {
        // All of them are named, so that none is forgotten.
        let ConnectionSettings {
            region: _,
            profile,
            keys,
            ses_endpoint: _,
            sts_endpoint,
            sts_region: _,
            metadata,
            ca_bundle: _,
            config_files,
            credentials_files,
            proxies: _,
            insecure: _,
            use_fips: _,
            use_dual_stack: _,
            max_attempts: _,
            retry_mode: _,
            user_agent: _,
            terraform_version: _,
            region_check: _,
            shared_folders: _,
            // The same for all processes of a run.
            environment: _,
            web_identity,
            roles,
            accounts: _,
            skips_account: _,
        } = &self.0.settings;
        let keys = keys.as_ref();
        let key = keys.map(|keys| (&keys.access_key, keys.token.is_some()));
        let web_identity = web_identity.as_ref().map(|web| &web.role_arn);
        let roles: Vec<&String> = roles.iter().map(|role| &role.arn).collect();
        let sources = (sts_endpoint, metadata, config_files, credentials_files);
        format!("{:?}", (key, profile, sources, web_identity, roles))
    }

    pub(super) fn connection_settings(&self) -> &ConnectionSettings {
        &self.0.settings
    }

    /// Reads AWS's configuration files, so that all that they say is known from now on.
    pub async fn read_files(&self) {
        self.files().await;
    }

    /// Which SES is called in each region, by whatever says so: the block, the environment,
    /// or AWS's configuration files once they are read. `None` is AWS's own.
    pub(in crate::ses) fn which_ses(&self) -> Option<String> {
        let unread = Files::default();
        let files = self.0.files.get().unwrap_or(&unread);
        // What is wrong with it is told by the first call.
        let endpoints = Endpoints::of(&self.0.settings, files).ok()?;
        which_ses(&endpoints.ses.url?)
    }

    /// Reads the configuration, and makes the HTTP client; loads no credentials.
    pub(super) async fn aws(&self) -> Result<&Aws, Error> {
        self.0
            .aws
            .get_or_try_init(|| async {
                let (settings, files) = (&self.0.settings, self.files().await);
                let wrong = |reason| Error::Settings { reason };
                let endpoints = Endpoints::of(settings, files).map_err(wrong)?;
                let retries = Retries::of(settings, files).map_err(wrong)?;
                let proxies = Proxies::of(&settings.proxies, &settings.environment);
                let trust = settings.trust(files);
                let http = Http::new(
                    &trust,
                    proxies.map_err(wrong)?,
                    Some(names::around_the_sdk(settings)),
                    LookUps::of_system(),
                );
                let http = http.await?;
                let metadata = Metadata {
                    url: endpoints.metadata.clone(),
                    max_attempts: retries.max_attempts,
                };
                let region = find_region(settings, files, &http, &metadata).await;
                // Not by the SDK's loader, which would read the environment and the files
                // once more, in its own way.
                let mut sdk = SdkConfig::builder()
                    .behavior_version(BehaviorVersion::latest())
                    .http_client(http.clone())
                    .region(region)
                    .retry_config(retries.config())
                    .timeout_config(
                        TimeoutConfig::builder()
                            // Each phase has a limit of its own.
                            .disable_connect_timeout()
                            .disable_read_timeout()
                            .operation_attempt_timeout(phases::LONGEST)
                            .build(),
                    );
                sdk.set_app_name(names::application(settings, files));
                let sdk = sdk.build();
                let sts = Sts {
                    sdk: sdk.clone(),
                    http: http.clone(),
                    place: endpoints.sts.clone(),
                    region: settings.sts_region.clone(),
                    first_region: self.0.first_region.clone(),
                };
                let credentials = Credentials::of(Chain {
                    settings: settings.clone(),
                    http: http.clone(),
                    metadata,
                    sts: sts.clone(),
                });
                let provider = SharedCredentialsProvider::new(credentials.clone());
                let sdk = sdk.into_builder().credentials_provider(provider).build();
                Ok(Aws {
                    sdk,
                    credentials,
                    http,
                    endpoints,
                    sts,
                })
            })
            .await
    }
}

/// The region that the environment says, or else the profile.
fn said_region<'a>(settings: &'a ConnectionSettings, files: &'a Files) -> Option<Said<'a>> {
    settings.said(files, &["AWS_REGION", "AWS_DEFAULT_REGION"], "region")
}

/// Why there is no region.
fn without_region(settings: &ConnectionSettings, files: &Files) -> String {
    find(settings, files).err().unwrap_or_else(|| {
        format!(
            "no AWS region: set `region` in the provider block or in the resource, or AWS_REGION, \
             or a region in the AWS profile `{}` (looked for in {})",
            settings.profile_name(),
            files.looked_for()
        )
    })
}

/// The region of the settings, of the environment or of the profile; the instance's where
/// nothing but its role has credentials.
async fn find_region(
    settings: &ConnectionSettings,
    files: &Files,
    http: &Http,
    metadata: &Metadata,
) -> Option<aws_config::Region> {
    if let Some(region) = &settings.region {
        return Some(aws_config::Region::new(region.as_str().to_owned()));
    }
    if let Some(said) = said_region(settings, files) {
        return Some(aws_config::Region::new(said.text.to_owned()));
    }
    let found = find(settings, files).ok()?;
    let of_instance = matches!(found.links.as_slice(), [link] if matches!(link.base, Base::Instance) && link.roles.is_empty());
    if !of_instance {
        return None;
    }
    let http = http.without_proxies();
    let config = ProviderConfig::without_region().with_http_client(http);
    let instance = Instance::new(metadata, &config).ok()?;
    instance.region().await.map(aws_config::Region::new)
}
