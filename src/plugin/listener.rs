//! Where the plugin listens: a unix socket that only its owner can open, or
//! TCP on loopback where there can be no unix socket.

use std::fmt::Write as _;
use std::io;
use std::ops::RangeInclusive;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::server::Connected;

use super::handshake::{Handshake, Place};
use super::platform::{Group, GroupError, PrivateSocket, Spare};
use crate::machine;

/// A client that does not get through the TLS handshake by then is dropped.
const TLS_TIMEOUT: Duration = Duration::from_secs(10);
/// Between attempts to accept after one that failed.
const ACCEPT_RETRY: Duration = Duration::from_millis(100);

/// Why there is nowhere to listen.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// PLUGIN_UNIX_SOCKET_GROUP cannot be heeded.
    #[error(transparent)]
    Group(#[from] GroupError),
    /// No folder can hold a socket, and no port can be listened on.
    #[error(
        "its socket has no place: {places}TCP on loopback: {tcp}. Set TMPDIR to a folder with a \
         short path, in which this user can make files"
    )]
    Nowhere {
        /// Each folder, where its name is from, and why it is none; each with
        /// "; " behind it.
        places: String,
        /// Why it is not TCP.
        tcp: String,
    },
}

/// A bound socket. The folder of a unix socket is removed when dropped.
#[derive(Debug)]
pub(super) struct Listener {
    socket: Socket,
    address: String,
}

#[derive(Debug)]
enum Socket {
    Private(PrivateSocket),
    Tcp(TcpListener),
}

impl Listener {
    /// Listens in the first place that can hold a private socket, or else, if
    /// TLS keeps others out, on loopback.
    pub(super) async fn open(handshake: &Handshake) -> Result<Self, ListenError> {
        let mut places = String::new();
        for place in &handshake.places {
            match PrivateSocket::bind(place) {
                Ok(socket) => {
                    if let Some(group) = &handshake.group {
                        socket.open_to(Group::find(group)?)?;
                    }
                    return Ok(Self {
                        address: socket.address().to_owned(),
                        socket: Socket::Private(socket),
                    });
                }
                Err(unfit) => {
                    let place = named(place);
                    tracing::debug!(place, %unfit, "the socket goes elsewhere");
                    // Writing to a String does not fail.
                    let _ = write!(places, "{place}: {unfit}; ");
                }
            }
        }
        if handshake.client_certificate.is_none() {
            // Any local user could connect in plaintext, and use this user's
            // credentials.
            let tcp = "not without TLS, for which PLUGIN_CLIENT_CERT is not set".to_owned();
            return Err(ListenError::Nowhere { places, tcp });
        }
        Self::tcp(handshake.ports.clone())
            .await
            .map_err(|error| ListenError::Nowhere {
                places,
                tcp: error.to_string(),
            })
    }

    /// Listens on the first free port of the range, on loopback.
    async fn tcp(ports: RangeInclusive<u16>) -> io::Result<Self> {
        let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
        for port in ports {
            match TcpListener::bind(("127.0.0.1", port)).await {
                Ok(socket) => {
                    return Ok(Self {
                        address: socket.local_addr()?.to_string(),
                        socket: Socket::Tcp(socket),
                    });
                }
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    /// go-plugin's name of the network.
    pub(super) fn network(&self) -> &'static str {
        match self.socket {
            Socket::Private(_) => "unix",
            Socket::Tcp(_) => "tcp",
        }
    }

    /// The socket's path, or host and port.
    pub(super) fn address(&self) -> &str {
        &self.address
    }

    /// Removes what killed processes have left where this one listens, without
    /// waiting for it.
    pub(super) fn tidy_up(&self) {
        if let Socket::Private(socket) = &self.socket {
            socket.tidy_up();
        }
    }

    async fn accept(&self) -> io::Result<Connection> {
        match &self.socket {
            Socket::Private(socket) => Ok(Connection::new(socket.accept().await?)),
            Socket::Tcp(socket) => {
                let (stream, _) = socket.accept().await?;
                stream.set_nodelay(true)?;
                Ok(Connection::new(stream))
            }
        }
    }

    /// Accepts until the receiving stream is dropped. Handshakes of TLS run
    /// beside each other: a client that is stuck in one holds up nobody else.
    pub(super) async fn accept_into(
        &self,
        tls: Option<TlsAcceptor>,
        accepted: mpsc::Sender<io::Result<Connection>>,
    ) {
        let mut spare = Spare::new();
        loop {
            let connection = tokio::select! {
                connection = self.accept() => connection,
                () = accepted.closed() => return,
            };
            let connection = match connection {
                Ok(connection) => connection,
                Err(error) => {
                    if let Some(cause) = machine::file_shortage(&error) {
                        tracing::error!(cause, "refused a connection");
                        // The client shall learn of it at once.
                        spare.release();
                        let _refused = self.accept().now_or_never();
                        spare = Spare::new();
                    } else {
                        tracing::warn!(%error, "cannot accept a connection");
                    }
                    tokio::time::sleep(ACCEPT_RETRY).await;
                    continue;
                }
            };
            let (tls, accepted) = (tls.clone(), accepted.clone());
            tokio::spawn(async move {
                if let Some(connection) = secured(tls, connection).await {
                    // No receiver: the server has ended meanwhile.
                    let _ = accepted.send(Ok(connection)).await;
                }
            });
        }
    }
}

/// A stream of connections and where to put them.
pub(super) fn incoming() -> (
    mpsc::Sender<io::Result<Connection>>,
    ReceiverStream<io::Result<Connection>>,
) {
    let (accepted, connections) = mpsc::channel(1);
    (accepted, ReceiverStream::new(connections))
}

async fn secured(tls: Option<TlsAcceptor>, connection: Connection) -> Option<Connection> {
    let Some(tls) = tls else {
        return Some(connection);
    };
    match tokio::time::timeout(TLS_TIMEOUT, tls.accept(connection)).await {
        Ok(Ok(stream)) => Some(Connection::new(stream)),
        Ok(Err(error)) => {
            tracing::warn!(%error, "refused a connection");
            None
        }
        Err(_) => {
            tracing::warn!("dropped a connection that did not finish its TLS handshake");
            None
        }
    }
}

/// A connection of whatever kind, and whose it is.
pub(super) struct Connection<L = ()> {
    stream: Pin<Box<dyn Stream>>,
    link: L,
}

trait Stream: AsyncRead + AsyncWrite + Send {}

impl<S: AsyncRead + AsyncWrite + Send> Stream for S {}

impl Connection {
    fn new(stream: impl Stream + 'static) -> Self {
        Self {
            stream: Box::pin(stream),
            link: (),
        }
    }

    /// The same with `link`, which every request on it carries.
    pub(super) fn with<L>(self, link: L) -> Connection<L> {
        Connection {
            stream: self.stream,
            link,
        }
    }
}

impl<L: Clone + Send + Sync + 'static> Connected for Connection<L> {
    type ConnectInfo = L;

    fn connect_info(&self) -> L {
        self.link.clone()
    }
}

impl<L: Unpin> AsyncRead for Connection<L> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.stream.as_mut().poll_read(cx, buf)
    }
}

