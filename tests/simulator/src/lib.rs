//! Amazon SES's MAIL FROM API and an authoritative DNS server, on loopback.
//!
//! [`Simulator::start`] opens both on a thread of its own; dropping the
//! [`Simulator`] closes them. SES speaks the Query API over HTTP/1.1 with SES's
//! limits, error texts and statuses; the status of a MAIL FROM domain follows
//! the MX record that SES finds in DNS. Signatures are read for region and
//! access key, and not checked.
//!
//! ```
//! use simulator::{Options, Simulator};
//!
//! let simulator = Simulator::start(Options::default())?;
//! simulator.ses().add_identity("us-east-1", "example.com", true);
//! simulator.dns().set_txt("bounce.example.com", &["v=spf1 include:amazonses.com ~all"])?;
//! println!("AWS_ENDPOINT_URL_SES={}", simulator.ses_url());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Control routes
//!
//! What the handles do, JSON over HTTP does on the SES port. Bodies that hold
//! an object also take a list of them where it says so. `region` may be left
//! out: `us-east-1`. A refusal is `{"error": "…"}` with status 400 or 404.
//!
//! | route | body |
//! |---|---|
//! | `GET /_simulator/state` | |
//! | `PUT /_simulator/identities` | `{"name":"example.com","region":"us-east-1","verified":true}` or a list |
//! | `DELETE /_simulator/identities` | `{"name":"example.com"}` |
//! | `PUT /_simulator/mail_from` | `{"identity":"example.com","mail_from_domain":"b.example.com","behavior":"RejectMessage","status":"Failed"}`; without `mail_from_domain` only the status is set |
//! | `DELETE /_simulator/mail_from` | `{"identity":"example.com"}` |
//! | `GET /_simulator/calls`, `DELETE …` | |
//! | `GET /_simulator/faults`, `DELETE …` | |
//! | `POST /_simulator/faults` | `{"operation":"SetIdentityMailFromDomain","identity":"example.com","skip":0,"times":1,"kind":"reset_after"}` or a list; all but `kind` may be left out, `"times":null` is for ever; kinds with fields: `{"html":{"status":502}}`, see [`ses::FaultKind`] |
//! | `PUT /_simulator/rate` | `{"per_operation":1.0}`, `{"per_account":1.0}` or `"unlimited"` |
//! | `PUT /_simulator/latency` | `{"ms":50}` |
//! | `PUT /_simulator/clock` | `{"speed":43200,"advance":"72h"}`, either may be left out |
//! | `GET /_simulator/dns/records` | |
//! | `PUT /_simulator/dns/records` | `{"name":"b.example.com","type":"MX","records":["10 feedback-smtp.us-east-1.amazonses.com"]}` or a list; types `MX`, `TXT`, `CNAME`, `A`; a TXT record is a text, or a list of its character-strings, each a text or the list of its bytes |
//! | `DELETE /_simulator/dns/records` | `{"name":"b.example.com","type":"MX"}`; without `type` all records of the name, without a body all |
//! | `PUT /_simulator/dns/mode` | `{"name":"b.example.com","mode":"serv_fail"}`; without `name` the whole server, `"mode":null` for as before; modes `normal`, `serv_fail`, `refused`, `silent`, `truncate_udp`, `{"delay":{"delay_ms":500}}` |
//! | `GET /_simulator/dns/queries`, `DELETE …` | |
//!
//! ```sh
//! curl -sf -X POST "$SES/_simulator/faults" -d '{"kind":"throttle","times":3}'
//! ```

mod clock;
mod control;
pub mod dns;
mod http;
mod options;
pub mod ses;
mod verification;

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::thread::{self, JoinHandle};

use tokio::sync::oneshot;

pub use dns::Dns;
pub use options::{Lookups, Options, Rate};
pub use ses::Ses;

use control::Control;
use dns::Sockets;

