//! Endpoints: where SES, STS and the metadata service are, as block, environment and files
//! say it.
//!
//! For a service: the block; AWS_ENDPOINT_URL_SERVICE; AWS_ENDPOINT_URL; the profile's
//! section of services; the profile itself. Where none is named, AWS's own, by FIPS or
//! dual-stack where that is asked for.

use std::net::{IpAddr, Ipv6Addr};

use aws_config::imds::client::EndpointMode;
use aws_sdk_ses::config::endpoint as ses;
use aws_sdk_sts::config::endpoint as sts;
use http::Uri;

use super::environment::AwsEnvironment;
use super::files::Files;
use super::http::Http;
use super::settings::ConnectionSettings;

/// A variable that AWS's tools have given up, and the one that has taken its place.
pub type Deprecated = (&'static str, &'static str);

const METADATA: [&str; 2] = ["AWS_EC2_METADATA_SERVICE_ENDPOINT", "AWS_METADATA_URL"];
const STS: [&str; 3] = [
    "AWS_ENDPOINT_URL_STS",
    "TF_AWS_STS_ENDPOINT",
    "AWS_STS_ENDPOINT",
];

impl AwsEnvironment {
    /// The deprecated variable that says where STS is.
    pub fn deprecated_sts_endpoint(&self) -> Option<Deprecated> {
        self.deprecated(&STS)
    }

    /// The deprecated variable that says where the metadata service is.
    pub fn deprecated_metadata_endpoint(&self) -> Option<Deprecated> {
        self.deprecated(&METADATA)
    }

    fn deprecated(&self, names: &[&'static str]) -> Option<Deprecated> {
        let (name, _) = self.first(names)?;
        let current = *names.first()?;
        (name != current).then_some((name, current))
    }
}

/// Where the services are.
#[derive(Clone, Debug)]
pub(super) struct Endpoints {
    pub(super) ses: Place,
    /// An error, as a clause, for who asks STS, where what is said of it is none.
    pub(super) sts: Result<Place, String>,
    /// The metadata service's URL; an error, as a clause, for who asks it, where what is
    /// said is none.
    pub(super) metadata: Result<String, String>,
}

/// Where a service is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    /// Where it is named; the others are false then.
    pub(super) url: Option<String>,
    pub(super) fips: bool,
    pub(super) dual_stack: bool,
}

/// A service that has an endpoint in each region.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Service {
    Ses,
    Sts,
}

impl Endpoints {
    /// An error, as a clause, where something is said that means nothing.
    pub(super) fn of(settings: &ConnectionSettings, files: &Files) -> Result<Self, String> {
        let said_flag = |variable, property| settings.said_flag(files, variable, property);
        let fips = said_flag("AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint")?;
        let dual_stack = said_flag("AWS_USE_DUALSTACK_ENDPOINT", "use_dualstack_endpoint")?;
        let place = |url: Option<String>| Place {
            // Whoever names a place knows what it is.
            fips: url.is_none() && (settings.use_fips || fips),
            dual_stack: url.is_none() && (settings.use_dual_stack || dual_stack),
            url,
        };
        let block = |url: &Option<String>| url.clone().filter(|url| !url.is_empty());
        let ses = match block(&settings.ses_endpoint) {
            None => named(settings, files, "ses", &["AWS_ENDPOINT_URL_SES"])??,
            url => url,
        };
        let sts = match block(&settings.sts_endpoint) {
            None => named(settings, files, "sts", &STS)?,
            url => Ok(url),
        };
        Ok(Self {
            ses: place(ses),
            sts: sts.map(place),
            metadata: metadata(settings, files)?,
        })
    }
}

