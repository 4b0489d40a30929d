//! What the agent has told about itself: the pair in use and its state.

use std::collections::VecDeque;

use super::{Event, IceState, Route};

/// The path for data, and the state. Both are told when they change.
#[derive(Debug)]
pub(super) struct Selection {
    route: Option<Route>,
    state: IceState,
}

impl Default for Selection {
    fn default() -> Self {
        Self {
            route: None,
            state: IceState::New,
        }
    }
}

impl Selection {
    pub(super) fn route(&self) -> Option<Route> {
        self.route
    }

    pub(super) fn state(&self) -> IceState {
        self.state
    }

    pub(super) fn is_closed(&self) -> bool {
        self.state == IceState::Closed
    }

    pub(super) fn select(&mut self, route: Option<Route>, events: &mut VecDeque<Event>) {
        if self.route != route {
            self.route = route;
            events.extend(route.map(Event::SelectedPairChange));
        }
    }

    pub(super) fn set_state(&mut self, state: IceState, events: &mut VecDeque<Event>) {
        if self.state != state {
            self.state = state;
            events.push_back(Event::StateChange(state));
        }
    }

    /// Nothing is used any more, without a word about a pair.
    pub(super) fn close(&mut self, events: &mut VecDeque<Event>) {
        self.route = None;
        self.set_state(IceState::Closed, events);
    }
}
