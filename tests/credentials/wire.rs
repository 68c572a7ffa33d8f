//! What stands between the provider and SES: a proxy, and servers by TLS.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, Mutex};

use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::sts::{request, respond, serve};

/// Those that the world's certificate is for.
pub(crate) const HOSTS: [&str; 9] = [
    "127.0.0.1",
    "email.us-east-1.amazonaws.com",
    "email-fips.us-east-1.amazonaws.com",
    "email.us-east-1.api.aws",
    "email-fips.us-east-1.api.aws",
    "sts.us-east-1.amazonaws.com",
    "sts-fips.us-east-1.amazonaws.com",
    "sts.us-east-1.api.aws",
    "sts-fips.us-east-1.api.aws",
];

/// What a proxy was asked for.
pub(crate) type Seen = Arc<Mutex<Vec<String>>>;

/// Where SES and STS are on this machine.
#[derive(Clone)]
pub(crate) struct Backends {
    pub(crate) ses: String,
    pub(crate) sts: String,
}

/// A server by TLS that hands on what it is sent.
pub(crate) fn https(tls: Arc<ServerConfig>, backend: String) -> SocketAddr {
    serve(move |stream| hand_on_by_tls(&tls, stream, &backend))
}

fn hand_on_by_tls(tls: &Arc<ServerConfig>, stream: TcpStream, backend: &str) {
    let connection = ServerConnection::new(Arc::clone(tls)).unwrap();
    let mut stream = StreamOwned::new(connection, stream);
    // Whoever does not trust it hangs up.
    while let Some(asked) = request(&mut stream) {
        if !hand_on(&mut stream, &asked, backend) {
            return;
        }
    }
}

/// Answers with what `backend` answers; whether the asker has it.
fn hand_on(stream: &mut (impl Read + Write), asked: &str, backend: &str) -> bool {
    let mut backend = TcpStream::connect(backend).unwrap();
    backend.write_all(asked.as_bytes()).unwrap();
    let answer = request(&mut backend).unwrap();
    stream.write_all(answer.as_bytes()).is_ok()
}

/// A proxy, which is SES and STS wherever they are asked for.
pub(crate) fn proxy(
    tls: Arc<ServerConfig>,
    backends: Backends,
    status: Option<u16>,
    seen: Seen,
) -> SocketAddr {
    serve(move |mut stream| {
        let Some(asked) = request(&mut stream) else {
            return;
        };
        let mut words = asked.split_whitespace();
        let (method, place) = (words.next().unwrap(), words.next().unwrap());
        let user = asked.lines().find_map(|line| {
            let (name, value) = line.split_once(": ")?;
            let is_user = name.eq_ignore_ascii_case("proxy-authorization");
            is_user.then_some(format!(" {value}"))
        });
        let line = format!("{method} {place}{}", user.unwrap_or_default());
        let mut lines = seen.lock().unwrap();
        if !lines.contains(&line) {
            lines.push(line);
        }
        drop(lines);
        let backend = match place.starts_with("sts") {
            true => &backends.sts,
            false => &backends.ses,
        };
        if let Some(status) = status {
            respond(&mut stream, status, "");
        } else if method == "CONNECT" {
            stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
            hand_on_by_tls(&tls, stream, backend);
        } else {
            let path = format!("/{}", place.splitn(4, '/').nth(3).unwrap_or_default());
            hand_on(&mut stream, &asked.replacen(place, &path, 1), backend);
        }
    })
}
