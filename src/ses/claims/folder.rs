//! The folder of a run, and those of earlier runs beside it.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use super::journal::{Journal, journals};
use super::line::{Line, Site};
use super::run::{Parent, Run};
use crate::ses::host_folder::{fnv1a, private_folder};
use crate::ses::limit::UnixTime;

/// Is in the folder of a run in which a plan destroys something: such a plan may be
/// saved, and applied by another run.
const PLANNED: &str = "destroys";

/// How long a run is remembered whose plan may yet be applied, in seconds.
const REMEMBERED: f64 = 7.0 * 24.0 * 3600.0;

/// How much of earlier runs is remembered at most.
const MOST_RUNS: usize = 200;
const MOST_BYTES: u64 = 32 << 20;

/// The folder of a run.
#[derive(Clone, Debug)]
pub(super) struct RunFolder {
    /// This user's, with a folder for each run.
    user: PathBuf,
    run: Run,
}

impl RunFolder {
    /// The folder of `run` below the first of `parents` that lets this process write a
    /// journal there, which begins with `first`.
    pub(super) fn join(parents: &[PathBuf], run: &Run, first: &Line) -> Option<(Self, Journal)> {
        parents.iter().find_map(|parent| {
            let joined = Self::try_join(parent, run, first);
            joined
                .inspect_err(|error| {
                    tracing::debug!(
                        folder = %parent.display(),
                        %error,
                        "cannot tell other processes of this run by way of this folder what is \
                         set here"
                    );
                })
                .ok()
        })
    }

    fn try_join(parent: &Path, run: &Run, first: &Line) -> io::Result<(Self, Journal)> {
        let folder = Self {
            user: private_folder(parent)?,
            run: run.clone(),
        };
        match fs::create_dir(folder.path()) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
        let journal = Journal::create(&folder.path(), first)?;
        Ok((folder, journal))
    }

    fn path(&self) -> PathBuf {
        self.user.join(self.run.name())
    }

    /// The journals of the run.
    pub(super) fn journals(&self) -> Vec<PathBuf> {
        journals(&self.path())
    }

    /// A plan of this run destroys something.
    pub(super) fn destroys(&self) {
        if let Err(error) = File::create(self.path().join(PLANNED)) {
            tracing::debug!(%error, "cannot note that a plan destroys something");
        }
    }

    /// The journals of each other run in which a plan destroys something.
    pub(super) fn earlier(&self) -> Vec<Vec<PathBuf>> {
        let others = self.other_runs().into_iter();
        let planned = others.filter(|other| other.path().join(PLANNED).exists());
        planned.map(|other| other.journals()).collect()
    }

    fn other_runs(&self) -> Vec<Self> {
        let entries = fs::read_dir(&self.user).into_iter().flatten().flatten();
        let runs = entries.filter_map(|entry| Run::parse(entry.file_name().to_str()?));
        let others = runs.filter(|run| *run != self.run);
        others
            .map(|run| Self {
                user: self.user.clone(),
                run,
            })
            .collect()
    }

    /// Removes what nobody will ask for: runs that have ended and whose plan was not
    /// saved, and those that have ended long ago.
    pub(super) fn sweep(&self, now: UnixTime) {
        let others = self.other_runs().into_iter();
        let ended = others.filter(|other| other.run.parent() != Parent::Runs);
        let ended = ended.map(|other| {
            let age = now.as_seconds() - other.last_joined();
            (other, age)
        });
        let (mut kept, swept): (Vec<_>, Vec<_>) = ended.partition(|(other, age)| {
            let is_saved = other.path().join(PLANNED).exists();
            let may_run = other.run.parent() == Parent::Elsewhere;
            (is_saved || may_run) && *age < REMEMBERED
        });
        kept.sort_by(|(_, one), (_, other)| one.total_cmp(other));
        let mut bytes = 0;
        let too_much = kept.into_iter().enumerate().filter(|(number, (run, _))| {
            bytes += run.size();
            *number >= MOST_RUNS || bytes > MOST_BYTES
        });
        let too_much: Vec<_> = too_much.map(|(_, run)| run).collect();
        for (run, _) in swept.into_iter().chain(too_much) {
            if let Err(error) = fs::remove_dir_all(run.path()) {
                tracing::debug!(%error, "cannot remove what is known of an earlier run");
            }
        }
    }

