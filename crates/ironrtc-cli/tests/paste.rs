//! `send` and `receive` with codes that are carried by hand.

mod support;

use std::fs;
use std::path::Path;

use support::{Process, directory, introduce, write_file};

fn send(files: &[&Path]) -> Process {
    Process::start(
        ["send".as_ref()]
            .into_iter()
            .chain(files.iter().map(|path| path.as_os_str())),
    )
}

fn receive(output: &Path, more: &[&str]) -> Process {
    let arguments = ["receive", "--output", output.to_str().unwrap()];
    Process::start(arguments.iter().chain(more))
}

#[test]
fn several_files_arrive_and_stdout_has_codes_only() {
    let home = directory("several");
    let big = write_file(&home.join("big.bin"), 3_000_001);
    write_file(&home.join("empty"), 0);
    let mut sender = send(&[&home.join("big.bin"), &home.join("empty")]);
    let output = home.join("made/for it");
    let mut receiver = receive(&output, &[]);
    introduce(&mut sender, &mut receiver);
    let sent = sender.finish().expect(0).says("sent").says("sha256");
    let received = receiver.finish().expect(0).says("received");
    assert_eq!(sent.stdout + &received.stdout, "");
    assert!(fs::read(output.join("big.bin")).unwrap() == big);
    assert_eq!(fs::read(output.join("empty")).unwrap(), b"");
    assert_eq!(
        fs::read_dir(&output).unwrap().count(),
        2,
        "nothing else is left"
    );
}

#[test]
fn quiet_is_quiet_and_the_code_may_be_an_argument() {
    let home = directory("quiet");
    let bytes = write_file(&home.join("a"), 100_000);
    let mut sender = Process::start(["send", "-q", home.join("a").to_str().unwrap()]);
    let offer = sender.line();
    let output = home.join("out");
    let mut receiver = receive(&output, &["--quiet", &offer]);
    sender.enter(&receiver.line());
    assert_eq!(sender.finish().expect(0).stderr, "");
    assert_eq!(receiver.finish().expect(0).stderr, "");
    assert!(fs::read(output.join("a")).unwrap() == bytes);
}

#[test]
fn the_log_names_the_connection_and_keeps_addresses_to_itself() {
    let home = directory("logged");
    write_file(&home.join("a"), 100_000);
    let mut sender = send(&[&home.join("a")]);
    let mut receiver = receive(&home.join("out"), &["--log", "ironrtc=debug"]);
    introduce(&mut sender, &mut receiver);
    sender.finish().expect(0);
    let log = receiver.finish().expect(0).stderr;
    let events = (log.lines()).filter(|line| line.contains(" DEBUG "));
    for part in ["jsep", "ice", "dtls", "sctp", "channel"] {
        let told = format!(" peer{{id=1}}: ironrtc::{part}: ");
        assert!(log.contains(&told), "no {told:?} in: {log}");
    }
    for event in events {
        let known = !event.contains("_change ") || event.contains(" peer{id=1}: ");
        assert!(known, "of which connection? {event}");
        assert!(!event.contains(" typ host"), "an address: {event}");
    }
}

#[test]
fn a_transfer_is_recorded_on_request() {
    let home = directory("recorded");
    write_file(&home.join("a"), 100_000);
    let record = ["events.jsonl", "call.pcapng", "keys.txt"].map(|name| home.join(name));
    let [events, capture, keys] = record.each_ref().map(|path| path.to_str().unwrap());
    let options = [
        "--event-log",
        events,
        "--capture",
        capture,
        "--key-log",
        keys,
    ];
    let file = home.join("a");
    let mut sender = Process::start(["send", file.to_str().unwrap()].iter().chain(&options));
    let mut receiver = receive(&home.join("out"), &[]);
    introduce(&mut sender, &mut receiver);
    sender.finish().expect(0);
    receiver.finish().expect(0);
    let lines = fs::read_to_string(events).unwrap();
    for name in [
        "ice:selected_pair_change",
        "dtls:state_change",
        "sctp:figures",
    ] {
        assert!(lines.contains(&format!("\"name\":\"{name}\"")), "{lines}");
    }
    // Its packets hold what was sent, and more.
    assert!(fs::metadata(capture).unwrap().len() > 100_000);
    let keys = fs::read_to_string(keys).unwrap();
    assert!(keys.contains("CLIENT_TRAFFIC_SECRET_0 "), "{keys}");
}

