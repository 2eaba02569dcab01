//! Random Exchange organisations, recorded as LDIF in every style, judged twice: by the program
//! and by an oracle written from its promise alone.
//!
//! `SPN_DOCTOR_ORGS` is the number of organisations (300), `SPN_DOCTOR_SEED` the first seed (0),
//! `SPN_DOCTOR_LEAVE_OUT` a comma-separated list of open questions whose organisations are left out.

#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "helpers of tests may stop at the first surprise")]

mod compare;
mod echo;
mod entries;
mod generate;
mod judge;
mod ldif;
mod model;
mod program;
#[path = "../common/promised.rs"]
mod promised;
mod rng;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use judge::Judgement;
use ldif::Recording;
use rng::Rng;
use serde_json::Value;

const CODES: [&str; 14] = [
    "missing-spn",
    "missing-host-spn",
    "misplaced-spn",
    "duplicate-spn",
    "shared-fqdn",
    "no-computer-account",
    "ambiguous-computer-account",
    "disabled-account",
    "invalid-fqdn",
    "exchange-auth-fqdn",
    "host-name-mismatch",
    "malformed-spn",
    "unused-spn",
    "orphan-endpoint",
];
const STATUSES: [&str; 6] = ["registered", "missing", "misplaced", "duplicate", "shared", "unresolved"];
const VERDICTS: [&str; 3] = ["healthy", "findings", "incomplete"];
const DEFAULT_ORGS: u64 = 300;
const MISMATCHES_PRINTED: usize = 10;

#[test]
fn the_program_judges_random_organisations_as_the_oracle_does() {
    let seeds = seeds().collect::<Vec<_>>();
    let failures = in_parallel(&seeds, |seed| compare(seed).err());
    let shown = failures.iter().take(MISMATCHES_PRINTED).cloned().collect::<Vec<_>>().join("\n");
    assert!(failures.is_empty(), "{} organisations are judged differently\n{shown}", failures.len());
    println!("{} organisations", seeds.len());
    if std::env::var_os("SPN_DOCTOR_ORGS").is_none() {
        promised::at_least("random organisations", seeds.len(), false);
    }
}

#[test]
fn the_default_organisations_cover_every_code_status_and_verdict() {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for seed in 0..DEFAULT_ORGS {
        for item in covered(&judge::judge(&generate::organisation(seed))) {
            *counts.entry(item).or_default() += 1;
        }
    }
    println!("{counts:#?}");
    for item in CODES.iter().chain(&STATUSES).chain(&VERDICTS) {
        let count = counts.get(*item).copied().unwrap_or_default();
        assert!(count >= 5, "only {count} organisations have {item}");
    }
}

#[test]
fn a_seed_always_names_the_same_recording() {
    for seed in 0..20 {
        let bytes = || recordings(seed).iter().map(Recording::bytes).collect::<Vec<_>>();
        assert_eq!(bytes(), bytes());
    }
}

fn covered(judgement: &Judgement) -> Vec<String> {
    let codes = judgement.findings.iter().map(|finding| finding.code);
    let severities = judgement.findings.iter().map(|finding| finding.severity);
    let statuses = judgement.servers.values().flat_map(|server| server.spns.values().map(|spn| spn.status));
    let commands = judgement.findings.iter().filter(|f| !f.commands_2008.is_empty()).map(|_| "with commands");
    let questions = judgement.open_questions.iter().copied();
    let items = codes.chain(severities).chain(statuses).chain(commands).chain(questions).chain([judgement.verdict]);
    let mut items: Vec<String> = items.map(str::to_owned).collect();
    items.push(format!("exit {}", judgement.exit));
    items.sort();
    items.dedup();
    items
}

fn seeds() -> impl Iterator<Item = u64> {
    let number = |name: &str, default| std::env::var(name).ok().and_then(|n| n.parse().ok()).unwrap_or(default);
    let first = number("SPN_DOCTOR_SEED", 0);
    first..first + number("SPN_DOCTOR_ORGS", DEFAULT_ORGS)
}

