//! The words of the domain: identities, domain names, the DNS records that a
//! custom MAIL FROM domain needs, and what is to be said about those found.
//!
//! Pure: no I/O, no clock, nothing of the other modules.

mod advice;
mod behavior;
mod domain_name;
mod escape;
mod finding;
mod identity;
mod mx;
mod place;
mod records;
mod region;
mod spf;
mod spf_walk;
mod status_advice;
mod subdomain;
mod txt;
mod view;

pub use advice::{Advice, advice};
pub use behavior::{BehaviorOnMxFailure, UnknownValue, VerificationStatus};
pub use domain_name::{DomainName, DomainNameError};
pub use escape::{presentation, visible};
pub use finding::{DnsFindings, Finding, RecordStatus};
pub use identity::{EmailAddress, Identity, IdentityError};
pub use mx::{Mx, judge_mx, receiving};
pub use place::Place;
pub use records::{DnsRecord, RequiredRecords};
pub use region::{Region, RegionError};
pub use spf_walk::{SpfStep, SpfWalk, judge_spf};
pub use subdomain::{MailFromDomainError, check_subdomain};
pub use txt::Txt;
pub use view::{OwnFindings, View};
