use std::sync::atomic::AtomicU16;

use hickory_proto::op::{Message, MessageType, OpCode, ResponseCode};
use hickory_proto::rr::rdata::{A, NS, SOA};
use hickory_proto::rr::{Name, RData};

use super::*;
use crate::dns::scripted_server::{Reply, ScriptedServer, Transport, cname, mx, record};

const NAME: &str = "bounce.example.com";

/// A resolver that knows the zone example.com, and no MX record in it.
#[derive(Debug)]
struct Resolver {
    /// Where the servers ns1 to nsN of the zone are; that of a zone `deadN` is the one
    /// behind ns`N`.
    servers: Vec<IpAddr>,
    asked: Mutex<Vec<Question>>,
}

impl Lookup for Resolver {
    type Found = Answer;

    async fn look_up(&self, question: &Question) -> Result<Answer, LookupError> {
        self.asked.lock().unwrap().push(question.clone());
        let name = question.name.as_str();
        let numbers = 1..=self.servers.len();
        let records = match question.record_type {
            RecordType::Ns if name == "example.com" => {
                Records::Ns(numbers.map(|n| format!("ns{n}.example.com")).collect())
            }
            RecordType::Ns if name.starts_with("dead") => Records::Ns(vec![format!("ns.{name}")]),
            RecordType::Ns => Records::Ns(Vec::new()),
            RecordType::A if name.starts_with("ns.dead") => {
                let digit = name.bytes().find(u8::is_ascii_digit).unwrap();
                Records::Addresses(vec![self.servers[usize::from(digit - b'0')]])
            }
            RecordType::A => {
                let number = numbers
                    .into_iter()
                    .find(|n| name.starts_with(&format!("ns{n}.")));
                Records::Addresses(number.map(|n| self.servers[n - 1]).into_iter().collect())
            }
            RecordType::Mx if name == "elsewhere.example.net" => {
                Records::Mx(vec![crate::mail_from::Mx {
                    preference: 1,
                    exchange: "elsewhere".to_owned(),
                }])
            }
            RecordType::Mx => Records::Mx(Vec::new()),
            RecordType::Txt => Records::Txt(Vec::new()),
            RecordType::Aaaa => Records::Addresses(Vec::new()),
            RecordType::Soa => Records::Soa,
        };
        let zone = match name.split_once("dead") {
            Some((_, rest)) => Some(format!("dead{rest}")),
            None if name.ends_with("example.com") => Some("example.com".to_owned()),
            None => None,
        };
        Ok(Answer {
            records,
            aliases: Vec::new(),
            name_exists: true,
            ttl: Duration::from_secs(800),
            zone,
            aged: false,
            authoritative: false,
        })
    }
}

/// Addresses of loopback for the servers of a test, and a port that is free at all
/// of them.
async fn place(count: usize) -> (Vec<String>, u16) {
    static NEXT: AtomicU16 = AtomicU16::new(1);
    let first = NEXT.fetch_add(u16::try_from(count).unwrap(), Ordering::Relaxed);
    let address = |n: u16| format!("127.{}.{}.{}", 80, n >> 8, n & 255);
    let addresses = (first..).take(count).map(address).collect();
    let free = tokio::net::UdpSocket::bind((address(first), 0))
        .await
        .unwrap();
    (addresses, free.local_addr().unwrap().port())
}

type Script = fn(&Message, Transport) -> Reply;

struct World {
    own: OwnServers<Resolver>,
    _servers: Vec<ScriptedServer>,
}

impl World {
    /// With a server of the zone for each script.
    async fn new(scripts: &[Script]) -> World {
        let (addresses, port) = place(scripts.len()).await;
        let mut servers = Vec::new();
        for (address, script) in addresses.iter().zip(scripts) {
            let at = format!("{address}:{port}");
            servers.push(ScriptedServer::by_request(&at, *script).await);
        }
        let resolver = Resolver {
            servers: addresses
                .iter()
                .map(|address| address.parse().unwrap())
                .collect(),
            asked: Mutex::default(),
        };
        World {
            own: OwnServers::new(Arc::new(Cache::new(resolver)), port),
            _servers: servers,
        }
    }

