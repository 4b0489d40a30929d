//! The command line.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use ironrtc::observe::Observer;

use crate::record::RecordOptions;
use crate::server_url::ServerUrl;

/// WebRTC from the terminal: a demo for browsers, and files from peer to peer.
#[derive(Debug, Parser)]
#[command(name = "ironrtc", version, after_help = AFTER_HELP)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
    /// What to log to stderr, for example `debug` or `ironrtc=trace`; RUST_LOG does the same.
    #[arg(long, global = true, value_name = "FILTER", display_order = 900)]
    pub(crate) log: Option<String>,
    #[command(flatten)]
    pub(crate) record: RecordOptions,
}

const AFTER_HELP: &str = "\
Examples:
  ironrtc demo                              a page for the browser on this machine
  ironrtc demo --listen 0.0.0.0:8080        the same for every machine of the network
  ironrtc send photo.jpg                    prints a code; paste it into `ironrtc receive`
  ironrtc send photo.jpg --via http://host:8080
                                            prints a short code such as 7-amber-lamp
  ironrtc receive 7-amber-lamp --via http://host:8080

Exit codes:
  0  done; the hash of each file matched
  1  it failed; the text says why
  2  the command line is wrong
  3  no connection came about
  4  the data that arrived is not what was sent
  5  a file was refused, for example because it exists
  130  interrupted; call it again to continue a transfer";

/// Asked by `send` and `receive` unless others are named; aiortc has the same default.
const DEFAULT_STUN: &str = "stun:stun.l.google.com:19302";
/// Instead of a STUN server: do not ask any.
const NO_STUN: &str = "none";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serve a page on which a browser talks to this program: chat, files, live state.
    Demo(DemoOptions),
    /// Send files to `ironrtc receive` on another machine, directly and encrypted.
    Send(SendOptions),
    /// Receive files from `ironrtc send`.
    Receive(ReceiveOptions),
    /// List what this machine can encode and decode, by which library, and why not.
    Codecs(CodecsOptions),
    /// Print a script that makes a shell complete this command, for example for
    /// ~/.local/share/bash-completion/completions/ironrtc.
    Completion {
        /// The shell.
        shell: clap_complete::Shell,
    },
}

impl Command {
    /// Whether stdout carries events.
    pub(crate) const fn json(&self) -> bool {
        match self {
            Self::Send(SendOptions { link, .. }) | Self::Receive(ReceiveOptions { link, .. }) => {
                link.json
            }
            Self::Codecs(options) => options.json,
            Self::Demo(_) | Self::Completion { .. } => false,
        }
    }
}

#[derive(Debug, Args)]
#[command(after_help = "\
The page works in current browsers, over plain http also from other machines, and loads nothing
from elsewhere. Only for the camera, browsers want this machine (localhost), or https from a proxy in
front. The server relays the signalling of `ironrtc send --via` too.

Examples:
  ironrtc demo
  ironrtc demo --listen 0.0.0.0:8080 --stun stun:stun.example.org:3478")]
pub(crate) struct DemoOptions {
    /// Where to listen. 0.0.0.0 lets other machines in; port 0 takes any free port.
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:8080", value_parser = listen_address)]
    pub(crate) listen: SocketAddr,
    /// A STUN server for both sides, such as stun:host:3478; can be repeated. Needed only when
    /// the browser and this program are behind different routers.
    #[arg(long, value_name = "URL", value_parser = stun_url)]
    pub(crate) stun: Vec<String>,
    /// A host name under which the page may be opened, such as demo.example.org; can be repeated.
    /// Addresses, localhost and names of the local network are always allowed.
    #[arg(long, value_name = "NAME")]
    pub(crate) allow_host: Vec<String>,
    /// Where recordings of cameras go, each of 10 minutes and 256 MiB at most. The folder is made when
    /// it is needed.
    #[arg(long, value_name = "DIR", default_value = "ironrtc-recordings")]
    pub(crate) recordings: PathBuf,
}

