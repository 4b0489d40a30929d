//! Network address translators, by the words of RFC 4787.

use std::net::{IpAddr, SocketAddr};

/// What a mapping or a filter depends on, beside the inner address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Nothing else.
    EndpointIndependent,
    /// The outer IP address.
    AddressDependent,
    /// The outer IP address and port.
    AddressAndPortDependent,
}

impl Reach {
    fn same(self, a: SocketAddr, b: SocketAddr) -> bool {
        match self {
            Self::EndpointIndependent => true,
            Self::AddressDependent => a.ip() == b.ip(),
            Self::AddressAndPortDependent => a == b,
        }
    }
}

/// How a NAT maps and filters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NatKind {
    /// Which outer port an inner address gets.
    pub mapping: Reach,
    /// Whose datagrams are let in.
    pub filtering: Reach,
}

impl NatKind {
    /// One port per inner address, open to all ("full cone").
    pub const OPEN: Self = Self {
        mapping: Reach::EndpointIndependent,
        filtering: Reach::EndpointIndependent,
    };
    /// One port per inner address, open to hosts that were sent to ("restricted cone").
    pub const RESTRICTED: Self = Self {
        mapping: Reach::EndpointIndependent,
        filtering: Reach::AddressDependent,
    };
    /// One port per inner address, open to what was sent to ("port-restricted cone").
    pub const PORT_RESTRICTED: Self = Self {
        mapping: Reach::EndpointIndependent,
        filtering: Reach::AddressAndPortDependent,
    };
    /// One port per destination, open to that alone.
    pub const SYMMETRIC: Self = Self {
        mapping: Reach::AddressAndPortDependent,
        filtering: Reach::AddressAndPortDependent,
    };
}

#[derive(Debug)]
struct Mapping {
    inner: SocketAddr,
    /// The first destination, which decides whether another gets the same mapping.
    first: SocketAddr,
    port: u16,
    sent_to: Vec<SocketAddr>,
}

/// One NAT with one outer address.
#[derive(Debug)]
pub struct Nat {
    kind: NatKind,
    outer: IpAddr,
    mappings: Vec<Mapping>,
}

impl Nat {
    /// A NAT without mappings.
    pub fn new(kind: NatKind, outer: IpAddr) -> Self {
        Self {
            kind,
            outer,
            mappings: Vec::new(),
        }
    }

    /// The outer address.
    pub fn outer(&self) -> IpAddr {
        self.outer
    }

    /// The source that the outside sees.
    pub(crate) fn outbound(&mut self, from: SocketAddr, to: SocketAddr) -> SocketAddr {
        let mapping = self.kind.mapping;
        let known = self
            .mappings
            .iter()
            .position(|known| known.inner == from && mapping.same(known.first, to));
        let index = known.unwrap_or_else(|| {
            let port = 20_000 + u16::try_from(self.mappings.len()).unwrap_or(u16::MAX - 20_000);
            self.mappings.push(Mapping {
                inner: from,
                first: to,
                port,
                sent_to: Vec::new(),
            });
            self.mappings.len() - 1
        });
        let mapping = &mut self.mappings[index];
        if !mapping.sent_to.contains(&to) {
            mapping.sent_to.push(to);
        }
        SocketAddr::new(self.outer, mapping.port)
    }

    /// Where a datagram from outside goes, if it is let in.
    pub(crate) fn inbound(&self, from: SocketAddr, port: u16) -> Option<SocketAddr> {
        let mapping = self.mappings.iter().find(|known| known.port == port)?;
        let filtering = self.kind.filtering;
        let open = filtering == Reach::EndpointIndependent
            || mapping
                .sent_to
                .iter()
                .any(|known| filtering.same(*known, from));
        open.then_some(mapping.inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> SocketAddr {
        text.parse().unwrap()
    }

    #[test]
    fn kinds_map_and_filter_as_named() {
        let (inner, outer) = (address("10.0.0.2:5000"), "192.0.2.1".parse().unwrap());
        let (x, x2, y) = (
            address("198.51.100.1:1"),
            address("198.51.100.1:2"),
            address("198.51.100.9:1"),
        );
        // Same mapping to x2 and y? Let in from x2 and y, after sending to x?
        let table = [
            (NatKind::OPEN, [true, true], [true, true]),
            (NatKind::RESTRICTED, [true, true], [true, false]),
            (NatKind::PORT_RESTRICTED, [true, true], [false, false]),
            (NatKind::SYMMETRIC, [false, false], [false, false]),
        ];
        for (kind, same, open) in table {
            let mut nat = Nat::new(kind, outer);
            let mapped = nat.outbound(inner, x);
            assert_eq!(nat.inbound(x, mapped.port()), Some(inner));
            let let_in = [x2, y].map(|from| nat.inbound(from, mapped.port()).is_some());
            assert_eq!(let_in, open, "{kind:?}");
            let mapped_alike = [x2, y].map(|to| nat.outbound(inner, to) == mapped);
            assert_eq!(mapped_alike, same, "{kind:?}");
        }
    }
}