    async fn look_up(&self) -> Result<Opinions, LookupError> {
        self.own.look_up(&question()).await
    }

    fn asked(&self) -> Vec<Question> {
        self.own.resolver.inner().asked.lock().unwrap().clone()
    }
}

fn question() -> Question {
    Question::new(NAME, RecordType::Mx)
}

fn response(code: ResponseCode) -> Message {
    let mut message = Message::new(0, MessageType::Response, OpCode::Query);
    message.metadata.authoritative = true;
    message.metadata.response_code = code;
    message
}

fn whole(message: Message) -> Reply {
    Reply::Whole(Box::new(message))
}

fn has_it(request: &Message, _: Transport) -> Reply {
    assert!(!request.metadata.recursion_desired);
    let mut message = response(ResponseCode::NoError);
    message.add_answer(mx("bounce.example.com.", 10, "host.example."));
    whole(message)
}

fn has_not(_: &Message, _: Transport) -> Reply {
    let mut message = response(ResponseCode::NXDomain);
    let soa = SOA::new(Name::root(), Name::root(), 1, 2, 3, 4, 900);
    message.add_authority(record("example.com.", RData::SOA(soa)));
    whole(message)
}

fn is_none_of_its_own(_: &Message, _: Transport) -> Reply {
    let mut message = response(ResponseCode::NoError);
    message.metadata.authoritative = false;
    message.add_answer(mx("bounce.example.com.", 10, "forged.example."));
    whole(message)
}

/// Each server that was heard, with the hosts that it named.
fn hosts(opinions: &Opinions) -> Vec<(String, Vec<String>)> {
    let opinions = opinions.servers.iter();
    opinions
        .map(|Opinion { server, answer }| match &answer.records {
            Records::Mx(records) => {
                let hosts = records.iter().map(|mx| mx.exchange.clone());
                (server.clone(), hosts.collect())
            }
            other => panic!("{other:?}"),
        })
        .collect()
}

/// Servers, each with the host that it is to name.
fn named(servers: &[(&str, Option<&str>)]) -> Vec<(String, Vec<String>)> {
    let servers = servers.iter();
    servers
        .map(|(server, host)| {
            (
                (*server).to_owned(),
                host.map(str::to_owned).into_iter().collect(),
            )
        })
        .collect()
}

#[tokio::test]
async fn each_own_server_is_heard() {
    let world = World::new(&[has_it, has_not, is_none_of_its_own]).await;
    let opinions = world.look_up().await.unwrap();
    assert_eq!(opinions.zone, "example.com");
    assert_eq!(
        hosts(&opinions),
        named(&[
            ("ns1.example.com", Some("host.example")),
            ("ns2.example.com", None)
        ])
    );
}

#[tokio::test]
async fn resolvers_are_not_asked_for_a_name_that_may_not_exist_yet() {
    let world = World::new(&[has_it]).await;
    let opinions = world.own.look_up_below(&question(), "example.com").await;
    assert_eq!(
        hosts(&opinions.unwrap()),
        named(&[("ns1.example.com", Some("host.example"))])
    );
    for asked in world.asked() {
        assert!(!asked.name.contains("bounce"), "{asked:?}");
    }
}

#[tokio::test]
async fn one_referral_is_followed() {
    fn refers(_: &Message, _: Transport) -> Reply {
        let mut message = response(ResponseCode::NoError);
        message.metadata.authoritative = false;
        let server = Name::from_ascii("ns2.example.com.").unwrap();
        message.add_authority(record("bounce.example.com.", RData::NS(NS(server))));
        whole(message)
    }
    let world = World::new(&[refers, has_it]).await;
    let opinions = world.look_up().await.unwrap();
    assert_eq!(
        hosts(&opinions),
        named(&[("ns2.example.com", Some("host.example"))])
    );

    // Round and round, or upward, it is none.
    let world = World::new(&[refers, refers]).await;
    assert!(world.look_up().await.is_err());
    fn refers_up(_: &Message, _: Transport) -> Reply {
        let mut message = response(ResponseCode::NoError);
        message.metadata.authoritative = false;
        message.add_authority(record(".", RData::NS(NS(Name::root()))));
        whole(message)
    }
    let world = World::new(&[refers_up]).await;
    assert!(world.look_up().await.is_err());
}

