//! The reader: what SES holds for many identities, in few Gets.
//!
//! Terraform reads ten resources at a time; SES answers a hundred identities at
//! a time, once a second. One task collects what is asked for while it waits
//! for the turn, and asks SES for all of it in one Get.
//!
//! - A read is answered from a Get that went out after the read was asked for,
//!   never from an earlier one: whoever has just set MAIL FROM sees the effect.
//! - A Get holds at most 100 identities (SES's limit), each once.
//! - A reader that goes away is forgotten; nobody waits for it, or because of it.
//! - When a Get fails for a reason that passes, its readers queue again, each
//!   until its own deadline. When SES finds a parameter at fault, the Get is
//!   split in halves, so that one bad identity spoils only its own read.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, sleep_until};

use super::api::{Api, MailFrom};
use super::deadline::Deadline;
use super::error::{Error, Operation, Remedy};
use super::pacer::{Pacer, Turn};
use super::retry::Backoff;
use crate::mail_from::Identity;

const GET: Operation = Operation::GetIdentityMailFromDomainAttributes;

/// The most identities that SES takes in one Get.
const MOST: usize = 100;

/// How long the first of several reads waits for the others: Terraform asks for
/// ten at a time, but not in the same instant.
const GATHER: Duration = Duration::from_millis(10);

/// A handle on the reader of one region. The reader ends when the last is dropped.
#[derive(Clone, Debug)]
pub(super) struct Reader {
    wanted: mpsc::UnboundedSender<Wanted>,
}

/// An identity that somebody waits for.
#[derive(Debug)]
struct Wanted {
    identity: String,
    deadline: Deadline,
    answer: oneshot::Sender<Result<MailFrom, Error>>,
    /// Where the error of the last Get goes that is made again.
    failed: watch::Sender<Option<Error>>,
    /// The largest Get that this identity may be asked for in.
    largest: usize,
    backoff: Backoff,
}

impl Reader {
    /// Starts the task; needs a tokio runtime.
    pub(super) fn start(api: Arc<dyn Api>, pacer: Pacer) -> Self {
        let (wanted, queue) = mpsc::unbounded_channel();
        let again = wanted.downgrade();
        tokio::spawn(run(api, pacer, queue, again));
        Self { wanted }
    }

    /// What SES holds for `identity` now.
    pub(super) async fn read(
        &self,
        deadline: &Deadline,
        identity: &Identity,
    ) -> Result<MailFrom, Error> {
        let (answer, answered) = oneshot::channel();
        let (failed, last) = watch::channel(None);
        let wanted = Wanted {
            identity: identity.as_str().to_owned(),
            deadline: deadline.clone(),
            answer,
            failed,
            largest: MOST,
            backoff: Backoff::default(),
        };
        if self.wanted.send(wanted).is_err() {
            return Err(gone());
        }
        match deadline.bound(answered).await {
            Ok(answer) => answer.unwrap_or_else(|_| Err(gone())),
            Err(interrupted) => {
                let last = last.borrow().clone().map(Arc::new);
                Err(Error::interrupted(interrupted, GET, deadline, last))
            }
        }
    }
}

/// The task ends only with the runtime, or by a fault of its own.
fn gone() -> Error {
    Error::Settings {
        reason: "the reader of SES has ended, which is a fault of the provider".to_owned(),
    }
}

async fn run(
    api: Arc<dyn Api>,
    pacer: Pacer,
    mut asked: mpsc::UnboundedReceiver<Wanted>,
    again: mpsc::WeakUnboundedSender<Wanted>,
) {
    let mut queue = VecDeque::new();
    while let Some(first) = asked.recv().await {
        queue.push_back(first);
        while !queue.is_empty() {
            let gathered = Instant::now() + GATHER;
            let turn = pacer.turn().await;
            sleep_until(gathered).await;
            while let Ok(more) = asked.try_recv() {
                queue.push_back(more);
            }
            let batch = next_batch(&mut queue);
            if !batch.is_empty() {
                tokio::spawn(get(Arc::clone(&api), turn, batch, again.clone()));
            }
        }
    }
}

