//! Replays the corpus, and throws changed and random inputs at each target from seeds: what a longer
//! run of a fuzzer finds becomes a file here.

use std::path::{Path, PathBuf};

use ironrtc_core::rng::Rng;
use ironrtc_fuzz::TARGETS;

/// Inputs made of each file of the corpus, and from nothing.
const CHANGED: u64 = 8;
const RANDOM: u64 = 200;
const LONGEST: u64 = 600;

fn corpus(target: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("corpus")
        .join(target);
    let mut files: Vec<PathBuf> = std::fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.expect("a file").path())
        .collect();
    // What other tests read is as good a beginning.
    if target == "sdp" {
        let descriptions =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../ironrtc-core/tests/descriptions");
        let found = std::fs::read_dir(descriptions).expect("descriptions of other stacks");
        files.extend(found.map(|entry| entry.expect("a file").path()));
    }
    files.sort();
    files
}

/// Overwrites, inserts, removes or repeats a piece.
fn change(data: &mut Vec<u8>, rng: &mut Rng) {
    for _ in 0..=rng.below(4) {
        let at = rng.below(data.len() as u64 + 1) as usize;
        let end = (at + rng.below(16) as usize).min(data.len());
        match rng.below(4) {
            0 if at < data.len() => data[at] = rng.u32() as u8,
            1 => data.insert(at, rng.u32() as u8),
            2 => drop(data.drain(at..end)),
            _ => {
                let piece = data[at..end].to_vec();
                data.splice(at..at, piece);
            }
        }
    }
}

fn replay(target: &str) {
    let (_, run) = TARGETS
        .iter()
        .find(|(name, _)| *name == target)
        .expect("a target");
    let files = corpus(target);
    assert!(!files.is_empty(), "no corpus for {target}");
    for file in files {
        let data = std::fs::read(&file).expect("a readable file");
        println!("{}", file.display());
        run(&data);
        for seed in 0..CHANGED {
            println!("changed by seed {seed}");
            let mut data = data.clone();
            change(&mut data, &mut Rng::from_test_seed(seed));
            run(&data);
        }
    }
    for seed in 0..RANDOM {
        println!("random by seed {seed}");
        let mut rng = Rng::from_test_seed(seed);
        let mut data = vec![0; rng.below(LONGEST) as usize];
        rng.fill(&mut data);
        run(&data);
    }
}

macro_rules! targets {
    ($($target:ident),+ $(,)?) => {
        $(#[test]
        fn $target() {
            replay(stringify!($target));
        })+

        #[test]
        fn every_target_is_replayed() {
            let names: Vec<&str> = TARGETS.iter().map(|(name, _)| *name).collect();
            assert_eq!(names, [$(stringify!($target)),+]);
        }
    };
}

targets!(
    candidate, dcep, dtls, ice, jsep, media, payload, rtcp, rtp, sctp, sdp, srtp, stun
);
