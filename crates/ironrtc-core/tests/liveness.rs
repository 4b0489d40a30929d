//! What happens when the peer is not heard from, and how a connection comes back.

use std::time::Duration;

use ironrtc_core::channel::Message;
use ironrtc_core::dtls::DtlsState;
use ironrtc_core::ice::IceState;
use ironrtc_core::peer::{ConnectionState, Event, TransportEvent};
use ironrtc_core::sctp::SctpState;
use ironrtc_core::transport::TransportId;
use ironrtc_sim::{Link, NatKind, Pair, Setup, Side};

fn cut(pair: &mut Pair, cut: bool) {
    for side in [Side::A, Side::B] {
        pair.link_mut(side).cut = cut;
    }
}

fn states(pair: &Pair) -> Vec<ConnectionState> {
    pair.a.events_where(|event| match event {
        Event::ConnectionStateChange(state) => Some(*state),
        _ => None,
    })
}

#[test]
fn a_short_silence_disconnects_and_passes() {
    let mut pair = Pair::new(Setup::new(20));
    pair.connect();
    pair.run_for(Duration::from_secs(5));
    use ConnectionState::{Connected, Connecting, Disconnected};
    cut(&mut pair, true);
    pair.run_for(Duration::from_secs(15));
    assert_eq!(pair.a.connection.connection_state(), Disconnected);
    cut(&mut pair, false);
    pair.run_for(Duration::from_secs(10));
    assert_eq!(
        states(&pair),
        [Connecting, Connected, Disconnected, Connected]
    );
}

/// RFC 7675: after 30 s without consent nothing is sent, whatever waits.
#[test]
fn without_consent_there_is_silence_and_a_restart_repairs_it() {
    let mut pair = Pair::new(Setup::new(21));
    pair.connect();
    pair.run_for(Duration::from_secs(5));
    cut(&mut pair, true);
    pair.run_for(Duration::from_secs(40));
    assert_eq!(
        pair.a.connection.connection_state(),
        ConnectionState::Failed
    );
    assert_eq!(pair.a.connection.ice_connection_state(), IceState::Failed);
    let sent = pair.network.sent();
    pair.a.create(pair.now, "nobody listens");
    pair.run_for(Duration::from_secs(60));
    assert_eq!(pair.network.sent(), sent);

    cut(&mut pair, false);
    pair.a.connection.restart_ice();
    let back = pair.run_until(Duration::from_secs(5), |pair| {
        pair.a.is_connected() && pair.b.is_connected()
    });
    assert!(back, "{:?}", states(&pair));
}

#[test]
fn an_idle_connection_stays_for_hours_on_a_bad_network() {
    let mut pair = Pair::new(Setup::new(22).link(Link::bad(50)));
    pair.connect();
    pair.run_for(Duration::from_secs(2 * 3600));
    use ConnectionState::{Connected, Connecting};
    assert_eq!(states(&pair), [Connecting, Connected]);
}

#[test]
fn a_peer_that_closes_is_noticed_within_a_trip() {
    for closing in [Side::A, Side::B] {
        let mut pair = Pair::new(Setup::new(23));
        pair.connect();
        let now = pair.now;
        pair.side(closing).connection.close(now);
        pair.run_for(Duration::from_millis(2));
        let closed = Event::Transport(
            TransportId::default(),
            TransportEvent::DtlsStateChange(DtlsState::Closed),
        );
        assert!(pair.side(closing.other()).saw(&closed));
        assert!(pair.side(closing).saw(&closed));
        let state = pair.side(closing).connection.connection_state();
        assert_eq!(state, ConnectionState::Closed);
        // Nothing follows the goodbye.
        let mut out = Vec::new();
        let endpoint = pair.side(closing);
        endpoint.connection.close(now);
        assert_eq!(endpoint.connection.poll_transmit(now, 10, &mut out), None);
        assert_eq!(endpoint.connection.poll_timeout(), None);
    }
}

/// A description that somebody carries by hand: no clock runs while it is under way.
#[test]
fn an_answer_that_takes_minutes_connects_when_it_arrives() {
    for (minutes, nats) in [
        (1, [None, None]),
        (15, [None, None]),
        (2, [Some(NatKind::RESTRICTED), None]),
        (2, [None, Some(NatKind::RESTRICTED)]),
    ] {
        let delay = Duration::from_secs(60 * minutes);
        let mut pair = Pair::new(Setup {
            nats,
            stun: true,
            trickle: false,
            signalling_delay: delay,
            ..Setup::new(24)
        });
        pair.a.create(pair.now, "first");
        // The offer and the answer, and what set-up takes with gathering.
        let patience = delay * 2 + Duration::from_secs(2);
        let connected = pair.run_until(patience, |pair| {
            pair.a.is_connected() && pair.b.is_connected()
        });
        let failed = pair.b.connection.transport().dtls_failure();
        assert!(connected, "{minutes} min, {nats:?}: {failed:?}");
        assert!(
            !pair
                .b
                .saw(&Event::ConnectionStateChange(ConnectionState::Failed))
        );
    }
}

/// A driver hands in all that a socket had before it polls: a message and the end that follows it may
/// come in one batch.
#[test]
fn what_came_in_one_batch_with_the_peers_goodbye_can_still_be_read() {
    let mut pair = Pair::new(Setup::new(25));
    let (a, b) = pair.open();
    pair.run_for(Duration::from_secs(1));
    let now = pair.now;
    let late = pair.b.create(now, "late");
    for channel in [b, late] {
        let mut channels = pair.b.connection.channels_mut();
        channels
            .send(now, channel, Message::text("last words"))
            .unwrap();
    }
    pair.next_event();
    assert_eq!(
        pair.now, now,
        "no time passes between the words and the end"
    );
    pair.b.connection.close(now);
    pair.run_for(Duration::from_secs(1));
    assert_eq!(pair.a.received(a).len(), 1);
    assert_eq!(pair.a.announced.len(), 1);
    assert_eq!(pair.a.received(pair.a.announced[0]).len(), 1);
    let ends = pair.a.events_where(|event| match event {
        Event::Transport(_, TransportEvent::SctpStateChange(SctpState::Closed)) => Some("SCTP"),
        Event::Transport(_, TransportEvent::DtlsStateChange(DtlsState::Closed)) => Some("DTLS"),
        _ => None,
    });
    assert_eq!(ends, ["SCTP", "DTLS"], "in the order in which they came");
}
