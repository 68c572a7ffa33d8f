//! Lines on their way to whoever reads them, for whom nobody waits: a host that
//! leaves a plugin's stderr unread fills the pipe, and a write to it would then
//! block the server.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The most bytes that wait; what does not fit is dropped, and counted.
const CAPACITY: usize = 1 << 20;

/// The writing thread's stack, in bytes.
const STACK: usize = 128 << 10;

/// A queue of lines and the thread that writes them. Clones are one.
#[derive(Clone)]
pub(super) struct Spool(Arc<Shared>);

type Write = dyn Fn(&[u8]) + Send + Sync;

struct Shared {
    queue: Mutex<Queue>,
    /// Something was put into the queue, or written out of it.
    changed: Condvar,
    /// Writes a line; may block.
    write: Box<Write>,
    /// The line that says how many were dropped.
    dropped: fn(u64) -> Vec<u8>,
}

#[derive(Default)]
struct Queue {
    lines: VecDeque<Vec<u8>>,
    bytes: usize,
    dropped: u64,
    /// Whether there is a thread, and whether it is writing a line right now.
    thread: bool,
    writing: bool,
}

impl Spool {
    /// Hands each line to `write`. The thread starts with the first line: most
    /// processes have nothing to say.
    pub(super) fn new(
        write: impl Fn(&[u8]) + Send + Sync + 'static,
        dropped: fn(u64) -> Vec<u8>,
    ) -> Self {
        Self(Arc::new(Shared {
            queue: Mutex::default(),
            changed: Condvar::new(),
            write: Box::new(write),
            dropped,
        }))
    }

    /// Puts a line behind the others, or drops it if there are too many.
    pub(super) fn push(&self, line: Vec<u8>) {
        self.put(line, CAPACITY);
    }

    /// Puts a line behind the others, however many there are.
    pub(super) fn push_last(&self, line: Vec<u8>) {
        self.put(line, usize::MAX);
    }

    /// Waits until all that was put in is written, or `limit` has passed.
    pub(super) fn flush(&self, limit: Duration) {
        let queue = self.0.lock();
        let under_way = |queue: &mut Queue| queue.writing || !queue.lines.is_empty();
        let _ = self.0.changed.wait_timeout_while(queue, limit, under_way);
    }

    fn put(&self, line: Vec<u8>, capacity: usize) {
        let mut queue = self.0.lock();
        if queue.bytes + line.len() > capacity {
            queue.dropped += 1;
            return;
        }
        self.0.tell_dropped(&mut queue);
        queue.put(line);
        if !queue.thread && !self.start() {
            // A line that may block is better than none.
            for line in std::mem::take(&mut *queue).lines {
                (self.0.write)(&line);
            }
            return;
        }
        queue.thread = true;
        drop(queue);
        self.0.changed.notify_all();
    }

    fn start(&self) -> bool {
        let shared = Arc::clone(&self.0);
        let thread = std::thread::Builder::new()
            .name("log".to_owned())
            .stack_size(STACK)
            .spawn(move || shared.run());
        thread.is_ok()
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell_dropped(&self, queue: &mut Queue) {
        if queue.dropped > 0 {
            let lines = std::mem::take(&mut queue.dropped);
            queue.put((self.dropped)(lines));
        }
    }

    /// Writes until the process ends.
    fn run(&self) {
        let mut queue = self.lock();
        loop {
            if queue.lines.is_empty() {
                self.tell_dropped(&mut queue);
            }
            let Some(line) = queue.lines.pop_front() else {
                queue = self
                    .changed
                    .wait(queue)
                    .unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            queue.bytes -= line.len();
            queue.writing = true;
            drop(queue);
            (self.write)(&line);
            queue = self.lock();
            queue.writing = false;
            self.changed.notify_all();
        }
    }
}

impl Queue {
    fn put(&mut self, line: Vec<u8>) {
        self.bytes += line.len();
        self.lines.push_back(line);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    const SOON: Duration = Duration::from_secs(10);

    fn dropped(lines: u64) -> Vec<u8> {
        format!("{lines} dropped").into_bytes()
    }

    /// A spool that writes into a channel, and waits for each line to be taken.
    fn spool() -> (Spool, mpsc::Receiver<String>) {
        let (written, lines) = mpsc::sync_channel(0);
        let write = move |line: &[u8]| {
            let _ = written.send(String::from_utf8_lossy(line).into_owned());
        };
        (Spool::new(write, dropped), lines)
    }

    fn next(lines: &mpsc::Receiver<String>) -> String {
        lines.recv_timeout(SOON).unwrap()
    }

    #[test]
    fn lines_are_written_in_their_order() {
        let (spool, lines) = spool();
        for line in ["one", "two", "three"] {
            spool.push(line.into());
        }
        assert_eq!(
            [next(&lines), next(&lines), next(&lines)],
            ["one", "two", "three"]
        );
        spool.flush(SOON);
        assert!(lines.try_recv().is_err());
    }

    #[test]
    fn nobody_waits_for_a_reader_that_is_none_and_what_is_lost_is_counted() {
        let (spool, lines) = spool();
        let long = vec![b'x'; CAPACITY / 4];
        for _ in 0..20 {
            spool.push(long.clone());
        }
        spool.push_last(b"last".to_vec());
        spool.flush(Duration::from_millis(10));

        // The first line may have left the queue at any time: what is lost before and
        // after is told apart then.
        let mut read = Vec::new();
        while read.last().is_none_or(|line| line != "last") {
            read.push(next(&lines));
        }
        let kept = read.iter().filter(|line| line.starts_with('x')).count();
        let told = read.iter().filter_map(|line| line.strip_suffix(" dropped"));
        let lost: usize = told.map(|lost| lost.parse::<usize>().unwrap()).sum();
        assert_eq!(kept + lost, 20);
        assert!((15..=16).contains(&lost), "{lost}");

        spool.push(b"again".to_vec());
        assert_eq!(next(&lines), "again");
    }

    #[test]
    fn what_is_lost_last_is_told_without_another_line() {
        let (spool, lines) = spool();
        spool.push(b"first".to_vec());
        spool.push(vec![b'x'; CAPACITY + 1]);
        assert_eq!(next(&lines), "first");
        assert_eq!(next(&lines), "1 dropped");
        spool.flush(SOON);
    }
}
