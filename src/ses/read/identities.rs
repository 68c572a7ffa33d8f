//! Identity reader: which names are identities, for warnings at plan.
//!
//! Nothing depends on its answers, so it is simple where the [reader](super::Reader) is
//! patient: each name is asked about once, no Get is tried again, and after an error
//! that will stay none is sent any more.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use super::batch::{Batch, Caller, Gathering, Queue};
use crate::mail_from::DomainName;
use crate::ses::api::Api;
use crate::ses::deadline::Deadline;
use crate::ses::error::{Error, Operation, Remedy};
use crate::ses::limit::{Permit, RateLimiter};

const GET: Operation = Operation::GetIdentityVerificationAttributes;

/// Terraform plans ten resources at a time, but not in the same instant.
const GATHERING: Gathering = Gathering {
    since_last: Duration::from_millis(50),
    since_first: Duration::from_millis(50),
};

type Answer = Result<bool, Error>;

/// A handle on the identity reader of one region, which ends when the last is dropped.
#[derive(Clone)]
pub(in crate::ses) struct IdentityReader {
    api: Arc<dyn Api>,
    inbox: mpsc::UnboundedSender<Question>,
}

/// Somebody who waits for whether a name is an identity.
#[derive(Debug)]
struct Question {
    name: String,
    answer: oneshot::Sender<Answer>,
}

impl Question {
    /// Whoever has gone away does not mind.
    fn answer(self, answer: Answer) {
        let _ = self.answer.send(answer);
    }
}

impl Caller for Question {
    fn name(&self) -> &str {
        &self.name
    }

    fn is_gone(&self) -> bool {
        self.answer.is_closed()
    }

    async fn gone(&mut self) {
        self.answer.closed().await;
    }
}

impl IdentityReader {
    /// Starts the task; needs a tokio runtime.
    pub(in crate::ses) fn start(api: Arc<dyn Api>, limiter: &RateLimiter) -> Self {
        let (inbox, questions) = mpsc::unbounded_channel();
        let task = Task {
            api: Arc::clone(&api),
            queue: Queue::new(limiter.operation(GET), GATHERING),
            memory: Memory::default(),
        };
        tokio::spawn(task.run(questions));
        Self { api, inbox }
    }

    /// Whether `domain` is itself an identity, verified or not.
    pub(in crate::ses) async fn is_identity(&self, domain: &DomainName) -> Answer {
        let unbounded = Deadline::for_advice(Duration::MAX, CancellationToken::new());
        self.api.ready(GET, &unbounded).await?;
        let (answer, answered) = oneshot::channel();
        let name = domain.as_str().to_owned();
        // A task that has ended drops the question, and with it the answer.
        let _ = self.inbox.send(Question { name, answer });
        answered.await.unwrap_or(Err(Error::Internal {
            what: "the reader of identities has ended",
        }))
    }
}

/// What was answered before.
#[derive(Debug, Default)]
struct Memory {
    is_identity: HashMap<String, bool>,
    /// An error that every other Get would meet as well.
    lasting: Option<Error>,
}

impl Memory {
    fn answer(&self, name: &str) -> Option<Answer> {
        let known = self.is_identity.get(name);
        let known = known.map(|is_identity| Ok(*is_identity));
        known.or_else(|| self.lasting.clone().map(Err))
    }
}

struct Task {
    api: Arc<dyn Api>,
    queue: Queue<Question>,
    memory: Memory,
}

impl Task {
    async fn run(mut self, mut questions: mpsc::UnboundedReceiver<Question>) {
        loop {
            tokio::select! {
                // What has been asked for by now goes into the Get that is due.
                biased;
                question = questions.recv() => match question {
                    Some(question) => self.ask(question),
                    None => return,
                },
                permit = self.queue.permit(None) => self.get(permit).await,
            }
        }
    }

    fn ask(&mut self, question: Question) {
        match self.memory.answer(&question.name) {
            Some(answer) => question.answer(answer),
            None => self.queue.push(question),
        }
    }

