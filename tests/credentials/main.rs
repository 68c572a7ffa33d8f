//! The provider block as users of hashicorp/aws know it: block, environment and files, and
//! what signs the request that follows from them. One row a case; each is a process.
//!
//! Where `CREDENTIALS_PEER` names the peer (`make conformance`), the rows are held against
//! that, and not against the provider: hashicorp/aws does what they say, but for those that
//! say why the provider does not do as it does.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod accounts;
mod chain;
mod endpoints;
mod files;
mod left_out;
mod metadata;
mod names;
mod peer;
mod provider;
mod proxies;
mod regions;
mod retries;
mod roles;
#[path = "../acceptance/harness/servers.rs"]
#[allow(dead_code, reason = "the acceptance tests use the rest")]
mod servers;
mod sources;
#[path = "../acceptance/harness/sts.rs"]
#[allow(dead_code, reason = "the acceptance tests use the rest")]
mod sts;
mod tls;
mod wire;
mod world;

use world::Case;

/// What a row expects.
pub(crate) enum Expected {
    /// The request is signed with this key, for this region.
    Signed(&'static str, &'static str),
    /// As `Signed`, and STS was sent requests that hold these, each in its turn.
    Assumed(&'static str, &'static [&'static [&'static str]]),
    /// SES is called so many times, whatever it answers, and the error says these.
    Refused(usize, &'static [&'static str]),
    /// The request is signed with the environment's keys, and the proxy was sent these.
    Through(&'static [&'static str]),
    /// The request is signed with the environment's keys, and `User-Agent` holds these.
    Named(&'static [&'static str]),
    /// The request is signed with the environment's keys, and a warning says these.
    Warns(&'static [&'static str]),
    /// Nothing is sent to SES, and the error says these.
    Fails(&'static [&'static str]),
}

/// Runs all rows, some at a time, and tells of each that is not as it should be.
pub(crate) async fn hold(rows: Vec<(Case, Expected)>) {
    let peer = peer::program();
    let mut wrong = Vec::new();
    let is_judged = |(case, _): &(Case, Expected)| peer.is_none() || !case.is_ours();
    let mut rows = rows.into_iter().filter(is_judged);
    loop {
        let some: Vec<_> = rows.by_ref().take(8).collect();
        if some.is_empty() {
            break;
        }
        let running = some.into_iter().map(|(case, expected)| {
            let peer = peer.clone();
            tokio::spawn(async move {
                let (problem, outcome) = match peer {
                    None => {
                        let outcome = case.run().await;
                        let problem = problem(&expected, &outcome);
                        let asked = outcome.identified > case.may_identify();
                        let asked = asked.then(|| "STS was asked for the account".to_owned());
                        (problem.or(asked).or(slip(&outcome)), outcome)
                    }
                    Some(program) => {
                        let outcome = case.run_peer(&program).await;
                        (peer::problem(&case, &expected, &outcome), outcome)
                    }
                };
                problem.map(|problem| format!("{}: {problem}\n{outcome:#?}", case.name))
            })
        });
        let running: Vec<_> = running.collect();
        for row in running {
            wrong.extend(row.await.unwrap());
        }
    }
    assert!(
        wrong.is_empty(),
        "{} rows:\n{}",
        wrong.len(),
        wrong.join("\n\n")
    );
}

/// What no text for a practitioner holds: `Debug` forms, and words of the inside.
const INSIDE: [&str; 7] = [
    "dispatch failure",
    "Some(",
    "StatusCode(",
    "Error {",
    "ErrorKind",
    "ConnectorError",
    "source: ",
];

/// What is wrong with what was told and logged, whatever came of a row.
fn slip(outcome: &world::Outcome) -> Option<String> {
    let told = || outcome.errors.iter().chain(&outcome.warnings);
    if let Some(text) = told().find(|text| text.contains(provider::SECRET)) {
        return Some(format!("a secret is told: {text}"));
    }
    if let Some(line) = outcome.leaks.first() {
        return Some(format!("a secret is logged: {line}"));
    }
    let inside = INSIDE
        .iter()
        .find(|word| told().any(|text| text.contains(**word)));
    inside.map(|word| format!("the practitioner is told {word:?}"))
}

fn problem(expected: &Expected, outcome: &world::Outcome) -> Option<String> {
    let signed = outcome.signed.as_ref();
    let signed = signed.map(|(key, region)| (key.as_str(), region.as_str()));
    match expected {
        Expected::Signed(key, region) if signed != Some((key, region)) => {
            Some(format!("not signed with {key} for {region}"))
        }
        Expected::Signed(..) if !outcome.sts.is_empty() => Some("STS was called".to_owned()),
        Expected::Signed(..) => None,
        Expected::Assumed(key, _) if signed.map(|(key, _)| key) != Some(key) => {
            Some(format!("not signed with {key}"))
        }
        Expected::Assumed(_, requests) => {
            let sent = &outcome.sts;
            let holds = |(sent, texts): (&String, &&[&str])| {
                let missing = texts.iter().find(|text| !sent.contains(**text));
                missing.map(|text| format!("STS was not sent {text}"))
            };
            match sent.len() == requests.len() {
                true => sent.iter().zip(*requests).find_map(holds),
                false => Some(format!("STS was called {} times", sent.len())),
            }
        }
        Expected::Refused(calls, _) if outcome.calls != *calls => {
            Some(format!("SES was called {} times", outcome.calls))
        }
        Expected::Through(_) | Expected::Named(_) | Expected::Warns(_)
            if signed.map(|(key, _)| key) != Some("AKIAENV") =>
        {
            Some("not signed with AKIAENV".to_owned())
        }
        Expected::Through(places) if outcome.proxied != *places => {
            Some(format!("the proxy was not sent {places:?}"))
        }
        Expected::Through(_) => None,
        Expected::Named(names) => {
            let agent = outcome.user_agent.as_deref().unwrap_or_default();
            let missing = names.iter().find(|name| !agent.contains(**name));
            missing.map(|name| format!("User-Agent has no {name:?}"))
        }
        Expected::Warns(texts) => {
            let warnings = outcome.warnings.join("\n");
            let missing = texts.iter().find(|text| !warnings.contains(**text));
            missing.map(|text| format!("no warning says {text:?}"))
        }
        Expected::Fails(_) if signed.is_some() => Some("SES was called".to_owned()),
        Expected::Refused(_, texts) | Expected::Fails(texts) => {
            let errors = outcome.errors.join("\n");
            let missing = texts.iter().find(|text| !errors.contains(**text));
            missing.map(|text| format!("no error says {text:?}"))
        }
    }
}
