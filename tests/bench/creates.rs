//! `terraform apply` of identities that have no MAIL FROM domain yet.

use std::time::Duration;

use futures_util::future::join;
use simulator::Rate;
use simulator::ses::{Fault, FaultKind};
use tokio::time::sleep;

use crate::fleet::{
    self, LIMIT, NO_DNS, Tally, Written, assert_is_set, configuration, configuration_with,
    set_mail_from, verify, waiting,
};
use crate::limited::Limited;
use crate::process::Run;
use crate::report::{Bound, Row};
use crate::sizes::Sizes;
use crate::terraform::{Folder, Installation, Pace};

pub(crate) const SET: &str = "SetIdentityMailFromDomain";

const SECOND: Duration = Duration::from_secs(1);

pub(crate) const APPLY: [&str; 2] = ["apply", "-auto-approve"];

/// Creates at SES's limit.
pub(crate) async fn creates(installation: &Installation, sizes: &Sizes) -> Limited {
    let size = sizes.creates;
    let (unlimited, ..) = create(installation, Rate::Unlimited, size, 0).await;
    let (run, tally) = create(installation, LIMIT, size, 0).await;
    Limited {
        name: format!("create of {size}"),
        size,
        time: run.elapsed,
        floor: unlimited.elapsed + SECOND * u32::try_from(size - 1).unwrap(),
        tally,
        peak_memory: run.peak_memory,
        longest_create: run.longest_create(),
        bounds: vec![Bound::count("throttled", tally.throttled, 0)],
    }
}

/// Creates whose first two calls SES throttles, beside as many without that: it must
/// not change the pace of all that follow.
pub(crate) async fn throttled_at_the_start(installation: &Installation, sizes: &Sizes) -> Row {
    let size = sizes.paced_creates;
    let ((undisturbed, _), (run, tally)) = join(
        create(installation, LIMIT, size, 0),
        create(installation, LIMIT, size, 2),
    )
    .await;
    let name = format!("create of {size}, the first two calls are throttled");
    of_creates(&name, &run, undisturbed.elapsed, tally, size).at_most(1.35)
}

/// Creates where SES counts all operations together.
pub(crate) async fn with_one_limit_for_all(installation: &Installation, sizes: &Sizes) -> Row {
    let size = sizes.creates_with_one_limit;
    let (run, tally) = create(installation, Rate::PerAccount(1.0), size, 0).await;
    let floor = SECOND * u32::try_from(tally.accepted()).unwrap();
    let name = format!("create of {size}, one limit for all operations");
    of_creates(&name, &run, floor, tally, size)
        .bound(Bound::seconds("time", run.elapsed, 1.5 * size as f64))
        .bound(Bound::count("calls", tally.all, size * 4 / 3))
}

/// Creates that all wait at once, most of them for longer than their timeout: the wait
/// behind calls of the same process must not count.
pub(crate) async fn with_short_timeouts(installation: &Installation, sizes: &Sizes) -> Row {
    let size = sizes.paced_creates;
    let simulator = fleet::simulator(LIMIT, size);
    let folder = Folder::new(installation);
    let more = "timeouts { create = \"20s\" }";
    let hcl = configuration_with(Written::ForEach, 0, size, more);
    folder.configure(&simulator, Pace::OneASecond, NO_DNS, &hcl);
    folder.terraform(&["init"]).await;
    let host = tempfile::tempdir().unwrap();
    let [apply, approve] = APPLY;
    let parallelism = format!("-parallelism={size}");
    let run = folder
        .try_terraform_on(host.path(), &[apply, approve, &parallelism])
        .await;
    let tally = Tally::of(&simulator.ses().calls());
    let name = format!("create of {size}, all at once, with a timeout of 20 s");
    of_creates(
        &name,
        &run,
        SECOND * u32::try_from(size).unwrap(),
        tally,
        size,
    )
}

