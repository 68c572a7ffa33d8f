//! Compiles the plugin protocol's messages.

fn main() {}
