//! Schedule that several provider processes stand in together.
//!
//! Provider aliases are processes of their own, and every Terraform command
//! starts new ones, while SES's limit is the account's. So the schedule of the
//! processes of one host are kept in a file, locked for the few microseconds
//! that taking a reservation takes. It is a help, not a need: whoever cannot open or
//! lock it goes on with schedule of its own.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::sleep;

use super::schedule::Schedule;

/// How often to try for a lock that another process holds, and how long between.
const TRIES: u32 = 50;
const BETWEEN_TRIES: Duration = Duration::from_millis(1);

/// More than this is no file of ours.
const LARGEST_FILE: u64 = 64 << 10;

/// Schedule of this process, or of all processes of this host that share a limit.
#[derive(Clone, Debug, Default)]
pub(in crate::ses) struct SharedSchedule {
    own: Arc<Mutex<Schedule>>,
    file: Option<Arc<Mutex<File>>>,
}

impl SharedSchedule {
    /// Schedule of this process alone.
    pub(in crate::ses) fn of_process() -> Self {
        Self::default()
    }

    /// The schedule of all processes that give the same `limit` (whatever tells one
    /// limit of SES's from another), kept in a folder of this user's below
    /// `parent`.
    pub(in crate::ses) fn of_host(parent: &Path, limit: &str) -> Self {
        match open(parent, limit) {
            Ok(file) => Self {
                file: Some(Arc::new(Mutex::new(file))),
                ..Self::default()
            },
            Err(error) => {
                tracing::debug!(%error, "the pace is not shared with other processes");
                Self::default()
            }
        }
    }

    /// Changes the schedule once no other process does.
    pub(in crate::ses) async fn with<T>(&self, mut change: impl FnMut(&mut Schedule) -> T) -> T {
        for _ in 0..TRIES {
            if let Some(done) = self.try_with(&mut change) {
                return done;
            }
            sleep(BETWEEN_TRIES).await;
        }
        change(&mut lock(&self.own))
    }

    /// Changes the schedule, unless another process does so right now.
    pub(in crate::ses) fn try_with<T>(&self, change: impl FnOnce(&mut Schedule) -> T) -> Option<T> {
        let Some(file) = &self.file else {
            return Some(change(&mut lock(&self.own)));
        };
        let mut file = lock(file);
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return None,
            Err(TryLockError::Error(error)) => {
                tracing::debug!(%error, "cannot lock the shared pace");
                return Some(change(&mut lock(&self.own)));
            }
        }
        let mut schedule = read(&mut file).unwrap_or_default();
        let before = schedule.clone();
        let done = change(&mut schedule);
        if schedule != before
            && let Err(error) = write(&mut file, &schedule)
        {
            tracing::debug!(%error, "cannot write the shared pace");
        }
        // Closing the file unlocks it as well.
        let _ = file.unlock();
        Some(done)
    }
}

fn read(file: &mut File) -> io::Result<Schedule> {
    let mut text = String::new();
    file.rewind()?;
    file.take(LARGEST_FILE).read_to_string(&mut text)?;
    // What a process that died while it wrote has left is as good as nothing.
    Ok(serde_json::from_str(&text).unwrap_or_default())
}

fn write(file: &mut File, schedule: &Schedule) -> io::Result<()> {
    let text = serde_json::to_vec(schedule)?;
    file.rewind()?;
    file.set_len(0)?;
    file.write_all(&text)
}

fn open(parent: &Path, limit: &str) -> io::Result<File> {
    let folder = private_folder(parent)?;
    let path = folder.join(format!("pace-{:016x}.json", fnv1a(limit)));
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)
}

