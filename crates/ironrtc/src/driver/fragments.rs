//! Whether the system, and routers of IPv4, may cut a socket's datagrams into fragments.
//!
//! Probes of a path's MTU must not be cut; all else may be, so that a packet that was made for a
//! wider path than there is now still arrives. quinn-udp forbids it for the whole socket.

use std::io;

use tokio::net::UdpSocket;

/// Lets datagrams be cut, or forbids it (the DF bit of IPv4, and no cutting here).
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(super) fn allow(socket: &UdpSocket, is_ipv6: bool, allowed: bool) -> io::Result<()> {
    use rustix::net::sockopt::{
        Ipv4PathMtuDiscovery, Ipv6PathMtuDiscovery, set_ip_mtu_discover, set_ipv6_mtu_discover,
    };
    // With PROBE the system does not hold probes back for what it believes of the path; without, it
    // says what it has learnt of routers.
    if is_ipv6 {
        let mode = match allowed {
            true => Ipv6PathMtuDiscovery::DONT,
            false => Ipv6PathMtuDiscovery::PROBE,
        };
        nix::sys::socket::setsockopt(socket, nix::sys::socket::sockopt::Ipv6DontFrag, &!allowed)?;
        set_ipv6_mtu_discover(socket, mode)?;
    } else {
        let mode = match allowed {
            true => Ipv4PathMtuDiscovery::DONT,
            false => Ipv4PathMtuDiscovery::PROBE,
        };
        set_ip_mtu_discover(socket, mode)?;
    }
    Ok(())
}

/// Lets datagrams be cut, or forbids it.
#[cfg(target_vendor = "apple")]
pub(super) fn allow(socket: &UdpSocket, is_ipv6: bool, allowed: bool) -> io::Result<()> {
    use nix::sys::socket::{setsockopt, sockopt};
    match is_ipv6 {
        true => setsockopt(socket, sockopt::Ipv6DontFrag, &!allowed)?,
        false => setsockopt(socket, sockopt::IpDontFrag, &!allowed)?,
    }
    Ok(())
}

/// Elsewhere all datagrams are sent as probes are, and smaller ones follow once one is lost.
#[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
pub(super) fn allow(_socket: &UdpSocket, _is_ipv6: bool, _allowed: bool) -> io::Result<()> {
    Ok(())
}

/// Whether the system refused a datagram because it is too large for the path (EMSGSIZE).
pub(super) fn is_too_large(error: &io::Error) -> bool {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    const EMSGSIZE: i32 = nix::errno::Errno::EMSGSIZE as i32;
    #[cfg(windows)]
    const EMSGSIZE: i32 = 10_040;
    #[cfg(not(any(target_os = "linux", target_os = "android", windows)))]
    const EMSGSIZE: i32 = 40;
    error.raw_os_error() == Some(EMSGSIZE)
}