impl<L: Unpin> AsyncWrite for Connection<L> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.stream.as_mut().poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream.as_mut().poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream.as_mut().poll_shutdown(cx)
    }
}

/// A place as messages name it. `Debug` escapes what is no text.
fn named(place: &Place) -> String {
    match place.variable {
        Some(variable) => format!("{:?} ({variable})", place.path),
        None => format!("{:?}", place.path),
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio_stream::StreamExt as _;

    use rustls::pki_types::CertificateDer;

    use super::*;

    /// Of a host whose folders hold no socket.
    fn without_places(tls: bool) -> Handshake {
        let mut handshake = Handshake::from_env(true).unwrap();
        handshake.client_certificate = tls.then(|| CertificateDer::from(vec![0]));
        handshake.places = vec![
            Place {
                variable: Some("TMPDIR"),
                path: format!("/{}", "x".repeat(199)).into(),
            },
            Place {
                variable: None,
                path: "/no\nsuch folder".into(),
            },
        ];
        handshake
    }

    #[tokio::test]
    async fn where_no_folder_can_hold_a_socket_tls_makes_tcp_safe() {
        let listener = Listener::open(&without_places(true)).await.unwrap();
        assert_eq!(listener.network(), "tcp");
        assert!(listener.address().starts_with("127.0.0.1:"));
    }

    #[tokio::test]
    async fn without_tls_each_place_is_told_with_its_variable_its_length_and_the_limit() {
        let told = Listener::open(&without_places(false)).await.unwrap_err();
        let told = told.to_string();
        for said in [
            "/xxx",
            "(TMPDIR)",
            "200 bytes",
            "\"/no\\nsuch folder\":",
            "TCP",
        ] {
            assert!(told.contains(said), "{told}");
        }
        #[cfg(target_os = "linux")]
        assert!(
            told.contains("the 107 that this system allows (at most 95"),
            "{told}"
        );
    }

    #[tokio::test]
    async fn an_unknown_group_is_told_and_no_other_place_looked_for() {
        let mut handshake = Handshake::from_env(true).unwrap();
        handshake.group = Some("no such group".to_owned());
        let told = Listener::open(&handshake).await.unwrap_err();
        assert!(matches!(told, ListenError::Group(_)), "{told}");
    }

    #[tokio::test]
    async fn tcp_takes_a_free_port_of_the_range() {
        let taken = Listener::tcp(20_000..=25_000).await.unwrap();
        let port: u16 = taken.address().rsplit(':').next().unwrap().parse().unwrap();
        assert!((20_000..=25_000).contains(&port));
        assert!(taken.address().starts_with("127.0.0.1:"));
        assert!(Listener::tcp(port..=port).await.is_err());
        let next = Listener::tcp(port..=25_000).await.unwrap();
        assert_ne!(next.address(), taken.address());
    }

    #[tokio::test]
    async fn tcp_connections_are_accepted() {
        let listener = Listener::tcp(20_000..=25_000).await.unwrap();
        assert_eq!(listener.network(), "tcp");
        let address = listener.address().to_owned();
        let (accepted, mut connections) = incoming();
        tokio::spawn(async move { listener.accept_into(None, accepted).await });
        let mut client = tokio::net::TcpStream::connect(address).await.unwrap();
        client.write_all(b"hello").await.unwrap();
        let mut connection = connections.next().await.unwrap().unwrap();
        let mut received = [0; 5];
        connection.read_exact(&mut received).await.unwrap();
        assert_eq!(&received, b"hello");
    }
}
