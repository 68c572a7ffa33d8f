//! Name servers that fail: what is `unreachable`, why, and what it costs.

use super::*;

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
