//! What a zone's own servers say to a verdict, and where they say nothing, how old
//! the resolver's answer may be.

use super::cache::Freshness;
use super::lookup::{Answer, Question};
use super::resolver::Resolver;
use crate::mail_from::{Finding, OwnFindings, View};

/// Judges one answer.
pub(super) trait Judge {
    /// The verdict on `answer`, after whatever look-ups it needs.
    fn judge(&self, answer: &Answer) -> impl Future<Output = Finding> + Send;
}

impl Resolver {
    /// The verdict on what `question` finds: the resolver's, or where that is not
    /// as it should be, that of the zone's own servers.
    pub(super) async fn opinion<J: Judge + Sync>(
        &self,
        question: Question,
        freshness: Freshness,
        answer: &Answer,
        judge: &J,
    ) -> Finding {
        let seen = judge.judge(answer).await;
        if !seen.is_amiss() {
            return seen;
        }
        let Some(Ok(own)) = self.own(question, freshness).await else {
            let view = unconfirmed(answer);
            return Finding { view, ..seen };
        };
        let mut servers: Vec<(String, Finding)> = Vec::new();
        for (index, opinion) in own.servers.iter().enumerate() {
            // Most say the same.
            let same = own
                .servers
                .iter()
                .position(|other| other.answer.says(&opinion.answer));
            let finding = match same.and_then(|first| servers.get(first)) {
                Some((_, finding)) if same < Some(index) => finding.clone(),
                _ => judge.judge(&opinion.answer).await,
            };
            servers.push((opinion.server.clone(), finding));
        }
        let zone = own.zone;
        OwnFindings { zone, servers }.weigh(seen, answer.ttl)
    }
}

/// How old an answer may be that a resolver gives from its memory: it counts down
/// from what the zone's SOA record grants (RFC 2308, section 5).
fn unconfirmed(answer: &Answer) -> Option<View> {
    let granted = answer.zone.as_ref()?.negative_ttl;
    let age = granted.saturating_sub(answer.ttl);
    (!answer.authoritative && !age.is_zero()).then_some(View::Unconfirmed {
        age,
        remembers: answer.ttl,
    })
}
