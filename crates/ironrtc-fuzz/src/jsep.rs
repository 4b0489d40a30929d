//! Two peers that describe themselves in any order, with messages lost, swapped and changed.

use std::collections::BTreeSet;

use arbitrary::Arbitrary;
use ironrtc_core::jsep::{
    CandidateInit, EncodingParameters, Mid, Negotiator, OfferOptions, SdpType, SessionDescription,
    SignalingState, Transceiver, TransceiverDirection as Direction, TransceiverId, TransceiverInit,
};
use ironrtc_core::rtp::MediaKind;

use crate::sdp::negotiator;

const MOST_OPERATIONS: usize = 64;
/// Descriptions that are kept to be given again.
const MOST_DESCRIPTIONS: usize = 16;

#[derive(Arbitrary, Debug)]
struct Operation {
    /// Which of the two does it.
    side: bool,
    what: What,
}

#[derive(Arbitrary, Debug)]
enum What {
    CreateOffer {
        ice_restart: bool,
    },
    CreateAnswer,
    SetLocal {
        description: u8,
        kind: Kind,
    },
    SetLocalImplicitly,
    SetRemote {
        description: u8,
        kind: Kind,
        change: Option<Change>,
    },
    AddCandidate {
        end: bool,
        place: Option<u8>,
        mid: Option<u8>,
    },
    AddDataChannel,
    RestartIce,
    Close,
    Media(Media),
}

/// What is done with tracks.
#[derive(Arbitrary, Debug)]
enum Media {
    AddTrack {
        video: bool,
        track: u8,
    },
    AddSimulcast,
    Remove(u8),
    Stop(u8),
    Turn {
        transceiver: u8,
        sends: bool,
        receives: bool,
    },
    Put {
        transceiver: u8,
        streams: u8,
    },
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Kind {
    Offer,
    PrAnswer,
    Answer,
    Rollback,
}

impl From<Kind> for SdpType {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Offer => Self::Offer,
            Kind::PrAnswer => Self::PrAnswer,
            Kind::Answer => Self::Answer,
            Kind::Rollback => Self::Rollback,
        }
    }
}

/// What happens to a text on its way.
#[derive(Arbitrary, Debug)]
enum Change {
    DropLine(u8),
    RepeatLine(u8),
    SwapLines(u8, u8),
    Overwrite { at: u16, byte: u8 },
    Truncate(u16),
}

impl Change {
    fn apply(&self, text: &str) -> String {
        let mut lines: Vec<&str> = text.split_inclusive('\n').collect();
        let count = lines.len().max(1);
        let at = |index: u8| usize::from(index) % count;
        match *self {
            Self::DropLine(index) if !lines.is_empty() => {
                lines.remove(at(index));
            }
            Self::RepeatLine(index) if !lines.is_empty() => {
                lines.insert(at(index), lines[at(index)]);
            }
            Self::SwapLines(one, other) if !lines.is_empty() => lines.swap(at(one), at(other)),
            Self::Overwrite { at, byte } => {
                let mut bytes = text.as_bytes().to_vec();
                let length = bytes.len().max(1);
                if let Some(place) = bytes.get_mut(usize::from(at) % length) {
                    *place = byte;
                }
                return String::from_utf8_lossy(&bytes).into_owned();
            }
            Self::Truncate(length) => {
                let bytes = text.as_bytes();
                let length = usize::from(length).min(bytes.len());
                return String::from_utf8_lossy(&bytes[..length]).into_owned();
            }
            _ => {}
        }
        lines.concat()
    }
}

/// What an application can see of a peer.
#[derive(Debug, PartialEq)]
struct Seen(
    SignalingState,
    [Option<SessionDescription>; 4],
    Vec<(TransceiverId, Option<Mid>, Direction, Option<Direction>)>,
);

fn look(peer: &Negotiator) -> Seen {
    Seen(
        peer.signaling_state(),
        [
            peer.current_local_description(),
            peer.pending_local_description(),
            peer.current_remote_description(),
            peer.pending_remote_description(),
        ],
        (peer.transceivers())
            .map(|t| {
                (
                    t.id(),
                    t.mid().cloned(),
                    t.direction(),
                    t.current_direction(),
                )
            })
            .collect(),
    )
}

/// webrtc-pc section 4.4.1.5: the state says which descriptions are pending.
fn check(peer: &Negotiator) {
    let Seen(state, descriptions, transceivers) = look(peer);
    let [current_local, pending_local, current_remote, pending_remote] = descriptions;
    let mids: Vec<&Mid> = transceivers.iter().filter_map(|t| t.1.as_ref()).collect();
    let distinct: BTreeSet<&Mid> = mids.iter().copied().collect();
    assert_eq!(
        mids.len(),
        distinct.len(),
        "two transceivers have one section"
    );
    for plan in peer.plans().into_values().filter_map(|plan| plan.rtp) {
        let known = |mid: &Mid| transceivers.iter().any(|t| t.1.as_ref() == Some(mid));
        assert!(plan.sections.iter().all(|section| known(&section.mid)));
    }
    let (local, remote) = (pending_local.is_some(), pending_remote.is_some());
    match state {
        SignalingState::Stable => {
            assert!(!local && !remote, "pending in stable");
            assert_eq!(current_local.is_some(), current_remote.is_some());
        }
        SignalingState::HaveLocalOffer => assert!(local && !remote),
        SignalingState::HaveRemoteOffer => assert!(remote && !local),
        SignalingState::HaveLocalPrAnswer | SignalingState::HaveRemotePrAnswer => {
            assert!(local && remote, "an answer for now goes with its offer");
        }
        SignalingState::Closed => {}
    }
}