/// A hash that is the same in every release: FNV-1a of 64 bits.
fn fnv1a(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

/// A folder that only this user can have put anything into: the temporary
/// folder is everybody's, and a link in it might lead to any file of ours.
fn private_folder(parent: &Path) -> io::Result<PathBuf> {
    let folder = parent.join("terraform-provider-ses");
    #[cfg(unix)]
    {
        use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};

        match std::fs::DirBuilder::new().mode(0o700).create(&folder) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
        let not_ours = || {
            let problem = format!("{} is not a folder of this user's alone", folder.display());
            io::Error::other(problem)
        };
        let found = std::fs::symlink_metadata(&folder)?;
        if !found.is_dir() || found.mode() & 0o077 != 0 {
            return Err(not_ours());
        }
        // A file made now tells who we are.
        let probe = folder.join(format!(".probe-{:016x}", fastrand::u64(..)));
        let made = OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&probe)?;
        let _ = std::fs::remove_file(&probe);
        if made.metadata()?.uid() != found.uid() {
            return Err(not_ours());
        }
    }
    #[cfg(not(unix))]
    // The temporary folder is the user's own there.
    std::fs::create_dir_all(&folder)?;
    Ok(folder)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reserve(schedule: &SharedSchedule, now: f64) -> f64 {
        schedule
            .try_with(|schedule| schedule.reserve(now, "Set", 1.0).at)
            .unwrap()
    }

    #[test]
    fn processes_of_one_host_stand_in_one_line() {
        let folder = tempfile::tempdir().unwrap();
        let one = SharedSchedule::of_host(folder.path(), "limit");
        let other = SharedSchedule::of_host(folder.path(), "limit");
        let elsewhere = SharedSchedule::of_host(folder.path(), "another limit");
        assert_eq!(reserve(&one, 100.0), 100.0);
        assert_eq!(reserve(&other, 100.0), 101.0);
        assert_eq!(reserve(&one, 100.0), 102.0);
        assert_eq!(reserve(&elsewhere, 100.0), 100.0);
    }

    #[test]
    fn times_are_read_as_they_were_written() {
        let mut file = tempfile::tempfile().unwrap();
        let mut random = fastrand::Rng::with_seed(9);
        for _ in 0..2_000 {
            let mut schedule = Schedule::default();
            schedule.reserve(2e9 * random.f64(), "Set", random.f64());
            write(&mut file, &schedule).unwrap();
            assert_eq!(read(&mut file).unwrap(), schedule);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_process_that_holds_the_lock_for_ever_holds_nobody_up_for_long() {
        let folder = tempfile::tempdir().unwrap();
        let schedule = SharedSchedule::of_host(folder.path(), "limit");
        let holder = open(folder.path(), "limit").unwrap();
        holder.lock().unwrap();
        assert_eq!(schedule.try_with(|_| ()), None);
        let started = tokio::time::Instant::now();
        schedule.with(|_| ()).await;
        assert!(started.elapsed() <= TRIES * BETWEEN_TRIES * 2);
    }

    #[test]
    fn a_file_that_is_torn_is_as_good_as_none() {
        let folder = tempfile::tempdir().unwrap();
        let schedule = SharedSchedule::of_host(folder.path(), "limit");
        reserve(&schedule, 100.0);
        open(folder.path(), "limit").unwrap().set_len(5).unwrap();
        assert_eq!(reserve(&schedule, 100.0), 100.0);
    }

    #[cfg(unix)]
    #[test]
    fn a_folder_that_others_can_write_to_is_not_used() {
        use std::os::unix::fs::PermissionsExt as _;

        let folder = tempfile::tempdir().unwrap();
        let inside = folder.path().join("terraform-provider-ses");
        std::fs::create_dir(&inside).unwrap();
        std::fs::set_permissions(&inside, std::fs::Permissions::from_mode(0o777)).unwrap();
        assert!(
            SharedSchedule::of_host(folder.path(), "limit")
                .file
                .is_none()
        );
        std::fs::remove_dir(&inside).unwrap();
        std::os::unix::fs::symlink(folder.path(), &inside).unwrap();
        assert!(
            SharedSchedule::of_host(folder.path(), "limit")
                .file
                .is_none()
        );
        let missing = folder.path().join("missing");
        assert!(SharedSchedule::of_host(&missing, "limit").file.is_none());
    }
}
