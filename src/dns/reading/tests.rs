use hickory_proto::rr::RecordType as Type;
use hickory_proto::rr::rdata::{A, CNAME, MX, NS, SOA, TXT};

use super::*;

const NAME: &str = "bounce.example.com.";

fn name(text: &str) -> Name {
    Name::from_ascii(text).unwrap()
}

fn record(owner: &str, ttl: u32, data: RData) -> Record {
    Record::from_rdata(name(owner), ttl, data)
}

fn mx(owner: &str, host: &str) -> Record {
    record(owner, 300, RData::MX(MX::new(10, name(host))))
}

fn txt(owner: &str, text: &str) -> Record {
    record(owner, 300, RData::TXT(TXT::new(vec![text.to_owned()])))
}

fn cname(owner: &str, target: &str) -> Record {
    record(owner, 60, RData::CNAME(CNAME(name(target))))
}

fn soa(owner: &str, ttl: u32, minimum: u32) -> Record {
    let soa = SOA::new(name("ns."), name("root."), 1, 2, 3, 4, minimum);
    record(owner, ttl, RData::SOA(soa))
}

fn response(code: ResponseCode, answers: Vec<Record>, authorities: Vec<Record>) -> Response {
    Response {
        code,
        authoritative: false,
        truncated: false,
        edns: Some(true),
        silent_to_edns: false,
        reason: None,
        answers,
        authorities,
        additionals: Vec::new(),
    }
}

fn read_mx(response: &Response) -> Result<Reading, LookupError> {
    read(response, &name(NAME), RecordType::Mx, &[])
}

fn answer(response: &Response) -> Answer {
    match read_mx(response) {
        Ok(Reading::Answer(answer)) => answer,
        other => panic!("{other:?}"),
    }
}

/// The hosts of the MX records that a response gives.
fn hosts(answers: Vec<Record>) -> Vec<String> {
    let Records::Mx(records) = answer(&response(ResponseCode::NoError, answers, vec![])).records
    else {
        panic!("other records than were asked for");
    };
    records.into_iter().map(|mx| mx.exchange).collect()
}

#[test]
fn records_count_by_name_not_by_place_or_case() {
    let chain = || {
        vec![
            mx("c.example.net.", "host.example."),
            cname("B.example.NET.", "c.example.net."),
            txt("c.example.net.", "another type"),
            cname(NAME, "b.Example.net."),
        ]
    };
    let mut reversed = chain();
    reversed.reverse();
    for answers in [
        chain(),
        reversed,
        vec![mx("BOUNCE.example.COM.", "host.example.")],
    ] {
        assert_eq!(hosts(answers), ["host.example"]);
    }
}

#[test]
fn records_of_other_owners_and_doubles_do_not_count() {
    let answers = vec![
        mx("example.com.", "other.example."),
        mx(NAME, "host.example."),
        mx(NAME, "HOST.example."),
        mx("x.bounce.example.com.", "other.example."),
        mx(NAME, "host.example."),
        // Leads nowhere from here.
        cname("example.com.", "example.net."),
    ];
    assert_eq!(hosts(answers), ["host.example"]);
    let foreign = vec![mx("example.com.", "other.example.")];
    assert!(hosts(foreign).is_empty());

    let mut other_class = mx(NAME, "host.example.");
    other_class.dns_class = DNSClass::CH;
    assert!(hosts(vec![other_class]).is_empty());
}

#[test]
fn aliases_are_told_and_the_shortest_life_counts() {
    let answers = vec![
        cname(NAME, "B.example.net."),
        mx("b.example.net.", "host.example."),
    ];
    let answer = answer(&response(ResponseCode::NoError, answers, vec![]));
    assert_eq!(answer.aliases, ["b.example.net"]);
    assert_eq!(answer.ttl, Duration::from_secs(60));
    assert!(answer.name_exists);
}

#[test]
fn absence_tells_its_zone_and_how_long_it_is_remembered() {
    for (code, exists) in [
        (ResponseCode::NXDomain, false),
        (ResponseCode::NoError, true),
    ] {
        let soas = vec![soa("net.", 1, 1), soa("Example.com.", 700, 900)];
        let answer = answer(&response(code, vec![], soas));
        assert_eq!(answer.records, Records::Mx(Vec::new()));
        assert_eq!(answer.name_exists, exists);
        assert_eq!(answer.ttl, Duration::from_secs(700));
        assert_eq!(answer.zone.as_deref(), Some("example.com"));
    }
    // Whoever leaves the SOA out gives an answer all the same.
    let bare = answer(&response(ResponseCode::NoError, vec![], vec![]));
    assert_eq!((bare.zone, bare.ttl), (None, Duration::ZERO));
}