    /// When a process last joined the run, in seconds since the epoch.
    fn last_joined(&self) -> f64 {
        let changed = fs::metadata(self.path()).and_then(|found| found.modified());
        let since = changed.map(|changed| changed.duration_since(UNIX_EPOCH));
        since.map_or(0.0, |since| since.map_or(0.0, |since| since.as_secs_f64()))
    }

    fn size(&self) -> u64 {
        let sizes = self.journals().into_iter().map(fs::metadata);
        sizes
            .map(|found| found.map_or(0, |found| found.len()))
            .sum()
    }

    /// Where the right to have a call in flight for `site` is locked.
    pub(super) fn lock(&self, site: &Site) -> PathBuf {
        let name = format!("in-flight-{:016x}", fnv1a(&format!("{site:?}")));
        self.path().join(name)
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::super::line::Says;
    use super::super::whose::Whose;
    use super::*;

    const DAY: f64 = 24.0 * 3600.0;

    fn join(parent: &Path, run: &Run) -> (RunFolder, Journal) {
        let first = Line {
            at: 1,
            says: Says::Whose(Whose::default()),
        };
        RunFolder::join(&[parent.to_owned()], run, &first).unwrap()
    }

    /// A run that nobody takes part in any more, and which was joined so long ago.
    fn ended(parent: &Path, number: u64, is_planned: bool, age: f64) -> RunFolder {
        let (folder, journal) = join(parent, &Run::numbered(number));
        drop(journal);
        if is_planned {
            folder.destroys();
        }
        let joined = UNIX_EPOCH + Duration::from_secs_f64(NOW - age);
        File::open(folder.path())
            .and_then(|folder| folder.set_modified(joined))
            .unwrap();
        folder
    }

    /// Some time that the sweeps of these tests take for now, in seconds.
    const NOW: f64 = 2e9;

    #[test]
    fn runs_are_forgotten_once_nobody_can_apply_their_plans() {
        let parent = tempfile::tempdir().unwrap();
        let applied = ended(parent.path(), 1, false, 0.0);
        let saved = ended(parent.path(), 2, true, 6.9 * DAY);
        let old = ended(parent.path(), 3, true, 7.1 * DAY);
        let elsewhere = |number, age| {
            let run = Run::elsewhere(number);
            let (folder, _) = join(parent.path(), &run);
            let joined = UNIX_EPOCH + Duration::from_secs_f64(NOW - age);
            let file = File::open(folder.path()).unwrap();
            file.set_modified(joined).unwrap();
            folder
        };
        let container = elsewhere(4, 6.9 * DAY);
        let old_container = elsewhere(5, 7.1 * DAY);
        let (sweeping, _journal) = join(parent.path(), &Run::numbered(6));
        sweeping.sweep(UnixTime::from_seconds(NOW));
        for (run, is_left) in [
            (&applied, false),
            (&saved, true),
            (&old, false),
            (&container, true),
            (&old_container, false),
            (&sweeping, true),
        ] {
            assert_eq!(run.path().exists(), is_left, "{run:?}");
        }
        assert_eq!(sweeping.earlier(), [saved.journals()]);
    }

    #[cfg(unix)]
    #[test]
    fn a_run_whose_terraform_lives_is_not_forgotten() {
        let parent = tempfile::tempdir().unwrap();
        let (running, _) = join(parent.path(), &Run::of_this_process().unwrap());
        let (sweeping, _journal) = join(parent.path(), &Run::numbered(1));
        sweeping.sweep(UnixTime::from_seconds(NOW + 100.0 * DAY));
        assert!(running.path().exists());
    }

    #[test]
    fn only_so_much_is_remembered_and_the_latest_of_it() {
        let parent = tempfile::tempdir().unwrap();
        let runs: Vec<_> = (0..MOST_RUNS as u64 + 3)
            .map(|number| ended(parent.path(), number, true, number as f64))
            .collect();
        // Large, but not for the disk.
        let large = &runs[100].journals()[0];
        let file = File::options().write(true).open(large).unwrap();
        file.set_len(MOST_BYTES).unwrap();
        file.set_modified(SystemTime::UNIX_EPOCH).unwrap();
        let (sweeping, _journal) = join(parent.path(), &Run::numbered(u64::MAX));
        sweeping.sweep(UnixTime::from_seconds(NOW));
        let left: Vec<_> = runs.iter().map(|run| run.path().exists()).collect();
        let expected: Vec<_> = (0..runs.len()).map(|number| number < 100).collect();
        assert_eq!(left, expected);
    }
}