/// A plan of one create where SES does not answer: what it would say is advice, for
/// which the plan waits a moment and no longer. The same with an answer is the floor.
pub(crate) async fn planned_without_an_answer(installation: &Installation) -> Row {
    let simulator = fleet::simulator(LIMIT, 1);
    let folder = Folder::new(installation);
    let hcl = configuration(Written::ForEach, 0, 1);
    folder.configure(&simulator, Pace::OneASecond, NO_DNS, &hcl);
    folder.terraform(&["init"]).await;
    let answered = folder.terraform(&["plan"]).await.elapsed;
    let silence = FaultKind::SlowBefore { delay_ms: 30_000 };
    simulator.ses().inject(Fault::new(silence).forever());
    let run = folder.terraform(&["plan"]).await;
    let more = run.elapsed.saturating_sub(answered);
    Row {
        name: "plan of 1 create, SES does not answer".to_owned(),
        measured: format!("{:.2} s", run.elapsed.as_secs_f64()),
        floor: Some(format!("{:.2} s (SES answers)", answered.as_secs_f64())),
        ratio: Some(run.elapsed.as_secs_f64() / answered.as_secs_f64()),
        memory: run.peak_memory,
        ..Row::default()
    }
    .bound(Bound::seconds("more", more, 2.0))
}

/// Resources that all wait for their verification at once, for a quarter of a minute:
/// they have to share their Gets. SES then says Success of all.
pub(crate) async fn waits(installation: &Installation, sizes: &Sizes) -> Row {
    let size = sizes.waits;
    let simulator = fleet::simulator(LIMIT, size);
    set_mail_from(&simulator, size);
    let folder = Folder::new(installation);
    folder.configure(&simulator, Pace::OneASecond, NO_DNS, &waiting(size));
    folder.terraform(&["init"]).await;
    let [apply, approve] = APPLY;
    let parallelism = format!("-parallelism={size}");
    let (apply, host) = ([apply, approve, &parallelism], tempfile::tempdir().unwrap());
    let looks = || simulator.ses().calls().len();
    let (run, ()) = join(folder.terraform_on(host.path(), &apply), async {
        while looks() == 0 {
            sleep(SECOND / 20).await;
        }
        sleep(15 * SECOND).await;
        verify(&simulator, size);
    })
    .await;
    let tally = Tally::of(&simulator.ses().calls());
    let name = format!("wait of 15 s for {size} verifications at once");
    let row = Row {
        memory: run.peak_memory,
        ..Row::timed(&name, run.elapsed, 15 * SECOND, tally)
    };
    // One a second while it waits, and what it takes to see the end.
    row.bound(Bound::count(
        "Gets",
        tally.gets,
        16 + size.div_ceil(100) + 5,
    ))
}

/// The row of one `terraform apply`. What could not be applied is a wrong result.
pub(crate) fn of_creates(name: &str, run: &Run, floor: Duration, tally: Tally, size: usize) -> Row {
    let row = Row {
        seconds_a_call: Some(run.elapsed.as_secs_f64() / tally.accepted() as f64),
        gets_a_create: Some(tally.gets as f64 / size as f64),
        longest_create: run.longest_create(),
        memory: run.peak_memory,
        failed: run.failures(),
        ..Row::timed(name, run.elapsed, floor, tally)
    };
    row.bound(Bound::count("failed", run.failures(), 0))
}

/// Creates so many. SES throttles the first `throttled` calls for no reason.
async fn create(
    installation: &Installation,
    rate: Rate,
    size: usize,
    throttled: u64,
) -> (Run, Tally) {
    let simulator = fleet::simulator(rate, size);
    let folder = Folder::new(installation);
    let hcl = configuration(Written::ForEach, 0, size);
    folder.configure(&simulator, Pace::of(rate), NO_DNS, &hcl);
    folder.terraform(&["init"]).await;
    if throttled > 0 {
        let throttle = Fault::new(FaultKind::Throttle);
        simulator.ses().inject(throttle.times(throttled));
    }
    let run = folder.terraform(&APPLY).await;
    assert_is_set(&simulator, size);
    (run, Tally::of(&simulator.ses().calls()))
}