#[test]
fn a_record_that_cannot_be_written_is_told_before_anything_else() {
    let home = directory("unrecorded");
    write_file(&home.join("a"), 1);
    let (file, nowhere) = (home.join("a"), home.join("no/such/folder/x"));
    let (file, nowhere) = (file.to_str().unwrap(), nowhere.to_str().unwrap());
    let process = Process::start(["send", file, "--capture", nowhere]);
    process.finish().expect(2).says("--capture").says(nowhere);
}

#[test]
fn an_existing_file_is_kept_unless_forced_and_the_next_file_still_arrives() {
    let home = directory("existing");
    let new = write_file(&home.join("a"), 5000);
    write_file(&home.join("b"), 10);
    let output = home.join("out");
    fs::create_dir(&output).unwrap();
    fs::write(output.join("a"), "precious").unwrap();
    let files = [home.join("a"), home.join("b")];
    let files = [&*files[0], &*files[1]];

    let (mut sender, mut receiver) = (send(&files), receive(&output, &[]));
    introduce(&mut sender, &mut receiver);
    sender.finish().expect(5).says("refused").says("--force");
    receiver.finish().expect(5).says("a exists").says("--force");
    assert_eq!(fs::read(output.join("a")).unwrap(), b"precious");
    assert_eq!(fs::metadata(output.join("b")).unwrap().len(), 10);

    let (mut sender, mut receiver) = (send(&files), receive(&output, &["--force"]));
    introduce(&mut sender, &mut receiver);
    sender.finish().expect(0);
    receiver.finish().expect(0);
    assert!(fs::read(output.join("a")).unwrap() == new);
}

