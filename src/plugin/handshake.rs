//! What go-plugin's host and plugin tell each other before the first call: the
//! host by environment variables, the plugin by one line on stdout.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::ops::RangeInclusive;
use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

/// go-plugin's own protocol, the frame around Terraform's.
const CORE_PROTOCOL: u32 = 1;
/// Terraform's plugin protocol.
pub(super) const PROTOCOL: u32 = 6;

const COOKIE: &str = "TF_PLUGIN_MAGIC_COOKIE";
const COOKIE_VALUE: &str = "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2";

/// Why the process cannot serve whoever started it.
#[derive(Debug, thiserror::Error)]
pub enum HandshakeError {
    /// The magic cookie is missing: a person has started the executable.
    #[error("this is a Terraform provider: Terraform and OpenTofu start it, people do not")]
    NotStartedByTerraform,
    /// PLUGIN_CLIENT_CERT is not one PEM certificate.
    #[error("PLUGIN_CLIENT_CERT holds no certificate: {0}")]
    ClientCertificate(String),
    /// PLUGIN_MIN_PORT and PLUGIN_MAX_PORT are not a range of ports.
    #[error("PLUGIN_MIN_PORT and PLUGIN_MAX_PORT are no range of ports")]
    Ports,
}

/// What the host has said.
#[derive(Debug)]
pub(super) struct Handshake {
    /// The only certificate a client may show; `None`: no TLS.
    pub(super) client_certificate: Option<CertificateDer<'static>>,
    /// Where the private folder with the socket may go, the best first.
    pub(super) places: Vec<Place>,
    /// The group that may connect as well: its name or number.
    pub(super) group: Option<String>,
    /// Where to listen if no place can hold a socket.
    pub(super) ports: RangeInclusive<u16>,
    /// Whether the host wants to know if connections can be multiplexed.
    asks_for_multiplexing: bool,
}

/// A folder of the system, and where its name is from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// The environment variable that names it; `None`: the system's own.
    pub(super) variable: Option<&'static str>,
    /// As it was given, perhaps relative.
    pub(super) path: PathBuf,
}

impl Handshake {
    /// Reads the environment. `debug` asks for no cookie and no certificate:
    /// the person who attaches Terraform sets none. Which protocols the host
    /// offers is not asked: it compares the answer with them by itself, and
    /// tells the practitioner what to do if they differ.
    pub(super) fn from_env(debug: bool) -> Result<Self, HandshakeError> {
        #[expect(
            clippy::disallowed_methods,
            reason = "the handshake is the plugin's one place that reads the environment"
        )]
        Self::parse(debug, |name| std::env::var_os(name))
    }

    fn parse(
        debug: bool,
        variable: impl Fn(&str) -> Option<OsString>,
    ) -> Result<Self, HandshakeError> {
        let path = |name| variable(name).filter(|value| !value.is_empty());
        let variable = |name| path(name).and_then(|value| value.into_string().ok());
        if !debug && variable(COOKIE).as_deref() != Some(COOKIE_VALUE) {
            return Err(HandshakeError::NotStartedByTerraform);
        }
        let client_certificate = path("PLUGIN_CLIENT_CERT")
            .filter(|_| !debug)
            .map(|pem| CertificateDer::from_pem_slice(pem.as_encoded_bytes()))
            .transpose()
            .map_err(|error| HandshakeError::ClientCertificate(error.to_string()))?;
        let port = |name, default| match variable(name) {
            Some(port) => port.parse().map_err(|_| HandshakeError::Ports),
            None => Ok(default),
        };
        let ports = port("PLUGIN_MIN_PORT", 10_000)?..=port("PLUGIN_MAX_PORT", 25_000)?;
        if ports.is_empty() {
            return Err(HandshakeError::Ports);
        }
        Ok(Self {
            client_certificate,
            places: places(path),
            group: path("PLUGIN_UNIX_SOCKET_GROUP")
                .map(|group| group.to_string_lossy().into_owned()),
            ports,
            asks_for_multiplexing: variable("PLUGIN_MULTIPLEX_GRPC").is_some(),
        })
    }

    /// The plugin's answer, with the newline: where it listens and the
    /// certificate it shows there.
    pub(super) fn answer(
        &self,
        network: &str,
        address: &str,
        certificate: Option<&CertificateDer<'_>>,
    ) -> String {
        let certificate = certificate.map_or_else(String::new, |der| STANDARD_NO_PAD.encode(der));
        let mut line = format!("{CORE_PROTOCOL}|{PROTOCOL}|{network}|{address}|grpc|{certificate}");
        if self.asks_for_multiplexing {
            // The broker opens no connections, so there is nothing to multiplex.
            // Writing to a String does not fail.
            let _ = write!(line, "|false");
        }
        line.push('\n');
        line
    }
}

