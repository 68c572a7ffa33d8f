//! Reader: what SES holds for many identities, in few Gets.
//!
//! This is the handle that callers read by. The [task](super::task) behind it gathers
//! what they ask for into Gets of up to a hundred identities.

use std::sync::Arc;

use futures_util::future::join_all;
use tokio::sync::{mpsc, oneshot, watch};

use super::batch::{Caller, MOST};
use super::task::{GET, Message, Task};
use crate::mail_from::DomainName;
use crate::ses::api::{Api, MailFrom};
use crate::ses::deadline::Deadline;
use crate::ses::error::Error;
use crate::ses::limit::{Backoff, RateLimiter};

const ENDED: Error = Error::Internal {
    what: "the reader of SES has ended",
};

/// A handle on the reader of one region. The reader ends when the last is dropped.
#[derive(Clone)]
pub(in crate::ses) struct Reader {
    api: Arc<dyn Api>,
    inbox: mpsc::UnboundedSender<Message>,
}

impl Reader {
    /// Starts the task; needs a tokio runtime. While a fleet is refreshed, `likely` is
    /// told the MAIL FROM domains that SES holds for what will be asked for soon.
    pub(in crate::ses) fn start(
        api: Arc<dyn Api>,
        limiter: &RateLimiter,
        likely: mpsc::UnboundedSender<DomainName>,
    ) -> Self {
        Self {
            inbox: Task::start(Arc::clone(&api), limiter, likely),
            api,
        }
    }

    /// What SES holds for the identity `name`. `deadline` begins when no other read has waited
    /// for longer, or when the first Get for this one goes out.
    pub(in crate::ses) async fn read(
        &self,
        deadline: &Deadline,
        name: impl AsRef<str>,
        freshness: Freshness,
    ) -> Result<MailFrom, Error> {
        self.api.ready(GET, deadline).await?;
        let (read, answer) = asked(deadline, name.as_ref(), freshness);
        // A task that has ended drops the question, and with it the answer.
        let _ = self.inbox.send(Message::Asked(vec![read]));
        answer.wait(deadline).await
    }

    /// As [`read`](Self::read), of several that are asked for at once: as many as a Get
    /// holds go out in one.
    pub(super) async fn read_all(
        &self,
        deadline: &Deadline,
        names: &[String],
        freshness: Freshness,
    ) -> Result<Vec<Result<MailFrom, Error>>, Error> {
        self.api.ready(GET, deadline).await?;
        let asked = names.iter().map(|name| asked(deadline, name, freshness));
        let (reads, answers): (Vec<_>, Vec<_>) = asked.unzip();
        let _ = self.inbox.send(Message::Asked(reads));
        let answers = answers.into_iter().map(|answer| answer.wait(deadline));
        Ok(join_all(answers).await)
    }

    /// What is remembered of each of `names` and good enough for a refresh.
    pub(super) async fn recall(
        &self,
        names: Vec<String>,
    ) -> Result<Vec<(String, Option<MailFrom>)>, Error> {
        let (answer, answered) = oneshot::channel();
        let _ = self.inbox.send(Message::Recalled { names, answer });
        answered.await.map_err(|_| ENDED)
    }

    /// A Set of `identity` goes out, or was answered: what was read before is of
    /// no use any more.
    pub(in crate::ses) fn changed(&self, identity: &str) {
        let _ = self.inbox.send(Message::Changed(identity.to_owned()));
    }
}

/// A question for the task, and where its answer comes.
fn asked(deadline: &Deadline, name: &str, freshness: Freshness) -> (Read, Answer) {
    let (answer, answered) = oneshot::channel();
    let (failed, last) = watch::channel(None);
    let read = Read {
        identity: name.to_owned(),
        freshness,
        deadline: deadline.clone(),
        answer,
        failed,
        largest: MOST,
        backoff: Backoff::default(),
    };
    (read, Answer { answered, last })
}

/// The answer to a read that was asked for.
struct Answer {
    answered: oneshot::Receiver<Result<MailFrom, Error>>,
    /// The error of the last Get that is made again.
    last: watch::Receiver<Option<Error>>,
}

impl Answer {
    async fn wait(self, deadline: &Deadline) -> Result<MailFrom, Error> {
        match deadline.bound(self.answered).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => Err(ENDED),
            Err(interrupted) => {
                let last = self.last.borrow().clone().map(Arc::new);
                Err(Error::interrupted(interrupted, GET, deadline, last))
            }
        }
    }
}

/// Which Get will do for a read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::ses) enum Freshness {
    /// One that was sent not long ago: for a refresh.
    Recent,
    /// The same, for whoever lists the identities and reads them all: it says nothing about
    /// what a refresh will ask for.
    Listed,
    /// One that is sent from now on.
    Fresh,
    /// The same, and there is no hurry: others who set will ask soon.
    AfterSet,
}

/// Somebody who waits for what SES holds for an identity.
#[derive(Debug)]
pub(super) struct Read {
    pub(super) identity: String,
    pub(super) freshness: Freshness,
    pub(super) deadline: Deadline,
    answer: oneshot::Sender<Result<MailFrom, Error>>,
    /// Where the error of the last Get goes that is made again.
    pub(super) failed: watch::Sender<Option<Error>>,
    /// The largest Get that this identity may be asked for in.
    pub(super) largest: usize,
    pub(super) backoff: Backoff,
}

impl Read {
    /// Whoever has gone away does not mind.
    pub(super) fn answer(self, answer: Result<MailFrom, Error>) {
        let _ = self.answer.send(answer);
    }
}

impl Caller for Read {
    fn name(&self) -> &str {
        &self.identity
    }

    fn largest(&self) -> usize {
        self.largest
    }

    fn is_gone(&self) -> bool {
        self.answer.is_closed()
    }

    async fn gone(&mut self) {
        self.answer.closed().await;
    }

    fn begin(&self) {
        self.deadline.begin();
    }
}
