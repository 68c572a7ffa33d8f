//! Reader's task: sends the Gets, and answers who waits for them.
//!
//! - A fresh read is answered from a Get that went out after the read was asked
//!   for: whoever has just set MAIL FROM sees the effect.
//! - A refresh is answered from [memory](super::memory) or from a Get under way where
//!   one holds its identity; otherwise it waits for the next Get.
//! - The free places of a Get are filled with what is likely to be asked for next
//!   (see [`ahead`](super::ahead)).
//! - When a Get fails for a reason that passes, its readers queue again, each
//!   until its own deadline. When SES finds a parameter at fault, the Get is
//!   split in halves, so that one bad identity spoils only its own read.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep};

use super::ahead::ReadAhead;
use super::batch::{Batch, Caller, Gathering, Queue};
use super::handle::{Freshness, Read};
use super::list::page;
use super::memory::Memory;
use super::unhurried::Unhurried;
use crate::mail_from::DomainName;
use crate::ses::api::{Api, ListPage, MailFrom};
use crate::ses::deadline::Deadline;
use crate::ses::error::{Error, Operation};
use crate::ses::limit::{OperationLimiter, Permit, RateLimiter};

pub(super) const GET: Operation = Operation::GetIdentityMailFromDomainAttributes;

/// Terraform asks for ten at a time, but not in the same instant.
const GATHERING: Gathering = Gathering {
    since_last: Duration::from_millis(10),
    since_first: Duration::from_millis(40),
};

/// How long the first Get of a fleet waits for the list to fill it with: a Get
/// of ten costs a second that a Get of a hundred saves.
const AWAIT_LIST: Duration = Duration::from_millis(250);

/// What the task is told.
#[derive(Debug)]
pub(super) enum Message {
    Asked(Vec<Read>),
    /// Asked before, and to be asked for in another Get.
    Queued(Read),
    /// A Set of this identity goes out, or was answered.
    Changed(String),
    /// Somebody wants what is remembered of these, without a Get.
    Recalled {
        names: Vec<String>,
        answer: oneshot::Sender<Vec<(String, Option<MailFrom>)>>,
    },
    Answered(Answered),
    Listed(Option<ListPage>),
}

/// A Get that has ended.
#[derive(Debug)]
pub(super) struct Answered {
    sent: Instant,
    identities: Vec<String>,
    reads: Vec<Read>,
    /// Those of the identities that were read ahead.
    ahead: Vec<String>,
    answer: Result<HashMap<String, MailFrom>, Error>,
}

pub(super) struct Task {
    api: Arc<dyn Api>,
    lists: OperationLimiter,
    /// To the task itself, without keeping it alive.
    outbox: mpsc::WeakUnboundedSender<Message>,
    queue: Queue<Read>,
    /// Reads that wait for others to be asked for before they are queued.
    unhurried: Unhurried,
    memory: Memory,
    ahead: ReadAhead,
    likely: mpsc::UnboundedSender<DomainName>,
    /// The identities of the Gets under way, each with the refreshes that were asked for
    /// since.
    under_way: HashMap<String, Vec<Read>>,
    /// The deadline of the last refresh.
    last_deadline: Option<Deadline>,
    /// Until when the first Get of a fleet waits for the list.
    list_awaited_until: Option<Instant>,
}

impl Task {
    /// Starts a task that ends when the last sender to its inbox is dropped.
    pub(super) fn start(
        api: Arc<dyn Api>,
        limiter: &RateLimiter,
        likely: mpsc::UnboundedSender<DomainName>,
    ) -> mpsc::UnboundedSender<Message> {
        let (inbox, messages) = mpsc::unbounded_channel();
        let task = Self {
            api,
            lists: limiter.operation(Operation::ListIdentities),
            outbox: inbox.downgrade(),
            queue: Queue::new(limiter.operation(GET), GATHERING),
            unhurried: Unhurried::new(limiter.operation(Operation::SetIdentityMailFromDomain)),
            memory: Memory::default(),
            ahead: ReadAhead::default(),
            likely,
            under_way: HashMap::new(),
            last_deadline: None,
            list_awaited_until: None,
        };
        tokio::spawn(task.run(messages));
        inbox
    }

