//! What to tell the practitioner about a finding.

use super::{
    Cause, DmarcFinding, DmarcStatus, DnsRecord, DomainName, Elsewhere, Finding, Mended, Place,
    RecordStatus, SpfCause, presentation,
};

/// A warning about one record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Advice {
    /// The same for every record of one kind and verdict, so that Terraform
    /// folds the warnings of a fleet.
    pub summary: &'static str,
    /// Names the record, what was found, what is expected and what to do.
    pub detail: String,
}

impl Advice {
    /// The same where SES says Success of `domain`, and so sees another MX record than
    /// this machine.
    pub fn doubted(self, domain: &DomainName) -> Advice {
        let detail = format!(
            "SES says Success of {domain}, so it has found the right MX record, and what this \
             machine's name servers say differs: it may be old, or meant for this network alone. \
             Set `nameservers` in the provider's `dns` block to servers that see what the world \
             sees, or `dns_check = false`. If the record was changed since, what they say holds: \
             {}",
            self.detail
        );
        Advice { detail, ..self }
    }
}

/// The warning of a DMARC policy under which SPF with `domain` cannot count.
pub fn dmarc_advice(finding: &DmarcFinding, domain: &DomainName, place: &Place) -> Option<Advice> {
    if finding.status != DmarcStatus::Strict {
        return None;
    }
    let from = place.identity.domain();
    let at = finding.at.as_deref().unwrap_or("its DMARC record");
    let records: Vec<String> = finding
        .found
        .iter()
        .map(|text| format!("`{text}`"))
        .collect();
    Some(Advice {
        summary: "DMARC of a MAIL FROM domain's identity wants strict alignment of SPF",
        detail: format!(
            "The DMARC record of {at}, {}, has `aspf=s`: SPF then counts only if the MAIL FROM \
             domain is the domain of the From address itself. {domain} is a subdomain of {from}, \
             so that mail from addresses at {from} never passes DMARC by SPF, and by DKIM alone. \
             Remove `aspf=s` from the record of {at} (relaxed alignment is the default), or rely \
             on DKIM.",
            records.join(", ")
        ),
    })
}

/// The warning that `finding` calls for; `expected` is the record that was
/// looked for. None for the silent verdicts, and while `expected` is not known
/// in full.
pub fn advice(finding: &Finding, expected: &DnsRecord) -> Option<Advice> {
    let name = expected.name.as_deref()?;
    let rdata = expected.rdata.as_deref()?;
    let summary = summary(finding, expected.record_type)?;
    let detail = match (finding.status, expected.record_type) {
        (_, kind) if finding.is_amiss() && !expected.documented => {
            without_a_source(finding, kind, name, rdata)
        }
        (RecordStatus::Unreachable, kind) => unreachable(finding, kind, name, rdata),
        (RecordStatus::Missing, "MX") => mx_missing(finding, name, rdata),
        (RecordStatus::Multiple, "MX") => mx_multiple(finding, name, rdata),
        (_, "MX") => mx_wrong(finding, name, rdata),
        (RecordStatus::Missing, _) => spf_missing(finding, name, rdata),
        (RecordStatus::Multiple, _) => spf_multiple(finding, name, rdata),
        (_, _) => spf_wrong(finding, name, rdata),
    };
    let detail = match &finding.view {
        Some(view) => format!("{detail} ({view}.)"),
        None => detail,
    };
    Some(Advice { summary, detail })
}

fn summary(finding: &Finding, record_type: &str) -> Option<&'static str> {
    Some(match (finding.status, record_type) {
        (RecordStatus::Missing, "MX") => "MX record of a MAIL FROM domain is missing",
        (RecordStatus::Missing, _) => "SPF record of a MAIL FROM domain is missing",
        (RecordStatus::Multiple, "MX") => "MAIL FROM domain has several MX records",
        (RecordStatus::Multiple, _) => "MAIL FROM domain has several SPF records",
        (RecordStatus::Wrong, "MX") => "MX record of a MAIL FROM domain is wrong",
        (RecordStatus::Wrong, _) => "SPF record of a MAIL FROM domain is wrong",
        (RecordStatus::Unreachable, "MX") => {
            "MX record of a MAIL FROM domain could not be looked up"
        }
        (RecordStatus::Unreachable, _) => "SPF record of a MAIL FROM domain could not be looked up",
        (RecordStatus::Ok, "TXT") => return of_passing(finding.cause.as_ref()?),
        (
            RecordStatus::Ok
            | RecordStatus::OtherRegion
            | RecordStatus::Disabled
            | RecordStatus::Unchecked,
            _,
        ) => return None,
    })
}

/// What is to be said of a record that lets mail of SES pass.
fn of_passing(cause: &Cause) -> Option<&'static str> {
    let Cause::Spf { cause, .. } = cause else {
        return None;
    };
    Some(match cause {
        SpfCause::Everyone(_) => "SPF record of a MAIL FROM domain lets anybody pass",
        SpfCause::Unread(_) => "SPF record of a MAIL FROM domain has terms that nobody reads",
        _ => "SPF record of a MAIL FROM domain lists addresses of Amazon SES",
    })
}

