//! The reader: what SES holds for many identities, in few Gets.
//!
//! Terraform reads ten resources at a time; SES answers a hundred identities at
//! a time, once a second. One task collects what is asked for while it waits
//! for the permit, fills up the Get with what is likely to be asked for next (see
//! [`read_ahead`](super::read_ahead)), and asks SES for all of it at once.
//!
//! - A fresh read is answered from a Get that went out after the read was asked
//!   for: whoever has just set MAIL FROM sees the effect.
//! - A Get holds at most 100 identities (SES's limit), each once.
//! - A reader that goes away is forgotten; nobody waits for it, or because of it.
//! - When a Get fails for a reason that passes, its readers queue again, each
//!   until its own deadline. When SES finds a parameter at fault, the Get is
//!   split in halves, so that one bad identity spoils only its own read.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{BoxFuture, join_all};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, sleep, sleep_until};

use super::ahead::{ReadAhead, Refresh};
use crate::mail_from::Identity;
use crate::ses::api::{Api, ListPage, MailFrom};
use crate::ses::deadline::Deadline;
use crate::ses::error::{Error, Operation};
use crate::ses::limit::Backoff;
use crate::ses::limit::{OperationLimiter, Permit, RateLimiter};

const GET: Operation = Operation::GetIdentityMailFromDomainAttributes;

/// The most identities that SES takes in one Get.
const MOST: usize = 100;

/// How long a Get waits for more to ask for after the last that was, and after
/// the first: Terraform asks for ten at a time, but not in the same instant.
const GATHER: Duration = Duration::from_millis(10);
const GATHER_AT_MOST: Duration = Duration::from_millis(40);

/// How long the first Get of a fleet waits for the list to fill it with: a Get
/// of ten costs a second that a Get of a hundred saves.
const AWAIT_LIST: Duration = Duration::from_millis(250);

/// How often a list is tried, when it fails for a reason that passes.
const LIST_TRIES: usize = 3;

/// A handle on the reader of one region. The reader ends when the last is dropped.
#[derive(Clone, Debug)]
pub(in crate::ses) struct Reader {
    inbox: mpsc::UnboundedSender<Message>,
}

/// What the task is told.
#[derive(Debug)]
enum Message {
    Wanted(Wanted),
    /// A Set of this identity goes out, or was answered.
    Changed(String),
    Answered(Answered),
    Listed(Option<ListPage>),
}

/// An identity that somebody waits for.
#[derive(Debug)]
struct Wanted {
    identity: String,
    /// Whether only a Get that is sent from now on will do.
    fresh: bool,
    answer: oneshot::Sender<Result<MailFrom, Error>>,
    deadline: Deadline,
    /// Where the error of the last Get goes that is made again.
    failed: watch::Sender<Option<Error>>,
    /// The largest Get that this identity may be asked for in.
    largest: usize,
    backoff: Backoff,
}

/// A Get that has ended.
#[derive(Debug)]
struct Answered {
    sent: Instant,
    batch: Vec<Wanted>,
    ahead: Vec<String>,
    held: Result<HashMap<String, MailFrom>, Error>,
}

impl Reader {
    /// Starts the task; needs a tokio runtime. While a fleet is refreshed, `likely` is
    /// told the MAIL FROM domains that SES holds for what will be asked for soon.
    pub(in crate::ses) fn start(
        api: Arc<dyn Api>,
        limiter: &RateLimiter,
        likely: mpsc::UnboundedSender<String>,
    ) -> Self {
        let (inbox, messages) = mpsc::unbounded_channel();
        let task = Task {
            api,
            gets: limiter.operation(GET),
            lists: limiter.operation(Operation::ListIdentities),
            outbox: inbox.downgrade(),
            queue: VecDeque::new(),
            ahead: ReadAhead::default(),
            likely,
            joined: HashMap::new(),
            first_came: Instant::now(),
            last_came: Instant::now(),
            patience: None,
            list_awaited_until: None,
        };
        tokio::spawn(task.run(messages));
        Self { inbox }
    }

    /// What SES holds for `identity`: `fresh`, from a Get that is sent from now
    /// on, or else perhaps from one that was sent not long ago.
    pub(in crate::ses) async fn read(
        &self,
        deadline: &Deadline,
        identity: &Identity,
        fresh: bool,
    ) -> Result<MailFrom, Error> {
        let (answer, answered) = oneshot::channel();
        let (failed, last) = watch::channel(None);
        let wanted = Wanted {
            identity: identity.as_str().to_owned(),
            fresh,
            answer,
            deadline: deadline.clone(),
            failed,
            largest: MOST,
            backoff: Backoff::default(),
        };
        // A task that has ended drops the question, and with it the answer.
        let _ = self.inbox.send(Message::Wanted(wanted));
        deadline.begin();
        match deadline.bound(answered).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => Err(Error::Settings {
                reason: "the reader of SES has ended, which is a fault of the provider".to_owned(),
            }),
            Err(interrupted) => {
                let last = last.borrow().clone().map(Arc::new);
                Err(Error::interrupted(interrupted, GET, deadline, last))
            }
        }
    }

    /// A Set of `identity` goes out, or was answered: what was read before is of
    /// no use any more.
    pub(in crate::ses) fn changed(&self, identity: &str) {
        let _ = self.inbox.send(Message::Changed(identity.to_owned()));
    }
}

