//! `ironrtc send` and `ironrtc receive`.

use std::fs;
use std::io::IsTerminal as _;
use std::time::Duration;

use ironrtc::{DataChannel, Message};

use super::TransferError;
use super::ask::Consent;
use super::destination::Destination;
use super::outgoing::send_file;
use super::progress::Progress;
use super::protocol::Control;
use super::receive::receive_files;
use super::tree::{self, Outgoing, STDIN};
use crate::args::{LinkOptions, ReceiveOptions, SendOptions};
use crate::exit::unless_interrupted;
use crate::link::{self, Link};
use crate::usage::Usage;

/// How long the sender waits for the receiver to hang up first.
const FAREWELL: Duration = Duration::from_secs(5);
/// Stands for stdout.
const STDOUT: &str = "-";

/// Sends the files.
pub(crate) async fn send(options: SendOptions) -> anyhow::Result<()> {
    let stdins = options
        .files
        .iter()
        .filter(|path| path.as_os_str() == STDIN);
    match stdins.count() {
        0 => {}
        1 if options.link.via.is_some() => {}
        1 => {
            return usage("stdin is the file, so no code can be pasted there; use --via");
        }
        _ => return usage("stdin can be sent once"),
    }
    let progress = Progress::new(&options.link, false);
    let files = tree::list(&options.files, &options.name, progress)?;
    let mut link = unless_interrupted(connect(&options.link, None, progress)).await?;
    let channel = link.channel();
    let result = link.run(send_all(&channel, files, progress)).await;
    link.close().await;
    Ok(result?)
}

fn usage<T>(text: &str) -> anyhow::Result<T> {
    Err(Usage(text.to_owned()).into())
}

/// Receives files.
pub(crate) async fn receive(options: ReceiveOptions) -> anyhow::Result<()> {
    let to_stdout = options.output.as_os_str() == STDOUT;
    let destination = if to_stdout {
        Destination::Stdout
    } else {
        Destination::Directory {
            directory: options.output.clone(),
            force: options.force,
        }
    };
    if to_stdout && options.link.json {
        return usage("stdout has room for --json or for the files, not for both");
    }
    if !to_stdout && fs::metadata(&options.output).is_ok_and(|found| !found.is_dir()) {
        return usage(&format!(
            "{} is a file; --output takes a directory, which is made if it does not exist",
            options.output.display()
        ));
    }
    destination.prepare()?;
    if options.link.via.is_some() && options.code.is_none() {
        return usage(
            "--via needs the short code that the sender printed: ironrtc receive CODE --via …",
        );
    }
    let progress = Progress::new(&options.link, to_stdout);
    let code = Some(options.code);
    let mut link = unless_interrupted(connect(&options.link, code, progress)).await?;
    let channel = link.channel();
    // A script that has the code has agreed.
    let consent = Consent::new(!options.yes && std::io::stdin().is_terminal());
    let result = link
        .run(receive_files(&channel, &destination, consent, progress))
        .await;
    link.close().await;
    Ok(result?)
}

/// The sender offers; the receiver (`code` is `Some`) answers.
#[expect(
    clippy::option_option,
    reason = "which side, then whether it knows the code already"
)]
async fn connect(
    options: &LinkOptions,
    code: Option<Option<String>>,
    progress: Progress,
) -> anyhow::Result<Link> {
    let link = match (&options.via, code) {
        (Some(server), None) => link::relay::share(server, options, progress).await?,
        (Some(server), Some(code)) => {
            link::relay::join(server, &code.unwrap_or_default(), options, progress).await?
        }
        (None, None) => link::paste::offer(options, progress).await?,
        (None, Some(code)) => link::paste::answer(code, options, progress).await?,
    };
    progress.connected();
    Ok(link)
}

async fn send_all(
    channel: &DataChannel,
    files: Vec<Outgoing>,
    progress: Progress,
) -> Result<(), TransferError> {
    let mut first_error = None;
    for mut file in files {
        let shown = file.announced.path().to_owned();
        let result = match file.open() {
            Ok(source) => {
                let bar = progress.file(&shown, file.announced.size, file.announced.directory);
                let on_progress = |offset| bar.set(offset);
                send_file(channel, file.announced, source, &on_progress)
                    .await
                    .map(|sha256| bar.finish("sent", &file.path.display().to_string(), &sha256))
            }
            Err(error) => Err(error),
        };
        match result {
            Ok(()) => {}
            // The receiver goes on with the next file after these.
            Err(
                error @ (TransferError::Refused(_)
                | TransferError::Peer(_)
                | TransferError::Changed(_)
                | TransferError::Disk { .. }),
            ) => {
                progress.failed("not sent", &shown, &error);
                first_error.get_or_insert(error);
            }
            Err(error) => return Err(error),
        }
    }
    if channel.send(Message::from(&Control::Bye)).is_ok() {
        // The receiver closes; leaving earlier could overtake the farewell.
        let _ = tokio::time::timeout(FAREWELL, channel.recv()).await;
    }
    first_error.map_or(Ok(()), Err)
}
