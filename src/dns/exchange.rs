//! One question to one name server: over UDP, over TCP where the answer does not
//! fit, and without EDNS where the server does not know it (RFC 6891, section 7).

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use hickory_proto::op::ResponseCode;
use hickory_proto::rr::{Name, RecordType};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::{Instant, sleep, timeout_at};

use super::message::{Manner, Response, decode, encode};
use crate::machine;
use crate::mail_from::presentation;

/// Between attempts to open a socket while the process has too many files open.
const FILES_RETRY: Duration = Duration::from_millis(50);

/// More than servers may send over UDP: what we tell them, or 512 octets.
const PACKET: usize = 4096;

/// A question, and where it goes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Exchange<'a> {
    pub(super) server: SocketAddr,
    pub(super) name: &'a Name,
    pub(super) record_type: RecordType,
    pub(super) manner: Manner,
    /// Not over UDP at all.
    pub(super) tcp: bool,
}

/// Why a server gave no response.
#[derive(Debug)]
pub(super) enum Failure {
    /// Nothing came until the end.
    Silence,
    /// It cannot be reached; what the system says.
    NoConnection(String),
    /// The response is cut, and over TCP it cannot be reached.
    NoTcp(String),
    /// The process may open no socket.
    NoFiles(String),
    /// The question cannot be put, or the answer not be read.
    Other(String),
}

impl Exchange<'_> {
    /// The response, at `end` at the latest.
    pub(super) async fn run(self, end: Instant) -> Result<Response, Failure> {
        if self.tcp {
            return self.over_tcp(end).await;
        }
        let response = self.over_udp(end).await?;
        if !response.truncated {
            return Ok(response);
        }
        let manner = Manner {
            edns: response.edns == Some(true),
            ..self.manner
        };
        match (Exchange { manner, ..self }).over_tcp(end).await {
            Err(Failure::NoConnection(cause)) => Err(Failure::NoTcp(cause)),
            Err(Failure::Silence) => Err(Failure::NoTcp("no answer".to_owned())),
            Err(failure) => Err(failure),
            Ok(whole) => Ok(Response {
                edns: whole.edns.or(response.edns),
                silent_to_edns: response.silent_to_edns,
                ..whole
            }),
        }
    }

    /// Asks once more after half of the time, and at once where the answer may
    /// be owed to EDNS: then without it.
    async fn over_udp(self, end: Instant) -> Result<Response, Failure> {
        let socket = opened(end, || connected(self.server)).await?;
        let begin = Instant::now();
        let again = begin + end.saturating_duration_since(begin) / 2;
        let mut ids = vec![self.send(&socket, self.manner).await?];
        let mut refused = None;
        let mut buffer = vec![0; PACKET];
        loop {
            let until = if ids.len() == 1 { again } else { end };
            let length = match timeout_at(until, socket.recv(&mut buffer)).await {
                Ok(Ok(length)) => length,
                Ok(Err(error)) => return Err(failure(&error)),
                Err(_) if ids.len() == 1 => {
                    ids.push(self.send(&socket, self.manner.plain()).await?);
                    continue;
                }
                Err(_) => return refused.ok_or(Failure::Silence),
            };
            let octets = buffer.get(..length).unwrap_or_default();
            let read = |&id: &u16| decode(octets, id, self.name, self.record_type);
            let response = match ids.iter().find_map(read) {
                Some(Ok(response)) => response,
                Some(Err(reason)) => return Err(Failure::Other(reason)),
                // Somebody else's, or nobody's.
                None => continue,
            };
            let first = ids
                .first()
                .is_some_and(|id| octets.starts_with(&id.to_be_bytes()));
            if first && self.manner.edns && owed_to_edns(&response) {
                if ids.len() == 1 {
                    ids.push(self.send(&socket, self.manner.plain()).await?);
                }
                refused = Some(response);
                continue;
            }
            // An answer without EDNS after nothing but silence may be owed to a
            // lost packet.
            return Ok(match first || refused.is_some() {
                true => self.telling_edns(response, refused.as_ref()),
                false => Response {
                    silent_to_edns: self.manner.edns,
                    ..response
                },
            });
        }
    }

    async fn send(self, socket: &UdpSocket, manner: Manner) -> Result<u16, Failure> {
        let (id, octets) = encode(self.name, self.record_type, manner).map_err(Failure::Other)?;
        socket
            .send(&octets)
            .await
            .map_err(|error| failure(&error))?;
        Ok(id)
    }

    async fn over_tcp(self, end: Instant) -> Result<Response, Failure> {
        let response = self.over_stream(end, self.manner).await?;
        if !self.manner.edns || !owed_to_edns(&response) {
            return Ok(self.telling_edns(response, None));
        }
        Ok(match self.over_stream(end, self.manner.plain()).await {
            Ok(plain) => self.telling_edns(plain, Some(&response)),
            Err(_) => response,
        })
    }

    /// The response to the question, or to the plain one after `refused` came for
    /// it: a server that speaks EDNS would have shown it in one of them.
    fn telling_edns(self, response: Response, refused: Option<&Response>) -> Response {
        let shown = response.edns.or(refused.and_then(|refused| refused.edns));
        Response {
            edns: shown.or(self.manner.edns.then_some(false)),
            ..response
        }
    }

    async fn over_stream(self, end: Instant, manner: Manner) -> Result<Response, Failure> {
        let (id, octets) = encode(self.name, self.record_type, manner).map_err(Failure::Other)?;
        let talk = async {
            let mut stream = opened(end, || TcpStream::connect(self.server)).await?;
            let length = u16::try_from(octets.len())
                .unwrap_or_default()
                .to_be_bytes();
            let request = [&length, octets.as_slice()].concat();
            stream
                .write_all(&request)
                .await
                .map_err(|error| failure(&error))?;
            loop {
                let response = framed(&mut stream).await.map_err(|error| failure(&error))?;
                if let Some(read) = decode(&response, id, self.name, self.record_type) {
                    return read.map_err(Failure::Other);
                }
            }
        };
        timeout_at(end, talk).await.unwrap_or(Err(Failure::Silence))
    }
}