fn unreachable(finding: &Finding, kind: &str, name: &str, rdata: &str) -> String {
    let record = match kind {
        "MX" => format!("The MX record of {name} could not be looked up"),
        _ if finding.found.is_empty() => {
            format!("The SPF (TXT) record of {name} could not be looked up")
        }
        _ => format!(
            "The SPF record of {name}, {}, could not be evaluated",
            found(finding)
        ),
    };
    format!(
        "{record}: {}. Expected is `{rdata}`. Nothing else is held back by this. If this machine \
         cannot reach DNS, set other name servers in the provider's `dns` block, or \
         `dns_check = false`.",
        reason(finding)
    )
}

/// Of a region whose records AWS does not document: what is there may be right.
fn without_a_source(finding: &Finding, kind: &str, name: &str, rdata: &str) -> String {
    let records = match finding.found.is_empty() {
        true => format!("{name} has no {kind} record that is right for Amazon SES elsewhere"),
        false => format!(
            "{name} has the {kind} records {}, which are not those for Amazon SES elsewhere",
            found(finding)
        ),
    };
    format!(
        "{records}. AWS documents the records of the commercial regions and of GovCloud alone, and \
         this region is neither: what would be right there is `{rdata}`. Publish what the SES \
         console shows for {name}; if it is there already, set `dns_check = false`."
    )
}

fn mx_missing(finding: &Finding, name: &str, rdata: &str) -> String {
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

fn mx_multiple(finding: &Finding, name: &str, rdata: &str) -> String {
    let keep = format!("Keep `{rdata}` as the only MX record of {name}");
    let keep = match &finding.elsewhere {
        Some(_) => format!("Publish `{rdata}` as the only MX record of {name}"),
        None => keep,
    };
    format!(
        "{name} has the MX records {}. Amazon SES takes a MAIL FROM domain only with exactly one. \
         {} Mail that people should receive needs another domain.",
        found(finding),
        placed(finding.elsewhere.as_ref(), name, &keep)
    )
}

fn mx_wrong(finding: &Finding, name: &str, rdata: &str) -> String {
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

fn spf_missing(finding: &Finding, name: &str, rdata: &str) -> String {
    let attempts = match finding.found.as_slice() {
        [] => String::new(),
        _ => format!("; only {}", found(finding)),
    };
    let problem = format!(
        "{name} has no SPF record (a TXT record that starts with `v=spf1 `){attempts}, so SPF \
         does not pass for its mail"
    );
    if let Some(Cause::Spf { cause, mended }) = &finding.cause {
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

fn spf_multiple(finding: &Finding, name: &str, rdata: &str) -> String {
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

fn spf_wrong(finding: &Finding, name: &str, rdata: &str) -> String {
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

/// `publish`, with what has to be minded because of what is elsewhere.
fn placed(elsewhere: Option<&Elsewhere>, name: &str, publish: &str) -> String {
    match elsewhere {
        None | Some(Elsewhere::Above(_)) => format!("{publish}."),
        Some(Elsewhere::Alias {
            target,
            wildcard: None,
        }) => format!(
            "{name} is an alias (CNAME) of {target}, and beside an alias no other record can \
             stand. Remove the CNAME record of {name} first, and publish both records of \
             `dns_records` in its place. {publish}."
        ),
        Some(Elsewhere::Alias {
            target,
            wildcard: Some(wildcard),
        }) => format!(
            "{name} is an alias (CNAME) of {target} by the wildcard `{wildcard}`; a record of \
             {name} itself takes its place. {publish} itself."
        ),
        Some(Elsewhere::Wildcard(wildcard)) => format!(
            "It is there by the wildcard `{wildcard}`; a record of {name} itself takes its place. \
             {publish} itself."
        ),
        Some(Elsewhere::Twice { name: twice, label }) => {
            let enter = match label.is_empty() {
                true => format!(
                    "{name} is a zone by itself: enter `@`, or nothing, as the name of the record"
                ),
                false => format!("Enter `{label}` alone as the name of the record"),
            };
            format!(
                "It stands at {twice}: the DNS vendor adds the zone's name to what is entered. \
                 {enter}. {publish}."
            )
        }
    }
}

/// The records in quotes; what says how many more there are is none.
fn found(finding: &Finding) -> String {
    let records = finding.found.iter().map(|record| {
        if record.starts_with("and ") && record.ends_with(" more") {
            record.clone()
        } else {
            quoted(record)
        }
    });
    records.collect::<Vec<_>>().join(", ")
}

fn quoted(text: &str) -> String {
    format!("`{text}`")
}

fn reason(finding: &Finding) -> String {
    match &finding.cause {
        Some(cause) => cause.to_string(),
        None => "no reason is known".to_owned(),
    }
}

#[cfg(test)]
mod tests;
