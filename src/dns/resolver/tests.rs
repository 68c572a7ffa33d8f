use hickory_proto::op::ResponseCode;
use hickory_proto::rr::rdata::MX;
use hickory_proto::rr::{Name, RData, RecordType as Type};
use tokio::time::Instant;

use super::*;
use crate::dns::scripted_server::{Reply, ScriptedServer, Transport, cname, mx, record, txt};
use crate::mail_from::{Elsewhere, Identity, RecordStatus, Region};

const NAME: &str = "bounce.example.com.";
const HOST: &str = "feedback-smtp.eu-west-1.amazonses.com.";
const SPF: &[u8] = b"v=spf1 include:amazonses.com ~all";

fn mail_from() -> DomainName {
    DomainName::parse(NAME).unwrap()
}

fn resolver(servers: &[&ScriptedServer]) -> Resolver {
    Resolver::new(Settings {
        nameservers: servers.iter().map(|server| server.address).collect(),
        timeout: Some(Duration::from_millis(300)),
        attempts: Some(2),
        ..Settings::default()
    })
}

fn place() -> Place {
    Place {
        identity: Identity::parse("example.com").unwrap(),
        region: Region::parse("eu-west-1").unwrap(),
    }
}

async fn check(resolver: &Resolver) -> DnsFindings {
    resolver.check(&mail_from(), &place()).await
}

fn reason(finding: &Finding) -> String {
    finding.cause.as_ref().unwrap().to_string()
}

/// The verdicts where the server follows `script`.
async fn check_against(
    script: impl Fn(&str, Type, Transport) -> Reply + Send + Sync + 'static,
) -> DnsFindings {
    let server = ScriptedServer::start(script).await;
    check(&resolver(&[&server])).await
}

fn published(name: &str, record_type: Type) -> Reply {
    match (name, record_type) {
        (NAME, Type::MX) => Reply::Records(vec![mx(NAME, 10, HOST)]),
        (NAME, Type::TXT) => Reply::Records(vec![txt(NAME, &[SPF])]),
        _ => Reply::Code(ResponseCode::NXDomain),
    }
}

fn statuses(findings: &DnsFindings) -> (RecordStatus, RecordStatus) {
    (findings.mx.status, findings.spf.status)
}

#[tokio::test]
async fn published_records_are_ok() {
    let server = ScriptedServer::start(|name, kind, _| published(name, kind)).await;
    let findings = check(&resolver(&[&server])).await;
    assert_eq!(statuses(&findings), (RecordStatus::Ok, RecordStatus::Ok));
    assert_eq!(
        findings.mx.found,
        ["10 feedback-smtp.eu-west-1.amazonses.com"]
    );
    assert_eq!(findings.spf.found, ["v=spf1 include:amazonses.com ~all"]);

    let mut asked: Vec<(String, Type)> = server
        .asked()
        .into_iter()
        .map(|(name, kind, _)| (name, kind))
        .collect();
    asked.sort();
    let expected = [
        ("_dmarc.com.", Type::TXT),
        ("_dmarc.example.com.", Type::TXT),
        (NAME, Type::MX),
        (NAME, Type::TXT),
    ];
    assert_eq!(asked, expected.map(|(name, kind)| (name.to_owned(), kind)));
}

#[tokio::test]
async fn no_name_and_no_data_are_missing() {
    for code in [ResponseCode::NXDomain, ResponseCode::NoError] {
        let findings = check_against(move |_, _, _| Reply::Code(code)).await;
        let missing = RecordStatus::Missing;
        assert_eq!(statuses(&findings), (missing, missing));
    }
}

#[tokio::test]
async fn failure_is_unreachable_and_says_why() {
    for (code, expected) in [
        (ResponseCode::ServFail, "SERVFAIL"),
        (ResponseCode::Refused, "REFUSED"),
        (ResponseCode::NotImp, "Not Implemented"),
    ] {
        let findings = check_against(move |_, _, _| Reply::Code(code)).await;
        let unreachable = RecordStatus::Unreachable;
        assert_eq!(statuses(&findings), (unreachable, unreachable));
        let told = reason(&findings.mx);
        assert!(told.contains(expected), "{told}");
    }
    let findings = check_against(|_, _, _| Reply::Referral).await;
    assert_eq!(findings.mx.status, RecordStatus::Unreachable);
    assert!(reason(&findings.mx).contains("refers to others"));
}

