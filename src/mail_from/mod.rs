//! The words of the domain: identities, domain names, the DNS records that a
//! custom MAIL FROM domain needs, and what is to be said about those found.
//!
//! Pure: no I/O, no clock, nothing of the other modules.

mod advice;
mod behavior;
mod dmarc;
mod dns_name;
mod domain_character;
mod domain_name;
mod elsewhere;
mod escape;
mod finding;
mod identity;
mod identity_kind;
mod mx;
mod mx_advice;
mod mx_cause;
mod place;
mod records;
mod region;
mod reported;
mod spf;
mod spf_addresses;
mod spf_advice;
mod spf_attempt;
mod spf_cause;
mod spf_check;
mod spf_evaluation;
mod spf_hint;
mod spf_macro;
mod spf_meant;
mod spf_mend;
mod spf_merge;
mod spf_not_named;
mod spf_senders;
mod status_advice;
mod subdomain;
mod txt;
mod txt_strings;
mod view;

pub use advice::{Advice, advice, dmarc_advice};
pub use behavior::{BehaviorOnMxFailure, UnknownValue, VerificationStatus};
pub use dmarc::{DmarcFinding, DmarcStatus, DmarcStep, DmarcWalk, find_dmarc};
pub use domain_name::{DomainName, DomainNameError};
pub use elsewhere::{Elsewhere, Surroundings};
pub use escape::{all_visible, presentation, visible};
pub use finding::{Cause, DnsFindings, Finding, RecordStatus};
pub use identity::{EmailAddress, Identity, IdentityError};
pub use identity_kind::IdentityKind;
pub use mx::{Mx, are_meant_for_ses, judge_mx, no_such_region, receiving};
pub use mx_cause::MxCause;
pub use place::Place;
pub use records::{DnsRecord, RequiredRecords};
pub use region::{Region, RegionCheck, RegionError};
pub use reported::{Reported, ReportedDomain};
pub use spf_attempt::Attempt;
pub use spf_cause::{Broken, SpfCause};
pub use spf_check::{SES, SpfAnswer, SpfQuestion};
pub use spf_evaluation::{SpfStep, SpfWalk, judge_spf};
pub use spf_mend::Mended;
pub use spf_merge::{SpfMergeError, spf_merge};
pub use spf_not_named::NotNamed;
pub use subdomain::{MailFromDomainError, check_subdomain};
pub use txt::Txt;
pub use txt_strings::TxtError;
pub use view::{OwnFindings, View};
