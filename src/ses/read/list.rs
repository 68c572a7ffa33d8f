//! List of identities, a page at a time. Only read-ahead needs it, so it is not worth much
//! patience.

use tokio::time::sleep;

use crate::ses::api::{Api, ListPage};
use crate::ses::deadline::Deadline;
use crate::ses::error::Operation;
use crate::ses::limit::{Backoff, OperationLimiter};

/// How often a page is tried, when it fails for a reason that passes.
const TRIES: usize = 3;

/// The page behind `token`, or the first; `None` where it cannot be had.
pub(super) async fn page(
    api: &dyn Api,
    lists: &OperationLimiter,
    deadline: &Deadline,
    token: Option<String>,
) -> Option<ListPage> {
    let mut backoff = Backoff::default();
    for _ in 0..TRIES {
        api.ready(Operation::ListIdentities, deadline).await.ok()?;
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
