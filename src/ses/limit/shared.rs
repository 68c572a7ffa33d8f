//! Schedule that several provider processes share.
//!
//! Provider aliases are processes of their own, and every Terraform command
//! starts new ones, while SES's limit is the account's. So the processes of one user
//! on one host keep their schedule in a file, locked for the few microseconds that a
//! reservation takes. It is a help, not a need: a process that cannot open, lock or
//! write it goes on with a schedule of its own.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared};
use tokio::sync::OnceCell;
use tokio::time::sleep;

use super::lock;
use super::schedule::Schedule;
use crate::ses::host_folder::{fnv1a, private_folder};

/// How often to try for a lock that another process holds, and how long between.
const TRIES: u32 = 50;
const BETWEEN_TRIES: Duration = Duration::from_millis(1);

/// More than this is no file of ours.
const LARGEST_FILE: u64 = 64 << 10;

/// The format of the file. Releases share a file if each reads what the other leaves
/// out as its default, and ignores what it does not know; else this counts up.
const FORMAT: u32 = 1;

/// A schedule of this process, or of all processes of this user on this host that share a
/// limit. Clones are the same schedule.
#[derive(Clone, Default)]
pub(in crate::ses) struct SharedSchedule {
    /// As this process knows it.
    own: Arc<Mutex<Schedule>>,
    host: Option<Arc<Host>>,
}

/// Where the processes of this host keep a schedule.
struct Host {
    parents: Vec<PathBuf>,
    /// What tells the limit from others; found out once.
    limit: Shared<BoxFuture<'static, String>>,
    /// `None` where nothing can be shared.
    files: OnceCell<Option<Mutex<Files>>>,
}

impl SharedSchedule {
    /// A schedule of this process alone.
    #[cfg(test)]
    pub(in crate::ses) fn of_process() -> Self {
        Self::default()
    }

    /// The schedule of all processes for which `limit` (whatever tells one limit of
    /// SES's from another) comes to the same, in a folder of this user's below the first
    /// of `parents` that lets it. `limit` is awaited once: a process never changes to
    /// another schedule, where its reservations are not known.
    pub(in crate::ses) fn of_host(
        parents: Vec<PathBuf>,
        limit: impl Future<Output = String> + Send + 'static,
    ) -> Self {
        Self {
            own: Arc::default(),
            host: Some(Arc::new(Host {
                parents,
                limit: limit.boxed().shared(),
                files: OnceCell::new(),
            })),
        }
    }

    /// Changes the schedule once no other process does.
    pub(in crate::ses) async fn with<T>(&self, mut change: impl FnMut(&mut Schedule) -> T) -> T {
        if let Some(host) = &self.host {
            host.files.get_or_init(|| host.open()).await;
        }
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
        let mut own = lock(&self.own);
        let files = self.host.as_ref().and_then(|host| host.files.get());
        let Some(Some(files)) = files else {
            return Some(change(&mut own));
        };
        let mut files = lock(files);
        match files.lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return None,
            Err(TryLockError::Error(error)) => {
                tracing::debug!(%error, "cannot lock the schedule of this host");
                return Some(change(&mut own));
            }
        }
        // What could not be written is known to this process alone.
        if !files.is_behind {
            *own = files.read();
        }
        let before = own.clone();
        let done = change(&mut own);
        if *own != before || files.is_behind {
            files.write(&own);
        }
        // Closing the file unlocks it as well.
        let _ = files.lock.unlock();
        Some(done)
    }
}

impl std::fmt::Debug for SharedSchedule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SharedSchedule").finish_non_exhaustive()
    }
}

impl Host {
    async fn open(&self) -> Option<Mutex<Files>> {
        let limit = self.limit.clone().await;
        for parent in &self.parents {
            match Files::open(parent, &limit) {
                Ok(files) => return Some(Mutex::new(files)),
                Err(error) => tracing::warn!(
                    folder = %parent.display(),
                    %error,
                    "cannot share SES's limit with other processes of this host by way of this \
                     folder"
                ),
            }
        }
        None
    }
}

/// The files of one schedule.
struct Files {
    /// Empty; locked by whoever reads and writes the schedule. Never replaced.
    lock: File,
    schedule: PathBuf,
    /// Written in place of the schedule, and then renamed: a full disk must not leave
    /// half a schedule.
    beside: PathBuf,
    /// Whether the last schedule could not be written.
    is_behind: bool,
}

impl Files {
    fn open(parent: &Path, limit: &str) -> io::Result<Self> {
        let folder = private_folder(parent)?;
        let name = format!("schedule-{FORMAT}-{:016x}", fnv1a(limit));
        let file = |ending: &str| folder.join(format!("{name}.{ending}"));
        let lock = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .open(file("lock"))?;
        Ok(Self {
            lock,
            schedule: file("json"),
            beside: file("new"),
            is_behind: false,
        })
    }

    /// The schedule; an empty one where there is none that can be read.
    fn read(&self) -> Schedule {
        let is_ours = |found: &fs::Metadata| found.is_file() && found.len() <= LARGEST_FILE;
        let found = fs::symlink_metadata(&self.schedule).ok().filter(is_ours);
        let text = found.and_then(|_| fs::read(&self.schedule).ok());
        text.and_then(|text| serde_json::from_slice(&text).ok())
            .unwrap_or_default()
    }

    fn write(&mut self, schedule: &Schedule) {
        let written = serde_json::to_vec(schedule)
            .map_err(io::Error::from)
            .and_then(|text| fs::write(&self.beside, text))
            .and_then(|()| fs::rename(&self.beside, &self.schedule));
        if let Err(error) = &written {
            let _ = fs::remove_file(&self.beside);
            if !self.is_behind {
                tracing::warn!(
                    file = %self.schedule.display(),
                    %error,
                    "SES's limit is not shared with other processes of this host until this \
                     file can be written"
                );
            }
        }
        self.is_behind = written.is_err();
    }
}

#[cfg(test)]
mod tests;
