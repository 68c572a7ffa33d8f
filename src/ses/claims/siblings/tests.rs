use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use async_trait::async_trait;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::ses::caller::{Caller, Known};
use crate::ses::claims::Member;

const DOMAIN: &str = "example.com";

/// Credentials of a test.
struct Keys {
    key: &'static str,
    account: Result<&'static str, &'static str>,
    asked: AtomicU32,
}

#[async_trait]
impl Caller for Keys {
    fn settings(&self) -> String {
        self.key.to_owned()
    }

    async fn known(&self) -> Known {
        Known::default()
    }

    async fn asked(&self) -> Result<Known, String> {
        self.asked.fetch_add(1, Relaxed);
        sleep(Duration::from_secs(1)).await;
        let known = |account: &str| Known {
            account: Some(account.to_owned()),
            mark: None,
        };
        self.account.map(known).map_err(str::to_owned)
    }
}

fn keys(key: &'static str, account: Result<&'static str, &'static str>) -> Arc<Keys> {
    Arc::new(Keys {
        key,
        account,
        asked: AtomicU32::new(0),
    })
}

fn process(folder: &Path, run: u64, keys: &Arc<Keys>) -> Claims {
    let member = Member::of_run(folder, run);
    member.join_as(Arc::clone(keys) as Arc<dyn Caller>);
    Claims::of_run(&member, None, "eu-west-1")
}

/// Two processes of one run, of these accounts.
fn two(
    folder: &TempDir,
    one: Result<&'static str, &'static str>,
    other: Result<&'static str, &'static str>,
) -> [(Claims, Arc<Keys>); 2] {
    [("one", one), ("other", other)].map(|(key, account)| {
        let keys = keys(key, account);
        (process(folder.path(), 1, &keys), keys)
    })
}

fn same(folder: &TempDir) -> [Claims; 2] {
    let keys = keys("same", Err("not to be asked"));
    [(); 2].map(|()| process(folder.path(), 1, &keys))
}

async fn siblings(claims: &Claims, object: &ObjectId) -> Siblings {
    let deadline = Deadline::after(Duration::from_secs(300), CancellationToken::new());
    claims.siblings(&deadline, DOMAIN, Some(object)).await
}

#[tokio::test(start_paused = true)]
async fn a_set_of_another_process_is_known_until_its_end() {
    let folder = tempfile::tempdir().unwrap();
    let [setting, deleting] = same(&folder);
    let (set, deleted) = (ObjectId::random(), ObjectId::random());
    assert_eq!(siblings(&deleting, &deleted).await, Siblings::Nobody);
    let refused = setting.claim(DOMAIN, &set);
    assert_eq!(siblings(&deleting, &deleted).await, Siblings::Queued);
    assert_eq!(siblings(&deleting, &set).await, Siblings::Nobody, "its own");
    drop(refused);
    assert_eq!(siblings(&deleting, &deleted).await, Siblings::Nobody);
    let accepted = setting.claim(DOMAIN, &set);
    let told = setting.member.telling();
    let before = *told.borrow();
    accepted.stands();
    accepted.stands();
    assert_eq!(*told.borrow() - before, 1);
    drop((accepted, setting));
    assert_eq!(siblings(&deleting, &deleted).await, Siblings::Stands);
}

#[tokio::test(start_paused = true)]
async fn a_process_that_is_killed_holds_nobody_up() {
    let folder = tempfile::tempdir().unwrap();
    let [setting, deleting] = same(&folder);
    let (set, deleted) = (ObjectId::random(), ObjectId::random());
    let claim = setting.claim(DOMAIN, &set);
    assert_eq!(siblings(&deleting, &deleted).await, Siblings::Queued);
    // Its journal is closed, as by its end, and does not say how the Set went.
    setting.member.end();
    assert_eq!(siblings(&deleting, &deleted).await, Siblings::Nobody);
    drop(claim);
}

