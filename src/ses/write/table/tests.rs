//! The table, over all pairs of state and event, and against every world that SES can be.

use std::collections::{HashSet, VecDeque};

use super::*;

const GOALS: [Goal; 4] = [
    Goal::Set { restarts: true },
    Goal::Set { restarts: false },
    Goal::Unset { looks_first: true },
    Goal::Unset { looks_first: false },
];

const STATES: [Known; 14] = [
    Known::Before,
    Known::SetUnanswered,
    Known::SetInDoubt,
    Known::SetAccepted,
    Known::GivenUp,
    Known::OffUnanswered,
    Known::Off,
    Known::MaybeOff,
    Known::OnUnanswered,
    Known::OnInDoubt,
    Known::OnAccepted,
    Known::UnsetUnanswered,
    Known::UnsetRefused,
    Known::UnsetInDoubt,
];

const EVENTS: [Event; 15] = [
    Event::Begin,
    Event::Accepted,
    Event::NotMade,
    Event::Refused,
    Event::Lost,
    Event::Over,
    Event::Shows(Seen::Nothing),
    Event::Shows(Seen::Own),
    Event::Shows(Seen::OwnFailed),
    Event::Shows(Seen::Other),
    Event::Unproven,
    Event::SiblingQueued,
    Event::SiblingEnded,
    Event::SiblingStands,
    Event::SiblingUnknown,
];

/// Every goal, state and event, with what they lead to.
fn pairs() -> impl Iterator<Item = (Goal, Known, Event, (Known, Next))> {
    GOALS.into_iter().flat_map(|goal| {
        STATES.into_iter().flat_map(move |known| {
            EVENTS
                .into_iter()
                .map(move |event| (goal, known, event, next(goal, known, event)))
        })
    })
}

fn is_set(goal: Goal) -> bool {
    matches!(goal, Goal::Set { .. })
}

#[test]
fn nothing_new_begins_once_the_operation_is_over_but_the_set_that_follows_an_unset() {
    for (goal, known, event, (now, next)) in pairs() {
        if event != Event::Over {
            continue;
        }
        match next {
            Next::Send(request) => {
                assert_eq!((known, request), (Known::OffUnanswered, Request::Set));
                assert!(now.is_off());
            }
            Next::Look(look) => assert_eq!(look, Look::Despite, "{goal:?} {known:?}"),
            Next::AwaitSibling => panic!("{goal:?} {known:?}"),
            Next::End(_) => {}
        }
    }
}

#[test]
fn whatever_stays_ends_the_change_soon() {
    for stays in [Event::Over, Event::Refused, Event::SiblingUnknown] {
        for (goal, known, event, _) in pairs() {
            let (mut known, mut event) = (known, event);
            let ended = (0..5).any(|_| {
                let (now, then) = next(goal, known, event);
                known = now;
                event = match then {
                    Next::End(_) => return true,
                    Next::Look(_) => Event::Unproven,
                    Next::Send(_) | Next::AwaitSibling => stays,
                };
                false
            });
            assert!(ended, "{stays:?}: {goal:?} {known:?} {event:?}");
        }
    }
}

#[test]
fn only_what_was_sent_for_a_restart_holds_the_identity() {
    for (_, _, _, (known, next)) in pairs() {
        if known.restarts() && next == Next::Send(Request::Unset) {
            assert!(!known.is_off(), "{known:?}");
        }
        if known.is_off() {
            let ends = matches!(next, Next::End(_));
            assert!(
                ends || next == Next::Send(Request::Set),
                "{known:?} {next:?}"
            );
        }
    }
}

#[test]
fn an_unset_gives_way_to_a_sibling_and_a_set_to_nobody() {
    for (goal, known, event, (_, next)) in pairs() {
        let gives_way = matches!(
            next,
            Next::AwaitSibling
                | Next::End(End::LeftToSibling | End::LeftToOther | End::SiblingUnknown)
        );
        assert!(!(gives_way && is_set(goal)), "{known:?} {event:?}");
        let may_send = matches!(known, Known::Before | Known::UnsetUnanswered);
        if !is_set(goal) && may_send && event == Event::SiblingStands {
            assert_eq!(next, Next::End(End::LeftToSibling));
        }
    }
}

/// SES as it may be, with what is on its way to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct World {
    before: Holds,
    holds: Holds,
    /// Whether setting again what has failed leaves it failed.
    keeps_failed: bool,
    /// A Set without an answer may be carried out yet.
    on_its_way: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Holds {
    Nothing,
    Own,
    OwnFailed,
    Other,
}

impl World {
    fn carries_out(self, request: Request) -> Self {
        let holds = match request {
            Request::Unset => Holds::Nothing,
            Request::Set if self.holds == Holds::OwnFailed && self.keeps_failed => self.holds,
            Request::Set => Holds::Own,
        };
        Self { holds, ..self }
    }

