//! What setspn would do, done to entries; and which of its commands may be printed at all.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::judge::oracle::compare::{items, text};
use crate::judge::oracle::directory::{Directory, is_deleted, is_host_name};
use crate::judge::oracle::entries::{Entry, base_name, fold};
use crate::judge::oracle::remedy::{Command, harmless};

/// Reads a printed command; the switches may come in any order.
pub(crate) fn parse(printed: &str) -> Option<Command> {
    let words: Vec<&str> = printed.split(' ').collect();
    let ["setspn", switches @ .., spn, account] = &words[..] else { return None };
    let mut user = false;
    let mut actions = Vec::new();
    for switch in switches {
        match *switch {
            "-U" => user = true,
            "-F" => {}
            "-S" => actions.push(true),
            "-D" => actions.push(false),
            _ => return None,
        }
    }
    let [add] = actions[..] else { return None };
    let forest_wide = switches.contains(&"-F") == add;
    account.split_once('\\')?;
    forest_wide.then(|| Command { add, spn: fold(spn), account: fold(account), user })
}

/// Whether the setspn of Windows 2003 understands a command, and means what is meant.
pub(crate) fn is_of_2003(printed: &str) -> bool {
    let words: Vec<&str> = printed.split(' ').collect();
    let ["setspn", "-A" | "-D", spn, account] = &words[..] else { return false };
    let (class, host) = spn.split_once('/').unwrap_or_default();
    ["smtpsvc", "host"].contains(&fold(class).as_str()) && is_host_name(host) && harmless(account)
}

/// The printed commands of the remedies, with whether they are ready.
pub(crate) fn commands(report: &Value) -> Vec<(String, String, bool)> {
    let mut commands = Vec::new();
    for finding in items(&report["findings"]) {
        for remedy in items(&finding["remedies"]).iter().filter(|remedy| remedy["kind"] == "setspn") {
            let printed = items(&remedy["commands"]);
            let ready = remedy["confirm"].is_null() && !printed.is_empty();
            commands.extend(printed.iter().map(|one| (text(&one["run"]), text(&one["undo"]), ready)));
        }
    }
    commands
}

/// Printed setspn commands, ready or not, that no remedy may contain.
pub(crate) fn unsafe_commands(entries: &[Entry], report: &Value) -> Vec<String> {
    let directory = Directory::of(entries);
    let printed = commands(report).into_iter().flat_map(|(run, undo, _)| [run, undo]);
    let judged = printed.filter_map(|line| objection(&directory, &line).map(|why| format!("{line:?}: {why}")));
    judged.collect::<BTreeSet<_>>().into_iter().collect()
}

fn objection(directory: &Directory, printed: &str) -> Option<&'static str> {
    let Some(command) = parse(printed) else { return Some("is no setspn command") };
    let (netbios, sam) = command.account.split_once('\\').unwrap_or_default();
    let (class, host) = command.spn.split_once('/').unwrap_or_default();
    let stem = if command.user { sam } else { sam.strip_suffix('$').unwrap_or("") };
    if !["smtpsvc", "host"].contains(&class) || !is_host_name(host) {
        return Some("its SPN is not one that is safe to print");
    }
    if !harmless(netbios) || !harmless(stem) || stem.starts_with("$duplicate") {
        return Some("its account is not one that is safe to print");
    }
    let domains: Vec<&str> = directory
        .domains
        .iter()
        .filter(|domain| domain.netbios.as_deref().is_some_and(|other| fold(other) == netbios))
        .map(|domain| domain.domain.as_str())
        .collect();
    let meant: Vec<bool> = directory
        .objects
        .iter()
        .filter(|object| domains.contains(&object.domain.as_str()) && object.is_called(sam))
        .map(|object| object.computer)
        .collect();
    match meant[..] {
        [computer] if computer != command.user => None,
        [_] => Some("takes a user for a computer or the other way round"),
        [] => Some("means no object"),
        _ => Some("means several objects"),
    }
}