impl Manner {
    fn plain(self) -> Manner {
        Manner {
            edns: false,
            ..self
        }
    }
}

/// Whether a server that does not know EDNS may have meant that. One that gives
/// its reason knows it.
fn owed_to_edns(response: &Response) -> bool {
    match response.code {
        ResponseCode::BADVERS => true,
        ResponseCode::FormErr | ResponseCode::NotImp | ResponseCode::ServFail => {
            response.reason.is_none()
        }
        _ => false,
    }
}

/// A socket that hears of this server alone, and at once if its port is closed.
async fn connected(server: SocketAddr) -> io::Result<UdpSocket> {
    let any: SocketAddr = match server {
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
    };
    let socket = UdpSocket::bind(any).await?;
    socket.connect(server).await?;
    Ok(socket)
}

/// One message with its length in front (RFC 1035, section 4.2.2).
async fn framed(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let length = stream.read_u16().await?;
    let mut message = vec![0; usize::from(length)];
    stream.read_exact(&mut message).await?;
    Ok(message)
}

/// Opens a socket as soon as the process may have one more, unless that is not
/// before `end`: the look-ups under way give theirs back.
async fn opened<S, F>(end: Instant, open: impl Fn() -> F) -> Result<S, Failure>
where
    F: Future<Output = io::Result<S>>,
{
    loop {
        match open().await {
            Ok(socket) => return Ok(socket),
            Err(error)
                if machine::file_shortage(&error).is_some()
                    && Instant::now() + FILES_RETRY < end =>
            {
                sleep(FILES_RETRY).await;
            }
            Err(error) => return Err(failure(&error)),
        }
    }
}

fn failure(error: &io::Error) -> Failure {
    match machine::file_shortage(error) {
        Some(cause) => Failure::NoFiles(cause),
        None => Failure::NoConnection(presentation(error.to_string().as_bytes())),
    }
}
