//! What is run with Terraform.

use std::fs;
use std::time::Duration;

use futures_util::future::join_all;
use simulator::dns::Mode;
use simulator::{Rate, Simulator};

use crate::fleet::{
    self, LIMIT, NO_DNS, Tally, Template, Written, assert_is_set, configuration, mail_from_domain,
    set_mail_from,
};
use crate::process::Run;
use crate::report::Row;
use crate::sizes::Sizes;
use crate::terraform::{Folder, Installation, Pace};

/// Identities in a Get, at most.
const IN_A_GET: usize = 100;

/// How often a short run is repeated; the median counts. Without a limit, a run of so
/// many identities is short.
const REPEATED: usize = 3;
const SHORT: usize = 1000;

/// Processes that share a limit.
const PROCESSES: usize = 4;

const SECOND: Duration = Duration::from_secs(1);

/// A run at SES's limit, beside the same run without a limit.
pub(crate) struct Limited {
    pub(crate) name: String,
    pub(crate) size: usize,
    pub(crate) time: Duration,
    /// The same without a limit, and the seconds that the limit takes at least.
    pub(crate) floor: Duration,
    pub(crate) tally: Tally,
    pub(crate) peak_memory: Option<u64>,
    pub(crate) creates: bool,
}

/// Refreshes of each size: `terraform plan` of a fleet that is in the state, and
/// in SES, as configured.
pub(crate) async fn refreshes(
    installation: &Installation,
    template: &Template,
    sizes: &Sizes,
) -> Vec<Limited> {
    let each = sizes.refreshes.iter().map(|size| (*size, Written::ForEach));
    let counted = sizes.counted.map(|size| (size, Written::Count));
    let mut refreshes = Vec::new();
    for (size, written) in each.chain(counted) {
        let fleet = Fleet::in_state(installation, template, size, written).await;
        let times = |most: usize| if size <= most { REPEATED } else { 1 };
        let (unlimited, ..) = fleet.plan(Rate::Unlimited, times(SHORT)).await;
        let repeated = times(IN_A_GET);
        let (time, tally, run) = fleet.plan(LIMIT, repeated).await;
        let gets = u32::try_from(size.div_ceil(IN_A_GET)).unwrap();
        let by = match written {
            Written::ForEach => "",
            Written::Count => ", by `count`",
        };
        refreshes.push(Limited {
            name: format!("refresh of {size}{by}"),
            size,
            time,
            floor: unlimited + SECOND * (gets - 1),
            tally,
            peak_memory: run.peak_memory,
            creates: false,
        });
    }
    refreshes
}

/// The refresh of one size with DNS on, first answering in 30 ms, then not at
/// all; the same with DNS off, run next to them, is their floor.
pub(crate) async fn refreshes_with_dns(
    installation: &Installation,
    template: &Template,
    sizes: &Sizes,
) -> Vec<Row> {
    let size = sizes.with_dns;
    let mut fleet = Fleet::in_state(installation, template, size, Written::ForEach).await;
    let (off, ..) = fleet.plan(LIMIT, 1).await;
    fleet.publish_records();
    let mut rows = Vec::new();
    for (mode, what) in [
        (Mode::Delay { delay_ms: 30 }, "DNS answers in 30 ms"),
        (Mode::Silent, "DNS is silent"),
    ] {
        fleet.simulator.dns().set_mode(mode);
        let (time, tally, run) = fleet.plan(LIMIT, 1).await;
        rows.push(Row {
            floor: Some(format!("{:.2} s (DNS off)", off.as_secs_f64())),
            memory: run.peak_memory,
            ..Row::timed(&format!("refresh of {size}, {what}"), time, off, tally)
        });
    }
    rows
}

/// A fleet in state and in SES.
struct Fleet<'a> {
    folder: Folder<'a>,
    simulator: Simulator,
    size: usize,
    hcl: String,
    /// The body of the `dns` block.
    dns: String,
}

impl<'a> Fleet<'a> {
    async fn in_state(
        installation: &'a Installation,
        template: &Template,
        size: usize,
        written: Written,
    ) -> Self {
        let simulator = fleet::simulator(LIMIT, size);
        set_mail_from(&simulator, size);
        let folder = Folder::new(installation);
        let hcl = configuration(written, 0, size);
        folder.configure(&simulator, Pace::OneASecond, NO_DNS, &hcl);
        folder.terraform(&["init"]).await;
        let state = template.state(written, size);
        fs::write(folder.file("terraform.tfstate"), state).unwrap();
        Self {
            folder,
            simulator,
            size,
            hcl,
            dns: NO_DNS.to_owned(),
        }
    }