/// Entries whose `servicePrincipalName` values setspn can change.
#[derive(Clone)]
pub(crate) struct Forest {
    pub(crate) entries: Vec<Entry>,
    /// Where the object of a folded `domain\\name` stands.
    places: BTreeMap<String, usize>,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Done,
    /// Somebody holds the name already.
    Refused,
    /// The account did not hold it.
    Nothing,
    /// It is no setspn command, or means no object.
    Senseless,
}

impl Forest {
    pub(crate) fn of(entries: Vec<Entry>) -> Self {
        let directory = Directory::of(&entries);
        let places = directory.objects.iter().filter_map(|object| {
            let name = format!("{}\\{}", directory.netbios_of(&object.domain)?, object.sam.as_deref()?);
            let at = entries.iter().position(|entry| fold(&entry.dn) == object.dn)?;
            Some((fold(&name), at))
        });
        Self { places: places.collect(), entries }
    }

    pub(crate) fn run(&mut self, printed: &str) -> Outcome {
        self.change(printed, false)
    }

    /// Takes a command back. No setspn of today makes a duplicate again, so that this one does.
    pub(crate) fn undo(&mut self, printed: &str) {
        self.change(printed, true);
    }

    fn change(&mut self, printed: &str, even_duplicates: bool) -> Outcome {
        let Some(command) = parse(printed) else { return Outcome::Senseless };
        let Some(at) = self.places.get(&command.account).copied() else { return Outcome::Senseless };
        let is_it =
            |(name, value): &(String, Vec<u8>)| is_spn(name) && fold(&String::from_utf8_lossy(value)) == command.spn;
        if !command.add {
            let held = self.entries[at].attributes.iter().position(is_it);
            return held.map_or(Outcome::Nothing, |held| {
                self.entries[at].attributes.remove(held);
                Outcome::Done
            });
        }
        let own = self.entries[at].attributes.iter().any(is_it);
        if own || (!even_duplicates && !self.holders(&command.spn).is_empty()) {
            return Outcome::Refused;
        }
        let spelled = printed.split(' ').rev().nth(1).unwrap_or_default();
        self.entries[at].attributes.push(("servicePrincipalName".to_owned(), spelled.as_bytes().to_vec()));
        Outcome::Done
    }

    /// Folded DNs of the holders of a folded SPN.
    pub(crate) fn holders(&self, spn: &str) -> BTreeSet<String> {
        let holds = |entry: &&Entry| {
            !is_deleted(entry) && entry.values("servicePrincipalName").iter().any(|held| fold(held) == spn)
        };
        self.entries.iter().filter(holds).map(|entry| fold(&entry.dn)).collect()
    }

    /// Every attribute with its values, whatever their order.
    pub(crate) fn state(&self, exact: bool) -> Vec<(&str, Vec<(&str, String)>)> {
        self.entries.iter().map(|entry| (entry.dn.as_str(), sorted(entry, exact))).collect()
    }
}

fn sorted(entry: &Entry, exact: bool) -> Vec<(&str, String)> {
    let spelled = |value: &[u8]| {
        let text = value.escape_ascii().to_string();
        if exact { text } else { fold(&text) }
    };
    let pairs = entry.attributes.iter().map(|(name, value)| (base_name(name), spelled(value)));
    let mut pairs: Vec<(&str, String)> = pairs.collect();
    pairs.sort_unstable();
    pairs
}

fn is_spn(name: &str) -> bool {
    base_name(name) == "servicePrincipalName"
}

#[test]
fn printed_commands_are_read_as_setspn_reads_them() {
    let command = |add, user| Command { add, spn: "host/x".to_owned(), account: "d\\a$".to_owned(), user };
    assert_eq!(parse("setspn -F -S HOST/x D\\A$"), Some(command(true, false)));
    assert_eq!(parse("setspn -U -D HOST/x D\\A$"), Some(command(false, true)));
    for wrong in ["setspn -S HOST/x D\\A$", "setspn -D HOST/x A$", "setspn -F -S HOST/x D\\A$ & calc", "setspn -X"] {
        assert_eq!(parse(wrong), None, "{wrong}");
    }
}
