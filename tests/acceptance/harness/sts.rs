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

/// STS, which gives each caller other credentials: `ASIA1`, `ASIA2`, ….
#[derive(Clone, Debug)]
pub(crate) struct Sts {
    address: SocketAddr,
    fares: Arc<Mutex<Fares>>,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Sts {
    pub(crate) fn new(fares: Fares) -> Self {
        let (fares, requests) = (Arc::new(Mutex::new(fares)), Arc::default());
        let sts = Self {
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            fares,
            requests,
        };
        let answering = sts.clone();
        let address = serve(move |mut stream| answering.answer(&mut stream));
        Self { address, ..sts }
    }

    fn answer(&self, stream: &mut TcpStream) {
        let Some(request) = request(stream) else {
            return;
        };
        let operation = match request.contains("Action=AssumeRoleWithWebIdentity") {
            true => "AssumeRoleWithWebIdentity",
            false => "AssumeRole",
        };
        let count = {
            let mut requests = self.requests.lock().unwrap();
            requests.push(request);
            requests.len()
        };
        let fares = *self.fares.lock().unwrap();
        match fares {
            Fares::Well(seconds) => respond(stream, 200, &credentials(operation, count, seconds)),
            Fares::Away if count % 2 == 0 => {}
            Fares::Away => respond(stream, 503, &error("ServiceUnavailable", "Away")),
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
         <SecretAccessKey>secret</SecretAccessKey><SessionToken>token</SessionToken>\
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
