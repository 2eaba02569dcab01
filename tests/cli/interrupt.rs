//! At any moment the program ends at once when told to, by a signal that is meant for that, and leaves nothing half-written; and by
//! itself when a server says nothing any more.
#![cfg(unix)]

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::support::organisation::{organisation, recorded, root, server_2003, virtual_server, well_named};
use crate::support::server::serve;

const INTERRUPTED: &str = "error: interrupted; nothing was checked\n";
const LAB: [&str; 2] = ["fixtures/lab/ldapsearch-configuration.ldif", "fixtures/lab/ldapsearch-domain.ldif"];

/// What ends the program: all of these, unless the tests themselves were started by nohup, which the program inherits.
fn signals() -> Vec<&'static str> {
    const HANGUP: u64 = 1;
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.map_or(0, |mask| u64::from_str_radix(mask.trim(), 16).unwrap());
    if ignored & HANGUP == 0 { vec!["INT", "TERM", "HUP"] } else { vec!["INT", "TERM"] }
}

/// The program, at work.
fn start<S: AsRef<std::ffi::OsStr>>(arguments: impl IntoIterator<Item = S>) -> Child {
    start_command(Command::new(env!("CARGO_BIN_EXE_spn-doctor")).args(arguments))
}

/// The program behind words for the shell, which becomes it.
fn start_in_shell(before: &str, arguments: &[&str]) -> Child {
    let script = format!("{before}; exec \"$0\" \"$@\"");
    start_command(Command::new("bash").args(["-c", &script, env!("CARGO_BIN_EXE_spn-doctor")]).args(arguments))
}

fn start_command(command: &mut Command) -> Child {
    command.current_dir(env!("CARGO_MANIFEST_DIR"));
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

fn live<'a>(server: &'a str, timeout: &'a str) -> [&'a str; 8] {
    ["check", "--auth", "anonymous", "--insecure-plaintext", "--server", server, "--timeout", timeout]
}

fn signal(child: &Child, signal: &str) {
    assert!(Command::new("kill").args(["-s", signal, &child.id().to_string()]).status().unwrap().success());
}

fn a_moment() {
    thread::sleep(Duration::from_millis(300));
}

/// Exit code, standard output and standard error.
fn outcome(child: Child) -> (Option<i32>, String, String) {
    let output = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

/// The exit code of a program whose output nobody reads, and that has to end soon.
fn soon(child: &mut Child) -> Option<i32> {
    let told = Instant::now();
    while told.elapsed() < Duration::from_secs(2) {
        if let Some(status) = child.try_wait().unwrap() {
            return status.code();
        }
        thread::sleep(Duration::from_millis(5));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    panic!("it still runs");
}

fn said(child: &mut Child) -> String {
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    said
}

#[test]
fn an_interrupt_is_answered_at_once_while_a_server_is_waited_for() {
    for name in signals() {
        let silent = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut child = start(live(&silent.local_addr().unwrap().to_string(), "60"));
        let _connection = silent.accept().unwrap();
        a_moment();
        signal(&child, name);
        assert_eq!(soon(&mut child), Some(2), "{name}");
        assert_eq!(outcome(child), (Some(2), String::new(), INTERRUPTED.to_owned()), "{name}");
    }
}

#[test]
fn an_interrupt_is_answered_at_once_while_a_recording_is_waited_for() {
    for name in signals() {
        let mut child = start(["check", "--from", "-"]);
        child.stdin.as_mut().unwrap().write_all(b"dn: CN=a\n").unwrap();
        a_moment();
        signal(&child, name);
        assert_eq!(soon(&mut child), Some(2), "{name}");
        assert_eq!(said(&mut child), INTERRUPTED, "{name}");
    }
}

#[test]
fn an_interrupt_is_answered_at_once_while_nobody_takes_the_report() {
    let names: Vec<String> = (0..300).map(|number| format!("ex{number}.contoso.com")).collect();
    let objects = organisation(&names.iter().map(String::as_str).collect::<Vec<_>>());
    let server = serve((Ipv4Addr::LOCALHOST, 0), root("TRUE"), objects, None).name();
    for name in signals() {
        let recorded = start(["check", "--format", "json", "--from"].iter().chain(&LAB));
        let read = start(live(&server, "60").iter().chain(&["--format", "json"]));
        thread::sleep(Duration::from_secs(1));
        for mut child in [recorded, read] {
            assert!(child.try_wait().unwrap().is_none(), "more than a pipe holds");
            signal(&child, name);
            assert_eq!(soon(&mut child), Some(2), "{name}");
            assert_eq!(said(&mut child), INTERRUPTED, "{name}");
        }
    }
}

#[test]
fn an_interrupt_is_answered_at_once_while_nobody_takes_the_messages() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let server = silent.local_addr().unwrap().to_string();
    for more in [&["--verbose"][..], &[]] {
        let mut child = start_in_shell("head -c 65536 /dev/zero >&2", &[&live(&server, "60")[..], more].concat());
        a_moment();
        signal(&child, "TERM");
        assert_eq!(soon(&mut child), Some(2), "{more:?}");
    }
}

#[test]
fn an_interrupt_is_answered_at_once_while_nobody_opens_the_pipe() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    for command in ["check", "record"] {
        let mut child = start([command, "--from", LAB[0], LAB[1], "-o", pipe.to_str().unwrap()]);
        a_moment();
        signal(&child, "INT");
        assert_eq!(soon(&mut child), Some(2));
        assert_eq!(said(&mut child), INTERRUPTED);
        assert!(pipe.exists());
    }
}

