//! The table in CONTRIBUTING.md that says how much is tried: what the tests try is held against it.

use std::path::Path;

/// The number of the row that begins so: what is tried each time, or where nothing is left out.
fn number(row: &str, in_full: bool) -> usize {
    let guide = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(".github/CONTRIBUTING.md")).unwrap();
    let beginning = format!("| {row}");
    let mut rows = guide.lines().filter(|line| line.starts_with(&beginning));
    let (Some(found), None) = (rows.next(), rows.next()) else { panic!("CONTRIBUTING.md has not one row {row:?}") };
    let number = found.split('|').nth(if in_full { 3 } else { 2 }).unwrap().replace(',', "");
    number
        .split_whitespace()
        .next()
        .unwrap_or_default()
        .parse()
        .unwrap_or_else(|_| panic!("{number:?} of {row:?} is no number"))
}

/// Fails where fewer were tried than CONTRIBUTING.md says.
pub(crate) fn at_least(row: &str, tried: usize, in_full: bool) {
    let promised = number(row, in_full);
    assert!(tried >= promised, "CONTRIBUTING.md promises {promised} of {row:?}; only {tried} were tried");
}
