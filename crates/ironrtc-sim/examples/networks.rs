//! The table and the chart of `docs/performance.md`: what bulk transfers reach on simulated
//! networks, in virtual time and from seeds, beside TCP and quinn.
//!
//! `cargo run --release -p ironrtc-sim --example networks [ROW...]` with parts of the names of rows
//! to run, or none for all. `--svg FILE` also writes the chart as an SVG; `--seed N` takes another
//! seed than 1.
#![allow(missing_docs)]

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use ironrtc_core::sctp::CongestionAlgorithm;
use ironrtc_sim::{Flow, Link, run_together};

/// What a row shows.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    /// Mbit/s of a transfer: how long it runs before it is measured, and how long it is measured.
    Throughput(u64, u64),
    /// Median round trip of pings beside a transfer, in ms.
    Ping,
    /// Ratio of a flow's rate to that of a CUBIC flow on the same line.
    Share,
    /// Ratio of a flow's rate to that of a flow of its own kind which has the line ten seconds
    /// earlier.
    Latecomer,
}

struct Row {
    name: &'static str,
    mbits: f64,
    rtt: u64,
    jitter: u64,
    /// In a thousand.
    loss: u64,
    queue: u64,
    kind: Kind,
    /// As measured for TCP and for quinn on a link like this.
    tcp: &'static str,
    quinn: &'static str,
    /// What is to be reached at least; for pings at most.
    goal: f64,
}

const BULK: Kind = Kind::Throughput(2, 18);

#[rustfmt::skip]
const ROWS: &[Row] = &[
    Row { name: "100 Mbit/s x 50 ms", mbits: 100.0, rtt: 50, jitter: 0, loss: 0, queue: 50, kind: BULK, tcp: "", quinn: "", goal: 90.0 },
    Row { name: "jitter of 2 ms", mbits: 100.0, rtt: 50, jitter: 2, loss: 0, queue: 50, kind: BULK, tcp: "94", quinn: "1.8", goal: 90.0 },
    Row { name: "jitter of 20 ms", mbits: 100.0, rtt: 50, jitter: 20, loss: 0, queue: 50, kind: BULK, tcp: "22-73", quinn: "0.5", goal: 70.0 },
    Row { name: "0.1 % loss", mbits: 100.0, rtt: 50, jitter: 0, loss: 1, queue: 50, kind: BULK, tcp: "20", quinn: "15", goal: 90.0 },
    Row { name: "1 % loss", mbits: 100.0, rtt: 50, jitter: 0, loss: 10, queue: 50, kind: BULK, tcp: "3", quinn: "2.5", goal: 85.0 },
    Row { name: "3 % loss", mbits: 100.0, rtt: 50, jitter: 0, loss: 30, queue: 50, kind: BULK, tcp: "1.4", quinn: "1.8", goal: 70.0 },
    Row { name: "queue of 5 ms", mbits: 100.0, rtt: 50, jitter: 0, loss: 0, queue: 5, kind: BULK, tcp: "8-26", quinn: "14-49", goal: 85.0 },
    Row { name: "20 Mbit/s x 600 ms, first 10 s", mbits: 20.0, rtt: 600, jitter: 0, loss: 0, queue: 600, kind: Kind::Throughput(0, 10), tcp: "11.3", quinn: "13.1", goal: 12.0 },
    Row { name: "1 Gbit/s x 100 ms, steady", mbits: 1000.0, rtt: 100, jitter: 0, loss: 0, queue: 100, kind: Kind::Throughput(5, 5), tcp: "", quinn: "", goal: 900.0 },
    Row { name: "ping, 20 Mbit/s x 50 ms, ms", mbits: 20.0, rtt: 50, jitter: 0, loss: 0, queue: 100, kind: Kind::Ping, tcp: "", quinn: "", goal: 75.0 },
    Row { name: "beside CUBIC, queue 25 ms, ratio", mbits: 50.0, rtt: 50, jitter: 0, loss: 0, queue: 25, kind: Kind::Share, tcp: "", quinn: "", goal: 0.5 },
    Row { name: "beside CUBIC, queue 50 ms, ratio", mbits: 50.0, rtt: 50, jitter: 0, loss: 0, queue: 50, kind: Kind::Share, tcp: "", quinn: "", goal: 0.5 },
    Row { name: "beside CUBIC, queue 100 ms, ratio", mbits: 50.0, rtt: 50, jitter: 0, loss: 0, queue: 100, kind: Kind::Share, tcp: "", quinn: "", goal: 0.5 },
    Row { name: "after its kind, queue 25 ms, ratio", mbits: 50.0, rtt: 50, jitter: 0, loss: 0, queue: 25, kind: Kind::Latecomer, tcp: "", quinn: "", goal: 0.5 },
    Row { name: "after its kind, queue 50 ms, ratio", mbits: 50.0, rtt: 50, jitter: 0, loss: 0, queue: 50, kind: Kind::Latecomer, tcp: "", quinn: "", goal: 0.5 },
    Row { name: "after its kind, queue 100 ms, ratio", mbits: 50.0, rtt: 50, jitter: 0, loss: 0, queue: 100, kind: Kind::Latecomer, tcp: "", quinn: "", goal: 0.5 },
];

