//! Where the objects of a list go, one by one, as they are found.

use std::ops::ControlFlow;

use serde::Serialize;
use tf_provider::{Diagnostic, Diagnostics};
use tokio::sync::mpsc;

use crate::plugin::CancellationToken;
use crate::plugin::call::Told;
use crate::plugin::diagnostics::diagnostics;
use crate::plugin::dynamic::Dynamic;
use crate::plugin::erased::dynamic;
use crate::plugin::proto::tfplugin6::{
    DynamicValue, ResourceIdentityData, list_resource::Event, list_resource::Request,
};

/// An object as it is sent: its identity, and all of it where that is wanted.
type Sent = (Option<ResourceIdentityData>, Option<DynamicValue>);

/// Writes an object as it is sent.
type Encode<'a> = dyn Fn(&mut Diagnostics, &Dynamic) -> Result<Sent, Told> + Send + Sync + 'a;

/// The events of one list, until Terraform goes away or asks to stop.
pub(super) struct Events {
    pub(super) events: mpsc::Sender<Event>,
    pub(super) stop: CancellationToken,
}

/// Takes the objects of one list. `Break` is its answer where it takes no more: there are
/// as many as were asked for, or nobody waits for them any more.
pub struct Listing<'a> {
    events: &'a Events,
    encode: &'a Encode<'a>,
    wants_objects: bool,
    left: Option<usize>,
    warnings: usize,
}

impl Events {
    /// Waits until there is a place for it.
    pub(super) async fn send(&self, event: Event) -> ControlFlow<()> {
        tokio::select! {
            biased;
            sent = self.events.send(event) => match sent {
                Ok(()) => ControlFlow::Continue(()),
                Err(_) => ControlFlow::Break(()),
            },
            () = self.stop.cancelled() => ControlFlow::Break(()),
        }
    }
}

impl<'a> Listing<'a> {
    pub(super) fn new(events: &'a Events, request: &Request, encode: &'a Encode<'a>) -> Self {
        Self {
            events,
            encode,
            wants_objects: request.include_resource_object,
            // None is asked for by 0, or by nothing.
            left: usize::try_from(request.limit)
                .ok()
                .filter(|limit| *limit > 0),
            warnings: 0,
        }
    }

    /// Whether all of each object is wanted, as a read would answer it; else what its
    /// identity is derived from is enough.
    pub fn wants_objects(&self) -> bool {
        self.wants_objects
    }

    /// How many objects more are wanted; `None`: all.
    pub fn left(&self) -> Option<usize> {
        self.left
    }

    /// An object, in one line for the practitioner and as its state.
    pub async fn found<M: Serialize + Sync>(
        &mut self,
        display_name: &str,
        state: &M,
    ) -> ControlFlow<()> {
        let mut diags = Diagnostics::default();
        let sent = dynamic(&mut diags, state).and_then(|state| (self.encode)(&mut diags, &state));
        let is_sent = sent.is_ok();
        let (identity, resource_object) = sent.unwrap_or_default();
        let display_name = match is_sent {
            true => display_name.to_owned(),
            false => String::new(),
        };
        let event = Event {
            identity,
            display_name,
            resource_object,
            diagnostic: diagnostics(diags),
        };
        self.events.send(event).await?;
        if is_sent && let Some(left) = &mut self.left {
            *left -= 1;
        }
        match self.left {
            Some(0) => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        }
    }

    /// What is worth a warning, now.
    pub async fn warn(&mut self, warning: Diagnostic) -> ControlFlow<()> {
        let mut diags = Diagnostics::default();
        diags.add_warning(warning);
        self.warnings += 1;
        let event = Event {
            diagnostic: diagnostics(diags),
            ..Event::default()
        };
        self.events.send(event).await
    }

    /// How many were given.
    pub(super) fn warnings(&self) -> usize {
        self.warnings
    }
}
