//! All that is printed of a directory, without the process around it: nothing strips escape sequences on the way here.

use std::collections::BTreeSet;

use super::management_shell::{self, SetFqdn};
use super::{shells, unicode};
use crate::support::program::list;
use serde_json::Value;
use spn_doctor::directory::schema::Purpose;
use spn_doctor::input::recording;
use spn_doctor::input::recording::redaction::redact;
use spn_doctor::judge::judge;
use spn_doctor::judge::remedy::setspn::Dialect;
use spn_doctor::render::why::Form;
use spn_doctor::render::{self, Format, Options};
use spn_doctor::report::{FailOn, Report, Source};
use spn_doctor::why::answer::Answer;
use spn_doctor::why::message::Message;

/// The forms that are read by programs other than a JSON parser, or by people elsewhere.
const FORMS: [Format; 7] =
    [Format::Summary, Format::Cmd, Format::Exchange, Format::Csv, Format::Junit, Format::Markdown, Format::Html];

pub(crate) struct Printed {
    pub(crate) json: String,
    table: String,
    forms: Vec<String>,
    recording: String,
    redacted: String,
    report: Value,
    /// What `why` says of an event that names all servers, as text and as JSON.
    answer: [String; 2],
    /// The commands that the answer may show beside those of the report.
    checks: BTreeSet<String>,
}

/// Names every server and the address that a narrow connector takes.
const EVENT: &str = "MSExchangeTransport Event ID: 2017 ex01 ex02 ex03 SMTPSVC/ex03.contoso.com LogonDenied 451 5.7.3 192.168.10.11 aborting operation";

/// Reads a recording and prints everything there is to print of it; the error if it is refused.
pub(crate) fn judged(ldif: &[u8], dialect: Dialect) -> Result<Printed, String> {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), ldif).unwrap();
    let reading = recording::read(&[file.path().to_owned()], Purpose::Why).map_err(|error| format!("{error:#}"))?;
    let directory = recording::directory(reading.clone());
    let judgement = judge(&directory);
    let report = Report::new(&judgement, Source::Ldif { files: Vec::new() }, dialect);
    // Every fourth recording has to do, as it takes as long as all else.
    let event = if ldif.len().is_multiple_of(4) { EVENT } else { "ex03" };
    let answer = Answer::new(&Message::read(event), &judgement, report.clone());
    let text = |write: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = Vec::new();
        write(&mut bytes);
        String::from_utf8(bytes).unwrap()
    };
    let record = |reading: &spn_doctor::directory::entry::Reading| {
        let header = recording::Header { gaps: directory.gaps.clone(), ..Default::default() };
        text(&|out| recording::write(out, &header, reading.entries()).unwrap())
    };
    let form = |format| {
        let options = Options { all: true, undo: false, fail_on: FailOn::default() };
        text(&|out| render::write(&report, format, options, out).unwrap())
    };
    let answered = |form| text(&|out| render::why::write(&answer, form, out).unwrap());
    Ok(Printed {
        answer: [without_colours(&answered(Form::Text)), answered(Form::Json)],
        checks: answer.clues.iter().map(|clue| clue.check.clone()).collect(),
        json: form(Format::Json),
        table: without_colours(&form(Format::Table)),
        // All of them take longer than everything else, so one of eight recordings has to do.
        forms: if ldif.len().is_multiple_of(8) { FORMS.map(form).to_vec() } else { Vec::new() },
        recording: record(&reading),
        redacted: record(&redact(&reading)),
        report: serde_json::to_value(&report).unwrap(),
    })
}

/// A change of setspn names just the SPN and the account that the report says.
fn assert_change(command: &Value, dialect: Dialect, about: &str) {
    let [spn, account] = ["spn", "account"].map(|part| command[part].as_str().unwrap());
    for line in ["run", "undo"].map(|part| command[part].as_str().unwrap()) {
        shells::assert_change(line, spn, account, dialect, about);
        shells::assert_plain(line, about);
    }
}

/// Without the colours that the program itself uses, and no others.
pub(crate) fn without_colours(text: &str) -> String {
    ["\u{1b}[0m", "\u{1b}[1m", "\u{1b}[4m", "\u{1b}[31m", "\u{1b}[32m", "\u{1b}[33m"]
        .iter()
        .fold(text.to_owned(), |text, colour| text.replace(colour, ""))
}

impl Printed {
    pub(crate) fn assert_visible(&self, about: &str) {
        let [answer, answer_as_json] = &self.answer;
        for text in [&self.json, &self.table, &self.recording, &self.redacted, answer, answer_as_json] {
            unicode::assert_visible(text, about);
        }
        for text in &self.forms {
            // A mark at the beginning says that it is UTF-8; lines may end as on Windows.
            let text = text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n");
            unicode::assert_visible(&text, about);
        }
        let parsed: Value = serde_json::from_str(&self.json).unwrap();
        assert_eq!(parsed, self.report, "{about}: JSON changed a value");
    }