    /// Turns DNS on, with the records that SES wants.
    fn publish_records(&mut self) {
        let dns = self.simulator.dns();
        for number in 0..self.size {
            let domain = mail_from_domain(number);
            let exchange = "feedback-smtp.us-east-1.amazonses.com";
            dns.set_mx(&domain, &[(10, exchange)]).unwrap();
            dns.set_txt(&domain, &["v=spf1 include:amazonses.com ~all"])
                .unwrap();
        }
        self.dns = format!("nameservers = [\"{}\"]", self.simulator.dns_addr());
    }

    /// Plans so many times, and returns the median time with the calls and the
    /// run that belong to it. Panics unless there is nothing to change.
    async fn plan(&self, rate: Rate, times: usize) -> (Duration, Tally, Run) {
        let pace = match rate {
            Rate::Unlimited => Pace::None,
            _ => Pace::OneASecond,
        };
        self.folder
            .configure(&self.simulator, pace, &self.dns, &self.hcl);
        let mut runs = Vec::new();
        for _ in 0..times {
            let ses = self.simulator.ses();
            ses.set_rate(rate);
            ses.clear_calls();
            let plan = ["plan", "-detailed-exitcode"];
            let run = self.folder.terraform(&plan).await;
            runs.push((run.elapsed, Tally::of(&ses.calls()), run));
        }
        runs.sort_by_key(|(elapsed, ..)| *elapsed);
        runs.swap_remove(times / 2)
    }
}

/// `terraform apply` of identities that have no MAIL FROM domain yet.
pub(crate) async fn creates(installation: &Installation, sizes: &Sizes) -> Limited {
    let size = sizes.creates;
    let (unlimited, ..) = create(installation, Rate::Unlimited, size).await;
    let (run, tally) = create(installation, LIMIT, size).await;
    Limited {
        name: format!("create of {size}"),
        size,
        time: run.elapsed,
        floor: unlimited.elapsed + SECOND * u32::try_from(size - 1).unwrap(),
        tally,
        peak_memory: run.peak_memory,
        creates: true,
    }
}

async fn create(installation: &Installation, rate: Rate, size: usize) -> (Run, Tally) {
    let pace = match rate {
        Rate::Unlimited => Pace::None,
        _ => Pace::OneASecond,
    };
    let simulator = fleet::simulator(rate, size);
    let folder = Folder::new(installation);
    let hcl = configuration(Written::ForEach, 0, size);
    folder.configure(&simulator, pace, NO_DNS, &hcl);
    folder.terraform(&["init"]).await;
    let run = folder.terraform(&["apply", "-auto-approve"]).await;
    assert_is_set(&simulator, size);
    (run, Tally::of(&simulator.ses().calls()))
}

/// Four runs of `terraform apply` at a time, on a limit that SES counts over all
/// operations of the account: on one host, and on four.
pub(crate) async fn shared(installation: &Installation, sizes: &Sizes) -> Vec<Row> {
    vec![
        create_in_processes(installation, sizes.shared_creates, true).await,
        create_in_processes(installation, sizes.shared_creates, false).await,
    ]
}

async fn create_in_processes(installation: &Installation, each: usize, one_host: bool) -> Row {
    let size = PROCESSES * each;
    let simulator = fleet::simulator(Rate::PerAccount(1.0), size);
    let host = tempfile::tempdir().unwrap();
    let mut folders = Vec::new();
    for number in 0..PROCESSES {
        let folder = Folder::new(installation);
        let hcl = configuration(Written::ForEach, number * each, each);
        folder.configure(&simulator, Pace::OneASecond, NO_DNS, &hcl);
        folder.terraform(&["init"]).await;
        folders.push(folder);
    }
    let apply = ["apply", "-auto-approve"];
    let runs = join_all(folders.iter().map(async |folder| {
        if one_host {
            folder.terraform_on(host.path(), &apply).await
        } else {
            folder.terraform(&apply).await
        }
    }))
    .await;
    assert_is_set(&simulator, size);

    let tally = Tally::of(&simulator.ses().calls());
    let times = || runs.iter().map(|run| run.elapsed);
    let (slowest, fastest) = (times().max().unwrap(), times().min().unwrap());
    let floor = SECOND * u32::try_from(tally.accepted()).unwrap();
    let hosts = if one_host { "one host" } else { "four hosts" };
    let name = format!("{PROCESSES} processes on {hosts}, {each} creates each, one limit for all");
    Row {
        seconds_a_call: Some(slowest.as_secs_f64() / tally.accepted() as f64),
        gets_a_create: Some(tally.gets as f64 / size as f64),
        slowest_to_fastest: Some(slowest.as_secs_f64() / fastest.as_secs_f64()),
        memory: runs.iter().filter_map(|run| run.peak_memory).max(),
        ..Row::timed(&name, slowest, floor, tally)
    }
}
