//! Fleets that are listed and read as a whole: how many Lists and Gets they cost, and
//! what becomes of faults.

use std::collections::BTreeSet;

use super::fleets::{lists, refresh_in_slots};
use super::*;
use crate::ses::{Client, Fleet, Listed};

/// A List or a Get may take five minutes.
fn queued() -> Deadline {
    Deadline::queued(Duration::from_secs(300), CancellationToken::new())
}

fn all(client: &Client) -> Fleet {
    client.fleet(&queued(), |_| true)
}

async fn read_to_the_end(mut fleet: Fleet) -> Result<Vec<Listed>, Error> {
    let mut read = Vec::new();
    while let Some(some) = fleet.next().await? {
        assert!(!some.is_empty());
        read.extend(some);
    }
    Ok(read)
}

/// The names of those that have a MAIL FROM domain.
fn names(read: &[Listed]) -> BTreeSet<&str> {
    let names: BTreeSet<&str> = read.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names.len(), read.len(), "each comes once");
    names
}

#[tokio::test(start_paused = true)]
async fn a_fleet_costs_a_list_for_a_thousand_and_a_get_for_a_hundred() {
    for (count, gets, listed) in [
        (0, 0, 1),
        (1, 1, 1),
        (100, 1, 1),
        (101, 2, 1),
        (1000, 10, 1),
        (10_000, 100, 10),
    ] {
        let ses = fleet(count);
        let started = Instant::now();
        let read = read_to_the_end(all(&ses.client())).await.unwrap();
        assert_eq!(names(&read).len(), count);
        let held = |one: &Listed| matches!(&one.held, Ok(Some(_)));
        assert!(read.iter().all(held));
        assert_eq!((sizes(&ses).len(), lists(&ses)), (gets, listed), "{count}");
        let apart = ses.gaps().into_iter().all(|gap| gap >= 1.0199);
        assert!(apart, "{count}");
        let waited = started.elapsed().as_secs_f64();
        assert!(waited <= 1.1 * gets as f64 + 1.0, "{count}: {waited} s");
    }
}

#[tokio::test(start_paused = true)]
async fn refresh_after_a_fleet_asks_for_nothing_and_a_fleet_after_a_refresh_for_the_rest() {
    let (ses, fives) = (fleet(500), |name: &str| name.starts_with("i5"));
    let client = ses.client();
    read_to_the_end(all(&client)).await.unwrap();
    refresh_in_slots(client.reader(), 500, 10, Duration::from_millis(1)).await;
    assert_eq!((sizes(&ses), lists(&ses)), (vec![100; 5], 1));

    let ses = fleet(500);
    let client = ses.client();
    let few = read_to_the_end(client.fleet(&queued(), fives)).await;
    assert_eq!(few.unwrap().len(), 11, "i5 and i50 to i59");
    assert_eq!((sizes(&ses), lists(&ses)), (vec![11], 1));
    let read = read_to_the_end(all(&client)).await.unwrap();
    assert_eq!(names(&read).len(), 500);
    // Each of the others once, in Gets that are full.
    assert_eq!(sizes(&ses), [11, 100, 100, 100, 100, 89]);
}

#[tokio::test(start_paused = true)]
async fn refresh_beside_a_fleet_shares_its_gets_and_does_not_wait_for_its_end() {
    let ses = fleet(1000);
    let client = ses.client();
    let refresh = refresh_in_slots(client.reader(), 1000, 10, Duration::from_millis(5));
    let (read, ()) = tokio::join!(read_to_the_end(all(&client)), refresh);
    assert_eq!(names(&read.unwrap()).len(), 1000);
    let (gets, listed) = (sizes(&ses).len(), lists(&ses));
    assert!(gets <= 11 && listed <= 2, "{gets} Gets, {listed} Lists");

    // A resource is not held up by ten thousand identities that others have asked for.
    let ses = fleet(10_000);
    let client = ses.client();
    let refresh = async {
        sleep(Duration::from_secs(20)).await;
        let started = Instant::now();
        let other = Identity::parse("other.example.com").unwrap();
        ses.hold("other.example.com", MailFrom::Unset);
        client.get(&deadline(60), &other).await.unwrap();
        started.elapsed()
    };
    let (_, waited) = tokio::join!(read_to_the_end(all(&client)), refresh);
    assert!(waited <= Duration::from_millis(2100), "{waited:?}");
}

#[tokio::test(start_paused = true)]
async fn nothing_is_sent_that_nobody_asks_for() {
    let ses = fleet(1000);
    let mut some = all(&ses.client());
    assert_eq!(some.next().await.unwrap().unwrap().len(), 100);
    sleep(Duration::from_secs(60)).await;
    assert_eq!((sizes(&ses), lists(&ses)), (vec![100], 1));
    // One that is dropped while it waits sends nothing more either.
    let waiting = tokio::time::timeout(Duration::from_millis(5), some.next());
    assert!(waiting.await.is_err());
    drop(some);
    sleep(Duration::from_secs(60)).await;
    assert_eq!((sizes(&ses), lists(&ses)), (vec![100], 1));
}

