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
