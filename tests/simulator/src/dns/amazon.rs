//! What Amazon publishes, and the world takes for granted: hosts of regions, and
//! the SPF record of SES.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use hickory_server::proto::rr::{LowerName, Name, RData, RecordType, rdata};

/// Regions with SES; not all of them.
const REGIONS: [&str; 8] = [
    "ap-northeast-1",
    "ap-southeast-2",
    "eu-central-1",
    "eu-west-1",
    "us-east-1",
    "us-east-2",
    "us-gov-west-1",
    "us-west-2",
];

/// The addresses that SES sends from; not all of them.
const SPF: &str = "v=spf1 ip4:199.255.192.0/22 ip4:54.240.0.0/18 ip4:69.169.224.0/20 \
    ip4:23.249.208.0/20 ip4:76.223.176.0/20 -all";

type Sets = BTreeMap<RecordType, Vec<RData>>;

/// Names and their records.
pub(super) fn names() -> BTreeMap<LowerName, Sets> {
    let hosts = REGIONS.map(|region| format!("feedback-smtp.{region}.amazonses.com."));
    let address = RData::A(Ipv4Addr::new(192, 0, 2, 1).into());
    let hosts = hosts.map(|host| (host, RecordType::A, address.clone()));
    let text = RData::TXT(rdata::TXT::new(vec![SPF.to_owned()]));
    let spf = ("amazonses.com.".to_owned(), RecordType::TXT, text);
    let all = hosts.into_iter().chain([spf]);
    all.filter_map(|(name, kind, data)| {
        let name = Name::from_ascii(name).ok()?;
        let sets = BTreeMap::from([(kind, vec![data])]);
        Some((LowerName::new(&name), sets))
    })
    .collect()
}
