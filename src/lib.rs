//! Terraform provider for the custom MAIL FROM domains of Amazon SES.
//!
//! Data flows one way: bytes come in at the top, and leave at the bottom for
//! SES and DNS. A module imports only modules that stand below it here:
//!
//! | module | what it is | imports |
//! |---|---|---|
//! | [`plugin`] | Terraform's plugin protocol: bytes in, typed calls out | `machine` |
//! | [`provider`] | the provider block, and the registry of all that is exposed | `plugin`, the entities, `clients`, and below |
//! | `identity_mail_from` | an entity: the resource and the data source `ses_identity_mail_from` | `plugin`'s types, and what is below; never another entity |
//! | `identities_mail_from` | an entity: the data source of that name, which reads all of a region | as above |
//! | `identity_mail_from_verification` | an entity: the resource of that name, which waits for SES | as above |
//! | `functions` | the functions, such as `provider::ses::spf_merge` | `plugin`'s types, `dns_records`, `diagnostics`, `mail_from` |
//! | [`fleet`] | the identities of a region, and filters for them | `plugin`'s types, `target`, `attributes`, `clients`, `diagnostics`, `ses`, `mail_from` |
//! | [`target`] | what an operation works with: an identity of a region, SES there, and the time that it has | `plugin`'s types, `attributes`, `clients`, `diagnostics`, `ses`, `mail_from` |
//! | [`attributes`] | what the attributes of several entities have in common | `plugin`'s types, `diagnostics`, `duration`, `mail_from` |
//! | [`held`] | what SES holds of an identity, as data sources and lists show it | `attributes`, `dns_records`, `dns_findings`, `ses`, `mail_from` |
//! | [`dns_records`] | the records that a MAIL FROM domain needs, as Terraform sees them | `plugin`'s types, `attributes`, `mail_from` |
//! | [`dns_findings`] | what DNS says of a MAIL FROM domain, as Terraform sees it | `attributes`, `mail_from` |
//! | [`dns_check`] | what DNS says of a MAIL FROM domain, and what is told about it | `clients`, `diagnostics`, `ses`, `mail_from` |
//! | [`clients`] | what a configured provider hands to its entities | `ses`, `dns`, `mail_from` |
//! | [`diagnostics`] | errors into the practitioner's text | `plugin`'s types, `ses`, `mail_from` |
//! | [`ses`] | outward: SES, paced, batched, retried; its room `aws` is the only place of AWS crates | `mail_from`, `machine` |
//! | [`dns`] | outward: DNS; the only place of hickory | `mail_from`, `machine` |
//! | [`duration`] | durations as practitioners write them | `mail_from` |
//! | [`mail_from`] | the domain's own words, pure | nothing of ours |
//! | [`machine`] | what the machine lets a process have | nothing of ours |
//!
//! `tests/layers.rs` reads the `use` lines and holds this, and the order of the rooms in
//! [`ses`].

pub mod attributes;
pub mod clients;
pub mod diagnostics;
pub mod dns;
pub mod dns_check;
pub mod dns_findings;
pub mod dns_records;
pub mod duration;
pub mod fleet;
mod functions;
pub mod held;
mod identities_mail_from;
mod identity_mail_from;
mod identity_mail_from_verification;
pub mod machine;
pub mod mail_from;
pub mod plugin;
pub mod provider;
pub mod ses;
pub mod target;