/// Takes from the front of the queue what fits into one Get: at most [`MOST`]
/// identities, and no more than each of them allows. Whoever waits for an
/// identity that is in it already comes along. Who has gone away is dropped.
fn next_batch(queue: &mut VecDeque<Wanted>) -> Vec<Wanted> {
    queue.retain(|wanted| !wanted.answer.is_closed());
    let mut room = MOST;
    let mut identities = HashSet::new();
    let mut batch = Vec::new();
    let mut rest = VecDeque::new();
    while let Some(wanted) = queue.pop_front() {
        let joins = identities.contains(&wanted.identity);
        if joins || identities.len() < room.min(wanted.largest) {
            room = room.min(wanted.largest);
            identities.insert(wanted.identity.clone());
            batch.push(wanted);
        } else {
            rest.push_back(wanted);
        }
    }
    *queue = rest;
    batch
}

/// Makes one Get and answers its readers, or sends them back to the queue.
async fn get(
    api: Arc<dyn Api>,
    turn: Turn,
    batch: Vec<Wanted>,
    again: mpsc::WeakUnboundedSender<Wanted>,
) {
    let mut seen = HashSet::new();
    let identities: Vec<String> = batch
        .iter()
        .filter(|wanted| seen.insert(&wanted.identity))
        .map(|wanted| wanted.identity.clone())
        .collect();
    match api.get(&turn, &identities).await {
        Ok(held) => {
            turn.accepted();
            answer(batch, &held);
        }
        Err(error) => {
            tracing::debug!(%error, identities = identities.len(), "a Get failed");
            if error.remedy() == Remedy::SlowDown {
                turn.throttled();
            }
            // Whoever waits for the next turn must not wait for the pauses here.
            drop(turn);
            retry(batch, identities.len(), &error, again).await;
        }
    }
}

fn answer(batch: Vec<Wanted>, held: &HashMap<String, MailFrom>) {
    for wanted in batch {
        let mail_from = held
            .get(&wanted.identity)
            .cloned()
            .unwrap_or(MailFrom::UnknownIdentity);
        // A reader that has gone away is nothing to mind.
        let _ = wanted.answer.send(Ok(mail_from));
    }
}

