//! Writer of MAIL FROM in one region: sets and unsets, and says what became of it.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::change::{Change, Set, Unset, Unwanted, Wanted};
use super::course::Course;
use super::table::End;
use crate::ses::api::Api;
use crate::ses::claims::Claims;
use crate::ses::deadline::Deadline;
use crate::ses::error::Operation;
use crate::ses::limit::{OperationLimiter, RateLimiter};
use crate::ses::read::{Reader, Sends, Sent};

pub(super) const SET: Operation = Operation::SetIdentityMailFromDomain;

/// How long the Set of a restart is tried at least, and after a stop at most.
pub(super) const FINISHED_WITHIN: Duration = Duration::from_secs(30);

/// Sends `SetIdentityMailFromDomain` in one region.
pub(in crate::ses) struct Writer {
    pub(super) api: Arc<dyn Api>,
    pub(super) limiter: OperationLimiter,
    pub(super) claims: Arc<Claims>,
    pub(super) reader: Reader,
    pub(super) sends: Sends,
}

impl Writer {
    /// `reader` is told what has changed, and `sends` what was sent.
    pub(in crate::ses) fn new(
        api: Arc<dyn Api>,
        limiter: &RateLimiter,
        reader: Reader,
        sends: Sends,
        claims: Arc<Claims>,
    ) -> Self {
        Self {
            api,
            limiter: limiter.operation(SET),
            claims,
            reader,
            sends,
        }
    }

    /// Sets the custom MAIL FROM domain, and finds out what became of it; beside it what
    /// was sent last, if anything was.
    pub(in crate::ses) async fn set(
        &self,
        deadline: &Deadline,
        wanted: &Wanted,
    ) -> (Set, Option<Sent>) {
        let claim = self.claims.claim(wanted.identity.as_str(), &wanted.object);
        let change = Change::set(wanted, &claim);
        let (end, mut course) = self.carry_out(deadline, &change).await;
        // What SES may have accepted must not be undone, either.
        if end != End::NotMade {
            claim.stands();
            self.claims.make_known(deadline).await;
        }
        let sent = course.sent.take();
        (course.set(end), sent)
    }

    /// Unsets the custom MAIL FROM domain, unless another object wants it: decided when
    /// the permit has come, and once it is known what became of the other's Set.
    pub(in crate::ses) async fn unset(&self, deadline: &Deadline, unwanted: &Unwanted) -> Unset {
        let identity = unwanted.identity.as_str();
        let object = unwanted.object.as_ref();
        let planned_elsewhere = object.is_some_and(|object| !self.claims.destroy_planned(object));
        let change = Change::unset(unwanted, planned_elsewhere && unwanted.own.is_some());
        let (end, course) = self.carry_out(deadline, &change).await;
        let unset = course.unset(end);
        let stays = matches!(unset, Unset::NotDone(_) | Unset::SiblingUnknown(_));
        if let (Some(object), false) = (object, stays) {
            self.claims.gone(identity, object);
        }
        unset
    }

    /// Drives `change` to its end. A stop does not keep back the Set that follows an unset.
    async fn carry_out<'a>(
        &'a self,
        deadline: &'a Deadline,
        change: &'a Change<'a>,
    ) -> (End, Course<'a>) {
        let late_stop = CancellationToken::new();
        let stopped = async {
            deadline.stopped().await;
            sleep(FINISHED_WITHIN).await;
            late_stop.cancel();
            std::future::pending().await
        };
        let course = Course::new(self, change, deadline, late_stop.clone());
        tokio::select! {
            ended = course.drive() => ended,
            never = stopped => never,
        }
    }
}