/// A running simulator. Dropping it closes its ports and ends its thread.
#[derive(Debug)]
pub struct Simulator {
    ses: Ses,
    dns: Dns,
    ses_addr: SocketAddr,
    dns_addr: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// What the simulator's thread is given to serve.
struct Ports {
    ses: TcpListener,
    dns: Sockets,
    /// SES's own way to DNS: what it asks must not show up in the log.
    lookups: Option<Sockets>,
    /// The name server that SES asks.
    name_server: Option<SocketAddr>,
}

impl Simulator {
    /// Opens the ports and starts to serve. Needs no runtime, and may be called
    /// inside one. Fails if an address cannot be bound.
    pub fn start(options: Options) -> io::Result<Self> {
        let listener = TcpListener::bind(options.ses)?;
        listener.set_nonblocking(true)?;
        let ses_addr = listener.local_addr()?;
        let sockets = Sockets::bind(options.dns)?;
        let dns_addr = sockets.address()?;
        let (lookups, name_server) = match options.lookups {
            Lookups::Off => (None, None),
            Lookups::At(server) => (None, Some(server)),
            Lookups::Own => {
                let own = Sockets::bind(Options::default().dns)?;
                let address = own.address()?;
                (Some(own), Some(address))
            }
        };
        let ports = Ports {
            ses: listener,
            dns: sockets,
            lookups,
            name_server,
        };

        let (ses, dns) = (Ses::new(&options), Dns::new());
        let control = Control {
            ses: ses.clone(),
            dns: dns.clone(),
        };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let (stop, stopped) = oneshot::channel();
        let (ready, started) = std::sync::mpsc::channel();
        let thread = thread::Builder::new()
            .name("simulator".to_owned())
            .spawn(move || runtime.block_on(serve(ports, control, ready, stopped)))?;
        let simulator = Self {
            ses,
            dns,
            ses_addr,
            dns_addr,
            stop: Some(stop),
            thread: Some(thread),
        };
        started.recv().map_err(io::Error::other)??;
        Ok(simulator)
    }

    /// SES's endpoint, such as `http://127.0.0.1:40001`.
    pub fn ses_url(&self) -> String {
        format!("http://{}", self.ses_addr)
    }

    /// Where DNS answers, over UDP and TCP.
    pub fn dns_addr(&self) -> SocketAddr {
        self.dns_addr
    }

    /// SES's state, faults and log.
    pub fn ses(&self) -> Ses {
        self.ses.clone()
    }

    /// DNS's records, modes and log.
    pub fn dns(&self) -> Dns {
        self.dns.clone()
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has said so on stderr.
            let _ = thread.join();
        }
    }
}

/// Serves until `stopped`, once `ready` has been told how the start went.
async fn serve(
    ports: Ports,
    control: Control,
    ready: std::sync::mpsc::Sender<io::Result<()>>,
    stopped: oneshot::Receiver<()>,
) {
    let started = start_serving(ports, control);
    let (_servers, result) = match started {
        Ok(servers) => (Some(servers), Ok(())),
        Err(error) => (None, Err(error)),
    };
    if ready.send(result).is_ok() {
        // The sender says nothing; it is dropped.
        let _ = stopped.await;
    }
}

/// Starts the tasks that serve; the DNS servers end when they are dropped.
fn start_serving(ports: Ports, control: Control) -> io::Result<impl Sized> {
    let (ses, dns) = (control.ses.clone(), control.dns.clone());
    let public = dns.serve(ports.dns, Some(ses.clock()))?;
    let private = ports
        .lookups
        .map(|sockets| dns.serve(sockets, None))
        .transpose()?;
    let listener = tokio::net::TcpListener::from_std(ports.ses)?;
    tokio::spawn(http::serve(listener, control));
    if let Some(server) = ports.name_server {
        let search = verification::Search::new(ses, server).map_err(io::Error::other)?;
        tokio::spawn(search.run());
    }
    Ok((public, private))
}