impl Row {
    fn link(&self) -> Link {
        Link {
            delay: Duration::from_micros(self.rtt * 500),
            jitter: Duration::from_millis(self.jitter),
            loss: self.loss,
            bandwidth: Some((self.mbits * 1e6 / 8.0) as u64),
            queue: Duration::from_millis(self.queue),
            ..Link::default()
        }
    }

    fn measure(&self, congestion: CongestionAlgorithm, seed: u64) -> f64 {
        let mut flow = Flow::new(seed, self.link(), congestion);
        let verbose = std::env::var_os("VERBOSE").is_some();
        match self.kind {
            Kind::Throughput(before, during) => {
                let mut total = 0.0;
                let mut each = Vec::new();
                for second in 0..before + during {
                    let mbits = flow.run(Duration::from_secs(1)).mbits;
                    each.push(mbits.round());
                    total += if second < before { 0.0 } else { mbits };
                }
                if verbose {
                    eprintln!("{each:?}\n{:?}", flow.stats());
                }
                total / during as f64
            }
            Kind::Ping => {
                flow.ping(Duration::from_millis(20));
                flow.run(Duration::from_secs(15));
                let mut times = flow.ping.take().map_or_else(Vec::new, |ping| ping.times);
                if verbose {
                    eprintln!("{:?}\n{:?}", &times, flow.stats());
                }
                times.sort_unstable();
                let median = times.get(times.len() / 2).copied().unwrap_or_default();
                median.as_secs_f64() * 1e3
            }
            Kind::Share | Kind::Latecomer => {
                let (its, alone) = match self.kind {
                    Kind::Share => (CongestionAlgorithm::Cubic, 0),
                    _ => (congestion, 10),
                };
                let mut cubic = Flow::new(seed + 1000, self.link(), its);
                cubic.run(Duration::from_secs(alone));
                flow.share_line(&mut cubic);
                run_together([&mut flow, &mut cubic], Duration::from_secs(5));
                let mut sums = [0.0; 2];
                for _ in 0..35 {
                    let each = run_together([&mut flow, &mut cubic], Duration::from_secs(1));
                    if verbose {
                        eprintln!("{:5.1} {:5.1}", each[0].mbits, each[1].mbits);
                    }
                    sums[0] += each[0].mbits;
                    sums[1] += each[1].mbits;
                }
                sums[0] / sums[1]
            }
        }
    }
}

