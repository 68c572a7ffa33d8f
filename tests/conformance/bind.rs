//! BIND as the resolver of this machine: it remembers, as resolvers do, that a
//! record is missing. The zone's own server is our simulator's.

use std::fs;
use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use simulator::{Lookups, Options, Simulator};
use tempfile::TempDir;

use crate::harness::{Workspace, basic, pause, wait_until};

/// How long the zone lets resolvers remember, in seconds: as Route 53 does.
const NEGATIVE_TTL: u32 = 900;

const FEEDBACK: &str = "feedback-smtp.us-east-1.amazonses.com";
const SPF: &str = "v=spf1 include:amazonses.com ~all";

/// A running `named`; dropping it ends it.
struct Bind {
    child: Child,
    address: SocketAddr,
    _folder: TempDir,
}

impl Bind {
    /// Resolves all names by way of `forwarder`. `None` where there is no BIND.
    fn start(forwarder: SocketAddr) -> Option<Self> {
        let program = ["/usr/sbin/named", "/usr/bin/named", "/usr/local/sbin/named"]
            .into_iter()
            .find(|program| fs::exists(program).unwrap_or_default())?;
        let folder = tempfile::tempdir().unwrap();
        let free = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = free.local_addr().unwrap();
        drop(free);
        let configuration = format!(
            "options {{\n\
             directory {folder:?};\n\
             pid-file none;\n\
             session-keyfile none;\n\
             listen-on port {port} {{ 127.0.0.1; }};\n\
             listen-on-v6 {{ none; }};\n\
             recursion yes;\n\
             dnssec-validation no;\n\
             empty-zones-enable no;\n\
             forward only;\n\
             forwarders {{ {to} port {to_port}; }};\n\
             }};\n\
             controls {{ }};\n",
            folder = folder.path(),
            port = address.port(),
            to = forwarder.ip(),
            to_port = forwarder.port(),
        );
        let file = folder.path().join("named.conf");
        fs::write(&file, configuration).unwrap();
        let child = Command::new(program)
            .args(["-g", "-4", "-n", "1", "-c"])
            .arg(&file)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut bind = Self {
            child,
            address,
            _folder: folder,
        };
        wait_until("BIND answers", || {
            let ended = bind.child.try_wait().unwrap();
            assert_eq!(ended, None, "BIND has ended");
            bind.ask("ready.example.net").is_some()
        });
        Some(bind)
    }

    /// Asks for the MX records of `name`, so that it remembers the answer.
    fn ask(&self, name: &str) -> Option<Vec<u8>> {
        let mut query = vec![0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
        for label in name.split('.') {
            query.push(u8::try_from(label.len()).unwrap());
            query.extend(label.bytes());
        }
        // The root, type MX, class IN.
        query.extend([0, 0, 15, 0, 1]);
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let wait = Some(Duration::from_millis(500));
        socket.set_read_timeout(wait).unwrap();
        socket.send_to(&query, self.address).unwrap();
        let mut answer = vec![0; 4096];
        let length = socket.recv(&mut answer).ok()?;
        answer.truncate(length);
        Some(answer)
    }
}

impl Drop for Bind {
    fn drop(&mut self) {
        // An error means that it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A workspace behind BIND, and the server of the zone example.com.
struct World {
    ws: Workspace,
    zone: Simulator,
    bind: Bind,
}

impl World {
    /// `None`, and told loudly, where there is no BIND.
    fn new(last: u8, authoritative: bool) -> Option<Self> {
        let address = Ipv4Addr::new(127, 0, 54, last);
        let zone = Simulator::start(Options {
            dns: (address, 53).into(),
            lookups: Lookups::Off,
            ..Options::default()
        })
        .unwrap();
        let servers = [("ns1.example.com", address)];
        zone.dns()
            .set_zone("example.com", NEGATIVE_TTL, &servers)
            .unwrap();
        let Some(bind) = Bind::start(zone.dns_addr()) else {
            // Past the test runner, which shows nothing of what passes.
            let told = b"\n*** SKIPPED: BIND (named) is not installed; .ci/run installs it\n";
            std::io::stderr().write_all(told).unwrap();
            return None;
        };
        let mut ws = Workspace::new();
        let dns = format!(
            "nameservers = [\"{}\"]\n    authoritative = {authoritative}",
            bind.address
        );
        ws.provider.dns = Some(dns);
        ws.config(&basic());
        Some(Self { ws, zone, bind })
    }

    fn publish(&self) {
        let (dns, name) = (self.zone.dns(), "bounce.example.com");
        dns.set_mx(name, &[(10, FEEDBACK)]).unwrap();
        dns.set_txt(name, &[SPF]).unwrap();
    }
}

#[test]
#[ignore = "needs BIND; make conformance"]
fn plan_of_a_create_plants_nothing_in_a_resolver() {
    for (last, authoritative) in [(1, false), (2, true)] {
        let Some(world) = World::new(last, authoritative) else {
            return;
        };
        world.ws.plan().exits(2).does_not_say("Warning");
        world.ws.apply().succeeds();
        world.publish();
        world.ws.plan().succeeds().does_not_say("Warning");
        world.ws.plans_nothing();
    }
}

#[test]
#[ignore = "needs BIND; make conformance"]
fn what_a_resolver_remembers_is_no_warning_where_the_zone_can_be_asked() {
    let Some(world) = World::new(3, true) else {
        return;
    };
    world.ws.apply().succeeds();
    world
        .ws
        .plan()
        .succeeds()
        .says("MX record of a MAIL FROM domain is missing");
    world.publish();
    // BIND goes on saying that there is nothing.
    let answer = world.bind.ask("bounce.example.com").unwrap();
    assert_eq!(&answer[6..8], [0, 0], "an answer of {answer:?}");
    world.ws.plan().succeeds().does_not_say("Warning");
}

#[test]
#[ignore = "needs BIND; make conformance"]
fn what_a_resolver_remembers_is_told_with_its_time_left() {
    let Some(world) = World::new(4, false) else {
        return;
    };
    world.ws.apply().succeeds();
    world.bind.ask("bounce.example.com").unwrap();
    world.publish();
    // It counts in seconds.
    pause(Duration::from_millis(2100));
    world
        .ws
        .plan()
        .succeeds()
        .says("MX record of a MAIL FROM domain is missing")
        .says("Your resolver remembers this answer for up to 8");
}
