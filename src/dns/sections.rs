//! The sections of a message, record by record: one that cannot be read, or does not
//! belong there, does not take the others with it.

use hickory_proto::op::Edns;
use hickory_proto::rr::{Name, RData, Record, RecordType};
use hickory_proto::serialize::binary::{BinDecodable as _, BinDecoder, DecodeError};

/// What is read so far.
pub(super) struct Sections<'a> {
    decoder: BinDecoder<'a>,
    edns: Option<Edns>,
}

impl<'a> Sections<'a> {
    /// `decoder` stands behind the question.
    pub(super) fn new(decoder: BinDecoder<'a>) -> Sections<'a> {
        let edns = None;
        Sections { decoder, edns }
    }

    /// The EDNS record, in whatever section it stood.
    pub(super) fn edns(&self) -> Option<&Edns> {
        self.edns.as_ref()
    }

    /// The records of the next section. An error where the octets end too early, or a
    /// record of the `wanted` type, or an alias in its place, is malformed.
    pub(super) fn read(
        &mut self,
        count: u16,
        wanted: Option<RecordType>,
    ) -> Result<Vec<Record>, DecodeError> {
        let mut records = Vec::new();
        for _ in 0..count {
            let (record_type, end) = self.ahead()?;
            let is_wanted = wanted
                .is_some_and(|wanted| record_type == wanted || record_type == RecordType::CNAME);
            match Record::read(&mut self.decoder) {
                Ok(record) if record_type == RecordType::OPT => {
                    self.edns.get_or_insert_with(|| Edns::from(&record));
                }
                // Without data, as only updates have it.
                Ok(record) if matches!(record.data, RData::Update0(_)) => {}
                Ok(record) => records.push(record),
                Err(error) if is_wanted => return Err(error),
                Err(_) => {}
            }
            self.decoder = self.decoder.clone(end);
        }
        Ok(records)
    }

    /// The type of the next record, and where it ends.
    fn ahead(&self) -> Result<(RecordType, u16), DecodeError> {
        let here = u16::try_from(self.decoder.index()).unwrap_or(u16::MAX);
        let mut ahead = self.decoder.clone(here);
        Name::read(&mut ahead)?;
        let record_type = RecordType::read(&mut ahead)?;
        // Class and TTL.
        ahead.read_slice(6)?;
        let length = ahead.read_u16()?.unverified();
        ahead.read_slice(length.into())?;
        let end = u16::try_from(ahead.index()).unwrap_or(u16::MAX);
        Ok((record_type, end))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Records as octets: owner, type, data. The owner is the root.
    fn octets(records: &[(u16, &[u8])]) -> Vec<u8> {
        let mut octets = Vec::new();
        for (record_type, data) in records {
            octets.push(0);
            octets.extend(record_type.to_be_bytes());
            octets.extend([0, 1, 0, 0, 0, 60]);
            octets.extend(u16::try_from(data.len()).unwrap().to_be_bytes());
            octets.extend(*data);
        }
        octets
    }

    const MX: u16 = 15;
    const TXT: u16 = 16;
    const A: u16 = 1;
    const OPT: u16 = 41;

    fn types(wanted: RecordType, records: &[(u16, &[u8])]) -> Result<Vec<RecordType>, DecodeError> {
        let octets = octets(records);
        let count = u16::try_from(records.len()).unwrap();
        let mut sections = Sections::new(BinDecoder::new(&octets));
        let records = sections.read(count, Some(wanted))?;
        Ok(records.iter().map(Record::record_type).collect())
    }

    #[test]
    fn what_is_odd_does_not_take_the_rest_with_it() {
        let good: (u16, &[u8]) = (TXT, b"\x04text");
        for odd in [
            (OPT, &b""[..]),
            // An option that is cut.
            (OPT, b"\x00\x0f\x00\x09"),
            (TXT, b""),
            (MX, b""),
            (A, b"\x01\x02"),
            (65280, b"anything"),
        ] {
            for records in [[odd, good], [good, odd]] {
                let read = types(RecordType::TXT, &records).unwrap();
                let texts = read.iter().filter(|read| **read == RecordType::TXT);
                assert_eq!(texts.count(), 1, "{records:?}");
            }
        }
    }

    #[test]
    fn what_is_wanted_has_to_be_read() {
        // A string that is longer than the record, and a host that is cut.
        assert!(types(RecordType::TXT, &[(TXT, b"\x09text")]).is_err());
        assert!(types(RecordType::MX, &[(MX, b"\x00\x0a\x04ho")]).is_err());
        let octets = octets(&[(TXT, b"\x04text")]);
        for cut in 0..octets.len() {
            let mut sections = Sections::new(BinDecoder::new(&octets[..cut]));
            assert!(sections.read(1, None).is_err(), "{cut}");
        }
    }

    #[test]
    fn edns_is_found_in_any_section() {
        let octets = octets(&[(OPT, b""), (OPT, b""), (TXT, b"\x04text")]);
        let mut sections = Sections::new(BinDecoder::new(&octets));
        assert_eq!(sections.read(3, None).unwrap().len(), 1);
        assert!(sections.edns().is_some());
    }

    proptest! {
        #[test]
        fn octets_of_anybody_do_no_harm(
            mut octets in prop::collection::vec(any::<u8>(), 0..80),
            record_type in prop::sample::select(vec![MX, TXT, A, OPT, 5, 6, 46, 250]),
            counts in prop::array::uniform3(0..4_u16),
        ) {
            // A record whose data is nonsense, in front.
            let length = u16::try_from(octets.len() / 2).unwrap();
            let begin = [&[0][..], &record_type.to_be_bytes(), &[0, 1, 0, 0, 0, 60], &length.to_be_bytes()];
            octets.splice(..0, begin.concat());
            let mut sections = Sections::new(BinDecoder::new(&octets));
            for count in counts {
                let records = sections.read(count, Some(RecordType::TXT)).unwrap_or_default();
                prop_assert!(records.len() <= usize::from(count));
            }
        }
    }
}