#[derive(Debug, Args)]
#[command(after_help = "\
VP8, VP9 and AV1 are done by shared libraries, which are looked for where the system has them.
IRONRTC_LIBVPX and IRONRTC_LIBDAV1D name other files.")]
pub(crate) struct CodecsOptions {
    /// Print JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct LinkOptions {
    /// Exchange the addresses through this demo server, with a short code. https:// works where a
    /// proxy in front of it has a certificate that this system trusts.
    #[arg(long, value_name = "http[s]://HOST:PORT")]
    pub(crate) via: Option<ServerUrl>,
    /// A STUN server, such as stun:host:3478, instead of stun.l.google.com; can be repeated. It
    /// tells this machine its address in front of a router, and sees that address and nothing
    /// else. With `none`, only machines of the same network are found.
    #[arg(long, value_name = "URL|none", value_parser = stun_url_or_none)]
    stun: Vec<String>,
    /// Go on without a network: the two sides are on this machine.
    #[arg(long)]
    pub(crate) local: bool,
    /// Print codes and errors only.
    #[arg(long, short)]
    pub(crate) quiet: bool,
    /// Print one JSON object a line on stdout: its `event` is code, connected, file, progress,
    /// done, failed (one file) or error (the last one).
    #[arg(long)]
    pub(crate) json: bool,
    /// Who is told what the connection does.
    #[arg(skip)]
    pub(crate) observer: Observer,
}

impl LinkOptions {
    /// The STUN servers to ask.
    pub(crate) fn stun_servers(&self) -> Vec<String> {
        if self.uses_default_stun() {
            return vec![DEFAULT_STUN.to_owned()];
        }
        let chosen = self.stun.iter().filter(|url| *url != NO_STUN);
        chosen.cloned().collect()
    }

    /// True if the user has not chosen any.
    pub(crate) fn uses_default_stun(&self) -> bool {
        self.stun.is_empty()
    }

    /// The command for the other side, which has to find this one as this one looks for it.
    pub(crate) fn receive_command(&self, code: Option<&str>) -> String {
        let mut command = "ironrtc receive".to_owned();
        let mut add = |word: &str| {
            command.push(' ');
            command.push_str(&shell_word(word));
        };
        code.into_iter().for_each(&mut add);
        let via = self.via.as_ref().map(ToString::to_string);
        for (option, values) in [("--via", via.as_slice()), ("--stun", &self.stun)] {
            for value in values {
                add(option);
                add(value);
            }
        }
        if self.local {
            add("--local");
        }
        command
    }
}