#[tokio::test]
async fn records_fail_apart() {
    let findings = check_against(|name, kind, _| match kind {
        Type::MX => Reply::Code(ResponseCode::ServFail),
        _ => published(name, kind),
    })
    .await;
    let expected = (RecordStatus::Unreachable, RecordStatus::Ok);
    assert_eq!(statuses(&findings), expected);
}

#[tokio::test]
async fn silent_server_costs_its_time_once() {
    let server = ScriptedServer::start(|_, _, _| Reply::Silence).await;
    let resolver = resolver(&[&server]);
    let begin = Instant::now();
    let findings = check(&resolver).await;
    let took = begin.elapsed();
    let unreachable = RecordStatus::Unreachable;
    assert_eq!(statuses(&findings), (unreachable, unreachable));
    assert!(reason(&findings.mx).contains("within 600ms"));
    // MX and TXT side by side, two tries of 300 ms each.
    let bounds = Duration::from_millis(590)..Duration::from_millis(1100);
    assert!(bounds.contains(&took), "{took:?}");

    let begin = Instant::now();
    for label in 0..100 {
        let name = DomainName::parse(&format!("b{label}.example.com")).unwrap();
        assert_eq!(resolver.check(&name, &place()).await.mx.status, unreachable);
    }
    let took = begin.elapsed();
    assert!(took < Duration::from_secs(2), "{took:?}");
}

#[tokio::test]
async fn dead_domains_silence_nobody_else() {
    use futures_util::stream::{StreamExt as _, iter};

    let dead = |name: &str| name.contains("d7.example") || name.contains("d8.example");
    let server = ScriptedServer::start(move |name, kind, _| match kind {
        _ if dead(name) => Reply::Silence,
        Type::MX if name.starts_with("bounce.") => Reply::Records(vec![mx(name, 10, HOST)]),
        Type::TXT if name.starts_with("bounce.") => Reply::Records(vec![txt(name, &[SPF])]),
        _ => Reply::Code(ResponseCode::NXDomain),
    })
    .await;
    // One after the other, as with -parallelism=1, and as Terraform asks by default.
    for (domains, at_a_time) in [(20, 1), (1000, 10)] {
        let resolver = resolver(&[&server]);
        let checks = (0..domains).map(|number| {
            let resolver = resolver.clone();
            async move {
                let identity = Identity::parse(&format!("d{number}.example")).unwrap();
                let name = DomainName::parse(&format!("bounce.d{number}.example")).unwrap();
                let place = Place {
                    identity,
                    ..place()
                };
                (number, resolver.check(&name, &place).await)
            }
        });
        let findings: Vec<_> = iter(checks).buffered(at_a_time).collect().await;
        for (number, findings) in findings {
            let expected = match number {
                7 | 8 => RecordStatus::Unreachable,
                _ => RecordStatus::Ok,
            };
            assert_eq!(statuses(&findings), (expected, expected), "{number}");
        }
    }
}

#[tokio::test]
async fn one_good_server_is_enough() {
    for bad in [
        || Reply::Silence,
        || Reply::Code(ResponseCode::Refused),
        || Reply::Code(ResponseCode::ServFail),
    ] {
        let bad = ScriptedServer::start(move |_, _, _| bad()).await;
        let good = ScriptedServer::start(|name, kind, _| published(name, kind)).await;
        let resolver = resolver(&[&bad, &good]);
        let findings = check(&resolver).await;
        assert_eq!(statuses(&findings), (RecordStatus::Ok, RecordStatus::Ok));

        // The one that failed is no longer the first to be asked.
        let asked = bad.asked().len();
        let other = DomainName::parse("other.example.com").unwrap();
        assert_eq!(
            resolver.mx_as(other.as_str(), Freshness::Cached).await,
            Ok(Vec::new())
        );
        assert_eq!(bad.asked().len(), asked);
    }
}

