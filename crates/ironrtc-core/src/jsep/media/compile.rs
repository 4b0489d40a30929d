//! From two descriptions that are in force to what an RTP session is told.

use super::{agree_to_receive, agree_to_send, agreed_extensions};
use crate::ids::{Mid, Rid};
use crate::jsep::read::RtpSection as Said;
use crate::jsep::transceiver::{Encoding, Transceiver};
use crate::rtp::{CodecParameters, EncodingPlan, ReceivePlan, RtpSection, SendPlan, StreamPlan};

/// A section of the plan: what both sides say of a transceiver.
pub(in crate::jsep) fn section(
    transceiver: &Transceiver,
    mid: &Mid,
    ours: &Said,
    theirs: &Said,
    cname: &str,
) -> RtpSection {
    let direction = ours.direction.intersection(theirs.direction.reversed());
    // webrtc-pc section 5.4: what was stopped ends before the peer knows.
    let goes_on = !transceiver.is_stopping();
    let send = (direction.sends() && goes_on).then(|| agree_to_send(&ours.codecs, &theirs.codecs));
    let receive =
        (direction.receives() && goes_on).then(|| agree_to_receive(&ours.codecs, &theirs.codecs));
    RtpSection {
        mid: mid.clone(),
        kind: transceiver.kind(),
        extensions: agreed_extensions(&ours.extensions, &theirs.extensions),
        reduced_size: ours.says.reduced_size && theirs.says.reduced_size,
        receiver_rtt: ours.says.receiver_rtt && theirs.says.receiver_rtt,
        send: send.map(|codecs| SendPlan {
            encodings: encodings(transceiver, &codecs, ours, theirs),
            codecs,
            cname: cname.to_owned(),
            max_bitrate: theirs.max_bitrate,
        }),
        receive: receive.map(|codecs| ReceivePlan {
            streams: streams(&codecs, theirs),
            codecs,
            rids: received_rids(ours, theirs),
        }),
    }
}

fn encodings(
    transceiver: &Transceiver,
    codecs: &[CodecParameters],
    ours: &Said,
    theirs: &Said,
) -> Vec<EncodingPlan> {
    let repeats = codecs.iter().any(|codec| codec.rtx.is_some());
    let (sent, taken) = (ours.simulcast.as_ref(), theirs.simulcast.as_ref());
    // RFC 8853 section 5.3.3: names are said in packets where both sides know them.
    let known = |rid: &Rid| {
        let sent = sent.is_some_and(|s| s.send.iter().any(|(sent, _)| sent == rid));
        sent && taken.is_some_and(|t| t.receive.iter().any(|(taken, _)| taken == rid))
    };
    let several = transceiver.sender().encodings();
    let plan = |encoding: &Encoding| EncodingPlan {
        ssrc: encoding.ssrc,
        rtx: repeats.then_some(encoding.rtx),
        active: encoding.parameters.active,
        max_bitrate: encoding.parameters.max_bitrate,
        rid: encoding.parameters.rid.clone().filter(known),
    };
    let named = several.iter().map(plan).filter(|plan| plan.rid.is_some());
    let named: Vec<EncodingPlan> = named.collect();
    if !named.is_empty() {
        return named;
    }
    // RFC 8853 section 5.3.3: who asks for no simulcast is sent one encoding, without a name; our
    // description says its source.
    several.first().map(plan).into_iter().collect()
}

/// The sources that the peer has announced, with the names of a simulcast in both forms.
fn streams(codecs: &[CodecParameters], theirs: &Said) -> Vec<StreamPlan> {
    let repeats = codecs.iter().any(|codec| codec.rtx.is_some());
    let rids = theirs.simulcast.as_ref().map(|simulcast| &simulcast.send);
    let rids: Vec<&Rid> = rids.into_iter().flatten().map(|(rid, _)| rid).collect();
    // Firefox says both names and sources, in the same order.
    let same = rids.len() == theirs.sources.len();
    let stream = |(place, source): (usize, &crate::jsep::read::Source)| StreamPlan {
        ssrc: source.ssrc,
        rtx: source.rtx.filter(|_| repeats),
        rid: rids.get(place).filter(|_| same).map(|rid| (*rid).clone()),
    };
    theirs.sources.iter().enumerate().map(stream).collect()
}

fn received_rids(ours: &Said, theirs: &Said) -> Vec<Rid> {
    let (Some(taken), Some(sent)) = (&ours.simulcast, &theirs.simulcast) else {
        return Vec::new();
    };
    let both = (sent.send.iter()).filter(|(rid, _)| taken.receive.iter().any(|(t, _)| t == rid));
    both.map(|(rid, _)| rid.clone()).collect()
}