/// The host's wish, then where this user's temporary files go, then what most
/// systems have.
fn places(path: impl Fn(&'static str) -> Option<OsString>) -> Vec<Place> {
    let named = ["PLUGIN_UNIX_SOCKET_DIR", "TMPDIR", "XDG_RUNTIME_DIR"].map(|name| Place {
        variable: Some(name),
        path: path(name).map_or_else(PathBuf::new, PathBuf::from),
    });
    let system = Place {
        variable: None,
        path: PathBuf::from("/tmp"),
    };
    let mut places: Vec<Place> = Vec::new();
    for place in named.into_iter().chain([system]) {
        let known = places.iter().any(|known| known.path == place.path);
        if !known && !place.path.as_os_str().is_empty() {
            places.push(place);
        }
    }
    places
}

/// The value of TF_REATTACH_PROVIDERS by which Terraform finds this process.
pub(super) fn reattach(provider: &str, network: &str, address: &str) -> String {
    serde_json::json!({
        provider: {
            "Protocol": "grpc",
            "ProtocolVersion": PROTOCOL,
            "Pid": std::process::id(),
            "Test": true,
            "Addr": { "Network": network, "String": address },
        }
    })
    .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(debug: bool, variables: &[(&str, &str)]) -> Result<Handshake, HandshakeError> {
        Handshake::parse(debug, |name| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).into())
        })
    }

    const STARTED: (&str, &str) = (COOKIE, COOKIE_VALUE);

    #[test]
    fn nobody_but_terraform_has_the_cookie() {
        for variables in [&[][..], &[(COOKIE, "")], &[(COOKIE, "d602")]] {
            assert!(matches!(
                parse(false, variables),
                Err(HandshakeError::NotStartedByTerraform)
            ));
        }
        assert!(parse(false, &[STARTED]).is_ok());
        assert!(parse(true, &[]).is_ok());
    }

    #[test]
    fn a_host_that_offers_other_protocols_is_answered() {
        for debug in [false, true] {
            for offered in ["5,6", "6", "5", "4,5", "16,65", ""] {
                let variables = [STARTED, ("PLUGIN_PROTOCOL_VERSIONS", offered)];
                let handshake = parse(debug, &variables).unwrap();
                let answer = handshake.answer("unix", "/s/p", None);
                assert_eq!(answer, "1|6|unix|/s/p|grpc|\n", "{offered:?}");
            }
        }
    }

    #[test]
    fn a_bad_certificate_or_port_is_told() {
        let bad = parse(false, &[STARTED, ("PLUGIN_CLIENT_CERT", "no PEM")]);
        assert!(matches!(bad, Err(HandshakeError::ClientCertificate(_))));
        for ports in [("x", "1"), ("2", "1"), ("1", "65536")] {
            let variables = [
                STARTED,
                ("PLUGIN_MIN_PORT", ports.0),
                ("PLUGIN_MAX_PORT", ports.1),
            ];
            assert!(matches!(
                parse(false, &variables),
                Err(HandshakeError::Ports)
            ));
        }
    }

    #[test]
    fn the_socket_goes_where_the_host_says_and_else_where_there_is_a_place() {
        let places = |variables: &[(&str, &str)]| {
            let started = [&[STARTED], variables].concat();
            let places = parse(false, &started).unwrap().places.into_iter();
            places
                .map(|place| format!("{:?} {}", place.variable, place.path.display()))
                .collect::<Vec<_>>()
        };
        assert_eq!(places(&[]), ["None /tmp"]);
        assert_eq!(places(&[("TMPDIR", "")]), ["None /tmp"]);
        assert_eq!(places(&[("TMPDIR", "/tmp")]), [r#"Some("TMPDIR") /tmp"#]);
        assert_eq!(
            places(&[
                ("XDG_RUNTIME_DIR", "/run/user/1"),
                ("TMPDIR", "relative"),
                ("PLUGIN_UNIX_SOCKET_DIR", "/some/where"),
            ]),
            [
                r#"Some("PLUGIN_UNIX_SOCKET_DIR") /some/where"#,
                r#"Some("TMPDIR") relative"#,
                r#"Some("XDG_RUNTIME_DIR") /run/user/1"#,
                "None /tmp",
            ]
        );
    }

    #[cfg(unix)]
    #[test]
    fn a_folder_that_is_not_utf_8_is_a_place_as_well() {
        use std::os::unix::ffi::OsStringExt as _;

        let name = OsString::from_vec(b"/tmp/\xff".to_vec());
        let parsed = Handshake::parse(true, |variable| {
            (variable == "TMPDIR").then(|| name.clone())
        });
        assert_eq!(parsed.unwrap().places[0].path, PathBuf::from(name));
    }

    #[test]
    fn the_answer_is_one_line_of_six_fields() {
        let handshake = parse(false, &[STARTED]).unwrap();
        let certificate = CertificateDer::from(vec![0xff, 0xfe, 0xfd, 0xfc]);
        assert_eq!(
            handshake.answer("unix", "/s/p", Some(&certificate)),
            "1|6|unix|/s/p|grpc|//79/A\n"
        );
        assert_eq!(
            handshake.answer("tcp", "127.0.0.1:10000", None),
            "1|6|tcp|127.0.0.1:10000|grpc|\n"
        );
    }

    #[test]
    fn multiplexing_is_declined_if_asked_for() {
        let handshake = parse(false, &[STARTED, ("PLUGIN_MULTIPLEX_GRPC", "true")]).unwrap();
        assert_eq!(
            handshake.answer("unix", "/s/p", None),
            "1|6|unix|/s/p|grpc||false\n"
        );
    }

    #[test]
    fn reattach_is_json_by_provider_address() {
        let json: serde_json::Value =
            serde_json::from_str(&reattach("host/ns/type", "unix", "/p")).unwrap();
        let entry = &json["host/ns/type"];
        assert_eq!(entry["Protocol"], "grpc");
        assert_eq!(entry["ProtocolVersion"], 6);
        assert_eq!(entry["Pid"], std::process::id());
        assert_eq!(entry["Test"], true);
        assert_eq!(entry["Addr"]["Network"], "unix");
        assert_eq!(entry["Addr"]["String"], "/p");
    }
}
