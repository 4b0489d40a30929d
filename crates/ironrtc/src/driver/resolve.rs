//! Looking up names: of STUN servers, and of the peer's candidates.

use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs as _};
use std::time::Duration;

use ironrtc_core::ice;
use tokio::sync::Semaphore;

use super::mdns;

/// How long a name server may take, with the wait for one's turn.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Look-ups under way in the process. The system's look-up blocks a thread, perhaps for longer than
/// anybody waits for it, and tokio has 512 for everything. Names of servers come from the
/// application and those of candidates from peers, so neither takes the other's room.
static SERVERS: Semaphore = Semaphore::const_new(16);
static CANDIDATES: Semaphore = Semaphore::const_new(8);
/// Questions by multicast DNS, which open up to 16 sockets each.
static QUESTIONS: Semaphore = Semaphore::const_new(16);

/// Why a name leads to no address. Names of servers are the application's, and those of candidates
/// the peer's.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ResolveError {
    /// A name of the link's.
    #[error(transparent)]
    Link(#[from] mdns::QueryError),
    /// It is known and has none.
    #[error("{0} has no address")]
    NoAddress(String),
    /// The system's look-up failed, or could not begin.
    #[error("{host} cannot be looked up: {error}")]
    System {
        /// The name.
        host: String,
        /// What the system says.
        error: io::Error,
    },
    /// The system's look-up has taken longer than is worth waiting for.
    #[error("looking {0} up took too long")]
    TimedOut(String),
    /// So many are under way that this one's turn did not come.
    #[error("too many names are looked up")]
    TooMany,
}

/// All addresses of a name; there is at least one.
async fn addresses(
    host: &str,
    port: u16,
    room: &'static Semaphore,
) -> Result<Vec<SocketAddr>, ResolveError> {
    let name = host.to_owned();
    let lookup = within(room, move || {
        let found = (name.as_str(), port).to_socket_addrs()?;
        Ok::<Vec<SocketAddr>, io::Error>(found.collect())
    });
    let name = || host.to_owned();
    match tokio::time::timeout(TIMEOUT, lookup).await {
        Ok(Ok(Ok(found))) if found.is_empty() => Err(ResolveError::NoAddress(name())),
        Ok(Ok(Ok(found))) => Ok(found),
        Ok(Ok(Err(error)) | Err(error)) => Err(ResolveError::System {
            host: name(),
            error,
        }),
        Err(_) => Err(ResolveError::TimedOut(name())),
    }
}

/// Runs what blocks on a thread of its own. Its room is taken until it is done, though nobody may
/// wait for it any more.
async fn within<T: Send + 'static>(
    room: &'static Semaphore,
    work: impl FnOnce() -> T + Send + 'static,
) -> io::Result<T> {
    let permit = room.acquire().await.map_err(io::Error::other)?;
    let task = tokio::task::spawn_blocking(move || {
        let result = work();
        drop(permit);
        result
    });
    Ok(task.await?)
}

/// The addresses at which to ask a STUN server: one of each family.
pub(super) async fn server(host: &str, port: u16) -> Result<Vec<SocketAddr>, ResolveError> {
    if let Ok(ip) = host.parse() {
        return Ok(vec![SocketAddr::new(ip, port)]);
    }
    let found = addresses(host, port, &SERVERS).await?;
    let first = |v4: bool| {
        found
            .iter()
            .copied()
            .find(|address| address.is_ipv4() == v4)
    };
    Ok([first(true), first(false)].into_iter().flatten().collect())
}

/// The address of a peer's candidate. RFC 8839 section 5.1: of several addresses one is used.
pub(crate) async fn candidate(name: &str) -> Result<IpAddr, ResolveError> {
    if ice::is_mdns(name) {
        let room = QUESTIONS.acquire();
        let permit = tokio::time::timeout(TIMEOUT, room).await;
        let _permit = permit.map_err(|_| ResolveError::TooMany)?;
        return Ok(mdns::query(name.trim_end_matches('.')).await?);
    }
    let found = addresses(name, 0, &CANDIDATES).await?;
    let first = found.first().map(SocketAddr::ip);
    first.ok_or_else(|| ResolveError::NoAddress(name.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_name_that_cannot_be_asked_for_is_told_and_an_address_needs_no_question() {
        for name in ["..local", &format!("{}.local", "x".repeat(64))] {
            let error = candidate(name).await.unwrap_err();
            assert!(
                matches!(error, ResolveError::Link(mdns::QueryError::Name(_))),
                "{error}"
            );
        }
        let found = server("192.0.2.1", 3478).await.unwrap();
        assert_eq!(found, ["192.0.2.1:3478".parse().unwrap()]);
    }
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::{Arc, Barrier};

    #[tokio::test]
    async fn a_look_up_that_nobody_waits_for_keeps_its_room() {
        static ROOM: Semaphore = Semaphore::const_new(2);
        let started = Arc::new(AtomicUsize::new(0));
        let gate = Arc::new(Barrier::new(3));
        let mut waiting = Vec::new();
        for _ in 0..10 {
            let (started, gate) = (started.clone(), gate.clone());
            waiting.push(tokio::spawn(within(&ROOM, move || {
                if started.fetch_add(1, Ordering::SeqCst) < 2 {
                    gate.wait();
                }
            })));
        }
        while started.load(Ordering::SeqCst) < 2 {
            tokio::task::yield_now().await;
        }
        for task in &waiting {
            task.abort();
        }
        tokio::task::yield_now().await;
        assert_eq!(ROOM.available_permits(), 0, "two threads still block");
        assert_eq!(started.load(Ordering::SeqCst), 2);
        gate.wait();
        while ROOM.available_permits() < 2 {
            tokio::task::yield_now().await;
        }
    }
}
