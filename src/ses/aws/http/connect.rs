//! Connections: TCP to a host or to the proxy before it, the proxy's tunnel, TLS.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use aws_sdk_ses::error::BoxError;
use aws_smithy_types::body::SdkBody;
use futures_util::future::BoxFuture;
use http::{Request, Uri, header};
use hyper_util::client::legacy::connect::{Connected, Connection, HttpConnector};
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_rustls::TlsConnector;
use tower_service::Service;

use super::super::look_up::LookUps;
use super::super::phases;
use super::super::proxies::{Proxies, Proxy};

/// What makes connections.
#[derive(Clone)]
pub(super) struct Connect {
    tcp: HttpConnector<LookUps>,
    tls: Arc<ClientConfig>,
    proxies: Proxies,
}

/// Why a proxy does not let a connection through.
#[derive(Debug, thiserror::Error)]
#[error("{proxy}")]
pub(in crate::ses::aws) struct ProxyFailed {
    pub(in crate::ses::aws) proxy: Arc<Proxy>,
    pub(in crate::ses::aws) fault: ProxyFault,
}

/// What a proxy does.
#[derive(Debug)]
pub(in crate::ses::aws) enum ProxyFault {
    /// It cannot be reached, for this reason.
    Away(BoxError),
    /// It answers with an HTTP status that is not success's.
    Refuses(u16),
}

impl Connect {
    pub(super) fn new(look_ups: LookUps, tls: Arc<ClientConfig>, proxies: Proxies) -> Self {
        let mut tcp = HttpConnector::new_with_resolver(look_ups);
        tcp.set_nodelay(true);
        tcp.enforce_http(false);
        Self { tcp, tls, proxies }
    }

    async fn connect(mut self, to: Uri) -> Result<Stream, BoxError> {
        let is_tls = to.scheme_str() == Some("https");
        let Some(proxy) = self.proxies.before(&to).cloned() else {
            let io = self.reach(&to).await?;
            return Ok(Stream {
                io,
                forwards: false,
            });
        };
        let failed = |fault| ProxyFailed {
            proxy: Arc::clone(&proxy),
            fault,
        };
        let io = self.reach(&proxy.uri).await;
        let io = io.map_err(|error| failed(ProxyFault::Away(error)))?;
        if !is_tls {
            return Ok(Stream { io, forwards: true });
        }
        let io = tunnel(io, &to, &proxy).await.map_err(failed)?;
        let io = self.negotiate(io, &to).await?;
        Ok(Stream {
            io,
            forwards: false,
        })
    }

    /// TCP to where a URI leads, and TLS where it says so.
    async fn reach(&mut self, to: &Uri) -> Result<Io, BoxError> {
        std::future::poll_fn(|context| self.tcp.poll_ready(context)).await?;
        let io = self.tcp.call(to.clone()).await?.into_inner();
        match to.scheme_str() {
            Some("https") => self.negotiate(Box::new(io), to).await,
            _ => Ok(Box::new(io)),
        }
    }

    async fn negotiate(&self, io: Io, with: &Uri) -> Result<Io, BoxError> {
        let host = with.host().unwrap_or_default();
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let name = ServerName::try_from(host.to_owned())?;
        let tls = TlsConnector::from(Arc::clone(&self.tls));
        Ok(Box::new(tls.connect(name, io).await?))
    }
}

/// Has the proxy at the other end of `io` connect to a host.
async fn tunnel(io: Io, to: &Uri, proxy: &Proxy) -> Result<Io, ProxyFault> {
    let away = |error: hyper::Error| ProxyFault::Away(error.into());
    let host = to.host().unwrap_or_default();
    let place = format!("{host}:{}", to.port_u16().unwrap_or(443));
    let mut request = Request::connect(&place).header(header::HOST, &place);
    if let Some(authorization) = &proxy.authorization {
        request = request.header(header::PROXY_AUTHORIZATION, authorization);
    }
    let request = request.body(SdkBody::empty());
    let request = request.map_err(|error| ProxyFault::Away(error.into()))?;
    let handshake = hyper::client::conn::http1::handshake(TokioIo::new(io));
    let (mut sender, connection) = handshake.await.map_err(away)?;
    tokio::spawn(connection.with_upgrades());
    let answer = sender.send_request(request).await.map_err(away)?;
    if !answer.status().is_success() {
        return Err(ProxyFault::Refuses(answer.status().as_u16()));
    }
    let io = hyper::upgrade::on(answer).await.map_err(away)?;
    Ok(Box::new(TokioIo::new(io)))
}

impl Service<Uri> for Connect {
    type Response = TokioIo<Stream>;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Self::Response, BoxError>>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, to: Uri) -> Self::Future {
        let connect = self.clone();
        Box::pin(async move {
            let connecting = phases::connecting();
            let stream = connect.connect(to).await?;
            connecting.done();
            Ok(TokioIo::new(stream))
        })
    }
}

/// Bytes in both directions.
trait Bytes: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Bytes for T {}

type Io = Box<dyn Bytes>;

/// A connection to a host, or to a proxy that forwards requests.
pub(super) struct Stream {
    io: Io,
    forwards: bool,
}

impl Connection for Stream {
    fn connected(&self) -> Connected {
        Connected::new().proxy(self.forwards)
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.io).poll_read(context, buffer)
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(context, bytes)
    }

    fn poll_flush(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(context)
    }

    fn poll_shutdown(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(context)
    }
}
