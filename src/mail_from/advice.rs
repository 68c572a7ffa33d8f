//! What to tell the practitioner about a finding.

use super::{
    DmarcFinding, DmarcStatus, DnsRecord, DomainName, Elsewhere, Finding, Place, RecordStatus,
    mx_advice, spf_advice,
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
        (RecordStatus::Missing, "MX") => mx_advice::missing(finding, name, rdata),
        (RecordStatus::Multiple, "MX") => mx_advice::multiple(finding, name, rdata),
        (_, "MX") => mx_advice::wrong(finding, name, rdata),
        (RecordStatus::Missing, _) => spf_advice::missing(finding, name, rdata),
        (RecordStatus::Multiple, _) => spf_advice::multiple(finding, name, rdata),
        (_, _) => spf_advice::wrong(finding, name, rdata),
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
        (RecordStatus::Ok, "TXT") => return spf_advice::of_passing(finding.cause.as_ref()?),
        (
            RecordStatus::Ok
            | RecordStatus::OtherRegion
            | RecordStatus::Disabled
            | RecordStatus::Unchecked,
            _,
        ) => return None,
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

/// `publish`, with what has to be minded because of what is elsewhere.
pub(super) fn placed(elsewhere: Option<&Elsewhere>, name: &str, publish: &str) -> String {
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
             {name} itself takes its place, for all types of records: both of `dns_records` are \
             needed. {publish} itself."
        ),
        Some(Elsewhere::Wildcard(wildcard)) => format!(
            "It is there by the wildcard `{wildcard}`; a record of {name} itself takes its place, \
             for all types of records: both of `dns_records` are needed. {publish} itself."
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
pub(super) fn found(finding: &Finding) -> String {
    let records = finding.found.iter().map(|record| {
        if record.starts_with("and ") && record.ends_with(" more") {
            record.clone()
        } else {
            quoted(record)
        }
    });
    records.collect::<Vec<_>>().join(", ")
}

pub(super) fn quoted(text: &str) -> String {
    format!("`{text}`")
}

pub(super) fn reason(finding: &Finding) -> String {
    match &finding.cause {
        Some(cause) => cause.to_string(),
        None => "no reason is known".to_owned(),
    }
}

#[cfg(test)]
mod tests;
