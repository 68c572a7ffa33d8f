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
pub(super) fn without_region(
    settings: &ConnectionSettings,
    files: &Files,
    metadata: &Result<String, String>,
) -> String {
    let asked = match has_instance_alone(settings, files) {
        Ok(asked) => asked,
        Err(reason) => return reason,
    };
    let mut reason = format!(
        "no AWS region: set `region` in the provider block or in the resource, or AWS_REGION, or a \
         region in the AWS profile `{}` (looked for in {})",
        settings.profile_name(),
        files.looked_for()
    );
    if let (true, Err(wrong)) = (asked, metadata) {
        reason.push_str("; the instance's could not be asked for: ");
        reason.push_str(wrong);
    }
    reason
}

/// Whether nothing but an instance's role has credentials.
fn has_instance_alone(settings: &ConnectionSettings, files: &Files) -> Result<bool, String> {
    let found = find(settings, files)?;
    Ok(match found.links.as_slice() {
        [link] => matches!(link.base, Base::Instance) && link.roles.is_empty(),
        _ => false,
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
    if !has_instance_alone(settings, files).ok()? {
        return None;
    }
    let http = http.without_proxies();
    let config = ProviderConfig::without_region().with_http_client(http);
    let instance = Instance::new(metadata, &config).ok()?;
    instance.region().await.map(aws_config::Region::new)
}

#[cfg(test)]
mod tests {
    use super::super::environment::AwsEnvironment;
    use super::*;

    #[test]
    fn a_metadata_service_that_cannot_be_asked_is_told_where_it_would_have_been() {
        let wrong = Err("X is `here`, not the URL of an endpoint".to_owned());
        let told = |variables: &[(&str, &str)]| {
            let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
            let settings = ConnectionSettings {
                environment: AwsEnvironment::read(variables.iter().map(owned)),
                ..ConnectionSettings::default()
            };
            without_region(&settings, &Files::default(), &wrong)
        };
        let on_instance = told(&[]);
        assert!(on_instance.starts_with("no AWS region"), "{on_instance}");
        assert!(on_instance.ends_with("X is `here`, not the URL of an endpoint"));
        for elsewhere in [
            &[("AWS_EC2_METADATA_DISABLED", "true")][..],
            &[("AWS_ACCESS_KEY_ID", "a"), ("AWS_SECRET_ACCESS_KEY", "s")],
        ] {
            assert!(!told(elsewhere).contains("`here`"), "{elsewhere:?}");
        }
    }
}
