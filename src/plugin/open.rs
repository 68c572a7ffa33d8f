//! What the host connects to, and the line that tells it.

use std::io::{self, Write as _};

use tokio_rustls::TlsAcceptor;

use super::error::ServeError;
use super::handshake::{self, Handshake};
use super::listener::Listener;
use super::tls;

/// Where the host connects to.
pub(super) struct Opened {
    pub(super) listener: Listener,
    pub(super) tls: Option<TlsAcceptor>,
    /// What tells it.
    pub(super) line: String,
}

/// Opens what the host is to connect to. `attached` is the source address of a
/// provider that the host attaches to.
pub(super) async fn open(
    handshake: &Handshake,
    attached: Option<&str>,
) -> Result<Opened, ServeError> {
    let (tls, certificate) = match &handshake.client_certificate {
        Some(client) => tls::acceptor(client.clone()).map(|(tls, cert)| (Some(tls), Some(cert)))?,
        None => (None, None),
    };
    let listener = Listener::open(handshake).await?;
    let (network, address) = (listener.network(), listener.address());
    let line = match attached {
        Some(provider) => attach_help(&handshake::reattach(provider, network, address)),
        None => handshake.answer(network, address, certificate.as_ref()),
    };
    Ok(Opened {
        listener,
        tls,
        line,
    })
}

fn attach_help(reattach: &str) -> String {
    format!(
        "Provider started. To attach Terraform, set this in its environment:\n\n\
         \tTF_REATTACH_PROVIDERS='{reattach}'\n\n\
         Press Ctrl-C to stop.\n"
    )
}

/// Writes to stdout.
pub(super) fn print(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()
}
