use super::*;

fn of_host(parent: &Path, limit: &str) -> SharedSchedule {
    let limit = limit.to_owned();
    SharedSchedule::of_host(vec![parent.to_owned()], async { limit })
}

async fn reserve(schedule: &SharedSchedule, now: f64) -> f64 {
    schedule
        .with(|schedule| schedule.reserve(now, "Set", 1.0).at)
        .await
}

fn is_shared(schedule: &SharedSchedule) -> bool {
    let host = schedule.host.as_ref().unwrap();
    host.files.get().unwrap().is_some()
}

#[tokio::test(start_paused = true)]
async fn processes_of_one_host_share_a_schedule_for_each_limit() {
    let folder = tempfile::tempdir().unwrap();
    let one = of_host(folder.path(), "limit");
    let other = of_host(folder.path(), "limit");
    let elsewhere = of_host(folder.path(), "another limit");
    assert_eq!(reserve(&one, 100.0).await, 100.0);
    assert_eq!(reserve(&other, 100.0).await, 101.0);
    assert_eq!(reserve(&one, 100.0).await, 102.0);
    assert_eq!(reserve(&elsewhere, 100.0).await, 100.0);
}

#[test]
fn times_are_read_as_they_were_written() {
    let folder = tempfile::tempdir().unwrap();
    let mut files = Files::open(folder.path(), "limit").unwrap();
    let mut random = fastrand::Rng::with_seed(9);
    for _ in 0..2_000 {
        let mut schedule = Schedule::default();
        schedule.reserve(2e9 * random.f64(), "Set", random.f64());
        files.write(&schedule);
        assert_eq!(files.read(), schedule);
    }
}

#[tokio::test(start_paused = true)]
async fn a_process_that_holds_the_lock_for_ever_holds_nobody_up_for_long() {
    let folder = tempfile::tempdir().unwrap();
    let schedule = of_host(folder.path(), "limit");
    assert_eq!(reserve(&schedule, 100.0).await, 100.0);
    let holder = Files::open(folder.path(), "limit").unwrap();
    holder.lock.lock().unwrap();
    assert_eq!(schedule.try_with(|_| ()), None);
    let started = tokio::time::Instant::now();
    assert_eq!(reserve(&schedule, 100.0).await, 101.0, "as far as it knows");
    assert!(started.elapsed() <= TRIES * BETWEEN_TRIES * 2);
}

#[tokio::test(start_paused = true)]
async fn a_file_that_is_no_schedule_is_as_good_as_none() {
    let folder = tempfile::tempdir().unwrap();
    let schedule = of_host(folder.path(), "limit");
    let file = Files::open(folder.path(), "limit").unwrap().schedule;
    for text in ["", "{\"operations\": ", "[]", "{\"operations\": 5}"] {
        reserve(&schedule, 100.0).await;
        fs::write(&file, text).unwrap();
        assert_eq!(reserve(&schedule, 100.0).await, 100.0, "{text}");
    }
    fs::remove_file(&file).unwrap();
    fs::create_dir(&file).unwrap();
    assert_eq!(reserve(&schedule, 100.0).await, 100.0);
    assert_eq!(reserve(&schedule, 100.0).await, 101.0, "its own is kept");
}

#[tokio::test(start_paused = true)]
async fn what_another_release_writes_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let schedule = of_host(folder.path(), "limit");
    reserve(&schedule, 100.0).await;
    let file = Files::open(folder.path(), "limit").unwrap().schedule;
    let text = fs::read_to_string(&file).unwrap();
    // A newer release knows more of everything; an older one less.
    let newer = text
        .replace("{", "{\"later\":{\"a\":1},")
        .replace(",}", "}");
    fs::write(&file, newer).unwrap();
    assert_eq!(reserve(&schedule, 100.0).await, 101.0);
    fs::write(&file, "{}").unwrap();
    assert_eq!(reserve(&schedule, 100.0).await, 100.0);
}

#[cfg(unix)]
#[tokio::test(start_paused = true)]
async fn a_file_that_cannot_be_written_leaves_the_schedule_to_the_process() {
    use std::os::unix::fs::symlink;

    let folder = tempfile::tempdir().unwrap();
    let schedule = of_host(folder.path(), "limit");
    assert_eq!(reserve(&schedule, 100.0).await, 100.0);
    // A device that is always full.
    let files = Files::open(folder.path(), "limit").unwrap();
    symlink("/dev/full", &files.beside).unwrap();
    assert_eq!(reserve(&schedule, 100.0).await, 101.0);
    symlink("/dev/full", &files.beside).unwrap();
    assert_eq!(reserve(&schedule, 100.0).await, 102.0, "it learns on");
    let _ = fs::remove_file(&files.beside);
    // There is room again: what was learnt meanwhile is shared.
    assert_eq!(reserve(&schedule, 100.0).await, 103.0);
    let other = of_host(folder.path(), "limit");
    assert_eq!(reserve(&other, 100.0).await, 104.0);
}

#[cfg(unix)]
#[tokio::test(start_paused = true)]
async fn a_folder_that_others_can_write_to_is_not_used() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    let folder = tempfile::tempdir().unwrap();
    let inside = private_folder(folder.path()).unwrap();
    fs::set_permissions(&inside, fs::Permissions::from_mode(0o777)).unwrap();
    let open = of_host(folder.path(), "limit");
    reserve(&open, 100.0).await;
    assert!(!is_shared(&open));
    fs::remove_dir(&inside).unwrap();
    symlink(folder.path(), &inside).unwrap();
    let link = of_host(folder.path(), "limit");
    reserve(&link, 100.0).await;
    assert!(!is_shared(&link));

    // The next folder is.
    let missing = folder.path().join("missing");
    let other = tempfile::tempdir().unwrap();
    let parents = vec![missing, other.path().to_owned()];
    let shared = SharedSchedule::of_host(parents, async { "limit".to_owned() });
    reserve(&shared, 100.0).await;
    assert!(is_shared(&shared));
}
