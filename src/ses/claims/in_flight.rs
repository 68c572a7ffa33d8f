//! One call at a time for one identity, in all processes of a run.

use std::time::Duration;

use tokio::sync::OwnedMutexGuard;
use tokio::time::sleep;

use super::claim::Claims;
use super::line::Site;
use super::lock::RunLock;

/// How often to try for a lock that another process holds while its call is in flight.
const BETWEEN_TRIES: Duration = Duration::from_millis(20);

/// The right to have a call for one identity in flight. One holds it at a time, in all
/// processes of a run, so that SES sees a Set and an unset of one identity in the order
/// that was decided here.
pub(in crate::ses) struct InFlight {
    // In this order: who waits in this process must find the lock of the run free.
    _run: Option<RunLock>,
    _process: OwnedMutexGuard<()>,
}

impl Claims {
    /// Waits for the right to have a call for `identity` in flight. To be taken after a
    /// Set is claimed, and before siblings are asked for.
    pub(in crate::ses) async fn in_flight(&self, identity: &str) -> InFlight {
        let site = self.site(identity);
        let in_process = self.member.in_flight(&site).lock_owned().await;
        InFlight {
            _run: self.lock_in_run(&site).await,
            _process: in_process,
        }
    }

    /// `None` where nothing can be locked.
    async fn lock_in_run(&self, site: &Site) -> Option<RunLock> {
        let path = self.member.folder()?.lock(site);
        loop {
            match RunLock::try_take(&path) {
                Ok(Some(lock)) => return Some(lock),
                Ok(None) => sleep(BETWEEN_TRIES).await,
                Err(error) => {
                    tracing::debug!(%error, "cannot keep other processes of this run waiting");
                    return None;
                }
            }
        }
    }
}