#[tokio::test(start_paused = true)]
async fn faults_that_pass_are_ridden_out_however_long_the_fleet_is() {
    let ses = fleet(2000);
    // Each call in vain for longer than a minute; all in all longer than one call may take.
    let throttled = || (0..40).map(|_| Fault::Refuse(400, "Throttling"));
    throttled().for_each(|fault| ses.fail_list(fault));
    ses.fail_list(Fault::Refuse(503, "ServiceUnavailable"));
    ses.fail_list(Fault::LoseAnswer);
    let mut fleet = all(&ses.client());
    let mut read = Vec::new();
    let started = Instant::now();
    while let Some(some) = fleet.next().await.unwrap() {
        read.extend(some);
        throttled().for_each(|fault| ses.fail_get(fault));
    }
    assert_eq!(names(&read).len(), 2000);
    assert!(started.elapsed() > Duration::from_secs(600));
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_listed_or_read_is_an_error_and_a_stop_ends_it() {
    let ses = fleet(10);
    ses.fail_list(Fault::Refuse(403, "AccessDenied"));
    let denied = read_to_the_end(all(&ses.client())).await.unwrap_err();
    assert_eq!(denied.access_denied(), Some(Operation::ListIdentities));
    assert_eq!((sizes(&ses), lists(&ses)), (vec![], 1));

    ses.fail_get(Fault::Refuse(403, "AccessDenied"));
    let denied = read_to_the_end(all(&ses.client())).await.unwrap_err();
    let get = Operation::GetIdentityMailFromDomainAttributes;
    assert_eq!(denied.access_denied(), Some(get));

    for slow in [FakeSes::fail_list, FakeSes::fail_get] {
        let stop = CancellationToken::new();
        let deadline = Deadline::queued(Duration::from_secs(300), stop.clone());
        slow(&ses, Fault::Slow(Duration::from_secs(60)));
        let reading = read_to_the_end(ses.client().fleet(&deadline, |_| true));
        let stopped = async {
            sleep(Duration::from_secs(2)).await;
            stop.cancel();
            Instant::now()
        };
        let (read, at) = tokio::join!(reading, stopped);
        assert!(matches!(read, Err(Error::Stopped { .. })), "{read:?}");
        assert!(at.elapsed() < Duration::from_millis(10));
    }
}

#[tokio::test(start_paused = true)]
async fn identity_that_ses_does_not_take_is_told_beside_the_others() {
    let ses = fleet(250);
    ses.poison("i7.example.com");
    let read = read_to_the_end(all(&ses.client())).await.unwrap();
    assert_eq!(names(&read).len(), 250);
    let failed: Vec<&Listed> = read.iter().filter(|one| one.held.is_err()).collect();
    assert!(matches!(failed[..], [one] if one.name == "i7.example.com"));
}

#[tokio::test(start_paused = true)]
async fn what_was_set_meanwhile_is_read_anew() {
    let ses = fleet(1);
    let client = ses.client();
    read_to_the_end(all(&client)).await.unwrap();
    client.reader().changed("i0.example.com");
    ses.hold("i0.example.com", MailFrom::Unset);
    ses.hold("new.example.com", set("bounce.new.example.com"));
    let read = read_to_the_end(all(&client)).await.unwrap();
    assert_eq!(
        names(&read),
        BTreeSet::from(["i0.example.com", "new.example.com"])
    );
    let unset = read.iter().find(|one| one.name == "i0.example.com");
    assert!(matches!(unset.unwrap().held, Ok(None)));
}

#[tokio::test(start_paused = true)]
async fn identity_that_is_gone_when_it_is_asked_about_is_left_out() {
    let ses = fleet(150);
    let mut all = all(&ses.client());
    let first = all.next().await.unwrap().unwrap();
    let listed: BTreeSet<&str> = first.iter().map(|one| one.name.as_str()).collect();
    let rest = (0..150).map(|number| identity(number).to_string());
    rest.filter(|name| !listed.contains(name.as_str()))
        .for_each(|name| ses.forget(&name));
    assert!(all.next().await.unwrap().is_none());
    assert_eq!(sizes(&ses), [100, 50]);
}

#[tokio::test(start_paused = true)]
async fn pages_that_overlap_or_repeat_themselves_lose_and_double_nothing() {
    let ses = fleet(1500);
    let client = ses.client();
    let mut fleet = all(&client);
    let mut read = fleet.next().await.unwrap().unwrap();
    // In the order of names, it moves others onto the next page.
    ses.hold("a.example.com", MailFrom::Unset);
    while let Some(some) = fleet.next().await.unwrap() {
        read.extend(some);
    }
    assert_eq!(names(&read).len(), 1500);

    ses.repeats_its_page();
    let read = read_to_the_end(all(&client)).await;
    assert!(matches!(read, Err(Error::NoAnswer { .. })), "{read:?}");
}
