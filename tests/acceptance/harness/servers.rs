//! Small servers beside the simulator: STS, a proxy, and a server whose certificate
//! nobody trusts.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, SystemTime};

use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// A server on a free port of loopback, for as long as the process lives. `answer` has
/// each connection in a thread of its own.
fn serve(answer: impl Fn(TcpStream) + Send + Sync + 'static) -> SocketAddr {
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
fn request(stream: &mut TcpStream) -> Option<String> {
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

fn respond(stream: &mut TcpStream, status: u16, body: &str) {
    let _ = write!(
        stream,
        "HTTP/1.1 {status} X\r\ncontent-type: text/xml\r\ncontent-length: {}\r\n\
         x-amzn-requestid: 7e6d\r\nconnection: close\r\n\r\n{body}",
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
    state: Arc<Mutex<(Fares, usize)>>,
}

impl Sts {
    pub(crate) fn new(fares: Fares) -> Self {
        let state = Arc::new(Mutex::new((fares, 0)));
        let address = serve({
            let state = Arc::clone(&state);
            move |mut stream| {
                let Some(request) = request(&mut stream) else {
                    return;
                };
                let operation = match request.contains("Action=AssumeRoleWithWebIdentity") {
                    true => "AssumeRoleWithWebIdentity",
                    false => "AssumeRole",
                };
                let (fares, count) = {
                    let mut state = state.lock().unwrap();
                    state.1 += 1;
                    *state
                };
                match fares {
                    Fares::Well(seconds) => {
                        respond(&mut stream, 200, &credentials(operation, count, seconds));
                    }
                    Fares::Away if count % 2 == 0 => {}
                    Fares::Away => respond(&mut stream, 503, &error("ServiceUnavailable", "Away")),
                    Fares::Refuses => {
                        let message = "Not authorized to perform sts:AssumeRoleWithWebIdentity";
                        respond(&mut stream, 403, &error("AccessDenied", message));
                    }
                }
            }
        });
        Self { address, state }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// From now on.
    pub(crate) fn fares(&self, fares: Fares) {
        self.state.lock().unwrap().0 = fares;
    }

    /// How often it was called.
    pub(crate) fn calls(&self) -> usize {
        self.state.lock().unwrap().1
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

/// A server that counts its connections.
#[derive(Clone, Debug)]
pub(crate) struct Counted {
    pub(crate) address: SocketAddr,
    count: Arc<Mutex<usize>>,
}

impl Counted {
    fn new(answer: impl Fn(TcpStream) + Send + Sync + 'static) -> Self {
        let count = Arc::new(Mutex::new(0));
        let counted = Arc::clone(&count);
        let address = serve(move |stream| {
            *counted.lock().unwrap() += 1;
            answer(stream);
        });
        Self { address, count }
    }

    /// A server by HTTPS whose certificate nobody has signed but itself.
    pub(crate) fn untrusted() -> Self {
        let names = vec!["127.0.0.1".to_owned()];
        let certified = rcgen::generate_simple_self_signed(names).unwrap();
        let key = PrivateKeyDer::try_from(certified.key_pair.serialize_der()).unwrap();
        let crypto = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(crypto)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certified.cert.der().clone()], key)
            .unwrap();
        let config = Arc::new(config);
        Self::new(move |stream| {
            let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
            let mut stream = StreamOwned::new(connection, stream);
            // Whoever does not trust it hangs up.
            let _ = stream.read(&mut [0; 4096]);
        })
    }

    /// A proxy that wants to know a user and a password, and answers each with this status.
    pub(crate) fn proxy(status: u16) -> Self {
        Self::new(move |mut stream| {
            if request(&mut stream).is_some() {
                respond(&mut stream, status, "");
            }
        })
    }

    /// How many connections there were.
    pub(crate) fn count(&self) -> usize {
        *self.count.lock().unwrap()
    }
}

/// A port of loopback on which nobody listens.
pub(crate) fn closed_port() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap()
}
