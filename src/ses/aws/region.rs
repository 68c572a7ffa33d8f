//! The region, where the provider block names none.

use aws_config::provider_config::ProviderConfig;

use super::credentials::links::find;
use super::files::Files;
use super::http::Http;
use super::instance::{Instance, Metadata};
use super::profile::Base;
use super::said::Said;
use super::settings::ConnectionSettings;

/// The region that the environment says, or else the profile.
pub(super) fn said_region<'a>(
    settings: &'a ConnectionSettings,
    files: &'a Files,
) -> Option<Said<'a>> {
    settings.said(files, &["AWS_REGION", "AWS_DEFAULT_REGION"], "region")
}

/// Why there is no region.
pub(super) fn without_region(settings: &ConnectionSettings, files: &Files) -> String {
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
pub(super) async fn find_region(
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
