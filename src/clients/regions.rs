//! What the provider block says of the codes of regions, for what comes before Configure.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::mail_from::RegionCheck;

/// What `skip_region_validation` says, as far as this process was told. Terraform has the
/// provider block validated before whatever else it has validated by the same process, unless
/// the block is empty. Clones share what they were told.
#[derive(Clone, Debug, Default)]
pub struct Regions(Arc<AtomicBool>);

impl Regions {
    /// A provider block says this. Where a process serves several, validation has to go by
    /// the one that takes most; a plan goes by its own.
    pub fn tell(&self, check: RegionCheck) {
        if check == RegionCheck::Label {
            self.0.store(true, Ordering::Relaxed);
        }
    }

    /// What validation takes for the code of a region.
    pub fn check(&self) -> RegionCheck {
        match self.0.load(Ordering::Relaxed) {
            true => RegionCheck::Label,
            false => RegionCheck::Code,
        }
    }
}
