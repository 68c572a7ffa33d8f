use std::net::SocketAddr;

use hickory_proto::op::{Edns, Message, MessageType, OpCode, ResponseCode};
use hickory_proto::rr::rdata::opt::EdnsOption;
use hickory_proto::rr::{RData, Record, RecordType as Type, rdata::NS};

use super::*;
use crate::dns::lookup::Records;
use crate::dns::scripted_server::{Reply, ScriptedServer, Transport, mx};

const NAME: &str = "bounce.example.com.";

fn servers(addresses: &[SocketAddr]) -> NameServers {
    NameServers::new(Settings {
        nameservers: addresses.to_vec(),
        timeout: Some(Duration::from_millis(800)),
        attempts: Some(2),
        ..Settings::default()
    })
}

fn question() -> Question {
    Question::new("bounce.example.com", RecordType::Mx)
}

async fn look_up(servers: &NameServers) -> Result<usize, LookupError> {
    servers
        .look_up(&question())
        .await
        .map(|answer| count(&answer))
}

fn count(answer: &Answer) -> usize {
    match &answer.records {
        Records::Mx(records) => records.len(),
        other => panic!("{other:?}"),
    }
}

fn good() -> Reply {
    Reply::Records(vec![mx(NAME, 10, "host.example.")])
}

/// An address where nothing listens.
async fn closed() -> SocketAddr {
    ScriptedServer::start(|_, _, _| Reply::Silence)
        .await
        .address
}

fn whole(code: ResponseCode) -> Message {
    let mut message = Message::new(0, MessageType::Response, OpCode::Query);
    message.metadata.response_code = code;
    message
}

#[tokio::test]
async fn without_edns_where_the_server_does_not_know_it() {
    for refuses in [
        || Reply::Code(ResponseCode::FormErr),
        || Reply::Code(ResponseCode::NotImp),
        || Reply::Code(ResponseCode::ServFail),
        // Without the question, as old servers do it.
        || Reply::Whole(Box::new(whole(ResponseCode::FormErr))),
    ] {
        let server = ScriptedServer::by_request("127.0.0.1:0", move |request, _| {
            match request.edns.is_some() {
                true => refuses(),
                false => good(),
            }
        })
        .await;
        let servers = servers(&[server.address]);
        assert_eq!(look_up(&servers).await, Ok(1));
        let before = server.asked().len();
        assert_eq!(look_up(&servers).await, Ok(1));
        let asked = server.asked().len() - before;
        assert_eq!(asked, 1, "it is known by now");
    }
}

#[tokio::test]
async fn a_server_that_swallows_edns_for_good_is_waited_for_twice() {
    let server =
        ScriptedServer::by_request("127.0.0.1:0", |request, _| match request.edns.is_some() {
            true => Reply::Silence,
            false => good(),
        })
        .await;
    let servers = servers(&[server.address]);
    for _ in 0..2 {
        assert_eq!(look_up(&servers).await, Ok(1));
    }
    // The trials of a server that may be silent have nothing to do with it.
    let of_name = || {
        let asked = server.asked().into_iter();
        asked.filter(|(name, ..)| name == NAME).count()
    };
    let before = of_name();
    for done in 1..=3 {
        assert_eq!(look_up(&servers).await, Ok(1));
        assert_eq!(of_name() - before, done, "it is known by now");
    }
}

#[tokio::test]
async fn an_error_about_the_version_of_edns_is_answered_without_and_called_by_its_name() {
    let badvers = || {
        let mut message = whole(ResponseCode::BADVERS);
        message.set_edns(Edns::new());
        Reply::Whole(Box::new(message))
    };
    let server = ScriptedServer::by_request("127.0.0.1:0", move |request, _| {
        match request.edns.is_some() {
            true => badvers(),
            false => good(),
        }
    })
    .await;
    let servers = servers(&[server.address]);
    assert_eq!(look_up(&servers).await, Ok(1));
    let before = server.asked().len();
    assert_eq!(look_up(&servers).await, Ok(1));
    assert_eq!(server.asked().len() - before, 1, "it is known by now");

    let server = ScriptedServer::start(move |_, _, _| badvers()).await;
    let error = look_up(&self::servers(&[server.address]))
        .await
        .unwrap_err();
    assert!(error.to_string().contains("BADVERS"), "{error}");
}