struct Task {
    api: Arc<dyn Api>,
    gets: OperationLimiter,
    lists: OperationLimiter,
    /// To the task itself, without keeping it alive.
    outbox: mpsc::WeakUnboundedSender<Message>,
    queue: VecDeque<Wanted>,
    ahead: ReadAhead,
    likely: mpsc::UnboundedSender<String>,
    /// Who waits for an identity that is read ahead in a Get under way.
    joined: HashMap<String, Vec<Wanted>>,
    /// When the first and the last of those in the queue came.
    first_came: Instant,
    last_came: Instant,
    /// The deadline of the last refresh.
    patience: Option<Deadline>,
    /// Until when the first Get of a fleet waits for the list.
    list_awaited_until: Option<Instant>,
}

impl Task {
    async fn run(mut self, mut messages: mpsc::UnboundedReceiver<Message>) {
        let mut coming: Option<BoxFuture<'static, Permit>> = None;
        let mut permit: Option<Permit> = None;
        loop {
            if self.queue.is_empty() {
                // Leave the limiter's queue.
                (coming, permit) = (None, None);
            } else if coming.is_none() && permit.is_none() {
                let limiter = self.gets.clone();
                coming = Some(Box::pin(async move { limiter.permit().await }));
            }
            let ready = self.ready();
            tokio::select! {
                // What has been asked for by now goes into the Get that is due.
                biased;
                message = messages.recv() => match message {
                    Some(message) => self.handle(message),
                    None => return,
                },
                come = async { coming.as_mut()?.await.into() }, if coming.is_some() => {
                    (coming, permit) = (None, come);
                }
                // Nobody waits any more: others of this host may have the permit.
                () = abandoned(&mut self.queue), if coming.is_some() => self.queue.clear(),
                () = sleep_until(ready), if permit.is_some() => {
                    if let Some(permit) = permit.take() {
                        self.send(permit);
                    }
                }
            }
        }
    }

    /// When the Get that is due may go out.
    fn ready(&self) -> Instant {
        let gathered = (self.last_came + GATHER).min(self.first_came + GATHER_AT_MOST);
        match self.list_awaited_until {
            Some(until) if self.ahead.waits_for_list() => until.max(gathered),
            _ => gathered,
        }
    }

    fn handle(&mut self, message: Message) {
        match message {
            Message::Wanted(wanted) => self.want(wanted),
            Message::Changed(identity) => self.ahead.changed(&identity, Instant::now()),
            Message::Listed(page) => self.ahead.listed(page),
            Message::Answered(answered) => self.answered(answered),
        }
        for domain in self.ahead.likely() {
            // Nobody may want to know.
            let _ = self.likely.send(domain);
        }
        if let Some(token) = self.ahead.page() {
            if token.is_none() {
                self.list_awaited_until = Some(Instant::now() + AWAIT_LIST);
            }
            let (api, lists) = (Arc::clone(&self.api), self.lists.clone());
            let (outbox, deadline) = (self.outbox.clone(), self.patience.clone());
            tokio::spawn(async move {
                let list = list(&*api, &lists, token);
                // Nothing new is begun after a stop.
                let page = match deadline {
                    Some(deadline) => deadline.bound(list).await.ok().flatten(),
                    None => None,
                };
                tell(&outbox, Message::Listed(page));
            });
        }
    }

    fn want(&mut self, wanted: Wanted) {
        if wanted.answer.is_closed() {
            return;
        }
        if !wanted.fresh {
            self.patience = Some(wanted.deadline.clone());
            match self.ahead.refresh(&wanted.identity, Instant::now()) {
                Refresh::Ask => {}
                Refresh::Held(mail_from) => {
                    let _ = wanted.answer.send(Ok(mail_from));
                    return;
                }
                Refresh::UnderWay => {
                    let identity = wanted.identity.clone();
                    self.joined.entry(identity).or_default().push(wanted);
                    return;
                }
            }
        }
        self.last_came = Instant::now();
        if self.queue.is_empty() {
            self.first_came = self.last_came;
        }
        self.queue.push_back(wanted);
    }

    /// Sends one Get with what is waited for, and reads ahead in the free places.
    fn send(&mut self, permit: Permit) {
        let (batch, room) = next_batch(&mut self.queue);
        if batch.is_empty() {
            return;
        }
        let mut asked = HashSet::new();
        let names = batch.iter().map(|wanted| wanted.identity.as_str());
        let once = names.filter(|name| asked.insert(*name)).map(str::to_owned);
        let mut identities: Vec<String> = once.collect();
        let ahead = self.ahead.fill(room, &asked, Instant::now());
        identities.extend(ahead.iter().cloned());
        let (api, outbox) = (Arc::clone(&self.api), self.outbox.clone());
        let sent = Instant::now();
        tokio::spawn(async move {
            let held = api.get(&permit.departure(), &identities).await;
            permit.answered(&held).await;
            if let Err(error) = &held {
                tracing::debug!(%error, identities = identities.len(), "a Get failed");
            }
            let answered = Answered {
                sent,
                batch,
                ahead,
                held,
            };
            tell(&outbox, Message::Answered(answered));
        });
    }

