use hickory_proto::op::ResponseCode;
use hickory_proto::rr::rdata::MX;
use hickory_proto::rr::{Name, RData, RecordType as Type};
use tokio::time::Instant;

use super::*;
use crate::dns::scripted_server::{Reply, ScriptedServer, Transport, cname, mx, record, txt};
use crate::mail_from::{Elsewhere, Identity, RecordStatus, Region};

mod elsewhere;
mod failures;

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
