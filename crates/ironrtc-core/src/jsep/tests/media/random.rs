//! Any order of wishes and descriptions.

use super::*;

#[test]
fn any_order_of_wishes_and_descriptions_ends_in_agreement() {
    let mut met = 0;
    for seed in 0..300 {
        let mut rng = Rng::from_test_seed(seed);
        let mut both = [negotiator(seed + 1_000), negotiator(seed + 2_000)];
        let mut held: [Option<SessionDescription>; 2] = [None, None];
        for _ in 0..40 {
            let who = usize::from(rng.below(2) == 0);
            let kind = [MediaKind::Audio, MediaKind::Video][rng.below(2) as usize];
            let ids: Vec<TransceiverId> = both[who].transceivers().map(Transceiver::id).collect();
            let id = ids
                .get(rng.below(ids.len().max(1) as u64) as usize)
                .copied();
            let x = &mut both[who];
            match (rng.below(12), id) {
                (0, _) => drop(x.add_track(kind, &rng.u32().to_string(), &streams(&["s"]))),
                (1, _) => drop(add(x, kind, Direction::SendRecv)),
                (2, Some(id)) => drop(x.remove_track(id)),
                (3, Some(id)) => drop(x.stop_transceiver(id)),
                (4, Some(id)) => drop(x.set_direction(id, Direction::Inactive)),
                (5, _) => drop(x.set_local_description(Some(SessionDescription::rollback()))),
                (6, _) => drop(x.set_remote_description(SessionDescription::rollback())),
                (7, _) => x.add_data_channel(),
                (8, _) => {
                    if let Some(description) = held[1 - who].take() {
                        drop(x.set_remote_description(description));
                    }
                }
                _ => {
                    drop(x.set_local_description(None));
                    held[who] = x
                        .pending_local_description()
                        .or_else(|| x.local_description());
                }
            }
        }
        let [a, b] = &mut both;
        for who in [&mut *a, &mut *b] {
            drop(who.set_local_description(Some(SessionDescription::rollback())));
            drop(who.set_remote_description(SessionDescription::rollback()));
        }
        // Where one side took an answer that the other never made, they cannot agree any more.
        let meets = (0..2).all(|_| try_agree(a, b).is_ok() && try_agree(b, a).is_ok());
        if !meets {
            continue;
        }
        met += 1;
        assert!(
            !a.negotiation_needed() && !b.negotiation_needed(),
            "seed {seed}"
        );
        assert_eq!(
            a.transceivers().count(),
            b.transceivers().count(),
            "seed {seed}"
        );
        let sections = |n: &Negotiator| n.plans().into_values().next().and_then(|plan| plan.rtp);
        let (ours, theirs) = (sections(a), sections(b));
        let ours = ours.map(|plan| plan.sections).unwrap_or_default();
        let theirs = theirs.map(|plan| plan.sections).unwrap_or_default();
        assert_eq!(ours.len(), theirs.len(), "seed {seed}");
        for (ours, theirs) in ours.iter().zip(&theirs) {
            assert_eq!(ours.mid, theirs.mid);
            assert_eq!(ours.send.is_some(), theirs.receive.is_some(), "seed {seed}");
            assert_eq!(ours.extensions.len(), theirs.extensions.len());
        }
    }
    assert!(met > 100, "only {met} pairs met");
}

fn try_agree(offerer: &mut Negotiator, answerer: &mut Negotiator) -> Result<(), JsepError> {
    offerer.set_local_description(None)?;
    let offer = offerer.local_description().unwrap();
    answerer.set_remote_description(offer)?;
    answerer.set_local_description(None)?;
    let answer = answerer.local_description().unwrap();
    offerer.set_remote_description(answer)?;
    Ok(())
}
