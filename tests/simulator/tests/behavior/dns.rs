//! DNS, asked by a real resolver over the network.

use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolverConfig, ResolverOpts};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::{DnsError, NetError};
use hickory_resolver::proto::op::ResponseCode;
use hickory_resolver::proto::rr::{RData, RecordType};
use simulator::Simulator;
use simulator::dns::{Mode, RecordError, RecordKind};

use crate::client::quiet;

const TIMEOUT: Duration = Duration::from_millis(300);

/// A resolver that asks over UDP first, or over TCP alone.
fn resolver(simulator: &Simulator, tcp_only: bool) -> TokioResolver {
    let server: SocketAddr = simulator.dns_addr();
    let with_port = |mut connection: ConnectionConfig| {
        connection.port = server.port();
        connection
    };
    let mut connections = vec![with_port(ConnectionConfig::tcp())];
    if !tcp_only {
        connections.insert(0, with_port(ConnectionConfig::udp()));
    }
    let server = NameServerConfig::new(server.ip(), true, connections);
    let mut options = ResolverOpts::default();
    options.attempts = 0;
    options.cache_size = 0;
    options.timeout = TIMEOUT;
    let config = ResolverConfig::from_parts(None, vec![], vec![server]);
    TokioResolver::builder_with_config(config, TokioRuntimeProvider::default())
        .with_options(options)
        .build()
        .unwrap()
}

async fn ask(simulator: &Simulator, name: &str, kind: RecordType) -> Result<Vec<RData>, NetError> {
    let lookup = resolver(simulator, false).lookup(name, kind).await?;
    Ok(lookup
        .answers()
        .iter()
        .map(|record| record.data.clone())
        .collect())
}

fn code(error: &NetError) -> Option<ResponseCode> {
    match error {
        NetError::Dns(DnsError::ResponseCode(code)) => Some(*code),
        _ => None,
    }
}

#[tokio::test]
async fn records_are_answered_and_can_be_changed() {
    let simulator = quiet();
    let dns = simulator.dns();
    dns.set_mx("B.example.com", &[(10, "one.test"), (20, "two.test.")])
        .unwrap();
    let records = ask(&simulator, "b.EXAMPLE.com.", RecordType::MX)
        .await
        .unwrap();
    let mut records: Vec<_> = records.iter().map(ToString::to_string).collect();
    records.sort();
    assert_eq!(records, ["10 one.test.", "20 two.test."]);

    dns.set_mx("b.example.com.", &[(5, "three.test")]).unwrap();
    let records = ask(&simulator, "b.example.com.", RecordType::MX)
        .await
        .unwrap();
    assert_eq!(records.len(), 1);
    assert_eq!(records[0].to_string(), "5 three.test.");

    dns.set_a("b.example.com", &["192.0.2.1".parse().unwrap()])
        .unwrap();
    let address = resolver(&simulator, false)
        .lookup_ip("b.example.com.")
        .await
        .unwrap();
    assert_eq!(
        address.iter().next(),
        Some("192.0.2.1".parse::<IpAddr>().unwrap())
    );
}

#[tokio::test]
async fn what_is_not_there_is_no_data_or_no_name() {
    let simulator = quiet();
    let dns = simulator.dns();
    dns.set_txt("b.example.com", &["text"]).unwrap();
    for (name, is_name) in [
        ("b.example.com.", true),
        ("example.com.", true),
        ("c.example.com.", false),
    ] {
        let error = ask(&simulator, name, RecordType::MX).await.unwrap_err();
        assert!(error.is_no_records_found(), "{name}: {error}");
        assert_eq!(error.is_nx_domain(), !is_name, "{name}: {error}");
        let NetError::Dns(DnsError::NoRecordsFound(nothing)) = error else {
            panic!("{error}");
        };
        assert!(nothing.soa.is_some(), "{name}");
    }
    dns.remove_type("b.example.com", RecordKind::Txt).unwrap();
    let error = ask(&simulator, "b.example.com.", RecordType::TXT)
        .await
        .unwrap_err();
    assert!(error.is_nx_domain(), "{error}");
}