#[tokio::test(start_paused = true)]
async fn processes_of_another_run_or_region_are_no_siblings() {
    let folder = tempfile::tempdir().unwrap();
    let keys = keys("same", Err("not to be asked"));
    let setting = process(folder.path(), 1, &keys);
    let deleting = process(folder.path(), 2, &keys);
    let _claim = setting.claim(DOMAIN, &ObjectId::random());
    let deleted = ObjectId::random();
    assert_eq!(siblings(&deleting, &deleted).await, Siblings::Nobody);

    let member = Member::of_run(folder.path(), 1);
    member.join_as(keys);
    for (endpoint, region, expected) in [
        (None, "us-east-1", Siblings::Nobody),
        (Some("127.0.0.1:1"), "eu-west-1", Siblings::Nobody),
        (None, "eu-west-1", Siblings::Queued),
    ] {
        let elsewhere = Claims::of_run(&member, endpoint.map(str::to_owned), region);
        assert_eq!(siblings(&elsewhere, &deleted).await, expected);
    }
}

#[tokio::test(start_paused = true)]
async fn accounts_are_compared_where_two_meet_and_only_there() {
    for (one, other, expected) in [
        (Ok("1"), Ok("1"), Siblings::Stands),
        (Ok("1"), Ok("2"), Siblings::Nobody),
        (
            Err("STS is down"),
            Ok("1"),
            Siblings::Unknown("STS is down".to_owned()),
        ),
        (
            Ok("1"),
            Err("STS is down"),
            Siblings::Unknown("STS is down".to_owned()),
        ),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let [(setting, its), (deleting, theirs)] = two(&folder, one, other);
        setting.claim(DOMAIN, &ObjectId::random()).stands();
        setting.claim("example.org", &ObjectId::random()).stands();
        sleep(Duration::from_secs(60)).await;
        let asked = || (its.asked.load(Relaxed), theirs.asked.load(Relaxed));
        assert_eq!(asked(), (0, 0), "they have not met");
        let started = Instant::now();
        let deleted = ObjectId::random();
        assert_eq!(siblings(&deleting, &deleted).await, expected);
        assert!(started.elapsed() < Duration::from_secs(5));
        assert_eq!(siblings(&deleting, &deleted).await, expected);
        assert_eq!(asked(), (1, 1), "each is asked once");
        if other.is_err() {
            sleep(Duration::from_secs(11)).await;
            assert_eq!(siblings(&deleting, &deleted).await, expected);
            assert!(asked().1 > 1, "and again after a while");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_process_tells_its_account_before_it_ends_if_a_delete_will_ask() {
    for marked in [true, false] {
        let folder = tempfile::tempdir().unwrap();
        let [(setting, keys), (planning, _)] = two(&folder, Ok("1"), Ok("2"));
        let deadline = Deadline::after(Duration::from_secs(300), CancellationToken::new());
        let claim = setting.claim(DOMAIN, &ObjectId::random());
        setting.make_known(&deadline).await;
        assert_eq!(keys.asked.load(Relaxed), 0, "nobody is met");
        let deleted = ObjectId::random();
        planning.destroys(DOMAIN, marked.then_some(&deleted));
        claim.stands();
        setting.make_known(&deadline).await;
        setting.member.end();
        assert_eq!(siblings(&planning, &deleted).await, Siblings::Nobody);
    }
}

#[tokio::test(start_paused = true)]
async fn a_process_that_is_only_started_tells_the_account_of_its_block() {
    let folder = tempfile::tempdir().unwrap();
    let [(keeping, keys), (planning, other)] = two(&folder, Ok("1"), Ok("1"));
    keeping.keeps(DOMAIN, Some(&ObjectId::random()));
    keeping.member.end();
    let deleted = ObjectId::random();
    planning.destroys(DOMAIN, Some(&deleted));
    planning.member.end();
    // The apply.
    let deleting = process(folder.path(), 1, &other);
    let (answer, ()) = tokio::join!(siblings(&deleting, &deleted), async {
        sleep(Duration::from_secs(5)).await;
        let idle = Member::of_run(folder.path(), 1);
        idle.join_as(Arc::clone(&keys) as Arc<dyn Caller>);
        let deadline = Deadline::after(Duration::from_secs(10), CancellationToken::new());
        idle.make_known(&deadline).await;
    });
    assert_eq!(answer, Siblings::Stands);
}

#[tokio::test(start_paused = true)]
async fn what_a_plan_keeps_in_an_account_that_nobody_can_tell_is_not_guessed() {
    let folder = tempfile::tempdir().unwrap();
    let [(planning, _), (deleting, _)] = two(&folder, Ok("1"), Ok("1"));
    planning.keeps(DOMAIN, Some(&ObjectId::random()));
    planning.member.end();
    let answer = siblings(&deleting, &ObjectId::random()).await;
    assert!(matches!(answer, Siblings::Unknown(_)), "{answer:?}");
    // Terraform starts all processes at about the same time.
    let started = Instant::now();
    let answer = siblings(&deleting, &ObjectId::random()).await;
    assert!(matches!(answer, Siblings::Unknown(_)), "{answer:?}");
    assert_eq!(started.elapsed(), Duration::ZERO);

    // Unless another process of the same block lives.
    let keys = keys("one", Ok("1"));
    let _applying = process(folder.path(), 1, &keys);
    let answer = siblings(&deleting, &ObjectId::random()).await;
    assert_eq!(answer, Siblings::Stands);
}

#[tokio::test(start_paused = true)]
async fn a_comparison_ends_with_the_deadline_and_with_a_stop() {
    for stops in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let [(setting, _), (deleting, _)] = two(&folder, Ok("1"), Ok("1"));
        setting.claim(DOMAIN, &ObjectId::random()).stands();
        let stop = CancellationToken::new();
        let time = Duration::from_millis(if stops { 60_000 } else { 500 });
        let deadline = Deadline::after(time, stop.clone());
        let started = Instant::now();
        let deleted = ObjectId::random();
        let (answer, ()) = tokio::join!(
            deleting.siblings(&deadline, DOMAIN, Some(&deleted)),
            async {
                sleep(Duration::from_millis(500)).await;
                if stops {
                    stop.cancel();
                }
            }
        );
        assert!(matches!(answer, Siblings::Unknown(_)), "{answer:?}");
        assert_eq!(started.elapsed(), Duration::from_millis(500));
    }
}

#[tokio::test(start_paused = true)]
async fn a_saved_plan_is_held_by_the_run_that_applies_it() {
    let folder = tempfile::tempdir().unwrap();
    let keys = keys("same", Err("not to be asked"));
    let (kept, deposed, gone) = (ObjectId::random(), ObjectId::random(), ObjectId::random());
    let planning = process(folder.path(), 1, &keys);
    planning.destroys(DOMAIN, Some(&deposed));
    planning.destroys(DOMAIN, Some(&gone));
    planning.keeps(DOMAIN, Some(&kept));
    planning.keeps(DOMAIN, Some(&kept));
    planning.gone(DOMAIN, &gone);
    drop(planning);
    let applying = process(folder.path(), 2, &keys);
    assert!(applying.destroy_planned(&deposed));
    assert!(!applying.destroy_planned(&kept));
    applying.destroys(DOMAIN, Some(&deposed));
    assert_eq!(siblings(&applying, &deposed).await, Siblings::Stands);
    // A run whose plan destroys nothing is not read.
    let idle = process(folder.path(), 3, &keys);
    idle.keeps(DOMAIN, Some(&ObjectId::random()));
    let another = ObjectId::random();
    applying.destroys(DOMAIN, Some(&another));
    assert!(!applying.destroy_planned(&another));
    assert_eq!(siblings(&applying, &another).await, Siblings::Nobody);
}

#[tokio::test(start_paused = true)]
async fn objects_without_a_mark_are_one() {
    let folder = tempfile::tempdir().unwrap();
    let keys = keys("same", Err("not to be asked"));
    let deadline = Deadline::after(Duration::from_secs(300), CancellationToken::new());
    let unmarked = async |claims: &Claims| claims.siblings(&deadline, DOMAIN, None).await;
    let planning = process(folder.path(), 1, &keys);
    planning.keeps(DOMAIN, None);
    planning.keeps("example.org", None);
    let marked = ObjectId::random();
    assert_eq!(siblings(&planning, &marked).await, Siblings::Stands);
    assert_eq!(unmarked(&planning).await, Siblings::Nobody);
    planning.destroys("example.org", None);
    assert_eq!(siblings(&planning, &marked).await, Siblings::Stands);
    planning.destroys(DOMAIN, None);
    assert_eq!(siblings(&planning, &marked).await, Siblings::Nobody);
    // Beside a successor that has one, also where the plan was saved.
    planning.keeps(DOMAIN, Some(&marked));
    assert_eq!(unmarked(&planning).await, Siblings::Stands);
    drop(planning);
    let applying = process(folder.path(), 2, &keys);
    assert_eq!(unmarked(&applying).await, Siblings::Stands);
}

#[tokio::test(start_paused = true)]
async fn a_change_of_what_is_queued_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let [one, other] = same(&folder);
    let alone = Claims::of_process();
    for (setting, deleting) in [(&one, &other), (&one, &one), (&alone, &alone)] {
        let deleted = ObjectId::random();
        for accepted in [false, true] {
            let set = ObjectId::random();
            let claim = setting.claim(DOMAIN, &set);
            assert_eq!(siblings(deleting, &deleted).await, Siblings::Queued);
            let started = Instant::now();
            let changed = async {
                while siblings(deleting, &deleted).await == Siblings::Queued {
                    deleting.siblings_changed(DOMAIN).await;
                }
                started.elapsed()
            };
            let (told_after, ()) = tokio::join!(changed, async {
                sleep(Duration::from_millis(2500)).await;
                if accepted {
                    claim.stands();
                }
                drop(claim);
            });
            let expected = if accepted {
                Siblings::Stands
            } else {
                Siblings::Nobody
            };
            assert_eq!(siblings(deleting, &deleted).await, expected);
            assert!(told_after < Duration::from_millis(2800), "{told_after:?}");
            setting.gone(DOMAIN, &set);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn one_call_at_a_time_is_in_flight_in_all_processes() {
    let folder = tempfile::tempdir().unwrap();
    let [one, other] = same(&folder);
    let in_flight = one.in_flight(DOMAIN).await;
    let soon = Duration::from_secs(1);
    let timeout = |claims: &Claims, identity: &'static str| {
        let claims = claims.clone();
        tokio::time::timeout(soon, async move { claims.in_flight(identity).await })
    };
    assert!(timeout(&one, DOMAIN).await.is_err());
    assert!(timeout(&other, DOMAIN).await.is_err());
    assert!(timeout(&other, "example.org").await.is_ok());
    drop(in_flight);
    let again = timeout(&other, DOMAIN).await.unwrap();
    assert!(timeout(&one, DOMAIN).await.is_err());
    drop(again);
    assert!(timeout(&one, DOMAIN).await.is_ok());
}

#[cfg(unix)]
#[tokio::test(start_paused = true)]
async fn where_no_folder_can_be_written_a_process_goes_on_by_itself() {
    let folder = tempfile::tempdir().unwrap();
    let nowhere = folder.path().join("nowhere");
    let keys = keys("same", Err("not to be asked"));
    let claims = process(&nowhere, 1, &keys);
    let claim = claims.claim(DOMAIN, &ObjectId::random());
    let deleted = ObjectId::random();
    assert_eq!(siblings(&claims, &deleted).await, Siblings::Queued);
    drop(claim);
    drop(claims.in_flight(DOMAIN).await);
    assert!(!claims.destroy_planned(&deleted));
    assert_eq!(siblings(&claims, &deleted).await, Siblings::Nobody);
}

#[tokio::test(start_paused = true)]
async fn no_credentials_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let secret = keys("AKIAIOSFODNN7EXAMPLE", Ok("111122223333"));
    let claims = process(folder.path(), 1, &secret);
    let _claim = claims.claim(DOMAIN, &ObjectId::random());
    let journals = claims.member.folder().unwrap().journals();
    let text = std::fs::read_to_string(&journals[0]).unwrap();
    assert!(text.contains(DOMAIN) && !text.contains("AKIA"), "{text}");
}
