//! `moto_server`, started for one test, and the requests that set its scene.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// How long moto may take to start, and to answer.
const PATIENCE: Duration = Duration::from_secs(60);

/// moto tells service and region by the signature's scope, and does not check
/// the signature. The region is that of the harness's provider block.
const AUTHORIZATION: &str = "AWS4-HMAC-SHA256 \
     Credential=AKIAIOSFODNN7EXAMPLE/20260101/us-east-1/ses/aws4_request, \
     SignedHeaders=host, Signature=0";

/// What moto holds of an identity with a MAIL FROM domain.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct MailFrom {
    pub(crate) domain: String,
    /// `None` if it was set without one.
    pub(crate) behavior: Option<String>,
}

impl MailFrom {
    pub(crate) fn new(domain: &str, behavior: &str) -> Self {
        Self {
            domain: domain.to_owned(),
            behavior: Some(behavior.to_owned()),
        }
    }
}

/// A running `moto_server`; dropping it ends it.
pub(crate) struct Moto {
    child: Child,
    address: String,
}

impl Moto {
    /// Starts the executable that `MOTO_SERVER` names, on a free port.
    pub(crate) fn start() -> Self {
        #[expect(clippy::disallowed_methods, reason = "make conformance tells it so")]
        let program = std::env::var_os("MOTO_SERVER")
            .expect("MOTO_SERVER names no moto_server; run `make conformance`");
        let mut child = Command::new(program)
            .args(["-H", "127.0.0.1", "-p", "0"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("MOTO_SERVER cannot be started");
        let mut log = BufReader::new(child.stderr.take().unwrap()).lines();
        let (tell, told) = mpsc::channel();
        // The log is read to its end: a full pipe would stop moto.
        thread::spawn(move || {
            while let Some(Ok(line)) = log.next() {
                if let Some((_, address)) = line.split_once("Running on http://") {
                    // After a time-out nobody waits for it.
                    let _ = tell.send(address.trim().to_owned());
                }
            }
        });
        // Ended by its Drop from here on, whatever comes of the waiting.
        let mut moto = Self {
            child,
            address: String::new(),
        };
        moto.address = told.recv_timeout(PATIENCE).expect("moto did not start");
        moto
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Registers a domain or an address; moto takes it for verified at once.
    pub(crate) fn verify(&self, identity: &str) {
        let (action, parameter) = if identity.contains('@') {
            ("VerifyEmailIdentity", "EmailAddress")
        } else {
            ("VerifyDomainIdentity", "Domain")
        };
        self.call(action, &[(parameter, identity)]);
    }

    /// Deletes an identity. moto keeps its MAIL FROM domain, and shows it again
    /// when the identity is back.
    pub(crate) fn delete(&self, identity: &str) {
        self.call("DeleteIdentity", &[("Identity", identity)]);
    }

    pub(crate) fn set(&self, identity: &str, domain: &str, behavior: &str) {
        self.call(
            "SetIdentityMailFromDomain",
            &[
                ("Identity", identity),
                ("MailFromDomain", domain),
                ("BehaviorOnMXFailure", behavior),
            ],
        );
    }

    pub(crate) fn unset(&self, identity: &str) {
        self.call("SetIdentityMailFromDomain", &[("Identity", identity)]);
    }

    /// What moto holds of `identity`, as it was verified; `None` also if moto
    /// does not know it.
    pub(crate) fn mail_from(&self, identity: &str) -> Option<MailFrom> {
        let body = self.call(
            "GetIdentityMailFromDomainAttributes",
            &[("Identities.member.1", identity)],
        );
        let (_, entry) = body.split_once(&format!("<key>{identity}</key>"))?;
        Some(MailFrom {
            domain: text_of("MailFromDomain", entry)?,
            behavior: text_of("BehaviorOnMXFailure", entry),
        })
    }

    /// Calls SES's Query API. No value here needs escaping but `@`, which moto
    /// takes as it is.
    fn call(&self, action: &str, parameters: &[(&str, &str)]) -> String {
        let mut form = format!("Action={action}&Version=2010-12-01");
        for (name, value) in parameters {
            form.push_str(&format!("&{name}={value}"));
        }
        let request = format!(
            "POST / HTTP/1.1\r\nhost: {address}\r\nauthorization: {AUTHORIZATION}\r\n\
             content-type: application/x-www-form-urlencoded\r\n\
             content-length: {length}\r\nconnection: close\r\n\r\n{form}",
            address = self.address,
            length = form.len(),
        );
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut response = String::new();
        stream.read_to_string(&mut response).unwrap();
        assert!(response.starts_with("HTTP/1.1 200 "), "{form}: {response}");
        response
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        // An error means that it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The text of the first element `name` in `xml`.
fn text_of(name: &str, xml: &str) -> Option<String> {
    let (_, rest) = xml.split_once(&format!("<{name}>"))?;
    let (text, _) = rest.split_once(&format!("</{name}>"))?;
    Some(text.to_owned())
}
