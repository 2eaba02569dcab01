//! What the ready commands do to an organisation, judged by the program's own reports alone:
//! they take nothing away that is needed, make no duplicate, cure what they say, and can be undone.

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;

use crate::judge::oracle::compare::{Key, items, key_of, text};
use crate::judge::oracle::entries::{Entry, fold};
use crate::judge::oracle::generate::{Organisation, organisation};
use crate::judge::oracle::ldif::record;
use crate::judge::oracle::setspn::{Forest, Outcome, commands};
use crate::judge::oracle::{echo, folder, in_parallel, judged, seeds, write};
use crate::support::chance::Chance;
use crate::support::program::check;

/// Who says what may be run.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Adviser {
    Program,
    /// Spells everything in lower case.
    Oracle,
}

#[test]
fn ready_commands_do_what_they_promise_and_no_harm() {
    let seeds = seeds().collect::<Vec<_>>();
    let failures = in_parallel(&seeds, |seed| broken(seed, Adviser::Program).err());
    let shown = failures.iter().take(10).cloned().collect::<Vec<_>>().join("\n");
    assert!(failures.is_empty(), "{} organisations are harmed\n{shown}", failures.len());
}

#[test]
fn what_the_oracle_expects_to_be_ready_does_no_harm_either() {
    let seeds = seeds().collect::<Vec<_>>();
    let failures = in_parallel(&seeds, |seed| broken(seed, Adviser::Oracle).err());
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

fn broken(seed: u64, adviser: Adviser) -> Result<(), String> {
    let organisation = organisation(seed);
    let Some(report) = adviser.report(&organisation, seed, "before") else {
        return Err(format!("seed {seed}: no report of schema version 2"));
    };
    let ready: Vec<(String, String)> =
        commands(&report).into_iter().filter(|(_, _, ready)| *ready).map(|(run, undo, _)| (run, undo)).collect();
    let start = Forest::of(plain(&organisation.entries));
    let harm = harms(seed, &start, &report, &ready);
    let cure = cures(seed, &start, &report, &ready, &organisation, adviser);
    harm.and(cure).map_err(|wrong| format!("seed {seed}: {wrong}"))
}

/// The entries without what ranges do to names of attributes.
fn plain(entries: &[Entry]) -> Vec<Entry> {
    let named = |entry: &Entry| {
        let mut entry = entry.clone();
        for (name, _) in &mut entry.attributes {
            *name = crate::judge::oracle::entries::base_name(name).to_owned();
        }
        entry
    };
    entries.iter().map(named).collect()
}

impl Adviser {
    fn report(self, organisation: &Organisation, seed: u64, purpose: &str) -> Option<Value> {
        if self == Self::Oracle {
            return Some(echo::report(&judged(organisation)));
        }
        let folder = folder(purpose, seed);
        let files = write(&record(organisation, &mut Chance::new(seed)), &folder);
        let report: Option<Value> = serde_json::from_str(&check(&files).stdout).ok();
        fs::remove_dir_all(folder).expect("the folder can be removed");
        report.filter(|report| report["schema_version"] == 2)
    }
}

/// Folded SPNs that are registered for a server, each with the folded DN of the account.
fn registered(report: &Value) -> BTreeSet<(String, String)> {
    let mut registered = BTreeSet::new();
    for server in items(&report["servers"]) {
        let account = fold(&text(&server["account"]["dn"]));
        for spn in items(&server["spns"]).iter().filter(|spn| spn["status"] == "registered") {
            registered.insert((fold(&text(&spn["spn"])), account.clone()));
        }
    }
    registered
}

/// All of them in order, all at random, and any half of them.
fn harms(seed: u64, start: &Forest, report: &Value, ready: &[(String, String)]) -> Result<(), String> {
    let mut rng = Chance::new(seed ^ 0x0dd5);
    let mut orders = vec![ready.to_vec()];
    for share in [100, 50, 50] {
        let mut order = ready.to_vec();
        rng.shuffle(&mut order);
        order.retain(|_| rng.percent(share));
        orders.push(order);
    }
    // `HOST` may stand for the name, which the entries alone do not show.
    let needed: Vec<(String, String)> =
        registered(report).into_iter().filter(|(spn, account)| start.holders(spn).contains(account)).collect();
    for order in orders {
        let mut forest = start.clone();
        for (run, _) in &order {
            let before = holders_of(&forest, run);
            if forest.run(run) == Outcome::Senseless {
                return Err(format!("{run} means nothing"));
            }
            if holders_of(&forest, run) > before.max(1) {
                return Err(format!("{run} makes a duplicate"));
            }
            if let Some((spn, _)) = needed.iter().find(|(spn, account)| !forest.holders(spn).contains(account)) {
                return Err(format!("{run} takes away {spn}"));
            }
        }
    }
    Ok(())
}

fn holders_of(forest: &Forest, run: &str) -> usize {
    let spn = run.split(' ').rev().nth(1).unwrap_or_default();
    forest.holders(&fold(spn)).len()
}

fn cures(
    seed: u64,
    start: &Forest,
    before: &Value,
    ready: &[(String, String)],
    organisation: &Organisation,
    adviser: Adviser,
) -> Result<(), String> {
    if ready.is_empty() {
        return Ok(());
    }
    let mut forest = start.clone();
    for (run, _) in ready {
        let outcome = forest.run(run);
        if outcome == Outcome::Refused {
            return Err(format!("{run} is refused in the printed order"));
        }
    }
    let cured = Organisation { entries: forest.entries.clone(), fault: organisation.fault.clone() };
    let after = adviser.report(&cured, seed, "after").ok_or("no report afterwards")?;
    let still: BTreeSet<Key> = items(&after["findings"]).iter().map(key_of).collect();
    let cured = |finding: &&Value| is_all_ready(finding) && still.contains(&key_of(finding));
    if let Some(finding) = items(&before["findings"]).iter().find(cured) {
        return Err(format!("{} is still there", finding["id"]));
    }
    // A name that comes to its owner makes it worse that others announce it: such a finding is
    // older than the commands, and only its severity is new.
    let known: BTreeSet<Key> = items(&before["findings"]).iter().map(key_of).collect();
    if let Some(error) = errors(&after).difference(&known).next().filter(|_| !share_a_name(before)) {
        return Err(format!("{error:?} is new"));
    }
    for (_, undo) in ready.iter().rev() {
        forest.undo(undo);
    }
    let exact = adviser == Adviser::Program;
    if forest.state(exact) == start.state(exact) {
        return Ok(());
    }
    Err("the undo commands do not restore everything".to_owned())
}

/// Whether two servers have one FQDN: then a mark that one account gains counts for both.
fn share_a_name(report: &Value) -> bool {
    let fqdns: Vec<String> =
        items(&report["servers"]).iter().filter_map(|server| server["fqdn"].as_str()).map(fold).collect();
    fqdns.iter().collect::<BTreeSet<_>>().len() < fqdns.len()
}

fn errors(report: &Value) -> BTreeSet<Key> {
    let errors = items(&report["findings"]).iter().filter(|finding| finding["severity"] == "error");
    errors.map(key_of).collect()
}

/// Whether the setspn remedies of a finding are all ready, and there is one.
fn is_all_ready(finding: &Value) -> bool {
    let remedies = || items(&finding["remedies"]).iter().filter(|remedy| remedy["kind"] == "setspn");
    let ready = |remedy: &Value| remedy["confirm"].is_null() && !items(&remedy["commands"]).is_empty();
    remedies().next().is_some() && remedies().all(ready)
}