/// An organisation whose report takes a while to write: no server has the name that its virtual server announces.
fn large() -> String {
    let server = |number: usize| {
        let name = format!("EX{number}");
        let fqdn = format!("{name}.contoso.com");
        let endpoint = virtual_server(&name, &format!("mail{number}.contoso.com"));
        [server_2003(&name, &fqdn), endpoint, well_named(&name, &[])]
    };
    recorded((0..500).flat_map(server))
}

fn names_in(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// Waits until the file that is being written is there, or the program is at its end.
fn wait_for_writing(child: &mut Child, folder: &Path) {
    while !names_in(folder).iter().any(|name| name.starts_with(".spn-doctor-")) && child.try_wait().unwrap().is_none() {
        thread::yield_now();
    }
}

#[test]
fn an_interrupt_leaves_the_old_file_or_the_whole_new_one_and_no_other() {
    let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let [recording, report] = [from.path().join("large.ldif"), to.path().join("report")];
    fs::write(&recording, large()).unwrap();
    let arguments =
        ["check", "--format", "json", "-o", report.to_str().unwrap(), "--from", recording.to_str().unwrap()];
    let mut child = start(arguments);
    wait_for_writing(&mut child, to.path());
    let started = Instant::now();
    assert_eq!(outcome(child), (Some(1), String::new(), String::new()));
    let writing = started.elapsed();
    let whole = fs::read(&report).unwrap();
    let mut interrupted = 0;
    for number in 0..18 {
        fs::write(&report, "old").unwrap();
        let mut child = start(arguments);
        wait_for_writing(&mut child, to.path());
        thread::sleep(writing * number / 12);
        let _ = Command::new("kill").arg(child.id().to_string()).stderr(Stdio::null()).status();
        let (code, _, said) = outcome(child);
        let written = fs::read(&report).unwrap();
        if code == Some(1) {
            assert_eq!((said.as_str(), written == whole), ("", true));
        } else {
            assert_eq!((code, said.as_str(), written.as_slice()), (Some(2), INTERRUPTED, &b"old"[..]));
            interrupted += 1;
        }
        assert_eq!(names_in(to.path()), ["report"]);
    }
    assert!(interrupted > 0, "it was never interrupted while it wrote");
}

#[cfg(target_os = "linux")]
#[test]
fn what_is_to_outlive_its_terminal_does_but_can_be_told_to_end() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut child = start_in_shell("trap '' HUP", &live(&silent.local_addr().unwrap().to_string(), "60"));
    let _connection = silent.accept().unwrap();
    a_moment();
    signal(&child, "HUP");
    a_moment();
    assert!(child.try_wait().unwrap().is_none(), "as nohup starts it");
    signal(&child, "TERM");
    assert_eq!(soon(&mut child), Some(2));
}

/// `script` gives it a terminal; the shell behind it does not repair what the program leaves.
#[cfg(target_os = "linux")]
#[test]
fn an_interrupted_prompt_leaves_a_terminal_that_shows_what_is_typed() {
    let line = format!(
        "{} check --user reader@contoso.com --server 127.0.0.1:1; echo code $?; stty -a",
        env!("CARGO_BIN_EXE_spn-doctor")
    );
    for _ in 0..3 {
        let mut terminal = Command::new("script")
            .args(["--quiet", "--command", &line, "/dev/null"])
            .env_remove("SPN_DOCTOR_PASSWORD")
            .env("SHELL", "/bin/sh")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (mut keyboard, mut screen) = (terminal.stdin.take().unwrap(), terminal.stdout.take().unwrap());
        let mut prompt = [0; "Password: ".len()];
        screen.read_exact(&mut prompt).unwrap();
        // The terminal is told to hide what is typed just after the prompt is shown.
        a_moment();
        keyboard.write_all(b"\x03").unwrap();
        let mut shown = String::new();
        screen.read_to_string(&mut shown).unwrap();
        drop(keyboard);
        terminal.wait().unwrap();
        assert_eq!(shown.matches("error: ").count(), 1, "{shown}");
        assert!(shown.contains("error: interrupted; nothing was checked\r\ncode 2\r\n"), "{shown}");
        assert!(shown.contains(" echo ") && shown.contains(" icanon ") && shown.contains("isig "), "{shown}");
    }
}

#[test]
fn a_stalled_server_ends_in_an_error_when_the_time_is_up() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let started = Instant::now();
    let (code, stdout, stderr) = outcome(start(live(&silent.local_addr().unwrap().to_string(), "1")));
    assert!(started.elapsed() < Duration::from_secs(5));
    assert_eq!((code, stdout.as_str()), (Some(2), ""));
    assert!(stderr.starts_with("error: ") && stderr.contains("\nhint: "), "{stderr}");
}