    async fn run(mut self, mut messages: mpsc::UnboundedReceiver<Message>) {
        loop {
            let list = self.list_awaited_until;
            let list = list.filter(|_| self.ahead.waits_for_list());
            tokio::select! {
                // What has been asked for by now goes into the Get that is due.
                biased;
                message = messages.recv() => match message {
                    Some(message) => self.handle(message),
                    None => return,
                },
                () = self.unhurried.due() => {
                    self.unhurried.take().for_each(|read| self.queue.push(read));
                }
                permit = self.queue.permit(list) => self.send(permit),
            }
        }
    }

    fn handle(&mut self, message: Message) {
        match message {
            Message::Asked(reads) => reads.into_iter().for_each(|read| self.asked(read)),
            Message::Queued(read) => self.queue.push(read),
            Message::Changed(identity) => self.memory.changed(&identity, Instant::now()),
            Message::Recalled { names, answer } => {
                let _ = answer.send(self.recalled(names));
            }
            Message::Listed(page) => self.ahead.listed(page),
            Message::Answered(answered) => self.answered(answered),
        }
        for domain in self.ahead.likely(&self.memory, Instant::now()) {
            // Nobody may want to know.
            let _ = self.likely.send(domain);
        }
        if let Some(token) = self.ahead.page() {
            self.list(token);
        }
    }

    /// Lists one page of identities.
    fn list(&mut self, token: Option<String>) {
        if token.is_none() {
            self.list_awaited_until = Some(Instant::now() + AWAIT_LIST);
        }
        let (api, lists) = (Arc::clone(&self.api), self.lists.clone());
        let (outbox, deadline) = (self.outbox.clone(), self.last_deadline.clone());
        tokio::spawn(async move {
            // Nothing new is begun after a stop.
            let page = match deadline {
                Some(deadline) => {
                    let page = page(&*api, &lists, &deadline, token);
                    deadline.bound(page).await.ok().flatten()
                }
                None => None,
            };
            tell(&outbox, Message::Listed(page));
        });
    }

    fn recalled(&self, names: Vec<String>) -> Vec<(String, Option<MailFrom>)> {
        let now = Instant::now();
        let recall = |name: &str| self.memory.recall(name, now).cloned();
        let recalled = names.into_iter().map(|name| {
            let held = recall(&name);
            (name, held)
        });
        recalled.collect()
    }

    fn asked(&mut self, read: Read) {
        if read.is_gone() {
            return;
        }
        if read.freshness == Freshness::Recent {
            let identity = &read.identity;
            let is_remembered = self.memory.recall(identity, Instant::now()).is_some();
            let needs_get = !is_remembered && !self.under_way.contains_key(identity);
            self.memory.asked(identity);
            self.ahead.asked(identity, needs_get);
            self.last_deadline = Some(read.deadline.clone());
        }
        if read.freshness == Freshness::Listed {
            self.ahead.read_by_others(&read.identity);
        }
        self.ask(read);
    }

    /// Answers a refresh from memory, lets it join a Get under way, or queues the read.
    fn ask(&mut self, read: Read) {
        match read.freshness {
            Freshness::Recent | Freshness::Listed => {
                if let Some(mail_from) = self.memory.recall(&read.identity, Instant::now()) {
                    let mail_from = mail_from.clone();
                    return read.answer(Ok(mail_from));
                }
                if let Some(joined) = self.under_way.get_mut(&read.identity) {
                    read.begin();
                    return joined.push(read);
                }
                self.queue.push(read);
            }
            Freshness::Fresh => self.queue.push(read),
            Freshness::AfterSet => self.unhurried.push(read),
        }
    }