pub(crate) fn run(data: &[u8]) {
    let mut peers = [negotiator(1), negotiator(2)];
    let mut descriptions: Vec<SessionDescription> = Vec::new();
    for Operation { side, what } in crate::operations(data, MOST_OPERATIONS) {
        let peer = &mut peers[usize::from(side)];
        let before = look(peer);
        let refused = !step(peer, &what, &mut descriptions);
        if refused {
            assert_eq!(look(peer), before, "{what:?} was refused and left a trace");
        }
        check(peer);
    }
}

/// False if it was refused.
fn step(peer: &mut Negotiator, what: &What, descriptions: &mut Vec<SessionDescription>) -> bool {
    let pick = |index: u8, kind: Kind| {
        let count = descriptions.len().max(1);
        let found = descriptions.get(usize::from(index) % count);
        let sdp = found.map(|found| found.sdp.clone()).unwrap_or_default();
        SessionDescription {
            kind: kind.into(),
            sdp,
        }
    };
    let created = match what {
        What::CreateOffer { ice_restart } => {
            let ice_restart = *ice_restart;
            peer.create_offer(&OfferOptions::default().ice_restart(ice_restart))
        }
        What::CreateAnswer => peer.create_answer(),
        What::SetLocal { description, kind } => {
            let description = pick(*description, *kind);
            return peer.set_local_description(Some(description)).is_ok();
        }
        What::SetLocalImplicitly => {
            let set = peer.set_local_description(None).is_ok();
            if let Some(description) = peer.local_description().filter(|_| set) {
                keep(descriptions, description);
            }
            return set;
        }
        What::SetRemote {
            description,
            kind,
            change,
        } => {
            let mut description = pick(*description, *kind);
            if let Some(change) = change {
                description.sdp = change.apply(&description.sdp);
            }
            return peer.set_remote_description(description).is_ok();
        }
        What::AddCandidate { end, place, mid } => {
            let line = "candidate:1 1 udp 1 192.0.2.1 9 typ host";
            let init = CandidateInit {
                candidate: if *end { String::new() } else { line.to_owned() },
                sdp_mid: mid.map(|mid| (mid % 3).to_string()),
                sdp_mline_index: place.map(u16::from),
                username_fragment: None,
            };
            return peer.add_ice_candidate(&init).is_ok();
        }
        What::AddDataChannel => {
            peer.add_data_channel();
            return true;
        }
        What::RestartIce => {
            peer.restart_ice();
            return true;
        }
        What::Close => {
            peer.close();
            return true;
        }
        What::Media(media) => return act(peer, media),
    };
    let Ok(created) = created else {
        return false;
    };
    keep(descriptions, created);
    true
}

/// False if it was refused.
fn act(peer: &mut Negotiator, media: &Media) -> bool {
    let names: Vec<TransceiverId> = peer.transceivers().map(Transceiver::id).collect();
    let pick = |index: u8| names.get(usize::from(index) % names.len().max(1)).copied();
    let done = match *media {
        Media::AddTrack { video, track } => {
            let kind = [MediaKind::Audio, MediaKind::Video][usize::from(video)];
            peer.add_track(kind, &track.to_string(), &[]).map(drop)
        }
        Media::AddSimulcast => {
            let rid = |name: &str| EncodingParameters::default().rid(name.parse().ok());
            let init = TransceiverInit::default().send_encodings(vec![rid("a"), rid("b")]);
            peer.add_transceiver(MediaKind::Video, None, init).map(drop)
        }
        Media::Remove(index) => pick(index).map_or(Ok(()), |id| peer.remove_track(id)),
        Media::Stop(index) => pick(index).map_or(Ok(()), |id| peer.stop_transceiver(id).map(drop)),
        Media::Turn {
            transceiver,
            sends,
            receives,
        } => {
            let direction = Direction::of(sends, receives);
            pick(transceiver).map_or(Ok(()), |id| peer.set_direction(id, direction))
        }
        Media::Put {
            transceiver,
            streams,
        } => {
            let streams: Vec<String> = (0..streams).map(|stream| stream.to_string()).collect();
            pick(transceiver).map_or(Ok(()), |id| peer.set_streams(id, &streams))
        }
    };
    done.is_ok()
}

fn keep(descriptions: &mut Vec<SessionDescription>, description: SessionDescription) {
    if descriptions.len() == MOST_DESCRIPTIONS {
        descriptions.remove(0);
    }
    descriptions.push(description);
}
