//! A thread with a runtime of its own, which ends when its handle is dropped.

use std::io;
use std::sync::mpsc;
use std::thread::{self, JoinHandle};

use tokio::sync::oneshot;

/// The thread. Dropping it ends what runs there, and waits for the end.
#[derive(Debug)]
pub(crate) struct Worker {
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Worker {
    /// Runs `start` within a runtime on a new thread. What `start` spawns there
    /// runs on, and what it returns is kept, until the worker is dropped.
    pub(crate) fn start<T>(
        name: &str,
        start: impl FnOnce() -> io::Result<T> + Send + 'static,
    ) -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let (stop, stopped) = oneshot::channel::<()>();
        let (report, started) = mpsc::channel();
        let thread = thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || {
                runtime.block_on(async {
                    let kept = start().map_err(|error| report.send(Err(error)));
                    if kept.is_ok() && report.send(Ok(())).is_ok() {
                        // Nothing is ever sent: the sender is dropped.
                        let _ = stopped.await;
                    }
                });
            })?;
        let worker = Self {
            stop: Some(stop),
            thread: Some(thread),
        };
        started.recv().map_err(io::Error::other)??;
        Ok(worker)
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has said so on stderr.
            let _ = thread.join();
        }
    }
}
