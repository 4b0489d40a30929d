//! The `ironrtc` command: a demo for browsers, and file transfer between two terminals.
#![forbid(unsafe_code)]

mod args;
mod codecs;
mod demo;
mod exit;
mod interrupt;
mod link;
mod record;
mod server_url;
mod signal;
mod text;
mod transfer;
mod usage;
mod web_socket;

use std::process::ExitCode;

use clap::{CommandFactory as _, Parser};

use args::{Arguments, Command};

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let json = arguments.command.json();
    if let Err(error) = start_log(arguments.log.as_deref()) {
        return exit::report(&error, json);
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            let error = anyhow::anyhow!("the runtime does not start: {error}");
            return exit::report(&error, json);
        }
    };
    let result = runtime.block_on(async {
        let observer = arguments.record.observer()?;
        match arguments.command {
            Command::Demo(options) => demo::run(options, observer).await,
            Command::Send(mut options) => {
                options.link.observer = observer;
                transfer::command::send(options).await
            }
            Command::Receive(mut options) => {
                options.link.observer = observer;
                transfer::command::receive(options).await
            }
            Command::Codecs(options) => codecs::run(&options),
            Command::Completion { shell } => complete(shell),
        }
    });
    // A read of stdin cannot be called off; do not wait for it.
    runtime.shutdown_background();
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => exit::report(&error, json),
    }
}

/// Prints the completion script of a shell.
fn complete(shell: clap_complete::Shell) -> anyhow::Result<()> {
    use std::io::Write as _;
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "ironrtc", &mut script);
    Ok(std::io::stdout().write_all(&script)?)
}

/// Logs go to stderr, so that stdout carries codes only.
fn start_log(filter: Option<&str>) -> anyhow::Result<()> {
    use tracing_subscriber::EnvFilter;
    let filter = match filter {
        Some(text) => EnvFilter::try_new(text).map_err(|error| {
            usage::Usage(format!(
                "--log {text:?} is not a filter: {error}; write for example --log ironrtc=debug"
            ))
        })?,
        None => EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn")),
    };
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(false)
        .with_writer(|| text::LogWriter)
        .init();
    Ok(())
}
