//! `terraform plan` of fleets that are in the state, and in SES, as configured.

use std::fs;
use std::time::Duration;

use simulator::ses::{Behavior, Fault, FaultKind};
use simulator::{Rate, Simulator};

use crate::fleet::{
    self, LIMIT, NO_DNS, Tally, Template, Written, configuration, set_mail_from, verify,
};
use crate::limited::Limited;
use crate::process::Run;
use crate::report::{Bound, Row};
use crate::sizes::Sizes;
use crate::terraform::{Folder, Installation, Pace, REGION};

/// Identities in a Get, at most.
const IN_A_GET: usize = 100;

/// Identities in a page of the list.
const IN_A_LIST: usize = 1000;

/// Without a limit, a run of so many identities is short, and repeated.
const SHORT: usize = 1000;

const LIST: &str = "ListIdentities";

const SECOND: Duration = Duration::from_secs(1);

/// Refreshes of each size.
pub(crate) async fn refreshes(
    installation: &Installation,
    template: &Template,
    sizes: &Sizes,
) -> Vec<Limited> {
    let each = sizes.refreshes.iter().map(|size| (*size, Written::ForEach));
    let counted = sizes.counted.map(|size| (size, Written::Count));
    let mut refreshes = Vec::new();
    for (size, written) in each.chain(counted) {
        refreshes.push(refresh(installation, template, sizes, size, written).await);
    }
    refreshes
}

/// Refreshes of fleets in which each identity has a resource that waits for its
/// verification.
pub(crate) async fn verified(
    installation: &Installation,
    template: &Template,
    sizes: &Sizes,
) -> Vec<Row> {
    let mut rows = Vec::new();
    for size in &sizes.verified {
        let run = refresh(installation, template, sizes, *size, Written::Verified).await;
        rows.push(Row::from(&run).at_most(1.15));
    }
    rows
}

async fn refresh(
    installation: &Installation,
    template: &Template,
    sizes: &Sizes,
    size: usize,
    written: Written,
) -> Limited {
    let fleet = Fleet::in_state(installation, template, size, written).await;
    let times = |most: usize| if size <= most { sizes.repeated } else { 1 };
    let (unlimited, ..) = fleet.plan(Rate::Unlimited, times(SHORT)).await;
    let (time, tally, run) = fleet.plan(LIMIT, times(IN_A_GET)).await;
    let gets = size.div_ceil(IN_A_GET);
    let how = match written {
        Written::ForEach => "",
        Written::Count => ", by `count`",
        Written::Verified => ", with a verification of each",
    };
    Limited {
        name: format!("refresh of {size}{how}"),
        size,
        time,
        floor: unlimited + SECOND * u32::try_from(gets - 1).unwrap(),
        tally,
        peak_memory: run.peak_memory,
        longest_create: None,
        bounds: vec![
            Bound::count("Gets", tally.gets, gets + 1),
            Bound::count("Lists", tally.lists, size.div_ceil(IN_A_LIST) + 1),
        ],
    }
}

/// Refreshes in which reading ahead has less to go by.
pub(crate) async fn with_less_ahead(
    installation: &Installation,
    template: &Template,
    sizes: &Sizes,
) -> Vec<Row> {
    vec![
        one_at_a_time(installation, template, sizes).await,
        without_a_list(installation, template, sizes).await,
        among_others(installation, template, sizes).await,
    ]
}

/// A refresh of one resource at a time: reading ahead has to begin by the second,
/// and then asks for all.
async fn one_at_a_time(installation: &Installation, template: &Template, sizes: &Sizes) -> Row {
    let size = 60;
    let mut fleet = Fleet::in_state(installation, template, size, Written::ForEach).await;
    fleet.parallelism = "-parallelism=1";
    let (unlimited, ..) = fleet.plan(Rate::Unlimited, sizes.repeated).await;
    let (time, tally, run) = fleet.plan(LIMIT, 1).await;
    let row = Row {
        memory: run.peak_memory,
        ..Row::timed(
            &format!("refresh of {size}, `-parallelism=1`"),
            time,
            unlimited + SECOND,
            tally,
        )
    };
    row.at_most(1.5).bound(Bound::count("Gets", tally.gets, 3))
}

