//! Queue by tickets: whoever waits is served in the order in which the tickets were given
//! out, one at a time. A ticket outlives the service: who comes again with it comes before
//! all that took theirs later.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};

use tokio::sync::watch;

use super::lock;

/// A queue of callers. Clones are the same queue.
#[derive(Clone, Debug, Default)]
pub(super) struct TicketQueue(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    /// The last ticket that was given out.
    last: u64,
    /// The tickets that may be used again.
    tickets: BTreeSet<u64>,
    /// Who waits, by ticket.
    waiting: BTreeMap<u64, watch::Sender<Standing>>,
    /// How many these are, for those who wait until there is none.
    outstanding: watch::Sender<usize>,
    /// Whether somebody is being served: until then nobody is next.
    serving: bool,
}

/// Where a caller that waits stands.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Standing {
    /// It is served next, unless somebody with an older ticket comes again.
    next: bool,
    /// Nobody has an older ticket.
    oldest: bool,
}

/// A place in the order of a queue, until dropped.
#[derive(Debug)]
pub(in crate::ses) struct Ticket {
    queue: TicketQueue,
    number: u64,
}

/// A caller that waits with a ticket. It waits on until it is served or leaves.
#[derive(Debug)]
pub(super) struct Place {
    queue: TicketQueue,
    number: u64,
    standing: watch::Receiver<Standing>,
}

/// A caller that is being served, until dropped: then another is next.
#[derive(Debug)]
pub(super) struct Service(TicketQueue);

impl TicketQueue {
    /// A ticket behind all that were given out before.
    pub(super) fn ticket(&self) -> Ticket {
        let number = self.change(|state| {
            state.last += 1;
            state.tickets.insert(state.last);
            state.last
        });
        Ticket {
            queue: self.clone(),
            number,
        }
    }

    /// Waits with `ticket`, with which nobody else waits.
    pub(super) fn join(&self, ticket: &Ticket) -> Place {
        let sender = watch::Sender::default();
        let standing = sender.subscribe();
        self.change(|state| state.waiting.insert(ticket.number, sender));
        Place {
            queue: self.clone(),
            number: ticket.number,
            standing,
        }
    }

    /// Changes the queue, and tells those whose standing has changed.
    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.lock();
        let before = state.first();
        let done = change(&mut state);
        for number in [before, state.first()].into_iter().flatten() {
            state.tell(number);
        }
        let tickets = state.tickets.len();
        let count = |count: &mut usize| std::mem::replace(count, tickets) != tickets;
        state.outstanding.send_if_modified(count);
        done
    }

    /// Waits until nobody has a ticket.
    pub(super) async fn idle(&self) {
        let mut outstanding = self.lock().outstanding.subscribe();
        // The sender is the queue's own: it is not dropped meanwhile.
        let _ = outstanding.wait_for(|tickets| *tickets == 0).await;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.0)
    }
}

impl State {
    /// The oldest ticket with which somebody waits.
    fn first(&self) -> Option<u64> {
        self.waiting.first_key_value().map(|(number, _)| *number)
    }

    fn tell(&self, number: u64) {
        let Some(waiting) = self.waiting.get(&number) else {
            return;
        };
        let now = Standing {
            next: !self.serving && self.first() == Some(number),
            oldest: self.tickets.first() == Some(&number),
        };
        waiting.send_if_modified(|standing| std::mem::replace(standing, now) != now);
    }
}

impl Place {
    /// Waits until this caller is next.
    pub(super) async fn next(&self) {
        self.stands(|standing| standing.next).await;
    }

    /// Waits until it is next no longer: somebody with an older ticket has come again.
    pub(super) async fn overtaken(&self) {
        self.stands(|standing| !standing.next).await;
    }

    /// Waits until nobody has an older ticket.
    pub(super) async fn oldest(&self) {
        self.stands(|standing| standing.oldest).await;
    }

    async fn stands(&self, as_asked: impl Fn(&Standing) -> bool) {
        let mut standing = self.standing.clone();
        if standing.wait_for(as_asked).await.is_err() {
            // It has left, and stands nowhere.
            std::future::pending().await
        }
    }

    /// Leaves the queue to be served.
    pub(super) fn serve(&self) -> Service {
        self.queue.change(|state| {
            state.waiting.remove(&self.number);
            state.serving = true;
        });
        Service(self.queue.clone())
    }

    /// Leaves the queue; returns whether nobody waits any more.
    pub(super) fn leave(&self) -> bool {
        self.queue.change(|state| {
            state.waiting.remove(&self.number);
            state.waiting.is_empty()
        })
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.queue
            .change(|state| state.tickets.remove(&self.number));
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.0.change(|state| state.serving = false);
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    #[tokio::test]
    async fn the_oldest_ticket_is_served_first_and_comes_before_the_others_again() {
        let queue = TicketQueue::default();
        let (old, young) = (queue.ticket(), queue.ticket());
        let waiting = queue.join(&young);
        waiting.next().await;
        let overtaking = queue.join(&old);
        waiting.overtaken().await;
        overtaking.next().await;

        let service = overtaking.serve();
        assert!(!waiting.standing.borrow().next, "one at a time");
        drop(service);
        waiting.next().await;
        let again = queue.join(&old);
        again.next().await;
        assert!(!again.leave());
        waiting.next().await;
        assert!(
            !waiting.standing.borrow().oldest,
            "the older may come again"
        );
        drop(old);
        waiting.oldest().await;
        assert!(waiting.leave());
    }

    #[tokio::test]
    async fn a_queue_is_idle_when_the_last_ticket_is_given_back() {
        let queue = TicketQueue::default();
        queue.idle().await;
        let tickets = [queue.ticket(), queue.ticket()];
        let idle = queue.idle();
        tokio::pin!(idle);
        for ticket in tickets {
            assert!(idle.as_mut().now_or_never().is_none());
            drop(ticket);
        }
        idle.await;
    }
}
