//! Small MTUs on links of the real kernel, in network namespaces. Without the right to make those
//! the tests say so, and pass.

use std::fs::File;
use std::process::{Command, Stdio};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;

use ironrtc::{Configuration, DataChannelInit, PeerConnection, SessionDescription};
use nix::sched::{CloneFlags, setns};

use crate::support::{announced, soon};

const MESSAGES: usize = 60;
const MESSAGE: usize = 16_384;

/// Three namespaces in a row: two hosts and a router between them. They go with the value.
struct Network {
    name: String,
}

impl Network {
    /// Links of 1,500 bytes; `None` where that is not permitted.
    fn new(test: &str) -> Option<Self> {
        let name = format!("irtc{}{test}", std::process::id());
        let network = Self { name };
        for end in ["a", "r", "b"] {
            if !ip(&format!("netns add {}{end}", network.name)) {
                eprintln!("SKIPPED: no network namespaces here (root and `ip` are needed)");
                return None;
            }
        }
        for (end, subnet) in [("a", 1), ("b", 2)] {
            let (name, host) = (&network.name, format!("{}{end}", network.name));
            let made = [
                format!("-n {host} link add net0 type veth peer name to_{end} netns {name}r"),
                format!("-n {host} addr add 10.77.{subnet}.2/24 dev net0"),
                format!("-n {name}r addr add 10.77.{subnet}.1/24 dev to_{end}"),
                format!("-n {host} -6 addr add fd77:{subnet}::2/64 dev net0 nodad"),
                format!("-n {name}r -6 addr add fd77:{subnet}::1/64 dev to_{end} nodad"),
                format!("-n {host} link set dev net0 up"),
                format!("-n {name}r link set dev to_{end} up"),
                format!("-n {host} route add default via 10.77.{subnet}.1"),
                format!("-n {host} -6 route add default via fd77:{subnet}::1"),
            ];
            if let Some(failed) = made.iter().find(|arguments| !ip(arguments)) {
                eprintln!("SKIPPED: not possible here: ip {failed}");
                return None;
            }
        }
        thread::scope(|scope| {
            scope.spawn(|| {
                network.enter("r");
                for switch in ["ipv4/ip_forward", "ipv6/conf/all/forwarding"] {
                    std::fs::write(format!("/proc/sys/net/{switch}"), "1").unwrap();
                }
            });
        });
        Some(network)
    }

    /// Moves this thread into one of the namespaces.
    fn enter(&self, end: &str) {
        let namespace = File::open(format!("/var/run/netns/{}{end}", self.name)).unwrap();
        setns(namespace, CloneFlags::CLONE_NEWNET).unwrap();
    }

    /// The MTU of one end of a link: of a host's (`a`, `b`), or of the router's towards it.
    fn set_mtu(&self, router: bool, end: &str, mtu: usize) {
        let (namespace, device) = match router {
            true => ("r", format!("to_{end}")),
            false => (end, "net0".to_owned()),
        };
        let name = &self.name;
        let set = format!("-n {name}{namespace} link set dev {device} mtu {mtu}");
        assert!(ip(&set), "{set}");
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        for end in ["a", "r", "b"] {
            ip(&format!("netns del {}{end}", self.name));
        }
    }
}

fn ip(arguments: &str) -> bool {
    let mut command = Command::new("ip");
    command.args(arguments.split(' ')).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

type Descriptions = (Sender<SessionDescription>, Receiver<SessionDescription>);

fn peer(bind: &str) -> PeerConnection {
    let configuration = Configuration::default().bind(vec![bind.parse().unwrap()]);
    PeerConnection::new(configuration).unwrap()
}

/// Sends messages and gets each back; `meanwhile` is called when some have come.
async fn offer(bind: &str, (send, receive): Descriptions, meanwhile: impl Fn()) {
    let peer = peer(bind);
    let init = DataChannelInit::default();
    let channel = peer.create_data_channel("test", init).unwrap();
    peer.set_local_description(None).await.unwrap();
    soon(peer.gathering_complete()).await;
    send.send(peer.local_description().unwrap()).unwrap();
    let answer = receive.recv().unwrap();
    peer.set_remote_description(answer).await.unwrap();
    soon(channel.opened()).await.unwrap();
    for number in 0..MESSAGES {
        channel.send(vec![number as u8; MESSAGE]).unwrap();
    }
    for number in 0..MESSAGES {
        if number == MESSAGES / 4 {
            meanwhile();
        }
        let message = soon(channel.recv()).await.unwrap().into_bytes();
        assert_eq!(message.len(), MESSAGE);
        assert_eq!(message[0], number as u8);
    }
    peer.close().await;
}

async fn answer(bind: &str, (send, receive): Descriptions) {
    let peer = peer(bind);
    let mut events = peer.events();
    let offer = receive.recv().unwrap();
    peer.set_remote_description(offer).await.unwrap();
    peer.set_local_description(None).await.unwrap();
    soon(peer.gathering_complete()).await;
    send.send(peer.local_description().unwrap()).unwrap();
    let channel = announced(&mut events).await;
    while let Some(message) = soon(channel.recv()).await {
        channel.send(message).unwrap();
    }
}

/// Both peers, each in its namespace.
fn echo(network: &Network, bind: [&str; 2], meanwhile: impl Fn() + Send) {
    let (to_b, at_b) = mpsc::channel();
    let (to_a, at_a) = mpsc::channel();
    thread::scope(|scope| {
        scope.spawn(move || {
            network.enter("b");
            runtime().block_on(answer(bind[1], (to_a, at_b)));
        });
        scope.spawn(move || {
            network.enter("a");
            runtime().block_on(offer(bind[0], (to_b, at_a), meanwhile));
        });
    });
}

fn runtime() -> tokio::runtime::Runtime {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_all().build().unwrap()
}

const IPV4: [&str; 2] = ["10.77.1.2:0", "10.77.2.2:0"];
const IPV6: [&str; 2] = ["[fd77:1::2]:0", "[fd77:2::2]:0"];

#[test]
fn hosts_with_small_mtus_connect_and_deliver() {
    let Some(network) = Network::new("h") else {
        return;
    };
    for mtu in [1280, 1236, 1220, 1200, 576] {
        for end in ["a", "b"] {
            network.set_mtu(false, end, mtu);
            network.set_mtu(true, end, mtu);
        }
        echo(&network, IPV4, || {});
    }
}

#[test]
fn routers_with_small_mtus_let_connections_through() {
    let Some(network) = Network::new("r") else {
        return;
    };
    for (mtu, bind) in [(1280, IPV6), (1236, IPV4), (1200, IPV4), (576, IPV4)] {
        network.set_mtu(false, "b", mtu);
        network.set_mtu(true, "b", mtu);
        echo(&network, bind, || {});
    }
}

#[test]
fn a_path_that_shrinks_in_the_middle_of_a_transfer_loses_nothing() {
    let Some(network) = Network::new("s") else {
        return;
    };
    for (mtu, bind) in [(1280, IPV6), (1200, IPV4), (576, IPV4)] {
        network.set_mtu(false, "b", 1500);
        network.set_mtu(true, "b", 1500);
        echo(&network, bind, || {
            network.set_mtu(false, "b", mtu);
            network.set_mtu(true, "b", mtu);
        });
    }
}