#[tokio::test]
async fn a_refusal_tells_more_than_silence() {
    let silent = ScriptedServer::start(|_, _, _| Reply::Silence).await;
    let refusing = ScriptedServer::start(|_, _, _| Reply::Code(ResponseCode::Refused)).await;
    for servers in [[&silent, &refusing], [&refusing, &silent]] {
        let result = resolver(&servers).mx_as(NAME, Freshness::Cached).await;
        assert_eq!(result, Err(LookupError::Refused));
    }
}

#[tokio::test]
async fn unreachable_server_is_no_error() {
    let gone = ScriptedServer::start(|_, _, _| Reply::Silence)
        .await
        .address;
    let resolver = Resolver::new(Settings {
        nameservers: vec![gone],
        timeout: Some(Duration::from_millis(100)),
        attempts: Some(1),
        ..Settings::default()
    });
    let findings = check(&resolver).await;
    assert_eq!(findings.mx.status, RecordStatus::Unreachable);
}

#[tokio::test]
async fn truncated_answer_is_asked_for_over_tcp() {
    let server = ScriptedServer::start(|name, kind, transport| match transport {
        Transport::Udp => Reply::Truncated,
        Transport::Tcp => published(name, kind),
    })
    .await;
    let resolver = resolver(&[&server]);
    let records = resolver.txt_as(NAME, Freshness::Cached).await.unwrap();
    assert_eq!(records, [Txt::from_strings([SPF])]);
    assert!(
        server
            .asked()
            .iter()
            .any(|(_, _, transport)| *transport == Transport::Tcp)
    );
}

#[tokio::test]
async fn cname_is_followed() {
    let target = "target.example.net.";
    let chains: [fn(&str, Type) -> Reply; 2] = [
        // All in one answer.
        |name, kind| match (name, kind) {
            (NAME, Type::MX) => Reply::Records(vec![
                cname(NAME, "target.example.net."),
                mx("target.example.net.", 10, HOST),
            ]),
            (NAME, Type::TXT) => Reply::Records(vec![
                cname(NAME, "target.example.net."),
                txt("target.example.net.", &[SPF]),
            ]),
            _ => Reply::Code(ResponseCode::Refused),
        },
        // Step by step, over another CNAME.
        |name, kind| match (name, kind) {
            (NAME, _) => Reply::Records(vec![cname(NAME, "step.example.net.")]),
            ("step.example.net.", _) => {
                Reply::Records(vec![cname("step.example.net.", "target.example.net.")])
            }
            ("target.example.net.", Type::MX) => {
                Reply::Records(vec![mx("target.example.net.", 10, HOST)])
            }
            ("target.example.net.", Type::TXT) => {
                Reply::Records(vec![txt("target.example.net.", &[SPF])])
            }
            _ => Reply::Code(ResponseCode::Refused),
        },
    ];
    for chain in chains {
        let findings = check_against(move |name, kind, _| chain(name, kind)).await;
        assert_eq!(statuses(&findings), (RecordStatus::Ok, RecordStatus::Ok));
        assert_eq!(
            findings.mx.found.len(),
            1,
            "the CNAME is none of the records"
        );
    }

    let findings = check_against(move |name, _, _| match name {
        NAME => Reply::Records(vec![cname(NAME, target)]),
        _ => Reply::Code(ResponseCode::NXDomain),
    })
    .await;
    let missing = RecordStatus::Missing;
    assert_eq!(statuses(&findings), (missing, missing));
}

#[tokio::test]
async fn strings_of_a_txt_record_are_joined() {
    let findings = check_against(|_, kind, _| match kind {
        Type::TXT => Reply::Records(vec![txt(
            NAME,
            &[b"v=spf1 include:ama", b"zonses.com", b" ~all"],
        )]),
        _ => Reply::Code(ResponseCode::NXDomain),
    })
    .await;
    assert_eq!(findings.spf.status, RecordStatus::Ok);
    assert_eq!(findings.spf.found, ["v=spf1 include:amazonses.com ~all"]);
}

