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

/// The addresses of interfaces that a peer may reach; loopback if there is nothing else.
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
    let mut chosen = Vec::new();
    let mut loopback = Vec::new();
    for ip in all {
        let list = if ip.is_loopback() {
            &mut loopback
        } else if is_link_local(ip) || ip.is_unspecified() || ip.is_multicast() {
            continue;
        } else {
            &mut chosen
        };
        if !list.contains(&ip) {
            list.push(ip);
        }
    }
    if chosen.is_empty() { loopback } else { chosen }
}

/// A peer would need to know the scope.
fn is_link_local(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(all: &[&str]) -> Vec<String> {
        let parsed = all.iter().map(|text| text.parse().unwrap());
        choose(parsed).iter().map(IpAddr::to_string).collect()
    }

    #[test]
    fn link_local_addresses_never_count_and_loopback_only_if_alone() {
        let all = [
            "127.0.0.1",
            "::1",
            "fe80::1",
            "169.254.1.1",
            "192.0.2.1",
            "2001:db8::1",
            "192.0.2.1",
        ];
        assert_eq!(chosen(&all), ["192.0.2.1", "2001:db8::1"]);
        assert_eq!(chosen(&all[..4]), ["127.0.0.1", "::1"]);
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
