//! Proxies on the way to AWS: which is named by whom, and which requests go by it.
//!
//! As hashicorp/aws has it: the provider block comes before the environment, its
//! `http_proxy` serves HTTPS as well where nothing else is named for that, and `""` is no
//! proxy. What belongs to this machine is reached without one.

mod exempt;

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http::uri::Authority;
use http::{HeaderValue, Uri};

use self::exempt::{Exempt, bare};
use super::environment::AwsEnvironment;

/// What the provider block says about proxies. `""` is no proxy. Never printed.
#[derive(Clone, Default)]
pub struct ProxySettings {
    /// `http_proxy`
    pub http: Option<String>,
    /// `https_proxy`
    pub https: Option<String>,
    /// `no_proxy`
    pub no: Option<String>,
}

impl fmt::Debug for ProxySettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ProxySettings(…)")
    }
}

impl ProxySettings {
    /// Whether `http_proxy` serves HTTPS as well, for want of another.
    pub fn serves_https_by_http(&self, environment: &AwsEnvironment) -> bool {
        let http = self.http.as_deref();
        http.is_some_and(|http| !http.is_empty())
            && self.https.is_none()
            && environment.first(HTTPS).is_none()
    }
}

const HTTP: &[&str] = &["HTTP_PROXY", "http_proxy"];
const HTTPS: &[&str] = &["HTTPS_PROXY", "https_proxy"];
const NO: &[&str] = &["NO_PROXY", "no_proxy"];

/// Why a text names no proxy. Quotes nothing of it: there may be a password in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProxyError {
    /// It is not the URL of a host.
    #[error("it is not the URL of a proxy")]
    NoUrl,
    /// It is the URL of something else.
    #[error("it is not the URL of a proxy that is spoken to by HTTP")]
    OtherScheme,
}

/// A proxy.
#[derive(Clone)]
pub(super) struct Proxy {
    /// Without user and password.
    pub(super) uri: Uri,
    /// `Proxy-Authorization`
    pub(super) authorization: Option<HeaderValue>,
    /// What it is called: by its address, and by the setting that names it.
    name: String,
}

impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Proxy({})", self.name)
    }
}

/// Whether a text of the provider block names a proxy, or says that there is none.
pub fn check_proxy(text: &str) -> Result<(), ProxyError> {
    Proxy::parse(text, "").map(|_| ())
}

impl Proxy {
    /// The proxy of a URL, which `named_by` names. The scheme may be left out.
    fn parse(url: &str, named_by: &str) -> Result<Option<Self>, ProxyError> {
        if url.is_empty() {
            return Ok(None);
        }
        let (scheme, rest) = match url.split_once("://") {
            Some((scheme, rest)) => (scheme.to_ascii_lowercase(), rest),
            None => ("http".to_owned(), url),
        };
        let is_scheme = |c: char| c.is_ascii_alphanumeric() || "+-.".contains(c);
        if scheme.is_empty() || !scheme.chars().all(is_scheme) {
            return Err(ProxyError::NoUrl);
        }
        if !matches!(scheme.as_str(), "http" | "https") {
            return Err(ProxyError::OtherScheme);
        }
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (user, place) = match rest[..end].rsplit_once('@') {
            Some((user, place)) => (Some(user), place),
            None => (None, &rest[..end]),
        };
        let place: Authority = place.parse().map_err(|_| ProxyError::NoUrl)?;
        let has_port = place
            .as_str()
            .rsplit_once(':')
            .is_some_and(|(_, port)| !port.ends_with(']'));
        let is_bad_port = has_port && place.port_u16().is_none_or(|port| port == 0);
        if place.host().is_empty() || is_bad_port {
            return Err(ProxyError::NoUrl);
        }
        let authorization = user.map(authorization).transpose()?;
        let name = format!("the proxy {scheme}://{place} that {named_by} names");
        let uri = Uri::builder().scheme(scheme.as_str()).authority(place);
        let uri = uri.path_and_query("/").build();
        Ok(Some(Self {
            uri: uri.map_err(|_| ProxyError::NoUrl)?,
            authorization,
            name,
        }))
    }
}

/// `user:password` of a URL as HTTP's basic authentication.
fn authorization(user: &str) -> Result<HeaderValue, ProxyError> {
    let (user, password) = user.split_once(':').unwrap_or((user, ""));
    let mut said = decoded(user).ok_or(ProxyError::NoUrl)?;
    said.push(b':');
    said.extend(decoded(password).ok_or(ProxyError::NoUrl)?);
    let value = format!("Basic {}", BASE64_STANDARD.encode(said));
    let mut value = HeaderValue::try_from(value).map_err(|_| ProxyError::NoUrl)?;
    value.set_sensitive(true);
    Ok(value)
}

/// Without the escapes of URLs.
fn decoded(text: &str) -> Option<Vec<u8>> {
    let mut parts = text.split('%');
    let mut bytes = parts.next()?.as_bytes().to_vec();
    for part in parts {
        let (digits, rest) = part.split_at_checked(2)?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        bytes.extend_from_slice(rest.as_bytes());
    }
    Some(bytes)
}

/// The proxies of a process.
#[derive(Clone, Debug, Default)]
pub(super) struct Proxies {
    http: Option<Arc<Proxy>>,
    https: Option<Arc<Proxy>>,
    exempt: Exempt,
}

impl Proxies {
    /// By the block and the environment. An error, as a clause, that says what names no
    /// proxy.
    pub(super) fn of(block: &ProxySettings, environment: &AwsEnvironment) -> Result<Self, String> {
        let proxy = |url: &str, named_by: &str| {
            let proxy = Proxy::parse(url, named_by);
            let proxy = proxy.map(|proxy| proxy.map(Arc::new));
            proxy.map_err(|error| format!("{named_by} cannot be used: {error}"))
        };
        let named = |setting: &Option<String>, by, variables| match setting {
            Some(url) => proxy(url, by),
            None => match environment.first(variables) {
                Some((by, url)) => proxy(url, by),
                None => Ok(None),
            },
        };
        let http = named(&block.http, "`http_proxy`", HTTP)?;
        let https = match block.serves_https_by_http(environment) {
            true => http.clone(),
            false => named(&block.https, "`https_proxy`", HTTPS)?,
        };
        let no = block.no.as_deref().filter(|no| !no.is_empty());
        let no = no.or_else(|| environment.first(NO).map(|(_, no)| no));
        Ok(Self {
            http,
            https,
            exempt: Exempt::parse(no.unwrap_or_default()),
        })
    }

    /// The proxy by which what is at `uri` is reached.
    pub(super) fn before(&self, uri: &Uri) -> Option<&Arc<Proxy>> {
        let proxy = match uri.scheme_str() {
            Some("https") => self.https.as_ref(),
            _ => self.http.as_ref(),
        };
        let is_direct = || uri.host().is_none_or(is_near) || self.exempt.holds(uri);
        proxy.filter(|_| !is_direct())
    }
}

/// Whether `host` lies before every proxy: this machine, or what belongs to it, as a
/// container's and an instance's credentials do.
fn is_near(host: &str) -> bool {
    match bare(host).parse() {
        Ok(IpAddr::V4(address)) => address.is_loopback() || address.is_link_local(),
        Ok(IpAddr::V6(address)) => {
            // Of the metadata service: fd00:ec2::254, fd00:ec2::23.
            address.is_loopback() || address.segments()[..2] == [0xfd00, 0x0ec2]
        }
        Err(_) => host.eq_ignore_ascii_case("localhost"),
    }
}

#[cfg(test)]
mod tests;