    /// Every command splits into the words that were meant.
    pub(crate) fn assert_same_words(&self, dialect: Dialect, about: &str) {
        for (finding, remedy) in self.remedies() {
            for command in list(&remedy["commands"]) {
                match remedy["kind"].as_str() {
                    Some("setspn") => assert_change(command, dialect, about),
                    Some("exchange") => self.assert_fqdn_is_set(finding, command, about),
                    kind => panic!("{about}: {kind:?} has commands"),
                }
            }
            remedy["verify"].as_str().into_iter().for_each(|line| shells::assert_plain(line, about));
        }
        let fixes = list(&self.report["problems"]).flat_map(|problem| list(&problem["fix"]));
        let fixes: BTreeSet<&str> = fixes.map(|fix| fix.as_str().unwrap()).collect();
        for line in self.table_lines(&["ldifde", "ldapsearch", "dsacls", "nltest", "nslookup", "spn-doctor check"]) {
            assert!(fixes.contains(line), "{about}: {line} is no advice of the report");
            shells::assert_export(line, about);
        }
        let printed: BTreeSet<&str> = self.table_lines(&["setspn", "set-"]).collect();
        let commands = self.commands();
        let meant: BTreeSet<&str> = commands.iter().map(String::as_str).collect();
        assert_eq!(printed, meant, "{about}: the table's commands are not those of the report");
        self.assert_answer(&meant, about);
    }

    /// Whatever looks like a command in the answer is one of the report, or one that shows whether it is something else.
    fn assert_answer(&self, meant: &BTreeSet<&str>, about: &str) {
        const TOOLS: [&str; 14] = [
            "setspn",
            "set-",
            "get-",
            "test-",
            "klist",
            "w32tm",
            "repadmin",
            "nltest",
            "nslookup",
            "reg ",
            "whoami",
            "ldifde",
            "dsacls",
            "ldapsearch",
        ];
        for line in self.answer[0].lines().map(str::trim) {
            if TOOLS.iter().any(|tool| line.to_ascii_lowercase().starts_with(tool)) {
                assert!(
                    meant.contains(line) || self.checks.contains(line),
                    "{about}: {line} is no command of the answer"
                );
            }
        }
        for check in &self.checks {
            let names = check
                .split(' ')
                .skip(1)
                .all(|word| word.chars().all(|c| c.is_ascii_graphic() && !";&`\"'%!^".contains(c)));
            assert!(names && !check.contains("$("), "{about}: {check}");
        }
    }

    /// A command of the Exchange Management Shell gives an endpoint of the finding its server's FQDN, or clears that of a send
    /// connector that the finding names; its undo gives it the name that it has.
    fn assert_fqdn_is_set(&self, finding: &Value, command: &Value, about: &str) {
        let [run, undo] =
            ["run", "undo"].map(|part| management_shell::set_fqdn(command[part].as_str().unwrap(), about));
        assert_eq!((&run.cmdlet, &run.identity), (&undo.cmdlet, &undo.identity), "{about}");
        let meant = match run.cmdlet.as_str() {
            "Set-ReceiveConnector" => {
                let identity = Value::from(run.identity.as_str());
                assert!(list(&finding["endpoints"]).any(|endpoint| *endpoint == identity), "{about}: {run:?}");
                self.names_of_endpoint(&run.identity)
            }
            "Set-SendConnector" => {
                let shown = [format!(" {} ", run.identity), format!("“{}”", run.identity)];
                let message = finding["message"].as_str().unwrap();
                assert!(shown.iter().any(|name| message.contains(name)), "{about}: {run:?} is not of {message}");
                vec![(None, finding["spn"].as_str().unwrap().strip_prefix("SMTPSVC/").map(ToOwned::to_owned))]
            }
            other => panic!("{about}: {other} is run"),
        };
        let SetFqdn { fqdn: new, .. } = run;
        assert!(meant.contains(&(new.clone(), undo.fqdn.clone())), "{about}: {new:?} and {:?}", undo.fqdn);
    }

    /// The FQDN of a server and the name that its endpoint announces, of all endpoints `SERVER\name` that are called so.
    fn names_of_endpoint(&self, identity: &str) -> Vec<(Option<String>, Option<String>)> {
        let text = |value: &Value| value.as_str().map(ToOwned::to_owned);
        let of_server = |server: &Value| {
            let name = server["name"].as_str().unwrap().to_owned();
            let is_it = move |endpoint: &&Value| format!("{name}\\{}", endpoint["name"].as_str().unwrap()) == identity;
            let endpoints = list(&server["endpoints"]).filter(is_it);
            endpoints.map(|endpoint| (text(&server["fqdn"]), text(&endpoint["fqdn"]))).collect::<Vec<_>>()
        };
        list(&self.report["servers"]).flat_map(of_server).collect()
    }

    /// All remedies, each with its finding.
    fn remedies(&self) -> impl Iterator<Item = (&Value, &Value)> {
        let findings = list(&self.report["findings"]);
        findings.flat_map(|finding| list(&finding["remedies"]).map(move |remedy| (finding, remedy)))
    }

    /// All lines of the JSON report that are meant to be run, but those that get what was not read.
    pub(crate) fn commands(&self) -> Vec<String> {
        let lines = |remedy: &Value| {
            let commands = list(&remedy["commands"]).flat_map(|command| [&command["run"], &command["undo"]]);
            commands.chain([&remedy["verify"]]).filter_map(|line| Some(line.as_str()?.to_owned())).collect::<Vec<_>>()
        };
        self.remedies().flat_map(|(_, remedy)| lines(remedy)).collect()
    }

    /// How many remedies may be run unasked.
    pub(crate) fn ready(&self) -> usize {
        self.remedies().filter(|(_, remedy)| crate::support::program::is_ready(remedy)).count()
    }

    /// All lines of the table that look as if one of these were meant to be run, however they are indented.
    fn table_lines<'a>(&'a self, tools: &'a [&str]) -> impl Iterator<Item = &'a str> {
        let begins = |line: &&str| tools.iter().any(|tool| line.to_ascii_lowercase().starts_with(tool));
        self.table.lines().map(str::trim).filter(begins)
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