/// `text` as a shell takes it for one word.
fn shell_word(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@,+%".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[derive(Debug, Args)]
#[command(after_help = "\
Without --via, a long code is printed: paste it into `ironrtc receive` on the other machine, and
paste the code printed there back here. Codes are on stdout, everything else is on stderr.
An interrupted transfer continues when both sides are started again. Times and the permission to
run a file are kept. Of links, those to files are sent as files; the others are left out.

Examples:
  ironrtc send report.pdf
  ironrtc send photos/ --via http://192.168.1.20:8080
  tar -c src | ironrtc send - --name src.tar --via https://relay.example.org")]
pub(crate) struct SendOptions {
    /// The files to send, one after the other; directories with all that is in them; `-` is stdin,
    /// which needs --via.
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// What the receiver calls the file that comes from stdin.
    #[arg(long, value_name = "NAME", default_value = "stdin")]
    pub(crate) name: String,
    #[command(flatten)]
    pub(crate) link: LinkOptions,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Without a code, the sender's code is read from stdin; the code to paste back to the sender is
printed on stdout. A file that has not arrived completely is kept as .NAME.ironrtc-part, and the
next transfer of that file continues there. On a terminal, names and sizes are shown and a question
is asked before anything is written. Without a terminal, whoever gave the code has agreed.

Examples:
  ironrtc receive
  ironrtc receive 7-amber-lamp --via http://192.168.1.20:8080 --output downloads
  ironrtc receive 7-amber-lamp --via https://relay.example.org -o - | tar -x")]
pub(crate) struct ReceiveOptions {
    /// The sender's code: the long one, or with --via the short one.
    #[arg(value_name = "CODE")]
    pub(crate) code: Option<String>,
    /// Where to put the files; `-` writes them to stdout, and codes to stderr.
    #[arg(long, short, value_name = "DIR", default_value = ".")]
    pub(crate) output: PathBuf,
    /// Replace files that exist.
    #[arg(long)]
    pub(crate) force: bool,
    /// Do not ask before writing.
    #[arg(long, short)]
    pub(crate) yes: bool,
    #[command(flatten)]
    pub(crate) link: LinkOptions,
}

fn stun_url_or_none(text: &str) -> Result<String, String> {
    if text == NO_STUN {
        return Ok(text.to_owned());
    }
    stun_url(text)
}

fn stun_url(text: &str) -> Result<String, String> {
    if text.starts_with("stun:") {
        return Ok(text.to_owned());
    }
    Err(format!(
        "{text:?} is not a STUN server; write stun:HOST or stun:HOST:PORT (TURN and STUN over TLS \
         are not supported yet)"
    ))
}

fn listen_address(text: &str) -> Result<SocketAddr, String> {
    if let Ok(address) = text.parse() {
        return Ok(address);
    }
    let wrong = || {
        format!(
            "{text:?} is not an address and a port; write for example 0.0.0.0:8080 or [::]:8080"
        )
    };
    let (host, port) = text.rsplit_once(':').ok_or_else(wrong)?;
    let port = port.parse().map_err(|_| wrong())?;
    match host {
        "localhost" => Ok(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port)),
        "" => Ok(SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), port)),
        _ => Err(wrong()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_is_consistent() {
        use clap::CommandFactory;
        Arguments::command().debug_assert();
    }

    #[test]
    fn a_stun_server_is_asked_unless_others_or_none_are_named() {
        let servers = |more: &[&str]| {
            let words = ["ironrtc", "send", "a"].iter().chain(more);
            let Command::Send(options) = Arguments::try_parse_from(words).unwrap().command else {
                panic!("not send");
            };
            options.link.stun_servers()
        };
        assert_eq!(servers(&[]), [DEFAULT_STUN]);
        assert_eq!(servers(&["--stun", "stun:host"]), ["stun:host"]);
        assert!(servers(&["--stun", "none"]).is_empty());
        assert!(Arguments::try_parse_from(["ironrtc", "demo", "--stun", "none"]).is_err());
    }

    #[test]
    fn the_command_for_the_receiver_repeats_how_the_sender_looks_for_it() {
        let command = |more: &[&str]| {
            let words = ["ironrtc", "send", "a"].iter().chain(more);
            let Command::Send(options) = Arguments::try_parse_from(words).unwrap().command else {
                panic!("not send");
            };
            options.link.receive_command(Some("7-amber-lamp"))
        };
        let [via, server] = ["--via", "http://host:80"];
        assert_eq!(command(&[]), "ironrtc receive 7-amber-lamp");
        assert_eq!(
            command(&[
                via, server, "--local", "--stun", "none", "--quiet", "--json"
            ]),
            "ironrtc receive 7-amber-lamp --via http://host:80 --stun none --local"
        );
        assert_eq!(
            command(&["--stun", "stun:[2001:db8::1]", "--stun", "stun:it's"]),
            r"ironrtc receive 7-amber-lamp --stun 'stun:[2001:db8::1]' --stun 'stun:it'\''s'"
        );
    }

    #[test]
    fn listen_addresses() {
        let address = |text: &str| listen_address(text).map(|address| address.to_string());
        assert_eq!(address("0.0.0.0:80").as_deref(), Ok("0.0.0.0:80"));
        assert_eq!(address("[::]:80").as_deref(), Ok("[::]:80"));
        assert_eq!(address("localhost:81").as_deref(), Ok("127.0.0.1:81"));
        assert_eq!(address(":82").as_deref(), Ok("0.0.0.0:82"));
        for wrong in ["", "8080", "host:80", "1.2.3.4:70000"] {
            assert!(
                address(wrong).unwrap_err().contains("0.0.0.0:8080"),
                "{wrong}"
            );
        }
    }
}
