//! The plainest HTTP client there is, so that a reset is seen as one.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use simulator::{Lookups, Options, Rate, Simulator};

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    /// The text of the first element `name`.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        let (_, rest) = self.body.split_once(&format!("<{name}>"))?;
        let (text, _) = rest.split_once(&format!("</{name}>"))?;
        let text = text.replace("&lt;", "<").replace("&gt;", ">");
        Some(text.replace("&quot;", "\"").replace("&amp;", "&"))
    }

    /// Error code and message.
    pub(crate) fn error(&self) -> (String, String) {
        assert!(self.status >= 400, "no error: {self:?}");
        (self.text("Code").unwrap(), self.text("Message").unwrap())
    }

    pub(crate) fn assert_ok(&self) {
        assert_eq!(self.status, 200, "{self:?}");
    }
}

/// A simulator without limits, whose SES does not look into DNS.
pub(crate) fn quiet() -> Simulator {
    start(Options {
        rate: Rate::Unlimited,
        lookups: Lookups::Off,
        ..Options::default()
    })
}

pub(crate) fn start(options: Options) -> Simulator {
    Simulator::start(options).unwrap()
}

/// Waits until `condition` holds, and fails if it does not within ten seconds.
pub(crate) fn wait_until(what: &str, condition: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !condition() {
        assert!(Instant::now() < deadline, "not yet: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// A call of `action` in us-east-1.
pub(crate) fn call(
    simulator: &Simulator,
    action: &str,
    parameters: &[(&str, &str)],
) -> io::Result<Answer> {
    call_in(simulator, "us-east-1", action, parameters)
}

pub(crate) fn call_in(
    simulator: &Simulator,
    region: &str,
    action: &str,
    parameters: &[(&str, &str)],
) -> io::Result<Answer> {
    call_as("AKIATEST", simulator, region, action, parameters)
}

/// The same, signed with this access key.
pub(crate) fn call_as(
    access_key: &str,
    simulator: &Simulator,
    region: &str,
    action: &str,
    parameters: &[(&str, &str)],
) -> io::Result<Answer> {
    let body = form_urlencoded::Serializer::new(String::new())
        .append_pair("Action", action)
        .append_pair("Version", "2010-12-01")
        .extend_pairs(parameters)
        .finish();
    let authorization = format!(
        "Authorization: AWS4-HMAC-SHA256 \
         Credential={access_key}/20260102/{region}/ses/aws4_request, SignedHeaders=host, \
         Signature=00\r\nUser-Agent: test/1\r\n"
    );
    send(&simulator.ses_url(), "POST", "/", &authorization, &body)
}

pub(crate) fn set(simulator: &Simulator, identity: &str, domain: &str) -> Answer {
    let parameters = [("Identity", identity), ("MailFromDomain", domain)];
    call(simulator, "SetIdentityMailFromDomain", &parameters).unwrap()
}

pub(crate) fn get(simulator: &Simulator, identity: &str) -> Answer {
    let parameters = [("Identities.member.1", identity)];
    call(
        simulator,
        "GetIdentityMailFromDomainAttributes",
        &parameters,
    )
    .unwrap()
}

/// One request on a connection of its own. `headers` end in CRLF.
pub(crate) fn send(
    url: &str,
    method: &str,
    path: &str,
    headers: &str,
    body: &str,
) -> io::Result<Answer> {
    let address = url.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    let length = body.len();
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n{headers}\
         Content-Length: {length}\r\n\r\n{body}"
    )?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    let answer = String::from_utf8_lossy(&answer);
    let (head, body) = answer
        .split_once("\r\n\r\n")
        .ok_or(io::ErrorKind::UnexpectedEof)?;
    Ok(Answer {
        status: head[9..12].parse().unwrap(),
        head: head.to_ascii_lowercase(),
        body: body.to_owned(),
    })
}