#[tokio::test]
async fn nested_include_is_looked_up() {
    let nested = |name: &str, kind, _| match (name, kind) {
        (NAME, Type::TXT) => {
            Reply::Records(vec![txt(NAME, &[b"v=spf1 include:_spf.example.net -all"])])
        }
        ("_spf.example.net.", Type::TXT) => Reply::Records(vec![txt("_spf.example.net.", &[SPF])]),
        _ => Reply::Code(ResponseCode::NXDomain),
    };
    let findings = check_against(nested).await;
    assert_eq!(findings.spf.status, RecordStatus::Ok);

    let findings = check_against(move |name, kind, transport| match name {
        NAME => nested(name, kind, transport),
        _ => Reply::Code(ResponseCode::ServFail),
    })
    .await;
    assert_eq!(findings.spf.status, RecordStatus::Unreachable);
    let told = reason(&findings.spf);
    assert!(
        told.contains("_spf.example.net could not be looked up"),
        "{told}"
    );
}

#[tokio::test]
async fn hostile_records_are_shown_escaped() {
    let findings = check_against(|_, kind, _| match kind {
        Type::MX => {
            // A dot inside the first label makes no feedback host of it.
            let labels: [&[u8]; 3] = [b"feedback-smtp.eu-west-1", b"amazonses", b"com"];
            let host = Name::from_labels(labels).unwrap();
            Reply::Records(vec![record(NAME, RData::MX(MX::new(10, host)))])
        }
        _ => Reply::Records(vec![txt(NAME, &[b"v=spf1 \x1b[2J\xff"])]),
    })
    .await;
    let wrong = RecordStatus::Wrong;
    assert_eq!(statuses(&findings), (wrong, wrong));
    assert_eq!(
        findings.mx.found,
        [r"10 feedback-smtp\.eu-west-1.amazonses.com"]
    );
    assert_eq!(findings.spf.found, [r"v=spf1 \027[2J\255"]);
}

#[tokio::test]
async fn fresh_check_sees_what_was_published_since() {
    use std::sync::atomic::{AtomicBool, Ordering};
    let now_published = Arc::new(AtomicBool::new(false));
    let seen = now_published.clone();
    let server = ScriptedServer::start(move |name, kind, _| match seen.load(Ordering::SeqCst) {
        true => published(name, kind),
        false => Reply::Code(ResponseCode::NXDomain),
    })
    .await;
    let resolver = resolver(&[&server]);
    assert_eq!(check(&resolver).await.mx.status, RecordStatus::Missing);
    now_published.store(true, Ordering::SeqCst);
    assert_eq!(check(&resolver).await.mx.status, RecordStatus::Missing);
    let fresh = resolver.check_fresh(&mail_from(), &place()).await;
    assert_eq!(statuses(&fresh), (RecordStatus::Ok, RecordStatus::Ok));
    assert_eq!(check(&resolver).await, fresh);
}

#[tokio::test]
async fn extreme_settings_do_not_panic() {
    let server = ScriptedServer::start(|name, kind, _| published(name, kind)).await;
    for (timeout, attempts) in [(Duration::MAX, u32::MAX), (Duration::from_secs(1), 0)] {
        let resolver = Resolver::new(Settings {
            nameservers: vec![server.address],
            timeout: Some(timeout),
            attempts: Some(attempts),
            ..Settings::default()
        });
        assert_eq!(check(&resolver).await.mx.status, RecordStatus::Ok);
    }
}

/// Owners and their records.
type World = &'static [(&'static str, Type, &'static str)];

/// What stands for `name`: itself, or the wildcard at the closest name that exists.
fn owner(world: World, name: &str) -> Option<&'static str> {
    let owners = || world.iter().map(|(owner, _, _)| *owner);
    let exists = |name: &str| {
        let below = format!(".{name}");
        owners().any(|owner| owner == name || owner.ends_with(&below))
    };
    if exists(name) {
        return owners().find(|owner| *owner == name);
    }
    let mut closest = name;
    while !exists(closest) {
        (_, closest) = closest.split_once('.')?;
    }
    owners().find(|owner| *owner == format!("*.{closest}"))
}

