//! The reader on paused time, against a fake SES.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use proptest::prelude::*;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::batch::MOST;
use super::{Freshness, Reader};
use crate::mail_from::{DomainName, Identity};
use crate::ses::api::MailFrom;
use crate::ses::deadline::Deadline;
use crate::ses::error::{Error, Operation, Remedy};
use crate::ses::fake::{Call, FakeSes, Fault, set};
use crate::ses::limit::{RateLimiter, SharedSchedule};

fn deadline(seconds: u64) -> Deadline {
    Deadline::after(Duration::from_secs(seconds), CancellationToken::new())
}

fn identity(number: usize) -> Identity {
    Identity::parse(&format!("i{number}.example.com")).unwrap()
}

fn start(ses: &FakeSes) -> Reader {
    start_telling(ses).0
}

fn start_telling(ses: &FakeSes) -> (Reader, mpsc::UnboundedReceiver<DomainName>) {
    let (likely, told) = mpsc::unbounded_channel();
    let limiter = RateLimiter::new(1.0, SharedSchedule::of_process());
    let reader = Reader::start(Arc::new(ses.clone()), &limiter, likely);
    (reader, told)
}

async fn read_all(reader: &Reader, count: usize) -> Vec<Result<MailFrom, Error>> {
    let deadline = deadline(300);
    let identities: Vec<_> = (0..count).map(identity).collect();
    join_all(
        identities
            .iter()
            .map(|identity| reader.read(&deadline, identity, Freshness::Fresh)),
    )
    .await
}

fn sizes(ses: &FakeSes) -> Vec<usize> {
    ses.calls()
        .iter()
        .filter_map(|call| match call {
            Call::Get(identities) => Some(identities.len()),
            _ => None,
        })
        .collect()
}

#[tokio::test(start_paused = true)]
async fn a_lone_read_costs_one_get_at_once() {
    let ses = FakeSes::holding("i0.example.com", set("bounce.example.com"));
    let start_of_read = Instant::now();
    let read = start(&ses)
        .read(&deadline(300), &identity(0), Freshness::Fresh)
        .await;
    assert_eq!(read.unwrap(), set("bounce.example.com"));
    assert_eq!(sizes(&ses), [1]);
    assert!(start_of_read.elapsed() <= Duration::from_millis(12));
}

#[tokio::test(start_paused = true)]
async fn reads_are_gathered_into_gets_of_a_hundred() {
    let ses = FakeSes::holding("i7.example.com", MailFrom::Unset);
    let answers = read_all(&start(&ses), 250).await;
    for (number, answer) in answers.into_iter().enumerate() {
        let held = if number == 7 {
            MailFrom::Unset
        } else {
            MailFrom::UnknownIdentity
        };
        assert_eq!(answer.unwrap(), held);
    }
    assert_eq!(sizes(&ses), [100, 100, 50]);
    assert!(
        ses.gaps().iter().all(|gap| *gap >= 1.0199),
        "{:?}",
        ses.gaps()
    );
}

#[tokio::test(start_paused = true)]
async fn several_readers_of_one_identity_share_its_place() {
    let ses = FakeSes::default();
    let reader = start(&ses);
    let (deadline, identity) = (deadline(300), identity(0));
    join_all((0..5).map(|_| reader.read(&deadline, &identity, Freshness::Fresh))).await;
    assert_eq!(sizes(&ses), [1]);
}

#[tokio::test(start_paused = true)]
async fn faults_that_pass_are_ridden_out_and_paced() {
    let ses = FakeSes::holding("i0.example.com", MailFrom::Unset);
    ses.fail([
        Fault::Refuse(400, "Throttling"),
        Fault::Refuse(400, "Throttling"),
        Fault::Refuse(503, "ServiceUnavailable"),
        Fault::LoseAnswer,
    ]);
    let answers = read_all(&start(&ses), 10).await;
    assert_eq!(answers[0].clone().unwrap(), MailFrom::Unset);
    assert!(answers.iter().all(Result::is_ok));
    assert_eq!(sizes(&ses), [10, 10, 10, 10, 10]);
    assert!(
        ses.gaps().iter().all(|gap| *gap >= 1.0199),
        "{:?}",
        ses.gaps()
    );
}

