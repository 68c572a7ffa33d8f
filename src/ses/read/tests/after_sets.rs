//! The reads that follow Sets: how many Gets they cost, and for how long they wait.

use futures_util::StreamExt as _;
use futures_util::stream;

use super::*;
use crate::mail_from::BehaviorOnMxFailure;
use crate::ses::{Client, ObjectId, Set, Setting, Wanted};

/// Creates identity `number` as a resource does, and returns how long its read took.
async fn create(ses: &FakeSes, client: &Client, number: usize) -> Duration {
    let wanted = Wanted {
        identity: identity(number),
        object: ObjectId::random(),
        setting: Setting {
            domain: DomainName::parse("bounce.example.com").unwrap(),
            behavior: BehaviorOnMxFailure::UseDefaultValue,
        },
        restarts: true,
    };
    let (set, _) = client.set(&deadline(300), &wanted).await;
    assert!(matches!(set, Set::Shown(_)), "{set:?}");
    ses.set_at(wanted.identity.as_str()).elapsed()
}

/// Reads it as whoever has just set it does.
async fn read_after_set(client: &Client, deadline: &Deadline) -> Result<MailFrom, Error> {
    let reader = client.reader();
    reader
        .read(deadline, &identity(0), Freshness::AfterSet)
        .await
}

/// Creates `count` identities as Terraform does with `-parallelism=SLOTS`; returns how
/// many seconds it took.
async fn create_all(ses: &FakeSes, count: usize, slots: usize) -> f64 {
    let (client, started) = (ses.client(), Instant::now());
    let creates = stream::iter((0..count).map(|number| {
        let client = client.clone();
        async move {
            // Terraform itself.
            sleep(Duration::from_millis(20)).await;
            create(ses, &client, number).await
        }
    }));
    let _: Vec<Duration> = creates.buffer_unordered(slots).collect().await;
    started.elapsed().as_secs_f64()
}

fn sets(ses: &FakeSes) -> usize {
    let calls = ses.calls();
    let sets = calls.iter().filter(|call| matches!(call, Call::Set(_)));
    sets.count()
}

#[tokio::test(start_paused = true)]
async fn sixty_creates_read_their_statuses_in_six_gets_and_lose_no_time() {
    let ses = FakeSes::default();
    let waited = create_all(&ses, 60, 10).await;
    assert_eq!(sets(&ses), 60);
    assert!(sizes(&ses).len() <= 7, "{:?}", sizes(&ses));
    // Besides, a slice now and then is left to other hosts.
    assert!(waited <= 59.0 * 1.02 + 3.0, "{waited} s");
}

#[tokio::test(start_paused = true)]
async fn sixty_creates_where_all_operations_share_one_limit_cost_few_calls() {
    for _ in 0..5 {
        let ses = FakeSes::default();
        ses.counts_for_the_account();
        let waited = create_all(&ses, 60, 10).await;
        let calls = ses.calls().len();
        assert!(calls <= 80 && waited <= 90.0, "{calls} calls, {waited} s");
    }
}

#[tokio::test(start_paused = true)]
async fn a_lone_create_reads_its_status_at_once() {
    let ses = FakeSes::default();
    let client = ses.client();
    let waited = create(&ses, &client, 0).await;
    assert!(waited <= Duration::from_millis(12), "{waited:?}");
}

#[tokio::test(start_paused = true)]
async fn a_read_does_not_wait_for_ever_for_others() {
    let ses = FakeSes::default();
    let client = ses.client();
    let creates = (0..40).map(|number| create(&ses, &client, number));
    let waited = join_all(creates).await;
    let longest = waited.into_iter().max().unwrap();
    assert!(longest <= Duration::from_millis(12_100), "{longest:?}");
    assert!(sizes(&ses).len() <= 4, "{:?}", sizes(&ses));
}

#[tokio::test(start_paused = true)]
async fn a_read_leaves_half_of_its_time_for_the_get() {
    let ses = FakeSes::default();
    let client = ses.client();
    let creates = join_all((0..20).map(|number| create(&ses, &client, number)));
    let (_, waited) = tokio::join!(creates, async {
        sleep(Duration::from_millis(50)).await;
        let (deadline, started) = (deadline(4), Instant::now());
        let read = read_after_set(&client, &deadline).await;
        read.unwrap();
        started.elapsed()
    });
    assert!(waited <= Duration::from_millis(2100), "{waited:?}");
}

#[tokio::test(start_paused = true)]
async fn a_read_after_a_set_goes_along_with_one_that_is_in_a_hurry() {
    let ses = FakeSes::default();
    let client = ses.client();
    let creates = join_all((0..8).map(|number| create(&ses, &client, number)));
    let (waited, ()) = tokio::join!(creates, async {
        sleep(Duration::from_millis(4500)).await;
        let read = client.get_fresh(&deadline(300), &identity(100)).await;
        read.unwrap();
    });
    assert!(waited[0] <= Duration::from_millis(4600), "{waited:?}");
    let sizes = sizes(&ses);
    assert_eq!((sizes.len(), sizes.iter().sum()), (2, 9), "{sizes:?}");
}

#[tokio::test(start_paused = true)]
async fn a_stop_ends_the_wait_for_others_at_once() {
    let ses = FakeSes::default();
    let client = ses.client();
    let creates = join_all((0..10).map(|number| create(&ses, &client, number)));
    let stop = CancellationToken::new();
    let stopped = async {
        sleep(Duration::from_millis(50)).await;
        let deadline = Deadline::after(Duration::from_secs(300), stop.clone());
        let read = read_after_set(&client, &deadline).await;
        (read, Instant::now())
    };
    let (_, stopped, at) = tokio::join!(creates, stopped, async {
        sleep(Duration::from_secs(3)).await;
        stop.cancel();
        Instant::now()
    });
    assert!(matches!(stopped.0, Err(Error::Stopped { .. })));
    assert_eq!(stopped.1, at);
}
