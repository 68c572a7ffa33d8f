//! The plugin server as a process, driven as Terraform drives it.
