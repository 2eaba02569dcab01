//! Codes, manuals, fixtures and schema stay in step.

use crate::support::program::{fixtures, run};
use spn_doctor::judge::checks;

#[test]
fn every_code_has_a_recording_and_a_place_in_the_schema() {
    let mut codes: Vec<&str> = checks::ALL.iter().map(|check| check.code).collect();
    let schema: serde_json::Value = serde_json::from_str(&run(["schema"]).stdout).unwrap();
    let in_schema = &schema["$defs"]["finding"]["properties"]["code"]["enum"];
    assert_eq!(in_schema, &serde_json::json!(codes));
    codes.sort_unstable();
    let recordings: Vec<String> =
        fixtures("codes").iter().map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect();
    assert_eq!(recordings, codes);
}

#[test]
fn explain_lists_every_code_and_prints_its_whole_manual() {
    let list = run(["explain"]);
    assert_eq!(list.code, 0);
    for check in checks::ALL {
        assert!(list.stdout.contains(&format!("\n  {} ", check.code)), "{}", check.code);
        let manual = run(["explain", check.code]);
        assert_eq!(manual.code, 0);
        for heading in [
            "WHAT WAS CHECKED",
            "IMPACT",
            "HOW TO FIX IT",
            "REQUIRED PERMISSIONS",
            "FALSE POSITIVES",
            "SYMPTOMS",
            "SOURCES",
        ] {
            assert!(manual.stdout.contains(&format!("\n{heading}\n  ")), "{} has no {heading}", check.code);
        }
        assert!(manual.stdout.lines().all(|line| line.chars().count() <= 80), "{}", manual.stdout);
    }
}

#[test]
fn the_events_of_the_kb_are_found_in_the_manuals() {
    for code in ["missing-spn", "misplaced-spn", "duplicate-spn", "shared-fqdn"] {
        let manual = run(["explain", code]).stdout;
        for symptom in ["1706", "7004", "454 4.7.0"] {
            assert!(manual.contains(symptom), "{code} does not name {symptom}");
        }
    }
}

/// The commands as the help lists them, and the flags of each.
fn commands_and_flags() -> Vec<(String, Vec<String>)> {
    let help = run(["--help"]).stdout;
    let commands = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    // What is indented further continues the line before.
    let names = commands.filter_map(|line| line.strip_prefix("  ")?.split(' ').next().map(ToOwned::to_owned));
    let names = names.filter(|name| !name.is_empty() && name != "help");
    let flags = |name: &str| {
        let help = run([name, "--help"]).stdout;
        let lines = help.lines().map(str::trim_start).filter(|line| line.starts_with('-'));
        let words = lines.filter_map(|line| line.split([' ', ',', '[']).find(|word| word.starts_with("--")));
        words.map(ToOwned::to_owned).collect()
    };
    names.map(|name| (name.clone(), flags(&name))).collect()
}

#[test]
fn the_manual_page_has_every_command_flag_and_exit_code() {
    let page = run(["man"]);
    assert_eq!(page.code, 0);
    assert!(page.stdout.contains(".TH spn-doctor 1"));
    let text = page.stdout.replace("\\-", "-").replace("\\fB", "").replace("\\fR", "");
    for (command, flags) in commands_and_flags() {
        let heading = format!(".SH \"SPN-DOCTOR {}\"", command.to_uppercase());
        let section = text.split_once(&heading).unwrap_or_else(|| panic!("no {heading} in {text}")).1;
        let section = section.split(".SH ").next().unwrap();
        for flag in flags {
            assert!(section.contains(&flag), "{command}: {flag} is not in {section}");
        }
    }
    for word in ["SPN_DOCTOR_PASSWORD", "EXIT STATUS"] {
        assert!(text.contains(word), "{word}");
    }
}

#[test]
fn every_shell_completes_every_command_and_flag() {
    for shell in ["bash", "zsh", "fish", "powershell"] {
        let script = run(["completions", shell]);
        assert_eq!(script.code, 0, "{}", script.stderr);
        for (command, flags) in commands_and_flags() {
            assert!(script.stdout.contains(&command), "{shell}: {command}");
            for flag in flags {
                // fish writes flags without their hyphens: `-l format`.
                let written = if shell == "fish" { flag.replace("--", "-l ") } else { flag };
                assert!(script.stdout.contains(&written), "{shell}: {command} {written}");
            }
        }
    }
    assert_eq!(run(["completions", "csh"]).code, 2);
}

#[cfg(unix)]
#[test]
fn bash_completes_a_command_line() {
    let script = run(["completions", "bash"]).stdout;
    let tail =
        "COMP_WORDS=(spn-doctor check --fo) COMP_CWORD=2; _spn__doctor spn-doctor --fo check; echo \"${COMPREPLY[@]}\"";
    let output = std::process::Command::new("bash").args(["-c", &format!("{script}\n{tail}")]).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "--format\n", "{}", String::from_utf8_lossy(&output.stderr));
}
