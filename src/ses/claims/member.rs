//! This process as a member of a run of Terraform's: what it tells the other members, and
//! what it knows of them.
//!
//! To tell others is a help, not a need: where no folder can be written, or what started
//! this process is not Terraform, a process knows of its own resources alone.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use tokio::sync::watch;

use super::folder::RunFolder;
use super::journal::{Journal, Tail};
use super::line::{Event, Line, Says, Site};
use super::object::ObjectId;
use super::register::{Process, Register};
use super::run::Run;
use super::told::Told;
use super::whose::Whose;
use crate::ses::limit::Clock;

/// A process as a member of a run. Clones are the same member.
#[derive(Clone)]
pub struct Member(Arc<Shared>);

pub(super) struct Shared {
    /// Where the run's folder may be, and the run; `None`: this process is alone.
    home: Option<Home>,
    /// `None` where there is no folder that can be shared.
    folder: OnceLock<Option<RunFolder>>,
    clock: Clock,
    known: Mutex<Known>,
    /// Counts what this process has told.
    told: watch::Sender<u64>,
    /// Held by whoever asks AWS for the account.
    asking: tokio::sync::Mutex<()>,
    /// Whoever has a call for a site in flight holds its lock.
    in_flight: Mutex<HashMap<Site, Arc<tokio::sync::Mutex<()>>>>,
}

/// Where a run's folder may be: below the first of these that lets it.
struct Home {
    parents: Vec<PathBuf>,
    run: Run,
}

/// What is known of all members.
#[derive(Default)]
struct Known {
    own: Told,
    /// When the last line was told.
    at: u64,
    journal: Option<Journal>,
    others: HashMap<PathBuf, Tail>,
    earlier: Vec<HashMap<PathBuf, Tail>>,
}

impl Member {
    /// A process that shares a run with nobody.
    pub fn alone() -> Self {
        Self::new(None)
    }

    /// A process that was started by Terraform; `parents` are folders below which the
    /// processes of this host may share something, the best first.
    pub fn of_terraform(parents: Vec<PathBuf>) -> Self {
        let run = Run::of_this_process();
        if run.is_none() {
            tracing::debug!("which run of Terraform's this is cannot be told");
        }
        Self::new(run.map(|run| Home { parents, run }))
    }

    /// A process of a run of the test's own.
    #[cfg(test)]
    pub(super) fn of_run(parent: &std::path::Path, number: u64) -> Self {
        Self::new(Some(Home {
            parents: vec![parent.to_owned()],
            run: Run::numbered(number),
        }))
    }

    fn new(home: Option<Home>) -> Self {
        Self(Arc::new(Shared {
            home,
            folder: OnceLock::new(),
            clock: Clock::System,
            known: Mutex::default(),
            told: watch::Sender::new(0),
            asking: tokio::sync::Mutex::default(),
            in_flight: Mutex::default(),
        }))
    }

    pub(super) fn shared(&self) -> &Arc<Shared> {
        &self.0
    }
}

impl std::fmt::Debug for Member {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let folder = self.0.folder.get();
        f.debug_tuple("Member").field(&folder).finish()
    }
}

impl Shared {
    /// Joins the run, once. `settings` tells, in this run, where the credentials come
    /// from. Returns whether it was this call that has joined.
    pub(super) fn join(&self, settings: &str) -> bool {
        let Some(home) = &self.home else {
            return false;
        };
        let mut joined = false;
        self.folder.get_or_init(|| {
            let whose = Whose {
                marks: [Whose::mark(&home.run.name(), settings)].into(),
                ..Whose::default()
            };
            let mut known = self.known();
            let first = self.line(&mut known, Says::Whose(whose));
            let (folder, journal) = RunFolder::join(&home.parents, &home.run, &first)?;
            known.own.take(first);
            known.journal = Some(journal);
            joined = true;
            Some(folder)
        });
        joined
    }

    /// The folder of the run, once it is joined, and if it could be.
    pub(super) fn folder(&self) -> Option<&RunFolder> {
        self.folder.get()?.as_ref()
    }

    /// What tells this run's marks from another's.
    pub(super) fn mark(&self, text: &str) -> String {
        let run = self.home.as_ref().map(|home| home.run.name());
        Whose::mark(&run.unwrap_or_default(), text)
    }

