//! Everything stops and frees itself, on close and on drop.

use std::net::UdpSocket;

use ironrtc::{
    ConnectionState, DataChannel, DataChannelInit, DataChannelState, DtlsState, Error, Event,
    Events, OfferOptions, PeerConnection, SendError, SignalingState,
};

use crate::support::{connected, loopback, negotiate, next, pair, peer, soon, with_data};

/// The sockets that a connection has bound.
fn sockets(peer: &PeerConnection) -> Vec<(String, u16)> {
    let candidates = peer.local_candidates();
    let address = |one: &ironrtc::IceCandidate| (one.address.to_string(), one.port);
    candidates.iter().map(address).collect()
}

fn is_free((ip, port): &(String, u16)) -> bool {
    UdpSocket::bind((ip.as_str(), *port)).is_ok()
}

async fn no_tasks_are_left() {
    let metrics = tokio::runtime::Handle::current().metrics();
    soon(async {
        while metrics.num_alive_tasks() > 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

async fn two_connected() -> (PeerConnection, PeerConnection, Events, Events) {
    let (alice, bob) = (with_data(), peer());
    let (mut from_alice, mut from_bob) = (alice.events(), bob.events());
    negotiate(&alice, &bob).await;
    connected(&mut from_alice).await;
    connected(&mut from_bob).await;
    (alice, bob, from_alice, from_bob)
}

#[test]
fn handles_go_to_other_threads() {
    fn shared<T: Send + Sync + Clone>() {}
    shared::<PeerConnection>();
    shared::<DataChannel>();
    shared::<ironrtc::ortc::Transport>();
    fn sent<T: Send>() {}
    sent::<Events>();
}

#[tokio::test]
async fn close_frees_the_sockets_and_ends_the_task() {
    let (alice, bob, mut from_alice, _) = two_connected().await;
    let used = sockets(&alice);
    assert!(!used.is_empty() && !used.iter().any(is_free));
    soon(alice.close()).await;
    assert!(used.iter().all(is_free));
    assert_eq!(alice.connection_state(), ConnectionState::Closed);
    assert_eq!(alice.signaling_state(), SignalingState::Closed);
    soon(async { while from_alice.next().await.is_some() {} }).await;
    // Again, and from several places.
    tokio::join!(soon(alice.close()), soon(alice.close()));
    soon(bob.close()).await;
    no_tasks_are_left().await;
}

#[tokio::test]
async fn an_address_that_was_never_used_is_freed_too() {
    let mut configuration = loopback();
    // A port that the system has just given, and that nobody else asks for.
    let probe = UdpSocket::bind(configuration.bind[0]).unwrap();
    configuration.bind[0] = probe.local_addr().unwrap();
    drop(probe);
    let address = configuration.bind[0];
    let peer = PeerConnection::new(configuration).unwrap();
    assert!(UdpSocket::bind(address).is_err());
    soon(peer.close()).await;
    assert!(UdpSocket::bind(address).is_ok());
}

#[tokio::test]
async fn the_peer_is_told_of_a_close() {
    let (alice, _bob, _, mut from_bob) = two_connected().await;
    alice.close().await;
    let closed =
        |event| matches!(event, Event::DtlsStateChange(_, DtlsState::Closed)).then_some(());
    next(&mut from_bob, closed).await;
}

#[tokio::test]
async fn operations_on_a_closed_connection_say_so() {
    let peer = peer();
    soon(peer.close()).await;
    let offer = peer.create_offer(OfferOptions::default()).await;
    assert_eq!(offer, Err(Error::Closed));
    assert_eq!(peer.set_local_description(None).await, Err(Error::Closed));
    assert!(
        peer.create_data_channel("late", DataChannelInit::default())
            .is_err()
    );
    assert!(peer.set_configuration(peer.configuration()).is_err());
    soon(peer.gathering_complete()).await;
    peer.restart_ice();
    peer.get_stats().await;
    let mut events = peer.events();
    soon(async { while events.next().await.is_some() {} }).await;
}

#[tokio::test]
async fn dropping_the_last_handle_closes() {
    let (alice, bob, mut from_alice, mut from_bob) = two_connected().await;
    let used = sockets(&alice);
    let clone = alice.clone();
    drop(alice);
    assert!(!used.iter().any(is_free), "a clone keeps it");
    drop(clone);
    soon(async { while from_alice.next().await.is_some() {} }).await;
    soon(async {
        while !used.iter().all(is_free) {
            tokio::task::yield_now().await;
        }
    })
    .await;
    let closed =
        |event| matches!(event, Event::DtlsStateChange(_, DtlsState::Closed)).then_some(());
    next(&mut from_bob, closed).await;
    drop(bob);
    no_tasks_are_left().await;
}

#[tokio::test]
async fn a_channel_keeps_its_connection() {
    let pair = pair().await;
    let (mine, theirs) = pair.channels;
    drop((pair.offerer, pair.answerer));
    mine.send("still here").unwrap();
    assert!(soon(theirs.recv()).await.is_some());
    drop(mine);
    assert_eq!(soon(theirs.recv()).await, None);
    drop(theirs);
    no_tasks_are_left().await;
}

#[tokio::test]
async fn closing_a_connection_closes_its_channels() {
    let pair = pair().await;
    let (mine, theirs) = pair.channels;
    mine.send("last words").unwrap();
    assert!(soon(theirs.recv()).await.is_some());
    soon(pair.offerer.close()).await;
    assert_eq!(mine.ready_state(), DataChannelState::Closed);
    assert_eq!(mine.send("too late"), Err(SendError::NotOpen));
    assert_eq!(soon(mine.recv()).await, None);
    assert_eq!(soon(mine.opened()).await, Err(SendError::NotOpen));
    assert_eq!(soon(theirs.recv()).await, None);
    assert_eq!(theirs.ready_state(), DataChannelState::Closed);
}

#[tokio::test]
async fn an_unread_connection_is_freed_with_all_that_waits_in_it() {
    let pair = pair().await;
    for index in 0..8 {
        let label = index.to_string();
        let channel = pair
            .offerer
            .create_data_channel(&label, DataChannelInit::default())
            .unwrap();
        soon(channel.opened()).await.unwrap();
        channel.send("unread").unwrap();
    }
    // The answerer's events hold eight channels that nobody took.
    drop(pair);
    no_tasks_are_left().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_connections_come_and_go() {
    const ROUNDS: usize = 3;
    const AT_ONCE: usize = 20;
    for _ in 0..ROUNDS {
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..AT_ONCE {
            tasks.spawn(async {
                let (alice, bob, ..) = two_connected().await;
                let used = [sockets(&alice), sockets(&bob)].concat();
                soon(alice.close()).await;
                soon(bob.close()).await;
                used
            });
        }
        let used = tasks.join_all().await.concat();
        assert!(used.len() >= 2 * AT_ONCE && used.iter().all(is_free));
        no_tasks_are_left().await;
    }
}

#[test]
fn a_connection_outlives_its_runtime_as_a_closed_one() {
    let runtime = || tokio::runtime::Runtime::new().unwrap();
    let first = runtime();
    let (alice, _bob, mut events, _) = first.block_on(two_connected());
    let used = sockets(&alice);
    drop(first);
    assert!(used.iter().all(is_free));
    runtime().block_on(async {
        soon(alice.close()).await;
        soon(async { while events.next().await.is_some() {} }).await;
    });
    assert_eq!(alice.connection_state(), ConnectionState::Closed);
}

#[tokio::test]
async fn a_second_stream_takes_over() {
    let peer = peer();
    let mut first = peer.events();
    let reader = tokio::spawn(async move { first.next().await });
    tokio::task::yield_now().await;
    let mut second = peer.events();
    assert!(soon(reader).await.unwrap().is_none());
    peer.create_data_channel("any", DataChannelInit::default())
        .unwrap();
    let event = soon(second.next()).await;
    assert!(matches!(event, Some(Event::NegotiationNeeded)), "{event:?}");
}
