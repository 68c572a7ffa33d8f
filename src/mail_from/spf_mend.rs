//! An SPF record as it should be: what its owner meant, with SES named in front.

use super::Txt;
use super::spf::{self, SpfRecord, is_spf};
use super::spf_cause::{joined_all, names_ses, resembles_ses};
use super::spf_check::SES;

/// Octets of a record that people can be asked to copy.
const COPIED: usize = 450;

/// `record` with `include:amazonses.com` as its first term, so that nothing
/// before it can fail, and with what is invalid written right or left out. `None`
/// where that comes to no valid record that people could copy.
pub(super) fn mended(record: &Txt) -> Option<String> {
    let text = String::from_utf8_lossy(record.as_bytes());
    let mut all = None;
    let mut redirect = None;
    let mut explanation = None;
    let mut kept: Vec<String> = Vec::new();
    for term in terms(&text) {
        let lower = term.to_ascii_lowercase();
        let mechanism = lower.trim_start_matches(['+', '-', '~', '?']);
        if mechanism == "all" {
            all = all.or(Some(term));
        } else if mechanism.starts_with("redirect=") {
            redirect = redirect.or(Some(term));
        } else if mechanism.starts_with("exp=") {
            explanation = explanation.or(Some(term));
        } else if !kept.contains(&term) {
            kept.push(term);
        }
    }
    let last = match (all.as_deref(), redirect) {
        (None, Some(redirect)) => redirect,
        // Which lets everybody pass, or says nothing.
        (None | Some("+all" | "all"), _) => "~all".to_owned(),
        (Some(all), _) => all.to_owned(),
    };
    let terms = [format!("include:{SES}")]
        .into_iter()
        .chain(kept)
        .chain([last])
        .chain(explanation);
    let text = format!("v=spf1 {}", terms.collect::<Vec<_>>().join(" "));
    let mended = Txt::from_strings([&text]);
    let valid = text.len() <= COPIED && is_spf(&mended) && SpfRecord::parse(&mended).is_ok();
    valid.then_some(text)
}

/// The valid terms of a text, each written right, without the version, what is about
/// SES and what is in error.
fn terms(text: &str) -> Vec<String> {
    let separates = |c: char| !c.is_ascii_graphic() || ",;\"'".contains(c);
    let mut pieces = text
        .split(separates)
        .filter(|piece| !piece.is_empty())
        .peekable();
    let mut terms = Vec::new();
    while let Some(piece) = pieces.next() {
        let mut piece = piece.to_owned();
        // `include: example.com`
        if piece.ends_with(':')
            && let Some(domain) = pieces.peek()
            && spf::is_term(&format!("{piece}{domain}"))
        {
            piece.push_str(domain);
            pieces.next();
        }
        if let Some(all) = joined_all(&piece) {
            let before = &piece[..piece.len() - all.len()];
            terms.extend([before.to_owned(), all.to_owned()]);
        } else {
            terms.push(piece);
        }
    }
    terms.retain(|term| spf::is_term(term) && !is_version(term) && !is_about_ses(term));
    terms
}

/// Which would be a modifier that nobody knows.
fn is_version(term: &str) -> bool {
    term.to_ascii_lowercase().starts_with("v=")
}

fn is_about_ses(term: &str) -> bool {
    let lower = term.to_ascii_lowercase();
    let domain = lower.split_once([':', '=']).map(|(_, domain)| domain);
    domain.is_some_and(|domain| names_ses(domain) || resembles_ses(domain))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_owner_meant_is_kept_and_ses_is_named_first() {
        for (record, expected) in [
            ("v=spf1 mx -all", "v=spf1 include:amazonses.com mx -all"),
            ("v=spf1", "v=spf1 include:amazonses.com ~all"),
            ("v=spf1 +all", "v=spf1 include:amazonses.com ~all"),
            (
                "\"v=spf1 include:amazonses.com ~all\"",
                "v=spf1 include:amazonses.com ~all",
            ),
            (
                "spf1 include:amazonses.com ~all",
                "v=spf1 include:amazonses.com ~all",
            ),
            ("v=spf1, a, mx;", "v=spf1 include:amazonses.com a mx ~all"),
            (
                "v=spf1 include: x.example ~all;",
                "v=spf1 include:amazonses.com include:x.example ~all",
            ),
            (
                "v=spf1 include:x.example-all",
                "v=spf1 include:amazonses.com include:x.example -all",
            ),
            (
                "v=spf1 ?include:amazonses.com bogus ?all",
                "v=spf1 include:amazonses.com ?all",
            ),
            (
                "v=spf1 include=amazonses.com ~all",
                "v=spf1 include:amazonses.com ~all",
            ),
            (
                "v=spf1 redirect=_spf.x.example",
                "v=spf1 include:amazonses.com redirect=_spf.x.example",
            ),
            (
                "v=spf1 ~all redirect=amazonses.com exp=e.example",
                "v=spf1 include:amazonses.com ~all exp=e.example",
            ),
            (
                "v=spf1 redirect=a.example redirect=b.example",
                "v=spf1 include:amazonses.com redirect=a.example",
            ),
        ] {
            let record = Txt::from_strings([record]);
            assert_eq!(mended(&record).as_deref(), Some(expected), "{record}");
        }
        let long = format!("v=spf1 {}", "ip4:192.0.2.1/32 ip4:192.0.2.2 ".repeat(40));
        assert!(
            mended(&Txt::from_strings([long])).is_some(),
            "each term once"
        );
        let long: String = (0..40).map(|n| format!("ip4:192.0.2.{n} ")).collect();
        assert_eq!(mended(&Txt::from_strings([format!("v=spf1 {long}")])), None);
    }
}
