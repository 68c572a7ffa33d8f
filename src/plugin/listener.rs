//! Where the plugin listens: a unix socket that only its owner can open, or
//! TCP on loopback where there are no unix sockets.

use std::io;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::server::Connected;

/// A client that does not get through the TLS handshake by then is dropped.
const TLS_TIMEOUT: Duration = Duration::from_secs(10);
/// Between attempts to accept while the process is out of file descriptors.
const ACCEPT_RETRY: Duration = Duration::from_millis(100);

/// A bound socket. The directory of a unix socket is removed when dropped.
#[derive(Debug)]
pub(super) struct Listener {
    socket: Socket,
    address: String,
    _dir: Option<PrivateDir>,
}

#[derive(Debug)]
enum Socket {
    #[cfg(unix)]
    Unix(tokio::net::UnixListener),
    Tcp(TcpListener),
}

impl Listener {
    /// Listens in a new directory below `parent`, which only the owner enters.
    #[cfg(unix)]
    pub(super) fn unix(parent: &Path) -> io::Result<Self> {
        let dir = PrivateDir::create(parent)?;
        // Short, since a socket's whole path may have little over 100 bytes.
        let path = dir.0.join("rpc");
        Ok(Self {
            socket: Socket::Unix(tokio::net::UnixListener::bind(&path)?),
            address: path.to_string_lossy().into_owned(),
            _dir: Some(dir),
        })
    }

    #[cfg(not(unix))]
    pub(super) fn unix(_parent: &Path) -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Listens on the first free port of the range, on loopback.
    pub(super) async fn tcp(ports: RangeInclusive<u16>) -> io::Result<Self> {
        let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
        for port in ports {
            match TcpListener::bind(("127.0.0.1", port)).await {
                Ok(socket) => {
                    return Ok(Self {
                        address: socket.local_addr()?.to_string(),
                        socket: Socket::Tcp(socket),
                        _dir: None,
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
            #[cfg(unix)]
            Socket::Unix(_) => "unix",
            Socket::Tcp(_) => "tcp",
        }
    }

    /// The socket's path, or host and port.
    pub(super) fn address(&self) -> &str {
        &self.address
    }

    async fn accept(&self) -> io::Result<Connection> {
        match &self.socket {
            #[cfg(unix)]
            Socket::Unix(socket) => Ok(Connection::new(socket.accept().await?.0)),
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
        loop {
            let connection = tokio::select! {
                connection = self.accept() => connection,
                () = accepted.closed() => return,
            };
            let connection = match connection {
                Ok(connection) => connection,
                Err(error) => {
                    tracing::warn!(%error, "cannot accept a connection");
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
            tracing::debug!(%error, "refused a connection");
            None
        }
        Err(_) => {
            tracing::debug!("dropped a connection that did not finish its TLS handshake");
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

/// A directory that only its owner can enter, removed when dropped.
#[derive(Debug)]
struct PrivateDir(PathBuf);

impl PrivateDir {
    #[cfg(unix)]
    fn create(parent: &Path) -> io::Result<Self> {
        use std::os::unix::fs::DirBuilderExt as _;

        let mut random = [0; 8];
        rustls::crypto::aws_lc_rs::default_provider()
            .secure_random
            .fill(&mut random)
            .map_err(|_| io::Error::other("the system gives no random bytes"))?;
        let name = format!("tf-plugin-{:016x}", u64::from_ne_bytes(random));
        let path = parent.join(name);
        // Fails if the name is taken, so that nobody can prepare it.
        std::fs::DirBuilder::new().mode(0o700).create(&path)?;
        Ok(Self(path))
    }
}

impl Drop for PrivateDir {
    fn drop(&mut self) {
        // Nobody is left to tell if this fails.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio_stream::StreamExt as _;

    use super::*;

    #[tokio::test]
    async fn a_unix_socket_is_its_owners_and_goes_away() {
        let parent = tempfile::tempdir().unwrap();
        let listener = Listener::unix(parent.path()).unwrap();
        let path = PathBuf::from(listener.address());
        let dir = path.parent().unwrap();
        assert_eq!(listener.network(), "unix");
        let mode = std::fs::metadata(dir).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
        tokio::net::UnixStream::connect(&path).await.unwrap();

        let other = Listener::unix(parent.path()).unwrap();
        assert_ne!(other.address(), listener.address());

        drop(listener);
        assert!(!dir.exists());
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
