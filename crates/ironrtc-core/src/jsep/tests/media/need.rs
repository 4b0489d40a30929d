//! When an exchange is asked for (webrtc-pc section 4.7.3).

use super::*;

/// webrtc-pc section 4.7.3, what asks for an exchange when all is agreed.
#[test]
fn an_exchange_is_asked_for_when_what_was_agreed_is_not_what_is_wanted() {
    type Act = fn(&mut Negotiator, TransceiverId);
    let acts: [(&str, Act, bool); 15] = [
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
        (
            "another track",
            |a, id| {
                let other = Some((MediaKind::Audio, "z"));
                a.replace_track(id, other).unwrap();
            },
            false,
        ),
        (
            "other streams",
            |a, id| a.set_streams(id, &streams(&["s", "t"])).unwrap(),
            true,
        ),
        ("no stream", |a, id| a.set_streams(id, &[]).unwrap(), true),
        (
            "parameters",
            |a, id| {
                let mut parameters = a.get_parameters(id).unwrap();
                parameters.encodings[0].active = false;
                a.set_parameters(id, parameters).unwrap();
            },
            false,
        ),
        ("a channel", |a, _| a.add_data_channel(), true),
        ("a restart", |a, _| a.restart_ice(), true),
        (
            "one that is stopped before the peer hears of it",
            |a, _| {
                let new = add(a, MediaKind::Video, Direction::SendRecv);
                a.stop_transceiver(new).unwrap();
            },
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

/// Of an offer of ours, either side's direction is one that nobody has to ask for; of an answer, what
/// the offer leaves of ours.
#[test]
fn a_direction_asks_for_an_exchange_only_where_that_may_change_what_flows() {
    use Direction::*;
    let all = [SendRecv, SendOnly, RecvOnly, Inactive];
    for offered in all {
        for answered in all {
            for wanted in all {
                let (mut a, mut b) = (negotiator(1), negotiator(2));
                let here = add(&mut a, MediaKind::Audio, offered);
                let offer = SessionDescription::offer(offer(&mut a));
                b.set_remote_description(offer).unwrap();
                let there = only(&b);
                b.set_direction(there, answered).unwrap();
                b.set_local_description(None).unwrap();
                let answer = b.local_description().unwrap();
                a.set_remote_description(answer).unwrap();
                let agreed = offered.reversed().intersection(answered);
                let name = format!("{offered} offered, {answered} answered, {wanted} wanted");

                a.set_direction(here, wanted).unwrap();
                let either = [offered, agreed.reversed()];
                assert_eq!(a.negotiation_needed(), !either.contains(&wanted), "{name}");

                b.set_direction(there, wanted).unwrap();
                let left = wanted.intersection(offered.reversed());
                assert_eq!(b.negotiation_needed(), left != agreed, "{name}, answerer");
            }
        }
    }
}

#[test]
fn nothing_asks_for_an_exchange_once_it_is_closed_or_declined() {
    let (mut a, mut b) = (negotiator(1), negotiator(2));
    add_track(&mut a, MediaKind::Audio, "x");
    assert!(a.negotiation_needed());
    let mut closed = a.clone();
    closed.close();
    assert!(!closed.negotiation_needed());
    // What the peer rejects is gone, and asks for nothing.
    let offered = SessionDescription::offer(offer(&mut a));
    // One that is added meanwhile asks afterwards.
    add_track(&mut a, MediaKind::Video, "y");
    b.set_remote_description(offered).unwrap();
    b.stop_transceiver(only(&b)).unwrap();
    b.set_local_description(None).unwrap();
    a.set_remote_description(b.local_description().unwrap())
        .unwrap();
    assert!(!b.negotiation_needed());
    let video = only(&a);
    assert!(a.negotiation_needed());
    a.stop_transceiver(video).unwrap();
    assert!(!a.negotiation_needed());
}
