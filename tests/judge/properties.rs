//! What holds for every directory: properties over generated entries, and over the lab's recordings taken apart and changed.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use crate::support::program;
use crate::support::program::{check, commands, fixtures, is_ready, lab, list, text};
use crate::support::setspn;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use serde_json::Value;
use spn_doctor::directory::dn::Dn;
use spn_doctor::directory::entry::Entry;
use spn_doctor::directory::host::HostName;
use spn_doctor::directory::schema::{Attribute, Purpose};
use spn_doctor::directory::spn::Spn;
use spn_doctor::input::ldif::{LineWatch, Reader, write_entry};
use spn_doctor::input::recording;
use spn_doctor::judge::remedy::setspn::Dialect;
use spn_doctor::report::{Report, Source};

struct Nobody;

impl LineWatch for Nobody {
    fn line(&mut self, _: &[u8]) {}
}

/// The report on recordings, without the process around it.
fn judge(recordings: &[&[u8]]) -> anyhow::Result<Value> {
    judge_for(recordings, Dialect::default())
}

/// The same with commands for one setspn or the other.
fn judge_for(recordings: &[&[u8]], dialect: Dialect) -> anyhow::Result<Value> {
    let folder = tempfile::tempdir()?;
    let paths: Vec<PathBuf> = (0..recordings.len()).map(|number| folder.path().join(number.to_string())).collect();
    for (path, bytes) in paths.iter().zip(recordings) {
        fs::write(path, bytes)?;
    }
    let reading = recording::read(&paths, Purpose::Check)?;
    let directory = recording::directory(reading);
    let report = Report::new(&spn_doctor::judge::judge(&directory), Source::Ldif { files: Vec::new() }, dialect);
    Ok(serde_json::to_value(report)?)
}

/// The lab's entries as the text of single records: without the comments of the tool that recorded them, which say how many there were.
fn lab_records() -> Vec<String> {
    let files = lab("ldbsearch").map(text);
    let records = files.iter().flat_map(|file| file.split("\n\n"));
    let without_comments = |record: &str| -> String {
        record.lines().filter(|line| !line.starts_with('#')).fold(String::new(), |text, line| text + line + "\n") + "\n"
    };
    records.map(without_comments).filter(|record| record.starts_with("dn:")).collect()
}

/// Swaps the case of what is compared without case: all plain values.
fn with_other_case(record: &str) -> String {
    let swap = |c: char| if c.is_ascii_lowercase() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() };
    let mut plain = false;
    let mut lines = Vec::new();
    for line in record.lines() {
        let continues = line.starts_with(' ');
        plain = if continues { plain } else { !line.contains(":: ") && line.contains(": ") && !line.starts_with('#') };
        let from = if continues { 0 } else { line.find(": ").unwrap_or(line.len()) };
        let (name, value) = line.split_at(from);
        lines.push(if plain {
            format!("{name}{}", value.chars().map(swap).collect::<String>())
        } else {
            line.to_owned()
        });
    }
    lines.join("\n") + "\n\n"
}

