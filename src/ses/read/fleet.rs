//! Fleet: what SES holds for all identities of a region, as it comes.
//!
//! A thousand names come with one List, a hundred answers with one Get, and each List and
//! each Get goes out only when somebody asks for what is in it. What holds:
//!
//! 1. What the [memory](super::memory) holds costs nothing; the places of a Get are left to
//!    the names that it does not hold. What comes is remembered, as for a refresh.
//! 2. A fleet asks for one Get at a time, so that a refresh which goes on beside it waits
//!    for one Get more at most.
//! 3. Each List and each Get is tried until a deadline of its own: however many they are,
//!    a fleet that goes on is not given up.
//! 4. Each identity comes once, and an identity that is gone when it is asked about does
//!    not come.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

use super::batch::MOST;
use super::handle::{Freshness, Reader};
use super::sends::Sends;
use super::settled::settled;
use crate::ses::api::{Api, ListPage, MailFrom, SetMailFrom};
use crate::ses::deadline::Deadline;
use crate::ses::error::{Error, Operation, Reach};
use crate::ses::limit::{Backoff, OperationLimiter, RateLimiter};

const LIST: Operation = Operation::ListIdentities;

/// An identity of a fleet.
#[derive(Clone, Debug)]
pub struct Listed {
    /// A domain or an e-mail address, as SES spells it.
    pub name: String,
    /// Its custom MAIL FROM domain; `None`: it has none. An error where SES lists the
    /// identity and does not answer about it.
    pub held: Result<Option<SetMailFrom>, Error>,
}

/// Who reads fleets.
#[derive(Clone)]
pub(in crate::ses) struct FleetReader {
    api: Arc<dyn Api>,
    lists: OperationLimiter,
    reader: Reader,
    sends: Sends,
}

/// The identities of a region that are wanted, and what SES holds for them. Dropped, it
/// calls SES no more.
pub struct Fleet {
    reader: FleetReader,
    /// For each List and each Get, renewed.
    deadline: Deadline,
    wanted: Box<dyn Fn(&str) -> bool + Send + Sync>,
    /// The token of the page to list next, if there is one to list: the first has none.
    page: Option<Option<String>>,
    /// All that were listed.
    listed: HashSet<String>,
    /// Those of them that are wanted, and were not asked about yet.
    names: VecDeque<String>,
    /// Those of them that are not remembered.
    unread: Vec<String>,
}

impl FleetReader {
    pub(in crate::ses) fn new(
        api: Arc<dyn Api>,
        limiter: &RateLimiter,
        reader: Reader,
        sends: Sends,
    ) -> Self {
        Self {
            api,
            lists: limiter.operation(LIST),
            reader,
            sends,
        }
    }

    /// The identities whose names are `wanted`: a List or a Get may take as long as
    /// `deadline`, which does not run yet, says.
    pub(in crate::ses) fn fleet(
        &self,
        deadline: &Deadline,
        wanted: Box<dyn Fn(&str) -> bool + Send + Sync>,
    ) -> Fleet {
        Fleet {
            reader: self.clone(),
            deadline: deadline.clone(),
            wanted,
            page: Some(None),
            listed: HashSet::new(),
            names: VecDeque::new(),
            unread: Vec::new(),
        }
    }

    /// The page behind `token`, or the first (`ListIdentities`). A call that is refused
    /// for its rate keeps its place.
    async fn page(&self, deadline: &Deadline, token: Option<String>) -> Result<ListPage, Error> {
        let ticket = self.lists.ticket();
        let (mut backoff, mut last) = (Backoff::default(), None);
        let interrupted = |interrupted, last: Option<Error>| {
            Error::interrupted(interrupted, LIST, deadline, last.map(Arc::new))
        };
        loop {
            let attempt = async {
                self.api.ready(LIST, deadline).await?;
                let permit = self.lists.permit_for(&ticket, deadline).await;
                let page = self.api.list(&permit.departure(), token.clone()).await;
                permit.answered(&page).await;
                page
            };
            let error = match deadline.bound(attempt).await {
                Ok(Ok(page)) => return Ok(page),
                Ok(Err(error)) => error,
                Err(reason) => return Err(interrupted(reason, last)),
            };
            let Some(pause) = backoff.pause(error.remedy(), fastrand::f64()) else {
                return Err(error);
            };
            last = Some(error);
            if let Err(reason) = deadline.pause(pause).await {
                return Err(interrupted(reason, last));
            }
        }
    }
}

