//! Two peers on loopback.

use std::future::Future;
use std::time::Duration;

use ironrtc::{
    Configuration, ConnectionState, DataChannel, DataChannelInit, Event, Events, PeerConnection,
};

/// Far longer than anything takes here: reached only by a test that fails.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Awaits what must happen.
#[track_caller]
pub fn soon<F: Future>(future: F) -> impl Future<Output = F::Output> {
    let place = std::panic::Location::caller();
    async move {
        match tokio::time::timeout(PATIENCE, future).await {
            Ok(output) => output,
            Err(_) => panic!("nothing happened for {PATIENCE:?} at {place}"),
        }
    }
}

/// A configuration that uses loopback alone.
pub fn loopback() -> Configuration {
    Configuration {
        bind: vec!["127.0.0.1:0".parse().unwrap()],
        ..Configuration::default()
    }
}

pub fn peer() -> PeerConnection {
    PeerConnection::new(loopback()).unwrap()
}

/// A peer that offers data channels without having one.
pub fn with_data() -> PeerConnection {
    let configuration = Configuration {
        always_negotiate_data_channels: true,
        ..loopback()
    };
    PeerConnection::new(configuration).unwrap()
}

/// Offer and answer with all candidates inside.
pub async fn negotiate(offerer: &PeerConnection, answerer: &PeerConnection) {
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
pub async fn next<T>(events: &mut Events, mut pick: impl FnMut(Event) -> Option<T>) -> T {
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

pub async fn connected(events: &mut Events) {
    let wanted = |event| {
        matches!(
            event,
            Event::ConnectionStateChange(ConnectionState::Connected)
        )
        .then_some(())
    };
    next(events, wanted).await;
}

pub async fn announced(events: &mut Events) -> DataChannel {
    let wanted = |event| match event {
        Event::DataChannel(channel) => Some(channel),
        _ => None,
    };
    next(events, wanted).await
}

/// Two connected peers with a channel between them.
pub struct Pair {
    pub offerer: PeerConnection,
    pub answerer: PeerConnection,
    pub offerer_events: Events,
    pub answerer_events: Events,
    /// The offerer's end, then the answerer's.
    pub channels: (DataChannel, DataChannel),
}

pub async fn pair() -> Pair {
    pair_with(loopback(), loopback(), DataChannelInit::default()).await
}

pub async fn pair_with(one: Configuration, other: Configuration, init: DataChannelInit) -> Pair {
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
