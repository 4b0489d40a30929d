//! Two peers on loopback.

use std::future::Future;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use ironrtc::{
    Configuration, ConnectionState, DataChannel, DataChannelInit, Event, Events, PeerConnection,
};

/// Far longer than anything takes here: reached only by a test that fails.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// Awaits what must happen.
#[track_caller]
pub(crate) fn soon<F: Future>(future: F) -> impl Future<Output = F::Output> {
    let place = std::panic::Location::caller();
    async move {
        match tokio::time::timeout(PATIENCE, future).await {
            Ok(output) => output,
            Err(_) => panic!("nothing happened for {PATIENCE:?} at {place}"),
        }
    }
}

/// A configuration that uses loopback alone. Each has an address of its own, where the system has
/// many, so that no other test takes a port that was just freed.
pub(crate) fn loopback() -> Configuration {
    static NEXT: AtomicU16 = AtomicU16::new(1);
    let mut ip = Ipv4Addr::LOCALHOST;
    if cfg!(target_os = "linux") {
        let [high, low] = NEXT.fetch_add(1, Ordering::Relaxed).to_be_bytes();
        ip = Ipv4Addr::new(127, 1, high, low);
    }
    Configuration::default().bind(vec![SocketAddr::new(ip.into(), 0)])
}

pub(crate) fn peer() -> PeerConnection {
    PeerConnection::new(loopback()).unwrap()
}

/// A peer that offers data channels without having one.
pub(crate) fn with_data() -> PeerConnection {
    let configuration = loopback().always_negotiate_data_channels(true);
    PeerConnection::new(configuration).unwrap()
}

/// Offer and answer with all candidates inside.
pub(crate) async fn negotiate(offerer: &PeerConnection, answerer: &PeerConnection) {
    offerer.set_local_description(None).await.unwrap();
    soon(offerer.gathering_complete()).await;
    let offer = offerer.local_description().unwrap();
    answerer.set_remote_description(offer).await.unwrap();
    answerer.set_local_description(None).await.unwrap();
    soon(answerer.gathering_complete()).await;
    let answer = answerer.local_description().unwrap();
    offerer.set_remote_description(answer).await.unwrap();
}

/// The next event that `pick` wants; others are passed over.
pub(crate) async fn next<T>(events: &mut Events, mut pick: impl FnMut(Event) -> Option<T>) -> T {
    let search = async {
        loop {
            let event = events.next().await.expect("the events ended");
            if let Some(picked) = pick(event) {
                return picked;
            }
        }
    };
    soon(search).await
}

pub(crate) async fn connected(events: &mut Events) {
    let wanted = |event| {
        matches!(
            event,
            Event::ConnectionStateChange(ConnectionState::Connected)
        )
        .then_some(())
    };
    next(events, wanted).await;
}

pub(crate) async fn announced(events: &mut Events) -> DataChannel {
    let wanted = |event| match event {
        Event::DataChannel(channel) => Some(channel),
        _ => None,
    };
    next(events, wanted).await
}

/// Two connected peers with a channel between them.
pub(crate) struct Pair {
    pub(crate) offerer: PeerConnection,
    pub(crate) answerer: PeerConnection,
    pub(crate) offerer_events: Events,
    pub(crate) answerer_events: Events,
    /// The offerer's end, then the answerer's.
    pub(crate) channels: (DataChannel, DataChannel),
}

pub(crate) async fn pair() -> Pair {
    pair_with(loopback(), loopback(), DataChannelInit::default()).await
}

pub(crate) async fn pair_with(
    one: Configuration,
    other: Configuration,
    init: DataChannelInit,
) -> Pair {
    let offerer = PeerConnection::new(one).unwrap();
    let answerer = PeerConnection::new(other).unwrap();
    let offerer_events = offerer.events();
    let mut answerer_events = answerer.events();
    let mine = offerer.create_data_channel("test", init).unwrap();
    negotiate(&offerer, &answerer).await;
    let theirs = announced(&mut answerer_events).await;
    soon(mine.opened()).await.unwrap();
    Pair {
        offerer,
        answerer,
        offerer_events,
        answerer_events,
        channels: (mine, theirs),
    }
}