/// What `judge` has to say about the seeds, in their order.
fn in_parallel<T: Send>(seeds: &[u64], judge: impl Fn(u64) -> Option<T> + Sync) -> Vec<T> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let chunks = seeds.chunks(seeds.len().div_ceil(threads).max(1));
    std::thread::scope(|scope| {
        let work = |chunk: &[u64]| chunk.iter().filter_map(|seed| judge(*seed)).collect::<Vec<_>>();
        let workers: Vec<_> = chunks.map(|chunk| scope.spawn(move || work(chunk))).collect();
        workers.into_iter().flat_map(|worker| worker.join().expect("no comparison panics")).collect()
    })
}

fn left_out(judgement: &Judgement) -> bool {
    let questions = std::env::var("SPN_DOCTOR_LEAVE_OUT").unwrap_or_default();
    questions.split(',').any(|question| judgement.open_questions.contains(question))
}

/// Judges the organisation of a seed twice; the recording stays where it is if that differs.
fn compare(seed: u64) -> Result<(), String> {
    let expected = judge::judge(&generate::organisation(seed));
    if left_out(&expected) {
        return Ok(());
    }
    let folder = std::env::temp_dir().join(format!("spn-doctor-oracle-{}-{seed}", std::process::id()));
    let differences = differences(seed, &expected, &folder);
    if differences.is_empty() {
        fs::remove_dir_all(&folder).expect("the folder can be removed");
        return Ok(());
    }
    let questions = &expected.open_questions;
    Err(format!("seed {seed}, {}, open questions {questions:?}\n  {}", folder.display(), differences.join("\n  ")))
}

fn differences(seed: u64, expected: &Judgement, folder: &Path) -> Vec<String> {
    let mut recordings = recordings(seed);
    let files = write(&recordings, folder);
    let answer = program::check(&files, "2008");
    let Ok(report) = serde_json::from_slice::<Value>(&answer.stdout) else {
        return vec![format!("no JSON, exit {:?}, {}", answer.exit, answer.stderr)];
    };
    let mut found = compare::differences(expected, answer.exit, &report);
    found.extend(compare::command_differences(expected, |finding| &finding.commands_2008, &report));

    reorder(&mut recordings, seed);
    let files = write(&recordings, &folder.join("reordered"));
    let reordered = program::check(&files, "2008").stdout;
    if without_source(&reordered) != without_source(&answer.stdout) {
        found.push("another order of the same data gives another report".to_owned());
    }
    let old = serde_json::from_slice(&program::check(&files, "2003").stdout).unwrap_or_default();
    found.extend(compare::command_differences(expected, |finding| &finding.commands_2003, &old));
    found
}

fn recordings(seed: u64) -> Vec<Recording> {
    let mut rng = Rng::new(seed ^ 0x5eed_5eed_5eed_5eed);
    let entries = entries::entries(&generate::organisation(seed), &mut rng);
    ldif::record(entries, &mut rng)
}

fn reorder(recordings: &mut [Recording], seed: u64) {
    let mut rng = Rng::new(!seed);
    rng.shuffle(recordings);
    for recording in recordings {
        recording.shuffle(&mut rng);
    }
}

fn write(recordings: &[Recording], folder: &Path) -> Vec<PathBuf> {
    fs::create_dir_all(folder).expect("a folder can be made");
    let mut files = Vec::new();
    for (number, recording) in recordings.iter().enumerate() {
        let file = folder.join(format!("part{number}.ldif"));
        fs::write(&file, recording.bytes()).expect("a file can be written");
        files.push(file);
    }
    files
}

/// The report but for the names of the files, which differ between the two orders.
fn without_source(report: &[u8]) -> String {
    let text = String::from_utf8_lossy(report).into_owned();
    text.replace("/reordered", "")
}
