//! Which addresses to bind to.

use std::net::{IpAddr, SocketAddr};

/// Most sockets of a connection; the core accepts 32.
const MAX_SOCKETS: usize = 32;

/// The addresses to bind to: those that were configured, or one per usable interface address.
/// An unspecified address stands for all interfaces of its family, since a candidate needs an
/// address that the peer can send to.
pub(crate) fn addresses(configured: &[SocketAddr]) -> Vec<SocketAddr> {
    let mut addresses = Vec::new();
    if configured.is_empty() {
        addresses.extend(usable().into_iter().map(|ip| SocketAddr::new(ip, 0)));
    }
    for address in configured {
        if address.ip().is_unspecified() {
            let family = usable()
                .into_iter()
                .filter(|ip| ip.is_ipv4() == address.is_ipv4());
            addresses.extend(family.map(|ip| SocketAddr::new(ip, address.port())));
        } else {
            addresses.push(*address);
        }
    }
    addresses.truncate(MAX_SOCKETS);
    addresses
}

/// The addresses of interfaces that a peer may reach, those that only the same link reaches last;
/// loopback if there is nothing else.
fn usable() -> Vec<IpAddr> {
    let interfaces = match if_addrs::get_if_addrs() {
        Ok(interfaces) => interfaces,
        Err(error) => {
            tracing::warn!(%error, "the interfaces cannot be listed");
            Vec::new()
        }
    };
    let up = interfaces
        .into_iter()
        .filter(|interface| interface.oper_status != if_addrs::IfOperStatus::Down)
        .map(|interface| interface.ip());
    choose(up)
}

fn choose(all: impl Iterator<Item = IpAddr>) -> Vec<IpAddr> {
    let (mut chosen, mut link_local, mut loopback) = (Vec::new(), Vec::new(), Vec::new());
    for ip in all {
        let list = match ip {
            _ if ip.is_loopback() => &mut loopback,
            _ if ip.is_unspecified() || ip.is_multicast() => continue,
            // A peer would need to know the scope.
            IpAddr::V6(ip) if ip.is_unicast_link_local() => continue,
            // RFC 8445 section 5.1.1.1 leaves out loopback, not these: two devices on one cable
            // have nothing else.
            IpAddr::V4(ip) if ip.is_link_local() => &mut link_local,
            _ => &mut chosen,
        };
        if !list.contains(&ip) {
            list.push(ip);
        }
    }
    chosen.extend(link_local);
    if chosen.is_empty() { loopback } else { chosen }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(all: &[&str]) -> Vec<String> {
        let parsed = all.iter().map(|text| text.parse().unwrap());
        choose(parsed).iter().map(IpAddr::to_string).collect()
    }

    #[test]
    fn loopback_counts_only_if_alone_and_ipv4_link_local_comes_last() {
        let all = [
            "127.0.0.1",
            "::1",
            "fe80::1",
            "169.254.1.1",
            "192.0.2.1",
            "2001:db8::1",
            "192.0.2.1",
        ];
        assert_eq!(chosen(&all), ["192.0.2.1", "2001:db8::1", "169.254.1.1"]);
        assert_eq!(chosen(&all[..4]), ["169.254.1.1"]);
        assert_eq!(chosen(&all[..3]), ["127.0.0.1", "::1"]);
    }

    #[test]
    fn configured_addresses_are_taken_and_unspecified_ones_expanded() {
        let named: SocketAddr = "127.0.0.1:7".parse().unwrap();
        assert_eq!(addresses(&[named]), [named]);
        let expanded = addresses(&["0.0.0.0:7".parse().unwrap()]);
        assert!(!expanded.is_empty());
        for address in expanded {
            assert!(address.is_ipv4() && address.port() == 7);
            assert!(!address.ip().is_unspecified());
        }
    }
}
