//! `terraform plan` of a fleet that is in the state, and in SES and DNS as configured,
//! with the DNS check on.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::Value;
use simulator::Simulator;
use simulator::dns::Mode;

use crate::fleet::{LIMIT, Template, Written, identity, mail_from_domain};
use crate::refreshes::Fleet;
use crate::report::{Bound, Row};
use crate::sizes::Sizes;
use crate::terraform::Installation;

/// A resolver's answer.
const ANSWERED: Mode = Mode::Delay { delay_ms: 30 };

/// Identities of a fleet for which DNS is promised to cost a tenth at most.
const FLEET: usize = 1000;

/// How long the provider waits for the servers of a domain, unless it is told otherwise:
/// two tries of two seconds.
const TIME_OUT: f64 = 4.0;

/// The same plan with DNS off, on, with two dead domains, and with a silent resolver.
pub(crate) async fn refreshes(
    installation: &Installation,
    template: &Template,
    sizes: &Sizes,
) -> Vec<Row> {
    let size = sizes.with_dns;
    let mut fleet = Fleet::in_state(installation, template, size, Written::ForEach).await;
    let (off, ..) = fleet.plan(LIMIT, sizes.repeated).await;
    let floor = || Some(format!("{:.2} s (DNS off)", off.as_secs_f64()));
    publish(&fleet.simulator, size);
    fleet.dns = format!("nameservers = [\"{}\"]", fleet.simulator.dns_addr());

    fleet.simulator.dns().set_mode(ANSWERED);
    let (on, tally, run) = fleet.plan(LIMIT, sizes.repeated).await;
    let name = format!("refresh of {size}, DNS answers in 30 ms, DMARC included");
    let answered = Row {
        floor: floor(),
        memory: run.peak_memory,
        ..Row::timed(&name, on, off, tally)
    };
    let dead = with_dead_domains(&fleet, size, on, sizes.with_dead_domains).await;

    fleet.simulator.dns().set_mode(Mode::Silent);
    let (time, tally, run) = fleet.plan(LIMIT, 1).await;
    let silent = Row {
        floor: floor(),
        memory: run.peak_memory,
        ..Row::timed(
            &format!("refresh of {size}, DNS is silent"),
            time,
            off,
            tally,
        )
    };
    // What is promised of a fleet; a few are told by how long Terraform itself takes.
    let answered = match size >= FLEET {
        true => answered.at_most(1.1),
        false => answered,
    };
    vec![answered, dead, silent]
}

/// The records that SES wants; a DMARC record for each second identity, so that for the
/// others the tree is walked up.
fn publish(simulator: &Simulator, size: usize) {
    let dns = simulator.dns();
    for number in 0..size {
        let domain = mail_from_domain(number);
        let exchange = "feedback-smtp.us-east-1.amazonses.com";
        dns.set_mx(&domain, &[(10, exchange)]).unwrap();
        dns.set_txt(&domain, &["v=spf1 include:amazonses.com ~all"])
            .unwrap();
        if number % 2 == 0 {
            let policy = format!("_dmarc.{}", identity(number));
            dns.set_txt(&policy, &["v=DMARC1; p=none"]).unwrap();
        }
    }
}

/// So many runs where the servers of two domains are dead, the slowest of which counts:
/// whoever else is told to be out of reach has `failed`. `healthy` is how long it takes
/// without them.
async fn with_dead_domains(fleet: &Fleet<'_>, size: usize, healthy: Duration, runs: usize) -> Row {
    let dns = fleet.simulator.dns();
    let dead = [size / 2, size / 2 + 1].map(identity);
    let names = || {
        let labels = ["bounce.", "_dmarc.", ""];
        dead.iter()
            .flat_map(move |name| labels.map(|label| format!("{label}{name}")))
    };
    for name in names() {
        dns.set_mode_of(&name, Some(Mode::Silent)).unwrap();
    }
    let mut slowest = Duration::ZERO;
    let mut memory = None;
    let mut failed = 0;
    for _ in 0..runs {
        fleet.simulator.ses().clear_calls();
        let run = fleet.folder.terraform(&["plan", "-json"]).await;
        slowest = slowest.max(run.elapsed);
        memory = memory.max(run.peak_memory);
        let warned = warned(&run.stdout);
        let is_dead = |address: &&String| dead.iter().any(|name| address.contains(name.as_str()));
        failed += warned.iter().filter(|address| !is_dead(address)).count();
        // Otherwise nothing was tried.
        assert_eq!(
            warned.iter().filter(is_dead).count(),
            dead.len(),
            "{warned:?}"
        );
    }
    for name in names() {
        dns.set_mode_of(&name, None).unwrap();
    }
    let beyond = slowest.saturating_sub(healthy);
    Row {
        name: format!("refresh of {size}, two with dead name servers, the slowest of {runs}"),
        measured: format!("{:.2} s", slowest.as_secs_f64()),
        floor: Some(format!("{:.2} s (all answer)", healthy.as_secs_f64())),
        ratio: Some(slowest.as_secs_f64() / healthy.as_secs_f64()),
        memory,
        failed,
        ..Row::default()
    }
    .bound(Bound::seconds("beyond it", beyond, TIME_OUT))
    .bound(Bound::count("others out of reach", failed, 0))
}

/// The resources of which a plan warns.
fn warned(stdout: &str) -> BTreeSet<String> {
    let lines = stdout.lines();
    let told = lines.filter_map(|line| serde_json::from_str::<Value>(line).ok());
    told.filter(|line| line["type"] == "diagnostic")
        .filter_map(|line| Some(line["diagnostic"]["address"].as_str()?.to_owned()))
        .collect()
}
