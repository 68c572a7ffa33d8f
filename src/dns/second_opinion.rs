//! What a zone's own servers say to a verdict, and where they say nothing, how old
//! the resolver's answer may be.

use super::check::Check;
use super::lookup::{Answer, Question};
use crate::mail_from::{Finding, OwnFindings, View};

impl Check<'_> {
    /// The answer that counts, and the verdict on it: what the resolver answered,
    /// or where that is not as it should be, what the zone's own servers hold.
    pub(super) async fn second_opinion(
        self,
        question: Question,
        answer: Answer,
        seen: Finding,
    ) -> (Answer, Finding) {
        if !seen.is_amiss() {
            return (answer, seen);
        }
        let Some(Ok(own)) = self.resolver.own(question, self.freshness).await else {
            let view = unconfirmed(&answer);
            return (answer, Finding { view, ..seen });
        };
        let mut servers: Vec<(String, Finding)> = Vec::new();
        for opinion in &own.servers {
            // Most say the same.
            let same = own
                .servers
                .iter()
                .position(|first| first.answer.says(&opinion.answer));
            let finding = match same.and_then(|first| servers.get(first)) {
                Some((_, finding)) => finding.clone(),
                None => self.judge(&opinion.answer.records).await,
            };
            servers.push((opinion.server.clone(), finding));
        }
        let zone = own.zone;
        let (whose, finding) = OwnFindings { zone, servers }.weigh(seen, answer.ttl);
        let own = whose.and_then(|server| own.servers.into_iter().nth(server));
        (own.map_or(answer, |opinion| opinion.answer), finding)
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
