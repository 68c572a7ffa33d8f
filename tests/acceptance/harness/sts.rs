//! STS on loopback, and what small servers are made of.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, SystemTime};

/// A server on a free port of loopback, for as long as the process lives. `answer` has
/// each connection in a thread of its own.
pub(crate) fn serve(answer: impl Fn(TcpStream) + Send + Sync + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let answer = Arc::new(answer);
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let answer = Arc::clone(&answer);
            thread::spawn(move || answer(stream));
        }
    });
    address
}

/// Reads a request to its end; `None` if there is none.
pub(crate) fn request(stream: &mut impl Read) -> Option<String> {
    let mut read = Vec::new();
    loop {
        let mut buffer = [0; 4096];
        let count = stream.read(&mut buffer).ok().filter(|count| *count > 0)?;
        read.extend_from_slice(&buffer[..count]);
        let text = String::from_utf8_lossy(&read);
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let length = head.lines().find_map(|line| {
            let (name, value) = line.split_once(": ")?;
            name.eq_ignore_ascii_case("content-length")
                .then(|| value.parse().ok())?
        });
        if body.len() >= length.unwrap_or(0_usize) {
            return Some(text.into_owned());
        }
    }
}

/// Answers with the headers that STS sends, and the metadata service with its token.
pub(crate) fn respond(stream: &mut impl Write, status: u16, body: &str) {
    let _ = write!(
        stream,
        "HTTP/1.1 {status} X\r\ncontent-type: text/xml\r\ncontent-length: {}\r\n\
         x-amzn-requestid: 7e6d\r\nx-aws-ec2-metadata-token-ttl-seconds: 600\r\n\
         connection: close\r\n\r\n{body}",
        body.len()
    );
}

/// How STS fares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fares {
    /// It gives credentials that are valid for so many seconds.
    Well(u64),
    /// It answers that it is not available, and hangs up on every other call.
    Away,
    /// It does not let the role be assumed.
    Refuses,
}

/// STS, which gives each caller other credentials: `ASIA1`, `ASIA2`, …. It tells whose
/// credentials are, however it fares with roles.
#[derive(Clone, Debug)]
pub(crate) struct Sts {
    address: SocketAddr,
    fares: Arc<Mutex<Fares>>,
    requests: Arc<Mutex<Vec<String>>>,
    /// Whether who asks again for what it was given is given the same.
    is_steady: bool,
}

impl Sts {
    pub(crate) fn new(fares: Fares) -> Self {
        Self::start(fares, false)
    }

    /// One that gives the same credentials to who asks again for the same role with the
    /// same key.
    #[allow(dead_code, reason = "not all tests use it")]
    pub(crate) fn steady(fares: Fares) -> Self {
        Self::start(fares, true)
    }

    fn start(fares: Fares, is_steady: bool) -> Self {
        let (fares, requests) = (Arc::new(Mutex::new(fares)), Arc::default());
        let sts = Self {
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            fares,
            requests,
            is_steady,
        };
        let answering = sts.clone();
        let address = serve(move |mut stream| answering.answer(&mut stream));
        Self { address, ..sts }
    }

    fn answer(&self, stream: &mut TcpStream) {
        let Some(request) = request(stream) else {
            return;
        };
        let action = request.split("Action=").nth(1).unwrap_or_default();
        let operation = action.split('&').next().unwrap_or_default().to_owned();
        let account = account(&request);
        let (count, assumed) = {
            let mut requests = self.requests.lock().unwrap();
            requests.push(request);
            let assumed = requests.iter();
            let assumed = assumed.filter(|sent| sent.contains("Action=AssumeRole"));
            let number = match self.is_steady {
                true => {
                    let asked = asks_for(requests.last().map_or("", String::as_str));
                    let mut all = Vec::new();
                    assumed.map(|sent| asks_for(sent)).for_each(|one| {
                        if !all.contains(&one) {
                            all.push(one);
                        }
                    });
                    all.iter()
                        .position(|one| *one == asked)
                        .map_or(0, |at| at + 1)
                }
                false => assumed.count(),
            };
            (requests.len(), number)
        };
        let fares = *self.fares.lock().unwrap();
        match fares {
            Fares::Away if count % 2 == 0 => {}
            Fares::Away => respond(stream, 503, &error("ServiceUnavailable", "Away")),
            _ if operation == "GetCallerIdentity" => respond(stream, 200, &identity(account)),
            // What stands for IAM knows no users.
            _ if !operation.starts_with("AssumeRole") => {
                respond(stream, 403, &error("AccessDenied", "Not authorized"));
            }
            Fares::Well(seconds) => {
                respond(stream, 200, &credentials(&operation, assumed, seconds))
            }
            Fares::Refuses => {
                let message = format!("Not authorized to perform sts:{operation}");
                respond(stream, 403, &error("AccessDenied", &message));
            }
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// From now on.
    pub(crate) fn fares(&self, fares: Fares) {
        *self.fares.lock().unwrap() = fares;
    }

    /// The requests that it was sent, head and body.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

/// With which key a request asks for which role.
pub(crate) fn asks_for(request: &str) -> (String, String) {
    let behind = |text: &str, end: char| {
        let rest = request.split(text).nth(1).unwrap_or_default();
        rest.split(end).next().unwrap_or_default().to_owned()
    };
    (behind("Credential=", '/'), behind("RoleArn=", '&'))
}

/// The account of keys, as opposed to that of a role's credentials.
pub(crate) const ACCOUNT: &str = "123456789012";
/// The account of what was assumed, and of what an instance or a container hands out.
pub(crate) const ROLES_ACCOUNT: &str = "111122223333";

/// Whose the key is that a request is signed with.
fn account(request: &str) -> &'static str {
    match request.contains("Credential=ASIA") {
        true => ROLES_ACCOUNT,
        false => ACCOUNT,
    }
}

fn identity(account: &str) -> String {
    format!(
        "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\
         <GetCallerIdentityResult><Arn>arn:aws:iam::{account}:user/a</Arn><UserId>A</UserId>\
         <Account>{account}</Account></GetCallerIdentityResult></GetCallerIdentityResponse>"
    )
}

fn credentials(operation: &str, number: usize, seconds: u64) -> String {
    #[expect(
        clippy::disallowed_methods,
        reason = "credentials expire by the wall clock"
    )]
    let expires = SystemTime::now() + Duration::from_secs(seconds);
    let expires = humantime::format_rfc3339_seconds(expires);
    format!(
        "<{operation}Response xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\
         <{operation}Result><Credentials><AccessKeyId>ASIA{number}</AccessKeyId>\
         <SecretAccessKey>hush</SecretAccessKey><SessionToken>hush</SessionToken>\
         <Expiration>{expires}</Expiration></Credentials></{operation}Result>\
         </{operation}Response>"
    )
}

fn error(code: &str, message: &str) -> String {
    format!(
        "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error>\
         <Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>\
         </ErrorResponse>"
    )
}
