//! The `terraform-provider-ses` executable.

fn main() {}
