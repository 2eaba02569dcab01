//! All that is printed of a directory, without the process around it: nothing strips escape sequences on the way here.

use std::collections::BTreeSet;

use serde_json::Value;
use spn_doctor::input::recording;
use spn_doctor::model::directory::Directory;
use spn_doctor::output::{json, table};
use spn_doctor::redact::redact;
use spn_doctor::remedy::setspn::Dialect;
use spn_doctor::report::{Report, Source};

use super::{shells, unicode};

pub(crate) struct Printed {
    pub(crate) json: String,
    table: String,
    recording: String,
    redacted: String,
    report: Value,
}

/// Reads a recording and prints everything there is to print of it; the error if it is refused.
pub(crate) fn judged(ldif: &[u8], dialect: Dialect) -> Result<Printed, String> {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), ldif).unwrap();
    let reading = recording::read(&[file.path().to_owned()]).map_err(|error| format!("{error:#}"))?;
    let directory = Directory::new(&reading);
    let report = Report::new(&directory, Source::Ldif { files: Vec::new() }, dialect);
    let text = |write: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = Vec::new();
        write(&mut bytes);
        String::from_utf8(bytes).unwrap()
    };
    let record = |reading: &spn_doctor::model::entry::Reading| {
        let header = recording::Header { about: Vec::new(), gaps: directory.gaps.clone() };
        text(&|out| recording::write(out, &header, reading.entries()).unwrap())
    };
    Ok(Printed {
        json: text(&|out| json::write(&report, out).unwrap()),
        table: without_colours(&text(&|out| table::write(&report, out).unwrap())),
        recording: record(&reading),
        redacted: record(&redact(&reading)),
        report: serde_json::to_value(&report).unwrap(),
    })
}

/// Without the colours that the program itself uses, and no others.
pub(crate) fn without_colours(text: &str) -> String {
    ["\u{1b}[0m", "\u{1b}[1m", "\u{1b}[4m", "\u{1b}[31m", "\u{1b}[32m", "\u{1b}[33m"]
        .iter()
        .fold(text.to_owned(), |text, colour| text.replace(colour, ""))
}

impl Printed {
    pub(crate) fn assert_visible(&self, about: &str) {
        for text in [&self.json, &self.table, &self.recording, &self.redacted] {
            unicode::assert_visible(text, about);
        }
        let parsed: Value = serde_json::from_str(&self.json).unwrap();
        assert_eq!(parsed, self.report, "{about}: JSON changed a value");
    }

    /// Every command splits into the words that were meant.
    pub(crate) fn assert_same_words(&self, dialect: Dialect, about: &str) {
        let commands = self.commands();
        for finding in self.report["findings"].as_array().unwrap() {
            for command in finding["remedy"]["commands"].as_array().unwrap() {
                let [spn, account] = ["spn", "account"].map(|part| command[part].as_str().unwrap());
                for line in ["run", "undo"] {
                    shells::assert_change(command[line].as_str().unwrap(), spn, account, dialect, about);
                }
            }
        }
        for command in &commands {
            shells::assert_plain(command, about);
        }
        let printed: BTreeSet<&str> = self.table_commands().collect();
        let meant: BTreeSet<&str> = commands.iter().map(String::as_str).collect();
        assert_eq!(printed, meant, "{about}: the table's commands are not those of the report");
    }

    /// All lines of the JSON report that are meant to be run.
    pub(crate) fn commands(&self) -> Vec<String> {
        let remedies = self.report["findings"].as_array().unwrap().iter().map(|finding| &finding["remedy"]);
        let lines = |remedy: &Value| {
            let commands = remedy["commands"].as_array().unwrap().clone();
            let changes = commands.into_iter().flat_map(|command| [command["run"].clone(), command["undo"].clone()]);
            changes
                .chain([remedy["verify"].clone()])
                .filter_map(|line| Some(line.as_str()?.to_owned()))
                .collect::<Vec<_>>()
        };
        remedies.flat_map(lines).collect()
    }

    /// All lines of the table that look as if they were meant to be run, however they are indented.
    fn table_commands(&self) -> impl Iterator<Item = &str> {
        let is_command = |line: &&str| line.to_ascii_lowercase().starts_with("setspn");
        self.table.lines().map(str::trim).filter(is_command)
    }

    /// Whether the table shows a text.
    pub(crate) fn shows(&self, text: &str) -> bool {
        self.table.contains(text)
    }

    pub(crate) fn strings(&self) -> BTreeSet<String> {
        fn collect(value: &Value, into: &mut BTreeSet<String>) {
            match value {
                Value::String(text) => drop(into.insert(text.clone())),
                Value::Array(items) => items.iter().for_each(|item| collect(item, into)),
                Value::Object(fields) => fields.values().for_each(|field| collect(field, into)),
                _ => {}
            }
        }
        let mut strings = BTreeSet::new();
        collect(&self.report, &mut strings);
        strings
    }
}