    /// Tells what happens to an object at a site.
    pub(super) fn happens(&self, event: Event, site: &Site, object: &ObjectId) {
        self.tell(Says::Object(event, site.clone(), object.clone()));
    }

    pub(super) fn tell(&self, says: Says) {
        let mut known = self.known();
        let line = self.line(&mut known, says);
        if let Some(journal) = &mut known.journal
            && let Err(error) = journal.write(&line)
        {
            tracing::debug!(%error, "other processes of this run do not hear what is set here");
        }
        known.own.take(line);
        drop(known);
        self.told.send_modify(|count| *count += 1);
    }

    fn line(&self, known: &mut Known, says: Says) -> Line {
        let now = (self.clock.now().as_seconds() * 1e6) as u64;
        known.at = now.max(known.at + 1);
        Line { at: known.at, says }
    }

    /// Counts what this process tells.
    pub(super) fn telling(&self) -> watch::Receiver<u64> {
        self.told.subscribe()
    }

    /// What this process has told so far.
    pub(super) fn own<T>(&self, read: impl FnOnce(&Told) -> T) -> T {
        read(&self.known().own)
    }

    /// Hears what the other members of the run have told; tells whether anything is new.
    pub(super) fn hear(&self) -> bool {
        let Some(folder) = self.folder() else {
            return false;
        };
        let known = &mut *self.known();
        let own = known.journal.as_ref().map(Journal::path);
        let mut paths = folder.journals();
        paths.retain(|path| Some(path.as_path()) != own);
        follow(&mut known.others, paths)
    }

    /// Hears what earlier runs have told.
    fn hear_earlier(&self, known: &mut Known) {
        let Some(folder) = self.folder() else {
            return;
        };
        let runs = folder.earlier();
        // What is known of a run is found again by its journals.
        let mut before = std::mem::take(&mut known.earlier);
        known.earlier = runs
            .into_iter()
            .map(|journals| {
                let is_known = |run: &HashMap<PathBuf, Tail>| {
                    journals.iter().any(|journal| run.contains_key(journal))
                };
                let found = before.iter().position(is_known);
                let mut run = found.map_or_else(HashMap::new, |at| before.swap_remove(at));
                follow(&mut run, journals);
                run
            })
            .collect();
    }

    /// Reads the register of what the members of this run have told, as of the last
    /// [`hear`](Self::hear).
    pub(super) fn register<T>(&self, read: impl FnOnce(&Register<'_>) -> T) -> T {
        read(&register(&self.known()))
    }

    /// The same, with what earlier runs have told where it may matter: about `object`.
    pub(super) fn register_of<T>(
        &self,
        object: &ObjectId,
        read: impl FnOnce(&Register<'_>) -> T,
    ) -> T {
        let mut known = self.known();
        if register(&known).may_be_saved(object) {
            self.hear_earlier(&mut known);
        }
        read(&register(&known))
    }

    /// The right to ask AWS for the account.
    pub(super) async fn asking(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.asking.lock().await
    }

    /// The lock of whoever has a call for `site` in flight in this process.
    pub(super) fn in_flight(&self, site: &Site) -> Arc<tokio::sync::Mutex<()>> {
        let mut all = self
            .in_flight
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        Arc::clone(all.entry(site.clone()).or_default())
    }

    /// Removes what is remembered of earlier runs, and what nobody will ask for.
    pub(super) fn sweep(&self) {
        if let Some(folder) = self.folder() {
            folder.sweep(self.clock.now().as_seconds());
        }
    }

    /// Ends the process, as far as others can see.
    #[cfg(test)]
    pub(super) fn end(&self) {
        self.known().journal = None;
    }

    // What is behind it is valid after every statement.
    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn register(known: &Known) -> Register<'_> {
    let others = known.others.values().map(|tail| Process {
        told: &tail.told,
        lives: tail.lives,
    });
    let earlier = known.earlier.iter();
    Register {
        own: &known.own,
        others: others.collect(),
        earlier: earlier
            .map(|run| run.values().map(|tail| &tail.told).collect())
            .collect(),
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
