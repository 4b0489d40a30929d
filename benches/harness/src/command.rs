//! The command line of every benchmark program: one measurement, one line of JSON.

use std::env;
use std::time::Duration;

use crate::{Stack, measure};

/// Longest a measurement may take.
const LIMIT: Duration = Duration::from_secs(120);

const USAGE: &str = "usage: bench-STACK throughput MESSAGE_SIZE BYTES | setup COUNT | \
                     echo COUNT | memory PAIRS | transfer MESSAGE_SIZE SECONDS";

/// Runs the measurement that the command line names and prints its result as a line of JSON.
pub fn run<S: Stack>(stack: S) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    let line = runtime.block_on(async {
        // Spawned, so that the work runs on the workers and not on the thread that waits.
        let work = tokio::spawn(async move { tokio::time::timeout(LIMIT, measured(&stack)).await });
        work.await.expect("the measurement ran")
    });
    println!("{}", line.expect("the measurement ended within its limit"));
    // Connections may still be open: leaving is not part of any measurement.
    std::process::exit(0);
}

async fn measured<S: Stack>(stack: &S) -> String {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        ["throughput", size, bytes] => {
            let result = measure::throughput(stack, number(size), number(bytes)).await;
            format!(
                r#"{{"mbit_s":{:.1},"cpu_ns_per_kib":{:.1}}}"#,
                result.mbit_s, result.cpu_ns_per_kib
            )
        }
        ["transfer", size, seconds] => {
            let rate = measure::transfer(stack, number(size), number(seconds)).await;
            format!(r#"{{"mbit_s":{rate:.1}}}"#)
        }
        ["setup", count] => {
            let times = measure::setup(stack, number(count)).await;
            format!(r#"{{"ms":{:.3}}}"#, measure::quantile(&times, 0.5) * 1e3)
        }
        ["echo", count] => {
            let times = measure::echo(stack, number(count)).await;
            format!(
                r#"{{"us":{:.1},"us_p99":{:.1}}}"#,
                measure::quantile(&times, 0.5) * 1e6,
                measure::quantile(&times, 0.99) * 1e6
            )
        }
        ["memory", pairs] => {
            let bytes = measure::memory(stack, number(pairs)).await;
            format!(r#"{{"kib":{:.1}}}"#, bytes / 1024.0)
        }
        _ => panic!("{USAGE}"),
    }
}

fn number(word: &str) -> usize {
    word.parse()
        .unwrap_or_else(|_| panic!("{word:?} is no number; {USAGE}"))
}