    /// What can come of what is done next: what happens, and how the world is then.
    fn outcomes(self, goal: Goal, done: Next) -> Vec<(Event, Self)> {
        let mut outcomes = match done {
            Next::Send(request) => self.sends(request),
            Next::Look(look) => self.shows(look),
            Next::AwaitSibling => vec![(Event::SiblingEnded, self), (Event::Over, self)],
            Next::End(_) => Vec::new(),
        };
        if !is_set(goal) && matches!(done, Next::Send(_)) {
            let siblings = [
                Event::SiblingQueued,
                Event::SiblingStands,
                Event::SiblingUnknown,
            ];
            outcomes.extend(siblings.map(|sibling| (sibling, self)));
        }
        outcomes
    }

    fn sends(self, request: Request) -> Vec<(Event, Self)> {
        let made = self.carries_out(request);
        let mut outcomes = vec![
            (Event::Accepted, made),
            (Event::Lost, made),
            (Event::Lost, self),
        ];
        outcomes.extend([Event::NotMade, Event::Refused, Event::Over].map(|event| (event, self)));
        // (An unset that comes about after the Set which follows it is what no client can
        // tell from a change of somebody else's.)
        if request == Request::Set {
            let later = Self {
                on_its_way: true,
                ..self
            };
            outcomes.push((Event::Lost, later));
        }
        outcomes
    }

    fn shows(self, look: Look) -> Vec<(Event, Self)> {
        let seen = match self.holds {
            Holds::Nothing => Seen::Nothing,
            Holds::Own => Seen::Own,
            Holds::OwnFailed => Seen::OwnFailed,
            Holds::Other => Seen::Other,
        };
        let is_proof = !self.on_its_way || seen == Seen::Own;
        let mut outcomes = vec![(Event::Unproven, self)];
        if is_proof {
            outcomes.push((Event::Shows(seen), self));
        }
        if matches!(look, Look::Once | Look::Proof | Look::Despite) {
            outcomes.push((Event::Over, self));
        }
        outcomes
    }

    /// Whether what is told at the end is so.
    fn is_as_told(self, goal: Goal, end: End) -> bool {
        let is_own = matches!(self.holds, Holds::Own | Holds::OwnFailed);
        match end {
            End::Holds if is_set(goal) => is_own,
            End::Holds => self.holds == Holds::Nothing,
            End::NotShown => is_own,
            // Nobody else changes anything in these worlds.
            End::Overtaken => false,
            End::NotMade => self.holds == self.before && !self.on_its_way,
            End::StaysFailed => self.holds == Holds::OwnFailed,
            End::IsOff => self.holds == Holds::Nothing,
            End::MayBeOff | End::InDoubt => true,
            // Another's to have, whatever was sent before.
            End::LeftToSibling => true,
            End::LeftToOther => self.holds == Holds::Other && self.before == Holds::Other,
            End::SiblingUnknown => self.holds == self.before,
        }
    }
}

#[test]
fn what_is_told_at_the_end_is_so_in_every_world() {
    let mut seen = HashSet::new();
    let mut open = VecDeque::new();
    for goal in GOALS {
        for before in [Holds::Nothing, Holds::Own, Holds::OwnFailed, Holds::Other] {
            for keeps_failed in [true, false] {
                let world = World {
                    before,
                    holds: before,
                    keeps_failed,
                    on_its_way: false,
                };
                open.push_back((goal, Known::Before, Event::Begin, world, Vec::new()));
            }
        }
    }
    let mut ends = HashSet::new();
    while let Some((goal, known, event, world, path)) = open.pop_front() {
        let (known, then) = next(goal, known, event);
        let mut path = path;
        path.push((event, known, then));
        if let Next::End(end) = then {
            ends.insert(end);
            assert!(
                world.is_as_told(goal, end),
                "{goal:?} ends with {end:?} in {world:?} after {path:#?}"
            );
            // What was switched off on the way is told.
            let is_off = world.holds == Holds::Nothing && world.before != Holds::Nothing;
            let is_told = matches!(end, End::IsOff | End::MayBeOff);
            assert!(!is_off || !is_set(goal) || is_told, "{path:#?}");
            continue;
        }
        for (event, world) in world.outcomes(goal, then) {
            // What is on its way may come about now, or not yet.
            let arrived = world.on_its_way.then(|| World {
                on_its_way: false,
                ..world.carries_out(Request::Set)
            });
            for world in [Some(world), arrived].into_iter().flatten() {
                if seen.insert((format!("{goal:?} {known:?} {event:?}"), world)) {
                    open.push_back((goal, known, event, world, path.clone()));
                }
            }
        }
    }
    assert_eq!(ends.len(), 10, "each other end is reached: {ends:?}");
}
