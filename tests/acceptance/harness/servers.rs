//! Small servers beside the simulator: a proxy, and a server whose certificate nobody
//! trusts.

use std::io::Read as _;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::sts::{request, respond, serve};

/// TLS as a server that shows this certificate.
pub(crate) fn by_tls(certified: &rcgen::CertifiedKey) -> Arc<ServerConfig> {
    let key = PrivateKeyDer::try_from(certified.key_pair.serialize_der()).unwrap();
    let crypto = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(crypto)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certified.cert.der().clone()], key)
        .unwrap();
    Arc::new(config)
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
        let config = by_tls(&certified);
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
