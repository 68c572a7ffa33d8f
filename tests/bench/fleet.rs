//! Fleets of identities: as configuration, as state, and as SES holds them.

use std::fmt::Write as _;
use std::fs;
use std::time::Duration;

use serde_json::{Value, json};
use simulator::ses::{Behavior, Call, Outcome, Status};
use simulator::{Lookups, Options, Rate, Simulator};

use crate::terraform::{Folder, Installation, Pace, REGION};

/// How long SES takes to answer.
const LATENCY: Duration = Duration::from_millis(50);

/// SES's limit.
pub(crate) const LIMIT: Rate = Rate::PerOperation(1.0);

/// The body of a `dns` block that asks nobody.
pub(crate) const NO_DNS: &str = "enabled = false";

/// The name of identity `number`; its MAIL FROM domain is below it.
pub(crate) fn identity(number: usize) -> String {
    format!("fleet-{number:05}.example")
}

/// The MAIL FROM domain of identity `number`.
pub(crate) fn mail_from_domain(number: usize) -> String {
    format!("bounce.{}", identity(number))
}

/// How a configuration names the members of a fleet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Written {
    /// `for_each` over a local map.
    ForEach,
    /// `count`, which costs Terraform itself less.
    Count,
    /// `for_each`, and beside each a resource that waits for its verification.
    Verified,
}

/// A resource that waits for the verification of each identity of the fleet.
const VERIFICATION: &str = r#"
resource "ses_identity_mail_from_verification" "fleet" {
  for_each         = ses_identity_mail_from.fleet
  identity         = each.value.identity
  mail_from_domain = each.value.mail_from_domain
}
"#;

/// The configuration of identities `first..first + size`; `more` goes into the
/// resource's block as it is.
pub(crate) fn configuration_with(
    written: Written,
    first: usize,
    size: usize,
    more: &str,
) -> String {
    match written {
        Written::Verified => configuration_with(Written::ForEach, first, size, more) + VERIFICATION,
        Written::ForEach => {
            let mut members = String::new();
            for number in first..first + size {
                let (identity, domain) = (identity(number), mail_from_domain(number));
                let _ = writeln!(members, "    {identity:?} = {domain:?}");
            }
            format!(
                r#"
locals {{
  fleet = {{
{members}  }}
}}

resource "ses_identity_mail_from" "fleet" {{
  for_each         = local.fleet
  identity         = each.key
  mail_from_domain = each.value
  {more}
}}
"#
            )
        }
        Written::Count => format!(
            r#"
resource "ses_identity_mail_from" "fleet" {{
  count            = {size}
  identity         = format("fleet-%05d.example", count.index + {first})
  mail_from_domain = format("bounce.fleet-%05d.example", count.index + {first})
  {more}
}}
"#
        ),
    }
}

/// The same with nothing more.
pub(crate) fn configuration(written: Written, first: usize, size: usize) -> String {
    configuration_with(written, first, size, "")
}

/// The configuration of waits for the verification of identities `0..size` alone.
pub(crate) fn waiting(size: usize) -> String {
    format!(
        r#"
resource "ses_identity_mail_from_verification" "fleet" {{
  count    = {size}
  identity = format("fleet-%05d.example", count.index)
}}
"#
    )
}

/// SES with identities `0..size`, MAIL FROM not set.
pub(crate) fn simulator(rate: Rate, size: usize) -> Simulator {
    let simulator = Simulator::start(Options {
        rate,
        latency: LATENCY,
        // A search of SES's own in DNS would take time from what is measured.
        lookups: Lookups::Off,
        ..Options::default()
    })
    .unwrap();
    let identities = (0..size).map(identity);
    simulator.ses().add_identities(REGION, identities, true);
    simulator
}

/// Sets MAIL FROM of identities `0..size`, as if it had been applied before.
pub(crate) fn set_mail_from(simulator: &Simulator, size: usize) {
    for number in 0..size {
        let (identity, domain) = (identity(number), mail_from_domain(number));
        simulator
            .ses()
            .set_mail_from(REGION, &identity, &domain, Behavior::UseDefaultValue)
            .unwrap();
    }
}