fn main() {
    let mut wanted = Vec::new();
    let mut svg = None;
    let mut seed = 1;
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        if argument == "--svg" {
            svg = arguments.next();
        } else if argument == "--seed" {
            let number = arguments.next().and_then(|number| number.parse().ok());
            seed = number.expect("--seed takes a number");
        } else {
            wanted.push(argument);
        }
    }
    println!(
        "| {:34} | {:>6} | {:>6} | {:>6} | {:>6} | {:>7} |",
        "link", "BBR", "CUBIC", "TCP", "quinn", "goal"
    );
    println!("|---|---:|---:|---:|---:|---:|");
    let mut results = Vec::new();
    for row in ROWS {
        if !wanted.is_empty() && !wanted.iter().any(|part| row.name.contains(part.as_str())) {
            continue;
        }
        let started = Instant::now();
        let bbr = row.measure(CongestionAlgorithm::Bbr, seed);
        let cubic = row.measure(CongestionAlgorithm::Cubic, seed);
        let goal = match row.kind {
            Kind::Ping => format!("<= {}", row.goal),
            Kind::Share | Kind::Latecomer => "0.5-2".to_owned(),
            Kind::Throughput(..) => format!(">= {}", row.goal),
        };
        println!(
            "| {:34} | {bbr:6.1} | {cubic:6.1} | {:>6} | {:>6} | {goal:>7} |",
            row.name, row.tcp, row.quinn
        );
        eprintln!("  ({:.1} s)", started.elapsed().as_secs_f64());
        results.push((row, bbr, cubic));
    }
    println!("\n{}", text_chart(&results));
    if let Some(path) = svg {
        std::fs::write(&path, svg_chart(&results)).expect("the chart can be written");
        println!("written to {path}");
    }
}

type Results<'a> = [(&'a Row, f64, f64)];

/// The bars of a row: name, value, and how far the bar reaches of the link's rate.
fn bars(row: &Row, bbr: f64, cubic: f64) -> Vec<(&'static str, String, f64)> {
    let bar = |name, text: String| {
        let last = text.rsplit('-').next().unwrap_or_default();
        let value: f64 = last.parse().unwrap_or_default();
        (name, text, (value / row.mbits).min(1.0))
    };
    let mut bars = vec![
        bar("BBR", format!("{bbr:.1}")),
        bar("CUBIC", format!("{cubic:.1}")),
    ];
    for (name, text) in [("TCP", row.tcp), ("quinn", row.quinn)] {
        if !text.is_empty() {
            bars.push(bar(name, text.to_owned()));
        }
    }
    bars
}

fn text_chart(results: &Results<'_>) -> String {
    let mut out = String::new();
    for (row, bbr, cubic) in results {
        if matches!(row.kind, Kind::Throughput(..)) {
            let _ = writeln!(out, "{}", row.name);
            for (name, text, part) in bars(row, *bbr, *cubic) {
                let bar = "#".repeat((part * 50.0).round() as usize);
                let _ = writeln!(out, "  {name:6} {bar:50} {text}");
            }
        }
    }
    out
}

fn svg_chart(results: &Results<'_>) -> String {
    let mut body = String::new();
    let mut y = 30;
    for (row, bbr, cubic) in results {
        if !matches!(row.kind, Kind::Throughput(..)) {
            continue;
        }
        let _ = writeln!(
            body,
            r#"<text x="10" y="{y}" font-weight="bold">{}</text>"#,
            row.name
        );
        y += 8;
        for (name, text, part) in bars(row, *bbr, *cubic) {
            let width = (part * 480.0).round().max(1.0);
            let color = match name {
                "BBR" => "#1b7837",
                "CUBIC" => "#7fbf7b",
                _ => "#999999",
            };
            let _ = writeln!(body, r#"<text x="20" y="{}">{name}</text>"#, y + 11);
            let _ = writeln!(
                body,
                r#"<rect x="80" y="{y}" width="{width}" height="13" fill="{color}"/>"#
            );
            let _ = writeln!(
                body,
                r#"<text x="{}" y="{}">{text}</text>"#,
                86.0 + width,
                y + 11
            );
            y += 16;
        }
        y += 22;
    }
    format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" width="640" height="{y}" font-family="sans-serif" font-size="12">
<rect width="100%" height="100%" fill="white"/>
{body}</svg>
"##
    )
}