#[tokio::test]
async fn addresses_that_come_with_a_referral_are_used() {
    static GLUE: Mutex<Option<A>> = Mutex::new(None);
    // The same server serves both zones, and the second time knows.
    static REFERRED: AtomicBool = AtomicBool::new(false);
    fn refers(request: &Message, transport: Transport) -> Reply {
        if REFERRED.swap(true, Ordering::Relaxed) {
            return has_it(request, transport);
        }
        let mut message = response(ResponseCode::NoError);
        message.metadata.authoritative = false;
        let server = Name::from_ascii("glued.example.net.").unwrap();
        message.add_authority(record("bounce.example.com.", RData::NS(NS(server))));
        let glue = GLUE.lock().unwrap().unwrap();
        message.add_additional(record("glued.example.net.", RData::A(glue)));
        whole(message)
    }
    let world = World::new(&[refers]).await;
    let IpAddr::V4(address) = world.own.resolver.inner().servers[0] else {
        unreachable!("loopback of IPv4");
    };
    *GLUE.lock().unwrap() = Some(A(address));
    let opinions = world.look_up().await.unwrap();
    assert_eq!(
        hosts(&opinions),
        named(&[("glued.example.net", Some("host.example"))])
    );
}

#[tokio::test]
async fn an_alias_out_of_the_zone_is_handed_back_to_resolvers() {
    fn alias(_: &Message, _: Transport) -> Reply {
        let mut message = response(ResponseCode::NoError);
        message.add_answer(cname("bounce.example.com.", "elsewhere.example.net."));
        whole(message)
    }
    let world = World::new(&[alias]).await;
    let opinions = world.look_up().await.unwrap();
    assert_eq!(
        hosts(&opinions),
        named(&[("ns1.example.com", Some("elsewhere"))])
    );
    assert_eq!(
        opinions.servers[0].answer.aliases,
        ["elsewhere.example.net"]
    );
}

#[tokio::test]
async fn a_closed_way_out_costs_one_time_out_and_then_nothing() {
    let silent: Script = |_, _| Reply::Silence;
    let world = World::new(&[silent, silent]).await;
    let begin = Instant::now();
    assert_eq!(world.look_up().await, Err(LookupError::Timeout(TIMEOUT)));
    let first = begin.elapsed();
    assert!(first < TIMEOUT * 2, "{first:?}");
    let begin = Instant::now();
    for _ in 0..100 {
        assert_eq!(world.look_up().await, Err(LookupError::Suspended));
    }
    assert!(begin.elapsed() < TIMEOUT / 2);
}

#[tokio::test]
async fn one_dead_zone_does_not_close_the_way_to_others() {
    let silent: Script = |_, _| Reply::Silence;
    let dead = |zone: &str| Question::new(&format!("bounce.{zone}"), RecordType::Mx);
    let world = World::new(&[has_it, silent]).await;
    assert!(world.own.look_up(&dead("dead1.example")).await.is_err());
    assert!(world.look_up().await.is_ok());

    // Two do, before anything was heard.
    let world = World::new(&[has_it, silent, silent]).await;
    for zone in ["dead1.example", "dead2.example"] {
        assert!(!world.own.is_closed());
        assert!(world.own.look_up(&dead(zone)).await.is_err());
    }
    assert_eq!(world.look_up().await, Err(LookupError::Suspended));
}

#[tokio::test]
async fn servers_that_answer_others_leave_the_way_open() {
    static SILENT: AtomicBool = AtomicBool::new(false);
    let sometimes: Script = |request, transport| match SILENT.load(Ordering::Relaxed) {
        true => Reply::Silence,
        false => has_it(request, transport),
    };
    let world = World::new(&[sometimes]).await;
    assert!(world.look_up().await.is_ok());
    SILENT.store(true, Ordering::Relaxed);
    assert!(world.look_up().await.is_err());
    assert!(!world.own.is_closed());
}

#[test]
fn zones_below_are_told_by_whole_labels() {
    assert!(is_below("a.example.com", "example.com"));
    for zone in ["example.com", "notexample.com", "com", "."] {
        assert!(!is_below(zone, "example.com"), "{zone}");
    }
}
