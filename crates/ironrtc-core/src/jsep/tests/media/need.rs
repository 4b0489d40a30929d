//! When an exchange is asked for (webrtc-pc section 4.7.3).

use super::*;

/// webrtc-pc section 4.7.3, what asks for an exchange when all is agreed.
#[test]
fn an_exchange_is_asked_for_when_what_was_agreed_is_not_what_is_wanted() {
    type Act = fn(&mut Negotiator, TransceiverId);
    let acts: [(&str, Act, bool); 8] = [
        ("nothing", |_, _| (), false),
        (
            "the same direction",
            |a, id| a.set_direction(id, Direction::SendRecv).unwrap(),
            false,
        ),
        (
            "another direction",
            |a, id| a.set_direction(id, Direction::RecvOnly).unwrap(),
            true,
        ),
        ("a stop", |a, id| drop(a.stop_transceiver(id)), true),
        (
            "another track in its place",
            |a, id| a.replace_track(id, None).unwrap(),
            false,
        ),
        ("a track less", |a, id| a.remove_track(id).unwrap(), true),
        (
            "codec preferences",
            |a, id| a.set_codec_preferences(id, Vec::new()).unwrap(),
            false,
        ),
        (
            "one more",
            |a, _| {
                add(a, MediaKind::Audio, Direction::Inactive);
            },
            true,
        ),
    ];
    for (name, act, needed) in acts {
        let (mut a, mut b) = (negotiator(1), negotiator(2));
        let id = add_track(&mut a, MediaKind::Audio, "x");
        add_track(&mut b, MediaKind::Audio, "y");
        agree(&mut a, &mut b);
        act(&mut a, id);
        assert_eq!(a.negotiation_needed(), needed, "{name}");
        agree(&mut a, &mut b);
        assert!(
            !a.negotiation_needed() && !b.negotiation_needed(),
            "{name}, after"
        );
    }
}
