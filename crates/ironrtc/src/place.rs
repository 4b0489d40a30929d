//! Where an object of a connection is found: handles hold no state of their own.

use std::sync::Arc;

use ironrtc_core::peer::PeerConnection as Core;

use crate::handle::Handle;

/// An object of a connection, by its name there.
#[derive(Clone, Debug)]
pub(crate) struct Place<Id> {
    pub(crate) connection: Handle<Core>,
    pub(crate) id: Id,
}

impl<Id> Place<Id> {
    /// It is of this connection.
    pub(crate) fn is_of(&self, connection: &Handle<Core>) -> bool {
        Arc::ptr_eq(self.connection.shared(), connection.shared())
    }
}

impl<Id: PartialEq> PartialEq for Place<Id> {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id && self.is_of(&other.connection)
    }
}

impl<Id: Eq> Eq for Place<Id> {}