/// Lets SES say of identities `0..size` that their MAIL FROM domains are verified.
pub(crate) fn verify(simulator: &Simulator, size: usize) {
    for number in 0..size {
        simulator
            .ses()
            .set_status(REGION, &identity(number), Status::Success)
            .unwrap();
    }
}

/// Panics unless SES holds the MAIL FROM domain of each of identities `0..size`.
pub(crate) fn assert_is_set(simulator: &Simulator, size: usize) {
    for number in 0..size {
        let held = simulator.ses().get(REGION, &identity(number)).unwrap();
        assert_eq!(held.mail_from_domain, Some(mail_from_domain(number)));
    }
}

/// The states of one applied identity, from which the state of a fleet is made:
/// a plan that finds nothing to change shows that it was made right.
pub(crate) struct Template {
    state: Value,
    /// The same, with the resource that waits for its verification.
    verified: Value,
}

impl Template {
    /// Applies one identity, in each way.
    pub(crate) async fn take(installation: &Installation) -> Self {
        let applied = async |written| {
            let simulator = simulator(Rate::Unlimited, 1);
            if written == Written::Verified {
                // Setting the same again leaves the status as it is.
                set_mail_from(&simulator, 1);
                verify(&simulator, 1);
            }
            let folder = Folder::new(installation);
            let hcl = configuration(written, 0, 1);
            folder.configure(&simulator, Pace::None, NO_DNS, &hcl);
            folder.terraform(&["init"]).await;
            folder.terraform(&["apply", "-auto-approve"]).await;
            let state = fs::read(folder.file("terraform.tfstate")).unwrap();
            serde_json::from_slice(&state).unwrap()
        };
        Self {
            state: applied(Written::ForEach).await,
            verified: applied(Written::Verified).await,
        }
    }

    /// The attributes of identity `number`, as JSON.
    pub(crate) fn attributes(&self, number: usize) -> Vec<u8> {
        let instance = &self.state["resources"][0]["instances"][0];
        let instance = of_number(&instance.to_string(), number);
        instance["attributes"].to_string().into_bytes()
    }

    /// The state of identities `0..size`, as the contents of `terraform.tfstate`.
    pub(crate) fn state(&self, written: Written, size: usize) -> String {
        let mut state = match written {
            Written::ForEach | Written::Count => self.state.clone(),
            Written::Verified => self.verified.clone(),
        };
        for resource in state["resources"].as_array_mut().unwrap() {
            if written == Written::Count {
                resource.as_object_mut().unwrap().remove("each");
            }
            let template = resource["instances"][0].to_string();
            let instances = (0..size).map(|number| {
                let mut instance = of_number(&template, number);
                instance["index_key"] = match written {
                    Written::ForEach | Written::Verified => json!(identity(number)),
                    Written::Count => json!(number),
                };
                instance
            });
            resource["instances"] = instances.collect();
        }
        state.to_string()
    }
}

/// Identity 0's instance of a resource as that of identity `number`.
fn of_number(template: &str, number: usize) -> Value {
    let instance = template.replace(&identity(0), &identity(number));
    serde_json::from_str(&instance).unwrap()
}

/// The calls that SES was sent.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) all: usize,
    pub(crate) gets: usize,
    pub(crate) lists: usize,
    pub(crate) throttled: usize,
    /// Refused for another reason, on purpose.
    failed: usize,
}

impl Tally {
    /// Counts, and panics on an answer that is neither success nor throttling,
    /// unless it was asked for.
    pub(crate) fn of(calls: &[Call]) -> Self {
        let mut tally = Self::default();
        for call in calls {
            tally.all += 1;
            match call.action.as_str() {
                "GetIdentityMailFromDomainAttributes" => tally.gets += 1,
                "ListIdentities" => tally.lists += 1,
                _ => {}
            }
            match call.outcome {
                Outcome::Accepted => {}
                Outcome::Throttled => tally.throttled += 1,
                Outcome::Error(_) if call.fault.is_some() => tally.failed += 1,
                ref other => panic!("{} was answered with {other:?}", call.action),
            }
        }
        tally
    }

    /// Calls that SES accepted.
    pub(crate) fn accepted(&self) -> usize {
        self.all - self.throttled - self.failed
    }
}
