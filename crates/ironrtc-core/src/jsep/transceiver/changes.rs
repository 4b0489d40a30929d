//! What descriptions do to transceivers (webrtc-pc section 4.4.1.5 and 5.1.1, RFC 9429 section 5.10),
//! and what the application is told of tracks.

use std::collections::{BTreeMap, BTreeSet};

use super::super::media::{Direction, streams_of};
use super::super::read::{Description, RtpSection};
use super::encodings::EncodingParameters;
use super::{Life, Origin, Stable, Transceiver, TransceiverId, Transceivers};
use crate::ids::{Mid, Rid};
use crate::jsep::SdpType;
use crate::rtp::MediaKind;

/// What becomes of the track that a transceiver receives.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TrackChange {
    /// Nothing comes any more, for now: the track is muted.
    Muted(TransceiverId),
    /// The first packet has come: it is muted no more.
    Unmuted(TransceiverId),
    /// It has left streams, or come into others (`removetrack` and `addtrack` of the streams).
    Streams {
        /// Whose track.
        transceiver: TransceiverId,
        /// The streams that it has left.
        left: Vec<String>,
        /// The streams that it has come into.
        joined: Vec<String>,
    },
    /// It begins to be received, or joins streams (`track`). It is muted until something comes.
    Added {
        /// Whose track.
        transceiver: TransceiverId,
        /// All of its streams.
        streams: Vec<String>,
    },
    /// It has ended: the transceiver was stopped.
    Ended(TransceiverId),
}

/// The changes of one description, in the W3C's order.
#[derive(Debug, Default)]
struct Changes {
    ended: Vec<TrackChange>,
    muted: Vec<TrackChange>,
    streams: Vec<TrackChange>,
    added: Vec<TrackChange>,
    unmuted: Vec<TrackChange>,
}

impl Changes {
    fn in_order(self) -> Vec<TrackChange> {
        let rest = self.muted.into_iter().chain(self.streams).chain(self.added);
        (self.ended.into_iter().chain(rest))
            .chain(self.unmuted)
            .collect()
    }
}

impl Transceivers {
    /// A description of ours is applied; `known` is the one that was last agreed on.
    pub(in crate::jsep) fn on_local(
        &mut self,
        local: &Description,
        known: Option<&Description>,
    ) -> Vec<TrackChange> {
        let mut changes = Changes::default();
        if !local.is_answer() {
            self.draft_renamed(local, known);
        }
        for section in &local.sections {
            let found = self.all.iter_mut().find(|known| known.is_of(&section.mid));
            let Some(transceiver) = found else { continue };
            transceiver.mid = Some(section.mid.clone());
            transceiver.drafted = None;
            if !local.is_answer() {
                continue;
            }
            match section.rtp() {
                Some(rtp) => {
                    // webrtc-pc section 4.4.1.5: of our own answer only the end of a track follows.
                    if !rtp.direction.receives() && transceiver.fired.receives() {
                        transceiver.receive(rtp.direction, Vec::new(), &mut changes);
                    }
                    transceiver.fired = rtp.direction;
                    transceiver.agree(rtp.direction);
                }
                None if local.is_final() => transceiver.end(&mut changes),
                // An answer for now may still be followed by one that takes the section.
                None => {}
            }
        }
        changes.in_order()
    }

    /// New sections of our offer that no transceiver is drafted for: the peer's offer came between
    /// this one's making and its setting, or the application has given them other names. They are
    /// of those that have none, in their order.
    fn draft_renamed(&mut self, local: &Description, known: Option<&Description>) {
        let mids: BTreeSet<&Mid> = local.sections.iter().map(|section| &section.mid).collect();
        let before = known.into_iter().flat_map(|known| &known.sections);
        let before: BTreeSet<&Mid> = before.map(|section| &section.mid).collect();
        for section in &local.sections {
            let Some(rtp) = section.rtp() else { continue };
            let is_known = before.contains(&section.mid)
                || self.all.iter().any(|known| known.is_of(&section.mid));
            let free = self.all.iter_mut().find(|known| {
                known.mid.is_none()
                    && known.life == Life::Active
                    && known.kind == rtp.kind
                    && known.drafted().is_none_or(|mid| !mids.contains(mid))
            });
            if let Some(free) = free.filter(|_| !is_known) {
                free.draft(section.mid.clone());
            }
        }
    }

    /// A description of the peer is applied.
    pub(in crate::jsep) fn on_remote(&mut self, remote: &Description) -> Vec<TrackChange> {
        let mut changes = Changes::default();
        if !remote.is_answer() {
            // What was drafted is drafted anew, beside the names that the peer has given.
            self.all.iter_mut().for_each(|known| known.drafted = None);
            self.end_those_without(remote, &mut changes);
        }
        for section in &remote.sections {
            let Some(rtp) = section.rtp() else {
                let found = self.all.iter_mut().find(|known| known.is_of(&section.mid));
                if let Some(transceiver) = found {
                    match remote.kind {
                        SdpType::Offer => transceiver.leave(&mut changes),
                        SdpType::Answer => transceiver.end(&mut changes),
                        // One that takes the section may follow.
                        _ => transceiver.receive(Direction::Inactive, Vec::new(), &mut changes),
                    }
                }
                continue;
            };
            let Some(id) = self.for_section(&section.mid, rtp, remote.is_answer()) else {
                continue;
            };
            if remote.is_answer() {
                self.keep_accepted(id, rtp, remote);
            } else {
                self.take_requested(id, rtp);
            }
            let Ok(transceiver) = self.get_mut(id) else {
                continue;
            };
            let direction = rtp.direction.reversed();
            let streams = match direction.receives() {
                true => streams_of(&rtp.msids),
                false => Vec::new(),
            };
            transceiver.receive(direction, streams, &mut changes);
            if remote.is_answer() {
                transceiver.agree(direction);
            }
        }
        changes.in_order()
    }

