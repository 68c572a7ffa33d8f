//! What to tell the practitioner about SPF records.

use super::advice::{found, placed, quoted, reason};
use super::{Cause, Elsewhere, Finding, Mended, SpfCause, presentation};

/// The summary of what is to be said of a record that lets mail of SES pass.
pub(super) fn of_passing(cause: &Cause) -> Option<&'static str> {
    let Cause::Spf { cause, .. } = cause else {
        return None;
    };
    Some(match cause {
        SpfCause::Everyone(_) => "SPF record of a MAIL FROM domain lets anybody pass",
        SpfCause::Unread(_) => "SPF record of a MAIL FROM domain has terms that nobody reads",
        _ => "SPF record of a MAIL FROM domain lists addresses of Amazon SES",
    })
}

/// None is there, or none that receivers take for one.
pub(super) fn missing(finding: &Finding, name: &str, rdata: &str) -> String {
    let attempts = match finding.found.as_slice() {
        [] => String::new(),
        _ => format!("; only {}", found(finding)),
    };
    let problem = format!(
        "{name} has no SPF record (a TXT record that starts with `v=spf1 `){attempts}, so SPF \
         does not pass for its mail"
    );
    let not_its_own = matches!(
        finding.elsewhere,
        Some(Elsewhere::Alias { .. } | Elsewhere::Wildcard(_))
    );
    if let Some(Cause::Spf { cause, mended }) = &finding.cause
        && !not_its_own
    {
        let which = match finding.found.len() {
            1 => "It is no SPF record because".to_owned(),
            _ => format!("Of the first of them, {}:", quoted(&finding.found[0])),
        };
        return format!(
            "{problem}. {which} {cause}. {}. {}.",
            cause.remedy(),
            written(mended.as_ref(), rdata)
        );
    }
    let publish = format!("Publish `{rdata}` as a TXT record of {name}");
    match &finding.elsewhere {
        Some(Elsewhere::Above(above)) => format!(
            "{problem}. The record of {above} does not hold for {name}: receivers look at the \
             MAIL FROM domain itself. {publish}, too."
        ),
        elsewhere => format!("{problem}. {}", placed(elsewhere.as_ref(), name, &publish)),
    }
}

/// Several are there.
pub(super) fn multiple(finding: &Finding, name: &str, rdata: &str) -> String {
    let merge = match (&finding.elsewhere, &finding.cause) {
        (Some(_), _) => format!("Publish `{rdata}` as the only SPF record of {name}"),
        (
            None,
            Some(Cause::Spf {
                mended: Some(mended),
                ..
            }),
        ) => {
            let least = match mended.record == rdata {
                true => String::new(),
                false => format!(", or, if only Amazon SES sends for it, `{rdata}`"),
            };
            let record = &mended.record;
            format!(
                "Merge them into one TXT record, such as `{record}`{least}{}",
                notes(mended)
            )
        }
        _ => format!(
            "Merge them into one TXT record that holds `include:amazonses.com`, such as `{rdata}`"
        ),
    };
    format!(
        "{name} has the SPF records {}. With more than one, SPF fails for all of its mail. {}",
        found(finding),
        placed(finding.elsewhere.as_ref(), name, &merge)
    )
}

/// One is there, by which mail of SES does not pass, or others do not.
pub(super) fn wrong(finding: &Finding, name: &str, rdata: &str) -> String {
    let has = format!(
        "{name} has the SPF record {}: {}",
        found(finding),
        reason(finding)
    );
    if finding.elsewhere.is_some() {
        let publish = format!("Publish `{rdata}` as a TXT record of {name}");
        let placed = placed(finding.elsewhere.as_ref(), name, &publish);
        return format!("{has}. {placed}");
    }
    let (remedy, mended) = match &finding.cause {
        Some(Cause::Spf { cause, mended }) => (cause.remedy(), mended.as_ref()),
        _ => ("Put `include:amazonses.com` in".to_owned(), None),
    };
    format!(
        "{has}. {remedy}. {}; a domain may have only one SPF record.",
        written(mended, rdata)
    )
}

/// The whole of a record as it should be, and the least that does.
fn written(mended: Option<&Mended>, rdata: &str) -> String {
    let Some(mended) = mended else {
        return format!("If only Amazon SES sends for it, replace it by `{rdata}`");
    };
    let record = &mended.record;
    let notes = notes(mended);
    match record == rdata {
        true => format!("Replace it by `{rdata}`{notes}"),
        false => format!(
            "Replace it by `{record}`, or, if only Amazon SES sends for it, by `{rdata}`{notes}"
        ),
    }
}

/// What has become of single terms.
fn notes(mended: &Mended) -> String {
    let terms = |terms: &[String]| {
        let terms: Vec<String> = terms
            .iter()
            .map(|term| quoted(&presentation(term.as_bytes())))
            .collect();
        terms.join(", ")
    };
    let mut notes = Vec::new();
    if !mended.left_out.is_empty() {
        notes.push(format!(
            "not in it, because nobody can tell what it means, is {}: write it right and put it \
             before `all`, if it names a sender",
            terms(&mended.left_out)
        ));
    }
    if !mended.of_anybody.is_empty() {
        notes.push(format!(
            "not in it, because it lets anybody pass, is {}: put the addresses that you send from \
             in its place, if there are any",
            terms(&mended.of_anybody)
        ));
    }
    if !mended.unread.is_empty() {
        notes.push(format!(
            "nobody reads {} in the record as it is",
            terms(&mended.unread)
        ));
    }
    match notes.is_empty() {
        true => String::new(),
        false => format!(" ({})", notes.join("; ")),
    }
}
