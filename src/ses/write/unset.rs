//! Unsets MAIL FROM, once and no more than is needed.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::writer::{Course, Done, Writer};
use crate::mail_from::Identity;
use crate::ses::api::SetRequest;
use crate::ses::deadline::Deadline;
use crate::ses::error::Error;

/// How long to wait for the one read that decides what became of an unset.
const DECIDED_WITHIN: Duration = Duration::from_secs(8);

/// What became of an unset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unset {
    /// The identity has no custom MAIL FROM domain now.
    Done,
    /// Another resource sets this identity's MAIL FROM domain in the same
    /// apply: nothing was sent.
    LeftToSibling,
}

impl Writer {
    /// Unsets the custom MAIL FROM domain. An identity that is gone, or has no
    /// MAIL FROM domain any more, is success; after a failed attempt the reader
    /// is asked first. Decided when the permit has come: if a sibling sets the
    /// identity, nothing is sent.
    pub(in crate::ses) async fn unset(
        &self,
        deadline: &Deadline,
        identity: &Identity,
    ) -> Result<Unset, Error> {
        let course = Course {
            gives_way: true,
            reads_after_failure: true,
            ..Course::default()
        };
        let request = SetRequest::unset(identity);
        let ended = match self.until_accepted(deadline, &request, &course).await {
            Ok(Done::Accepted | Done::NothingToUnset) => return Ok(Unset::Done),
            Ok(Done::LeftToSibling) => return Ok(Unset::LeftToSibling),
            Err(ended) => ended,
        };
        if !ended.reach.may_be_made() {
            return Err(ended.error);
        }
        // An answer was lost, and there was no time to look what it would have
        // said: one bounded look decides, even when Terraform has asked to stop.
        let deadline = Deadline::after(DECIDED_WITHIN, CancellationToken::new());
        if self.is_unset(&deadline, identity).await {
            Ok(Unset::Done)
        } else {
            Err(ended.error)
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::writer::tests::Scene;
    use super::*;
    use crate::ses::api::MailFrom;
    use crate::ses::error::Reach;
    use crate::ses::fake::{Call, Fault, set};

    #[tokio::test(start_paused = true)]
    async fn unset_leaves_alone_what_a_sibling_may_have_set() {
        let scene = Scene::holding(MailFrom::Unset);
        let refused = Fault::Refuse(403, "AccessDenied");
        scene.ses.fail([Fault::LoseAnswer, refused]);
        assert_eq!(scene.set().await.unwrap_err().reach, Reach::MaybeMade);
        assert_eq!(scene.unset().await.unwrap(), Unset::LeftToSibling);
        assert_eq!(scene.held(), set("bounce.example.com"));

        let scene = Scene::holding(set("bounce.example.com"));
        scene.ses.fail([Fault::Refuse(403, "AccessDenied")]);
        assert_eq!(scene.set().await.unwrap_err().reach, Reach::Refused);
        assert_eq!(scene.unset().await.unwrap(), Unset::Done);
    }

    #[tokio::test(start_paused = true)]
    async fn unset_is_done_when_there_is_nothing_to_unset() {
        // moto answers HTTP 500, SES an invalid parameter.
        for (held, status, code) in [
            (MailFrom::Unset, 500, ""),
            (MailFrom::UnknownIdentity, 400, "InvalidParameterValue"),
        ] {
            let scene = Scene::holding(held);
            scene.ses.fail([Fault::Refuse(status, code)]);
            assert_eq!(scene.unset().await.unwrap(), Unset::Done);
            let calls = [
                Call::Unset("example.com".to_owned()),
                Call::Get(vec!["example.com".to_owned()]),
            ];
            assert_eq!(scene.ses.calls(), calls);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn unset_reads_after_a_lost_answer_and_tries_again_where_needed() {
        let scene = Scene::holding(set("bounce.example.com"));
        scene.ses.fail([Fault::CannotConnect]);
        assert_eq!(scene.unset().await.unwrap(), Unset::Done);
        assert_eq!(scene.held(), MailFrom::Unset);
        let scene = Scene::holding(set("bounce.example.com"));
        scene.ses.fail([Fault::LoseAnswer]);
        assert_eq!(scene.unset().await.unwrap(), Unset::Done);
        assert_eq!(scene.ses.calls().len(), 2, "one unset and one read");
    }

    #[tokio::test(start_paused = true)]
    async fn unset_that_is_refused_and_still_set_is_an_error() {
        let scene = Scene::holding(set("bounce.example.com"));
        scene.ses.fail([Fault::Refuse(403, "AccessDenied")]);
        assert!(scene.unset().await.unwrap_err().access_denied().is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn unset_never_undoes_a_sibling() {
        // The sibling's Set came first.
        let scene = Scene::holding(MailFrom::Unset);
        scene.set().await.unwrap();
        assert_eq!(scene.unset().await.unwrap(), Unset::LeftToSibling);
        assert_eq!(scene.held(), set("bounce.example.com"));

        // The unset came first, but its permit has not come when the Set is queued.
        let scene = Scene::holding(set("bounce.example.com"));
        drop(scene.writer.limiter.permit().await);
        scene.writer.limiter.permit().await.sent();
        let (unset, set_again) = tokio::join!(scene.unset(), scene.set());
        assert_eq!(unset.unwrap(), Unset::LeftToSibling);
        set_again.unwrap();
        assert_eq!(scene.ses.calls(), [Call::Set("example.com".to_owned())]);

        // The unset was sent before: SES sees the two in this order.
        let scene = Scene::holding(set("bounce.example.com"));
        scene.ses.fail([Fault::Slow(Duration::from_secs(5))]);
        let (unset, set_again) = tokio::join!(scene.unset(), async {
            tokio::time::sleep(Duration::from_secs(2)).await;
            scene.set().await
        });
        assert_eq!(unset.unwrap(), Unset::Done);
        set_again.unwrap();
        assert_eq!(scene.held(), set("bounce.example.com"));
    }
    #[tokio::test(start_paused = true)]
    async fn unset_that_is_stopped_with_its_answer_lost_is_looked_up() {
        for (first, unset) in [
            // Carried out, and so must not stay in the state.
            (Fault::LoseAnswer, true),
            (Fault::Refuse(500, "InternalFailure"), false),
        ] {
            let scene = Scene::holding(set("bounce.example.com"));
            let slow = Fault::Slow(Duration::from_secs(4));
            scene.ses.fail([first, slow]);
            let (ended, ()) = tokio::join!(scene.unset(), async {
                tokio::time::sleep(Duration::from_secs(1)).await;
                scene.stop.cancel();
            });
            assert_eq!(ended.is_ok(), unset, "{ended:?}");
            let calls = scene.ses.calls();
            assert!(matches!(calls[0], Call::Unset(_)), "{calls:?}");
            assert!(
                calls[1..].iter().all(|call| matches!(call, Call::Get(_))),
                "nothing but reads after the stop: {calls:?}"
            );
        }
    }
}
