//! What all connections of the demo share.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use ironrtc::observe::Observer;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, broadcast, mpsc, watch};

use super::casts::Casts;
use super::codes::Codes;
use super::shelf::Shelf;
use super::store::Store;
use crate::signal;

/// WebSockets at once.
const MAX_SESSIONS: usize = 64;
/// Chat messages that a slow browser may be behind.
const BACKLOG: usize = 64;
/// Wrong codes that one address may try within [`GUESS_WINDOW`].
const MAX_GUESSES: u32 = 10;
const GUESS_WINDOW: Duration = Duration::from_secs(600);
/// Addresses whose guesses are counted.
const MAX_GUESSERS: usize = 1024;

/// What everyone in the chat is told.
#[derive(Clone, Debug)]
pub(super) enum News {
    /// Someone said something.
    Said {
        id: u64,
        from: Arc<str>,
        text: Arc<str>,
    },
    /// The people have changed.
    People,
    /// The files have changed.
    Files,
    /// The cameras that are passed on have changed.
    Cameras,
    /// A recording has begun or ended.
    Recordings,
}

/// What all connections of the demo share.
#[derive(Debug)]
pub(super) struct Hub {
    pub(super) stun: Vec<String>,
    /// Who is told what the connections do.
    pub(super) observer: Observer,
    /// Host names under which the page may be opened, beside those that nobody else can own.
    pub(super) names: Vec<String>,
    pub(super) news: broadcast::Sender<News>,
    slots: Arc<Semaphore>,
    stop: watch::Sender<bool>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    next_id: u64,
    people: BTreeMap<u64, Arc<str>>,
    store: Store,
    casts: Casts,
    shelf: Shelf,
    codes: Codes,
    guesses: HashMap<IpAddr, (Instant, u32)>,
    /// `None` once the program ends.
    sessions: Option<mpsc::Sender<()>>,
}

/// A place among the connections; it is free again when this is dropped.
#[derive(Debug)]
pub(super) struct Slot {
    stop: watch::Receiver<bool>,
    _permit: OwnedSemaphorePermit,
    _session: mpsc::Sender<()>,
}

impl Slot {
    /// Waits until the program ends.
    pub(super) async fn stopped(&mut self) {
        // An error means that the hub is gone.
        let _ = self.stop.wait_for(|stop| *stop).await;
    }
}

/// A person in the chat; gone when this is dropped.
#[derive(Debug)]
pub(super) struct Person {
    pub(super) id: u64,
    pub(super) name: Arc<str>,
    hub: Arc<Hub>,
}

impl Drop for Person {
    fn drop(&mut self) {
        self.hub.lock().people.remove(&self.id);
        self.hub.tell(News::People);
    }
}

impl Hub {
    /// The receiver ends once all sessions are over.
    pub(super) fn new(
        stun: Vec<String>,
        names: Vec<String>,
        recordings: PathBuf,
    ) -> (Self, mpsc::Receiver<()>) {
        let (sessions, over) = mpsc::channel(1);
        let hub = Self {
            stun,
            observer: Observer::default(),
            names,
            news: broadcast::channel(BACKLOG).0,
            slots: Arc::new(Semaphore::new(MAX_SESSIONS)),
            stop: watch::channel(false).0,
            state: Mutex::new(State {
                sessions: Some(sessions),
                shelf: Shelf::new(recordings),
                ..State::default()
            }),
        };
        (hub, over)
    }

    /// A place for one more connection, if there is one.
    pub(super) fn slot(&self) -> Option<Slot> {
        Some(Slot {
            stop: self.stop.subscribe(),
            _permit: Arc::clone(&self.slots).try_acquire_owned().ok()?,
            _session: self.session()?,
        })
    }

    /// The program waits with its end until this is dropped; none once it ends.
    pub(super) fn session(&self) -> Option<mpsc::Sender<()>> {
        self.lock().sessions.clone()
    }

    /// Ends all sessions.
    pub(super) fn stop(&self) {
        self.lock().sessions = None;
        self.stop.send_replace(true);
    }

    /// Without listeners there is nobody to tell.
    pub(super) fn tell(&self, news: News) {
        let _ = self.news.send(news);
    }

    /// Enters a person under `wish`, or a name close to it.
    pub(super) fn enter(self: &Arc<Self>, wish: &str) -> Person {
        let wish = signal::clean_name(wish);
        let mut state = self.lock();
        state.next_id += 1;
        let id = state.next_id;
        let taken = |name: &str| {
            name.eq_ignore_ascii_case("server")
                || state.people.values().any(|other| &**other == name)
        };
        let name: Arc<str> = match &*wish {
            "" => format!("guest {id}").into(),
            name if taken(name) => format!("{name} {id}").into(),
            name => name.into(),
        };
        state.people.insert(id, Arc::clone(&name));
        drop(state);
        self.tell(News::People);
        Person {
            id,
            name,
            hub: Arc::clone(self),
        }
    }

