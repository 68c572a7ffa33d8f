//! What a zone's own servers say to a verdict, and where they say nothing, for how
//! long the resolver may go on with its answer.

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
        let own = match self.resolver.own(question, self.freshness).await {
            Some(Ok(own)) => own,
            other => {
                let view = unconfirmed(&answer, other.is_some());
                return (answer, Finding { view, ..seen });
            }
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
                None => self.judge(&opinion.answer).await,
            };
            servers.push((opinion.server.clone(), finding));
        }
        let zone = own.zone;
        let (whose, finding) = OwnFindings { zone, servers }.weigh(seen, answer.ttl);
        let own = whose.and_then(|server| own.servers.into_iter().nth(server));
        (own.map_or(answer, |opinion| opinion.answer), finding)
    }
}

/// What an answer that there is nothing leaves open, if it may be from before. One whose
/// time has not begun to pass was just asked for, and says what holds. How old another
/// is, nobody tells: the TTL that the zone's SOA record began with is not in the answer
/// (RFC 2308, sections 3 and 5).
fn unconfirmed(answer: &Answer, asks_own: bool) -> Option<View> {
    let remembered = answer.zone.is_some() && answer.aged && !answer.authoritative;
    (remembered && !answer.ttl.is_zero()).then_some(View::Unconfirmed {
        remembers: answer.ttl,
        asks_own,
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::lookup::Records;
    use super::*;

    #[test]
    fn what_a_resolver_goes_on_saying_is_told_without_an_age() {
        let answer = |ttl, aged, authoritative| Answer {
            records: Records::Mx(Vec::new()),
            aliases: Vec::new(),
            name_exists: false,
            ttl: Duration::from_secs(ttl),
            zone: Some("example.com".to_owned()),
            aged,
            authoritative,
        };
        for (asks_own, says) in [
            (
                true,
                "the zone's own servers could not be asked what they hold now",
            ),
            (false, "`authoritative = true`"),
        ] {
            let told = unconfirmed(&answer(812, true, false), asks_own)
                .unwrap()
                .to_string();
            let begin = "Your resolver remembers this answer for up to 812 s more, and ";
            assert!(told.starts_with(begin) && told.contains(says), "{told}");
        }
        for (ttl, aged, authoritative) in [
            (0, true, false),
            (812, true, true),
            // Just asked for.
            (900, false, false),
        ] {
            assert_eq!(unconfirmed(&answer(ttl, aged, authoritative), true), None);
        }
    }
}
