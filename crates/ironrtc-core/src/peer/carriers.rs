//! The transports of a connection.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::ops::Bound;

use super::carrier::Carrier;
use crate::datagram::Transmit;
use crate::time::Time;
use crate::transport::{Transport, TransportConfig, TransportId};

/// The transports of a connection. There is always one, which data channels are made on; those
/// beside it come with sections that are not bundled.
#[derive(Debug)]
pub(super) struct Carriers {
    data: Carrier,
    others: BTreeMap<TransportId, Carrier>,
    /// Transports that are over, until their goodbyes are sent.
    leaving: Vec<(TransportId, Transport)>,
    /// Whose the sockets are.
    sockets: BTreeMap<SocketAddr, TransportId>,
    config: TransportConfig,
    /// Who may send next.
    turn: TransportId,
}

impl Carriers {
    pub(super) fn new(first: Transport, config: TransportConfig) -> Self {
        Self {
            data: Carrier::new(TransportId::default(), first),
            others: BTreeMap::new(),
            leaving: Vec::new(),
            sockets: BTreeMap::new(),
            config,
            turn: TransportId::default(),
        }
    }

    /// The one that has the data channels.
    pub(super) const fn data(&self) -> &Carrier {
        &self.data
    }

    pub(super) const fn data_mut(&mut self) -> &mut Carrier {
        &mut self.data
    }

    pub(super) fn get(&self, id: TransportId) -> Option<&Carrier> {
        if id == self.data.id {
            Some(&self.data)
        } else {
            self.others.get(&id)
        }
    }

    pub(super) fn get_mut(&mut self, id: TransportId) -> Option<&mut Carrier> {
        if id == self.data.id {
            Some(&mut self.data)
        } else {
            self.others.get_mut(&id)
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Carrier> + Clone {
        std::iter::once(&self.data).chain(self.others.values())
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Carrier> {
        std::iter::once(&mut self.data).chain(self.others.values_mut())
    }

    /// Those that a description uses; the W3C's states are made of theirs.
    pub(super) fn in_use(&self) -> impl Iterator<Item = &Carrier> + Clone {
        self.iter().filter(|carrier| carrier.in_use)
    }

    /// A transport comes into use.
    pub(super) fn start(&mut self, id: TransportId) {
        if self.get(id).is_none() {
            let rng = self.data.transport.fork_rng();
            let transport = Transport::new(self.config.clone(), rng);
            self.others.insert(id, Carrier::new(id, transport));
        }
        if let Some(carrier) = self.get_mut(id) {
            carrier.in_use = true;
        }
    }

    /// A transport is about to end.
    pub(super) fn leave_out(&mut self, id: TransportId) {
        if let Some(carrier) = self.get_mut(id) {
            carrier.in_use = false;
        }
    }

    /// Has data channels go over another transport. Those that wait for a connection go along; an
    /// association does not (RFC 8841 section 3: it is that of its DTLS association).
    pub(super) fn move_data(&mut self, now: Time, id: TransportId) {
        let Some(mut carrier) = self.others.remove(&id) else {
            return;
        };
        let channels = self.data.transport.release_channels(now);
        carrier.transport.adopt_channels(channels);
        let before = std::mem::replace(&mut self.data, carrier);
        self.others.insert(before.id, before);
    }

    /// Nothing uses the transport any more. True if it is closed, to be let go once it has told so;
    /// the last one stays, with its sockets and channels, for the next that is negotiated. Channels that
    /// go over another from now on end first if there is a `reason`.
    pub(super) fn end(&mut self, now: Time, id: TransportId, reason: Option<&str>) -> bool {
        self.leave_out(id);
        if id == self.data.id {
            let other = self.others.values().find(|carrier| carrier.in_use);
            let Some(other) = other.map(|other| other.id) else {
                return false;
            };
            if reason.is_some() {
                self.data.transport.reject_sctp(now, reason);
            }
            self.move_data(now, other);
        }
        if let Some(carrier) = self.others.get_mut(&id) {
            carrier.transport.close(now);
        }
        true
    }

    /// Lets go of a transport that was closed, but for its last words.
    pub(super) fn let_go(&mut self, id: TransportId) {
        if let Some(carrier) = self.others.remove(&id) {
            self.leaving.push((id, carrier.transport));
        }
    }

    /// Whose a socket is.
    pub(super) fn owner(&mut self, local: SocketAddr) -> Option<&mut Carrier> {
        if self.others.is_empty() {
            return Some(&mut self.data);
        }
        let id = *self.sockets.get(&local)?;
        self.get_mut(id)
    }

    /// A socket was bound for a transport.
    pub(super) fn add_socket(&mut self, local: SocketAddr, id: TransportId) {
        self.sockets.insert(local, id);
    }

    /// The sockets of a transport are bound anew, or those that are left are told again.
    pub(super) fn forget_sockets(&mut self, id: TransportId) {
        self.sockets.retain(|_, owner| *owner != id);
    }

    /// A transport that has said goodbye; its sockets are needed no longer.
    pub(super) fn take_gone(&mut self) -> Option<TransportId> {
        let gone = |(_, transport): &mut (TransportId, Transport)| !transport.has_goodbyes();
        let place = self.leaving.iter_mut().position(gone)?;
        let (id, _) = self.leaving.swap_remove(place);
        self.forget_sockets(id);
        Some(id)
    }

    /// The next batch; each transport in its turn.
    pub(super) fn poll_transmit(
        &mut self,
        now: Time,
        max_segments: usize,
        out: &mut Vec<u8>,
    ) -> Option<Transmit> {
        for (_, transport) in &mut self.leaving {
            if let Some(transmit) = transport.poll_transmit(now, max_segments, out) {
                return Some(transmit);
            }
        }
        for _ in 0..=self.others.len() {
            self.turn = self.after(self.turn);
            let carrier = self.get_mut(self.turn)?;
            if let Some(transmit) = carrier.transport.poll_transmit(now, max_segments, out) {
                return Some(transmit);
            }
        }
        None
    }

    /// Whose turn it is after that of `id`.
    fn after(&self, id: TransportId) -> TransportId {
        let next = self.others.range((Bound::Excluded(id), Bound::Unbounded));
        let first = self.others.keys().next();
        let ids = [
            Some(self.data.id),
            next.map(|(id, _)| *id).next(),
            first.copied(),
        ];
        let ids = || ids.into_iter().flatten();
        let later = ids().filter(|next| *next > id).min();
        later.or_else(|| ids().min()).unwrap_or(self.data.id)
    }
}