#[tokio::test]
async fn aliases_are_followed() {
    let simulator = quiet();
    let dns = simulator.dns();
    dns.set_cname("b.example.com", "mail.vendor.test").unwrap();
    dns.set_mx("mail.vendor.test", &[(10, "host.test")])
        .unwrap();
    let records = ask(&simulator, "b.example.com.", RecordType::MX)
        .await
        .unwrap();
    let mx = records.iter().filter(|data| matches!(data, RData::MX(_)));
    assert_eq!(mx.count(), 1);
    dns.remove("mail.vendor.test").unwrap();
    let error = ask(&simulator, "b.example.com.", RecordType::MX)
        .await
        .unwrap_err();
    assert!(error.is_nx_domain(), "{error}");
}

#[tokio::test]
async fn text_records_keep_their_strings_and_any_bytes() {
    let simulator = quiet();
    let dns = simulator.dns();
    let strings: Vec<Vec<u8>> = vec![b"v=spf1 ".to_vec(), b"\x1b[31m\x00\xff".to_vec(), vec![]];
    dns.set_txt_strings("b.example.com", std::slice::from_ref(&strings))
        .unwrap();
    let records = ask(&simulator, "b.example.com.", RecordType::TXT)
        .await
        .unwrap();
    let [RData::TXT(text)] = records.as_slice() else {
        panic!("{records:?}");
    };
    let answered: Vec<Vec<u8>> = text.txt_data.iter().map(|string| string.to_vec()).collect();
    assert_eq!(answered, strings);

    let long = vec![vec![b'x'; 256]];
    assert_eq!(
        dns.set_txt_strings("b.example.com", &[long]),
        Err(RecordError::CharacterString(256))
    );
    assert!(matches!(
        dns.set_a("b..example.com", &[]),
        Err(RecordError::Name { .. })
    ));
}

#[tokio::test]
async fn long_texts_come_whole_over_tcp() {
    let simulator = quiet();
    let texts = ["a".repeat(2000), "b".repeat(10)];
    simulator.dns().set_txt("b.example.com", &texts).unwrap();
    let records = ask(&simulator, "b.example.com.", RecordType::TXT)
        .await
        .unwrap();
    let mut lengths: Vec<usize> = records
        .iter()
        .map(|data| match data {
            RData::TXT(text) => text.txt_data.iter().map(|string| string.len()).sum(),
            other => panic!("{other}"),
        })
        .collect();
    lengths.sort_unstable();
    assert_eq!(lengths, [10, 2000]);
    let transports: Vec<bool> = simulator.dns().queries().iter().map(|q| q.tcp).collect();
    assert_eq!(transports, [false, true]);
}

#[tokio::test]
async fn truncation_over_udp_sends_the_resolver_to_tcp() {
    let simulator = quiet();
    let dns = simulator.dns();
    dns.set_mx("b.example.com", &[(10, "host.test")]).unwrap();
    dns.set_mode(Mode::TruncateUdp);
    let records = ask(&simulator, "b.example.com.", RecordType::MX)
        .await
        .unwrap();
    assert_eq!(records.len(), 1);
    let transports: Vec<bool> = dns.queries().iter().map(|query| query.tcp).collect();
    assert_eq!(transports, [false, true]);
}

#[tokio::test]
async fn refusals_are_told_apart() {
    let simulator = quiet();
    let dns = simulator.dns();
    dns.set_mx("b.example.com", &[(10, "host.test")]).unwrap();
    for (mode, expected) in [
        (Mode::ServFail, ResponseCode::ServFail),
        (Mode::Refused, ResponseCode::Refused),
    ] {
        dns.set_mode(mode);
        let error = ask(&simulator, "b.example.com.", RecordType::MX)
            .await
            .unwrap_err();
        assert_eq!(code(&error), Some(expected), "{error}");
    }
}

