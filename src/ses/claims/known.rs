//! What a process knows: what it has told itself, what the others of its run have told, and
//! what earlier runs have.

use std::collections::HashMap;
use std::path::PathBuf;

use super::folder::RunFolder;
use super::journal::{Journal, Tail};
use super::line::{Line, Says};
use super::register::{Process, Register};
use super::told::Told;

/// What is known, as of the last look.
#[derive(Default)]
pub(super) struct Known {
    pub(super) own: Told,
    /// When the last line was told, in microseconds since the Unix epoch.
    at: u64,
    /// Where it is told to others.
    journal: Option<Journal>,
    others: HashMap<PathBuf, Tail>,
    earlier: Vec<HashMap<PathBuf, Tail>>,
}

impl Known {
    /// From now on what this process tells goes into `journal`, which begins with `first`.
    pub(super) fn joins(&mut self, first: Line, journal: Journal) {
        self.at = first.at;
        self.own.take(first);
        self.journal = Some(journal);
    }

    /// This process tells something `now`, in microseconds since the Unix epoch.
    pub(super) fn tell(&mut self, now: u64, says: Says) {
        self.at = now.max(self.at + 1);
        let line = Line { at: self.at, says };
        if let Some(journal) = &mut self.journal
            && let Err(error) = journal.write(&line)
        {
            tracing::debug!(%error, "other processes of this run do not hear what is set here");
        }
        self.own.take(line);
    }

    /// Hears what the others of the run have told; tells whether anything is new.
    pub(super) fn hear(&mut self, folder: &RunFolder) -> bool {
        let own = self.journal.as_ref().map(Journal::path);
        let mut paths = folder.journals();
        paths.retain(|path| Some(path.as_path()) != own);
        follow(&mut self.others, paths)
    }

    /// Hears what earlier runs have told.
    pub(super) fn hear_earlier(&mut self, folder: &RunFolder) {
        // A run is found again by its journals.
        let mut before = std::mem::take(&mut self.earlier);
        for journals in folder.earlier() {
            let is_known = |run: &HashMap<PathBuf, Tail>| {
                let mut journals = journals.iter();
                journals.any(|journal| run.contains_key(journal))
            };
            let found = before.iter().position(is_known);
            let mut run = found.map_or_else(HashMap::new, |at| before.swap_remove(at));
            follow(&mut run, journals);
            self.earlier.push(run);
        }
    }

    /// The register of all that is known.
    pub(super) fn register(&self) -> Register<'_> {
        let others = self.others.values().map(|tail| Process {
            told: &tail.told,
            lives: tail.lives(),
        });
        let earlier = self.earlier.iter();
        Register {
            own: &self.own,
            others: others.collect(),
            earlier: earlier
                .map(|run| run.values().map(|tail| &tail.told).collect())
                .collect(),
        }
    }

    /// Ends the process, as far as others can see.
    #[cfg(test)]
    pub(super) fn end(&mut self) {
        self.journal = None;
    }
}

/// Follows the journals at `paths`; tells whether anything is new.
fn follow(tails: &mut HashMap<PathBuf, Tail>, paths: Vec<PathBuf>) -> bool {
    for path in paths {
        if !tails.contains_key(&path)
            && let Ok(tail) = Tail::open(&path)
        {
            tails.insert(path, tail);
        }
    }
    let mut news = false;
    for tail in tails.values_mut() {
        news |= tail.follow();
    }
    news
}