    /// Sends one Get with what is waited for, and reads ahead in the free places.
    fn send(&mut self, permit: Permit) {
        self.unhurried.take().for_each(|read| self.queue.push(read));
        let Batch {
            callers: reads,
            names: mut identities,
            room,
        } = self.queue.take_batch();
        if reads.is_empty() {
            return;
        }
        let sent = Instant::now();
        let mut ahead = Vec::new();
        if reads.iter().any(|read| read.freshness == Freshness::Recent) {
            let asked: HashSet<&str> = identities.iter().map(String::as_str).collect();
            let taken = |one: &str| asked.contains(one) || self.under_way.contains_key(one);
            ahead = self.ahead.fill(room, taken, &self.memory, sent);
        }
        identities.extend(ahead.iter().cloned());
        for identity in &identities {
            self.under_way.entry(identity.clone()).or_default();
        }
        let (api, outbox) = (Arc::clone(&self.api), self.outbox.clone());
        tokio::spawn(async move {
            let answer = api.get(&permit.departure(), &identities).await;
            permit.answered(&answer).await;
            if let Err(error) = &answer {
                tracing::debug!(%error, identities = identities.len(), "a Get failed");
            }
            let answered = Answered {
                sent,
                identities,
                reads,
                ahead,
                answer,
            };
            tell(&outbox, Message::Answered(answered));
        });
    }

    fn answered(&mut self, answered: Answered) {
        let Answered {
            sent,
            identities,
            reads,
            ahead,
            answer,
        } = answered;
        let joined = identities
            .iter()
            .filter_map(|one| self.under_way.remove(one));
        let joined: Vec<Read> = joined.flatten().collect();
        match answer {
            Ok(mut answer) => {
                for read in reads {
                    let mail_from = answer.get(&read.identity).cloned();
                    read.answer(Ok(mail_from.unwrap_or(MailFrom::UnknownIdentity)));
                }
                for identity in identities {
                    if !self.memory.knows(&identity) {
                        self.ahead.answered(&identity);
                    }
                    let mail_from = answer.remove(&identity);
                    self.memory.remember(identity, mail_from, sent);
                }
            }
            Err(error) => self.failed(reads, ahead, &error),
        }
        // Answered from what is remembered now, or queued if nothing is.
        joined.into_iter().for_each(|read| self.ask(read));
    }

    /// Sends the readers of a failed Get back to the queue, after a pause, or
    /// tells them the error.
    fn failed(&mut self, reads: Vec<Read>, ahead: Vec<String>, error: &Error) {
        let identities = reads.iter().map(|read| &read.identity);
        let size = identities.collect::<HashSet<_>>().len();
        let at_fault = error.invalid_parameter();
        if at_fault && !ahead.is_empty() {
            tracing::debug!("SES does not take what it has listed: nothing is read ahead any more");
            self.ahead.give_up();
        }
        let split = at_fault && (size > 1 || !ahead.is_empty());
        if !at_fault {
            let unknown = ahead.into_iter().filter(|one| !self.memory.knows(one));
            unknown.for_each(|identity| self.ahead.put_back(identity));
        }
        let jitter = fastrand::f64();
        let mut again = Vec::new();
        for mut read in reads {
            read.failed.send_replace(Some(error.clone()));
            if split {
                read.largest = size.div_ceil(2);
                again.push(read);
                continue;
            }
            match read.backoff.pause(error.remedy(), jitter) {
                None => read.answer(Err(error.clone())),
                Some(Duration::ZERO) => again.push(read),
                Some(pause) => self.queue_after(pause, read),
            }
        }
        self.queue.push_again(again);
    }

    fn queue_after(&self, pause: Duration, read: Read) {
        // Too late for this one: it ends by itself meanwhile.
        let pause = read.deadline.shortened(pause).unwrap_or(pause);
        let outbox = self.outbox.clone();
        tokio::spawn(async move {
            sleep(pause).await;
            tell(&outbox, Message::Queued(read));
        });
    }
}

/// The task may have ended: then there is nobody left to tell.
fn tell(outbox: &mpsc::WeakUnboundedSender<Message>, message: Message) {
    if let Some(outbox) = outbox.upgrade() {
        let _ = outbox.send(message);
    }
}
