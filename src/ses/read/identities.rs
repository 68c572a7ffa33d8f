//! The advisor: which names are identities, for warnings at plan.
//!
//! Nothing depends on its answers, so it is simple where the reader is patient:
//! what is asked for at about the same time goes out in one Get of up to 100
//! names, each name is asked for once, no Get is tried again, and after an error
//! that will stay none is sent any more.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until};

use crate::mail_from::DomainName;
use crate::ses::api::Api;
use crate::ses::error::{Error, Operation, Remedy};
use crate::ses::limit::{OperationLimiter, Permit, RateLimiter};

const GET: Operation = Operation::GetIdentityVerificationAttributes;

/// The most names that SES takes in one Get.
const MOST: usize = 100;

/// How long the first of several questions waits for the others: Terraform
/// plans ten resources at a time, but not in the same instant.
const GATHER: Duration = Duration::from_millis(50);

type Answer = Result<bool, Error>;

/// A handle on the advisor of one region. It ends when the last is dropped.
#[derive(Clone, Debug)]
pub(in crate::ses) struct IdentityReader {
    questions: mpsc::UnboundedSender<Question>,
}

#[derive(Debug)]
struct Question {
    name: String,
    answer: oneshot::Sender<Answer>,
}

impl IdentityReader {
    /// Starts the task; needs a tokio runtime.
    pub(in crate::ses) fn start(api: Arc<dyn Api>, limiter: &RateLimiter) -> Self {
        let (questions, asked) = mpsc::unbounded_channel();
        let limiter = limiter.operation(GET);
        tokio::spawn(run(api, limiter, asked, Memory::default()));
        Self { questions }
    }

    /// Whether `domain` is itself an identity, verified or not.
    pub(in crate::ses) async fn is_identity(&self, domain: &DomainName) -> Answer {
        let (answer, answered) = oneshot::channel();
        let name = domain.as_str().to_owned();
        // If the task is gone, so is the other end of the answer.
        let _ = self.questions.send(Question { name, answer });
        answered.await.unwrap_or_else(|_| {
            Err(Error::Settings {
                reason: "the advisor on SES has ended, which is a fault of the provider".to_owned(),
            })
        })
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
        let known = self
            .is_identity
            .get(name)
            .map(|is_identity| Ok(*is_identity));
        known.or_else(|| self.lasting.clone().map(Err))
    }
}

async fn run(
    api: Arc<dyn Api>,
    limiter: OperationLimiter,
    mut asked: mpsc::UnboundedReceiver<Question>,
    mut memory: Memory,
) {
    while let Some(first) = asked.recv().await {
        if let Some(answer) = memory.answer(&first.name) {
            // Whoever has gone away is nothing to mind, here and below.
            let _ = first.answer.send(answer);
            continue;
        }
        let gathered = Instant::now() + GATHER;
        let mut questions = vec![first];
        let Some(permit) = permit(&limiter, &mut asked, &mut questions).await else {
            continue;
        };
        sleep_until(gathered).await;
        while questions.len() < MOST
            && let Ok(more) = asked.try_recv()
        {
            questions.push(more);
        }
        questions.retain(|question| !question.answer.is_closed());
        let failed = ask(api.as_ref(), permit, &questions, &mut memory)
            .await
            .err();
        for Question { name, answer } in questions {
            if let Some(told) = memory.answer(&name).or(failed.clone().map(Err)) {
                let _ = answer.send(told);
            }
        }
    }
}

/// Waits for the permit, and gathers what is asked for meanwhile; `None` if by then
/// nobody waits any more.
async fn permit(
    limiter: &OperationLimiter,
    asked: &mut mpsc::UnboundedReceiver<Question>,
    questions: &mut Vec<Question>,
) -> Option<Permit> {
    let permit = limiter.permit();
    tokio::pin!(permit);
    loop {
        let room = questions.len() < MOST;
        let abandoned = join_all(questions.iter_mut().map(|one| one.answer.closed()));
        tokio::select! {
            permit = &mut permit => return Some(permit),
            Some(more) = asked.recv(), if room => questions.push(more),
            _ = abandoned => return None,
        }
    }
}

