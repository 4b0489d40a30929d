//! Exit codes: what a script can tell apart.

use std::io::Write as _;
use std::process::ExitCode;

use crate::interrupt::interrupted;
use crate::link::ConnectError;
use crate::text::{json_line, printable};
use crate::transfer::TransferError;
use crate::usage::Usage;

/// Runs `work` until it ends or the user has enough of it.
pub(crate) async fn unless_interrupted<T>(
    work: impl Future<Output = anyhow::Result<T>>,
) -> anyhow::Result<T> {
    tokio::select! {
        result = work => result,
        () = interrupted() => Err(TransferError::Interrupted.into()),
    }
}

/// Prints the error with its causes, and chooses the code that `--help` documents. With `json` it is
/// an event on stdout too.
pub(crate) fn report(error: &anyhow::Error, json: bool) -> ExitCode {
    if json {
        let event = serde_json::json!({
            "event": "error", "message": format!("{error:#}"), "exit": code_of(error),
        });
        let _ = writeln!(std::io::stdout(), "{}", json_line(&event));
    }
    let text = printable(&format!("{error:#}"));
    let _ = writeln!(std::io::stderr(), "error: {text}");
    ExitCode::from(code_of(error))
}

fn code_of(error: &anyhow::Error) -> u8 {
    if error.is::<Usage>() {
        return 2;
    }
    if error.is::<ConnectError>() {
        return 3;
    }
    match error.downcast_ref::<TransferError>() {
        Some(TransferError::Interrupted) => 130,
        Some(TransferError::Mismatch { .. }) => 4,
        Some(
            TransferError::Refused(_)
            | TransferError::Exists(_)
            | TransferError::Declined
            | TransferError::Unfit(_),
        ) => 5,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_failure_has_the_code_that_help_documents() {
        let exists = TransferError::Exists("a.txt".into());
        assert_eq!(code_of(&anyhow::Error::new(exists)), 5);
        assert_eq!(code_of(&anyhow::Error::new(Usage("x".into()))), 2);
        assert_eq!(code_of(&anyhow::Error::new(ConnectError::TimedOut)), 3);
        assert_eq!(
            code_of(&anyhow::Error::new(TransferError::Interrupted)),
            130
        );
        assert_eq!(code_of(&anyhow::anyhow!("anything else")), 1);
    }
}
