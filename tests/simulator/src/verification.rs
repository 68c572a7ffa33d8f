//! SES's search for the MX records of MAIL FROM domains, in real DNS.

use std::net::SocketAddr;
use std::time::Duration;

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{
    ConnectionConfig, NameServerConfig, ResolveHosts, ResolverConfig, ResolverOpts,
};
use hickory_resolver::net::NetError;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::rr::RData;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::ses::{Finding, Ses};

/// How many domains are looked up at a time; the others wait for their turn.
const LOOK_UPS_AT_A_TIME: usize = 100;
/// How long a look-up may take.
const PATIENCE: Duration = Duration::from_secs(1);

/// Looks for the records at the name server `server`, for ever.
pub(crate) fn search(
    ses: Ses,
    server: SocketAddr,
) -> Result<impl Future<Output = ()> + Send + 'static, NetError> {
    let resolver = resolver(server)?;
    Ok(async move {
        let mut last = None;
        loop {
            sleep(interval(ses.clock_speed())).await;
            let sought = ses.sought(last.as_ref(), LOOK_UPS_AT_A_TIME);
            last = sought.last().cloned();
            let mut lookups = JoinSet::new();
            for sought in sought {
                let (ses, resolver) = (ses.clone(), resolver.clone());
                lookups.spawn(async move {
                    let finding = look_up(&resolver, sought.domain()).await;
                    ses.observe(&sought, finding);
                });
            }
            lookups.join_all().await;
        }
    })
}

/// Real time between two rounds: a second, less if the clock is sped up, but
/// never so little that looking would be all the machine does.
fn interval(speed: f64) -> Duration {
    Duration::from_secs_f64(1.0 / speed.clamp(1.0, 20.0))
}

fn resolver(server: SocketAddr) -> Result<TokioResolver, NetError> {
    let connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()]
        .map(|mut connection| {
            connection.port = server.port();
            connection
        })
        .to_vec();
    let server = NameServerConfig::new(server.ip(), true, connections);
    let mut options = ResolverOpts::default();
    options.attempts = 0;
    options.cache_size = 0;
    options.timeout = PATIENCE;
    options.use_hosts_file = ResolveHosts::Never;
    TokioResolver::builder_with_config(
        ResolverConfig::from_parts(None, vec![], vec![server]),
        TokioRuntimeProvider::default(),
    )
    .with_options(options)
    .build()
}

async fn look_up(resolver: &TokioResolver, domain: &str) -> Finding {
    match timeout(PATIENCE, resolver.mx_lookup(format!("{domain}."))).await {
        Ok(Ok(lookup)) => {
            let mut exchanges = lookup.answers().iter().filter_map(|record| {
                let RData::MX(mx) = &record.data else {
                    return None;
                };
                Some(mx.exchange.to_ascii())
            });
            match (exchanges.next(), exchanges.next()) {
                (Some(only), None) if is_feedback_host(&only) => Finding::Right,
                _ => Finding::Wrong,
            }
        }
        Ok(Err(error)) if error.is_no_records_found() => Finding::Wrong,
        Ok(Err(_)) | Err(_) => Finding::Unknown,
    }
}

/// Whether `host` is where SES takes bounces in one of its regions. Any region
/// will do: one MX record may serve identities of several.
fn is_feedback_host(host: &str) -> bool {
    let host = host.to_ascii_lowercase();
    host.trim_end_matches('.')
        .strip_prefix("feedback-smtp.")
        .and_then(|rest| rest.strip_suffix(".amazonses.com"))
        .is_some_and(|region| !region.is_empty() && !region.contains('.'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::Options;
    use crate::ses::{Behavior, Sought, Status};

    fn ses(identities: &[&str]) -> Ses {
        let ses = Ses::new(&Options::default());
        ses.add_identities("us-east-1", identities, true);
        for identity in identities {
            let domain = format!("b.{identity}");
            ses.set_mail_from("us-east-1", identity, &domain, Behavior::UseDefaultValue)
                .unwrap();
        }
        ses
    }

    #[test]
    fn those_sought_take_turns() {
        let ses = ses(&["a.test", "b.test", "c.test", "d.test"]);
        ses.set_status("us-east-1", "b.test", Status::Failed)
            .unwrap();
        ses.add_identity("eu-west-1", "unset.test", true);
        let domains = |sought: &[Sought]| -> Vec<String> {
            sought.iter().map(|s| s.domain().to_owned()).collect()
        };
        let first = ses.sought(None, 2);
        assert_eq!(domains(&first), ["b.a.test", "b.c.test"]);
        let second = ses.sought(first.last(), 2);
        assert_eq!(domains(&second), ["b.d.test", "b.a.test"]);
        let all = ses.sought(second.last(), 10);
        assert_eq!(domains(&all), ["b.c.test", "b.d.test", "b.a.test"]);
    }

    #[test]
    fn a_finding_about_a_domain_set_meanwhile_is_dropped() {
        let ses = ses(&["a.test"]);
        let status = || ses.get("us-east-1", "a.test").unwrap().status;
        let sought = ses.sought(None, 1);
        ses.set_mail_from("us-east-1", "a.test", "c.a.test", Behavior::UseDefaultValue)
            .unwrap();
        ses.observe(&sought[0], Finding::Right);
        assert_eq!(status(), Some(Status::Pending));
        ses.observe(&ses.sought(None, 1)[0], Finding::Right);
        assert_eq!(status(), Some(Status::Success));
    }

    #[test]
    fn rounds_are_a_second_apart_and_never_closer_than_50_milliseconds() {
        assert_eq!(interval(0.0), Duration::from_secs(1));
        assert_eq!(interval(1.0), Duration::from_secs(1));
        assert_eq!(interval(2.0), Duration::from_millis(500));
        assert_eq!(interval(1e9), Duration::from_millis(50));
    }

    #[test]
    fn the_feedback_host_of_any_region_will_do() {
        assert!(is_feedback_host("feedback-smtp.us-east-1.amazonses.com."));
        assert!(is_feedback_host(
            "Feedback-SMTP.us-gov-west-1.AMAZONSES.com"
        ));
        for other in [
            "feedback-smtp.amazonses.com.",
            "feedback-smtp..amazonses.com.",
            "inbound-smtp.us-east-1.amazonaws.com.",
            "feedback-smtp.us-east-1.amazonses.com.example.com.",
            "x.feedback-smtp.us-east-1.amazonses.com.",
        ] {
            assert!(!is_feedback_host(other), "{other}");
        }
    }
}