    /// A section whose place the peer gives to another is over, whether it was rejected before or not.
    fn end_those_without(&mut self, offer: &Description, changes: &mut Changes) {
        let kinds: BTreeMap<&Mid, Option<MediaKind>> = (offer.sections.iter())
            .map(|section| (&section.mid, section.rtp().map(|rtp| rtp.kind)))
            .collect();
        for known in &mut self.all {
            let kind = known.mid.as_ref().map(|mid| kinds.get(mid));
            let is_there = match kind {
                Some(Some(Some(kind))) => *kind == known.kind,
                // It has no section, or one that is rejected.
                None | Some(Some(None)) => true,
                Some(None) => false,
            };
            if !is_there {
                known.leave(changes);
                known.mid = None;
            }
        }
    }

    /// RFC 9429 section 5.10: the transceiver of a section that the peer describes; for an offer one
    /// that `addTrack` made, if the peer is ready to receive, or else a new one.
    fn for_section(&mut self, mid: &Mid, rtp: &RtpSection, answer: bool) -> Option<TransceiverId> {
        let known = self
            .all
            .iter()
            .find(|known| known.mid.as_ref() == Some(mid));
        if let Some(known) = known.filter(|known| known.kind == rtp.kind) {
            return (known.life != Life::Stopped).then_some(known.id);
        }
        if answer {
            return None;
        }
        let free = self.all.iter_mut().find(|known| {
            known.mid.is_none()
                && known.kind == rtp.kind
                && known.life == Life::Active
                && match known.origin {
                    Origin::Track => rtp.direction.receives(),
                    Origin::Joining => true,
                    Origin::Application | Origin::Offer => false,
                }
        });
        if let Some(free) = free {
            free.mid = Some(mid.clone());
            return Some(free.id);
        }
        // Its track has the name that the peer gives it, if no other has.
        let name = rtp.msids.iter().find_map(|msid| msid.track.clone());
        let name = name.filter(|name| self.all.iter().all(|known| known.receiver.track != *name));
        let new = self.add_for_offer(rtp.kind)?;
        new.mid = Some(mid.clone());
        if let Some(name) = name {
            new.receiver.track = name;
        }
        Some(new.id)
    }

    /// The peer offers to receive a simulcast (RFC 8853 section 5.3.2): whoever sends one encoding
    /// without a name has those from now on.
    fn take_requested(&mut self, id: TransceiverId, rtp: &RtpSection) {
        let asked = rtp.simulcast.as_ref().map(|simulcast| &simulcast.receive);
        let rids: Vec<Rid> = (asked.into_iter().flatten())
            .map(|(rid, _)| rid.clone())
            .collect();
        let Some(known) = self.get(id) else { return };
        let single = known.sender.encodings.len() == 1 && !known.sender.has_sent;
        if rids.len() < 2 || !single {
            return;
        }
        let before = known.sender.encodings.clone();
        let mut encodings = Vec::with_capacity(rids.len());
        let mut scale = f64::from(1_u32 << (rids.len() - 1).min(16));
        for rid in rids {
            let parameters = EncodingParameters::default()
                .rid(Some(rid))
                .scale_resolution_down_by(Some(scale));
            encodings.push(self.encoding(parameters));
            scale /= 2.0;
        }
        if let Ok(transceiver) = self.get_mut(id) {
            transceiver.sender.set_encodings(encodings);
            transceiver.stable.encodings.get_or_insert(before);
        }
    }

    /// RFC 8853 section 5.3.3: what the answer does not take is not sent.
    fn keep_accepted(&mut self, id: TransceiverId, rtp: &RtpSection, answer: &Description) {
        let Ok(transceiver) = self.get_mut(id) else {
            return;
        };
        // Who receives nothing at present has said nothing of encodings.
        let is_asked = rtp.direction.receives() && answer.is_final();
        if transceiver.sender.encodings.len() < 2 || !is_asked {
            return;
        }
        let accepted = rtp.simulcast.as_ref().map(|simulcast| &simulcast.receive);
        transceiver.sender.keep_encodings(|encoding| {
            let rid = encoding.parameters.rid.as_ref();
            accepted.is_some_and(|rids| rids.iter().any(|(known, _)| Some(known) == rid))
        });
    }