    fn answered(&mut self, answered: Answered) {
        let Answered {
            sent,
            batch,
            ahead,
            held,
        } = answered;
        let mut held = match held {
            Ok(held) => held,
            Err(error) => return self.failed(batch, ahead, &error),
        };
        for wanted in batch {
            let mail_from = held.get(&wanted.identity).cloned();
            // A reader that has gone away is nothing to mind.
            let _ = wanted
                .answer
                .send(Ok(mail_from.unwrap_or(MailFrom::UnknownIdentity)));
        }
        for identity in ahead {
            let joined = self.joined.remove(&identity).unwrap_or_default();
            let mail_from = held.remove(&identity);
            self.ahead.hold(identity, mail_from, sent);
            // Answered from what is held now, or queued if nothing is.
            joined.into_iter().for_each(|wanted| self.want(wanted));
        }
    }

    /// Sends the readers of a failed Get back to the queue, after a pause, or
    /// tells them the error.
    fn failed(&mut self, batch: Vec<Wanted>, ahead: Vec<String>, error: &Error) {
        let size = batch
            .iter()
            .map(|wanted| &wanted.identity)
            .collect::<HashSet<_>>()
            .len();
        let at_fault = error.invalid_parameter();
        if at_fault && !ahead.is_empty() {
            tracing::debug!("SES does not take what it has listed: nothing is read ahead any more");
            self.ahead.give_up();
        }
        let again = at_fault && (size > 1 || !ahead.is_empty());
        let mut joined = Vec::new();
        for identity in ahead {
            joined.extend(self.joined.remove(&identity).unwrap_or_default());
            if !at_fault {
                self.ahead.put_back(identity);
            }
        }
        joined.into_iter().for_each(|wanted| self.want(wanted));
        let jitter = fastrand::f64();
        for mut wanted in batch {
            wanted.failed.send_replace(Some(error.clone()));
            if again {
                wanted.largest = size.div_ceil(2);
                self.queue.push_back(wanted);
                continue;
            }
            let Some(pause) = wanted.backoff.pause(error.remedy(), jitter) else {
                let _ = wanted.answer.send(Err(error.clone()));
                continue;
            };
            if pause.is_zero() {
                self.queue.push_back(wanted);
                continue;
            }
            // Too late for this one: it ends by itself meanwhile.
            let pause = wanted.deadline.shortened(pause).unwrap_or(pause);
            let outbox = self.outbox.clone();
            tokio::spawn(async move {
                sleep(pause).await;
                tell(&outbox, Message::Wanted(wanted));
            });
        }
    }
}

/// Completes when all of those who wait have gone away.
async fn abandoned(queue: &mut VecDeque<Wanted>) {
    join_all(queue.iter_mut().map(|wanted| wanted.answer.closed())).await;
}

/// Takes from the front of the queue what fits into one Get: at most [`MOST`]
/// identities, and no more than each of them allows. Whoever waits for an
/// identity that is in it already comes along. Who has gone away is dropped.
/// Returns how much room is left as well.
fn next_batch(queue: &mut VecDeque<Wanted>) -> (Vec<Wanted>, usize) {
    let mut largest = MOST;
    let mut identities = HashSet::new();
    let mut batch = Vec::new();
    let mut rest = VecDeque::new();
    while let Some(wanted) = queue.pop_front() {
        if wanted.answer.is_closed() {
            continue;
        }
        let joins = identities.contains(&wanted.identity);
        if joins || identities.len() < largest.min(wanted.largest) {
            largest = largest.min(wanted.largest);
            identities.insert(wanted.identity.clone());
            batch.push(wanted);
        } else {
            rest.push_back(wanted);
        }
    }
    *queue = rest;
    // A Get that is split to find a fault is not filled up.
    let room = if largest == MOST {
        MOST - identities.len()
    } else {
        0
    };
    (batch, room)
}

/// One page of the list of identities; `None` where it cannot be had.
async fn list(api: &dyn Api, lists: &OperationLimiter, token: Option<String>) -> Option<ListPage> {
    let mut backoff = Backoff::default();
    for _ in 0..LIST_TRIES {
        let permit = lists.permit().await;
        let page = api.list(&permit.departure(), token.clone()).await;
        permit.answered(&page).await;
        let error = match page {
            Ok(page) => return Some(page),
            Err(error) => error,
        };
        tracing::debug!(%error, "could not list identities to read ahead");
        sleep(backoff.pause(error.remedy(), fastrand::f64())?).await;
    }
    None
}

/// The task may have ended: then there is nobody left to tell.
fn tell(outbox: &mpsc::WeakUnboundedSender<Message>, message: Message) {
    if let Some(outbox) = outbox.upgrade() {
        let _ = outbox.send(message);
    }
}

#[cfg(test)]
mod tests;
