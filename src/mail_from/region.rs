//! AWS regions.

use std::fmt;
use std::str::FromStr;

use super::escape::visible;

/// The code of an AWS region, such as `eu-west-1` or `us-gov-west-1`. Only its
/// shape is held: the list of regions grows.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Region(String);

impl Region {
    /// Reads a code: lower-case words and a number, joined by hyphens.
    pub fn parse(text: &str) -> Result<Region, RegionError> {
        if is_region_code(text) {
            Ok(Region(text.to_owned()))
        } else {
            Err(RegionError(text.to_owned()))
        }
    }

    /// Reads what an emulator calls a region, such as `local`: any label of a host's name.
    pub fn parse_any(text: &str) -> Result<Region, RegionError> {
        let is_label = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        let is_label = (1..=63).contains(&text.len()) && text.bytes().all(is_label);
        let is_label = is_label && !text.starts_with('-') && !text.ends_with('-');
        match is_label {
            true => Ok(Region(text.to_owned())),
            false => Err(RegionError(text.to_owned())),
        }
    }

    /// The code.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether AWS documents the records of this region: those of the commercial
    /// regions and of GovCloud. China, the sovereign clouds and the isolated
    /// partitions have domains of their own.
    pub fn has_documented_records(&self) -> bool {
        let mut words = self.0.split('-');
        let (first, second) = (words.next(), words.next());
        let isolated = second.is_some_and(|word| word.starts_with("iso"));
        !(isolated || matches!(first, Some("cn" | "eusc")))
    }

    /// The host that takes bounces for this region: what the MX record names.
    pub fn feedback_host(&self) -> String {
        format!("feedback-smtp.{self}.amazonses.com")
    }
}

/// What is taken for the code of a region.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RegionCheck {
    /// What has the shape of AWS's codes.
    #[default]
    Code,
    /// What an emulator calls a region, too, by `skip_region_validation`.
    Label,
}

impl RegionCheck {
    /// Reads a code.
    pub fn parse(self, text: &str) -> Result<Region, RegionError> {
        match self {
            Self::Code => Region::parse(text),
            Self::Label => Region::parse_any(text),
        }
    }
}

fn is_region_code(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let [first, middle @ .., last] = parts.as_slice() else {
        return false;
    };
    // A region is one label of the feedback host.
    text.len() <= 63
        && first.len() >= 2
        && first.bytes().all(|b| b.is_ascii_lowercase())
        && !middle.is_empty()
        && middle.iter().all(|word| {
            !word.is_empty()
                && word
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        })
        && !last.is_empty()
        && last.bytes().all(|b| b.is_ascii_digit())
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Region {
    type Err = RegionError;

    fn from_str(text: &str) -> Result<Region, RegionError> {
        Region::parse(text)
    }
}

/// A text that has not the shape of a region's code.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.problem())]
pub struct RegionError(String);

impl RegionError {
    fn problem(&self) -> String {
        match self.0.as_str() {
            "" => "the region is empty".to_owned(),
            text => format!("`{}` is not the code of an AWS region", visible(text)),
        }
    }

    /// What to do about it, in one sentence.
    pub fn remedy(&self) -> String {
        match self.meant() {
            Some(region) => format!("Write `{region}`."),
            None => "Write the region's code, such as `eu-west-1`.".to_owned(),
        }
    }

    /// The same where the provider block can say that the text is one all the same.
    pub fn remedy_by_block(&self) -> String {
        match self.by_block() {
            Some(by_block) => format!("{} {by_block}", self.remedy()),
            None => self.remedy(),
        }
    }

    /// The argument that takes the text, where there is one, in one sentence.
    pub fn by_block(&self) -> Option<&'static str> {
        Region::parse_any(&self.0).ok().map(|_| {
            "If it is the name of a region all the same, such as an emulator's, set \
             `skip_region_validation = true` in the provider block."
        })
    }

    /// The code that was probably meant: written otherwise, or an availability zone's.
    fn meant(&self) -> Option<Region> {
        let code = self.0.trim().to_ascii_lowercase();
        let code = code.replace(['_', ' '], "-");
        let region = Region::parse(&code);
        let of_zone =
            || Region::parse(code.strip_suffix(|zone: char| zone.is_ascii_lowercase())?).ok();
        region.ok().or_else(of_zone)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_emulator_s_region_is_any_label() {
        for (text, is_one) in [
            ("local", true),
            ("US-EAST", true),
            ("", false),
            ("a.b", false),
            ("-a", false),
            ("a b", false),
        ] {
            assert_eq!(Region::parse_any(text).is_ok(), is_one, "{text}");
        }
    }

    #[test]
    fn region_is_told_by_its_shape() {
        for code in [
            "us-east-1",
            "us-gov-west-1",
            "eu-isoe-west-1",
            "ap-southeast-12",
        ] {
            assert_eq!(Region::parse(code).unwrap().as_str(), code);
        }
        for text in [
            "",
            "us",
            "us-1",
            "us-east",
            "US-EAST-1",
            "us-east-1a",
            "us--1",
            "us-east-",
            "u-east-1",
            "us_east_1",
            " us-east-1",
            "us-east-1.evil.example",
            "*",
        ] {
            assert!(Region::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn remedy_names_the_code_that_was_probably_meant() {
        for (text, remedy) in [
            ("EU-West-1", "Write `eu-west-1`."),
            (" eu-west-1\n", "Write `eu-west-1`."),
            ("us_gov_west_1", "Write `us-gov-west-1`."),
            ("us-east-1a", "Write `us-east-1`."),
            ("Ireland", "Write the region's code, such as `eu-west-1`."),
            (
                "us-east-1.evil.example",
                "Write the region's code, such as `eu-west-1`.",
            ),
            ("us-east-", "Write the region's code, such as `eu-west-1`."),
        ] {
            assert_eq!(Region::parse(text).unwrap_err().remedy(), remedy, "{text}");
        }
    }

    #[test]
    fn an_empty_text_is_called_empty() {
        let told = |text| Region::parse(text).unwrap_err().to_string();
        assert_eq!(told(""), "the region is empty");
        assert_eq!(told("EU"), "`EU` is not the code of an AWS region");
    }

    #[test]
    fn remedy_names_the_argument_that_would_take_the_text() {
        let argument = "`skip_region_validation = true`";
        for (text, is_named) in [("local", true), ("EU-West-1", true), ("a.b", false)] {
            let error = RegionCheck::Code.parse(text).unwrap_err();
            assert_eq!(error.remedy_by_block().contains(argument), is_named);
            let takes = RegionCheck::Label.parse(text).is_ok();
            assert_eq!(takes, is_named, "{text}");
        }
    }

    #[test]
    fn records_are_documented_for_two_partitions() {
        for (code, documented) in [
            ("us-east-1", true),
            ("ap-southeast-7", true),
            ("mx-central-1", true),
            ("us-gov-west-1", true),
            ("cn-north-1", false),
            ("cn-northwest-1", false),
            ("us-iso-east-1", false),
            ("us-isob-east-1", false),
            ("eu-isoe-west-1", false),
            ("us-isof-south-1", false),
            ("eusc-de-east-1", false),
        ] {
            let region = Region::parse(code).unwrap();
            assert_eq!(region.has_documented_records(), documented, "{code}");
        }
    }

    #[test]
    fn feedback_host_names_the_region() {
        let region: Region = "us-gov-west-1".parse().unwrap();
        assert_eq!(
            region.feedback_host(),
            "feedback-smtp.us-gov-west-1.amazonses.com"
        );
    }
}
