//! Transceivers through offer and answer.

use super::*;
use crate::rtp::{CodecName, MediaKind, RtpPlan, RtpSection};

mod bundles;
mod need;
mod numbers;
mod parameters;
mod random;
mod rollback;
mod sections;
mod simulcast;
mod tracks;

fn streams(names: &[&str]) -> Vec<String> {
    names.iter().map(ToString::to_string).collect()
}

fn add_track(who: &mut Negotiator, kind: MediaKind, track: &str) -> TransceiverId {
    who.add_track(kind, track, &streams(&["s"])).unwrap()
}

fn add(who: &mut Negotiator, kind: MediaKind, direction: Direction) -> TransceiverId {
    let init = TransceiverInit::default().direction(direction);
    who.add_transceiver(kind, None, init).unwrap()
}

/// A whole exchange; gives what became of tracks at the answerer and the offerer.
fn agree(offerer: &mut Negotiator, answerer: &mut Negotiator) -> [Vec<TrackChange>; 2] {
    offerer.set_local_description(None).unwrap();
    let offer = offerer.local_description().unwrap();
    let mut there = answerer.set_remote_description(offer).unwrap().tracks;
    there.extend(answerer.set_local_description(None).unwrap().tracks);
    let answer = answerer.local_description().unwrap();
    let here = offerer.set_remote_description(answer).unwrap().tracks;
    assert_eq!(offerer.signaling_state(), SignalingState::Stable);
    [there, here]
}

fn rtp(who: &Negotiator) -> RtpPlan {
    let plans = who.plans();
    let mut rtp = plans.into_values().filter_map(|plan| plan.rtp);
    let plan = rtp.next().unwrap();
    assert!(rtp.next().is_none(), "one transport");
    plan
}

fn section(who: &Negotiator, id: TransceiverId) -> RtpSection {
    let mid = who.transceiver(id).unwrap().mid().unwrap();
    let plan = rtp(who);
    plan.sections.into_iter().find(|s| s.mid == *mid).unwrap()
}

fn only(who: &Negotiator) -> TransceiverId {
    let ids: Vec<TransceiverId> = who.transceivers().map(Transceiver::id).collect();
    assert_eq!(ids.len(), 1);
    ids[0]
}

fn current(who: &Negotiator, id: TransceiverId) -> Option<Direction> {
    who.transceiver(id).unwrap().current_direction()
}

fn lines(sdp: &str) -> Vec<&str> {
    sdp.lines().filter(|line| line.starts_with("m=")).collect()
}

fn local(who: &Negotiator) -> String {
    who.local_description().unwrap().sdp
}

fn rids(names: &[&str]) -> Vec<EncodingParameters> {
    let named = |name: &&str| EncodingParameters::default().rid(Some(name.parse().unwrap()));
    names.iter().map(named).collect()
}

/// An offer of ours that waits.
fn offer(who: &mut Negotiator) -> String {
    who.set_local_description(None).unwrap();
    local(who)
}

/// An answer to an offer, which is set at the answerer.
fn answer(who: &mut Negotiator, offer: impl Into<String>) -> String {
    who.set_remote_description(SessionDescription::offer(offer))
        .unwrap();
    who.set_local_description(None).unwrap();
    local(who)
}

fn without(sdp: &str, starts: &[&str]) -> String {
    let kept = |line: &&str| !starts.iter().any(|start| line.starts_with(start));
    sdp.split_inclusive("\r\n").filter(kept).collect()
}