impl Fleet {
    /// Some more of the identities; `None`: these were all. An error where they cannot be
    /// listed or read; calling it again goes on where it broke off.
    pub async fn next(&mut self) -> Result<Option<Vec<Listed>>, Error> {
        loop {
            let remembered = self.gather().await?;
            if !remembered.is_empty() {
                return Ok(Some(remembered));
            }
            if self.unread.is_empty() {
                return Ok(None);
            }
            let read = self.read().await?;
            if !read.is_empty() {
                return Ok(Some(read));
            }
        }
    }

    /// Gathers names that fill a Get, as far as there are any. What is remembered of others
    /// on the way is the answer, and the gathering is not over then.
    async fn gather(&mut self) -> Result<Vec<Listed>, Error> {
        while self.unread.len() < MOST {
            if self.names.is_empty() {
                let Some(token) = self.page.clone() else {
                    break;
                };
                self.list(token).await?;
                continue;
            }
            let some = self.names.len().min(MOST - self.unread.len());
            let names: Vec<String> = self.names.drain(..some).collect();
            let mut remembered = Vec::new();
            for (name, held) in self.reader.reader.recall(names).await? {
                match held {
                    Some(held) if !self.reader.sends.may_be_older(&name, &held) => {
                        remembered.extend(listed(name, Ok(held)));
                    }
                    _ => self.unread.push(name),
                }
            }
            if !remembered.is_empty() {
                return Ok(remembered);
            }
        }
        Ok(Vec::new())
    }

    /// Lists one page.
    async fn list(&mut self, token: Option<String>) -> Result<(), Error> {
        let deadline = self.deadline.renewed();
        let page = self.reader.page(&deadline, token.clone()).await?;
        let ListPage { identities, next } = page;
        if next.is_some() && next == token {
            return Err(Error::NoAnswer {
                operation: LIST,
                reason: "the page says that it is itself the next one".to_owned(),
                reach: Reach::Refused,
            });
        }
        self.page = next.map(Some);
        for name in identities {
            if self.listed.insert(name.clone()) && (self.wanted)(&name) {
                self.names.push_back(name);
            }
        }
        Ok(())
    }

    /// Reads what was gathered.
    async fn read(&mut self) -> Result<Vec<Listed>, Error> {
        let deadline = self.deadline.renewed();
        let FleetReader { reader, sends, .. } = &self.reader;
        let answers = reader.read_all(&deadline, &self.unread, Freshness::Listed);
        let mut answers = answers.await?;
        for (name, answer) in self.unread.iter().zip(&mut answers) {
            if matches!(answer, Ok(held) if sends.may_be_older(name, held)) {
                *answer = settled(reader, sends, &deadline, name, Freshness::Fresh).await;
            }
        }
        // Whether SES does not take this one name, or cannot be read.
        let fails = |error: &&Error| !error.invalid_parameter();
        let mut errors = answers.iter().filter_map(|answer| answer.as_ref().err());
        if let Some(error) = errors.find(fails) {
            return Err(error.clone());
        }
        let names = self.unread.drain(..);
        Ok(names
            .zip(answers)
            .filter_map(|(name, held)| listed(name, held))
            .collect())
    }
}

/// `None`: it is gone.
fn listed(name: String, held: Result<MailFrom, Error>) -> Option<Listed> {
    let held = match held {
        Ok(MailFrom::UnknownIdentity) => return None,
        Ok(MailFrom::Unset) => Ok(None),
        Ok(MailFrom::Set(held)) => Ok(Some(held)),
        Err(error) => Err(error),
    };
    Some(Listed { name, held })
}
