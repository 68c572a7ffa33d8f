//! How to reach AWS: credentials, endpoints, HTTP.

use std::path::PathBuf;
use std::sync::Arc;

use aws_config::{BehaviorVersion, SdkConfig};
use aws_sdk_ses::config::SharedCredentialsProvider;
use aws_sdk_ses::config::timeout::TimeoutConfig;
use tokio::sync::OnceCell;

use super::credentials::chain::Chain;
use super::credentials::links::must_exist;
use super::credentials::{Credentials, LoadFailed};
use super::endpoints::{Endpoints, which_ses};
use super::files::Files;
use super::http::Http;
use super::instance::Metadata;
use super::look_up::LookUps;
use super::names;
use super::owner::Owner;
use super::phases;
use super::proxies::Proxies;
use super::region::{find_region, said_region, without_region};
use super::retries::Retries;
use super::settings::ConnectionSettings;
use super::sts::{FirstRegion, Sts};
use crate::mail_from::{Region, RegionCheck};
use crate::ses::deadline::{Deadline, Interrupted};
use crate::ses::error::{CredentialFault, Error};

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
        let aws = self.aws().await?;
        let found = aws.sdk.region();
        self.0
            .found_region
            .get_or_try_init(|| async {
                let Some(found) = found else {
                    let (files, metadata) = (self.files().await, &aws.endpoints.metadata);
                    let reason = without_region(&self.0.settings, files, metadata);
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
            // Reads the files, which also say to which SES the calls go.
            let owner = connection.owner().await;
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
