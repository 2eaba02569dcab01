//! Directory values written by an enemy, one by one at every place of an organisation, through every output: nothing acts
//! on a terminal, nothing is lost, and every command that is printed is the same words to every shell.

mod management_shell;
mod organisation;
mod outputs;
mod shells;
mod unicode;
mod values;

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::process::Command;

use crate::support::program;
use crate::support::promised;
use organisation::Organisation;
use outputs::{Printed, judged};
use spn_doctor::directory::schema::Attribute;
use spn_doctor::judge::remedy::setspn::Dialect;
use values::{Shape, hostile};

const SHAPES: [Shape; 4] = [Shape::Alone, Shape::Before, Shape::Inside, Shape::Behind];

#[test]
fn every_attribute_that_is_read_is_attacked() {
    let organisation = Organisation::new();
    let attacked: BTreeSet<Attribute> =
        organisation.places().iter().filter_map(|place| organisation.attribute(*place)).collect();
    assert_eq!(attacked, Attribute::ALL.iter().copied().collect());
}

#[test]
fn without_hostile_values_the_organisation_is_whole_and_has_commands_of_every_kind() {
    let ldif = Organisation::new().ldif();
    for (dialect, kinds) in [
        (Dialect::Server2008, &[" -F -S ", " -D ", " -U -D ", " -U -F -S ", " -F -Q "][..]),
        (Dialect::Server2003, &[" -A ", " -D ", " -L "]),
    ] {
        let printed = judged(&ldif, dialect).unwrap();
        printed.assert_same_words(dialect, "nothing hostile");
        assert!(printed.json.contains("\"verdict\": \"findings\"") && printed.ready() > 1, "{}", printed.json);
        let commands = printed.commands().join("\n");
        for kind in kinds.iter().chain(&["Set-ReceiveConnector ", "Set-SendConnector ", "-Fqdn $null"]) {
            assert!(commands.contains(kind), "{kind} is not in {commands}");
        }
    }
}

/// Whether nothing is to be left out.
fn in_full() -> bool {
    std::env::var_os("SPN_DOCTOR_HOSTILE_ALL").is_some()
}

/// The shapes and dialects in which a value is tried at a place: alone or joined to what belongs there, by turns. All of them
/// where `SPN_DOCTOR_HOSTILE_ALL` is set, which takes minutes.
fn ways(turn: usize) -> Vec<(Shape, Dialect)> {
    let dialects = [Dialect::Server2008, Dialect::Server2003];
    if in_full() {
        return SHAPES.iter().flat_map(|shape| dialects.map(|dialect| (*shape, dialect))).collect();
    }
    vec![(SHAPES[turn % 4], dialects[turn / 4 % 2])]
}

/// Tries one value at every place; how often, and how many commands were looked at.
fn attack(organisation: &Organisation, number: usize, value: &[u8]) -> (usize, usize) {
    let (mut tried, mut commands) = (0, 0);
    // The longest take a second each in a debug build.
    let step = if value.len() > 9999 { 8 } else { 1 };
    for (turn, place) in organisation.places().into_iter().enumerate().step_by(step) {
        let turn = number + turn;
        // Every other place of each value, and the others of the next.
        if turn % 2 == 1 && !in_full() {
            continue;
        }
        for (shape, dialect) in ways(turn / 2) {
            let changed = organisation.with(place, value, shape);
            let about = format!("value {number} {shape:?} at {place:?}, {dialect:?}");
            if let Some(printed) = examine(&changed.ldif(), dialect, &about) {
                commands += printed.commands().len();
                changed.assert_shown(place, &printed);
            }
            tried += 1;
        }
    }
    (tried, commands)
}