#[tokio::test]
async fn what_does_not_show_that_edns_is_unknown_does_not_turn_it_off() {
    use std::sync::atomic::AtomicBool;

    fn with_edns(mut message: Message) -> Reply {
        message.set_edns(Edns::new());
        Reply::Whole(Box::new(message))
    }
    for first in [
        || Reply::Silence,
        || with_edns(whole(ResponseCode::ServFail)),
    ] {
        let begun = AtomicBool::new(false);
        let server = ScriptedServer::by_request("127.0.0.1:0", move |request, _| {
            if request.edns.is_none() {
                return good();
            }
            if !begun.swap(true, Ordering::SeqCst) {
                return first();
            }
            let mut message = whole(ResponseCode::NoError);
            message.add_answer(mx(NAME, 10, "host.example."));
            message.add_answer(mx(NAME, 20, "host.example."));
            with_edns(message)
        })
        .await;
        let servers = servers(&[server.address]);
        assert_eq!(look_up(&servers).await, Ok(1), "the plain question");
        assert_eq!(look_up(&servers).await, Ok(2), "the one with EDNS");
    }
}

#[tokio::test]
async fn the_next_server_is_asked_while_silent_ones_are_waited_for() {
    let silent = ScriptedServer::start(|_, _, _| Reply::Silence).await;
    let late = ScriptedServer::start(|_, _, _| Reply::Silence).await;
    let good = ScriptedServer::start(|_, _, _| good()).await;
    let servers = servers(&[silent.address, late.address, good.address]);
    let begin = Instant::now();
    assert_eq!(look_up(&servers).await, Ok(1));
    assert!(
        begin.elapsed() < Duration::from_millis(800),
        "{:?}",
        begin.elapsed()
    );
    // The one that answered is the first now.
    let before = silent.asked().len();
    assert_eq!(look_up(&servers).await, Ok(1));
    let names = silent.asked().split_off(before);
    assert!(names.iter().all(|(name, ..)| name == "."), "{names:?}");
}

#[tokio::test]
async fn a_closed_port_costs_nothing() {
    let good = ScriptedServer::start(|_, _, _| good()).await;
    let begin = Instant::now();
    let some = servers(&[closed().await, closed().await, good.address]);
    assert_eq!(look_up(&some).await, Ok(1));
    let all = servers(&[closed().await, closed().await]);
    let Err(LookupError::NoConnection(told)) = look_up(&all).await else {
        panic!("nothing listens there");
    };
    assert!(told.contains("127.0.0.1:"), "{told}");
    assert!(
        begin.elapsed() < Duration::from_millis(400),
        "{:?}",
        begin.elapsed()
    );
}

/// Its own servers are dead, so that nobody answers a question about it.
async fn dead_domain_times_out(servers: &NameServers) {
    let dead = Question::new("dead.example", RecordType::Mx);
    let timeout = LookupError::Timeout(Duration::from_millis(1600));
    assert_eq!(servers.look_up(&dead).await, Err(timeout));
}

#[tokio::test]
async fn a_domain_without_answer_does_not_make_its_server_silent() {
    let server = ScriptedServer::start(|name, _, _| match name {
        "dead.example." => Reply::Silence,
        "." => Reply::Code(ResponseCode::Refused),
        _ => good(),
    })
    .await;
    let servers = servers(&[server.address]);
    // Nothing else is asked meanwhile.
    for _ in 0..3 {
        dead_domain_times_out(&servers).await;
    }
    assert_eq!(look_up(&servers).await, Ok(1));
}

#[tokio::test]
async fn a_server_that_drops_questions_about_the_root_is_asked_what_it_has_answered() {
    let server = ScriptedServer::start(|name, _, _| match name {
        "dead.example." | "." => Reply::Silence,
        _ => good(),
    })
    .await;
    let servers = servers(&[server.address]);
    assert_eq!(look_up(&servers).await, Ok(1));
    for _ in 0..3 {
        dead_domain_times_out(&servers).await;
        assert_eq!(look_up(&servers).await, Ok(1));
    }
}

#[tokio::test]
async fn a_silent_server_is_left_alone_after_its_first_time_out() {
    let server = ScriptedServer::start(|_, _, _| Reply::Silence).await;
    let servers = servers(&[server.address]);
    let crowd = (0..10).map(|_| look_up(&servers));
    for result in join_all(crowd).await {
        assert_eq!(
            result,
            Err(LookupError::Timeout(Duration::from_millis(1600)))
        );
    }
    let begin = Instant::now();
    for _ in 0..100 {
        assert_eq!(look_up(&servers).await, Err(LookupError::Suspended));
    }
    assert!(begin.elapsed() < Duration::from_millis(400));
}

#[tokio::test]
async fn a_cut_answer_without_tcp_is_told() {
    let server = ScriptedServer::by_request("127.0.0.1:0", |_, _| Reply::Truncated).await;
    let no_tcp = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let address = no_tcp.local_addr().unwrap();
    // Hands on what the server says over UDP.
    let relay = tokio::spawn(async move {
        let mut buffer = [0; 4096];
        loop {
            let (length, client) = no_tcp.recv_from(&mut buffer).await.unwrap();
            let onward = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
            onward
                .send_to(&buffer[..length], server.address)
                .await
                .unwrap();
            let length = onward.recv(&mut buffer).await.unwrap();
            no_tcp.send_to(&buffer[..length], client).await.unwrap();
        }
    });
    let told = look_up(&servers(&[address])).await.unwrap_err().to_string();
    assert!(told.contains("too long for UDP"), "{told}");
    assert!(
        told.contains(&format!("TCP, port {}", address.port())),
        "{told}"
    );
    relay.abort();
}