/// A refresh where SES does not tell which identities there are: each Get holds what
/// Terraform asks for at a time.
async fn without_a_list(installation: &Installation, template: &Template, sizes: &Sizes) -> Row {
    let size = 30;
    let fleet = Fleet::in_state(installation, template, size, Written::ForEach).await;
    let denied = Fault::new(FaultKind::AccessDenied).on(LIST).forever();
    fleet.simulator.ses().inject(denied);
    fleet.by_tens(sizes.repeated, "the list is refused").await
}

/// A refresh of few among many identities of others: reading them ahead must not cost
/// more than no list does.
async fn among_others(installation: &Installation, template: &Template, sizes: &Sizes) -> Row {
    let size = 50;
    let fleet = Fleet::in_state(installation, template, size, Written::ForEach).await;
    let ses = fleet.simulator.ses();
    // SES lists them first.
    let others: Vec<String> = (0..10_000).map(|n| format!("a{n:05}.example")).collect();
    ses.add_identities(REGION, &others, true);
    for other in &others[..1000] {
        let domain = format!("bounce.{other}");
        ses.set_mail_from(REGION, other, &domain, Behavior::UseDefaultValue)
            .unwrap();
    }
    fleet.by_tens(sizes.repeated, "among 10000 of others").await
}

/// A fleet in state and in SES.
pub(crate) struct Fleet<'a> {
    pub(crate) folder: Folder<'a>,
    pub(crate) simulator: Simulator,
    size: usize,
    hcl: String,
    /// The body of the `dns` block.
    pub(crate) dns: String,
    /// The argument of Terraform.
    parallelism: &'static str,
}

impl<'a> Fleet<'a> {
    pub(crate) async fn in_state(
        installation: &'a Installation,
        template: &Template,
        size: usize,
        written: Written,
    ) -> Self {
        let simulator = fleet::simulator(LIMIT, size);
        set_mail_from(&simulator, size);
        if written == Written::Verified {
            verify(&simulator, size);
        }
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
            parallelism: "-parallelism=10",
        }
    }

    /// Plans so many times, and returns the median time with the calls and the
    /// run that belong to it. Panics unless there is nothing to change.
    pub(crate) async fn plan(&self, rate: Rate, times: usize) -> (Duration, Tally, Run) {
        self.folder
            .configure(&self.simulator, Pace::of(rate), &self.dns, &self.hcl);
        let mut runs = Vec::new();
        for _ in 0..times {
            let ses = self.simulator.ses();
            ses.set_rate(rate);
            ses.clear_calls();
            let plan = ["plan", "-detailed-exitcode", self.parallelism];
            let run = self.folder.terraform(&plan).await;
            runs.push((run.elapsed, Tally::of(&ses.calls()), run));
        }
        runs.sort_by_key(|(elapsed, ..)| *elapsed);
        runs.swap_remove(times / 2)
    }

    /// The row of a plan in which each Get can hold only what Terraform asks for at a
    /// time.
    async fn by_tens(&self, repeated: usize, what: &str) -> Row {
        let (unlimited, ..) = self.plan(Rate::Unlimited, repeated).await;
        let (time, tally, run) = self.plan(LIMIT, 1).await;
        // The first Get is sent with whoever has asked by then.
        let gets = self.size.div_ceil(10) + 1;
        let floor = unlimited + SECOND * u32::try_from(gets - 1).unwrap();
        let row = Row {
            memory: run.peak_memory,
            ..Row::timed(
                &format!("refresh of {}, {what}", self.size),
                time,
                floor,
                tally,
            )
        };
        row.bound(Bound::count("Gets", tally.gets, gets + 1))
    }
}
