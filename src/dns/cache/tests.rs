use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use super::*;
use crate::dns::lookup::{Answer, RecordType, Records};
use crate::mail_from::Txt;

/// Takes a second, and answers each time with the number of the look-up; the
/// look-ups of some names fail.
#[derive(Default)]
struct Counting(AtomicU32);

impl Lookup for &Counting {
    type Found = Answer;

    async fn look_up(&self, question: &Question) -> Result<Answer, LookupError> {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let number = self.0.fetch_add(1, Ordering::SeqCst) + 1;
        match question.name.as_str() {
            "servfail.example" => Err(LookupError::ServFail(None)),
            "suspended.example" => Err(LookupError::Suspended),
            _ => Ok(numbered(number)),
        }
    }
}

fn numbered(number: u32) -> Answer {
    Answer {
        records: Records::Txt(vec![Txt::from_strings([number.to_string()])]),
        aliases: Vec::new(),
        name_exists: true,
        ttl: Duration::ZERO,
        zone: None,
        aged: false,
        authoritative: false,
    }
}

fn question(name: &str) -> Question {
    Question {
        name: name.to_owned(),
        record_type: RecordType::Txt,
    }
}

#[tokio::test(start_paused = true)]
async fn question_is_asked_once() {
    let inner = Counting::default();
    let cache = Cache::new(&inner);
    let crowd = (0..100).map(|_| cache.look_up(question("a.example"), Freshness::Cached));
    for result in futures_util::future::join_all(crowd).await {
        assert_eq!(result, Ok(numbered(1)));
    }
    let later = cache
        .look_up(question("a.example"), Freshness::Cached)
        .await;
    assert_eq!(later, Ok(numbered(1)));

    let other = cache
        .look_up(question("b.example"), Freshness::Cached)
        .await;
    assert_eq!(other, Ok(numbered(2)));
    let other_type = Question {
        record_type: RecordType::Mx,
        ..question("a.example")
    };
    let other = cache.look_up(other_type, Freshness::Cached).await;
    assert_eq!(other, Ok(numbered(3)));
}

#[tokio::test(start_paused = true)]
async fn fresh_answer_takes_the_place_of_the_old() {
    let inner = Counting::default();
    let cache = Cache::new(&inner);
    for (freshness, number) in [
        (Freshness::Cached, 1),
        (Freshness::Fresh, 2),
        (Freshness::Cached, 2),
        (Freshness::Fresh, 3),
    ] {
        let result = cache.look_up(question("a.example"), freshness).await;
        assert_eq!(result, Ok(numbered(number)));
    }
}

#[tokio::test(start_paused = true)]
async fn failure_is_kept_but_suspension_is_not() {
    let inner = Counting::default();
    let cache = Cache::new(&inner);
    for (name, error, asked) in [
        ("servfail.example", LookupError::ServFail(None), 1),
        ("suspended.example", LookupError::Suspended, 3),
    ] {
        for _ in 0..2 {
            let result = cache.look_up(question(name), Freshness::Cached).await;
            assert_eq!(result, Err(error.clone()));
        }
        assert_eq!(inner.0.load(Ordering::SeqCst), asked);
    }
}

#[tokio::test(start_paused = true)]
async fn look_up_goes_on_when_its_first_caller_leaves() {
    let inner = Counting::default();
    let cache = Cache::new(&inner);
    let leaves = tokio::time::timeout(
        Duration::from_millis(500),
        cache.look_up(question("a.example"), Freshness::Cached),
    );
    let (left, stayed) = tokio::join!(
        leaves,
        cache.look_up(question("a.example"), Freshness::Cached)
    );
    assert!(left.is_err());
    assert_eq!(stayed, Ok(numbered(1)));
}
