//! Refreshes of many resources: how many Gets and Lists they cost.

use futures_util::StreamExt as _;
use futures_util::stream;

use super::*;

/// Refreshes `count` identities as Terraform does, ten at a time.
async fn refresh(reader: &Reader, count: usize) -> Vec<MailFrom> {
    let deadline = deadline(300);
    let refreshes = stream::iter((0..count).map(|number| {
        let deadline = &deadline;
        async move {
            reader
                .read(deadline, &identity(number), Freshness::Recent)
                .await
                .unwrap()
        }
    }));
    refreshes.buffered(10).collect().await
}

pub(super) fn lists(ses: &FakeSes) -> usize {
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
    // Besides, a slice now and then is left to other hosts.
    assert!(waited < 9.0 * 1.02 + 1.1, "took {waited} s");
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
    let read = reader
        .read(&deadline, &identity(50), Freshness::Recent)
        .await;
    assert_eq!(read.unwrap(), MailFrom::Unset);
    let read = reader
        .read(&deadline, &identity(51), Freshness::Recent)
        .await;
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
        reader
            .read(&deadline, &identity(99), Freshness::Recent)
            .await
    });
    assert_eq!(late.unwrap(), set("bounce.example.com"));
    assert_eq!(sizes(&ses), [100]);
}

/// Refreshes as Terraform does, ten at a time in no order, each of which takes
/// Terraform itself so long.
async fn refresh_shuffled(reader: &Reader, count: usize, each: Duration) {
    let mut order: Vec<usize> = (0..count).collect();
    fastrand::shuffle(&mut order);
    let deadline = deadline(300);
    let refreshes = stream::iter(order.into_iter().map(|number| {
        let deadline = &deadline;
        async move {
            sleep(each).await;
            let held = reader
                .read(deadline, &identity(number), Freshness::Recent)
                .await;
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
        join_all(
            ten.iter()
                .map(|one| reader.read(&deadline, one, Freshness::Recent)),
        )
        .await;
    }
    assert!(likely.try_recv().is_err());
    assert_eq!(sizes(&ses).len(), 5);
}

/// Refreshes `count` identities as Terraform does with `-parallelism=SLOTS`, each of which
/// takes Terraform itself so long.
pub(super) async fn refresh_in_slots(reader: &Reader, count: usize, slots: usize, each: Duration) {
    let deadline = deadline(300);
    let refreshes = stream::iter((0..count).map(|number| {
        let deadline = &deadline;
        async move {
            sleep(each).await;
            let identity = identity(number);
            let read = reader.read(deadline, &identity, Freshness::Recent).await;
            assert_eq!(read.unwrap(), set("bounce.example.com"));
        }
    }));
    refreshes.buffer_unordered(slots).collect().await
}

#[tokio::test(start_paused = true)]
async fn verifications_are_refreshed_from_the_same_gets() {
    for (count, gets, listed) in [(1, 1, 0), (9, 1, 0), (300, 4, 1), (1000, 11, 2)] {
        let ses = fleet(count);
        let reader = start(&ses);
        for _ in ["the MAIL FROM domains", "their verifications"] {
            refresh_in_slots(&reader, count, 10, Duration::from_millis(5)).await;
        }
        let cost = (sizes(&ses).len(), lists(&ses));
        assert!(cost <= (gets, listed), "{count}: {cost:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn one_resource_at_a_time_costs_hardly_more_than_ten() {
    for (count, gets) in [(1, 1), (2, 2), (60, 2), (300, 4)] {
        let ses = fleet(count);
        let started = Instant::now();
        refresh_in_slots(&start(&ses), count, 1, Duration::from_millis(5)).await;
        assert_eq!(sizes(&ses).len(), gets, "{count}");
        assert_eq!(lists(&ses), usize::from(count > 1), "{count}");
        // Terraform's own time, and a second from one Get to the next.
        let least = 0.005 * count as f64 + 1.02 * (gets - 1) as f64;
        let waited = started.elapsed().as_secs_f64();
        assert!(waited <= least + 0.3, "{count}: {waited} s");
    }
}

#[tokio::test(start_paused = true)]
async fn a_refused_get_does_not_make_a_fleet_of_one_resource() {
    let ses = fleet(1000);
    ses.fail((0..20).map(|_| Fault::Refuse(400, "Throttling")));
    refresh_in_slots(&start(&ses), 1, 1, Duration::ZERO).await;
    assert_eq!(sizes(&ses), [1; 21]);
    assert_eq!(lists(&ses), 0);
}

#[tokio::test(start_paused = true)]
async fn verifications_of_ten_thousand_cost_a_hundred_gets_or_once_more_as_many() {
    // Terraform's ten slots take 10 s and 60 s for one of the two resources of each
    // identity. In the second case the answers of the first hundred Gets are stale when
    // the verifications are asked for.
    for (milliseconds, most) in [(10, 102), (60, 204)] {
        let ses = fleet(10_000);
        let reader = start(&ses);
        let each = Duration::from_millis(milliseconds);
        for _ in ["the MAIL FROM domains", "their verifications"] {
            refresh_in_slots(&reader, 10_000, 10, each).await;
        }
        let gets = sizes(&ses).len();
        assert!(gets <= most, "{gets} Gets at {milliseconds} ms");
        assert_eq!(lists(&ses), 10);
    }
}

#[tokio::test(start_paused = true)]
async fn a_fresh_read_is_asked_for_and_serves_the_refreshes_after_it() {
    let ses = fleet(1);
    let reader = start(&ses);
    let (deadline, identity) = (deadline(300), identity(0));
    let read = async |freshness| {
        let read = reader.read(&deadline, &identity, freshness).await;
        read.unwrap()
    };
    read(Freshness::Recent).await;
    ses.hold("i0.example.com", set("new.example.com"));
    assert_eq!(read(Freshness::Recent).await, set("bounce.example.com"));
    assert_eq!(sizes(&ses), [1]);
    assert_eq!(read(Freshness::Fresh).await, set("new.example.com"));
    assert_eq!(read(Freshness::Recent).await, set("new.example.com"));
    assert_eq!(sizes(&ses), [1, 1]);
}

#[tokio::test(start_paused = true)]
async fn a_refresh_joins_a_get_under_way_for_another() {
    let ses = fleet(1);
    ses.fail_get(Fault::Slow(Duration::from_secs(3)));
    let reader = start(&ses);
    let (deadline, identity) = (deadline(300), identity(0));
    let refresh = async |after| {
        sleep(Duration::from_secs(after)).await;
        let read = reader.read(&deadline, &identity, Freshness::Recent).await;
        assert_eq!(read.unwrap(), set("bounce.example.com"));
    };
    tokio::join!(refresh(0), refresh(1), refresh(2));
    assert_eq!(sizes(&ses), [1]);
}

#[tokio::test(start_paused = true)]
async fn an_identity_that_is_gone_is_asked_for_each_time() {
    let ses = FakeSes::default();
    let reader = start(&ses);
    let (deadline, identity) = (deadline(300), identity(0));
    for _ in 0..3 {
        let read = reader.read(&deadline, &identity, Freshness::Recent).await;
        assert_eq!(read.unwrap(), MailFrom::UnknownIdentity);
    }
    assert_eq!(sizes(&ses), [1, 1, 1]);
}