#[cfg(unix)]
#[test]
fn a_name_cannot_lead_out_of_the_directory() {
    let home = directory("names");
    let output = home.join("inner/out");
    let bytes = write_file(&home.join("..\\..\\evil.txt"), 1000);
    let (mut sender, mut receiver) = (
        send(&[&home.join("..\\..\\evil.txt")]),
        receive(&output, &[]),
    );
    introduce(&mut sender, &mut receiver);
    sender.finish().expect(0);
    receiver
        .finish()
        .expect(0)
        .says(r#""..\\..\\evil.txt" is stored as "evil.txt""#);
    assert!(fs::read(output.join("evil.txt")).unwrap() == bytes);
}

#[test]
fn a_transfer_continues_behind_an_equal_beginning() {
    let home = directory("continue");
    let bytes = write_file(&home.join("a"), 2_000_000);
    let output = home.join("out");
    fs::create_dir(&output).unwrap();
    fs::write(output.join(".a.ironrtc-part"), &bytes[..1_500_000]).unwrap();
    let (mut sender, mut receiver) = (send(&[&home.join("a")]), receive(&output, &[]));
    introduce(&mut sender, &mut receiver);
    sender.finish().expect(0);
    receiver.finish().expect(0).says("continuing a at 1.43 MiB");
    assert!(fs::read(output.join("a")).unwrap() == bytes);
    assert!(!output.join(".a.ironrtc-part").exists());
}

#[test]
fn a_transfer_starts_over_behind_another_beginning_or_too_long_a_one() {
    for (name, left) in [("other", vec![7; 1000]), ("longer", vec![7; 60_000])] {
        let home = directory(name);
        let bytes = write_file(&home.join("a"), 50_000);
        let output = home.join("out");
        fs::create_dir(&output).unwrap();
        fs::write(output.join(".a.ironrtc-part"), left).unwrap();
        let (mut sender, mut receiver) = (send(&[&home.join("a")]), receive(&output, &[]));
        introduce(&mut sender, &mut receiver);
        sender.finish().expect(0);
        let received = receiver.finish().expect(0);
        assert!(
            !received.stderr.contains("continuing"),
            "{}",
            received.stderr
        );
        assert!(fs::read(output.join("a")).unwrap() == bytes);
    }
}

#[cfg(unix)]
#[test]
fn an_interrupted_transfer_tells_the_other_side_and_continues_later() {
    let home = directory("interrupted");
    let bytes = write_file(&home.join("a"), 64 << 20);
    let output = home.join("out");
    let (mut sender, mut receiver) = (
        send(&[&home.join("a")]),
        receive(&output, &["--log", "ironrtc=debug"]),
    );
    introduce(&mut sender, &mut receiver);
    let logged = receiver.wait_for_note("received 2 MiB of a");
    assert!(
        !logged.contains('\u{1b}'),
        "no colours into a pipe: {logged:?}"
    );
    receiver.interrupt();
    receiver.finish().expect(130).says("interrupted");
    sender
        .finish()
        .expect(1)
        .says("run both commands again to continue");
    let left = fs::metadata(output.join(".a.ironrtc-part")).unwrap().len();
    assert!(left > 1 << 20 && left < bytes.len() as u64, "{left}");

    let (mut sender, mut receiver) = (send(&[&home.join("a")]), receive(&output, &[]));
    introduce(&mut sender, &mut receiver);
    sender.finish().expect(0);
    receiver.finish().expect(0).says("continuing a at");
    assert!(fs::read(output.join("a")).unwrap() == bytes);
}

#[test]
fn a_killed_receiver_leaves_what_can_be_continued() {
    let home = directory("killed");
    let bytes = write_file(&home.join("a"), 64 << 20);
    let output = home.join("out");
    let (mut sender, mut receiver) = (
        send(&[&home.join("a")]),
        receive(&output, &["--log", "ironrtc=debug"]),
    );
    introduce(&mut sender, &mut receiver);
    receiver.wait_for_note("received 2 MiB of a");
    receiver.kill();
    sender.kill();

    let (mut sender, mut receiver) = (send(&[&home.join("a")]), receive(&output, &[]));
    introduce(&mut sender, &mut receiver);
    sender.finish().expect(0);
    receiver.finish().expect(0).says("continuing a at");
    assert!(fs::read(output.join("a")).unwrap() == bytes);
}

#[test]
fn a_tampered_or_misplaced_code_is_refused() {
    let home = directory("tampered");
    write_file(&home.join("a"), 10);
    let mut sender = send(&[&home.join("a")]);
    let offer = sender.line();
    let other = if offer.as_bytes()[60] == b'x' {
        "y"
    } else {
        "x"
    };
    let tampered = format!("{}{other}{}", &offer[..60], &offer[61..]);
    for (code, reason) in [
        (tampered.as_str(), "wrong character"),
        (&offer[..70], "incomplete"),
        ("7-amber-lamp", "--via"),
    ] {
        receive(&home, &[code]).finish().expect(3).says(reason);
    }
    // A sender's code where the receiver's belongs; this is a script, so there is no second try.
    sender.enter(&offer);
    sender.finish().expect(3).says("`ironrtc receive` printed");
}

#[test]
fn what_cannot_be_sent_is_said_before_anyone_connects() {
    let home = directory("unsendable");
    send(&[&home.join("missing")])
        .finish()
        .expect(1)
        .says("missing: No such file");
    fs::write(home.join("file"), "").unwrap();
    receive(&home.join("file"), &["x"])
        .finish()
        .expect(2)
        .says("--output takes a directory");
}

#[test]
fn a_part_file_of_another_program_is_left_alone() {
    let home = directory("foreign-part");
    let bytes = write_file(&home.join("a"), 1000);
    let output = home.join("out");
    fs::create_dir(&output).unwrap();
    fs::write(output.join("a.part"), "precious").unwrap();
    let (mut sender, mut receiver) = (send(&[&home.join("a")]), receive(&output, &[]));
    introduce(&mut sender, &mut receiver);
    sender.finish().expect(0);
    receiver.finish().expect(0);
    assert!(fs::read(output.join("a")).unwrap() == bytes);
    assert_eq!(fs::read(output.join("a.part")).unwrap(), b"precious");
}

#[test]
fn a_killed_peer_is_noticed_within_seconds() {
    let home = directory("silence");
    write_file(&home.join("a"), 64 << 20);
    let (mut sender, mut receiver) = (
        send(&[&home.join("a")]),
        receive(&home.join("out"), &["--log", "ironrtc=debug"]),
    );
    introduce(&mut sender, &mut receiver);
    receiver.wait_for_note("received 2 MiB of a");
    receiver.kill();
    let killed = std::time::Instant::now();
    sender.wait_for_note("no sign of life");
    assert!(killed.elapsed() < std::time::Duration::from_secs(15));
}
