//! The table in the README that says how much is tried: what the tests try is held against it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests stop at the first surprise")]

use std::path::Path;

/// The number of the row that begins so: what is tried each time, or where nothing is left out.
fn number(row: &str, in_full: bool) -> usize {
    let readme = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let beginning = format!("| {row}");
    let mut rows = readme.lines().filter(|line| line.starts_with(&beginning));
    let (Some(found), None) = (rows.next(), rows.next()) else { panic!("the README has not one row {row:?}") };
    let number = found.split('|').nth(if in_full { 3 } else { 2 }).unwrap().replace(',', "");
    number
        .split_whitespace()
        .next()
        .unwrap_or_default()
        .parse()
        .unwrap_or_else(|_| panic!("{number:?} of {row:?} is no number"))
}

/// Fails where fewer were tried than the README says.
pub(crate) fn at_least(row: &str, tried: usize, in_full: bool) {
    let promised = number(row, in_full);
    assert!(tried >= promised, "the README promises {promised} of {row:?}; only {tried} were tried");
}
