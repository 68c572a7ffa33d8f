//! The reader on paused time, against a fake SES.

use proptest::prelude::*;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::ses::error::Remedy;
use crate::ses::fake::{Call, FakeSes, Fault, set};
use crate::ses::limit::SharedSchedule;

fn deadline(seconds: u64) -> Deadline {
    Deadline::after(Duration::from_secs(seconds), CancellationToken::new())
}

fn identity(number: usize) -> Identity {
    Identity::parse(&format!("i{number}.example.com")).unwrap()
}

fn start(ses: &FakeSes) -> Reader {
    start_telling(ses).0
}

fn start_telling(ses: &FakeSes) -> (Reader, mpsc::UnboundedReceiver<String>) {
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
            .map(|identity| reader.read(&deadline, identity, true)),
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
    let read = start(&ses).read(&deadline(300), &identity(0), true).await;
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
    join_all((0..5).map(|_| reader.read(&deadline, &identity, true))).await;
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
        .read(&deadline(60), &identity(0), true)
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
            let read = reader.read(&stopped, &one, true).await;
            (read, started.elapsed())
        },
        reader.read(&patient, &other, true),
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
    reader.read(&deadline, &one, true).await.unwrap();
    let started = Instant::now();
    let impatient = Deadline::after(Duration::from_millis(500), CancellationToken::new());
    let (gone, answered) = tokio::join!(reader.read(&impatient, &one, true), async {
        sleep(Duration::from_millis(100)).await;
        other.read(&deadline, &two, true).await
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
    let early = reader.read(&deadline, &identity, true);
    let late = async {
        sleep(Duration::from_millis(500)).await;
        // The first Get is on its way; asking now must cost a Get of its own.
        reader.read(&deadline, &identity, true).await
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

/// Refreshes `count` identities as Terraform does, ten at a time.
async fn refresh(reader: &Reader, count: usize) -> Vec<MailFrom> {
    use futures_util::StreamExt as _;

    let deadline = deadline(300);
    let refreshes = futures_util::stream::iter((0..count).map(|number| {
        let deadline = &deadline;
        async move {
            reader
                .read(deadline, &identity(number), false)
                .await
                .unwrap()
        }
    }));
    refreshes.buffered(10).collect().await
}

fn lists(ses: &FakeSes) -> usize {
    ses.calls()
        .iter()
        .filter(|call| **call == Call::List)
        .count()
}

#[tokio::test(start_paused = true)]
async fn a_fleet_is_read_in_gets_of_a_hundred() {
    let ses = fleet(1000);
    let started = Instant::now();
    let held = refresh(&start(&ses), 1000).await;
    assert!(held.iter().all(|held| *held == set("bounce.example.com")));
    assert_eq!(sizes(&ses), [100; 10]);
    assert_eq!(lists(&ses), 1);
    let waited = started.elapsed().as_secs_f64();
    assert!(waited < 9.0 * 1.02 + 0.1, "took {waited} s");
}

#[tokio::test(start_paused = true)]
async fn a_fleet_of_ten_thousand_is_listed_while_it_is_read() {
    let ses = fleet(10_000);
    let held = refresh(&start(&ses), 10_000).await;
    assert!(held.iter().all(|held| *held == set("bounce.example.com")));
    assert!(sizes(&ses).len() <= 102, "{} Gets", sizes(&ses).len());
    assert_eq!(lists(&ses), 10);
}

#[tokio::test(start_paused = true)]
async fn a_few_resources_cost_no_list() {
    let ses = fleet(1000);
    refresh(&start(&ses), 9).await;
    assert_eq!(sizes(&ses), [9]);
    assert_eq!(lists(&ses), 0);
}

#[tokio::test(start_paused = true)]
async fn without_a_list_a_fleet_is_read_all_the_same() {
    for fault in [
        Fault::Refuse(403, "AccessDenied"),
        Fault::Slow(Duration::from_secs(60)),
    ] {
        let ses = fleet(40);
        ses.fail_list(fault);
        let held = refresh(&start(&ses), 40).await;
        assert!(held.iter().all(|held| *held == set("bounce.example.com")));
        assert_eq!(sizes(&ses), [10; 4]);
    }
}

#[tokio::test(start_paused = true)]
async fn what_ses_does_not_have_is_told_beside_what_it_has() {
    let ses = fleet(30);
    let held = refresh(&start(&ses), 60).await;
    for (number, held) in held.into_iter().enumerate() {
        let expected = if number < 30 {
            set("bounce.example.com")
        } else {
            MailFrom::UnknownIdentity
        };
        assert_eq!(held, expected, "{number}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_refresh_after_a_set_never_sees_what_was_read_ahead() {
    let ses = fleet(100);
    let reader = start(&ses);
    // All hundred are read in one Get, ninety of them ahead.
    refresh(&reader, 10).await;
    assert_eq!(sizes(&ses), [100]);
    reader.changed("i50.example.com");
    ses.hold("i50.example.com", MailFrom::Unset);
    let deadline = deadline(300);
    let read = reader.read(&deadline, &identity(50), false).await;
    assert_eq!(read.unwrap(), MailFrom::Unset);
    let read = reader.read(&deadline, &identity(51), false).await;
    assert_eq!(read.unwrap(), set("bounce.example.com"));
    assert_eq!(sizes(&ses), [100, 1]);
}

#[tokio::test(start_paused = true)]
async fn what_is_read_ahead_in_a_get_under_way_is_waited_for() {
    let ses = fleet(100);
    let reader = start(&ses);
    ses.fail_get(Fault::Slow(Duration::from_secs(3)));
    let deadline = deadline(300);
    let (_, late) = tokio::join!(refresh(&reader, 10), async {
        sleep(Duration::from_secs(2)).await;
        reader.read(&deadline, &identity(99), false).await
    });
    assert_eq!(late.unwrap(), set("bounce.example.com"));
    assert_eq!(sizes(&ses), [100]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever readers do and SES answers: everyone is answered or has gone
    /// away, no Get is over 100, none is earlier than the rate allows, and nobody
    /// is told what held before a Set that came before the question.
    #[test]
    fn no_reader_is_left_waiting_or_told_an_old_answer(
        readers in prop::collection::vec(
            (0_u64..4000, 0_usize..300, 0_u64..20_000, any::<bool>()), 1..200),
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
            let reads = readers.iter().map(|(after, number, patience, fresh)| {
                let (reader, sets) = (reader.clone(), &sets);
                async move {
                    sleep(Duration::from_millis(*after)).await;
                    let asked = began.elapsed().as_millis() as u64;
                    let set_before = sets.iter().any(|(at, set)| set == number && *at + 1 < asked);
                    let (deadline, identity) = (deadline(120), identity(*number));
                    let read = reader.read(&deadline, &identity, *fresh);
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

/// Refreshes as Terraform does, ten at a time in no order, each of which takes
/// Terraform itself so long.
async fn refresh_shuffled(reader: &Reader, count: usize, each: Duration) {
    use futures_util::StreamExt as _;

    let mut order: Vec<usize> = (0..count).collect();
    fastrand::shuffle(&mut order);
    let deadline = deadline(300);
    let refreshes = futures_util::stream::iter(order.into_iter().map(|number| {
        let deadline = &deadline;
        async move {
            sleep(each).await;
            let held = reader.read(deadline, &identity(number), false).await;
            assert_eq!(held.unwrap(), set("bounce.example.com"));
        }
    }));
    refreshes.buffer_unordered(10).collect().await
}

#[tokio::test(start_paused = true)]
async fn a_fleet_that_takes_longer_than_answers_are_good_for_costs_few_more_gets() {
    // Terraform itself takes 20 s, 50 s and 100 s; the answers come within 102 s.
    for (milliseconds, most) in [(20, 100), (50, 106), (100, 120)] {
        let ses = fleet(10_000);
        let each = Duration::from_millis(milliseconds);
        refresh_shuffled(&start(&ses), 10_000, each).await;
        let gets = sizes(&ses).len();
        assert!(gets <= most, "{gets} Gets at {milliseconds} ms");
    }
}

#[tokio::test(start_paused = true)]
async fn domains_that_are_likely_to_be_asked_for_are_told_while_they_are_held() {
    let ses = fleet(300);
    let (reader, mut likely) = start_telling(&ses);
    refresh_shuffled(&reader, 300, Duration::from_millis(5)).await;
    let mut told = 0;
    while likely.try_recv().is_ok() {
        told += 1;
    }
    // Ten of each Get are asked for by name, and some before there is proof.
    assert!((100..=270).contains(&told), "{told}");
    // Others are in SES than in the state.
    let ses = fleet(10_000);
    let (reader, mut likely) = start_telling(&ses);
    for number in 0..50 {
        let name = format!("mine{number}.example.com");
        ses.hold(&name, set("bounce.example.com"));
    }
    let deadline = deadline(300);
    let mine: Vec<_> = (0..50)
        .map(|number| Identity::parse(&format!("mine{number}.example.com")).unwrap())
        .collect();
    for ten in mine.chunks(10) {
        join_all(ten.iter().map(|one| reader.read(&deadline, one, false))).await;
    }
    assert!(likely.try_recv().is_err());
    assert_eq!(sizes(&ses).len(), 5);
}
