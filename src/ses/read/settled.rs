//! Read for a refresh: what SES holds, and not what it held before the last change.

use std::time::Duration;

use super::handle::{Freshness, Reader};
use super::sends::Sends;
use super::task::GET;
use crate::ses::api::MailFrom;
use crate::ses::deadline::Deadline;
use crate::ses::error::Error;

/// How long to try for another answer where SES may have shown an older state.
const ASKED_AGAIN_WITHIN: Duration = Duration::from_secs(30);

/// Pause before SES is asked again.
const BETWEEN_READS: Duration = Duration::from_secs(1);

/// What SES holds for `name`. What may be older than the last of `sends` is asked for
/// again, afresh.
pub(in crate::ses) async fn settled(
    reader: &Reader,
    sends: &Sends,
    deadline: &Deadline,
    name: &str,
    freshness: Freshness,
) -> Result<MailFrom, Error> {
    let mut held = reader.read(deadline, name, freshness).await?;
    while sends.may_be_older(name, &held) {
        // However short the timeout, SES is asked again.
        let again = deadline.afresh(ASKED_AGAIN_WITHIN);
        if let Err(interrupted) = again.pause(BETWEEN_READS).await {
            return Err(Error::interrupted(interrupted, GET, deadline, None));
        }
        held = reader.read(&again, name, Freshness::Fresh).await?;
    }
    Ok(held)
}
