//! Credentials of a process on paused time, from a source that does as it is told.

use std::collections::VecDeque;
use std::sync::Mutex;

use futures_util::future::join_all;
use tokio::time::{sleep, timeout};

use super::*;

/// How one load goes: so many seconds, and then keys that are valid for so many seconds,
/// or a failure.
type Load = (u64, Result<Option<u64>, CredentialFault>);

#[derive(Clone, Debug)]
struct Scripted(Arc<Mutex<Script>>);

#[derive(Debug)]
struct Script {
    /// The last goes on for ever.
    loads: VecDeque<Load>,
    /// How many have begun.
    begun: usize,
    renews: bool,
    is_quiet: bool,
}

impl Scripted {
    fn new(loads: impl IntoIterator<Item = Load>) -> Self {
        Self(Arc::new(Mutex::new(Script {
            loads: loads.into_iter().collect(),
            begun: 0,
            renews: true,
            is_quiet: true,
        })))
    }

    fn script(&self) -> std::sync::MutexGuard<'_, Script> {
        self.0.lock().unwrap()
    }

    fn begun(&self) -> usize {
        self.script().begun
    }
}

#[async_trait]
impl Source for Scripted {
    async fn load(&self) -> Result<Loaded, LoadFailed> {
        let (number, renews, (takes, gives)) = {
            let mut script = self.script();
            script.begun += 1;
            let load = script.loads.pop_front().unwrap();
            if script.loads.is_empty() {
                script.loads.push_back(load);
            }
            (script.begun, script.renews, load)
        };
        sleep(Duration::from_secs(takes)).await;
        match gives {
            Ok(valid_for) => {
                #[expect(clippy::disallowed_methods, reason = "keys expire by the wall clock")]
                let expiry = valid_for.map(|valid| SystemTime::now() + Duration::from_secs(valid));
                let keys = Keys::new(format!("AKIA{number}"), "secret", None, expiry, "test");
                Ok(Loaded { keys, renews })
            }
            Err(fault) => Err(LoadFailed::new(fault, format!("load {number}"))),
        }
    }

    async fn name(&self) -> String {
        "the script".to_owned()
    }

    async fn is_quiet(&self) -> bool {
        self.script().is_quiet
    }
}

fn credentials(loads: impl IntoIterator<Item = Load>) -> (Credentials, Scripted) {
    let source = Scripted::new(loads);
    (Credentials::of(source.clone()), source)
}

const PASSING: Result<Option<u64>, CredentialFault> = Err(CredentialFault::Passing);

