//! Watch for members of the run whose credentials may be of another account: AWS is asked
//! for the account of one's own only where two such meet, the one deleting what the other
//! wants.

use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};

use super::line::Says;
use super::member::Shared;
use super::whose::Whose;
use crate::ses::caller::{Caller, Known};

/// How often to look whom this process meets.
const BETWEEN_LOOKS: Duration = Duration::from_millis(200);

/// How long AWS may take to tell the account.
const TOLD_WITHIN: Duration = Duration::from_secs(15);

/// Between a question that was not answered and the next.
const ASKED_AGAIN_AFTER: Duration = Duration::from_secs(10);

/// Tells the run whose credentials this process uses: at once what is known of them, and
/// the account when somebody has to know it. Ends with the member.
pub(super) async fn watch(member: Weak<Shared>, caller: Arc<dyn Caller>) {
    let known = caller.known().await;
    if let Some(member) = member.upgrade() {
        tell(&member, Ok(known));
        // Whatever it does not get done, a later process does.
        tokio::task::spawn_blocking(move || member.sweep());
    }
    let mut told = 0;
    loop {
        sleep(BETWEEN_LOOKS).await;
        let Some(member) = member.upgrade() else {
            return;
        };
        let before = std::mem::replace(&mut told, *member.telling().borrow());
        if !member.hear() && told == before || !member.register(|register| register.is_met()) {
            continue;
        }
        match ask(&member).await {
            Ok(()) => return,
            Err(reason) => tracing::debug!(reason, "the account is not known"),
        }
        drop(member);
        sleep(ASKED_AGAIN_AFTER).await;
        told = 0;
    }
}

/// Asks for the account where somebody has to know it.
pub(super) async fn make_known(member: &Shared) {
    member.hear();
    if member.register(|register| register.is_met())
        && let Err(reason) = ask(member).await
    {
        tracing::debug!(reason, "the account is not known");
    }
}

/// Asks for the account, unless it is known, and tells the run. `Err` is a clause.
pub(super) async fn ask(member: &Shared) -> Result<(), String> {
    let mut failure = member.asking().await;
    if member.register(|register| register.account().is_some()) {
        return Ok(());
    }
    if let Some((at, reason)) = &*failure
        && at.elapsed() < ASKED_AGAIN_AFTER
    {
        return Err(reason.clone());
    }
    // Who shares a run with nobody never asks.
    let Some(caller) = member.caller() else {
        return Err("this process is alone".to_owned());
    };
    let asked = timeout(TOLD_WITHIN, caller.asked()).await;
    let asked = asked.unwrap_or_else(|_| Err("AWS has not told the account in time".to_owned()));
    let failed = asked.as_ref().err();
    *failure = failed.map(|reason| (Instant::now(), reason.clone()));
    tell(member, asked.clone());
    asked.map(drop)
}

fn tell(member: &Shared, known: Result<Known, String>) {
    let mut whose = Whose {
        is_known: true,
        ..member.own(|own| own.whose.clone())
    };
    match known {
        Ok(known) => {
            whose.account = known.account.or(whose.account);
            whose
                .marks
                .extend(known.mark.map(|mark| member.mark(&mark)));
            whose.unknown = None;
        }
        Err(reason) => whose.unknown = Some(reason),
    }
    member.tell(Says::Whose(whose));
}