#[tokio::test]
async fn servfail_is_told_with_its_reason_and_dnssec_by_its_name() {
    fn failing(request: &Message, mends: bool) -> Reply {
        if request.metadata.checking_disabled && mends {
            return good();
        }
        let mut message = whole(ResponseCode::ServFail);
        let mut edns = Edns::new();
        let option = [&[0, 9], b"no \x1b[2Jkey".as_slice()].concat();
        edns.options_mut().insert(EdnsOption::Unknown(15, option));
        message.set_edns(edns);
        Reply::Whole(Box::new(message))
    }
    let bogus = ScriptedServer::by_request("127.0.0.1:0", |r, _| failing(r, true)).await;
    let told = look_up(&servers(&[bogus.address]))
        .await
        .unwrap_err()
        .to_string();
    assert!(
        told.starts_with("DNSSEC validation of bounce.example.com fails"),
        "{told}"
    );
    assert!(told.contains(r"(DNSKEY Missing: no \027[2Jkey)"), "{told}");
    let asked = bogus.asked().len();
    assert_eq!(asked, 3, "without checking, and then once more");

    let broken = ScriptedServer::by_request("127.0.0.1:0", |r, _| failing(r, false)).await;
    let told = look_up(&servers(&[broken.address]))
        .await
        .unwrap_err()
        .to_string();
    assert!(told.contains("SERVFAIL (DNSKEY Missing"), "{told}");
}

#[tokio::test]
async fn a_servfail_that_passes_is_no_broken_dnssec() {
    use std::sync::atomic::AtomicBool;

    let passed = AtomicBool::new(false);
    let server = ScriptedServer::by_request("127.0.0.1:0", move |request, _| {
        if request.metadata.checking_disabled {
            passed.store(true, Ordering::SeqCst);
        }
        match passed.load(Ordering::SeqCst) {
            true => good(),
            false => Reply::Code(ResponseCode::ServFail),
        }
    })
    .await;
    assert_eq!(look_up(&servers(&[server.address])).await, Ok(1));
}

#[tokio::test]
async fn only_the_zones_own_servers_tell_what_they_hold() {
    let reply = |authoritative: bool| {
        move |request: &Message, _| {
            assert!(!request.metadata.recursion_desired);
            let mut message = whole(ResponseCode::NoError);
            message.metadata.authoritative = authoritative;
            match authoritative {
                true => message.add_answer(mx(NAME, 10, "host.example.")),
                false => message.add_authority(Record::from_rdata(
                    Name::root(),
                    60,
                    RData::NS(NS(Name::root())),
                )),
            };
            Reply::Whole(Box::new(message))
        }
    };
    let own = ScriptedServer::by_request("127.0.0.1:0", reply(true)).await;
    let other = ScriptedServer::by_request("127.0.0.1:0", reply(false)).await;
    let held = servers(&[other.address, own.address])
        .look_up_held(&question())
        .await;
    assert_eq!(held.map(|answer| count(&answer)), Ok(1));
    let not_held = servers(&[other.address]).look_up_held(&question()).await;
    assert!(not_held.is_err(), "{not_held:?}");
}

#[tokio::test]
async fn answers_to_other_questions_are_passed_over() {
    // The right one comes only once it is asked for again, over TCP.
    let server = ScriptedServer::start(|_, kind, transport| match (kind, transport) {
        (Type::MX, Transport::Udp) => Reply::Truncated,
        _ => good(),
    })
    .await;
    assert_eq!(look_up(&servers(&[server.address])).await, Ok(1));
    let octets = [0; 12];
    let name = name_of(NAME).unwrap();
    let decode = super::super::message::decode;
    assert!(decode(&octets, 0, &name, Type::MX).is_none(), "no response");
    let (id, question) = super::super::message::encode(
        &name,
        Type::MX,
        super::super::message::Manner {
            edns: true,
            recursion: true,
            checking_disabled: false,
        },
    )
    .unwrap();
    let mut answer = Message::from_vec(&question).unwrap();
    answer.metadata.message_type = MessageType::Response;
    let octets = answer.to_vec().unwrap();
    assert!(decode(&octets, id, &name, Type::MX).is_some());
    assert!(decode(&octets, id.wrapping_add(1), &name, Type::MX).is_none());
    assert!(decode(&octets, id, &name, Type::TXT).is_none());
    assert!(decode(&octets, id, &Name::root(), Type::MX).is_none());
    let spelled = Name::from_ascii("BOUNCE.example.com.").unwrap();
    assert!(decode(&octets, id, &spelled, Type::MX).is_some());
}
