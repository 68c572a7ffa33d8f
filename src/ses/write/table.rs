//! Table of what is known of an identity's MAIL FROM domain in the course of a change, of
//! what each event makes of it, and of what follows: the one place that decides what is
//! sent next. Pure; [`drive`](super::drive) carries out what it says.
//!
//! The states, by what SES holds then:
//!
//! | state | SES holds | |
//! |---|---|---|
//! | [`Before`](Known::Before) | what it held before | nothing of the change is made |
//! | [`SetUnanswered`](Known::SetUnanswered) | either | a Set is sent again until it is answered |
//! | [`SetInDoubt`](Known::SetInDoubt) | either | nothing more is sent, a look decides |
//! | [`SetAccepted`](Known::SetAccepted) | the setting | it is set and not shown yet |
//! | [`GivenUp`](Known::GivenUp) | the setting, Failed | SES has given it up: it is to be unset and set |
//! | [`OffUnanswered`](Known::OffUnanswered) | either | the unset of a restart is sent again |
//! | [`Off`](Known::Off) | nothing | unset on the way to a restart |
//! | [`MaybeOff`](Known::MaybeOff) | either | the same, where the unset was never answered |
//! | [`OnUnanswered`](Known::OnUnanswered) | either | the Set of a restart is sent again |
//! | [`OnInDoubt`](Known::OnInDoubt) | either | the same, and nothing more is sent |
//! | [`OnAccepted`](Known::OnAccepted) | the setting | the restart is made and not shown yet |
//! | [`UnsetUnanswered`](Known::UnsetUnanswered) | either | a look tells whether to unset again |
//! | [`UnsetRefused`](Known::UnsetRefused) | what it held before | a look tells whether there was anything to unset |
//! | [`UnsetInDoubt`](Known::UnsetInDoubt) | either | nothing more is sent, a look decides |
//!
//! What is set and confirmed, unset, left to another object or given up is an
//! [`End`]. How an event shows outside:
//!
//! | event | is |
//! |---|---|
//! | [`Accepted`](Event::Accepted) | an answer of this operation |
//! | [`NotMade`](Event::NotMade) | throttled, no connection, another 429 |
//! | [`Refused`](Event::Refused) | any other answer by which nothing was made, no credentials |
//! | [`Lost`](Event::Lost) | a connection that breaks, no answer in time, HTTP 5xx, the page of a proxy |
//! | [`Over`](Event::Over) | Terraform's word to stop, the operation's timeout |
//! | [`Shows`](Event::Shows) | a read that is a proof, see [`Sends`](crate::ses::read::Sends) |
//! | [`Unproven`](Event::Unproven) | a read that fails, or that may be older than what was sent |
//! | [`SiblingQueued`](Event::SiblingQueued) and so on | claims of another object, in whatever process of this run |
//!
//! A process that is killed leaves a state that says what the last change but this one
//! has come to. The next one begins with `Before`, and its private state tells when
//! something was sent last.

/// What a change wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Goal {
    /// SES holds the setting. `restarts`: with a verification that SES has not given up.
    Set {
        /// Whether what SES shows as Failed is unset and set again: whether setting the
        /// same domain again is enough is not documented.
        restarts: bool,
    },
    /// SES holds no MAIL FROM domain. `looks_first`: unless it holds another setting than
    /// the object's own.
    Unset {
        /// Whether a look comes before the unset.
        looks_first: bool,
    },
}

/// What is known; see the table above.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Known {
    Before,
    SetUnanswered,
    SetInDoubt,
    SetAccepted,
    GivenUp,
    OffUnanswered,
    Off,
    MaybeOff,
    OnUnanswered,
    OnInDoubt,
    OnAccepted,
    UnsetUnanswered,
    UnsetRefused,
    UnsetInDoubt,
}

impl Known {
    /// Whether MAIL FROM is off until it is set again, or may be: its Set goes ahead of
    /// what is queued, and a stop comes into effect late.
    pub(super) fn is_off(self) -> bool {
        matches!(self, Self::Off | Self::MaybeOff | Self::OnUnanswered)
    }

    /// Whether a restart is under way: nobody else's request for the identity may come
    /// between its two.
    pub(super) fn restarts(self) -> bool {
        self.is_off() || matches!(self, Self::GivenUp | Self::OffUnanswered)
    }
}