#[test]
fn a_dangling_alias_is_no_record_and_an_open_one_is_followed() {
    let to = || vec![cname(NAME, "b.example.net.")];
    let dangling = answer(&response(ResponseCode::NXDomain, to(), vec![]));
    assert_eq!(dangling.records, Records::Mx(Vec::new()));
    let empty = response(ResponseCode::NoError, to(), vec![soa("example.net.", 1, 1)]);
    assert_eq!(answer(&empty).records, Records::Mx(Vec::new()));
    // The SOA of the alias's own zone says nothing of its target.
    let open = response(ResponseCode::NoError, to(), vec![soa("example.com.", 1, 1)]);
    assert_eq!(
        read_mx(&open),
        Ok(Reading::Alias(vec![name("b.example.net.")]))
    );
}

#[test]
fn more_than_eight_aliases_and_circles_are_told() {
    let chain = |length: usize| {
        let step = |n: usize| match n {
            0 => NAME.to_owned(),
            n => format!("a{n}.example."),
        };
        let mut answers: Vec<Record> = (0..length).map(|n| cname(&step(n), &step(n + 1))).collect();
        answers.push(mx(&step(length), "host.example."));
        read_mx(&response(ResponseCode::NoError, answers, vec![]))
    };
    assert!(matches!(chain(8), Ok(Reading::Answer(_))));
    for length in [9, 12, 100] {
        let told = chain(length).unwrap_err().to_string();
        assert!(told.contains("more than 8 CNAME records"), "{told}");
    }
    for circle in [
        vec![cname(NAME, NAME)],
        vec![cname(NAME, "b.example."), cname("b.example.", NAME)],
        vec![cname(NAME, "b.example."), cname("b.example.", "b.example.")],
    ] {
        let told = read_mx(&response(ResponseCode::NoError, circle, vec![])).unwrap_err();
        assert!(told.to_string().contains("in a circle"), "{told}");
    }
}

#[test]
fn a_referral_names_servers_and_the_addresses_that_came_along() {
    let servers = ["ns1.example.com.", "NS2.example.net."];
    let ns = servers.map(|server| record("example.com.", 60, RData::NS(NS(name(server)))));
    let mut referral = response(ResponseCode::NoError, vec![], ns.to_vec());
    let address = [192, 0, 2, 1].into();
    referral.additionals = vec![record("NS1.example.com.", 60, RData::A(A(address)))];
    let expected = Referral {
        zone: "example.com".to_owned(),
        servers: vec![
            ("ns1.example.com".to_owned(), vec![IpAddr::V4(address)]),
            ("ns2.example.net".to_owned(), vec![]),
        ],
    };
    assert_eq!(read_mx(&referral), Ok(Reading::Referral(expected)));
    // Beside an answer they are no referral.
    referral.answers = vec![mx(NAME, "host.example.")];
    assert!(matches!(read_mx(&referral), Ok(Reading::Answer(_))));
}

#[test]
fn other_codes_are_failures() {
    let failing = |code| read_mx(&response(code, vec![], vec![])).unwrap_err();
    assert_eq!(failing(ResponseCode::ServFail), LookupError::ServFail(None));
    assert_eq!(failing(ResponseCode::Refused), LookupError::Refused);
    let told = failing(ResponseCode::NotImp).to_string();
    assert!(told.contains("Not Implemented"), "{told}");
}

#[test]
fn names_are_shown_so_that_dots_in_labels_are_no_separators() {
    let labels: [&[u8]; 2] = [b"a.b\x1b", b"example"];
    assert_eq!(
        shown(&Name::from_labels(labels).unwrap()),
        r"a\.b\027.example"
    );
    assert_eq!(shown(&Name::root()), ".");
}

#[test]
fn types_have_dns_own_numbers() {
    for (ours, wire) in [
        (RecordType::Mx, Type::MX),
        (RecordType::Txt, Type::TXT),
        (RecordType::Ns, Type::NS),
        (RecordType::Soa, Type::SOA),
        (RecordType::A, Type::A),
        (RecordType::Aaaa, Type::AAAA),
    ] {
        assert_eq!(wire_type(ours), wire);
    }
}

#[test]
fn an_answer_that_there_is_nothing_ages_as_its_time_passes() {
    for (ttl, minimum, aged) in [(900, 900, false), (3600, 900, false), (899, 900, true)] {
        let soas = vec![soa("example.com.", ttl, minimum)];
        let nothing = answer(&response(ResponseCode::NXDomain, vec![], soas));
        assert_eq!(nothing.aged, aged, "{ttl} of {minimum}");
        assert_eq!(nothing.ttl.as_secs(), u64::from(ttl.min(minimum)));
    }
    assert!(!answer(&response(ResponseCode::NXDomain, vec![], vec![])).aged);
}