/// Sends the readers of a failed Get of `size` identities back to the queue
/// after a pause, each until its own deadline, or tells them the error.
async fn retry(
    batch: Vec<Wanted>,
    size: usize,
    error: &Error,
    again: mpsc::WeakUnboundedSender<Wanted>,
) {
    let split = error.invalid_parameter() && size > 1;
    let jitter = fastrand::f64();
    let mut returning = Vec::new();
    let mut longest = Duration::ZERO;
    for mut wanted in batch {
        let pause = if split {
            wanted.largest = size.div_ceil(2);
            Some(Duration::ZERO)
        } else {
            wanted.backoff.pause(error.remedy(), jitter)
        };
        match pause {
            None => {
                let _ = wanted.answer.send(Err(error.clone()));
            }
            Some(pause) => {
                // Too late for this one: it ends by itself meanwhile.
                let pause = wanted.deadline.shortened(pause).unwrap_or(pause);
                longest = longest.max(pause);
                wanted.failed.send_replace(Some(error.clone()));
                returning.push(wanted);
            }
        }
    }
    tokio::time::sleep(longest).await;
    if let Some(queue) = again.upgrade() {
        for wanted in returning {
            // The task has ended: dropping the sender tells the reader.
            let _ = queue.send(wanted);
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::future::join_all;
    use proptest::prelude::*;
    use tokio_util::sync::CancellationToken;

    use super::super::fake::{Call, FakeSes, Fault, set};
    use super::*;

    fn deadline(seconds: u64) -> Deadline {
        Deadline::after(Duration::from_secs(seconds), CancellationToken::new())
    }

    fn identity(number: usize) -> Identity {
        Identity::parse(&format!("i{number}.example.com")).unwrap()
    }

    fn start(ses: &FakeSes) -> Reader {
        Reader::start(Arc::new(ses.clone()), Pacer::new(1.0))
    }

    async fn read_all(reader: &Reader, count: usize) -> Vec<Result<MailFrom, Error>> {
        let deadline = deadline(300);
        let identities: Vec<_> = (0..count).map(identity).collect();
        join_all(
            identities
                .iter()
                .map(|identity| reader.read(&deadline, identity)),
        )
        .await
    }

    fn sizes(ses: &FakeSes) -> Vec<usize> {
        ses.calls()
            .iter()
            .map(|call| match call {
                Call::Get(identities) => identities.len(),
                other => panic!("{other:?}"),
            })
            .collect()
    }

    #[tokio::test(start_paused = true)]
    async fn a_lone_read_costs_one_get_at_once() {
        let ses = FakeSes::holding("i0.example.com", set("bounce.example.com"));
        let start_of_read = Instant::now();
        let read = start(&ses).read(&deadline(300), &identity(0)).await;
        assert_eq!(read.unwrap(), set("bounce.example.com"));
        assert_eq!(sizes(&ses), [1]);
        assert!(start_of_read.elapsed() <= Duration::from_millis(12));
    }

    #[tokio::test(start_paused = true)]
    async fn reads_are_gathered_into_gets_of_a_hundred() {
        let ses = FakeSes::holding("i7.example.com", MailFrom::Unset);
        let answers = read_all(&start(&ses), 250).await;
        for (number, answer) in answers.into_iter().enumerate() {
            let held = if number == 7 {
                MailFrom::Unset
            } else {
                MailFrom::UnknownIdentity
            };
            assert_eq!(answer.unwrap(), held);
        }
        assert_eq!(sizes(&ses), [100, 100, 50]);
        assert!(
            ses.gaps().iter().all(|gap| *gap >= 1.02),
            "{:?}",
            ses.gaps()
        );
    }

    #[tokio::test(start_paused = true)]
    async fn several_readers_of_one_identity_share_its_place() {
        let ses = FakeSes::default();
        let reader = start(&ses);
        let (deadline, identity) = (deadline(300), identity(0));
        join_all((0..5).map(|_| reader.read(&deadline, &identity))).await;
        assert_eq!(sizes(&ses), [1]);
    }

    #[tokio::test(start_paused = true)]
    async fn faults_that_pass_are_ridden_out_and_paced() {
        let ses = FakeSes::holding("i0.example.com", MailFrom::Unset);
        ses.fail([
            Fault::Refuse(400, "Throttling"),
            Fault::Refuse(400, "Throttling"),
            Fault::Refuse(503, "ServiceUnavailable"),
            Fault::LoseAnswer,
        ]);
        let answers = read_all(&start(&ses), 10).await;
        assert_eq!(answers[0].clone().unwrap(), MailFrom::Unset);
        assert!(answers.iter().all(Result::is_ok));
        assert_eq!(sizes(&ses), [10, 10, 10, 10, 10]);
        assert!(
            ses.gaps().iter().all(|gap| *gap >= 1.02),
            "{:?}",
            ses.gaps()
        );
    }

    #[tokio::test(start_paused = true)]
    async fn an_error_that_stays_is_everybodys_at_once() {
        let ses = FakeSes::default();
        ses.fail([Fault::Refuse(403, "AccessDenied")]);
        let answers = read_all(&start(&ses), 10).await;
        for answer in answers {
            assert!(answer.unwrap_err().access_denied().is_some());
        }
        assert_eq!(sizes(&ses), [10]);
    }

    #[tokio::test(start_paused = true)]
    async fn one_bad_identity_spoils_only_its_own_read() {
        let ses = FakeSes::default();
        ses.poison("i3.example.com");
        let answers = read_all(&start(&ses), 10).await;
        let failed: Vec<usize> = (0..10).filter(|number| answers[*number].is_err()).collect();
        assert_eq!(failed, [3]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_deadline_ends_a_read_and_tells_the_last_error() {
        let ses = FakeSes::default();
        ses.fail(std::iter::repeat_n(Fault::Refuse(400, "Throttling"), 1000));
        let started = Instant::now();
        let error = start(&ses)
            .read(&deadline(60), &identity(0))
            .await
            .unwrap_err();
        assert!(matches!(error, Error::TimedOut { .. }), "{error:?}");
        assert_eq!(error.last().unwrap().remedy(), Remedy::SlowDown);
        assert_eq!(started.elapsed(), Duration::from_secs(60));
    }

    #[tokio::test(start_paused = true)]
    async fn a_stop_ends_a_read_at_once_and_others_go_on() {
        let ses = FakeSes::default();
        ses.fail([Fault::Slow(Duration::from_secs(5))]);
        let reader = start(&ses);
        let stop = CancellationToken::new();
        let stopped = Deadline::after(Duration::from_secs(300), stop.clone());
        let (patient, one, other) = (deadline(300), identity(0), identity(1));
        let started = Instant::now();
        let (stopped, other, ()) = tokio::join!(
            async {
                let read = reader.read(&stopped, &one).await;
                (read, started.elapsed())
            },
            reader.read(&patient, &other),
            async {
                tokio::time::sleep(Duration::from_secs(1)).await;
                stop.cancel();
            }
        );
        assert!(matches!(stopped.0, Err(Error::Stopped { .. })));
        assert_eq!(stopped.1, Duration::from_secs(1));
        assert_eq!(other.unwrap(), MailFrom::UnknownIdentity);
    }

    #[tokio::test(start_paused = true)]
    async fn a_read_after_a_set_never_sees_an_earlier_get() {
        let ses = FakeSes::holding("i0.example.com", MailFrom::Unset);
        let reader = start(&ses);
        ses.fail([Fault::Slow(Duration::from_secs(3))]);
        let (deadline, identity) = (deadline(300), identity(0));
        let early = reader.read(&deadline, &identity);
        let late = async {
            tokio::time::sleep(Duration::from_millis(500)).await;
            // The first Get is on its way; asking now must cost a Get of its own.
            reader.read(&deadline, &identity).await
        };
        let _ = tokio::join!(early, late);
        assert_eq!(sizes(&ses), [1, 1]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// Whatever readers do and SES answers: everyone is answered or has gone
        /// away, no Get is over 100, none is earlier than the rate allows.
        #[test]
        fn no_reader_is_left_waiting(
            readers in prop::collection::vec((0_u64..4000, 0_usize..300, 0_u64..20_000), 1..200),
            faults in prop::collection::vec(0_u8..6, 0..6),
        ) {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_time()
                .start_paused(true)
                .build()
                .unwrap();
            runtime.block_on(async {
                let ses = FakeSes::default();
                ses.fail(faults.iter().map(|fault| match fault {
                    0 => Fault::Refuse(400, "Throttling"),
                    1 => Fault::Refuse(400, "InvalidParameterValue"),
                    2 => Fault::LoseAnswer,
                    3 => Fault::CannotConnect,
                    4 => Fault::Refuse(502, ""),
                    _ => Fault::Slow(Duration::from_millis(2500)),
                }));
                let reader = start(&ses);
                let reads = readers.iter().map(|(after, number, patience)| {
                    let reader = reader.clone();
                    async move {
                        tokio::time::sleep(Duration::from_millis(*after)).await;
                        let (deadline, identity) = (deadline(120), identity(*number));
                        let read = reader.read(&deadline, &identity);
                        let patience = Duration::from_millis(*patience);
                        match tokio::time::timeout(patience, read).await {
                            // This reader went away.
                            Err(_) => true,
                            Ok(Ok(held)) => held == MailFrom::UnknownIdentity,
                            Ok(Err(error)) => error.invalid_parameter(),
                        }
                    }
                });
                let answered = tokio::time::timeout(Duration::from_secs(200), join_all(reads)).await;
                prop_assert!(answered.is_ok_and(|answers| answers.iter().all(|answer| *answer)));
                prop_assert!(sizes(&ses).iter().all(|size| (1..=MOST).contains(size)));
                prop_assert!(ses.gaps().iter().all(|gap| *gap >= 1.02), "{:?}", ses.gaps());
                Ok(())
            })?;
        }
    }
}
