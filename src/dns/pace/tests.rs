use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use tokio::sync::Semaphore;
use tokio::time::{sleep, sleep_until};

use super::*;

const ROUND_TRIP: Duration = Duration::from_millis(1);
const TIMEOUT: Duration = Duration::from_secs(2);

/// How a server counts what it takes in a second.
#[derive(Clone, Copy, Debug)]
enum Limit {
    /// By the clock's seconds.
    Window,
    /// In any second, refused questions included.
    Sliding,
}

/// A server that takes so many questions a second.
#[derive(Debug)]
struct Server {
    a_second: usize,
    limit: Limit,
    begin: Instant,
    window: (u64, usize),
    seen: VecDeque<Instant>,
}

impl Server {
    fn takes(&mut self) -> bool {
        let now = Instant::now();
        match self.limit {
            Limit::Window => {
                let second = (now - self.begin).as_secs();
                if self.window.0 != second {
                    self.window = (second, 0);
                }
                self.window.1 += 1;
                self.window.1 <= self.a_second
            }
            Limit::Sliding => {
                self.seen.push_back(now);
                while self.seen.front().is_some_and(|seen| now - *seen >= SECOND) {
                    self.seen.pop_front();
                }
                self.seen.len() <= self.a_second
            }
        }
    }
}

/// How long so many questions take, and how many get no answer.
async fn ask(
    how: TurnedAway,
    limit: Limit,
    a_second: usize,
    questions: usize,
) -> (Duration, usize) {
    let begin = Instant::now();
    let pace = Arc::new(Mutex::new(Pace::default()));
    let server = Arc::new(Mutex::new(Server {
        a_second,
        limit,
        begin,
        window: (0, 0),
        seen: VecDeque::new(),
    }));
    let places = Arc::new(Semaphore::new(64));
    let question = || async {
        let _place = places.acquire().await.unwrap();
        for tries in 1.. {
            let turn = pace.lock().unwrap().turn(Instant::now());
            sleep_until(turn).await;
            if server.lock().unwrap().takes() {
                sleep(ROUND_TRIP).await;
                pace.lock().unwrap().answered(Instant::now());
                return true;
            }
            sleep(match how {
                TurnedAway::Refused => ROUND_TRIP,
                TurnedAway::Lost => TIMEOUT,
            })
            .await;
            let again = pace.lock().unwrap().turned_away(how, tries, Instant::now());
            match again {
                Some(wait) => sleep(wait).await,
                // Two tries are usual where there is no answer.
                None if how == TurnedAway::Lost && tries < 2 => {}
                None => return false,
            }
        }
        false
    };
    let results = futures_util::future::join_all((0..questions).map(|_| question())).await;
    let failed = results.iter().filter(|answered| !**answered).count();
    (begin.elapsed(), failed)
}

#[tokio::test(start_paused = true)]
async fn a_server_that_turns_away_above_its_limit_answers_everybody() {
    for how in [TurnedAway::Refused, TurnedAway::Lost] {
        for limit in [Limit::Window, Limit::Sliding] {
            for (a_second, questions) in [(20, 100), (100, 1000), (500, 4000), (1024, 20_000)] {
                let (took, failed) = ask(how, limit, a_second, questions).await;
                let least = questions as f64 / a_second as f64;
                let case = format!("{how:?} {limit:?} {a_second} {took:?}");
                assert_eq!(failed, 0, "{case}");
                assert!(took.as_secs_f64() < least * 2.5 + 10.0, "{case}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn without_load_there_is_no_limit() {
    let (took, failed) = ask(TurnedAway::Refused, Limit::Window, usize::MAX, 6400).await;
    assert_eq!((took, failed), (ROUND_TRIP * 100, 0));
}

#[tokio::test(start_paused = true)]
async fn a_server_that_refuses_everybody_is_believed_at_once() {
    let mut pace = Pace::default();
    for _ in 0..100 {
        let now = Instant::now();
        assert_eq!(pace.turned_away(TurnedAway::Refused, 1, now), None);
        assert_eq!(pace.turn(now), now);
    }
}

#[tokio::test(start_paused = true)]
async fn a_name_that_is_refused_among_others_is_asked_for_thrice_and_slows_nobody() {
    let mut pace = Pace::default();
    for tries in 1..=3 {
        let now = Instant::now();
        (0..100).for_each(|_| pace.answered(now));
        let again = pace.turned_away(TurnedAway::Refused, tries, now);
        assert_eq!(again.is_some(), tries <= CALM_TRIES, "{tries}");
        assert_eq!(pace.turn(now), now);
        sleep(again.unwrap_or_default()).await;
    }
}

#[tokio::test(start_paused = true)]
async fn dead_domains_are_no_load() {
    let mut pace = Pace::default();
    for _ in 0..30 {
        let now = Instant::now();
        (0..100).for_each(|_| pace.answered(now));
        for _ in 0..4 {
            assert_eq!(pace.turned_away(TurnedAway::Lost, 1, now), None);
        }
        assert_eq!(pace.turn(now), now);
        sleep(SECOND).await;
    }
}