/// The verdicts where these names have these records, and no others exist.
async fn check_world(world: World) -> DnsFindings {
    check_against(move |name, kind, _| {
        let Some(of) = owner(world, name) else {
            return Reply::Code(ResponseCode::NXDomain);
        };
        let here = world.iter().filter(|(owner, _, _)| *owner == of);
        let records: Vec<_> = here
            .filter(|(_, of, _)| [kind, Type::CNAME].contains(of))
            .map(|(_, kind, data)| match *kind {
                Type::MX => mx(name, 10, data),
                Type::CNAME => cname(name, data),
                Type::A => record(name, RData::A("192.0.2.1".parse().unwrap())),
                _ => txt(name, &[data.as_bytes()]),
            })
            .collect();
        Reply::Records(records)
    })
    .await
}

#[tokio::test]
async fn another_region_has_to_exist() {
    const OTHER: &str = "feedback-smtp.eu-wset-1.amazonses.com.";
    let findings = check_world(&[(NAME, Type::MX, OTHER)]).await;
    assert_eq!(findings.mx.status, RecordStatus::Wrong);
    let told = reason(&findings.mx);
    assert!(told.contains("no host feedback-smtp.eu-wset-1"), "{told}");

    let findings = check_world(&[(NAME, Type::MX, OTHER), (OTHER, Type::A, "")]).await;
    assert_eq!(findings.mx.status, RecordStatus::OtherRegion);

    let unknown = check_against(|name, kind, _| match (name, kind) {
        (NAME, Type::MX) => Reply::Records(vec![mx(NAME, 10, OTHER)]),
        _ => Reply::Code(ResponseCode::ServFail),
    });
    assert_eq!(unknown.await.mx.status, RecordStatus::OtherRegion);
}

#[tokio::test]
async fn records_that_are_amiss_are_sought_elsewhere() {
    const SPF: &str = "v=spf1 include:amazonses.com ~all";
    let twice = Elsewhere::Twice {
        name: "bounce.example.com.example.com".to_owned(),
        label: "bounce".to_owned(),
    };
    let above = Elsewhere::Above("example.com".to_owned());
    let wildcard = Elsewhere::Wildcard("*.example.com".to_owned());
    let worlds: [(World, _, _, Elsewhere); 6] = [
        (
            &[
                ("bounce.example.com.example.com.", Type::MX, HOST),
                ("bounce.example.com.example.com.", Type::TXT, SPF),
            ],
            RecordStatus::Missing,
            RecordStatus::Missing,
            twice,
        ),
        (
            &[
                ("example.com.", Type::MX, HOST),
                ("example.com.", Type::TXT, SPF),
            ],
            RecordStatus::Missing,
            RecordStatus::Missing,
            above,
        ),
        (
            &[
                ("*.example.com.", Type::MX, "mx.example.com."),
                ("*.example.com.", Type::TXT, "v=spf1 -all"),
            ],
            RecordStatus::Wrong,
            RecordStatus::Wrong,
            wildcard,
        ),
        (
            &[(NAME, Type::CNAME, "gone.example.net.")],
            RecordStatus::Missing,
            RecordStatus::Missing,
            Elsewhere::alias("gone.example.net", None),
        ),
        (
            &[
                ("*.example.com.", Type::CNAME, "web.example.net."),
                ("web.example.net.", Type::MX, "mx.example.net."),
                ("web.example.net.", Type::TXT, "v=spf1 -all"),
            ],
            RecordStatus::Wrong,
            RecordStatus::Wrong,
            Elsewhere::alias("web.example.net", Some("*.example.com")),
        ),
        (
            &[
                (NAME, Type::CNAME, "web.example.net."),
                ("*.example.com.", Type::CNAME, "web.example.net."),
                ("web.example.net.", Type::MX, "mx.example.net."),
                ("web.example.net.", Type::TXT, "v=spf1 -all"),
            ],
            RecordStatus::Wrong,
            RecordStatus::Wrong,
            Elsewhere::alias("web.example.net", None),
        ),
    ];
    for (world, mx, spf, elsewhere) in worlds {
        let findings = check_world(world).await;
        assert_eq!(statuses(&findings), (mx, spf), "{elsewhere:?}");
        assert_eq!(findings.mx.elsewhere.as_ref(), Some(&elsewhere));
        assert_eq!(findings.spf.elsewhere.as_ref(), Some(&elsewhere));
    }
    // A text that is no SPF record may be there by a wildcard, too.
    let quoted: World = &[(
        "*.example.com.",
        Type::TXT,
        "\"v=spf1 include:amazonses.com ~all\"",
    )];
    let spf = check_world(quoted).await.spf;
    assert_eq!(spf.status, RecordStatus::Missing);
    let by = Elsewhere::Wildcard("*.example.com".to_owned());
    assert_eq!(spf.elsewhere, Some(by));
    // So may be one that passes, and is to be replaced all the same.
    let passes: World = &[(
        "*.example.com.",
        Type::TXT,
        "v=spf1 include:amazonses.com +all",
    )];
    let spf = check_world(passes).await.spf;
    assert_eq!(spf.status, RecordStatus::Ok);
    let by = Elsewhere::Wildcard("*.example.com".to_owned());
    assert_eq!(spf.elsewhere, Some(by));
    // It is no wildcard that gives a name what it has itself.
    let same: World = &[
        (NAME, Type::MX, "mx.example.com."),
        (NAME, Type::TXT, "v=spf1 -all"),
        ("*.example.com.", Type::MX, "mx.example.com."),
        ("*.example.com.", Type::TXT, "v=spf1 -all"),
    ];
    // Nor was it typed twice where a wildcard answers to every name.
    let by_wildcard: World = &[
        (NAME, Type::A, ""),
        ("*.example.com.", Type::MX, HOST),
        ("*.example.com.", Type::TXT, SPF),
    ];
    for (world, status) in [
        (same, RecordStatus::Wrong),
        (by_wildcard, RecordStatus::Missing),
    ] {
        let findings = check_world(world).await;
        assert_eq!(statuses(&findings), (status, status));
        let elsewhere = (findings.mx.elsewhere, findings.spf.elsewhere);
        assert_eq!(elsewhere, (None, None));
    }
    // A company's own records explain nothing.
    let own: World = &[
        ("example.com.", Type::MX, "mx.example.com."),
        ("example.com.", Type::TXT, "v=spf1 mx -all"),
    ];
    let findings = check_world(own).await;
    assert_eq!(
        (findings.mx.elsewhere, findings.spf.elsewhere),
        (None, None)
    );
}