#[tokio::test(start_paused = true)]
async fn a_source_that_takes_long_is_started_once_whoever_gives_up_meanwhile() {
    let (credentials, source) = credentials([(25, Ok(None))]);
    let began = Instant::now();
    for _ in 0..4 {
        let impatient = credentials.ready(Effort::Any);
        assert!(timeout(Duration::from_secs(5), impatient).await.is_err());
        let absence = credentials.absence().await.unwrap();
        assert_eq!(absence.reason, "the script has not given any yet");
    }
    let all = (0..10).map(|_| credentials.ready(Effort::Any));
    assert!(join_all(all).await.iter().all(Result::is_ok));
    assert_eq!(began.elapsed(), Duration::from_secs(25));
    assert_eq!(credentials.at_hand().unwrap().0.access_key_id(), "AKIA1");
    assert_eq!(source.begun(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_source_that_is_away_is_ridden_out_by_all_together() {
    let (credentials, source) = credentials((0..10).map(|_| (0, PASSING)).chain([(0, Ok(None))]));
    let began = Instant::now();
    let all = (0..10).map(|_| credentials.ready(Effort::Any));
    assert!(join_all(all).await.iter().all(Result::is_ok));
    assert_eq!(source.begun(), 11);
    let took = began.elapsed().as_secs_f64();
    assert!((15.0..35.0).contains(&took), "{took}");
    assert_eq!(credentials.absence().await, None);
}

#[tokio::test(start_paused = true)]
async fn what_lasts_is_told_at_once_and_asked_for_again_in_a_minute() {
    for fault in [CredentialFault::Absent, CredentialFault::Lasting] {
        let (credentials, source) = credentials([(3, Err(fault))]);
        for _ in 0..1000 {
            let failed = credentials.ready(Effort::Any).await.unwrap_err();
            assert_eq!((failed.fault, &*failed.reason), (fault, "load 1"));
        }
        assert_eq!(source.begun(), 1);
        sleep(Duration::from_secs(60)).await;
        let failed = credentials.ready(Effort::Any).await.unwrap_err();
        assert_eq!(failed.reason, "load 2", "the first failure is not eaten");
    }
}

#[tokio::test(start_paused = true)]
async fn a_source_that_never_gives_any_is_given_up_after_five_minutes_by_all() {
    let (credentials, source) = credentials([(0, PASSING)]);
    let began = Instant::now();
    let failed = credentials.ready(Effort::Any).await.unwrap_err();
    assert_eq!(failed.fault, CredentialFault::Lasting);
    let took = began.elapsed().as_secs();
    assert!((300..310).contains(&took), "{took}");
    let begun = source.begun();
    assert!(credentials.ready(Effort::Any).await.is_err());
    assert_eq!(source.begun(), begun);
}

#[tokio::test(start_paused = true)]
async fn credentials_are_renewed_in_the_last_quarter_of_their_life_while_they_are_used() {
    let (credentials, source) = credentials([(0, Ok(Some(100))), (20, Ok(Some(100)))]);
    let key = || credentials.at_hand().unwrap().0.access_key_id().to_owned();
    credentials.ready(Effort::Any).await.unwrap();
    sleep(Duration::from_secs(74)).await;
    assert_eq!((key(), source.begun()), ("AKIA1".to_owned(), 1));
    sleep(Duration::from_secs(2)).await;
    for _ in 0..10 {
        assert_eq!(key(), "AKIA1");
    }
    sleep(Duration::from_secs(21)).await;
    assert_eq!((key(), source.begun()), ("AKIA2".to_owned(), 2));
    sleep(Duration::from_secs(60)).await;
    assert_eq!((key(), source.begun()), ("AKIA2".to_owned(), 2));
}

#[tokio::test(start_paused = true)]
async fn long_lived_ones_are_renewed_five_minutes_before_they_expire() {
    let (credentials, source) = credentials([(0, Ok(Some(3600)))]);
    credentials.ready(Effort::Any).await.unwrap();
    for (after, begun) in [(3290, 1), (20, 2)] {
        sleep(Duration::from_secs(after)).await;
        credentials.at_hand().unwrap();
        tokio::task::yield_now().await;
        assert_eq!(source.begun(), begun);
    }
}

#[tokio::test(start_paused = true)]
async fn a_renewal_that_fails_is_tried_again_and_expired_ones_are_not_used() {
    let failing = (0..50).map(|_| (0, PASSING));
    let loads = [(0, Ok(Some(100)))].into_iter().chain(failing);
    let (credentials, _source) = credentials(loads.chain([(0, Ok(None))]));
    credentials.ready(Effort::Any).await.unwrap();
    for _ in 0..48 {
        sleep(Duration::from_secs(2)).await;
        assert_eq!(credentials.at_hand().unwrap().0.access_key_id(), "AKIA1");
    }
    sleep(Duration::from_secs(5)).await;
    let failed = credentials.at_hand().unwrap_err();
    assert_eq!(failed.fault, CredentialFault::Passing);
    credentials.ready(Effort::Any).await.unwrap();
    assert_eq!(credentials.at_hand().unwrap().0.access_key_id(), "AKIA52");
}

#[tokio::test(start_paused = true)]
async fn expired_ones_are_replaced_once_where_their_source_renews_them() {
    let (credentials, source) = credentials([(1, Ok(None))]);
    credentials.ready(Effort::Any).await.unwrap();
    let (_, first) = credentials.at_hand().unwrap();
    // All calls that were under way are told.
    for _ in 0..10 {
        assert!(credentials.have_expired(first));
    }
    assert!(credentials.at_hand().is_err());
    credentials.ready(Effort::Any).await.unwrap();
    let (keys, second) = credentials.at_hand().unwrap();
    assert_eq!((keys.access_key_id(), source.begun()), ("AKIA2", 2));
    assert!(credentials.have_expired(first));
    assert!(!credentials.have_expired(second), "once is enough");

    let (credentials, source) = self::credentials([(0, Ok(None))]);
    source.script().renews = false;
    credentials.ready(Effort::Any).await.unwrap();
    let (_, first) = credentials.at_hand().unwrap();
    assert!(!credentials.have_expired(first));
    assert_eq!(source.begun(), 1);
}

#[tokio::test(start_paused = true)]
async fn somebody_who_can_be_asked_again_rides_out_half_a_minute_and_a_slow_program() {
    let ready_soon = async |loads: Vec<Load>| {
        let (credentials, source) = credentials(loads);
        let began = Instant::now();
        let ready = credentials
            .ready_soon()
            .await
            .map_err(|failed| failed.fault);
        (ready, began.elapsed().as_secs(), source.begun())
    };
    let slow = ready_soon(vec![(120, Ok(None))]).await;
    assert_eq!(slow, (Ok(()), 120, 1));
    let lasting = ready_soon(vec![(1, Err(CredentialFault::NotAllowed))]).await;
    assert_eq!(lasting, (Err(CredentialFault::NotAllowed), 1, 1));
    let (ready, took, _) = ready_soon(vec![(0, PASSING), (0, PASSING), (0, Ok(None))]).await;
    assert_eq!(ready, Ok(()));
    assert!(took < 10, "{took}");
    let (ready, took, _) = ready_soon(vec![(0, PASSING)]).await;
    assert_eq!(ready, Err(CredentialFault::Passing));
    assert!((30..=40).contains(&took), "{took}");
}

#[tokio::test(start_paused = true)]
async fn advice_starts_no_program_and_does_not_try_again_and_uses_what_is_there() {
    let (credentials, source) = credentials([(2, Ok(None))]);
    source.script().is_quiet = false;
    let failed = credentials.ready(Effort::Little).await.unwrap_err();
    assert_eq!(failed.fault, CredentialFault::NotAsked);
    assert_eq!(source.begun(), 0);
    credentials.ready(Effort::Any).await.unwrap();
    credentials.ready(Effort::Little).await.unwrap();
    assert_eq!(source.begun(), 1);

    let (credentials, source) = self::credentials([(1, PASSING), (1, Ok(None))]);
    let failed = credentials.ready(Effort::Little).await.unwrap_err();
    assert_eq!(failed.reason, "load 1");
    assert_eq!(source.begun(), 1);
    credentials.ready(Effort::Any).await.unwrap();
}

#[test]
fn what_has_given_some_is_asked_again_where_another_source_is_given_up() {
    let now = Instant::now();
    let failure = || LoadFailed {
        tried_enough: true,
        ..LoadFailed::new(CredentialFault::Passing, "HTTP status 500")
    };
    let mut never_given = State::default();
    never_given.ended(Err(failure()), None, now, 0.0);
    assert!(matches!(never_given.next(now), Next::Fails(_)));

    let mut given = State::default();
    let keys = Keys::new("AKIA1", "secret", None, None, "test");
    let (loaded, valid_for) = (Loaded { keys, renews: true }, Duration::from_secs(60));
    given.ended(Ok(loaded), Some(valid_for), now, 0.0);
    given.ended(Err(failure()), None, now + valid_for / 2, 0.0);
    assert!(matches!(given.next(now + valid_for / 2), Next::Use(_)));
    given.ended(Err(failure()), None, now + valid_for, 0.0);
    assert!(matches!(given.next(now + valid_for), Next::Pauses(..)));
}