fn in_lower_case(report: &Value) -> Value {
    serde_json::from_str(&report.to_string().to_lowercase()).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn neither_order_nor_case_nor_split_changes_the_report(
        order in Just(lab_records()).prop_shuffle(),
        swapped in any::<u64>(),
        split in 0_usize..200,
    ) {
        let expected = judge(&[lab_records().concat().as_bytes()]).unwrap();
        let split = split.min(order.len());
        let same = judge(&[order[..split].concat().as_bytes(), order[split..].concat().as_bytes()]).unwrap();
        prop_assert_eq!(&same, &expected);
        let other_case: Vec<String> = order.iter().enumerate().map(|(number, record)| {
            if swapped >> (number % 64) & 1 == 1 { with_other_case(record) } else { record.clone() }
        }).collect();
        let swapped = judge(&[other_case.concat().as_bytes()]).unwrap();
        prop_assert_eq!(in_lower_case(&swapped["servers"]), in_lower_case(&expected["servers"]));
        prop_assert_eq!(&swapped["summary"], &expected["summary"]);
    }

    /// Between two attributes: values of one that differ between two files contradict each other.
    #[test]
    fn an_entry_may_be_split_over_two_files(cut in 1_usize..12) {
        let mut first = String::new();
        let mut second = String::new();
        for record in lab_records() {
            let record = record.trim_end().replace("\n ", "");
            let (dn, rest) = record.split_once('\n').unwrap();
            let lines: Vec<&str> = rest.lines().collect();
            let name = |at: usize| lines[at].split(':').next();
            let between = |at: &usize| name(*at) != name(*at - 1);
            let cut = (cut.min(lines.len())..lines.len()).find(between).unwrap_or(lines.len());
            first += &[dn, "\n", lines[..cut].join("\n").as_str(), "\n\n"].concat();
            second += &[dn, "\n", lines[cut..].join("\n").as_str(), "\n\n"].concat();
        }
        let expected = judge(&[lab_records().concat().as_bytes()]).unwrap();
        prop_assert_eq!(&expected["verdict"], "findings");
        prop_assert_eq!(&judge(&[first.as_bytes(), second.as_bytes()]).unwrap(), &expected);
        prop_assert_eq!(&judge(&[second.as_bytes(), first.as_bytes()]).unwrap(), &expected);
    }
}

proptest! {
    #[test]
    fn what_is_written_as_ldif_is_read_back(values in prop::collection::vec(".*", 0..6), name in ".+") {
        let escaped = name.bytes().fold(String::new(), |escaped, byte| format!("{escaped}\\{byte:02x}"));
        let mut entry = Entry::new(Dn::parse(&format!("CN={escaped},DC=contoso,DC=com")).unwrap());
        for value in values.iter().filter(|value| !value.is_empty()) {
            entry.add("servicePrincipalName", value.as_bytes());
        }
        let mut ldif = Vec::new();
        write_entry(&mut ldif, &entry).unwrap();
        prop_assert!(ldif.split(|byte| *byte == b'\n').all(|line| line.len() <= 76));
        let mut nobody = Nobody;
        let read = Reader::new(ldif.as_slice(), &mut nobody).unwrap().next_entry().unwrap().unwrap();
        prop_assert_eq!(read.dn.as_str(), entry.dn.as_str());
        prop_assert_eq!(read.dn.name(), name);
        prop_assert!(read.values(Attribute::ServicePrincipalName).eq(entry.values(Attribute::ServicePrincipalName)));
    }

    #[test]
    fn an_spn_prints_as_its_parts(host in "[a-zA-Z0-9_.-]{1,30}", port in prop::option::of(1_u16..), name in prop::option::of("[a-z.]{1,10}")) {
        let port_text = port.map_or(String::new(), |port| format!(":{port}"));
        let name_text = name.as_ref().map_or(String::new(), |name| format!("/{name}"));
        let spn = Spn::held(&format!("SMTPSVC/{host}{port_text}{name_text}"));
        let parts = spn.parts().unwrap();
        prop_assert_eq!((parts.class, parts.host, parts.port, parts.name), ("SMTPSVC", host.as_str(), port, name.as_deref()));
        prop_assert_eq!(spn.clone(), Spn::held(&spn.as_str().to_uppercase()));
        if let Ok(host) = HostName::parse(&host) {
            prop_assert_eq!(spn == Spn::smtpsvc(&host), port.is_none() && name.is_none());
        }
    }

    #[test]
    fn the_quick_key_of_a_name_is_its_key(name in "((CN|ou|dc|O)=[ -~]{0,8},?){1,4}|.{0,20}") {
        let mut key = Vec::new();
        if Dn::plain_key(name.as_bytes(), &mut key) {
            let parsed = Dn::parse(&name).unwrap();
            prop_assert_eq!(parsed.key().as_bytes(), key);
        }
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = judge(&[&bytes]);
    }

    #[test]
    fn arbitrary_values_never_panic(values in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), Attribute::ALL.len())) {
        let mut recording = Vec::new();
        for (number, class) in ["msExchExchangeServer", "protocolCfgSMTPServer", "computer", "crossRef", "msExchSmtpReceiveConnector", "msExchRoutingSMTPConnector"].iter().enumerate() {
            let above = if number == 1 { "CN=x,CN=0," } else { "" };
            let name = format!("dn: {above}CN={},DC=contoso\nobjectClass: {class}\n", number % 3);
            recording.extend_from_slice(name.replace("CN=1,", "").as_bytes());
            for (attribute, value) in Attribute::ALL.iter().zip(&values) {
                let value = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, value);
                recording.extend_from_slice(format!("{}:: {value}\n", attribute.name()).as_bytes());
            }
            recording.push(b'\n');
        }
        judge(&[&recording]).unwrap();
    }

    #[test]
    fn a_damaged_recording_never_panics(at in 0_usize..4000, byte in any::<u8>(), cut in prop::bool::ANY) {
        let mut bytes = text("fixtures/kb914137.ldif").into_bytes();
        let at = at % bytes.len();
        if cut { bytes.truncate(at); } else { bytes[at] = byte; }
        let _ = judge(&[&bytes]);
    }
}

