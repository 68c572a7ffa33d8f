use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use super::*;
use crate::dns::lookup::RecordType;

const TIMEOUT: Duration = Duration::from_secs(4);

/// Silent until told to answer; counts what reaches it.
#[derive(Default)]
struct Server {
    answers: std::sync::atomic::AtomicBool,
    asked: AtomicU32,
    at_once: AtomicU32,
    most_at_once: AtomicU32,
}

impl Lookup for Arc<Server> {
    async fn look_up(&self, _: &Question) -> Result<Answer, LookupError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let at_once = self.at_once.fetch_add(1, Ordering::SeqCst) + 1;
        self.most_at_once.fetch_max(at_once, Ordering::SeqCst);
        tokio::time::sleep(TIMEOUT).await;
        self.at_once.fetch_sub(1, Ordering::SeqCst);
        match self.answers.load(Ordering::SeqCst) {
            true => Ok(Answer::Mx(Vec::new())),
            false => Err(LookupError::Timeout(TIMEOUT)),
        }
    }
}

fn question() -> Question {
    Question {
        name: "bounce.example.com".to_owned(),
        record_type: RecordType::Mx,
    }
}

fn asked(server: &Server) -> u32 {
    server.asked.load(Ordering::SeqCst)
}

#[tokio::test(start_paused = true)]
async fn silent_servers_are_left_alone_then_tried_once() {
    let server = Arc::new(Server::default());
    let gate = Gate::new(server.clone());
    for _ in 0..3 {
        let result = gate.look_up(&question()).await;
        assert_eq!(result, Err(LookupError::Timeout(TIMEOUT)));
    }
    let begin = Instant::now();
    for _ in 0..1000 {
        assert_eq!(gate.look_up(&question()).await, Err(LookupError::Suspended));
    }
    assert_eq!(begin.elapsed(), Duration::ZERO);
    assert_eq!(asked(&server), 3);

    // The pause is over: of many, one is let through.
    tokio::time::advance(PAUSE).await;
    let (first, second) = (question(), question());
    let (trial, other) = tokio::join!(gate.look_up(&first), gate.look_up(&second));
    assert_eq!(trial, Err(LookupError::Timeout(TIMEOUT)));
    assert_eq!(other, Err(LookupError::Suspended));
    assert_eq!(asked(&server), 4);
    tokio::time::advance(PAUSE - Duration::from_secs(1)).await;
    assert_eq!(gate.look_up(&question()).await, Err(LookupError::Suspended));

    // An answer to the trial lets everyone through again.
    server.answers.store(true, Ordering::SeqCst);
    tokio::time::advance(Duration::from_secs(1)).await;
    for _ in 0..5 {
        assert!(gate.look_up(&question()).await.is_ok());
    }
    assert_eq!(asked(&server), 9);
}

#[tokio::test(start_paused = true)]
async fn only_silence_in_a_row_counts() {
    let server = Arc::new(Server::default());
    let gate = Gate::new(server.clone());
    for _ in 0..4 {
        for answers in [false, false, true] {
            server.answers.store(answers, Ordering::SeqCst);
            let result = gate.look_up(&question()).await;
            assert_ne!(result, Err(LookupError::Suspended));
        }
    }
    assert_eq!(asked(&server), 12);
}

#[tokio::test(start_paused = true)]
async fn silent_server_holds_a_crowd_up_once() {
    let server = Arc::new(Server::default());
    let gate = Gate::new(server.clone());
    let begin = Instant::now();
    let question = question();
    let crowd = (0..1000).map(|_| gate.look_up(&question));
    let results = futures_util::future::join_all(crowd).await;
    assert!(results.iter().all(Result::is_err));
    assert_eq!(begin.elapsed(), TIMEOUT);
    assert_eq!(asked(&server), 64);
}

#[tokio::test(start_paused = true)]
async fn so_many_are_under_way_at_a_time() {
    let server = Arc::new(Server::default());
    server.answers.store(true, Ordering::SeqCst);
    let gate = Gate::new(server.clone());
    let question = question();
    let crowd = (0..200).map(|_| gate.look_up(&question));
    let results = futures_util::future::join_all(crowd).await;
    assert!(results.iter().all(Result::is_ok));
    assert_eq!(asked(&server), 200);
    assert_eq!(server.most_at_once.load(Ordering::SeqCst), 64);
}

#[test]
fn look_ups_leave_files_to_the_others() {
    for (files, look_ups) in [
        (None, 64),
        (Some(4096), 64),
        (Some(160), 64),
        (Some(64), 16),
        (Some(48), 8),
        (Some(34), 1),
        (Some(20), 1),
    ] {
        assert_eq!(in_flight(files), look_ups, "{files:?}");
    }
}
