//! Terraform provider for the custom MAIL FROM domains of Amazon SES.

pub mod dns;
pub mod mail_from;
pub mod plugin;
pub mod ses;
