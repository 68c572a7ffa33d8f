//! The records, modes and log of the DNS server.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use hickory_server::proto::op::ResponseCode;
use hickory_server::proto::rr::{LowerName, Name, RData, Record, RecordType, rdata};

use super::limit::Limit;
use super::{Mode, Query, RecordSet};

/// Seconds for which answers may be kept, negative ones too.
const TTL: u32 = 60;
/// How many aliases are followed before an answer ends as it is.
const ALIASES: usize = 16;

/// All names below the root that exist, in canonical order, so that what lies
/// below a name follows it at once.
#[derive(Debug)]
pub(crate) struct Zone {
    names: BTreeMap<LowerName, BTreeMap<RecordType, Vec<RData>>>,
    /// Where a name is not set: not listed, and not cleared.
    amazon: BTreeMap<LowerName, BTreeMap<RecordType, Vec<RData>>>,
    mode: Mode,
    modes: HashMap<LowerName, Mode>,
    queries: Vec<Query>,
    /// Where zones begin below the root, and the seconds for which their negative
    /// answers may be kept.
    apexes: BTreeMap<LowerName, u32>,
    limit: Option<Limit>,
}

/// What the zone has to say to a question.
#[derive(Debug, PartialEq)]
pub(crate) struct Finding {
    pub(crate) code: ResponseCode,
    pub(crate) answers: Vec<Record>,
    /// The zone's SOA, where the answer is that there is nothing (RFC 2308).
    pub(crate) soa: Option<Record>,
}

impl Default for Zone {
    fn default() -> Self {
        Self {
            names: BTreeMap::new(),
            amazon: super::amazon::names(),
            mode: Mode::default(),
            modes: HashMap::new(),
            queries: Vec::new(),
            apexes: BTreeMap::new(),
            limit: None,
        }
    }
}

impl Zone {
    pub(crate) fn set(&mut self, name: &Name, kind: RecordType, data: Vec<RData>) {
        let name = LowerName::new(name);
        let sets = self.names.entry(name.clone()).or_default();
        if data.is_empty() {
            sets.remove(&kind);
        } else {
            sets.insert(kind, data);
        }
        if sets.is_empty() {
            self.names.remove(&name);
        }
    }

    pub(crate) fn remove(&mut self, name: &Name) {
        self.names.remove(&LowerName::new(name));
    }

    pub(crate) fn clear(&mut self) {
        self.names.clear();
        self.apexes.clear();
    }

    pub(crate) fn record_sets(&self) -> Vec<RecordSet> {
        self.names
            .iter()
            .flat_map(|(name, sets)| {
                sets.iter().map(move |(kind, data)| RecordSet {
                    name: plain(name),
                    kind: kind.to_string(),
                    records: data.iter().map(ToString::to_string).collect(),
                })
            })
            .collect()
    }

    pub(crate) fn set_apex(&mut self, name: &Name, negative_ttl: u32) {
        self.apexes.insert(LowerName::new(name), negative_ttl);
    }

    pub(crate) fn set_limit(&mut self, a_second: Option<u32>) {
        self.limit = a_second.map(Limit::new);
    }

    /// Whether a query that arrives now is within the limit.
    pub(crate) fn takes(&mut self, now: Duration) -> bool {
        self.limit.as_mut().is_none_or(|limit| limit.takes(now))
    }

    /// The SOA record of the zone that holds `name`.
    fn soa(&self, name: &LowerName) -> Record {
        let closest = self.apexes.iter().filter(|(apex, _)| apex.zone_of(name));
        let closest = closest.max_by_key(|(apex, _)| apex.num_labels());
        let (apex, ttl) = match closest {
            Some((apex, ttl)) => (Name::from(apex), *ttl),
            None => (Name::root(), TTL),
        };
        let soa = rdata::SOA::new(apex.clone(), apex.clone(), 1, 3600, 600, 86400, ttl);
        Record::from_rdata(apex, ttl, RData::SOA(soa))
    }

    pub(crate) fn set_mode(&mut self, mode: Mode) {
        self.mode = mode;
    }

    pub(crate) fn set_mode_of(&mut self, name: &Name, mode: Option<Mode>) {
        let name = LowerName::new(name);
        match mode {
            Some(mode) => self.modes.insert(name, mode),
            None => self.modes.remove(&name),
        };
    }

    pub(crate) fn mode_of(&self, name: &LowerName) -> Mode {
        self.modes.get(name).copied().unwrap_or(self.mode)
    }

