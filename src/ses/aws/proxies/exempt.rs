//! What is reached without a proxy (`no_proxy`), read as Go's programs read it.

use std::net::IpAddr;

use http::Uri;

/// The hosts of a list that is separated by commas.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Exempt(Vec<Rule>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Rule {
    /// `*`
    All,
    /// `10.0.0.0/8`
    Network(IpAddr, u8),
    /// `10.0.0.1`, `10.0.0.1:443`
    Address(IpAddr, Option<u16>),
    /// `example.com` and what is below it; `.example.com` and `*.example.com`: only that.
    Domain {
        name: String,
        itself: bool,
        port: Option<u16>,
    },
}

impl Exempt {
    pub(super) fn parse(list: &str) -> Self {
        let items = list.split(|c: char| c == ',' || c.is_whitespace());
        Self(items.filter_map(rule).collect())
    }

    /// Whether what is at `uri` is reached without a proxy.
    pub(super) fn holds(&self, uri: &Uri) -> bool {
        let Some(host) = uri.host() else {
            return false;
        };
        let host = bare(host).trim_end_matches('.').to_ascii_lowercase();
        let address: Option<IpAddr> = host.parse().ok();
        let default = match uri.scheme_str() {
            Some("https") => 443,
            _ => 80,
        };
        let asked = uri.port_u16().unwrap_or(default);
        let is_port = |port: &Option<u16>| port.is_none_or(|port| port == asked);
        self.0.iter().any(|rule| match rule {
            Rule::All => true,
            Rule::Network(network, length) => {
                address.is_some_and(|address| is_within(address, *network, *length))
            }
            Rule::Address(exempt, port) => address == Some(*exempt) && is_port(port),
            Rule::Domain { name, itself, port } => {
                let below = host.strip_suffix(name.as_str());
                let is_it = below
                    .is_some_and(|below| below.ends_with('.') || (below.is_empty() && *itself));
                is_it && is_port(port)
            }
        })
    }
}

fn rule(item: &str) -> Option<Rule> {
    if item == "*" {
        return Some(Rule::All);
    }
    if let Some((network, length)) = item.split_once('/') {
        let network: IpAddr = network.parse().ok()?;
        let length: u8 = length.parse().ok()?;
        return (length <= bits(network).1).then_some(Rule::Network(network, length));
    }
    if let Ok(address) = bare(item).parse() {
        return Some(Rule::Address(address, None));
    }
    let (host, port) = match item.rsplit_once(':') {
        Some((host, port)) => (host, Some(port.parse().ok()?)),
        None => (item, None),
    };
    if let Ok(address) = bare(host).parse() {
        return Some(Rule::Address(address, port));
    }
    let host = host.to_ascii_lowercase();
    let below = host.strip_prefix("*.").or_else(|| host.strip_prefix('.'));
    let name = below.unwrap_or(&host).trim_end_matches('.');
    (!name.is_empty()).then(|| Rule::Domain {
        name: name.to_owned(),
        itself: below.is_none(),
        port,
    })
}

/// An IPv6 address without its brackets.
pub(super) fn bare(host: &str) -> &str {
    let inside = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'));
    inside.unwrap_or(host)
}

fn is_within(address: IpAddr, network: IpAddr, length: u8) -> bool {
    let ((address, size), (network, of_network)) = (bits(address), bits(network));
    // No bits of no length are left to compare.
    let differs = (address ^ network).checked_shr(u32::from(size - length.min(size)));
    size == of_network && (length == 0 || differs == Some(0))
}

/// An address as a number, and how many bits it has.
fn bits(address: IpAddr) -> (u128, u8) {
    match address {
        IpAddr::V4(address) => (u128::from(u32::from(address)), 32),
        IpAddr::V6(address) => (u128::from(address), 128),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form_exempts_what_it_means_and_nothing_else() {
        for (list, exempt, others) in [
            ("", &[][..], &["https://a.com", "http://10.0.0.1"][..]),
            ("*", &["https://a.com", "http://10.0.0.1"], &[]),
            (
                "a.com",
                &["https://a.com", "http://b.A.com:8080", "https://a.com."],
                &["https://ba.com", "https://com", "https://a.com.b"],
            ),
            (".a.com", &["https://b.a.com"], &["https://a.com"]),
            ("*.a.com", &["https://c.b.a.com"], &["https://a.com"]),
            (
                "a.com:443, b.com:80",
                &["https://a.com", "https://x.a.com:443", "http://b.com"],
                &["http://a.com", "https://a.com:8443", "https://b.com"],
            ),
            ("x  , a.com ,\ty ", &["https://a.com"], &["https://b.com"]),
            (
                "10.0.0.0/8,192.168.1.0/25",
                &["http://10.255.0.1", "https://192.168.1.127"],
                &[
                    "http://11.0.0.1",
                    "https://192.168.1.128",
                    "http://[::a00:1]",
                ],
            ),
            (
                "0.0.0.0/0",
                &["http://1.2.3.4"],
                &["http://[::1]", "http://a.com"],
            ),
            (
                "10.0.0.1, 10.0.0.2:8080, fd00::/8, [::2]:80, ::3",
                &[
                    "http://10.0.0.1:5",
                    "http://10.0.0.2:8080",
                    "http://[fd01::1]",
                ],
                &["http://10.0.0.2", "http://[fe00::1]", "https://[::2]"],
            ),
            (
                "[::2]:80, ::3",
                &["http://[::2]", "https://[::3]"],
                &["http://[::4]"],
            ),
            (
                "10.0.0.0/40, :80, a.com:x, /, .",
                &[],
                &["http://a.com", "http://10.0.0.1"],
            ),
        ] {
            let rules = Exempt::parse(list);
            for (uris, holds) in [(exempt, true), (others, false)] {
                for uri in uris {
                    assert_eq!(rules.holds(&uri.parse().unwrap()), holds, "{list}: {uri}");
                }
            }
        }
    }
}
