//! The name servers of this system, and how it wants them to be asked:
//! resolv.conf(5), read as the C library reads it. `search` does not matter here:
//! all names are absolute.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};
use std::time::Duration;

use super::lookup::LookupError;

/// The port of name servers.
pub(super) const PORT: u16 = 53;

/// The most that the C library grants.
const LONGEST_TIMEOUT: u64 = 30;
const MOST_ATTEMPTS: u32 = 5;

/// What the system says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct System {
    pub(super) servers: Vec<SocketAddr>,
    /// `options timeout:`
    pub(super) timeout: Option<Duration>,
    /// `options attempts:`
    pub(super) attempts: Option<u32>,
    /// `options rotate`: each look-up begins with the next server.
    pub(super) rotate: bool,
    /// `options use-vc`: TCP alone.
    pub(super) tcp: bool,
}

/// Reads the system's settings. Where it has none, a server of this machine is
/// asked, as the C library does.
#[cfg(unix)]
pub(super) fn read() -> Result<System, LookupError> {
    read_from(std::path::Path::new("/etc/resolv.conf"))
}

#[cfg(unix)]
fn read_from(path: &std::path::Path) -> Result<System, LookupError> {
    match std::fs::read(path) {
        Ok(octets) => Ok(parse(&String::from_utf8_lossy(&octets))),
        Err(error) => match crate::machine::file_shortage(&error) {
            Some(cause) => Err(LookupError::NoFiles(cause)),
            None => Ok(parse("")),
        },
    }
}

/// The addresses that the system's own interface tells.
#[cfg(not(unix))]
pub(super) fn read() -> Result<System, LookupError> {
    let (config, _) = hickory_resolver::system_conf::read_system_conf().map_err(|error| {
        let reason = crate::mail_from::presentation(error.to_string().as_bytes());
        LookupError::NoSystemConfig(reason)
    })?;
    let servers = config.name_servers().iter();
    Ok(System {
        servers: servers.map(|server| (server.ip, PORT).into()).collect(),
        ..System::default()
    })
}

fn parse(text: &str) -> System {
    let mut system = System::default();
    for line in text.lines() {
        let mut words = line.split([' ', '\t']).filter(|word| !word.is_empty());
        // What is indented is no keyword.
        match words.next().filter(|word| line.starts_with(word)) {
            Some("nameserver") => system.servers.extend(words.next().and_then(address)),
            Some("options") => words.for_each(|option| system.set(option)),
            _ => {}
        }
    }
    if system.servers.is_empty() {
        system.servers.push((Ipv4Addr::LOCALHOST, PORT).into());
    }
    system
}

impl System {
    fn set(&mut self, option: &str) {
        let (name, value) = option.split_once(':').unwrap_or((option, ""));
        match name {
            "timeout" => {
                let seconds = value.parse::<u64>().ok();
                let seconds = seconds.map(|seconds| seconds.clamp(1, LONGEST_TIMEOUT));
                self.timeout = seconds.map(Duration::from_secs).or(self.timeout);
            }
            "attempts" => {
                let attempts = value.parse::<u32>().ok();
                let attempts = attempts.map(|attempts| attempts.clamp(1, MOST_ATTEMPTS));
                self.attempts = attempts.or(self.attempts);
            }
            "rotate" => self.rotate = true,
            "use-vc" | "usevc" | "tcp" => self.tcp = true,
            _ => {}
        }
    }
}

/// An address, of IPv6 with a zone such as `fe80::1%eth0` too (RFC 4007,
/// section 11).
fn address(text: &str) -> Option<SocketAddr> {
    if let Ok(address) = text.parse::<IpAddr>() {
        return Some((address, PORT).into());
    }
    let (address, zone) = text.split_once('%')?;
    let address = address.parse::<Ipv6Addr>().ok()?;
    Some(SocketAddrV6::new(address, PORT, 0, interface(zone)?).into())
}

/// The number of an interface, by its number or its name.
fn interface(zone: &str) -> Option<u32> {
    if let Ok(index) = zone.parse() {
        return Some(index);
    }
    if zone.is_empty() || zone.contains(['/', '\0']) || zone.starts_with('.') {
        return None;
    }
    let index = std::fs::read_to_string(format!("/sys/class/net/{zone}/ifindex")).ok()?;
    index.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn servers(text: &str) -> Vec<String> {
        let servers = parse(text).servers;
        servers.iter().map(SocketAddr::to_string).collect()
    }

    #[test]
    fn servers_come_in_their_order() {
        let text = "# made by somebody\nsearch .. a..b -\ndomain\nnameserver 10.0.0.2\n\
                    nameserver\t2001:db8::1 trailing words\nnameserver fe80::1%7\n";
        assert_eq!(
            servers(text),
            ["10.0.0.2:53", "[2001:db8::1]:53", "[fe80::1%7]:53"]
        );
        #[cfg(target_os = "linux")]
        {
            let index = std::fs::read_to_string("/sys/class/net/lo/ifindex").unwrap();
            let expected = format!("[fe80::1%{}]:53", index.trim());
            assert_eq!(servers("nameserver fe80::1%lo"), [expected]);
        }
    }

    #[test]
    fn without_a_server_it_is_this_machine() {
        for text in [
            "",
            "\n\n",
            "search example.com\noptions ndots:5\n",
            "nameserver\n",
            "nameserver dns.example\n",
            "nameserver fe80::1%no-such-interface\n",
            "nameserver fe80::1%../lo\n",
            " nameserver 10.0.0.2\n",
            "#nameserver 10.0.0.2\n",
            "nameservers 10.0.0.2\n",
            "\u{feff}\u{0}nonsense",
        ] {
            assert_eq!(servers(text), ["127.0.0.1:53"], "{text:?}");
        }
        #[cfg(unix)]
        {
            let missing = read_from(std::path::Path::new("/no/such/resolv.conf")).unwrap();
            assert_eq!(missing, parse(""));
        }
    }

    #[test]
    fn options_are_kept_within_the_bounds_of_the_c_library() {
        let system = parse("options ndots:2 timeout:5 attempts:3 rotate\noptions use-vc edns0\n");
        assert_eq!(system.timeout, Some(Duration::from_secs(5)));
        assert_eq!(system.attempts, Some(3));
        assert!(system.rotate && system.tcp);

        let extreme = parse("options timeout:0 attempts:4294967295 timeout:x attempts: rotate:1");
        assert_eq!(extreme.timeout, Some(Duration::from_secs(1)));
        assert_eq!(extreme.attempts, Some(5));
        assert_eq!(parse("").timeout, None);
    }
}