    pub(crate) fn log(&mut self, at_ms: f64, name: &LowerName, kind: RecordType, tcp: bool) {
        self.queries.push(Query {
            at_ms,
            name: plain(name),
            kind: kind.to_string(),
            tcp,
        });
    }

    pub(crate) fn queries(&self) -> &[Query] {
        &self.queries
    }

    pub(crate) fn clear_queries(&mut self) {
        self.queries.clear();
    }

    /// Answers as an authoritative server does: aliases are followed, and the
    /// code tells of the last name (RFC 6604).
    pub(crate) fn find(&self, name: &Name, kind: RecordType) -> Finding {
        let mut answers = Vec::new();
        let mut owner = name.clone();
        for _ in 0..ALIASES {
            let key = LowerName::new(&owner);
            if kind == RecordType::SOA && self.apexes.contains_key(&key) {
                answers.push(self.soa(&key));
                return Finding::something(answers);
            }
            let Some(sets) = self.sets(&key) else {
                let code = if self.has_names_below(&key) {
                    ResponseCode::NoError
                } else {
                    ResponseCode::NXDomain
                };
                return Finding::nothing(code, answers, self.soa(&key));
            };
            if let Some(data) = sets.get(&kind) {
                answers.extend(records(&owner, data));
                return Finding::something(answers);
            }
            let Some(data @ [RData::CNAME(target)]) =
                sets.get(&RecordType::CNAME).map(Vec::as_slice)
            else {
                return Finding::nothing(ResponseCode::NoError, answers, self.soa(&key));
            };
            answers.extend(records(&owner, data));
            owner = target.0.clone();
        }
        Finding::something(answers)
    }

    /// The records of `name`, or those of the wildcard that stands for it: the one
    /// at the closest name above that exists (RFC 4592, section 3.3.1).
    fn sets(&self, name: &LowerName) -> Option<&BTreeMap<RecordType, Vec<RData>>> {
        let own = self.names.get(name).or_else(|| self.amazon.get(name));
        if own.is_some() || self.has_names_below(name) {
            return own;
        }
        let mut encloser = Name::from(name).base_name();
        while !encloser.is_root() && !self.exists(&LowerName::new(&encloser)) {
            encloser = encloser.base_name();
        }
        let wildcard = Name::from_ascii("*").ok()?.append_domain(&encloser).ok()?;
        self.names.get(&LowerName::new(&wildcard))
    }

    fn exists(&self, name: &LowerName) -> bool {
        self.names.contains_key(name) || self.has_names_below(name)
    }

    /// Whether `name`, which has no records, exists for those below it (RFC 8020).
    fn has_names_below(&self, name: &LowerName) -> bool {
        self.names
            .range(name..)
            .next()
            .is_some_and(|(next, _)| name.zone_of(next))
    }
}

impl Finding {
    /// A code and nothing else.
    pub(crate) fn code(code: ResponseCode) -> Self {
        Self {
            code,
            answers: Vec::new(),
            soa: None,
        }
    }

    fn something(answers: Vec<Record>) -> Self {
        Self {
            code: ResponseCode::NoError,
            answers,
            soa: None,
        }
    }

    fn nothing(code: ResponseCode, answers: Vec<Record>, soa: Record) -> Self {
        Self {
            code,
            answers,
            soa: Some(soa),
        }
    }
}

fn records(owner: &Name, data: &[RData]) -> impl Iterator<Item = Record> {
    data.iter()
        .map(|data| Record::from_rdata(owner.clone(), TTL, data.clone()))
}

