//! Offers that are taken back or replaced, and glare.

use super::*;

#[test]
fn an_offer_that_is_taken_back_takes_its_transceivers_with_it() {
    let (mut a, mut b) = (negotiator(1), negotiator(2));
    add_track(&mut a, MediaKind::Audio, "x");
    add_track(&mut a, MediaKind::Video, "y");
    let ours = add_track(&mut b, MediaKind::Audio, "z");
    a.set_local_description(None).unwrap();
    let offer = a.local_description().unwrap();
    b.set_remote_description(offer.clone()).unwrap();
    let made = b.transceivers().last().unwrap().id();
    assert!(b.transceiver(ours).unwrap().mid().is_some());
    let undone = b
        .set_remote_description(SessionDescription::rollback())
        .unwrap();
    assert!(undone.tracks.contains(&TrackChange::Muted(ours)));
    assert!(undone.tracks.contains(&TrackChange::Ended(made)));
    assert_eq!(only(&b), ours);
    assert_eq!(b.transceiver(ours).unwrap().mid(), None);
    // A track that was added since keeps it.
    b.set_remote_description(offer).unwrap();
    let made = b.transceivers().last().unwrap().id();
    assert_eq!(add_track(&mut b, MediaKind::Video, "w"), made);
    b.set_remote_description(SessionDescription::rollback())
        .unwrap();
    assert_eq!(b.transceivers().count(), 2);
    assert_eq!(
        b.transceiver(made).unwrap().direction(),
        Direction::SendRecv
    );
}

#[test]
fn our_own_offer_taken_back_is_made_again() {
    let (mut a, mut b) = (negotiator(1), negotiator(2));
    let id = add_track(&mut a, MediaKind::Audio, "x");
    a.set_local_description(None).unwrap();
    assert!(a.transceiver(id).unwrap().mid().is_some());
    a.set_local_description(Some(SessionDescription::rollback()))
        .unwrap();
    assert_eq!(a.transceiver(id).unwrap().mid(), None);
    assert!(a.negotiation_needed());
    agree(&mut a, &mut b);
    assert_eq!(current(&a, id), Some(Direction::SendOnly));
}

/// Perfect negotiation: both offer a track, the polite side gives way and both are sent.
#[test]
fn tracks_survive_glare() {
    let (mut a, mut b) = (negotiator(1), negotiator(2));
    let first = add_track(&mut a, MediaKind::Video, "x");
    let second = add_track(&mut b, MediaKind::Video, "y");
    a.set_local_description(None).unwrap();
    b.set_local_description(None).unwrap();
    b.set_remote_description(a.local_description().unwrap())
        .unwrap();
    b.set_local_description(None).unwrap();
    a.set_remote_description(b.local_description().unwrap())
        .unwrap();
    assert_eq!(current(&a, first), Some(Direction::SendRecv));
    assert_eq!(current(&b, second), Some(Direction::SendRecv));
    assert!(!a.negotiation_needed() && !b.negotiation_needed());
}

/// RFC 9429 section 4.1.8: a second offer takes the place of the first, and of all that it did.
#[test]
fn a_second_offer_of_the_peer_leaves_our_track_its_transceiver() {
    let (mut first, mut second) = (negotiator(1), negotiator(2));
    let mut b = negotiator(3);
    let ours = add_track(&mut b, MediaKind::Audio, "z");
    add_track(&mut first, MediaKind::Audio, "x");
    add_track(&mut first, MediaKind::Video, "v");
    b.set_remote_description(SessionDescription::offer(offer(&mut first)))
        .unwrap();
    assert!(b.transceiver(ours).unwrap().mid().is_some());
    let made = b.transceivers().last().unwrap().id();
    // Other names, another kind under the same name, and a section that is rejected.
    second.add_data_channel();
    let data = offer(&mut second);
    let rejected = local(&first)
        .replace("m=audio 9", "m=audio 0")
        .replace("BUNDLE 0 1", "BUNDLE 1");
    for other in [data, rejected] {
        let changes = b
            .set_remote_description(SessionDescription::offer(other))
            .unwrap()
            .tracks;
        assert!(!changes.contains(&TrackChange::Ended(ours)), "{changes:?}");
        let known = b.transceiver(ours).unwrap();
        assert!(known.mid().is_none() && !known.is_stopping());
        assert_eq!(known.sender().track(), Some("z"));
    }
    b.set_remote_description(SessionDescription::rollback())
        .unwrap();
    assert_eq!(only(&b), ours, "{made:?} is gone");
    agree(&mut b, &mut second);
    assert_eq!(current(&b, ours), Some(Direction::SendOnly));
}

/// No first packet tells of media that has flowed all the time.
#[test]
fn a_track_that_was_heard_is_not_muted_after_a_rollback() {
    let (mut a, mut b) = (negotiator(1), negotiator(2));
    let id = add_track(&mut a, MediaKind::Audio, "x");
    agree(&mut a, &mut b);
    let there = only(&b);
    let mid = b.transceiver(there).unwrap().mid().unwrap().clone();
    let is_muted = |b: &Negotiator| b.transceiver(there).unwrap().receiver().is_muted();
    let hold = |a: &mut Negotiator| {
        a.set_direction(id, Direction::Inactive).unwrap();
        let hold = a.create_offer(&OfferOptions::default()).unwrap();
        a.set_direction(id, Direction::SendOnly).unwrap();
        hold
    };
    for heard_before in [true, false] {
        // Before the offer of a hold, or while it waits.
        if heard_before {
            assert_eq!(b.on_media(&mid), Some(TrackChange::Unmuted(there)));
        }
        let held = b.set_remote_description(hold(&mut a)).unwrap().tracks;
        assert!(held.contains(&TrackChange::Muted(there)) && is_muted(&b));
        if !heard_before {
            assert_eq!(b.on_media(&mid), None);
        }
        let back = b
            .set_remote_description(SessionDescription::rollback())
            .unwrap()
            .tracks;
        assert_eq!(back.last(), Some(&TrackChange::Unmuted(there)));
        assert!(!is_muted(&b));
        // Agreed on anew, it begins anew.
        a.set_direction(id, Direction::Inactive).unwrap();
        agree(&mut a, &mut b);
        a.set_direction(id, Direction::SendOnly).unwrap();
        agree(&mut a, &mut b);
        assert!(is_muted(&b));
    }
}
