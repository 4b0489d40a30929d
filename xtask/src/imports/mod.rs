//! No circle of imports among the files of a tree, in any language: who reads one file can stop at
//! those that it names (docs/architecture.md).

mod javascript;
mod python;
mod rust;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::Report;
use crate::tree::Tree;

/// Who imports whom, and in which line.
#[derive(Debug, Default)]
struct Graph(BTreeMap<String, BTreeMap<String, usize>>);

impl Graph {
    /// `from` imports `to`; importing oneself is no import.
    fn add(&mut self, from: &str, to: &str, line: usize) {
        if from != to {
            let targets = self.0.entry(from.to_owned()).or_default();
            targets.entry(to.to_owned()).or_insert(line);
        }
    }

    fn targets(&self, from: &str) -> impl Iterator<Item = (&str, usize)> {
        let targets = self.0.get(from).into_iter().flatten();
        targets.map(|(to, line)| (to.as_str(), *line))
    }

    /// The shortest way from a file back to itself: each file with the line of its import.
    fn circle_at<'a>(&'a self, start: &'a str) -> Option<Vec<(&'a str, usize)>> {
        let mut came_from: BTreeMap<&str, (&str, usize)> = BTreeMap::new();
        let mut queue = VecDeque::from([start]);
        while let Some(file) = queue.pop_front() {
            for (next, line) in self.targets(file) {
                if came_from.contains_key(next) {
                    continue;
                }
                came_from.insert(next, (file, line));
                if next == start {
                    return Some(way_back(&came_from, start));
                }
                queue.push_back(next);
            }
        }
        None
    }

    /// One circle for each group of files that reach each other.
    fn circles(&self) -> Vec<Vec<(&str, usize)>> {
        let mut told = BTreeSet::new();
        let mut circles = Vec::new();
        for file in self.0.keys() {
            if told.contains(file.as_str()) {
                continue;
            }
            if let Some(circle) = self.circle_at(file) {
                told.extend(circle.iter().map(|(file, _)| *file));
                circles.push(circle);
            }
        }
        circles
    }
}

fn way_back<'a>(
    came_from: &BTreeMap<&'a str, (&'a str, usize)>,
    start: &'a str,
) -> Vec<(&'a str, usize)> {
    let mut way = Vec::new();
    let mut at = start;
    while let Some((before, line)) = came_from.get(at) {
        way.push((*before, *line));
        at = before;
        if at == start {
            break;
        }
    }
    way.reverse();
    way
}

pub(crate) fn check(tree: &Tree, report: &mut Report) {
    let mut graph = Graph::default();
    rust::add(tree, &mut graph);
    python::add(tree, &mut graph);
    javascript::add(tree, &mut graph);
    for circle in graph.circles() {
        let mut text: Vec<String> = circle
            .iter()
            .map(|(file, line)| format!("{file}:{line}"))
            .collect();
        text.extend(circle.first().map(|(file, _)| (*file).to_owned()));
        report
            .errors
            .push(format!("a circle of imports: {}", text.join(" → ")));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::SourceFile;

    /// The circles that are reported in a tree of these files.
    pub(super) fn circles(files: &[(&str, &str)]) -> Vec<String> {
        let file = |(path, text): &(&str, &str)| SourceFile {
            path: (*path).to_owned(),
            text: (*text).to_owned(),
        };
        let tree = Tree {
            root: ".".into(),
            files: files.iter().map(file).collect(),
        };
        let mut report = Report::default();
        check(&tree, &mut report);
        report.errors
    }

    #[test]
    fn the_shortest_circle_of_a_group_is_told_once() {
        let mut graph = Graph::default();
        for (from, to) in [
            ("a", "b"),
            ("b", "c"),
            ("c", "a"),
            ("b", "a"),
            ("d", "a"),
            ("e", "e"),
        ] {
            graph.add(from, to, 7);
        }
        assert_eq!(graph.circles()[0], [("a", 7), ("b", 7)]);
        assert!(graph.circle_at("d").is_none());
        assert!(graph.circle_at("e").is_none());
    }
}
