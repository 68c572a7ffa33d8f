//! When the timeout of a read begins to run.

use super::*;

fn queued(seconds: u64) -> Deadline {
    Deadline::queued(Duration::from_secs(seconds), CancellationToken::new())
}

#[tokio::test(start_paused = true)]
async fn the_time_behind_other_reads_of_the_process_does_not_count() {
    let ses = FakeSes::default();
    let reader = start(&ses);
    let reads = (0..950).map(|number| {
        let reader = reader.clone();
        async move {
            let (deadline, identity) = (queued(5), identity(number));
            reader.read(&deadline, &identity, Freshness::Fresh).await
        }
    });
    let started = Instant::now();
    assert!(join_all(reads).await.iter().all(Result::is_ok));
    assert!(started.elapsed() > Duration::from_secs(9));
    assert_eq!(sizes(&ses).len(), 10);
}

#[tokio::test(start_paused = true)]
async fn the_time_that_ses_takes_counts_from_the_first_get() {
    let ses = FakeSes::default();
    ses.fail(std::iter::repeat_n(Fault::Refuse(400, "Throttling"), 1000));
    let reader = start(&ses);
    let started = Instant::now();
    let reads = (0..150).map(|number| {
        let reader = reader.clone();
        async move {
            let (deadline, identity) = (queued(20), identity(number));
            let read = reader.read(&deadline, &identity, Freshness::Fresh).await;
            let error = read.unwrap_err();
            assert!(matches!(error, Error::TimedOut { .. }), "{error:?}");
            started.elapsed().as_secs()
        }
    });
    let ended = join_all(reads).await;
    // When these have given up, the others are next. One of those was the oldest of the
    // queue meanwhile.
    assert!(ended[..100].iter().all(|ended| *ended == 20), "{ended:?}");
    assert!(ended[101..].iter().all(|ended| *ended >= 40), "{ended:?}");
}

#[tokio::test(start_paused = true)]
async fn the_oldest_of_the_queue_waits_for_ses_alone() {
    let ses = FakeSes::default();
    let reader = start(&ses);
    // The permit of the next Get comes in a second.
    reader
        .read(&queued(2), &identity(0), Freshness::Fresh)
        .await
        .unwrap();
    let (first, second) = (identity(1), identity(2));
    let (half, whole) = (Duration::from_millis(500), Duration::from_secs(1));
    let deadline = |timeout| Deadline::queued(timeout, CancellationToken::new());
    let (half, whole) = (deadline(half), deadline(whole));
    let (first, second) = tokio::join!(
        reader.read(&half, &first, Freshness::Fresh),
        reader.read(&whole, &second, Freshness::Fresh),
    );
    assert!(matches!(first, Err(Error::TimedOut { .. })), "{first:?}");
    second.unwrap();
}