#[test]
fn no_value_at_any_place_reaches_a_terminal_raw_or_a_shell_as_other_words() {
    let organisation = Organisation::new();
    let values: Vec<(usize, Vec<u8>)> = hostile().into_iter().enumerate().collect();
    let attack_with = |values: &[(usize, Vec<u8>)]| {
        let counts = values.iter().map(|(number, value)| attack(&organisation, *number, value));
        counts.fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1))
    };
    let (tried, commands) = std::thread::scope(|scope| {
        let parts: Vec<_> =
            values.chunks(values.len().div_ceil(4)).map(|part| scope.spawn(|| attack_with(part))).collect();
        parts.into_iter().map(|part| part.join().unwrap()).fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1))
    });
    let places = organisation.places().len();
    println!("{tried} hostile inputs: {} values at {places} places; {commands} command lines split", values.len());
    promised::at_least("hostile values", tried, in_full());
    assert!(commands > tried, "only {commands} commands were looked at");
}

/// Looks at all that is printed of a directory; none if it was refused for what may be refused.
fn examine(ldif: &[u8], dialect: Dialect, about: &str) -> Option<Printed> {
    match judged(ldif, dialect) {
        Ok(printed) => {
            printed.assert_visible(about);
            printed.assert_same_words(dialect, about);
            Some(printed)
        }
        // Only a name that is none makes a recording unreadable.
        Err(error) => {
            assert!(error.contains("distinguished name") || error.contains("not UTF-8"), "{about}: {error}");
            None
        }
    }
}

/// Runs the program as on a terminal, on which nothing strips what it prints.
fn on_terminal(arguments: &[OsString]) -> program::Run {
    let output =
        Command::new(env!("CARGO_BIN_EXE_spn-doctor")).args(arguments).env("CLICOLOR_FORCE", "1").output().unwrap();
    program::Run {
        code: output.status.code().unwrap(),
        stdout: outputs::without_colours(&String::from_utf8(output.stdout).unwrap()),
        stderr: outputs::without_colours(&String::from_utf8(output.stderr).unwrap()),
    }
}

fn arguments(words: &[&str], paths: &[&std::path::Path]) -> Vec<OsString> {
    words.iter().map(OsString::from).chain(paths.iter().map(|path| path.as_os_str().to_owned())).collect()
}

fn assert_clean(run: &program::Run, about: &str) {
    assert!([0, 1, 2].contains(&run.code), "{about}: exit code {}", run.code);
    assert!(!run.stderr.contains("internal error"), "{about}: {}", run.stderr);
    unicode::assert_visible(&run.stdout, about);
    unicode::assert_visible(&run.stderr, about);
    assert!(
        run.code != 2
            || run.stderr.contains("error: ")
            || run.stderr.contains("not read: ")
            || run.stdout.contains("INCOMPLETE")
            || run.stdout.contains("\"incomplete\""),
        "{about}: 2 without a reason"
    );
}

#[test]
fn every_command_writes_clean_text_to_terminal_and_file() {
    let folder = tempfile::tempdir().unwrap();
    let [from, to] = ["from.ldif", "to.txt"].map(|name| folder.path().join(name));
    let commands: [&[&str]; 7] = [
        &["check", "--from"],
        &["check", "--format", "json", "--from"],
        &["check", "--setspn", "2003", "--from"],
        &["check", "-o", "TO", "--from"],
        &["check", "--format", "json", "-o", "TO", "--from"],
        &["record", "-o", "TO", "--from"],
        &["record", "--redact", "-o", "TO", "--from"],
    ];
    // One in nine: each writes seven files, and waits for the disk to have them.
    for (number, value) in hostile().iter().enumerate().step_by(9) {
        let organisation = Organisation::new();
        let changed = organisation.with_all_names(value, SHAPES[number / 9 % 4]);
        std::fs::write(&from, changed.ldif()).unwrap();
        for words in commands {
            let about = format!("value {number}, {words:?}");
            let words: Vec<&str> =
                words.iter().map(|word| if *word == "TO" { to.to_str().unwrap() } else { word }).collect();
            let _ = std::fs::remove_file(&to);
            let mut run = on_terminal(&arguments(&words, &[&from]));
            let written = std::fs::read_to_string(&to).unwrap_or_default();
            assert!(!words.contains(&"-o") || run.stdout.is_empty(), "{about}");
            run.stdout.push_str(&written);
            assert_clean(&run, &about);
            if words[0] == "record" && to.exists() {
                assert_replayed(&from, &to, words.contains(&"--redact"), run.code, &about);
            }
        }
    }
}

