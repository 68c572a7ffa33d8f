use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use super::*;
use crate::dns::lookup::{Answer, RecordType};
use std::time::Duration;

const TIMEOUT: Duration = Duration::from_secs(4);

/// Counts what reaches it.
#[derive(Default)]
struct Server {
    asked: AtomicU32,
    at_once: AtomicU32,
    most_at_once: AtomicU32,
}

impl Lookup for Arc<Server> {
    type Found = Answer;

    async fn look_up(&self, _: &Question) -> Result<Answer, LookupError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let at_once = self.at_once.fetch_add(1, Ordering::SeqCst) + 1;
        self.most_at_once.fetch_max(at_once, Ordering::SeqCst);
        tokio::time::sleep(TIMEOUT).await;
        self.at_once.fetch_sub(1, Ordering::SeqCst);
        Err(LookupError::Timeout(TIMEOUT))
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
async fn so_many_are_under_way_at_a_time() {
    let server = Arc::new(Server::default());
    let gate = Gate::new(server.clone());
    let question = question();
    let crowd = (0..200).map(|_| gate.look_up(&question));
    let results = futures_util::future::join_all(crowd).await;
    assert!(results.iter().all(Result::is_err));
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
        assert_eq!(in_flight_with(files), look_ups, "{files:?}");
    }
}
