//! Counted handles of a connection.

use std::fmt;
use std::ops::Deref;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};

use ironrtc_core::jsep::{TransceiverError, TransceiverId};
use ironrtc_core::peer::PeerConnection as Core;
use ironrtc_core::time::Time;

use crate::local_track::{LocalTrack, Sink};
use crate::machine::Machine;
use crate::shared::Shared;

/// A counted handle. When the last one of a connection goes, it is closed.
pub(crate) struct Handle<M: Machine + ?Sized>(Arc<Shared<M>>);

impl<M: Machine + ?Sized> Handle<M> {
    /// A handle, unless the last one is gone already and the connection is closing.
    pub(crate) fn revive(shared: Arc<Shared<M>>) -> Option<Self> {
        let counted = |handles: usize| (handles > 0).then_some(handles + 1);
        shared
            .handles
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, counted)
            .ok()?;
        Some(Self(shared))
    }

    pub(crate) fn shared(&self) -> &Arc<Shared<M>> {
        &self.0
    }
}

impl<M: Machine> Handle<M> {
    /// The first handle.
    pub(crate) fn new(shared: Arc<Shared<M>>) -> Self {
        shared.handles.fetch_add(1, Ordering::AcqRel);
        Self(shared)
    }

    /// Closes the machine, and waits until the task has ended too.
    pub(crate) async fn end(&self) {
        self.close();
        self.wait_for(|| self.is_over().then_some(())).await;
    }

    /// A handle that does not know which machine it is.
    pub(crate) fn erase(&self) -> Handle<dyn Machine> {
        self.0.handles.fetch_add(1, Ordering::AcqRel);
        Handle(self.0.clone())
    }
}

impl Handle<Core> {
    /// Has a transceiver send a track, or none. What was sent before is told so.
    pub(crate) fn send_track(
        &self,
        track: Option<&LocalTrack>,
        change: impl FnOnce(&mut Core, Time) -> Result<TransceiverId, TransceiverError>,
    ) -> Result<TransceiverId, TransceiverError> {
        let _entered = self.span.enter();
        let now = self.clock.now();
        let mut core = self.lock();
        let id = change(&mut core.machine, now)?;
        let connection: Weak<dyn Sink> = Arc::<Shared<Core>>::downgrade(&self.0);
        core.media.send(&connection, id, track);
        self.finish(core, now);
        Ok(id)
    }
}

impl<M: Machine + ?Sized> Clone for Handle<M> {
    fn clone(&self) -> Self {
        self.0.handles.fetch_add(1, Ordering::AcqRel);
        Self(self.0.clone())
    }
}

impl<M: Machine + ?Sized> Drop for Handle<M> {
    fn drop(&mut self) {
        if self.0.handles.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.0.close();
        }
    }
}

impl<M: Machine + ?Sized> Deref for Handle<M> {
    type Target = Shared<M>;

    fn deref(&self) -> &Shared<M> {
        &self.0
    }
}

impl<M: Machine + ?Sized> fmt::Debug for Handle<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.id)
    }
}