#[tokio::test(start_paused = true)]
async fn an_error_that_stays_is_everybodys_at_once() {
    let ses = FakeSes::default();
    ses.fail([Fault::Refuse(403, "AccessDenied")]);
    let answers = read_all(&start(&ses), 10).await;
    for answer in answers {
        assert!(answer.unwrap_err().access_denied().is_some());
    }
    assert_eq!(sizes(&ses), [10]);
}

#[tokio::test(start_paused = true)]
async fn one_bad_identity_spoils_only_its_own_read() {
    let ses = FakeSes::default();
    ses.poison("i3.example.com");
    let answers = read_all(&start(&ses), 10).await;
    let failed: Vec<usize> = (0..10).filter(|number| answers[*number].is_err()).collect();
    assert_eq!(failed, [3]);
}

#[tokio::test(start_paused = true)]
async fn a_deadline_ends_a_read_and_tells_the_last_error() {
    let ses = FakeSes::default();
    ses.fail(std::iter::repeat_n(Fault::Refuse(400, "Throttling"), 1000));
    let started = Instant::now();
    let error = start(&ses)
        .read(&deadline(60), &identity(0), Freshness::Fresh)
        .await
        .unwrap_err();
    assert!(matches!(error, Error::TimedOut { .. }), "{error:?}");
    assert_eq!(error.last().unwrap().remedy(), Remedy::SlowDown);
    assert_eq!(started.elapsed(), Duration::from_secs(60));
}

#[tokio::test(start_paused = true)]
async fn a_stop_ends_a_read_at_once_and_others_go_on() {
    let ses = FakeSes::default();
    ses.fail([Fault::Slow(Duration::from_secs(5))]);
    let reader = start(&ses);
    let stop = CancellationToken::new();
    let stopped = Deadline::after(Duration::from_secs(300), stop.clone());
    let (patient, one, other) = (deadline(300), identity(0), identity(1));
    let started = Instant::now();
    let (stopped, other, ()) = tokio::join!(
        async {
            let read = reader.read(&stopped, &one, Freshness::Fresh).await;
            (read, started.elapsed())
        },
        reader.read(&patient, &other, Freshness::Fresh),
        async {
            sleep(Duration::from_secs(1)).await;
            stop.cancel();
        }
    );
    assert!(matches!(stopped.0, Err(Error::Stopped { .. })));
    assert_eq!(stopped.1, Duration::from_secs(1));
    assert_eq!(other.unwrap(), MailFrom::UnknownIdentity);
}

#[tokio::test(start_paused = true)]
async fn who_stops_waiting_leaves_the_line_to_other_processes() {
    let lines = SharedSchedule::of_process();
    let (ses, other_ses) = (FakeSes::default(), FakeSes::default());
    let start = |ses: &FakeSes| {
        let limiter = RateLimiter::new(1.0, lines.clone());
        Reader::start(Arc::new(ses.clone()), &limiter, mpsc::unbounded_channel().0)
    };
    let (reader, other) = (start(&ses), start(&other_ses));
    let (deadline, one, two) = (deadline(300), identity(0), identity(1));
    reader
        .read(&deadline, &one, Freshness::Fresh)
        .await
        .unwrap();
    let started = Instant::now();
    let impatient = Deadline::after(Duration::from_millis(500), CancellationToken::new());
    let (gone, answered) = tokio::join!(reader.read(&impatient, &one, Freshness::Fresh), async {
        sleep(Duration::from_millis(100)).await;
        other.read(&deadline, &two, Freshness::Fresh).await
    });
    assert!(gone.is_err() && answered.is_ok());
    let waited = started.elapsed().as_secs_f64();
    assert!(waited < 1.1, "{waited} s");
    assert_eq!(sizes(&ses), [1]);
}

