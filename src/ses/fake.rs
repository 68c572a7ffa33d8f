//! SES for tests: an [`Api`] on paused time that holds what
//! was set, answers as it was told to, and keeps a log.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};

use super::api::{Api, Departure, ListPage, MailFrom, SetMailFrom, SetRequest};
use super::claims::Claims;
use super::client::Client;
use super::error::{Error, Operation, Reach};
use super::limit::{Clock, RateLimiter, SharedSchedule};
use crate::mail_from::{BehaviorOnMxFailure, Reported, ReportedDomain};

/// How one call goes other than well.
#[derive(Clone, Debug)]
pub(crate) enum Fault {
    /// SES answers with this error, having done nothing.
    Refuse(u16, &'static str),
    /// The change is made and the answer is lost.
    LoseAnswer,
    /// The request never goes out.
    CannotConnect,
    /// The answer takes this long.
    Slow(Duration),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    Set(String),
    Unset(String),
    Get(Vec<String>),
    GetVerification(Vec<String>),
    List,
}

#[derive(Clone, Default)]
pub(crate) struct FakeSes(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    held: HashMap<String, MailFrom>,
    /// What was held before each change, and until when.
    history: Vec<(Instant, String, MailFrom)>,
    /// Whether a page of the list names itself as the next one.
    repeats_its_page: bool,
    /// How old the state is that a Get shows.
    late: Duration,
    faults: VecDeque<Fault>,
    get_faults: VecDeque<Fault>,
    list_faults: VecDeque<Fault>,
    /// An identity for which every Get is an invalid parameter.
    poison: Option<String>,
    /// What every Get shows, whatever is held.
    shown: Option<MailFrom>,
    /// Whether one call a second is accepted, whatever its operation.
    counts_for_the_account: bool,
    /// When the last call was accepted.
    accepted: Option<Instant>,
    /// Whether setting again what has failed leaves it failed.
    identical_set_keeps_failed: bool,
    calls: Vec<(Instant, Call)>,
}

/// An answer of SES's that is this error.
pub(super) fn refused(operation: Operation, status: u16, code: &str) -> Error {
    Error::Refused {
        operation,
        status,
        code: code.to_owned(),
        message: String::new(),
        request_id: None,
    }
}

impl FakeSes {
    pub(crate) fn holding(identity: &str, mail_from: MailFrom) -> Self {
        let ses = Self::default();
        ses.hold(identity, mail_from);
        ses
    }

    pub(crate) fn fail(&self, faults: impl IntoIterator<Item = Fault>) {
        self.state().faults.extend(faults);
    }

    pub(crate) fn hold(&self, identity: &str, mail_from: MailFrom) {
        self.state().held.insert(identity.to_owned(), mail_from);
    }

    /// The identity is deleted.
    pub(super) fn forget(&self, identity: &str) {
        self.state().held.remove(identity);
    }

    /// How the next Get goes.
    pub(crate) fn fail_get(&self, fault: Fault) {
        self.state().get_faults.push_back(fault);
    }

    /// How the next List goes.
    pub(super) fn fail_list(&self, fault: Fault) {
        self.state().list_faults.push_back(fault);
    }

    /// From now on, the list has a page that names itself as the next one.
    pub(super) fn repeats_its_page(&self) {
        self.state().repeats_its_page = true;
    }

    pub(super) fn poison(&self, identity: &str) {
        self.state().poison = Some(identity.to_owned());
    }

    /// SES by way of this fake, at a request a second.
    pub(crate) fn client(&self) -> Client {
        let limiter = RateLimiter::new(1.0, SharedSchedule::of_process());
        Client::with_api(
            Arc::new(self.clone()),
            &limiter,
            Claims::of_process(),
            mpsc::unbounded_channel().0,
            Clock::at(1e9),
        )
    }

    pub(crate) fn shows(&self, mail_from: MailFrom) {
        self.state().shown = Some(mail_from);
    }

    /// From now on, one call a second is accepted, whatever its operation.
    pub(super) fn counts_for_the_account(&self) {
        self.state().counts_for_the_account = true;
    }

    /// From now on, a Get shows the state of so long ago.
    pub(crate) fn shows_late(&self, late: Duration) {
        self.state().late = late;
    }

    pub(crate) fn identical_set_keeps_failed(&self) {
        self.state().identical_set_keeps_failed = true;
    }

    pub(crate) fn held(&self, identity: &str) -> MailFrom {
        let held = self.state().held.get(identity).cloned();
        held.unwrap_or(MailFrom::UnknownIdentity)
    }

    pub(crate) fn calls(&self) -> Vec<Call> {
        self.state()
            .calls
            .iter()
            .map(|(_, call)| call.clone())
            .collect()
    }

    /// When `identity` was set last.
    pub(super) fn set_at(&self, identity: &str) -> Instant {
        let set = Call::Set(identity.to_owned());
        let state = self.state();
        let last = state.calls.iter().rfind(|(_, call)| *call == set);
        last.unwrap().0
    }