    /// The names of all people, oldest first.
    pub(super) fn people(&self) -> Vec<Arc<str>> {
        self.lock().people.values().cloned().collect()
    }

    /// Works with the files.
    pub(super) fn with_store<T>(&self, work: impl FnOnce(&mut Store) -> T) -> T {
        work(&mut self.lock().store)
    }

    /// Works with the cameras that are passed on.
    pub(super) fn with_casts<T>(&self, work: impl FnOnce(&mut Casts) -> T) -> T {
        work(&mut self.lock().casts)
    }

    /// Works with the recordings.
    pub(super) fn with_shelf<T>(&self, work: impl FnOnce(&mut Shelf) -> T) -> T {
        work(&mut self.lock().shelf)
    }

    /// Works with the short codes.
    pub(super) fn with_codes<T>(&self, work: impl FnOnce(&mut Codes) -> T) -> T {
        work(&mut self.lock().codes)
    }

    /// Whether `address` may try a code.
    pub(super) fn may_guess(&self, address: IpAddr, now: Instant) -> bool {
        let address = subscriber(address);
        let guesses = &mut self.lock().guesses;
        guesses.retain(|_, (since, _)| now.duration_since(*since) < GUESS_WINDOW);
        match guesses.get(&address) {
            Some((_, count)) => *count < MAX_GUESSES,
            None => guesses.len() < MAX_GUESSERS,
        }
    }

    /// `address` has tried a code that does not exist.
    pub(super) fn guessed_wrong(&self, address: IpAddr, now: Instant) {
        let guesses = &mut self.lock().guesses;
        guesses.entry(subscriber(address)).or_insert((now, 0)).1 += 1;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The part of an address that one guest cannot change: he has a whole /64 of IPv6.
fn subscriber(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::from([a, b, c, d, 0, 0, 0, 0])
        }
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hub() -> Hub {
        Hub::new(Vec::new(), Vec::new(), PathBuf::new()).0
    }

    #[test]
    fn names_are_unique_and_leave_with_their_person() {
        let hub = Arc::new(hub());
        let ada = hub.enter("Ada");
        let other = hub.enter("Ada");
        let server = hub.enter("Server");
        assert_eq!(&*ada.name, "Ada");
        assert_eq!(&*other.name, "Ada 2");
        assert_eq!(&*server.name, "Server 3");
        assert_eq!(&*hub.enter("").name, "guest 4");
        drop((ada, server));
        assert_eq!(hub.people(), ["Ada 2".into()]);
    }

    #[test]
    fn there_are_only_so_many_sessions() {
        let hub = hub();
        let mut slots: Vec<_> = (0..MAX_SESSIONS).filter_map(|_| hub.slot()).collect();
        assert_eq!(slots.len(), MAX_SESSIONS);
        assert!(hub.slot().is_none());
        slots.pop();
        assert!(hub.slot().is_some());
    }

    #[test]
    fn guesses_are_limited_by_address_and_come_back() {
        let hub = hub();
        let now = Instant::now();
        let (one, other) = ([192, 0, 2, 1].into(), [192, 0, 2, 2].into());
        for _ in 0..MAX_GUESSES {
            assert!(hub.may_guess(one, now));
            hub.guessed_wrong(one, now);
        }
        assert!(!hub.may_guess(one, now));
        assert!(hub.may_guess(other, now));
        assert!(hub.may_guess(one, now + GUESS_WINDOW));
    }

    #[test]
    fn addresses_of_one_ipv6_network_are_one_guesser() {
        let hub = hub();
        let now = Instant::now();
        for host in 0..MAX_GUESSES as u16 {
            hub.guessed_wrong([0x2001, 0xdb8, 0, 1, 0, 0, 0, host].into(), now);
        }
        assert!(!hub.may_guess([0x2001, 0xdb8, 0, 1, 9, 9, 9, 9].into(), now));
        assert!(hub.may_guess([0x2001, 0xdb8, 0, 2, 0, 0, 0, 1].into(), now));
        // The same guesser, as sockets of both families see him.
        let mapped = [0, 0, 0, 0, 0, 0xffff, 0xc000, 0x0201];
        for _ in 0..MAX_GUESSES {
            hub.guessed_wrong(mapped.into(), now);
        }
        assert!(!hub.may_guess([192, 0, 2, 1].into(), now));
        assert!(hub.may_guess([192, 0, 2, 2].into(), now));
    }

    #[test]
    fn the_count_of_guesses_is_bounded_too() {
        let hub = hub();
        let now = Instant::now();
        for i in 0..MAX_GUESSERS {
            hub.guessed_wrong(IpAddr::from(((i as u128) << 64).to_be_bytes()), now);
        }
        assert!(!hub.may_guess([192, 0, 2, 1].into(), now));
    }
}