/// What was recorded is judged as the original was.
fn assert_replayed(from: &std::path::Path, to: &std::path::Path, redacted: bool, code: i32, about: &str) {
    let [before, after] = [from, to].map(|path| program::check([path]));
    assert_eq!(after.code, before.code, "{about}");
    assert_eq!(code == 2, before.code == 2, "{about}: a recording is incomplete if the directory is");
    let parts: &[&str] =
        if redacted { &["verdict", "summary"] } else { &["verdict", "summary", "servers", "findings"] };
    for part in parts {
        assert_eq!(after.report()[part], before.report()[part], "{about}: {part}");
    }
    // What gets the rest of a whole export may be other than what makes one object of it anew.
    let told = |run: &program::Run| -> Vec<String> {
        let problems = run.report()["problems"].as_array().unwrap().clone();
        problems.iter().map(|problem| format!("{}: {}", problem["where"], problem["what"])).collect()
    };
    assert!(redacted || told(&after) == told(&before), "{about}: {:?} {:?}", told(&after), told(&before));
}

#[test]
fn names_on_the_command_line_are_shown_clean_in_errors() {
    let folder = tempfile::tempdir().unwrap();
    let clean = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/clean/2019.ldif");
    let clean = clean.to_str().unwrap();
    for (number, value) in hostile().iter().enumerate() {
        let text = String::from_utf8_lossy(value).replace('\0', "").chars().take(4000).collect::<String>();
        let file = folder.path().join(text.replace('/', "_").chars().take(40).collect::<String>());
        let file = file.to_str().unwrap();
        let inside = format!("x{text}");
        let commands: [Vec<&str>; 8] = [
            vec!["check", "--only", &inside, "--from", clean],
            vec!["check", "--from", file],
            vec!["check", "--from", &inside],
            vec!["check", "--format", &inside, "--from", clean],
            vec!["record", "--from", clean, "-o", &inside],
            vec!["explain", &inside],
            vec![&inside],
            vec!["check", "--from", clean, "--timeout", &inside],
        ];
        for words in commands {
            let about = format!("value {number}, {}", words[0].chars().take(9).collect::<String>());
            if words.contains(&"-o") && !inside.contains('/') && inside.len() < 200 {
                continue;
            }
            let run = on_terminal(&arguments(&words, &[]));
            assert_clean(&run, &about);
            assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{about}");
            assert!(run.stderr.starts_with("error: "), "{about}: {}", run.stderr);
            if words[0] == "check" && (words.contains(&"--only") || words.len() == 3) {
                let run = on_terminal(&arguments(&[&words[..], &["--format", "json"]].concat(), &[]));
                assert_clean(&run, &about);
                assert_eq!(run.report()["verdict"], "incomplete", "{about}");
            }
        }
    }
}

/// What an enemy would like to see run.
const COMMANDS: [&str; 2] =
    ["setspn -D HOST/dc1.contoso.com CONTOSO\\DC1$", "Set-ReceiveConnector -Identity 'x' -Fqdn evil.contoso.com"];

/// Long names are wrapped. Wherever that happens, no line may begin with what a reader, or a script, would take for a command:
/// the report's own are found by `assert_same_words`, which looks at every line that begins like one.
#[test]
fn no_line_of_a_report_begins_with_words_of_a_value() {
    let organisation = Organisation::new();
    for (command, width) in COMMANDS.iter().flat_map(|command| (0..80).map(move |width| (command, width))) {
        for (shape, value) in [
            (Shape::Behind, format!(" {} {command}", "x".repeat(width))),
            (Shape::Before, format!("{command} {} ", "x".repeat(width))),
        ] {
            let changed = organisation.with_all_names(value.as_bytes(), shape);
            let printed = judged(&changed.ldif(), Dialect::Server2008).unwrap();
            printed.assert_same_words(Dialect::Server2008, &format!("{command} {width} {shape:?}"));
            assert!(printed.shows(command), "{width} {shape:?}");
        }
    }
}

