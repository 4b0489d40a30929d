//! The command line of the programs that measure media: one measurement, one line of JSON.

use std::env;

use super::{Media, fan_out, one_way};

const USAGE: &str = "usage: bench-STACK-media one-way PACKETS | fan-out PEERS BURSTS";

/// Runs the measurement that the command line names and prints its result as a line of JSON.
pub fn run<M: Media>(media: M) {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        ["one-way", packets] => {
            let result = one_way::measure(media, number(packets));
            println!(
                r#"{{"send_ns":{:.1},"receive_ns":{:.1},"lost":{:.2}}}"#,
                result.send, result.receive, result.lost
            );
        }
        ["fan-out", peers, bursts] => {
            let result = fan_out::measure(media, number(peers), number(bursts));
            println!(
                r#"{{"copy_ns":{:.1},"per_core":{:.0},"lost":{:.2}}}"#,
                result.copy,
                1e9 / result.copy,
                result.lost
            );
        }
        _ => panic!("{USAGE}"),
    }
    // The sides still run: leaving is not part of any measurement.
    std::process::exit(0);
}

fn number(word: &str) -> usize {
    word.parse()
        .unwrap_or_else(|_| panic!("{word:?} is no number; {USAGE}"))
}