    /// Media has come in the section of that name.
    pub(in crate::jsep) fn on_media(&mut self, mid: &Mid) -> Option<TrackChange> {
        let known = self
            .all
            .iter_mut()
            .find(|known| known.mid.as_ref() == Some(mid))?;
        let hears = known.fired.receives() && known.life == Life::Active;
        // Also while an offer that says otherwise may still be taken back.
        known.stable.heard |= known.current.is_some_and(Direction::receives);
        let unmutes = hears && std::mem::take(&mut known.receiver.muted);
        unmutes.then_some(TrackChange::Unmuted(known.id))
    }

    /// Nothing comes any more in the section of that name.
    pub(in crate::jsep) fn on_silence(&mut self, mid: &Mid) -> Option<TrackChange> {
        let mut all = self.all.iter_mut();
        let known = all.find(|known| known.mid.as_ref() == Some(mid))?;
        let was_muted = std::mem::replace(&mut known.receiver.muted, true);
        (!was_muted).then_some(TrackChange::Muted(known.id))
    }

    /// An exchange is done: there is nothing to go back to. What was stopped is gone.
    pub(in crate::jsep) fn settle(&mut self) {
        self.all.retain(|known| match known.life {
            Life::Active => true,
            Life::Stopping => known.mid.is_some(),
            Life::Stopped => false,
        });
        for known in &mut self.all {
            known.sender.forget_parameters();
            if known.origin == Origin::Offer {
                known.origin = Origin::Application;
            }
            known.stable = Stable {
                mid: known.mid.clone(),
                streams: known.receiver.streams.clone(),
                encodings: None,
                heard: known.fired.receives() && !known.receiver.muted,
            };
        }
    }

    /// An offer is taken back (webrtc-pc section 4.4.1.5), `theirs` or ours.
    pub(in crate::jsep) fn roll_back(&mut self, theirs: bool) -> Vec<TrackChange> {
        let mut changes = Changes::default();
        for known in &mut self.all {
            known.mid.clone_from(&known.stable.mid);
            known.drafted = None;
            if let Some(encodings) = known.stable.encodings.take() {
                known.sender.set_encodings(encodings);
            }
            if !theirs {
                continue;
            }
            let direction = known.current.unwrap_or(Direction::Inactive);
            let streams = known.stable.streams.clone();
            known.receive(direction, streams, &mut changes);
            // What flowed goes on, and no first packet of it will come again.
            let hears = known.fired.receives() && known.life == Life::Active && known.stable.heard;
            if hears && std::mem::take(&mut known.receiver.muted) {
                changes.unmuted.push(TrackChange::Unmuted(known.id));
            }
            if known.origin == Origin::Offer {
                known.end(&mut changes);
            }
        }
        // RFC 9429 section 4.1.10.2: as if the offer had never been.
        self.all.retain(|known| known.origin != Origin::Offer);
        changes.in_order()
    }
}

impl Transceiver {
    /// What comes from the peer changes ("process remote tracks").
    fn receive(&mut self, direction: Direction, streams: Vec<String>, changes: &mut Changes) {
        // The track of one that was stopped has ended, whatever the peer still offers.
        let (direction, streams) = match self.life {
            Life::Active => (direction, streams),
            _ => (Direction::Inactive, Vec::new()),
        };
        let beside = |of: &[String], other: &[String]| -> Vec<String> {
            let missing = of.iter().filter(|stream| !other.contains(stream));
            missing.cloned().collect()
        };
        let left = beside(&self.receiver.streams, &streams);
        let joined = beside(&streams, &self.receiver.streams);
        let (was, is) = (self.fired.receives(), direction.receives());
        if is && (!was || !joined.is_empty()) {
            changes.added.push(TrackChange::Added {
                transceiver: self.id,
                streams: streams.clone(),
            });
        }
        if was && !is {
            self.receiver.muted = true;
            let is_live = self.life == Life::Active;
            let muted = is_live.then_some(TrackChange::Muted(self.id));
            changes.muted.extend(muted);
        }
        if !left.is_empty() || !joined.is_empty() {
            changes.streams.push(TrackChange::Streams {
                transceiver: self.id,
                left,
                joined,
            });
        }
        self.receiver.streams = streams;
        self.fired = direction;
    }

    fn agree(&mut self, direction: Direction) {
        if self.life != Life::Stopped {
            self.current = Some(direction);
            self.sender.has_sent |= direction.sends();
        }
    }

    /// The peer's offer has rejected its section, or has none for it any more. Where only an offer
    /// that this one takes the place of has put one of ours there, it has no section again.
    fn leave(&mut self, changes: &mut Changes) {
        if self.stable.mid.is_some() || self.origin == Origin::Offer {
            return self.end(changes);
        }
        self.receive(Direction::Inactive, Vec::new(), changes);
        self.mid = None;
    }

    /// Its section is rejected ("stop the RTCRtpTransceiver").
    fn end(&mut self, changes: &mut Changes) {
        if self.life == Life::Stopped {
            return;
        }
        self.receive(Direction::Inactive, Vec::new(), changes);
        if self.life == Life::Active {
            changes.ended.push(TrackChange::Ended(self.id));
        }
        self.life = Life::Stopped;
        self.direction = Direction::Inactive;
        self.current = None;
        self.sender.track = None;
    }
}
