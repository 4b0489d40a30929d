//! Real processes of the command, and directories for them.

#![allow(
    dead_code,
    unreachable_pub,
    clippy::needless_pass_by_ref_mut,
    reason = "each test file uses a part"
)]

use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::Duration;

/// No step of any test takes nearly so long; a test that waits for it fails.
const PATIENCE: Duration = Duration::from_secs(60);

/// An empty directory of this name.
pub fn directory(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    if path.exists() {
        fs::remove_dir_all(&path).unwrap();
    }
    fs::create_dir_all(&path).unwrap();
    path
}

/// A file whose bytes differ everywhere.
pub fn write_file(path: &Path, size: usize) -> Vec<u8> {
    let mut state = size as u32 ^ 0x9e37_79b9;
    let mut bytes = vec![0; size];
    for byte in &mut bytes {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        *byte = state as u8;
    }
    fs::write(path, &bytes).unwrap();
    bytes
}

/// A running `ironrtc`; killed when it is dropped.
pub struct Process {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: Lines,
    stderr: Lines,
}

impl Process {
    pub fn start<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> Self {
        Self::start_with(arguments, |command| command)
    }

    /// Starts it with something that is special about it.
    pub fn start_with<S: AsRef<OsStr>>(
        arguments: impl IntoIterator<Item = S>,
        special: impl FnOnce(&mut Command) -> &mut Command,
    ) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ironrtc"));
        let mut words = arguments.into_iter().peekable();
        let first = words.peek().and_then(|word| word.as_ref().to_str());
        let finds_peers = matches!(first, Some("send" | "receive"));
        command.args(words).env_remove("RUST_LOG");
        if finds_peers {
            // The tests need no network.
            command.args(["--stun", "none", "--local"]);
        }
        Self::spawn(special(&mut command))
    }

    /// Starts another program.
    pub fn start_program<S: AsRef<OsStr>>(
        program: &str,
        arguments: impl IntoIterator<Item = S>,
    ) -> Self {
        Self::spawn(Command::new(program).args(arguments))
    }

    fn spawn(command: &mut Command) -> Self {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        Self {
            stdin: child.stdin.take(),
            stdout: Lines::of(child.stdout.take().unwrap()),
            stderr: Lines::of(child.stderr.take().unwrap()),
            child,
        }
    }

    /// The next line of stdout.
    pub fn line(&mut self) -> String {
        match self.stdout.next() {
            Some(line) => line,
            None => panic!("stdout ended; stderr: {}", self.stderr.rest()),
        }
    }

    /// Waits for a line of stdout with `text` in it.
    pub fn wait_for_line(&mut self, text: &str) -> String {
        loop {
            let line = self.line();
            if line.contains(text) {
                return line;
            }
        }
    }

    /// Waits for a line of stderr with `text` in it.
    pub fn wait_for_note(&mut self, text: &str) -> String {
        let mut seen = String::new();
        while let Some(line) = self.stderr.next() {
            if line.contains(text) {
                return line;
            }
            seen += &line;
            seen.push('\n');
        }
        panic!("stderr ended without {text:?}: {seen}");
    }

    /// Types a line.
    pub fn enter(&mut self, line: &str) {
        writeln!(self.stdin.as_mut().unwrap(), "{line}").unwrap();
    }

    /// Nothing more is typed.
    pub fn end_input(&mut self) {
        drop(self.stdin.take());
    }

    /// Waits for the end; gives the exit code and the rest of stdout and stderr.
    pub fn finish(mut self) -> End {
        self.end_input();
        self.finish_with_open_input()
    }

    /// The same for a program that takes the end of its input for an interrupt.
    pub fn finish_with_open_input(mut self) -> End {
        let stdout = self.stdout.rest();
        let stderr = self.stderr.rest();
        let code = self.child.wait().unwrap().code();
        End {
            code,
            stdout,
            stderr,
        }
    }

    /// Ends it without a chance to say goodbye.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// What Ctrl-C does.
    pub fn interrupt(&self) {
        let id = self.child.id().to_string();
        let status = Command::new("kill").args(["-INT", &id]).status().unwrap();
        assert!(status.success());
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// How a process ended.
pub struct End {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl End {
    /// Fails with the output unless the exit code is this one.
    #[track_caller]
    pub fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "stderr: {}", self.stderr);
        self
    }

    /// Fails unless stderr has this in it.
    #[track_caller]
    pub fn says(self, text: &str) -> Self {
        assert!(
            self.stderr.contains(text),
            "no {text:?} in: {}",
            self.stderr
        );
        self
    }
}

/// Lines of a pipe, read by a thread so that waiting can end.
struct Lines(Receiver<String>);

impl Lines {
    fn of(pipe: impl Read + Send + 'static) -> Self {
        let (sender, receiver) = mpsc::channel();
        thread::spawn(move || {
            for line in BufReader::new(pipe).lines() {
                let Ok(line) = line else { return };
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        Self(receiver)
    }

    fn next(&self) -> Option<String> {
        match self.0.recv_timeout(PATIENCE) {
            Ok(line) => Some(line),
            Err(RecvTimeoutError::Disconnected) => None,
            Err(RecvTimeoutError::Timeout) => panic!("no line came within {PATIENCE:?}"),
        }
    }

    fn rest(&self) -> String {
        let mut text = String::new();
        while let Some(line) = self.next() {
            text += &line;
            text.push('\n');
        }
        text
    }
}

/// Carries the codes between a sender and a receiver.
pub fn introduce(sender: &mut Process, receiver: &mut Process) {
    receiver.enter(&sender.line());
    sender.enter(&receiver.line());
}

/// A demo server on a free port, and its address.
pub fn demo() -> (Process, String) {
    let mut demo = Process::start(["demo", "--listen", "127.0.0.1:0"]);
    let line = demo.wait_for_line("http://");
    let address = line.split_whitespace().next().unwrap().to_owned();
    (demo, address)
}