#[test]
fn no_line_of_a_recorded_problem_passes_for_a_command() {
    for command in COMMANDS {
        for text in [
            format!("\n  {command}"),
            format!("\n{command}\n"),
            format!("{} {command}", "x ".repeat(30)),
            command.to_owned(),
            format!("first run HOST/dc1\r\n    {}", command.to_uppercase()),
        ] {
            for place in ["dc1", command] {
                let printed = with_recorded_problem(&[place, &text]);
                printed.assert_same_words(Dialect::Server2008, &text);
                assert!(
                    printed.shows(if command.contains("dc1") { "HOST/dc1" } else { "vil.contoso.com" })
                        || text.contains("EVIL")
                );
            }
        }
    }
}

/// What the recording of an incomplete reading is shown as, of which somebody wrote the problem: place, text, and what to run.
fn with_recorded_problem(parts: &[&str]) -> Printed {
    let problem = serde_json::to_string(parts).unwrap();
    let ldif = format!("# spn-doctor recording, version 1\n# complete: no\n# not read: {problem}\n\n");
    judged(ldif.as_bytes(), Dialect::Server2008).unwrap()
}

/// Whoever wrote a recording may have written anything to run into it: none of it is believed.
#[test]
fn what_a_recorded_problem_advises_to_run_is_never_shown() {
    const EXPORT: &str = "ldifde -f c.ldf -d \"DC=contoso,DC=com\" -p subtree";
    assert!(!with_recorded_problem(&["dc1", "x", EXPORT]).shows("c.ldf"));
    for tail in [
        " & calc",
        "\" & calc",
        " | calc",
        "; calc",
        " $(calc)",
        " %COMSPEC%",
        "\ncalc",
        " ^",
        " 'x'",
        " > a > b",
        " “x”",
    ] {
        for tool in ["ldifde -f c.ldf", "ldapsearch -b x", "dsacls x", "spn-doctor check"] {
            let printed = with_recorded_problem(&["dc1", "x", &format!("{tool}{tail}")]);
            assert!(!printed.shows(tool), "{tool}{tail}");
        }
    }
    for command in COMMANDS.iter().chain(&["calc", "LDIFDE -i -f evil.ldf"]) {
        let printed = with_recorded_problem(&["dc1", "x", command]);
        assert!(!printed.shows(command), "{command}");
    }
}

#[test]
fn thousands_of_hostile_names_on_one_account_end_soon() {
    let organisation = Organisation::new();
    let changed = organisation.with_thousands_of_names(&hostile());
    let begun = std::time::Instant::now();
    for dialect in [Dialect::Server2008, Dialect::Server2003] {
        examine(&changed.ldif(), dialect, "thousands of names");
    }
    assert!(begun.elapsed().as_secs() < 30, "{:?}", begun.elapsed());
}

#[test]
fn the_report_of_a_crowd_grows_no_faster_than_the_crowd() {
    let length = |servers| {
        let mut organisation = Organisation::new();
        organisation.add_a_crowd(servers);
        judged(&organisation.ldif(), Dialect::Server2008).unwrap().json.len()
    };
    let [few, many] = [100, 400].map(length);
    assert!(many < 5 * few, "{few} bytes for 100 servers, {many} for 400");
}

#[test]
fn every_character_that_must_not_be_printed_raw_is_written_out_and_no_other() {
    unicode::assert_all_written_out();
}

#[test]
fn an_object_with_a_look_alike_name_is_not_taken_for_the_account() {
    for spaces in ["\u{a0}", "\u{2003}", "\u{3000}", "\u{85}"] {
        let mut organisation = Organisation::new();
        organisation.add_look_alike_of_the_account(spaces);
        let printed = judged(&organisation.ldif(), Dialect::Server2008).unwrap();
        assert!(printed.commands().iter().any(|command| command.contains("-S SMTPSVC/mail.contoso.com")), "{spaces:?}");
    }
}

#[test]
fn the_tokenizers_refuse_what_a_shell_would_act_on() {
    shells::assert_strict();
    management_shell::assert_strict();
}
