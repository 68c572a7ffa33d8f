//! DNS, asked ahead of Terraform.
//!
//! A refresh asks DNS once SES's answer is there. For a fleet, SES's answers are
//! there long before Terraform asks for them ten at a time, and each ten would wait
//! for DNS once more. So the domains of answers that are held and likely to be
//! asked for are looked up meanwhile, and the resolver remembers what it found.
//!
//! It is a help alone: nobody waits for it, whoever asks for the same finds the
//! look-up under way or asks by itself, and the resolver's own bounds hold. It ends
//! for good with the first resource that wants no DNS check: then the fleet may hold
//! more of them, and theirs are not to be looked up.

use std::sync::Arc;

use tokio::sync::{Semaphore, mpsc};
use tokio_util::sync::CancellationToken;

use crate::dns::Resolver;
use crate::mail_from::{DomainName, Identity, Place, Region};

/// Domains that are looked up at a time: half of what the resolver lets through, so
/// that whoever is waited for finds a place.
const AT_A_TIME: usize = 16;

/// Whether DNS is asked ahead.
#[derive(Debug)]
pub(super) struct DnsAhead(CancellationToken);

impl DnsAhead {
    /// It ends with `stop` as well.
    pub(super) fn new(stop: CancellationToken) -> Self {
        Self(stop.child_token())
    }

    /// No more domains are looked up, and those under way are given up.
    pub(super) fn end(&self) {
        self.0.cancel();
    }

    /// Looks up each of `domains` in the background.
    pub(super) fn start(
        &self,
        resolver: Resolver,
        region: Region,
        domains: mpsc::UnboundedReceiver<DomainName>,
    ) {
        let end = self.0.clone();
        tokio::spawn(async move {
            let work = look_up(resolver, region, domains, &end);
            end.run_until_cancelled(work).await;
        });
    }
}

async fn look_up(
    resolver: Resolver,
    region: Region,
    mut domains: mpsc::UnboundedReceiver<DomainName>,
    end: &CancellationToken,
) {
    let places = Arc::new(Semaphore::new(AT_A_TIME));
    while let Some(domain) = domains.recv().await {
        // The semaphore is never closed.
        let place = Arc::clone(&places).acquire_owned().await.ok();
        let (resolver, end) = (resolver.clone(), end.clone());
        let identity = likely_identity(&domain);
        let region = region.clone();
        tokio::spawn(async move {
            let _place = place;
            let of = Place { identity, region };
            let check = resolver.check(&domain, &of);
            end.run_until_cancelled(check).await;
        });
    }
}

/// The identity that most probably has `domain`: the domain that it is a subdomain
/// of. Another one costs no more than the look-ups that it needs itself.
fn likely_identity(domain: &DomainName) -> Identity {
    let parent = domain.as_str().split_once('.');
    let parent = parent.and_then(|(_, parent)| DomainName::parse(parent).ok());
    Identity::Domain(parent.unwrap_or_else(|| domain.clone()))
}
