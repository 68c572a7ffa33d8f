//! This process as a member of a run of Terraform's: what it tells the other members, and
//! what it knows of them.
//!
//! To tell others is a help, not a need: where no folder can be written, or what started
//! this process is not Terraform, a process knows of its own resources alone.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock, PoisonError};
use std::time::Duration;

use tokio::sync::{Mutex, MutexGuard, watch};
use tokio::time::Instant;

use super::folder::RunFolder;
use super::known::Known;
use super::line::{Event, Line, Says, Site};
use super::object::ObjectId;
use super::register::Register;
use super::run::Run;
use super::told::Told;
use super::watch::{make_known, watch};
use super::whose::Whose;
use crate::ses::aws::Connection;
use crate::ses::caller::Caller;
use crate::ses::deadline::Deadline;
use crate::ses::limit::Clock;

/// A process as a member of a run. Clones are the same member.
#[derive(Clone)]
pub struct Member(Arc<Shared>);

pub(super) struct Shared {
    /// Where the run's folder may be, and the run; `None`: this process is alone.
    home: Option<Home>,
    /// `None` where there is no folder that can be shared.
    folder: OnceLock<Option<RunFolder>>,
    /// When this process began.
    began: Instant,
    /// Who makes the calls of this process.
    caller: OnceLock<Arc<dyn Caller>>,
    clock: Clock,
    known: std::sync::Mutex<Known>,
    /// Counts what this process has told.
    told: watch::Sender<u64>,
    /// Held by whoever asks AWS for the account: when that last failed, and why.
    asking: Mutex<Option<Failure>>,
    /// Whoever has a call for a site in flight holds its lock.
    in_flight: std::sync::Mutex<HashMap<Site, Arc<Mutex<()>>>>,
}

/// When AWS has not told the account, and why: a clause.
pub(super) type Failure = (Instant, String);

/// Where a run's folder may be: below the first of these that lets it.
struct Home {
    parents: Vec<PathBuf>,
    run: Run,
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
            began: Instant::now(),
            caller: OnceLock::new(),
            clock: Clock::System,
            known: std::sync::Mutex::default(),
            told: watch::Sender::new(0),
            asking: Mutex::default(),
            in_flight: std::sync::Mutex::default(),
        }))
    }

    /// Joins the run, once; `connection` says whose the calls of this process are. Needs a
    /// tokio runtime.
    pub fn join(&self, connection: &Connection) {
        self.join_as(Arc::new(connection.clone()));
    }

    pub(super) fn join_as(&self, caller: Arc<dyn Caller>) {
        if self.0.join(&caller.settings()) {
            let caller = self.0.caller.get_or_init(|| caller);
            let member = Arc::downgrade(&self.0);
            tokio::spawn(watch(member, Arc::clone(caller)));
        }
    }

    /// Waits until others can know whose account this is, if somebody has to know it by
    /// what was planned: Terraform may end this process without another call.
    pub async fn make_known(&self, deadline: &Deadline) {
        let _ = deadline.bound(make_known(&self.0)).await;
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
    /// Opens the run's journals, once. `settings` tells, in this run, where the
    /// credentials come from. Returns whether this process has just joined.
    fn join(&self, settings: &str) -> bool {
        let mut joined = false;
        self.folder.get_or_init(|| {
            let home = self.home.as_ref()?;
            let whose = Whose {
                marks: [self.mark(settings)].into(),
                ..Whose::default()
            };
            let first = Line {
                at: self.now(),
                says: Says::Whose(whose),
            };
            let (folder, journal) = RunFolder::join(&home.parents, &home.run, &first)?;
            self.known().joins(first, journal);
            joined = true;
            Some(folder)
        });
        joined
    }

    /// Who makes the calls of this process.
    pub(super) fn caller(&self) -> Option<&dyn Caller> {
        Some(self.caller.get()?.as_ref())
    }

    /// How long this process runs.
    pub(super) fn age(&self) -> Duration {
        self.began.elapsed()
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
        let now = self.now();
        self.known().tell(now, says);
        self.told.send_modify(|count| *count += 1);
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
        let folder = self.folder();
        folder.is_some_and(|folder| self.known().hear(folder))
    }

    /// Reads the register of what the members of this run have told, as of the last
    /// [`hear`](Self::hear).
    pub(super) fn register<T>(&self, read: impl FnOnce(&Register<'_>) -> T) -> T {
        read(&self.known().register())
    }

    /// The same, with what earlier runs have told where it may matter: about `object`.
    pub(super) fn register_of<T>(
        &self,
        object: &ObjectId,
        read: impl FnOnce(&Register<'_>) -> T,
    ) -> T {
        let mut known = self.known();
        if let Some(folder) = self.folder()
            && known.register().may_be_saved(object)
        {
            known.hear_earlier(folder);
        }
        read(&known.register())
    }

    /// The right to ask AWS for the account, and how it last failed.
    pub(super) async fn asking(&self) -> MutexGuard<'_, Option<Failure>> {
        self.asking.lock().await
    }

    /// The lock of whoever has a call for `site` in flight in this process.
    pub(super) fn in_flight(&self, site: &Site) -> Arc<Mutex<()>> {
        let mut all = self
            .in_flight
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        Arc::clone(all.entry(site.clone()).or_default())
    }

    /// Removes what is remembered of earlier runs, and what nobody will ask for.
    pub(super) fn sweep(&self) {
        if let Some(folder) = self.folder() {
            folder.sweep(self.clock.now());
        }
    }

    /// Ends the process, as far as others can see.
    #[cfg(test)]
    pub(super) fn end(&self) {
        self.known().end();
    }

    /// In microseconds since the Unix epoch.
    fn now(&self) -> u64 {
        (self.clock.now().as_seconds() * 1e6) as u64
    }

    // What is behind it is valid after every statement.
    fn known(&self) -> std::sync::MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
