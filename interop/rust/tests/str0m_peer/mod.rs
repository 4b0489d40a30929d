//! str0m on a thread of its own, with one UDP socket.

use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use str0m::change::{SdpAnswer, SdpOffer, SdpPendingOffer};
use str0m::channel::ChannelId;
use str0m::net::{Protocol, Receive};
use str0m::{Candidate, Event, Input, Output, Rtc};
use tokio::sync::mpsc;

/// What the test asks for.
enum Command {
    Send { binary: bool, data: Vec<u8> },
    CloseChannel,
    Stop,
}

/// What str0m reports of the channel.
#[derive(Debug, PartialEq, Eq)]
pub enum Report {
    Open(String),
    Message { binary: bool, data: Vec<u8> },
    Closed,
}

/// A str0m peer with one channel.
pub struct Str0m {
    rtc: Rtc,
    socket: UdpSocket,
}

impl Str0m {
    pub fn new() -> Self {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let mut rtc = Rtc::builder().build(Instant::now());
        let address = socket.local_addr().unwrap();
        rtc.add_local_candidate(Candidate::host(address, "udp").unwrap());
        Self { rtc, socket }
    }

    pub fn offer(&mut self, label: &str) -> (String, SdpPendingOffer) {
        let mut api = self.rtc.sdp_api();
        api.add_channel(label.into());
        let (offer, pending) = api.apply().unwrap();
        (offer.to_sdp_string(), pending)
    }

    pub fn take_answer(&mut self, pending: SdpPendingOffer, answer: &str) {
        let answer = SdpAnswer::from_sdp_string(answer).unwrap();
        self.rtc.sdp_api().accept_answer(pending, answer).unwrap();
    }

    pub fn answer(&mut self, offer: &str) -> String {
        let offer = SdpOffer::from_sdp_string(offer).unwrap();
        self.rtc
            .sdp_api()
            .accept_offer(offer)
            .unwrap()
            .to_sdp_string()
    }

    /// Runs it until the test lets go of it.
    pub fn start(self) -> Running {
        let (commands, taken) = channel();
        let (reported, reports) = mpsc::unbounded_channel();
        let thread = std::thread::spawn(move || Loop::new(self, reported).run(&taken));
        Running {
            commands,
            reports,
            thread: Some(thread),
        }
    }
}

/// A running peer. It ends when dropped, and its panic is the test's.
pub struct Running {
    commands: Sender<Command>,
    reports: mpsc::UnboundedReceiver<Report>,
    thread: Option<JoinHandle<()>>,
}

impl Running {
    pub fn send(&self, binary: bool, data: Vec<u8>) {
        self.commands.send(Command::Send { binary, data }).unwrap();
    }

    pub fn close_channel(&self) {
        self.commands.send(Command::CloseChannel).unwrap();
    }

    pub async fn report(&mut self) -> Report {
        self.reports.recv().await.expect("str0m has ended")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.commands.send(Command::Stop);
        if let Some(Err(panic)) = self.thread.take().map(JoinHandle::join)
            && !std::thread::panicking()
        {
            std::panic::resume_unwind(panic);
        }
    }
}

struct Loop {
    rtc: Rtc,
    socket: UdpSocket,
    address: SocketAddr,
    reports: mpsc::UnboundedSender<Report>,
    channel: Option<ChannelId>,
    waiting: Option<(bool, Vec<u8>)>,
}

impl Loop {
    fn new(peer: Str0m, reports: mpsc::UnboundedSender<Report>) -> Self {
        Self {
            address: peer.socket.local_addr().unwrap(),
            rtc: peer.rtc,
            socket: peer.socket,
            reports,
            channel: None,
            waiting: None,
        }
    }

    fn run(mut self, commands: &Receiver<Command>) {
        let mut buffer = vec![0; 2000];
        while self.rtc.is_alive() && self.take_commands(commands) {
            let deadline = self.poll();
            // Commands have no wake-up of their own, so the wait for a datagram is short.
            let wait = deadline.saturating_duration_since(Instant::now());
            let wait = wait.clamp(Duration::from_millis(1), Duration::from_millis(5));
            self.socket.set_read_timeout(Some(wait)).unwrap();
            let now = Instant::now();
            match self.socket.recv_from(&mut buffer) {
                Ok((len, source)) => {
                    // What is no STUN, DTLS or RTP is dropped, as str0m's own examples do.
                    if let Ok(contents) = buffer[..len].try_into() {
                        let receive = Receive {
                            proto: Protocol::Udp,
                            source,
                            destination: self.address,
                            contents,
                        };
                        self.rtc.handle_input(Input::Receive(now, receive)).unwrap();
                    }
                }
                Err(error)
                    if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
                Err(error) => panic!("str0m's socket failed: {error}"),
            }
            self.rtc
                .handle_input(Input::Timeout(Instant::now()))
                .unwrap();
        }
    }

    /// Whether to go on.
    fn take_commands(&mut self, commands: &Receiver<Command>) -> bool {
        loop {
            if let Some((binary, data)) = self.waiting.take() {
                let channel = self.channel.and_then(|id| self.rtc.channel(id));
                let sent = channel.is_some_and(|mut channel| channel.write(binary, &data).unwrap());
                if !sent {
                    self.waiting = Some((binary, data));
                    return true;
                }
            }
            match commands.try_recv() {
                Ok(Command::Send { binary, data }) => self.waiting = Some((binary, data)),
                Ok(Command::CloseChannel) => {
                    let id = self.channel.expect("no channel is open");
                    self.rtc.direct_api().close_data_channel(id);
                }
                Ok(Command::Stop) | Err(TryRecvError::Disconnected) => return false,
                Err(TryRecvError::Empty) => return true,
            }
        }
    }

    /// Sends and reports all there is; when to come back.
    fn poll(&mut self) -> Instant {
        loop {
            let report = match self.rtc.poll_output().unwrap() {
                Output::Timeout(deadline) => return deadline,
                Output::Transmit(transmit) => {
                    // A full socket buffer is a lost datagram.
                    let _ = self
                        .socket
                        .send_to(&transmit.contents, transmit.destination);
                    continue;
                }
                Output::Event(Event::ChannelOpen(id, label)) => {
                    self.channel = Some(id);
                    Report::Open(label)
                }
                Output::Event(Event::ChannelData(data)) => Report::Message {
                    binary: data.binary,
                    data: data.data.to_vec(),
                },
                Output::Event(Event::ChannelClose(_)) => Report::Closed,
                Output::Event(_) => continue,
            };
            // The test may have ended.
            let _ = self.reports.send(report);
        }
    }
}