/// Asks SES what is not known yet.
async fn ask(
    api: &dyn Api,
    permit: Permit,
    questions: &[Question],
    memory: &mut Memory,
) -> Result<(), Error> {
    let names = questions.iter().map(|question| question.name.clone());
    let names: BTreeSet<String> = names.filter(|name| memory.answer(name).is_none()).collect();
    if names.is_empty() {
        return Ok(());
    }
    let names: Vec<String> = names.into_iter().collect();
    let identities = api.get_verification(&permit.departure(), &names).await;
    permit.answered(&identities).await;
    match identities {
        Ok(identities) => {
            let answers = names.into_iter().map(|name| {
                let is_identity = identities.contains(&name);
                (name, is_identity)
            });
            memory.is_identity.extend(answers);
            Ok(())
        }
        Err(error) => {
            if error.remedy() == Remedy::GiveUp {
                memory.lasting = Some(error.clone());
            }
            Err(error)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ses::api::MailFrom;
    use crate::ses::fake::{Call, FakeSes, Fault};
    use crate::ses::limit::SharedSchedule;

    fn start(ses: &FakeSes) -> IdentityReader {
        let limiter = RateLimiter::new(1.0, SharedSchedule::of_process());
        IdentityReader::start(Arc::new(ses.clone()), &limiter)
    }

    async fn ask_for(advisor: &IdentityReader, numbers: std::ops::Range<usize>) -> Vec<Answer> {
        let domains: Vec<DomainName> = numbers
            .map(|number| DomainName::parse(&format!("d{number}.example.com")).unwrap())
            .collect();
        join_all(domains.iter().map(|domain| advisor.is_identity(domain))).await
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
        let advisor = start(&ses);
        let answers = ask_for(&advisor, 0..120).await;
        for (number, answer) in answers.into_iter().enumerate() {
            assert_eq!(answer.unwrap(), number == 7, "{number}");
        }
        assert_eq!(sizes(&ses), [100, 20]);
        assert!(ses.gaps()[0] >= 1.02, "{:?}", ses.gaps());

        let again = ask_for(&advisor, 5..10).await;
        assert!(again[2].clone().unwrap());
        assert_eq!(sizes(&ses), [100, 20]);
        let doubled = tokio::join!(ask_for(&advisor, 200..202), ask_for(&advisor, 201..203));
        assert!(doubled.0.iter().chain(&doubled.1).all(Result::is_ok));
        assert_eq!(sizes(&ses), [100, 20, 3]);
    }

    #[tokio::test(start_paused = true)]
    async fn an_error_that_stays_is_met_once() {
        let ses = FakeSes::default();
        ses.fail([Fault::Refuse(403, "AccessDenied")]);
        let advisor = start(&ses);
        for numbers in [0..10, 10..20] {
            let answers = ask_for(&advisor, numbers).await;
            assert!(answers.iter().all(Result::is_err));
        }
        assert_eq!(sizes(&ses), [10]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_get_that_fails_is_not_tried_again_and_the_next_is_sent() {
        let ses = FakeSes::default();
        ses.fail([Fault::Refuse(400, "Throttling")]);
        let advisor = start(&ses);
        assert!(ask_for(&advisor, 0..2).await.iter().all(Result::is_err));
        assert!(ask_for(&advisor, 0..2).await.iter().all(Result::is_ok));
        assert_eq!(sizes(&ses), [2, 2]);
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_has_gone_away_is_not_asked_for() {
        let ses = FakeSes::default();
        let advisor = start(&ses);
        let impatient = tokio::time::timeout(Duration::from_millis(5), ask_for(&advisor, 0..1));
        let (gone, stayed) = tokio::join!(impatient, ask_for(&advisor, 1..2));
        assert!(gone.is_err() && stayed[0].is_ok());
        assert_eq!(sizes(&ses), [1]);
    }
}
