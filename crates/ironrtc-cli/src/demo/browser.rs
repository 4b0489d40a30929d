//! One page and the server's connection to it.

use std::sync::Arc;
use std::time::Duration;

use ironrtc::{
    Configuration, ConnectionState, DataChannelInit, DtlsState, Event, IceServer, PeerConnection,
    SdpType, SessionDescription, SignalingState,
};
use tokio::sync::broadcast::{self, error::RecvError};
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::camera::Camera;
use super::channels::{CHAT, Channels, PING};
use super::hub::{Hub, News, Slot};
use super::report::report;
use super::socket::Socket;
use crate::signal::{Offerer, ToClient, ToServer};

/// How often the page is told how things are.
const REPORT_INTERVAL: Duration = Duration::from_secs(1);
/// Reports between two pings of the WebSocket.
const REPORTS_PER_PING: u32 = 20;
/// How long to wait for all candidates where they do not trickle.
const GATHERING: Duration = Duration::from_secs(10);

/// How a page wants to be connected.
#[derive(Debug)]
pub(super) struct Wish {
    pub(super) name: String,
    pub(super) offerer: Offerer,
    pub(super) trickle: bool,
}

/// Serves a page until it leaves. If only the WebSocket breaks, the connection lives on: chat and
/// files need no server in between, and ICE notices when the page is gone.
pub(super) async fn run(socket: Socket, hub: Arc<Hub>, mut slot: Slot, wish: Wish) {
    let person = hub.enter(&wish.name);
    let configuration = Configuration::default()
        .ice_servers(hub.stun.iter().map(IceServer::stun).collect())
        .observer(hub.observer.clone());
    let connection = match PeerConnection::new(configuration) {
        Ok(connection) => connection,
        Err(error) => return socket.fail(&error.to_string()).await,
    };
    let mut events = connection.events();
    let welcome = ToClient::Welcome {
        name: person.name.to_string(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        ice_servers: hub.stun.iter().map(IceServer::stun).collect(),
    };
    let mut page = Page {
        socket: Some(socket),
        connection: connection.clone(),
        channels: Channels::new(Arc::clone(&hub), &person),
        camera: Camera::new(Arc::clone(&hub), &person),
        news: hub.news.subscribe(),
        hub,
        me: person.id,
        trickle: wish.trickle,
    };
    page.tell(&welcome).await;
    page.tell_cameras().await;
    page.tell_recordings().await;
    if wish.offerer == Offerer::Server {
        page.create_channels();
        page.offer().await;
    }
    let mut ticks = interval(REPORT_INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut count: u32 = 0;
    loop {
        tokio::select! {
            input = page.input() => if !page.on_input(input).await {
                break;
            },
            event = events.next() => match event {
                Some(event) => if !page.on_event(event).await {
                    break;
                },
                None => break,
            },
            _ = ticks.tick() => {
                count = count.wrapping_add(1);
                page.on_tick(count).await;
            }
            () = slot.stopped() => {
                page.error("the server stops").await;
                break;
            }
        }
    }
    // The others are told before the farewells, which take a moment.
    drop((person, page.camera));
    connection.close().await;
    if let Some(socket) = page.socket {
        socket.close().await;
    }
}

/// One page.
struct Page {
    /// `None` once it is broken.
    socket: Option<Socket>,
    connection: PeerConnection,
    channels: Channels,
    camera: Camera,
    news: broadcast::Receiver<News>,
    hub: Arc<Hub>,
    /// Its person's number.
    me: u64,
    trickle: bool,
}

/// What a page's server hears of.
enum Input {
    /// `None` when the WebSocket is broken.
    Message(Option<Result<ToServer, String>>),
    /// Some may have been missed.
    News(Result<News, RecvError>),
    /// The recording has ended by itself.
    Ended(String),
}

impl Page {
    /// Tells what changes all the time.
    async fn on_tick(&mut self, count: u32) {
        self.report().await;
        if self.hub.with_shelf(|shelf| shelf.is_running()) {
            self.tell_recordings().await;
        }
        if count.is_multiple_of(REPORTS_PER_PING) {
            self.ping().await;
        }
    }

    /// The next message or news; no message comes once the WebSocket is broken. Can be called off.
    async fn input(&mut self) -> Input {
        let socket = self.socket.as_mut();
        let message = async {
            match socket {
                Some(socket) => socket.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            message = message => Input::Message(message),
            news = self.news.recv() => Input::News(news),
            reason = self.camera.ended() => Input::Ended(reason),
        }
    }

    /// False when the page is to be left.
    async fn on_input(&mut self, input: Input) -> bool {
        match input {
            Input::Message(message) => return self.on_message(message).await,
            Input::News(Ok(News::Cameras)) => self.on_cameras().await,
            Input::News(Ok(News::Recordings)) => self.tell_recordings().await,
            // The rest is for the chat.
            Input::News(Ok(_)) => {}
            Input::News(Err(RecvError::Lagged(_))) => {
                self.on_cameras().await;
                self.tell_recordings().await;
            }
            // The hub holds the sender.
            Input::News(Err(RecvError::Closed)) => return false,
            Input::Ended(text) => {
                self.camera.begin(None);
                self.tell(&ToClient::Off { text }).await;
            }
        }
        true
    }

    async fn on_cameras(&mut self) {
        let changed = self.camera.on_change(&self.connection);
        self.tell_wrong(changed).await;
        self.tell_cameras().await;
    }

    async fn tell_cameras(&mut self) {
        let cameras = self.hub.with_casts(|casts| casts.lines(self.me));
        self.tell(&ToClient::Cameras { cameras }).await;
    }

    async fn tell_recordings(&mut self) {
        let mut recordings = self.hub.with_shelf(|shelf| shelf.lines());
        recordings.reverse();
        self.tell(&ToClient::Recordings { recordings }).await;
    }

    async fn tell_wrong(&mut self, result: Result<(), String>) {
        if let Err(error) = result {
            self.error(error).await;
        }
    }

    async fn tell(&mut self, message: &ToClient) {
        if let Some(socket) = &mut self.socket
            && !socket.send(message).await
        {
            self.socket = None;
        }
    }

    async fn ping(&mut self) {
        if let Some(socket) = &mut self.socket
            && !socket.ping().await
        {
            self.socket = None;
        }
    }

    async fn error(&mut self, error: impl ToString) {
        let text = error.to_string();
        self.tell(&ToClient::Error { text }).await;
    }

    async fn report(&mut self) {
        if self.socket.is_some() {
            let state = report(&self.connection).await;
            self.tell(&ToClient::State(Box::new(state))).await;
        }
    }

    /// False when the page is to be left.
    async fn on_message(&mut self, message: Option<Result<ToServer, String>>) -> bool {
        match message {
            Some(Ok(ToServer::Bye)) => return false,
            Some(Ok(ToServer::Description { description })) => {
                self.on_description(description).await;
            }
            Some(Ok(ToServer::Candidate { candidate })) => {
                let candidate = candidate.unwrap_or_default();
                if let Err(error) = self.connection.add_ice_candidate(candidate).await {
                    self.error(error).await;
                }
            }
            Some(Ok(ToServer::Restart)) => {
                self.connection.restart_ice();
                self.offer().await;
            }
            Some(Ok(ToServer::Camera { purpose })) => self.camera.begin(purpose),
            Some(Ok(ToServer::Watch { camera })) => {
                let watched = self.camera.watch(&self.connection, camera);
                self.tell_wrong(watched).await;
            }
            Some(Ok(ToServer::Hello { .. } | ToServer::Share | ToServer::Join { .. })) => {
                self.error("that belongs at the beginning").await;
            }
            Some(Err(reason)) => self.error(reason).await,
            None => {
                self.socket = None;
                // Without a connection there is nothing that could live on.
                return self.connection.connection_state() == ConnectionState::Connected;
            }
        }
        true
    }

    async fn on_description(&mut self, description: SessionDescription) {
        let is_offer = description.kind == SdpType::Offer;
        // When two offers cross, the page takes its own back.
        if is_offer && self.connection.signaling_state() == SignalingState::HaveLocalOffer {
            return;
        }
        if let Err(error) = self.connection.set_remote_description(description).await {
            return self.error(error).await;
        }
        if is_offer {
            if let Err(text) = self.camera.adopt(&self.connection) {
                self.camera.begin(None);
                self.tell(&ToClient::Off { text }).await;
            }
            self.describe().await;
        }
    }

    async fn on_event(&mut self, event: Event) -> bool {
        match event {
            // Otherwise they are in the description.
            Event::IceCandidate(candidate) if self.trickle => {
                self.tell(&ToClient::Candidate { candidate }).await;
            }
            Event::IceCandidateError {
                url, error_text, ..
            } => {
                let text = format!("the STUN server {url} gives no answer: {error_text}");
                self.tell(&ToClient::Notice { text }).await;
            }
            Event::DataChannel(channel) => self.channels.serve(channel),
            Event::NegotiationNeeded => self.offer().await,
            Event::ConnectionStateChange(state) => {
                self.report().await;
                let over = match state {
                    // With a WebSocket the page can restart ICE.
                    ConnectionState::Failed => self.socket.is_none(),
                    ConnectionState::Closed => true,
                    _ => false,
                };
                return !over;
            }
            // The page has closed its connection, of which ICE would take half a minute to learn.
            Event::DtlsStateChange(transport, DtlsState::Closed) if transport.carries_data() => {
                return false;
            }
            Event::SignalingStateChange(_)
            | Event::IceGatheringStateChange(_)
            | Event::IceConnectionStateChange(_)
            | Event::DtlsStateChange(..)
            | Event::SctpStateChange(_) => self.report().await,
            _ => {}
        }
        true
    }

    fn create_channels(&mut self) {
        for label in [CHAT, PING] {
            match self
                .connection
                .create_data_channel(label, DataChannelInit::default())
            {
                Ok(channel) => self.channels.serve(channel),
                Err(error) => tracing::warn!("the channel {label} cannot be made: {error}"),
            }
        }
    }

    async fn offer(&mut self) {
        // An offer under way will be answered; one more would only confuse.
        if self.connection.signaling_state() == SignalingState::Stable {
            self.describe().await;
        }
    }

    /// Makes the description that is due, an offer or an answer, and sends it.
    async fn describe(&mut self) {
        if let Err(error) = self.connection.set_local_description(None).await {
            return self.error(error).await;
        }
        if !self.trickle
            && timeout(GATHERING, self.connection.gathering_complete())
                .await
                .is_err()
        {
            tracing::warn!(
                "gathering takes long; the description goes without the last candidates"
            );
        }
        if let Some(description) = self.connection.local_description() {
            self.tell(&ToClient::Description { description }).await;
        }
    }
}