/// A recording with ready remedies, and the report on it.
struct Case {
    name: String,
    recording: setspn::Recording,
    report: Value,
    dialect: Dialect,
}

static CASES: LazyLock<Vec<Case>> = LazyLock::new(cases);

/// Every fixture there is that has ready setspn remedies, for both kinds of setspn.
fn cases() -> Vec<Case> {
    let single = |folder| fixtures(folder).into_iter().map(|path| (path.display().to_string(), vec![path]));
    let mut fixtures: Vec<(String, Vec<PathBuf>)> = single("codes").chain(single("odd")).collect();
    fixtures.push(("kb914137".to_owned(), vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/kb914137.ldif")]));
    fixtures.push((
        "lab".to_owned(),
        lab("ldbsearch").map(|path| Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).to_vec(),
    ));
    fixtures.extend(program::cases().into_iter().map(|case| (case.name, case.files)));
    let with_both = |fixture| [Dialect::Server2008, Dialect::Server2003].map(|dialect| (dialect, fixture));
    fixtures.iter().flat_map(with_both).filter_map(|(dialect, (name, files))| case(name, files, dialect)).collect()
}

fn case(name: &str, files: &[PathBuf], dialect: Dialect) -> Option<Case> {
    let bytes: Vec<Vec<u8>> = files.iter().map(|path| fs::read(path).unwrap()).collect();
    let parts: Vec<&[u8]> = bytes.iter().map(Vec::as_slice).collect();
    let report = judge_for(&parts, dialect).ok()?;
    let has_one = |finding: &Value| ready(finding).next().is_some();
    if !list(&report["findings"]).any(has_one) {
        return None;
    }
    let recording = setspn::Recording::read(&bytes);
    let again = judge_for(&[&recording.ldif()], dialect).unwrap();
    assert_eq!((&again["servers"], &again["findings"]), (&report["servers"], &report["findings"]), "{name}");
    Some(Case { name: format!("{name}, {dialect:?}"), recording, report, dialect })
}

/// The remedies of a finding that change SPNs and may be run unasked.
fn ready(finding: &Value) -> impl Iterator<Item = &Value> {
    list(&finding["remedies"]).filter(|remedy| remedy["kind"] == "setspn" && is_ready(remedy))
}

impl Case {
    /// What its ready remedies run, and the undo of each, in the order in which they are printed.
    fn commands(&self) -> Vec<(String, String)> {
        let remedies = list(&self.report["findings"]).flat_map(ready);
        remedies.flat_map(|remedy| commands(remedy, "run").into_iter().zip(commands(remedy, "undo"))).collect()
    }

    /// The accounts of servers with the names that they require and hold.
    fn held(&self) -> Vec<(&str, &str)> {
        let mut all = Vec::new();
        for server in list(&self.report["servers"]) {
            let held =
                list(&server["spns"]).filter(|spn| spn["status"] == "registered" || spn["status"] == "duplicate");
            let account = server["account"]["dn"].as_str();
            all.extend(held.map(|spn| (account.unwrap(), spn["spn"].as_str().unwrap())));
        }
        // Where HOST stands for SMTPSVC, a name may be held without being there.
        all.retain(|(account, spn)| self.recording.holds(account, spn));
        all
    }

    /// Runs commands one after the other. At no moment a server is without a name that it requires and had, or a name is held by two
    /// that was not.
    fn run<'a>(&self, commands: impl IntoIterator<Item = &'a str>) -> setspn::Recording {
        let held = self.held();
        let mut changed = self.recording.clone();
        for command in commands {
            changed.run(command);
            for (account, spn) in &held {
                assert!(changed.holds(account, spn), "{}: {account} lost {spn} by {command}", self.name);
            }
            let spn = setspn::Command::read(command).spn;
            let (before, now) = (self.recording.holders(spn), changed.holders(spn));
            assert!(now <= before.max(1), "{}: {now} objects hold {spn} after {command}", self.name);
        }
        changed
    }
}

/// The ids of findings, of all or of the errors.
fn ids(report: &Value, wanted: impl Fn(&Value) -> bool) -> BTreeSet<String> {
    list(&report["findings"]).filter(|one| wanted(one)).map(|one| one["id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn the_ready_commands_in_their_order_cure_what_they_claim_and_nothing_new_is_wrong() {
    let mut cured = 0;
    for case in CASES.iter() {
        let mut changed = case.recording.clone();
        for (command, _) in case.commands() {
            assert!(changed.run(&command), "{}: {command} is refused", case.name);
        }
        let after = judge_for(&[&changed.ldif()], case.dialect).unwrap();
        let claimed = ids(&case.report, |finding| ready(finding).next().is_some());
        let left: BTreeSet<String> = ids(&after, |_| true).intersection(&claimed).cloned().collect();
        assert!(left.is_empty(), "{}: {left:?} are still there", case.name);
        let is_error = |finding: &Value| finding["severity"] == "error";
        let new: BTreeSet<String> = ids(&after, is_error).difference(&ids(&case.report, is_error)).cloned().collect();
        assert!(new.is_empty(), "{}: {new:?} are new", case.name);
        assert_ne!(after["verdict"], "incomplete", "{}", case.name);
        cured += claimed.len();
    }
    println!("{cured} findings cured in {} recordings", CASES.len());
    assert!(CASES.len() > 60 && cured > 100, "only {cured} findings in {} recordings", CASES.len());
}

#[test]
fn the_undo_of_ready_commands_in_reverse_order_restores_the_values() {
    for case in CASES.iter() {
        let commands = case.commands();
        let mut changed = case.run(commands.iter().map(|(command, _)| command.as_str()));
        assert_ne!(changed.values(), case.recording.values(), "{}", case.name);
        for (_, undo) in commands.iter().rev() {
            // A duplicate does not come back by setspn: domain controllers refuse it, which the advice says.
            assert!(changed.force(undo), "{}: {undo}", case.name);
        }
        assert_eq!(changed.values(), case.recording.values(), "{}", case.name);
    }
}

/// Whoever runs only some of the commands, or in another order than they are printed, breaks nothing.
#[test]
fn ready_commands_in_any_order_and_any_part_of_them_take_nothing_away_and_double_nothing() {
    for case in CASES.iter() {
        let commands: Vec<String> = case.commands().into_iter().map(|(command, _)| command).collect();
        let some = prop::collection::vec(prop::bool::weighted(0.8), commands.len());
        let strategy = (Just(commands).prop_shuffle(), some);
        let mut runner =
            TestRunner::new(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() });
        let result = runner.run(&strategy, |(shuffled, some)| {
            case.run(shuffled.iter().zip(some).filter(|(_, is_run)| *is_run).map(|(command, _)| command.as_str()));
            Ok(())
        });
        result.unwrap_or_else(|error| panic!("{}: {error}", case.name));
    }
}

#[test]
fn every_recording_of_the_fixtures_is_judged_or_refused_but_never_panics() {
    let single = ["codes", "clean", "lab", "odd"].into_iter().flat_map(fixtures).map(|path| vec![path]);
    for files in single.chain(program::cases().into_iter().map(|case| case.files)) {
        let run = check(&files);
        assert!(!run.stderr.contains("internal error"), "{files:?}: {}", run.stderr);
    }
}
