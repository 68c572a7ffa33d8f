//! Terraform provider for the custom MAIL FROM domains of Amazon SES.

pub mod clients;
pub mod diagnostics;
pub mod dns;
pub mod duration;
mod identity_mail_from;
pub mod mail_from;
pub mod plugin;
pub mod provider;
pub mod ses;
