//! What to tell the practitioner about MX records.

use super::advice::{found, placed, reason};
use super::{Cause, Elsewhere, Finding};

/// None is there.
pub(super) fn missing(finding: &Finding, name: &str, rdata: &str) -> String {
    let problem =
        format!("{name} has no MX record, so Amazon SES cannot use it as MAIL FROM domain");
    let publish = format!("Publish `{rdata}` as the only MX record of {name}");
    match &finding.elsewhere {
        Some(Elsewhere::Above(above)) => format!(
            "{problem}. {above} has it, one level too high: there it takes the mail that {above} \
             itself should receive. Remove it from {above}, give {above} the MX record of its own \
             mail host back, if it had one, and publish `{rdata}` as the only MX record of {name}."
        ),
        elsewhere => format!("{problem}. {}", placed(elsewhere.as_ref(), name, &publish)),
    }
}

/// Several are there.
pub(super) fn multiple(finding: &Finding, name: &str, rdata: &str) -> String {
    let host = |record: &str| record.split_once(' ').map(|(_, host)| host.to_owned());
    let there = finding
        .found
        .iter()
        .find(|record| host(record) == host(rdata));
    let keep = match (&finding.elsewhere, there) {
        (Some(_), _) => format!("Publish `{rdata}` as the only MX record of {name}"),
        (None, Some(there)) => format!("Keep `{there}` as the only MX record of {name}"),
        (None, None) => {
            format!("Publish `{rdata}` in their place, as the only MX record of {name}")
        }
    };
    format!(
        "{name} has the MX records {}. Amazon SES takes a MAIL FROM domain only with exactly one. \
         {} Mail that people should receive needs another domain.",
        found(finding),
        placed(finding.elsewhere.as_ref(), name, &keep)
    )
}

/// One is there that SES does not take.
pub(super) fn wrong(finding: &Finding, name: &str, rdata: &str) -> String {
    let replace = match &finding.elsewhere {
        Some(_) => format!("Publish `{rdata}` as the only MX record of {name}"),
        None => format!("Replace it by `{rdata}`, as the only MX record of {name}"),
    };
    let remedy = match &finding.cause {
        Some(Cause::Mx(cause)) if finding.elsewhere.is_none() => cause.remedy(),
        _ => None,
    };
    let text = format!(
        "{name} has the MX record {}: {}. {}",
        found(finding),
        reason(finding),
        placed(finding.elsewhere.as_ref(), name, &replace)
    );
    match remedy {
        Some(remedy) => format!("{text} {remedy}"),
        None => text,
    }
}
