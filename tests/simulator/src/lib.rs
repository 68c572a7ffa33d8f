//! Amazon SES's MAIL FROM API and an authoritative DNS server, on loopback.
//!
//! [`Simulator::start`] opens both on threads of its own; dropping the
//! [`Simulator`] closes them. SES speaks the Query API over HTTP/1.1 with SES's
//! limits, error texts and statuses; the status of a MAIL FROM domain follows
//! the MX record that SES finds in DNS. Signatures are read for region and
//! access key, and not checked. STS answers `GetCallerIdentity` on the same port:
//! [`Simulator::add_account`] adds accounts beside the first.
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
//! What the handles do, JSON over HTTP does on the SES port, for the first account. Bodies that hold
//! an object also take a list of them where it says so. `region` may be left
//! out: `us-east-1`. A refusal is `{"error": "…"}` with status 400 or 404.
//!
//! | route | body |
//! |---|---|
//! | `GET /_simulator/state` | |
//! | `PUT /_simulator/identities` | `{"name":"example.com","region":"us-east-1","verified":true}` or a list |
//! | `DELETE /_simulator/identities` | `{"name":"example.com"}` |
//! | `PUT /_simulator/mail_from` | `{"identity":"example.com","mail_from_domain":"b.example.com","behavior":"RejectMessage","status":"Failed"}`; or a list; without `mail_from_domain` only the status is set |
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
//! | `PUT /_simulator/dns/mode` | `{"name":"b.example.com","mode":"servfail"}`; without `name` the whole server, `"mode":null` for as before; modes `normal`, `servfail`, `refused`, `silent`, `truncate_udp`, `{"delay":{"delay_ms":500}}` |
//! | `GET /_simulator/dns/queries`, `DELETE …` | |
//!
//! ```sh
//! curl -sf -X POST "$SES/_simulator/faults" -d '{"kind":"throttle","times":3}'
//! ```

mod accounts;
mod clock;
mod control;
pub mod dns;
mod http;
mod options;
pub mod ses;
mod verification;
mod worker;

use std::io;
use std::net::{SocketAddr, TcpListener};

pub use dns::Dns;
pub use options::{Lookups, Options, Rate};
pub use ses::Ses;

use accounts::Accounts;
use control::Control;
use dns::Sockets;
use worker::Worker;

/// A running simulator. Dropping it closes its ports and ends its threads.
#[derive(Debug)]
pub struct Simulator {
    accounts: Accounts,
    ses: Ses,
    dns: Dns,
    ses_addr: SocketAddr,
    dns_addr: SocketAddr,
    _workers: [Worker; 2],
}

impl Simulator {
    /// Opens the ports and starts to serve. Needs no runtime, and may be called
    /// inside one. Fails if an address cannot be bound.
    pub fn start(options: Options) -> io::Result<Self> {
        let listener = TcpListener::bind(options.ses)?;
        listener.set_nonblocking(true)?;
        let sockets = Sockets::bind(options.dns)?;
        let (ses, dns) = (Ses::new(&options), Dns::new());
        let (ses_addr, dns_addr) = (listener.local_addr()?, sockets.address()?);
        let accounts = Accounts::new(ses.clone());
        let control = Control {
            accounts: accounts.clone(),
            ses: ses.clone(),
            dns: dns.clone(),
        };
        // DNS and SES's search in it have a thread of their own: a burst of
        // look-ups must not make requests to SES seem to arrive late.
        let dns_worker = {
            let (ses, dns) = (ses.clone(), dns.clone());
            Worker::start("simulator-dns", move || {
                serve_dns(&dns, sockets, ses, options.lookups)
            })?
        };
        let ses_worker = Worker::start("simulator-ses", move || {
            let listener = tokio::net::TcpListener::from_std(listener)?;
            tokio::spawn(http::serve(listener, control));
            Ok(())
        })?;
        Ok(Self {
            accounts,
            ses,
            dns,
            ses_addr,
            dns_addr,
            _workers: [ses_worker, dns_worker],
        })
    }

    /// SES's endpoint, such as `http://127.0.0.1:40001`.
    pub fn ses_url(&self) -> String {
        format!("http://{}", self.ses_addr)
    }

    /// Where DNS answers, over UDP and TCP.
    pub fn dns_addr(&self) -> SocketAddr {
        self.dns_addr
    }

    /// STS's endpoint.
    pub fn sts_url(&self) -> String {
        self.ses_url()
    }

    /// Adds an account of this number, of which `access_key` is; until then it was the
    /// first account's, as all other keys are. What is returned is SES there: with the same
    /// rate and the same clock, but it looks nowhere for MX records.
    pub fn add_account(&self, number: &str, access_key: &str) -> Ses {
        let ses = self.ses.of_account(number);
        self.accounts.add(access_key, ses.clone());
        ses
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

/// Starts DNS on `sockets`, and SES's search for MX records. The servers end
/// when what is returned is dropped.
fn serve_dns(
    dns: &Dns,
    sockets: Sockets,
    ses: Ses,
    lookups: Lookups,
) -> io::Result<impl Sized + use<>> {
    let public = dns.serve(sockets, Some(ses.clock()))?;
    let (private, server) = match lookups {
        Lookups::Off => return Ok((public, None)),
        Lookups::At(server) => (None, server),
        Lookups::Own => {
            // A way in of its own: what SES asks must not show up in the log.
            let own = Sockets::bind(Options::default().dns)?;
            let address = own.address()?;
            (Some(dns.serve(own, None)?), address)
        }
    };
    tokio::spawn(verification::search(ses, server).map_err(io::Error::other)?);
    Ok((public, private))
}