#[tokio::test]
async fn an_alias_of_ses_domain_names_ses() {
    let worlds: [World; 2] = [
        &[
            (NAME, Type::TXT, "v=spf1 include:ses.example.com. -all"),
            ("ses.example.com.", Type::CNAME, "amazonses.com."),
            ("amazonses.com.", Type::TXT, "v=spf1 ip4:54.240.0.0/18 -all"),
        ],
        &[
            (NAME, Type::CNAME, "amazonses.com."),
            ("amazonses.com.", Type::TXT, "v=spf1 ip4:54.240.0.0/18 -all"),
        ],
    ];
    for world in worlds {
        let spf = check_world(world).await.spf;
        assert_eq!((spf.status, spf.cause), (RecordStatus::Ok, None));
    }
}

#[tokio::test]
async fn records_are_sought_below_a_domain_that_is_a_zone_itself() {
    let findings = check_world(&[
        ("bounce.bounce.example.com.", Type::MX, HOST),
        (
            "bounce.bounce.example.com.",
            Type::TXT,
            "v=spf1 include:amazonses.com ~all",
        ),
    ])
    .await;
    let twice = Elsewhere::Twice {
        name: "bounce.bounce.example.com".to_owned(),
        label: String::new(),
    };
    assert_eq!(findings.mx.elsewhere.as_ref(), Some(&twice));
    assert_eq!(findings.spf.elsewhere, Some(twice));
}

#[tokio::test]
async fn more_is_asked_only_where_something_is_amiss() {
    let server = ScriptedServer::start(|name, kind, _| published(name, kind)).await;
    check(&resolver(&[&server])).await;
    let kinds: Vec<Type> = server
        .asked()
        .into_iter()
        .map(|(_, kind, _)| kind)
        .collect();
    assert!(
        !kinds.contains(&Type::CNAME) && !kinds.contains(&Type::A),
        "{kinds:?}"
    );
}
