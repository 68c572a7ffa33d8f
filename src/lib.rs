//! Terraform provider for the custom MAIL FROM domains of Amazon SES.

pub mod plugin;
