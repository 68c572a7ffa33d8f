//! The guides hold: what they tell to write is written, what they tell to run is run, and
//! what they say that it prints is printed.

mod adopting;
mod authentication;
mod dns;
mod drift;
mod guide;
mod moving;
mod regions;
mod testing;

use std::fs;

use crate::harness::Workspace;

use guide::Guide;

/// The region that the guides are about.
const EUROPE: &str = "eu-west-1";

/// Lets the provider block of a guide reach the simulator, by a file that overrides it.
fn at_simulator(ws: &Workspace) {
    let mut block = ws.provider.clone();
    block.region = None;
    fs::write(ws.folder().join("ses_override.tf"), block.block()).unwrap();
}
