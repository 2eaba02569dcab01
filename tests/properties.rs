//! What holds for every directory: properties over generated entries, and over the lab's recordings taken apart and changed.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests stop at the first surprise")]

mod common;
mod setspn;

use std::fs;
use std::path::PathBuf;

use common::{check, fixtures, lab, text};
use proptest::prelude::*;
use serde_json::Value;
use spn_doctor::input::ldif::{LineWatch, Reader, write_entry};
use spn_doctor::input::recording;
use spn_doctor::model::directory::Directory;
use spn_doctor::model::dn::Dn;
use spn_doctor::model::entry::Entry;
use spn_doctor::model::schema::Attribute;
use spn_doctor::model::spn::Spn;
use spn_doctor::remedy::setspn::Dialect;
use spn_doctor::report::{Report, Source};

struct Nobody;

impl LineWatch for Nobody {
    fn line(&mut self, _: &[u8]) {}
}

/// The report on recordings, without the process around it.
fn judge(recordings: &[&[u8]]) -> anyhow::Result<Value> {
    let folder = tempfile::tempdir()?;
    let paths: Vec<PathBuf> = (0..recordings.len()).map(|number| folder.path().join(number.to_string())).collect();
    for (path, bytes) in paths.iter().zip(recordings) {
        fs::write(path, bytes)?;
    }
    let reading = recording::read(&paths)?;
    let report = Report::new(&Directory::new(&reading), Source::Ldif { files: Vec::new() }, Dialect::default());
    Ok(serde_json::to_value(report)?)
}

/// The lab's entries as the text of single records.
fn lab_records() -> Vec<String> {
    let files = lab("ldapsearch").map(text);
    let records = files.iter().flat_map(|file| file.split("\n\n"));
    records.filter(|record| record.contains("dn:")).map(|record| format!("{record}\n\n")).collect()
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

    #[test]
    fn an_entry_may_be_split_over_two_files(cut in 1_usize..12) {
        let mut first = String::new();
        let mut second = String::new();
        for record in lab_records() {
            let mut lines = record.trim_end().lines().filter(|line| !line.starts_with('#')).peekable();
            let mut dn = lines.next().unwrap().to_owned() + "\n";
            while lines.peek().is_some_and(|line| line.starts_with(' ')) {
                dn += lines.next().unwrap();
                dn += "\n";
            }
            let lines: Vec<&str> = lines.collect();
            let cut = (cut.min(lines.len())..lines.len()).find(|at| !lines[*at].starts_with(' ')).unwrap_or(lines.len());
            first += &[&dn, lines[..cut].join("\n").as_str(), "\n\n"].concat();
            second += &[&dn, lines[cut..].join("\n").as_str(), "\n\n"].concat();
        }
        let expected = judge(&[lab_records().concat().as_bytes()]).unwrap();
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
        prop_assert_eq!(spn == Spn::smtpsvc(&host), port.is_none() && name.is_none());
    }

    #[test]
    fn the_quick_key_of_a_name_is_its_key(name in "((CN|ou|dc|O)=[ -~]{0,8},?){1,4}|.{0,20}") {
        let mut key = String::new();
        if Dn::plain_key(name.as_bytes(), &mut key) {
            let parsed = Dn::parse(&name).unwrap();
            prop_assert_eq!(parsed.key(), key.as_str());
        }
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = judge(&[&bytes]);
    }

    #[test]
    fn arbitrary_values_never_panic(values in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 22)) {
        let mut recording = Vec::new();
        for (number, class) in ["msExchExchangeServer", "protocolCfgSMTPServer", "computer", "crossRef"].iter().enumerate() {
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

/// The recordings whose findings are to be put right, as one text each.
fn cases() -> Vec<String> {
    let mut cases: Vec<String> = fixtures("codes").iter().map(text).collect();
    cases.push(text("fixtures/kb914137.ldif"));
    cases.push(lab_records().concat());
    cases
}

fn keys(report: &Value) -> Vec<String> {
    let key = |finding: &Value| format!("{} {} {}", finding["code"], finding["servers"], finding["spn"]);
    report["findings"].as_array().unwrap().iter().map(key).collect()
}

#[test]
fn the_commands_of_a_finding_remove_it_and_add_none_and_their_undo_restores_the_data() {
    let mut cured = 0;
    for case in cases() {
        let before = setspn::Recording::read(&case);
        let report = judge(&[before.to_string().as_bytes()]).unwrap();
        let findings = report["findings"].as_array().unwrap();
        for (finding, key) in findings.iter().zip(keys(&report)) {
            let commands = finding["remedy"]["commands"].as_array().unwrap();
            if commands.is_empty() {
                continue;
            }
            let mut changed = before.clone();
            for command in commands {
                changed.run(command["run"].as_str().unwrap());
            }
            let after = judge(&[changed.to_string().as_bytes()]).unwrap();
            let mut expected = keys(&report);
            expected.retain(|other| *other != key);
            assert_eq!(keys(&after), expected, "after {commands:?}");
            for command in commands.iter().rev() {
                changed.run(command["undo"].as_str().unwrap());
            }
            assert_eq!(changed.values(), before.values(), "after the undo of {commands:?}");
            cured += 1;
        }
    }
    assert!(cured > 10, "only {cured} findings had commands");
}

#[test]
fn every_recording_of_the_fixtures_is_judged_or_refused_but_never_panics() {
    for folder in ["codes", "lab", "odd"] {
        for fixture in fixtures(folder) {
            let run = check([&fixture]);
            assert!(!run.stderr.contains("internal error"), "{}", fixture.display());
        }
    }
}