    /// Makes one Get. What is asked meanwhile waits for its answer.
    async fn get(&mut self, permit: Permit) {
        let Batch { callers, names, .. } = self.queue.take_batch();
        if names.is_empty() {
            return;
        }
        let answer = self.api.get_verification(&permit.departure(), &names).await;
        permit.answered(&answer).await;
        let failed = match answer {
            Ok(identities) => {
                for name in names {
                    let is_identity = identities.contains(&name);
                    self.memory.is_identity.insert(name, is_identity);
                }
                None
            }
            Err(error) => Some(error),
        };
        if let Some(error) = &failed
            && error.remedy() == Remedy::GiveUp
        {
            self.memory.lasting = Some(error.clone());
        }
        for question in callers {
            let failed = failed.clone().map(Err);
            if let Some(answer) = self.memory.answer(&question.name).or(failed) {
                question.answer(answer);
            }
        }
        // Those who did not fit in need no Get of their own any more.
        if self.memory.lasting.is_some() {
            for question in self.queue.take_all() {
                self.ask(question);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::future::join_all;

    use super::*;
    use crate::ses::api::MailFrom;
    use crate::ses::fake::{Call, FakeSes, Fault};
    use crate::ses::limit::SharedSchedule;

    fn start(ses: &FakeSes) -> IdentityReader {
        let limiter = RateLimiter::new(1.0, SharedSchedule::of_process());
        IdentityReader::start(Arc::new(ses.clone()), &limiter)
    }

    async fn ask_for(reader: &IdentityReader, numbers: std::ops::Range<usize>) -> Vec<Answer> {
        let domains: Vec<DomainName> = numbers
            .map(|number| DomainName::parse(&format!("d{number}.example.com")).unwrap())
            .collect();
        join_all(domains.iter().map(|domain| reader.is_identity(domain))).await
    }

    /// How many names each Get asked for.
    fn sizes(ses: &FakeSes) -> Vec<usize> {
        let calls = ses.calls().into_iter();
        calls
            .map(|call| match call {
                Call::GetVerification(names) => names.len(),
                other => panic!("{other:?}"),
            })
            .collect()
    }

    #[tokio::test(start_paused = true)]
    async fn questions_share_gets_of_a_hundred_and_each_is_asked_once() {
        let ses = FakeSes::holding("d7.example.com", MailFrom::Unset);
        let reader = start(&ses);
        let answers = ask_for(&reader, 0..120).await;
        for (number, answer) in answers.into_iter().enumerate() {
            assert_eq!(answer.unwrap(), number == 7, "{number}");
        }
        assert_eq!(sizes(&ses), [100, 20]);
        assert!(ses.gaps()[0] >= 1.02, "{:?}", ses.gaps());

        let again = ask_for(&reader, 5..10).await;
        assert!(again[2].clone().unwrap());
        assert_eq!(sizes(&ses), [100, 20]);
        let doubled = tokio::join!(ask_for(&reader, 200..202), ask_for(&reader, 201..203));
        assert!(doubled.0.iter().chain(&doubled.1).all(Result::is_ok));
        assert_eq!(sizes(&ses), [100, 20, 3]);
    }

    #[tokio::test(start_paused = true)]
    async fn an_error_that_stays_is_met_once() {
        let ses = FakeSes::default();
        ses.fail([Fault::Refuse(403, "AccessDenied")]);
        let reader = start(&ses);
        for numbers in [0..10, 10..20] {
            let answers = ask_for(&reader, numbers).await;
            assert!(answers.iter().all(Result::is_err));
        }
        assert_eq!(sizes(&ses), [10]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_get_that_fails_is_not_tried_again_and_the_next_is_sent() {
        let ses = FakeSes::default();
        ses.fail([Fault::Refuse(400, "Throttling")]);
        let reader = start(&ses);
        assert!(ask_for(&reader, 0..2).await.iter().all(Result::is_err));
        assert!(ask_for(&reader, 0..2).await.iter().all(Result::is_ok));
        assert_eq!(sizes(&ses), [2, 2]);
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_has_gone_away_is_not_asked_for() {
        let ses = FakeSes::default();
        let reader = start(&ses);
        let impatient = tokio::time::timeout(Duration::from_millis(5), ask_for(&reader, 0..1));
        let (gone, stayed) = tokio::join!(impatient, ask_for(&reader, 1..2));
        assert!(gone.is_err() && stayed[0].is_ok());
        assert_eq!(sizes(&ses), [1]);
    }
}