    /// Seconds from each Get or Set to the next of the same kind.
    pub(crate) fn gaps(&self) -> Vec<f64> {
        let state = self.state();
        let gaps = |kind: fn(&Call) -> bool| {
            let times = state.calls.iter().filter(|(_, call)| kind(call));
            let times: Vec<Instant> = times.map(|(at, _)| *at).collect();
            times
                .windows(2)
                .map(|pair| (pair[1] - pair[0]).as_secs_f64())
                .collect::<Vec<_>>()
        };
        let mut all = gaps(|call| matches!(call, Call::Get(_)));
        all.extend(gaps(|call| matches!(call, Call::GetVerification(_))));
        all.extend(gaps(|call| matches!(call, Call::Set(_) | Call::Unset(_))));
        all
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    async fn call(
        &self,
        departure: &Arc<dyn Departure>,
        operation: Operation,
        call: Call,
    ) -> Result<(), Error> {
        let fault = {
            let mut state = self.state();
            let own = match call {
                Call::Get(_) => state.get_faults.pop_front(),
                Call::List => state.list_faults.pop_front(),
                _ => None,
            };
            own.or_else(|| state.faults.pop_front())
        };
        if let Some(Fault::CannotConnect) = fault {
            return Err(Error::NoAnswer {
                operation,
                reason: "connection refused".to_owned(),
                reach: Reach::NotSent,
            });
        }
        departure.sent();
        self.state().calls.push((Instant::now(), call.clone()));
        if self.is_throttled() {
            return Err(refused(operation, 400, "Throttling"));
        }
        match fault {
            Some(Fault::Refuse(status, code)) => {
                return Err(refused(operation, status, code));
            }
            Some(Fault::Slow(delay)) => sleep(delay).await,
            _ => {}
        }
        self.carry_out(call);
        if let Some(Fault::LoseAnswer) = fault {
            return Err(Error::NoAnswer {
                operation,
                reason: "connection reset".to_owned(),
                reach: Reach::MaybeMade,
            });
        }
        Ok(())
    }

    /// Whether the account's limit does not let a call pass now.
    fn is_throttled(&self) -> bool {
        let mut state = self.state();
        let too_early = state
            .accepted
            .is_some_and(|accepted| accepted.elapsed() < Duration::from_secs(1));
        if state.counts_for_the_account && too_early {
            return true;
        }
        state.accepted = Some(Instant::now());
        false
    }

    fn carry_out(&self, call: Call) {
        let mut state = self.state();
        let (identity, mail_from) = match call {
            Call::Get(_) | Call::GetVerification(_) | Call::List => return,
            Call::Unset(identity) => (identity, MailFrom::Unset),
            Call::Set(identity) => {
                let given_up = failed("bounce.example.com");
                if state.identical_set_keeps_failed && state.held.get(&identity) == Some(&given_up)
                {
                    return;
                }
                (identity, set("bounce.example.com"))
            }
        };
        let before = state.held.insert(identity.clone(), mail_from);
        if let Some(before) = before {
            state.history.push((Instant::now(), identity, before));
        }
    }
}

impl State {
    /// What a Get shows of `identity`.
    fn shown(&self, identity: &str) -> Option<MailFrom> {
        let is_older = |(until, of, _): &&(Instant, String, MailFrom)| {
            of == identity && until.elapsed() < self.late
        };
        let older = self.history.iter().find(is_older);
        let held = || self.held.get(identity).cloned();
        let shown = self.shown.clone();
        shown
            .or_else(|| older.map(|(_, _, held)| held.clone()))
            .or_else(held)
    }
}

pub(crate) fn set(domain: &str) -> MailFrom {
    with_status(domain, "Pending")
}

pub(crate) fn failed(domain: &str) -> MailFrom {
    with_status(domain, "Failed")
}

pub(crate) fn with_status(domain: &str, status: &str) -> MailFrom {
    MailFrom::Set(SetMailFrom {
        domain: ReportedDomain::parse(domain),
        behavior: Some(Reported::Known(BehaviorOnMxFailure::UseDefaultValue)),
        status: Reported::parse(status),
    })
}

#[async_trait]
impl Api for FakeSes {
    async fn set(&self, departure: &Arc<dyn Departure>, request: &SetRequest) -> Result<(), Error> {
        let identity = request.identity.to_string();
        let call = match &request.mail_from {
            Some(_) => Call::Set(identity),
            None => Call::Unset(identity),
        };
        self.call(departure, Operation::SetIdentityMailFromDomain, call)
            .await
    }

    async fn get(
        &self,
        departure: &Arc<dyn Departure>,
        identities: &[String],
    ) -> Result<HashMap<String, MailFrom>, Error> {
        let operation = Operation::GetIdentityMailFromDomainAttributes;
        self.call(departure, operation, Call::Get(identities.to_vec()))
            .await?;
        let state = self.state();
        if identities
            .iter()
            .any(|identity| state.poison.as_ref() == Some(identity))
        {
            return Err(refused(operation, 400, "InvalidParameterValue"));
        }
        Ok(identities
            .iter()
            .filter_map(|identity| Some((identity.clone(), state.shown(identity)?)))
            .collect())
    }

    /// Pages of 1,000, in the order of the names; a token is where to go on.
    async fn list(
        &self,
        departure: &Arc<dyn Departure>,
        token: Option<String>,
    ) -> Result<ListPage, Error> {
        self.call(departure, Operation::ListIdentities, Call::List)
            .await?;
        let state = self.state();
        let mut all: Vec<String> = state.held.keys().cloned().collect();
        all.sort();
        if state.repeats_its_page {
            return Ok(ListPage {
                identities: Vec::new(),
                next: Some("0".to_owned()),
            });
        }
        let from: usize = token.map_or(0, |token| token.parse().unwrap());
        let to = all.len().min(from + 1000);
        Ok(ListPage {
            identities: all[from..to].to_vec(),
            next: (to < all.len()).then(|| to.to_string()),
        })
    }

    async fn get_verification(
        &self,
        departure: &Arc<dyn Departure>,
        names: &[String],
    ) -> Result<HashSet<String>, Error> {
        let operation = Operation::GetIdentityVerificationAttributes;
        self.call(departure, operation, Call::GetVerification(names.to_vec()))
            .await?;
        let state = self.state();
        let held = names.iter().filter(|name| state.held.contains_key(*name));
        Ok(held.cloned().collect())
    }
}
