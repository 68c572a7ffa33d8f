//! A working folder whose SES is moto.

use crate::harness::Workspace;
use crate::moto::Moto;

/// A test's own working folder and its own moto, which has verified the domain
/// example.com.
pub(crate) struct World {
    pub(crate) ws: Workspace,
    pub(crate) moto: Moto,
}

impl World {
    pub(crate) fn new() -> Self {
        let moto = Moto::start();
        moto.verify("example.com");
        let mut ws = Workspace::new();
        ws.provider.ses_endpoint = Some(format!("{:?}", moto.url()));
        Self { ws, moto }
    }

    /// With `hcl` applied, and nothing left to plan.
    #[track_caller]
    pub(crate) fn applied(hcl: &str) -> Self {
        let world = Self::new();
        world.ws.config(hcl);
        world.ws.apply().succeeds();
        world.ws.plans_nothing();
        world
    }

    /// The end of every lifecycle: nothing to change, then a destroy after which
    /// moto holds no MAIL FROM domain for any of `identities`.
    #[track_caller]
    pub(crate) fn ends_with(&self, identities: &[&str]) {
        self.ws.plans_nothing();
        self.ws.destroy().succeeds();
        for identity in identities {
            assert_eq!(self.moto.mail_from(identity), None, "{identity}");
        }
    }
}
