//! An SPF record as it should be: what its owner meant, with SES named in front.

use super::Txt;
use super::spf::{self, SpfRecord, is_spf};
use super::spf_cause::{names_ses, resembles_ses};
use super::spf_check::SES;
use super::spf_meant::{Word, words};

/// Octets of a record that people can be asked to copy.
const COPIED: usize = 450;

/// Octets beyond which nobody writes a record by hand: it is not mended.
const WRITTEN: usize = 4096;

/// A record as it should be. The terms are as they were written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mended {
    /// Its text.
    pub record: String,
    /// Terms that are not in it, because nobody can tell what they mean.
    pub left_out: Vec<String>,
    /// Terms that are not in it, because they let anybody pass.
    pub of_anybody: Vec<String>,
    /// Terms that are in it, and that nobody reads in the record as it is.
    pub unread: Vec<String>,
}

/// The one record of `records` with `include:amazonses.com` as its first term, so that
/// nothing before it can fail, and with what is invalid written right or left out.
/// `None` where that comes to no valid record that people could copy.
pub(super) fn mended(records: &[&Txt], known: Known) -> Option<Mended> {
    if records
        .iter()
        .any(|record| record.as_bytes().len() > WRITTEN)
    {
        return None;
    }
    let mut draft = Draft {
        known,
        ..Draft::default()
    };
    for record in records {
        draft.read(&String::from_utf8_lossy(record.as_bytes()));
    }
    let mended = draft.finished();
    let txt = Txt::from_strings([&mended.record]);
    let valid = mended.record.len() <= COPIED && is_spf(&txt) && SpfRecord::parse(&txt).is_ok();
    valid.then_some(mended)
}

/// What an evaluation has shown of terms that does not show in themselves.
#[derive(Clone, Debug, Default)]
pub(super) struct Known {
    /// They lead to a record which lets anybody pass.
    pub(super) of_anybody: Vec<String>,
    /// They list addresses of SES.
    pub(super) of_ses: Vec<String>,
}

/// What was read so far.
#[derive(Debug, Default)]
struct Draft {
    mended: Mended,
    known: Known,
    kept: Vec<String>,
    /// The `all` that refuses least.
    all: Option<String>,
    /// The terms `redirect=`.
    redirects: Vec<String>,
    explanation: Option<String>,
}

impl Draft {
    /// Adds the terms of one record.
    fn read(&mut self, text: &str) {
        let words = words(text);
        let has_all = words.iter().any(|word| word.is(is_all));
        let mut ended = false;
        for Word { written, meant } in words {
            let Some(term) = meant else {
                if !is_about_ses(&written) {
                    add(&mut self.mended.left_out, written);
                }
                continue;
            };
            let lower = term.to_ascii_lowercase();
            let is_redirect = lower.starts_with("redirect=");
            if is_all(&term) {
                if !std::mem::replace(&mut ended, true) {
                    self.end(term);
                }
            } else if lower.starts_with("exp=") {
                self.explanation.get_or_insert(term);
            } else if is_about_ses(&term) || self.known.of_ses.contains(&term) {
                // It stands in front.
            } else if spf::lets_anybody_pass(&term) || self.known.of_anybody.contains(&term) {
                add(&mut self.mended.of_anybody, written);
            } else {
                let unread = match is_redirect {
                    true => has_all,
                    false => ended && !is_modifier(&term) || is_ignored(&written, &term),
                };
                if unread && !self.kept.contains(&term) {
                    add(&mut self.mended.unread, written);
                }
                match is_redirect {
                    true => add(&mut self.redirects, term),
                    false => add(&mut self.kept, term),
                }
            }
        }
    }

    fn end(&mut self, all: String) {
        let all = match all.starts_with(['-', '~', '?']) {
            true => all,
            // Which lets everybody pass.
            false => "~all".to_owned(),
        };
        let rank = |all: &str| "-~?".find(&all[..1]);
        if self
            .all
            .as_deref()
            .is_none_or(|before| rank(before) < rank(&all))
        {
            self.all = Some(all);
        }
    }

    fn finished(self) -> Mended {
        let Self {
            mut mended,
            mut kept,
            all,
            redirects,
            explanation,
            ..
        } = self;
        let last = match (all, redirects.as_slice()) {
            (None, [redirect]) => redirect.clone(),
            // Only one is read, and none beside `all`.
            (all, several) => {
                for redirect in several {
                    let domain = redirect.split_once('=').map(|(_, domain)| domain);
                    let include = format!("include:{}", domain.unwrap_or_default());
                    if kept.contains(&include) {
                        mended.unread.retain(|unread| unread != redirect);
                    }
                    add(&mut kept, include);
                }
                all.unwrap_or_else(|| "~all".to_owned())
            }
        };
        let terms = [format!("include:{SES}")]
            .into_iter()
            .chain(kept)
            .chain([last])
            .chain(explanation);
        Mended {
            record: format!("v=spf1 {}", terms.collect::<Vec<_>>().join(" ")),
            ..mended
        }
    }
}

impl Word {
    fn is(&self, kind: impl Fn(&str) -> bool) -> bool {
        self.meant.as_deref().is_some_and(kind)
    }
}

fn is_all(term: &str) -> bool {
    let mechanism = term.trim_start_matches(['+', '-', '~', '?']);
    mechanism.eq_ignore_ascii_case("all")
}

fn is_modifier(term: &str) -> bool {
    let end = term.find([':', '=', '/']);
    end.is_some_and(|end| term[end..].starts_with('='))
}

/// Whether a term is valid, and another one was meant: `include=x.example` is a modifier
/// that nobody knows.
fn is_ignored(written: &str, meant: &str) -> bool {
    written != meant && is_modifier(written) && spf::is_term(written)
}

fn add(terms: &mut Vec<String>, term: String) {
    if !terms.contains(&term) {
        terms.push(term);
    }
}

fn is_about_ses(term: &str) -> bool {
    let lower = term.to_ascii_lowercase();
    let domain = lower
        .split_once([':', '='])
        .map_or(lower.as_str(), |(_, domain)| domain);
    names_ses(domain) || resembles_ses(domain)
}

#[cfg(test)]
mod tests;