/// The URL that environment or files name for a service; inside, an error where it is none.
fn named(
    settings: &ConnectionSettings,
    files: &Files,
    service: &str,
    variables: &[&'static str],
) -> Result<Result<Option<String>, String>, String> {
    let environment = &settings.environment;
    let ignores = settings.said_flag(
        files,
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
        "ignore_configured_endpoint_urls",
    )?;
    // Only AWS's own variables are configured endpoints.
    let own = |name: &str| name.starts_with("AWS_ENDPOINT_URL");
    let variables = variables.iter().filter(|name| !ignores || !own(name));
    let base: &[_] = if ignores { &[] } else { &["AWS_ENDPOINT_URL"] };
    let variables: Vec<_> = variables.chain(base).copied().collect();
    if let Some((name, url)) = environment.first(&variables) {
        return Ok(usable(url, name).map(Some));
    }
    let profile_name = settings.profile_name();
    let Some(profile) = files.profile(profile_name).filter(|_| !ignores) else {
        return Ok(Ok(None));
    };
    let section = profile
        .get("services")
        .map(String::as_str)
        .unwrap_or_default();
    let of_section = files.service(section, service);
    let of_section = of_section.and_then(|service| service.get("endpoint_url"));
    if let Some(url) = of_section.filter(|url| !url.is_empty()) {
        let by = format!("endpoint_url of {service} in the services `{section}`");
        return Ok(usable(url, &by).map(Some));
    }
    let of_profile = profile.get("endpoint_url").filter(|url| !url.is_empty());
    let by = format!("endpoint_url of the profile `{profile_name}`");
    Ok(of_profile.map(|url| usable(url, &by)).transpose())
}

/// Whether a text is the URL of an endpoint.
pub fn is_endpoint(url: &str) -> bool {
    url.parse::<Uri>().is_ok_and(|uri| {
        matches!(uri.scheme_str(), Some("http" | "https"))
            && uri.host().is_some_and(|host| !host.is_empty())
    })
}

fn usable(url: &str, by: &str) -> Result<String, String> {
    match is_endpoint(url) {
        true => Ok(url.to_owned()),
        false => Err(format!("{by} is `{url}`, not the URL of an endpoint")),
    }
}

/// Which SES a URL leads to, for who compares: `None` is AWS's own of the region, by whatever
/// name (`email.…`, FIPS, dual-stack, a VPC endpoint). Of others it is host, port and path in
/// one spelling, without user and password.
pub(super) fn which_ses(url: &str) -> Option<String> {
    let Ok(uri) = url.parse::<Uri>() else {
        return Some(url.to_owned());
    };
    let host = uri.host().unwrap_or_default().to_ascii_lowercase();
    let host = host.trim_end_matches('.');
    let is_ses = host.split('.').any(|label| SES.contains(&label));
    if is_ses && AWS.iter().any(|domain| host.ends_with(domain)) {
        return None;
    }
    let address = host.trim_start_matches('[').trim_end_matches(']');
    let host = match address.parse::<IpAddr>() {
        Ok(IpAddr::V6(Ipv6Addr::LOCALHOST)) => "127.0.0.1".to_owned(),
        Ok(IpAddr::V6(address)) => format!("[{address}]"),
        _ if host == "localhost" => "127.0.0.1".to_owned(),
        _ => host.to_owned(),
    };
    let usual = match uri.scheme_str() {
        Some("https") => 443,
        _ => 80,
    };
    let port = uri.port_u16().unwrap_or(usual);
    Some(format!("{host}:{port}{}", uri.path().trim_end_matches('/')))
}

/// The label of SES's API in the hosts of AWS's endpoints; other hosts there are those of
/// customers (a load balancer before an emulator).
const SES: [&str; 2] = ["email", "email-fips"];

/// The ends of the hosts of AWS's endpoints (its partitions' `dnsSuffix` and
/// `dualStackDnsSuffix`).
const AWS: [&str; 14] = [
    ".amazonaws.com",
    ".api.aws",
    ".amazonaws.com.cn",
    ".api.amazonwebservices.com.cn",
    ".amazonaws.eu",
    ".api.amazonwebservices.eu",
    ".c2s.ic.gov",
    ".api.aws.ic.gov",
    ".sc2s.sgov.gov",
    ".api.aws.scloud",
    ".cloud.adc-e.uk",
    ".api.cloud-aws.adc-e.uk",
    ".csp.hci.ic.gov",
    ".api.aws.hci.ic.gov",
];

/// The URL of the metadata service. What is said of it matters only where it is asked, but
/// for a mode that is none.
fn metadata(
    settings: &ConnectionSettings,
    files: &Files,
) -> Result<Result<String, String>, String> {
    let mode = "ec2_metadata_service_endpoint_mode";
    let said = settings.said(files, &["AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE"], mode);
    let of_block = settings.metadata.is_ipv6.map(|is_ipv6| match is_ipv6 {
        true => EndpointMode::IpV6,
        false => EndpointMode::IpV4,
    });
    let mode = match (of_block, said) {
        (Some(mode), _) => mode,
        (None, None) => EndpointMode::IpV4,
        (None, Some(said)) => {
            let mode = said.text.trim().parse();
            mode.map_err(|_| said.wrong("neither `IPv4` nor `IPv6`"))?
        }
    };
    let block = settings.metadata.endpoint.as_ref();
    if let Some(url) = block.filter(|url| !url.is_empty()) {
        return Ok(usable(url, "`ec2_metadata_service_endpoint`"));
    }
    if let Some(said) = settings.said(files, &METADATA, "ec2_metadata_service_endpoint") {
        return Ok(usable(said.text, &said.by));
    }
    let own = match mode {
        EndpointMode::IpV6 => "http://[fd00:ec2::254]",
        _ => "http://169.254.169.254",
    };
    Ok(Ok(own.to_owned()))
}

impl Place {
    /// The same, without FIPS where the service has no such endpoint in `region`: as
    /// hashicorp/aws has it, which asks DNS.
    pub(super) async fn existing(&self, service: Service, region: &str, http: &Http) -> Self {
        if self.fips
            && let Some(url) = self.own_url(service, region).await
            && http.is_no_host(&url).await
        {
            tracing::warn!(url, "there is no such FIPS endpoint: the usual one is used");
            return Self {
                fips: false,
                ..self.clone()
            };
        }
        self.clone()
    }

    /// AWS's own URL of a service.
    async fn own_url(&self, service: Service, region: &str) -> Option<String> {
        match service {
            Service::Ses => {
                use ses::ResolveEndpoint as _;
                let params = ses::Params::builder().region(region.to_owned());
                let params = params.use_fips(self.fips).use_dual_stack(self.dual_stack);
                let resolver = ses::DefaultResolver::new();
                let endpoint = resolver.resolve_endpoint(&params.build().ok()?).await;
                Some(endpoint.ok()?.url().to_owned())
            }
            Service::Sts => {
                use sts::ResolveEndpoint as _;
                let params = sts::Params::builder().region(region.to_owned());
                let params = params.use_fips(self.fips).use_dual_stack(self.dual_stack);
                let resolver = sts::DefaultResolver::new();
                let endpoint = resolver.resolve_endpoint(&params.build().ok()?).await;
                Some(endpoint.ok()?.url().to_owned())
            }
        }
    }
}

#[cfg(test)]
mod tests;
