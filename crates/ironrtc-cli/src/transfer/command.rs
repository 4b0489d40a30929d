//! `ironrtc send` and `ironrtc receive`.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::Duration;

use ironrtc::{DataChannel, Message};

use super::outgoing::send_file;
use super::progress::Progress;
use super::protocol::{self, Control};
use super::receive::{Destination, receive_files};
use super::{TransferError, safe_name};
use crate::args::{LinkOptions, ReceiveOptions, SendOptions};
use crate::exit::{Usage, unless_interrupted};
use crate::link::{self, Link};

/// How long the sender waits for the receiver to hang up first.
const FAREWELL: Duration = Duration::from_secs(5);

/// Sends the files.
pub(crate) async fn send(options: SendOptions) -> anyhow::Result<()> {
    let files = options
        .files
        .iter()
        .map(|path| Outgoing::open(path))
        .collect::<anyhow::Result<Vec<_>>>()?;
    let progress = Progress::new(options.link.quiet);
    let mut link = unless_interrupted(connect(&options.link, None, progress)).await?;
    let channel = link.channel();
    let result = link.run(send_all(&channel, files, progress)).await;
    link.close().await;
    Ok(result?)
}

/// Receives files.
pub(crate) async fn receive(options: ReceiveOptions) -> anyhow::Result<()> {
    let destination = Destination {
        directory: options.output,
        force: options.force,
    };
    if fs::metadata(&destination.directory).is_ok_and(|found| !found.is_dir()) {
        return Err(Usage(format!(
            "{} is a file; --output takes a directory, which is made if it does not exist",
            destination.directory.display()
        ))
        .into());
    }
    destination.prepare()?;
    if options.link.via.is_some() && options.code.is_none() {
        let text =
            "--via needs the short code that the sender printed: ironrtc receive CODE --via …";
        return Err(Usage(text.to_owned()).into());
    }
    let progress = Progress::new(options.link.quiet);
    let code = Some(options.code);
    let mut link = unless_interrupted(connect(&options.link, code, progress)).await?;
    let channel = link.channel();
    let result = link
        .run(receive_files(&channel, &destination, progress))
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
    progress.note("connected");
    Ok(link)
}

/// A file to send, opened before anyone connects.
#[derive(Debug)]
struct Outgoing {
    name: String,
    path: PathBuf,
    file: File,
    size: u64,
}

impl Outgoing {
    fn open(path: &Path) -> anyhow::Result<Self> {
        let found = fs::metadata(path).map_err(TransferError::disk(path))?;
        if found.is_dir() {
            return Err(Usage(format!(
                "{0} is a directory; pack it first, for example with: tar -cf {0}.tar {0}",
                path.display()
            ))
            .into());
        }
        if !found.is_file() {
            return Err(Usage(format!("{} is not a regular file", path.display())).into());
        }
        let file = File::open(path).map_err(TransferError::disk(path))?;
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        Ok(Self {
            name: name.into_owned(),
            path: path.to_owned(),
            file,
            size: found.len(),
        })
    }
}

async fn send_all(
    channel: &DataChannel,
    files: Vec<Outgoing>,
    progress: Progress,
) -> Result<(), TransferError> {
    let mut first_error = None;
    for Outgoing {
        name,
        path,
        file,
        size,
    } in files
    {
        let shown = safe_name(&name);
        let bar = progress.file(&shown, size);
        let on_progress = |offset| bar.set(offset);
        match send_file(channel, &name, size, Box::new(file), &on_progress).await {
            Ok(sha256) => bar.finish("sent", &path.display().to_string(), &sha256),
            // The receiver goes on with the next file after these.
            Err(
                error @ (TransferError::Refused(_)
                | TransferError::Peer(_)
                | TransferError::Changed(_)),
            ) => {
                drop(bar);
                progress.note(&format!("not sent: {shown}: {error}"));
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

/// True for the channel that this module speaks on.
pub(crate) fn is_file_channel(channel: &DataChannel) -> bool {
    channel.protocol() == protocol::PROTOCOL
}
