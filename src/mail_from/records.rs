//! The two DNS records that a MAIL FROM domain needs.

use super::txt_strings::quoted;
use super::{DomainName, Region};

/// The priority of the MX record in AWS's documentation; SES takes any.
const MX_PRIORITY: u16 = 10;

/// The SPF record in AWS's documentation.
const SPF: &str = "v=spf1 include:amazonses.com ~all";

/// Seconds that resolvers may remember the records of a zone file for.
const ZONE_TTL: u32 = 600;

/// One record to publish. `None` stands for what hangs on a domain or a region
/// that is not known yet, except for the priority of a TXT record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DnsRecord {
    /// The MAIL FROM domain, without final dot.
    pub name: Option<String>,
    /// `MX` or `TXT`.
    pub record_type: &'static str,
    /// The preference of an MX record; a TXT record has none.
    pub priority: Option<u16>,
    /// The bare host or text.
    pub value: Option<String>,
    /// What Route 53 takes: `10 host`, or the text unquoted.
    pub rdata: Option<String>,
    /// Whether AWS documents it for the region; true while the region is not known.
    pub documented: bool,
    /// What a zone file takes: `10 host.`, or the text in quotes.
    pub zone_rdata: Option<String>,
}

/// The records that SES looks for, and receivers of mail ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequiredRecords {
    /// Names the host that takes bounces; SES verifies it.
    pub mx: DnsRecord,
    /// Lets receivers' SPF checks pass.
    pub spf: DnsRecord,
}

impl RequiredRecords {
    /// The records of `mail_from` in `region`, as far as these are known.
    pub fn new(mail_from: Option<&DomainName>, region: Option<&Region>) -> RequiredRecords {
        let name = mail_from.map(|domain| domain.as_str().to_owned());
        let host = region.map(Region::feedback_host);
        let documented = region.is_none_or(Region::has_documented_records);
        RequiredRecords {
            mx: DnsRecord {
                name: name.clone(),
                record_type: "MX",
                documented,
                priority: Some(MX_PRIORITY),
                rdata: host.as_ref().map(|host| format!("{MX_PRIORITY} {host}")),
                zone_rdata: host.as_ref().map(|host| format!("{MX_PRIORITY} {host}.")),
                value: host,
            },
            spf: DnsRecord {
                name,
                record_type: "TXT",
                documented,
                priority: None,
                value: Some(SPF.to_owned()),
                rdata: Some(SPF.to_owned()),
                zone_rdata: Some(quoted(SPF.as_bytes())),
            },
        }
    }

    /// Both records as lines of a zone file, with absolute names; `None` where a domain or
    /// a region is not known.
    pub fn zone_file(&self) -> Option<String> {
        let line = |record: &DnsRecord| {
            let (name, rdata) = (record.name.as_ref()?, record.zone_rdata.as_ref()?);
            let record_type = record.record_type;
            Some(format!("{name}. {ZONE_TTL} IN {record_type} {rdata}\n"))
        };
        Some(line(&self.mx)? + &line(&self.spf)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_hold_every_form() {
        let domain = DomainName::parse("Bounce.Example.com.").unwrap();
        let region = Region::parse("eu-west-1").unwrap();
        let RequiredRecords { mx, spf } = RequiredRecords::new(Some(&domain), Some(&region));

        assert_eq!(mx.name.as_deref(), Some("bounce.example.com"));
        assert_eq!(mx.record_type, "MX");
        assert_eq!(mx.priority, Some(10));
        let host = "feedback-smtp.eu-west-1.amazonses.com";
        assert_eq!(mx.value.as_deref(), Some(host));
        assert_eq!(mx.rdata, Some(format!("10 {host}")));
        assert_eq!(mx.zone_rdata, Some(format!("10 {host}.")));

        assert_eq!(spf.name.as_deref(), Some("bounce.example.com"));
        assert_eq!(spf.record_type, "TXT");
        assert_eq!(spf.priority, None);
        let text = "v=spf1 include:amazonses.com ~all";
        assert_eq!(spf.value.as_deref(), Some(text));
        assert_eq!(spf.rdata.as_deref(), Some(text));
        assert_eq!(spf.zone_rdata, Some(format!("\"{text}\"")));
    }

    #[test]
    fn only_what_hangs_on_the_unknown_is_unknown() {
        let domain = DomainName::parse("bounce.example.com").unwrap();
        let region = Region::parse("eu-west-1").unwrap();
        let known = RequiredRecords::new(Some(&domain), Some(&region));

        let mut no_domain = known.clone();
        no_domain.mx.name = None;
        no_domain.spf.name = None;
        assert_eq!(RequiredRecords::new(None, Some(&region)), no_domain);

        let mut no_region = known;
        no_region.mx.value = None;
        no_region.mx.rdata = None;
        no_region.mx.zone_rdata = None;
        assert_eq!(RequiredRecords::new(Some(&domain), None), no_region);
    }

    #[test]
    fn zone_file_holds_both_records_by_absolute_names() {
        let domain = DomainName::parse("Bounce.bücher.example").unwrap();
        let region = Region::parse("eu-west-1").unwrap();
        let records = RequiredRecords::new(Some(&domain), Some(&region));
        assert_eq!(
            records.zone_file().unwrap(),
            "bounce.xn--bcher-kva.example. 600 IN MX 10 feedback-smtp.eu-west-1.amazonses.com.\n\
             bounce.xn--bcher-kva.example. 600 IN TXT \"v=spf1 include:amazonses.com ~all\"\n"
        );
        let no_domain = RequiredRecords::new(None, Some(&region));
        let no_region = RequiredRecords::new(Some(&domain), None);
        assert_eq!(no_domain.zone_file(), None);
        assert_eq!(no_region.zone_file(), None);
    }
}
