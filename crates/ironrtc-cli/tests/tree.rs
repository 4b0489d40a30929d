//! Trees, pipes, events and the question before writing.

mod support;

use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

use serde_json::Value;
use support::{Process, demo, directory, introduce, write_file};

fn receive(output: &Path, more: &[&str]) -> Process {
    let arguments = ["receive", "--output", output.to_str().unwrap()];
    Process::start(arguments.iter().chain(more))
}

#[test]
fn a_directory_arrives_with_all_that_is_in_it() {
    let home = directory("tree");
    let tree = home.join("tree");
    fs::create_dir_all(tree.join("deep/er")).unwrap();
    fs::create_dir(tree.join("empty")).unwrap();
    let a = write_file(&tree.join("deep/er/a.bin"), 300_000);
    write_file(&tree.join(".hidden"), 5);
    let old = SystemTime::UNIX_EPOCH + Duration::from_millis(1_234_567_890_123);
    let program = fs::File::create(tree.join("run.sh")).unwrap();
    program.set_modified(old).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::Permissions::from_mode(0o755);
        program.set_permissions(mode).unwrap();
        std::os::unix::fs::symlink(".", tree.join("circle")).unwrap();
    }
    let mut sender = Process::start(["send", tree.to_str().unwrap()]);
    let output = home.join("out");
    let mut receiver = receive(&output, &[]);
    introduce(&mut sender, &mut receiver);
    let sent = sender.finish().expect(0);
    receiver.finish().expect(0);
    let arrived = output.join("tree");
    assert!(fs::read(arrived.join("deep/er/a.bin")).unwrap() == a);
    assert_eq!(fs::read(arrived.join(".hidden")).unwrap().len(), 5);
    assert_eq!(fs::read_dir(arrived.join("empty")).unwrap().count(), 0);
    let run = fs::metadata(arrived.join("run.sh")).unwrap();
    assert_eq!(run.modified().unwrap(), old);
    assert_eq!(fs::read_dir(&arrived).unwrap().count(), 4);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(run.permissions().mode() & 0o100, 0o100);
        let other = fs::metadata(arrived.join(".hidden")).unwrap();
        assert_eq!(other.permissions().mode() & 0o111, 0);
        sent.says("left out").says("circle");
    }
}

#[test]
fn stdin_goes_to_stdout() {
    let (_demo, server) = demo();
    let mut sender = Process::start(["send", "-", "--name", "x", "--via", &server]);
    sender.enter("through the pipe");
    sender.end_input();
    let code = sender.line();
    let received = Process::start(["receive", &code, "--via", &server, "-o", "-"])
        .finish()
        .expect(0);
    assert_eq!(received.stdout, "through the pipe\n");
    sender.finish().expect(0);
    Process::start(["send", "-"])
        .finish()
        .expect(2)
        .says("--via");
    Process::start(["receive", "-o", "-", "--json"])
        .finish()
        .expect(2)
        .says("stdout");
}

/// Checks that each line of `stdout` is an event, and gives the events of one kind.
fn events(stdout: &str, kind: &str) -> Vec<Value> {
    let events = stdout.lines().map(|line| {
        let event: Value = serde_json::from_str(line).unwrap();
        assert!(event["event"].is_string(), "{line}");
        event
    });
    events.filter(|event| event["event"] == kind).collect()
}

#[test]
fn programs_can_follow_a_transfer() {
    let home = directory("json");
    write_file(&home.join("a"), 1_000_000);
    write_file(&home.join("b"), 10);
    let output = home.join("out");
    fs::create_dir(&output).unwrap();
    fs::write(output.join("b"), "precious").unwrap();
    let files = [home.join("a"), home.join("b")];
    let files = files.each_ref().map(|path| path.to_str().unwrap());
    let (_demo, server) = demo();
    let mut sender = Process::start(["send", files[0], files[1], "--json", "--via", &server]);
    let code: Value = serde_json::from_str(&sender.line()).unwrap();
    assert_eq!(code["event"], "code");
    let code = code["code"].as_str().unwrap();
    let end = receive(&output, &[code, "--via", &server, "--json"])
        .finish()
        .expect(5);
    assert_eq!(events(&end.stdout, "connected").len(), 1);
    assert_eq!(events(&end.stdout, "file")[0]["size"], 1_000_000);
    assert_eq!(events(&end.stdout, "progress")[0]["name"], "a");
    let done = events(&end.stdout, "done");
    assert_eq!((done.len(), &done[0]["name"]), (1, &Value::from("a")));
    assert_eq!(done[0]["sha256"].as_str().unwrap().len(), 64);
    assert_eq!(events(&end.stdout, "failed")[0]["name"], "b");
    assert_eq!(events(&end.stdout, "error")[0]["exit"], 5);
    let sent = sender.finish().expect(5);
    assert_eq!(events(&sent.stdout, "done").len(), 1);
    assert_eq!(events(&sent.stdout, "failed")[0]["name"], "b");
}

#[test]
fn programs_can_tell_an_empty_directory_from_an_empty_file() {
    let home = directory("json-directory");
    let tree = home.join("tree");
    fs::create_dir_all(tree.join("directory")).unwrap();
    write_file(&tree.join("file"), 0);
    let (_demo, server) = demo();
    let tree = tree.to_str().unwrap();
    let mut sender = Process::start(["send", tree, "--json", "--via", &server]);
    let code: Value = serde_json::from_str(&sender.line()).unwrap();
    let code = code["code"].as_str().unwrap();
    let output = home.join("out");
    let received = receive(&output, &[code, "--via", &server, "--json"]);
    let (received, sent) = (received.finish().expect(0), sender.finish().expect(0));
    for (stdout, kind) in [
        (&sent.stdout, "file"),
        (&sent.stdout, "done"),
        (&received.stdout, "file"),
        (&received.stdout, "done"),
    ] {
        let events = events(stdout, kind);
        assert_eq!(events.len(), 2, "{stdout}");
        for event in events {
            let is_directory = event["name"] == "tree/directory";
            assert_eq!(event["directory"] == true, is_directory, "{event}");
        }
    }
    received.says("an empty directory");
}

/// Runs `receive` on a terminal, which `script` of util-linux makes.
#[cfg(target_os = "linux")]
fn on_terminal(output: &Path, code: &str, server: &str) -> Process {
    let command = format!(
        "{} receive {code} --via {server} --stun none -o {}",
        env!("CARGO_BIN_EXE_ironrtc"),
        output.display()
    );
    Process::start_program("script", ["-qefc", &command, "/dev/null"])
}

#[cfg(target_os = "linux")]
#[test]
fn on_a_terminal_nothing_is_written_without_an_answer() {
    let home = directory("question");
    let bytes = write_file(&home.join("a"), 2048);
    let (_demo, server) = demo();
    for (answer, code) in [("n", 5), ("", 0)] {
        let output = home.join(format!("out-{code}"));
        let mut sender =
            Process::start(["send", home.join("a").to_str().unwrap(), "--via", &server]);
        let mut receiver = on_terminal(&output, &sender.line(), &server);
        receiver.wait_for_line("  a (2.00 KiB)");
        receiver.wait_for_line("Receive 1 file, 2.00 KiB?");
        assert_eq!(fs::read_dir(&output).unwrap().count(), 0);
        receiver.enter(answer);
        let end = receiver.finish_with_open_input();
        assert_eq!(end.code, Some(code), "{}", end.stdout);
        sender.finish().expect(code);
        match code {
            0 => assert!(fs::read(output.join("a")).unwrap() == bytes),
            _ => assert_eq!(fs::read_dir(&output).unwrap().count(), 0),
        }
    }
}
