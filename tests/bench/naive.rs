//! The usual pattern, for comparison: one identity a request, ten workers, no
//! pacing, and after a throttled answer a jittered pause that grows. The pause
//! is what AWS documents for its SDKs' standard retries: a random share of 2ⁿ
//! seconds, 20 at most, n counting the retries from 0. It never gives up.
//!
//! It is a client of its own, without Terraform: its times hold nothing of what
//! Terraform itself takes.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use simulator::Simulator;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Instant, sleep, timeout};

use crate::fleet::{self, LIMIT, Tally, assert_is_set, identity, mail_from_domain, set_mail_from};
use crate::limited::Limited;
use crate::report::Row;
use crate::sizes::Sizes;

/// Terraform's default parallelism.
const WORKERS: usize = 10;

/// No run takes longer.
const BOUND: Duration = Duration::from_secs(900);

const LONGEST_PAUSE: f64 = 20.0;

/// What a worker does with an identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Work {
    /// A Get.
    Read,
    /// A Set, then a Get, as a create does.
    Create,
}

/// A run of the naive client.
pub(crate) struct Naive {
    pub(crate) size: usize,
    pub(crate) time: Duration,
    tally: Tally,
}

/// Runs that are under way; dropping it ends them.
pub(crate) struct Started {
    reads: Vec<JoinHandle<Naive>>,
    creates: JoinHandle<Naive>,
}

/// Runs that have ended.
pub(crate) struct Finished {
    pub(crate) reads: Vec<Naive>,
    creates: Naive,
}

/// Starts the reads of each size and the creates, each with a simulator of its own.
pub(crate) fn start(sizes: &Sizes) -> Started {
    let reads = sizes.naive_reads.iter();
    let reads = reads.map(|size| tokio::spawn(measure(Work::Read, *size)));
    Started {
        reads: reads.collect(),
        creates: tokio::spawn(measure(Work::Create, sizes.creates)),
    }
}

impl Started {
    /// Waits for all of them.
    pub(crate) async fn finish(self) -> Finished {
        let mut reads = Vec::new();
        for read in self.reads {
            reads.push(read.await.unwrap());
        }
        Finished {
            reads,
            creates: self.creates.await.unwrap(),
        }
    }
}

impl Finished {
    /// The largest read and the creates, each beside the floor of the same work
    /// done by Terraform.
    pub(crate) fn rows(&self, refreshes: &[Limited], creates: &Limited) -> Vec<Row> {
        let mut rows = Vec::new();
        let read = self.reads.last().unwrap();
        let refresh = refreshes.iter().find(|refresh| refresh.size == read.size);
        if let Some(refresh) = refresh {
            let name = format!("naive: {} reads", read.size);
            rows.push(Row::timed(&name, read.time, refresh.floor, read.tally));
        }
        let (time, tally) = (self.creates.time, self.creates.tally);
        let name = format!("naive: {} creates", self.creates.size);
        rows.push(Row {
            seconds_a_call: Some(time.as_secs_f64() / tally.accepted() as f64),
            gets_a_create: Some(tally.gets as f64 / self.creates.size as f64),
            ..Row::timed(&name, time, creates.floor, tally)
        });
        rows
    }
}

async fn measure(work: Work, size: usize) -> Naive {
    let simulator = fleet::simulator(LIMIT, size);
    if work == Work::Read {
        set_mail_from(&simulator, size);
    }
    let time = timeout(BOUND, all(&simulator, work, size))
        .await
        .expect("the naive client takes too long");
    assert_is_set(&simulator, size);
    Naive {
        size,
        time,
        tally: Tally::of(&simulator.ses().calls()),
    }
}

async fn all(simulator: &Simulator, work: Work, size: usize) -> Duration {
    let url = simulator.ses_url();
    let address = url.strip_prefix("http://").unwrap().parse().unwrap();
    let next = Arc::new(AtomicUsize::new(0));
    let started = Instant::now();
    let mut workers = JoinSet::new();
    for _ in 0..WORKERS {
        let next = Arc::clone(&next);
        workers.spawn(async move {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= size {
                    return;
                }
                let name = identity(number);
                if work == Work::Create {
                    let domain = mail_from_domain(number);
                    let set = format!(
                        "Action=SetIdentityMailFromDomain&Version=2010-12-01&Identity={name}\
                         &MailFromDomain={domain}&BehaviorOnMXFailure=UseDefaultValue"
                    );
                    until_accepted(address, &set).await;
                }
                let get = format!(
                    "Action=GetIdentityMailFromDomainAttributes&Version=2010-12-01\
                     &Identities.member.1={name}"
                );
                let answer = until_accepted(address, &get).await;
                assert!(answer.contains(&mail_from_domain(number)), "{answer}");
            }
        });
    }
    while let Some(worker) = workers.join_next().await {
        worker.unwrap();
    }
    started.elapsed()
}

/// Sends `form` until it is not throttled.
async fn until_accepted(address: SocketAddr, form: &str) -> String {
    for retry in 0.. {
        let answer = post(address, form).await.unwrap();
        if !answer.contains("<Code>Throttling</Code>") {
            assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
            return answer;
        }
        let longest = f64::powi(2.0, retry);
        sleep(Duration::from_secs_f64(
            (fastrand::f64() * longest).min(LONGEST_PAUSE),
        ))
        .await;
    }
    unreachable!("retries do not end")
}

async fn post(address: SocketAddr, form: &str) -> io::Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    let request = format!(
        "POST / HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{form}",
        form.len()
    );
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}