/// What has happened; see the table above.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// The change begins.
    Begin,
    Accepted,
    NotMade,
    Refused,
    Lost,
    Over,
    Shows(Seen),
    Unproven,
    /// Another object has a Set of this identity queued or in flight.
    SiblingQueued,
    /// What another object had queued may have come to its end.
    SiblingEnded,
    /// Another object has set this identity, or keeps it.
    SiblingStands,
    /// Another process wants the identity, and perhaps in another account.
    SiblingUnknown,
}

/// What SES shows, measured by the object's own setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Seen {
    /// No MAIL FROM domain, or no identity.
    Nothing,
    /// The object's own, and SES has not given it up.
    Own,
    /// The object's own, with the status Failed.
    OwnFailed,
    /// Another domain or behaviour.
    Other,
}

/// What is done next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// A request is sent, after a pause if the one before has failed.
    Send(Request),
    /// SES is asked what it holds.
    Look(Look),
    /// What another object has queued is waited for.
    AwaitSibling,
    /// That was it.
    End(End),
}

/// A request of change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Request {
    Set,
    Unset,
}

/// How long a look lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
    /// One answer.
    Once,
    /// Until there is a proof, within the operation's time.
    Proof,
    /// Until there is a proof, in a time of its own: others set as well, and one Get
    /// serves all.
    AfterSet,
    /// A moment, even after a stop.
    Despite,
}

/// How a change ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum End {
    /// SES holds what was wanted, and shows it.
    Holds,
    /// SES has accepted the setting and does not show it.
    NotShown,
    /// SES has accepted the setting, and somebody else has changed it since.
    Overtaken,
    /// SES holds what it held before.
    NotMade,
    /// SES may hold it, or may soon.
    InDoubt,
    /// SES holds the setting as Failed still.
    StaysFailed,
    /// MAIL FROM is off amid a restart, for certain.
    IsOff,
    /// MAIL FROM may be off amid a restart.
    MayBeOff,
    /// Nothing was unset: another object wants what SES holds.
    LeftToSibling,
    /// Nothing was unset: SES holds another setting than the object's own.
    LeftToOther,
    /// Nothing was unset: whether another object wants it cannot be known.
    SiblingUnknown,
}

/// What `event` makes of what is `known`, and what follows. Total: what cannot happen
/// (an answer to nothing, say) ends the change by what is known.
pub(super) fn next(goal: Goal, known: Known, event: Event) -> (Known, Next) {
    match goal {
        Goal::Set { restarts } => set(restarts, known, event),
        Goal::Unset { looks_first } => unset(looks_first, known, event),
    }
}