#[tokio::test]
async fn silence_is_silence_over_udp_and_tcp() {
    let simulator = quiet();
    let dns = simulator.dns();
    dns.set_mx("b.example.com", &[(10, "host.test")]).unwrap();
    dns.set_mode(Mode::Silent);
    for tcp_only in [false, true] {
        dns.clear_queries();
        let started = Instant::now();
        let resolver = resolver(&simulator, tcp_only);
        let error = resolver.mx_lookup("b.example.com.").await.unwrap_err();
        assert!(matches!(error, NetError::Timeout), "{error}");
        assert!(started.elapsed() >= TIMEOUT);
        assert_eq!(dns.queries().last().unwrap().tcp, tcp_only);
    }
}

#[tokio::test]
async fn a_name_can_have_a_mode_of_its_own() {
    let simulator = quiet();
    let dns = simulator.dns();
    for name in ["a.test", "b.test"] {
        dns.set_mx(name, &[(10, "host.test")]).unwrap();
    }
    dns.set_mode_of("A.test", Some(Mode::Refused)).unwrap();
    assert!(ask(&simulator, "a.test.", RecordType::MX).await.is_err());
    assert!(ask(&simulator, "b.test.", RecordType::MX).await.is_ok());
    dns.set_mode(Mode::ServFail);
    dns.set_mode_of("a.test", Some(Mode::Normal)).unwrap();
    assert!(ask(&simulator, "a.test.", RecordType::MX).await.is_ok());
    assert!(ask(&simulator, "b.test.", RecordType::MX).await.is_err());
    dns.set_mode_of("a.test", None).unwrap();
    assert!(ask(&simulator, "a.test.", RecordType::MX).await.is_err());
}

#[tokio::test]
async fn a_delayed_answer_comes_late() {
    let simulator = quiet();
    simulator
        .dns()
        .set_mx("b.example.com", &[(10, "host.test")])
        .unwrap();
    simulator.dns().set_mode(Mode::Delay { delay_ms: 150 });
    let started = Instant::now();
    ask(&simulator, "b.example.com.", RecordType::MX)
        .await
        .unwrap();
    assert!(started.elapsed() >= Duration::from_millis(150));
}

#[tokio::test]
async fn queries_are_logged_and_counted() {
    let simulator = quiet();
    let dns = simulator.dns();
    dns.set_mx("b.example.com", &[(10, "host.test")]).unwrap();
    for _ in 0..2 {
        ask(&simulator, "B.example.com.", RecordType::MX)
            .await
            .unwrap();
    }
    assert_eq!(dns.count("b.Example.com.", "MX"), 2);
    assert_eq!(dns.count("b.example.com", "TXT"), 0);
    let queries = dns.queries();
    assert_eq!(
        (queries[0].name.as_str(), queries[0].kind.as_str()),
        ("b.example.com", "MX")
    );
    assert!(queries[0].at_ms <= queries[1].at_ms);
    dns.clear_queries();
    assert!(dns.queries().is_empty());
}

#[tokio::test]
async fn zone_file_is_answered_as_it_is_written() {
    let simulator = quiet();
    let dns = simulator.dns();
    dns.load(
        "a.example. 600 IN MX 10 mx.example.\n\
         a.example. 600 IN TXT \"one; \" \"two\\\"\"\n\
         a.example. 600 IN MX 20 mx2.example.\n",
    )
    .unwrap();
    let mut mx = ask(&simulator, "a.example.", RecordType::MX).await.unwrap();
    mx.sort();
    let mx: Vec<String> = mx.iter().map(ToString::to_string).collect();
    assert_eq!(mx, ["10 mx.example.", "20 mx2.example."]);
    let txt = ask(&simulator, "a.example.", RecordType::TXT)
        .await
        .unwrap();
    let RData::TXT(txt) = &txt[0] else {
        panic!("{txt:?}");
    };
    let strings: Vec<&[u8]> = txt.txt_data.iter().map(AsRef::as_ref).collect();
    assert_eq!(strings, [&b"one; "[..], b"two\""]);

    let error = dns.load("a.example. 600 IN MX mx.example.\n").unwrap_err();
    assert!(matches!(error, RecordError::ZoneFile(_)), "{error}");
}