/// A name without its final dot.
fn plain(name: &LowerName) -> String {
    let mut text = name.to_string();
    if text.len() > 1 && text.ends_with('.') {
        text.pop();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> Name {
        let mut name = Name::from_ascii(text).unwrap();
        name.set_fqdn(true);
        name
    }

    fn zone() -> Zone {
        let mut zone = Zone::default();
        let mx = |host| RData::MX(rdata::MX::new(10, name(host)));
        zone.set(&name("a.b.example"), RecordType::MX, vec![mx("host.test")]);
        for (alias, target) in [("alias", "other"), ("other", "A.B.example"), ("lost", "no")] {
            let target = RData::CNAME(rdata::CNAME(name(target)));
            zone.set(&name(alias), RecordType::CNAME, vec![target]);
        }
        zone
    }

    #[test]
    fn names_exist_for_what_lies_below_them() {
        let zone = zone();
        for (asked, kind, code) in [
            ("A.b.EXAMPLE", RecordType::MX, ResponseCode::NoError),
            ("a.b.example", RecordType::TXT, ResponseCode::NoError),
            ("b.example", RecordType::MX, ResponseCode::NoError),
            ("example", RecordType::MX, ResponseCode::NoError),
            ("c.example", RecordType::MX, ResponseCode::NXDomain),
            ("a.a.b.example", RecordType::MX, ResponseCode::NXDomain),
            ("xample", RecordType::MX, ResponseCode::NXDomain),
        ] {
            let finding = zone.find(&name(asked), kind);
            assert_eq!(finding.code, code, "{asked}");
            assert_eq!(
                finding.soa.is_some(),
                finding.answers.is_empty(),
                "{asked}: an answer of nothing carries the SOA"
            );
        }
    }

    #[test]
    fn aliases_are_followed_to_their_end() {
        let finding = zone().find(&name("alias"), RecordType::MX);
        let kinds: Vec<_> = finding.answers.iter().map(Record::record_type).collect();
        assert_eq!(
            kinds,
            [RecordType::CNAME, RecordType::CNAME, RecordType::MX]
        );

        let lost = zone().find(&name("lost"), RecordType::MX);
        assert_eq!(lost.code, ResponseCode::NXDomain);
        assert_eq!(lost.answers.len(), 1);
    }

    #[test]
    fn a_loop_of_aliases_ends() {
        let mut zone = Zone::default();
        let own = RData::CNAME(rdata::CNAME(name("loop")));
        zone.set(&name("loop"), RecordType::CNAME, vec![own]);
        let finding = zone.find(&name("loop"), RecordType::MX);
        assert_eq!(finding.answers.len(), ALIASES);
    }

    #[test]
    fn wildcards_stand_for_names_that_do_not_exist() {
        let mut zone = zone();
        let mx = |host| vec![RData::MX(rdata::MX::new(10, name(host)))];
        zone.set(&name("*.b.example"), RecordType::MX, mx("wild.test"));
        for (asked, answers) in [
            ("c.b.example", 1),
            ("d.c.b.example", 1),
            ("*.b.example", 1),
            ("a.b.example", 1),
            // Names that exist have none but their own.
            ("c.a.b.example", 0),
            ("b.example", 0),
            ("c.example", 0),
        ] {
            let finding = zone.find(&name(asked), RecordType::MX);
            assert_eq!(finding.answers.len(), answers, "{asked}");
            for record in finding.answers {
                assert_eq!(record.name, name(asked));
            }
        }
        let other = zone.find(&name("c.b.example"), RecordType::TXT);
        assert_eq!(other.code, ResponseCode::NoError);
    }

    #[test]
    fn what_amazon_publishes_is_there() {
        let mut zone = Zone::default();
        for (asked, kind) in [
            ("amazonses.com", RecordType::TXT),
            ("feedback-smtp.eu-west-1.amazonses.com", RecordType::A),
        ] {
            assert_eq!(zone.find(&name(asked), kind).answers.len(), 1, "{asked}");
        }
        let text = RData::TXT(rdata::TXT::new(vec!["v=spf1 -all".to_owned()]));
        zone.set(&name("amazonses.com"), RecordType::TXT, vec![text.clone()]);
        let found = zone.find(&name("amazonses.com"), RecordType::TXT);
        assert_eq!(found.answers[0].data, text);
        assert!(zone.record_sets().len() == 1, "others are not listed");
    }

    #[test]
    fn the_closest_zone_answers_for_what_is_missing() {
        let mut zone = zone();
        zone.set_apex(&name("example"), 300);
        zone.set_apex(&name("b.example"), 900);
        for (asked, apex, ttl) in [
            ("no.a.b.example", "b.example", 900),
            ("b.example", "b.example", 900),
            ("bb.example", "example", 300),
            ("test", ".", TTL),
        ] {
            let finding = zone.find(&name(asked), RecordType::MX);
            let soa = finding.soa.unwrap();
            assert_eq!((soa.name, soa.ttl), (name(apex), ttl), "{asked}");
        }
        let soa = zone.find(&name("b.example"), RecordType::SOA);
        assert_eq!(soa.answers.len(), 1);
    }

    #[test]
    fn removing_the_last_records_removes_the_name() {
        let mut zone = zone();
        zone.set(&name("a.b.example"), RecordType::MX, Vec::new());
        let finding = zone.find(&name("a.b.example"), RecordType::MX);
        assert_eq!(finding.code, ResponseCode::NXDomain);
    }
}