#[tokio::test(start_paused = true)]
async fn a_read_after_a_set_never_sees_an_earlier_get() {
    let ses = FakeSes::holding("i0.example.com", MailFrom::Unset);
    let reader = start(&ses);
    ses.fail([Fault::Slow(Duration::from_secs(3))]);
    let (deadline, identity) = (deadline(300), identity(0));
    let early = reader.read(&deadline, &identity, Freshness::Fresh);
    let late = async {
        sleep(Duration::from_millis(500)).await;
        // The first Get is on its way; asking now must cost a Get of its own.
        reader.read(&deadline, &identity, Freshness::Fresh).await
    };
    let _ = tokio::join!(early, late);
    assert_eq!(sizes(&ses), [1, 1]);
}

/// A fleet of `count` identities that SES holds.
fn fleet(count: usize) -> FakeSes {
    let ses = FakeSes::default();
    for number in 0..count {
        ses.hold(&format!("i{number}.example.com"), set("bounce.example.com"));
    }
    ses
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever readers do and SES answers: everyone is answered or has gone
    /// away, no Get is over 100, none is earlier than the rate allows, and nobody
    /// is told what held before a Set that came before the question.
    #[test]
    fn no_reader_is_left_waiting_or_told_an_old_answer(
        readers in prop::collection::vec(
            (0_u64..4000, 0_usize..300, 0_u64..20_000, 0_usize..3), 1..200),
        sets in prop::collection::vec((0_u64..4000, 0_usize..300), 0..50),
        faults in prop::collection::vec(0_u8..6, 0..6),
        listed in 0_usize..300,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(async {
            let ses = fleet(listed);
            ses.fail(faults.iter().map(|fault| match fault {
                0 => Fault::Refuse(400, "Throttling"),
                1 => Fault::Refuse(400, "InvalidParameterValue"),
                2 => Fault::LoseAnswer,
                3 => Fault::CannotConnect,
                4 => Fault::Refuse(502, ""),
                _ => Fault::Slow(Duration::from_millis(2500)),
            }));
            let reader = start(&ses);
            let began = Instant::now();
            let sets_made = sets.iter().map(|(after, number)| {
                let (reader, ses) = (reader.clone(), ses.clone());
                async move {
                    sleep(Duration::from_millis(*after)).await;
                    let name = format!("i{number}.example.com");
                    reader.changed(&name);
                    ses.hold(&name, set("new.example.com"));
                    reader.changed(&name);
                    true
                }
            });
            let reads = readers.iter().map(|(after, number, patience, freshness_of)| {
                let (reader, sets) = (reader.clone(), &sets);
                async move {
                    sleep(Duration::from_millis(*after)).await;
                    let asked = began.elapsed().as_millis() as u64;
                    let set_before = sets.iter().any(|(at, set)| set == number && *at + 1 < asked);
                    let (deadline, identity) = (deadline(120), identity(*number));
                    let freshness = [Freshness::Recent, Freshness::Fresh, Freshness::AfterSet];
                    let freshness = freshness[*freshness_of];
                    let read = reader.read(&deadline, &identity, freshness);
                    let patience = Duration::from_millis(*patience);
                    match tokio::time::timeout(patience, read).await {
                        // This reader went away.
                        Err(_) => true,
                        Ok(Ok(held)) => !set_before || held == set("new.example.com"),
                        Ok(Err(error)) => error.invalid_parameter(),
                    }
                }
            });
            let all = join_all(reads);
            let answered = tokio::time::timeout(Duration::from_secs(250), async {
                tokio::join!(all, join_all(sets_made)).0
            });
            let answered = answered.await;
            prop_assert!(answered.is_ok_and(|answers| answers.iter().all(|answer| *answer)));
            prop_assert!(sizes(&ses).iter().all(|size| (1..=MOST).contains(size)));
            for call in ses.calls() {
                if let Call::Get(identities) = call {
                    let each: HashSet<&String> = identities.iter().collect();
                    prop_assert_eq!(each.len(), identities.len(), "each once");
                }
            }
            prop_assert!(ses.gaps().iter().all(|gap| *gap >= 1.0199), "{:?}", ses.gaps());
            Ok(())
        })?;
    }
}

mod after_sets;
mod fleets;
mod listed;
mod timeouts;