fn set(restarts: bool, known: Known, event: Event) -> (Known, Next) {
    use Event::{Accepted, Begin, Lost, NotMade, Shows};
    use Known::{
        Before, GivenUp, MaybeOff, Off, OffUnanswered, OnAccepted, OnInDoubt, OnUnanswered,
        SetAccepted, SetInDoubt, SetUnanswered,
    };
    use Seen::{Nothing, Other, Own, OwnFailed};

    let send = Next::Send(Request::Set);
    let unset = Next::Send(Request::Unset);
    let look_after = Next::Look(Look::AfterSet);
    let look_despite = Next::Look(Look::Despite);
    match (known, event) {
        (Before, Begin | NotMade) => (Before, send),
        (Before | SetUnanswered, Accepted) => (SetAccepted, look_after),
        (Before, Lost) | (SetUnanswered, NotMade | Lost) => (SetUnanswered, send),
        (Before, _) => (Before, Next::End(End::NotMade)),
        (SetUnanswered, _) => (SetInDoubt, look_despite),

        (SetInDoubt, Shows(Own)) => (SetInDoubt, Next::End(End::Holds)),
        (SetInDoubt, Shows(OwnFailed)) if restarts => (GivenUp, Next::End(End::StaysFailed)),
        (SetInDoubt, Shows(OwnFailed)) => (SetInDoubt, Next::End(End::Holds)),
        (SetInDoubt, Shows(Nothing | Other)) => (Before, Next::End(End::NotMade)),
        (SetInDoubt, _) => (SetInDoubt, Next::End(End::InDoubt)),

        (SetAccepted, Shows(OwnFailed)) if restarts => (GivenUp, unset),
        (SetAccepted, Shows(Own | OwnFailed)) => (SetAccepted, Next::End(End::Holds)),
        (SetAccepted, Shows(Nothing | Other)) => (SetAccepted, Next::End(End::Overtaken)),
        (SetAccepted, _) => (SetAccepted, Next::End(End::NotShown)),

        (GivenUp | OffUnanswered, Accepted) => (Off, send),
        (GivenUp, NotMade) => (GivenUp, unset),
        (GivenUp, Lost) | (OffUnanswered, NotMade | Lost) => (OffUnanswered, unset),
        (GivenUp, _) => (GivenUp, Next::End(End::StaysFailed)),
        // It may be off: the setting is sent, whatever kept the unset from being answered.
        (OffUnanswered, _) => (MaybeOff, send),

        (Off | MaybeOff | OnUnanswered, Accepted) => (OnAccepted, look_after),
        (Off | MaybeOff | OnUnanswered, NotMade) => (known, send),
        (Off | MaybeOff | OnUnanswered, Lost) => (OnUnanswered, send),
        (Off, _) => (Off, Next::End(End::IsOff)),
        (MaybeOff | OnUnanswered, _) => (OnInDoubt, look_despite),

        (OnInDoubt, Shows(Own | OwnFailed)) => (OnInDoubt, Next::End(End::Holds)),
        (OnInDoubt, Shows(Nothing)) => (Off, Next::End(End::IsOff)),
        (OnInDoubt, _) => (OnInDoubt, Next::End(End::MayBeOff)),

        (OnAccepted, Shows(Own | OwnFailed)) => (OnAccepted, Next::End(End::Holds)),
        (OnAccepted, Shows(Nothing | Other)) => (OnAccepted, Next::End(End::Overtaken)),
        (OnAccepted, _) => (OnAccepted, Next::End(End::NotShown)),

        // The states of an unset.
        (Known::UnsetUnanswered | Known::UnsetRefused | Known::UnsetInDoubt, _) => {
            (known, Next::End(End::InDoubt))
        }
    }
}

fn unset(looks_first: bool, known: Known, event: Event) -> (Known, Next) {
    use Event::{
        Accepted, Begin, Lost, NotMade, Over, Refused, Shows, SiblingEnded, SiblingQueued,
        SiblingStands, SiblingUnknown, Unproven,
    };
    use Known::{Before, UnsetInDoubt, UnsetRefused, UnsetUnanswered};
    use Seen::{Nothing, Other};

    let send = Next::Send(Request::Unset);
    let look = |look| Next::Look(look);
    match (known, event) {
        // What another object wants stays on, whatever was sent before.
        (Before | UnsetUnanswered, SiblingQueued) => (known, Next::AwaitSibling),
        (Before | UnsetUnanswered, SiblingEnded) => (known, send),
        (Before | UnsetUnanswered, SiblingStands) => (known, Next::End(End::LeftToSibling)),
        (Before, SiblingUnknown) => (known, Next::End(End::SiblingUnknown)),

        (Before, Begin) if looks_first => (Before, look(Look::Once)),
        (Before, Shows(Other)) => (Before, Next::End(End::LeftToOther)),
        (Before, Begin | NotMade | Shows(_) | Unproven) => (Before, send),
        (Before | UnsetUnanswered, Accepted) => (Before, Next::End(End::Holds)),
        (Before | UnsetUnanswered, Lost) => (UnsetUnanswered, look(Look::Once)),
        // An emulator refuses to unset what is not set, SES what is no identity.
        (Before, Refused) => (UnsetRefused, look(Look::Proof)),
        (Before, Over) => (Before, Next::End(End::NotMade)),

        (UnsetUnanswered, Shows(Nothing)) => (Before, Next::End(End::Holds)),
        (UnsetUnanswered, Begin | NotMade | Shows(_) | Unproven) => (UnsetUnanswered, send),
        (UnsetUnanswered, Refused | Over | SiblingUnknown) => (UnsetInDoubt, look(Look::Despite)),

        (UnsetRefused | UnsetInDoubt, Shows(Nothing)) => (Before, Next::End(End::Holds)),
        (UnsetRefused, _) => (UnsetRefused, Next::End(End::NotMade)),
        (UnsetInDoubt, _) => (UnsetInDoubt, Next::End(End::InDoubt)),

        // The states of a Set.
        _ => (known, Next::End(End::InDoubt)),
    }
}

#[cfg(test)]
mod tests;
