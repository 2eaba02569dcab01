//! A password that is given to the program appears in nothing that it says or writes, whatever goes wrong, in no form; and in
//! its memory once, where it is wiped.

#![cfg(target_os = "linux")]

use std::fs;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::Duration;

use crate::support::organisation::{ROOT, computer, object, organisation, root};
use crate::support::promised;
use crate::support::server::{Trick, serve};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use ldap3_proto::LdapResultCode;

/// Nothing else contains this, nor any part of it that would do.
const PASSWORD: &str = "Zq7~gEh3!mWxéK9v";
const USER: &str = "reader@contoso.com";

/// All forms in which it could be written down; of base64 what does not depend on what stands before it.
fn forms() -> Vec<Vec<u8>> {
    let utf16: Vec<u8> = PASSWORD.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let mut forms = vec![
        PASSWORD.as_bytes().to_vec(),
        PASSWORD.replace('é', "\\u00e9").into_bytes(),
        PASSWORD.escape_unicode().to_string().into_bytes(),
        PASSWORD.escape_default().to_string().into_bytes(),
        PASSWORD.chars().rev().collect::<String>().into_bytes(),
        format!("{:?}", PASSWORD.as_bytes()).trim_matches(['[', ']']).as_bytes().to_vec(),
        // The part that stays the same in any escaping.
        b"gEh3!mWx".to_vec(),
        utf16.clone(),
    ];
    for bytes in [PASSWORD.as_bytes(), utf16.as_slice()] {
        let hex = bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat();
        forms.extend([hex.to_uppercase().into_bytes(), hex.into_bytes()]);
        forms.extend((0..3).map(|before| {
            let encoded = BASE64.encode([&[b' '; 2][..before], bytes].concat());
            encoded.as_bytes()[4..encoded.len() - 4].to_vec()
        }));
    }
    forms
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

fn assert_secret(bytes: &[u8], about: &str) {
    for form in forms() {
        let form = (contains(bytes, &form)).then(|| String::from_utf8_lossy(&form).into_owned());
        assert_eq!(form, None, "{about}: {}", String::from_utf8_lossy(bytes));
    }
}

/// Where the password comes from.
#[derive(Clone, Copy, Debug)]
enum Given {
    File,
    Variable,
}

fn command(given: Given, folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_spn-doctor"));
    command.args(arguments).args(["--user", USER]).current_dir(folder);
    // Whatever makes libraries talk.
    command.env("RUST_LOG", "trace").env("RUST_BACKTRACE", "full").env("SSLKEYLOGFILE", folder.join("keys"));
    match given {
        Given::File => {
            fs::write(folder.join("password"), format!("{PASSWORD}\r\nsecond line\n")).unwrap();
            command.args(["--password-file", "password"]);
        }
        Given::Variable => drop(command.env("SPN_DOCTOR_PASSWORD", PASSWORD)),
    }
    command
}

/// Runs the program, and looks at all that it said and wrote.
fn run(given: Given, arguments: &[&str]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let output = command(given, folder.path(), arguments).output().unwrap();
    let about = format!("{given:?} {arguments:?}");
    assert_secret(&output.stdout, &about);
    assert_secret(&output.stderr, &about);
    let _ = fs::remove_file(folder.path().join("password"));
    for file in fs::read_dir(folder.path()).unwrap() {
        let path = file.unwrap().path();
        assert_secret(&fs::read(&path).unwrap(), &format!("{about}: {}", path.display()));
    }
    assert!(!folder.path().join("keys").exists(), "{about}: the keys of TLS were written down");
    output
}

fn reading(words: &[&'static str], server: &str) -> Vec<String> {
    let words = words.iter().map(|word| (*word).to_owned());
    words.chain(["--timeout", "2", "--server", server].map(str::to_owned)).collect()
}

fn run_all(given: Given, arguments: &[String]) -> Output {
    run(given, &arguments.iter().map(String::as_str).collect::<Vec<_>>())
}

const PLAIN: &str = "--insecure-plaintext";

/// A server that sends these bytes once it was asked something, and then waits, or hangs up.
fn raw(reply: Vec<u8>, hangs_up: bool) -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap().to_string();
    thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let _ = (stream.read(&mut [0; 4096]), stream.write_all(&reply));
            if !hangs_up {
                thread::sleep(Duration::from_secs(4));
            }
        }
    });
    address
}

fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    [&[tag, u8::try_from(content.len()).unwrap()], content].concat()
}

/// A bind response.
fn response(id: u8, tag: u8, code: u8, text: &[u8]) -> Vec<u8> {
    let outcome = [element(0x0a, &[code]), element(4, b""), element(4, text)].concat();
    element(0x30, &[element(2, &[id]), element(tag, &outcome)].concat())
}

const BIND: u8 = 0x61;

/// Everything that a server can answer a bind with, and what is said about it.
fn refusals() -> Vec<(Vec<u8>, &'static str)> {
    let active_directory =
        |data: &str| format!("80090308: LdapErr: DSID-0C09, comment: AcceptSecurityContext error, data {data}, v4563");
    let mut refusals: Vec<(Vec<u8>, &str)> = [
        ("52e", "the user name or the password is wrong"),
        ("525", "there is no such user"),
        ("530", "may not log on at this time"),
        ("532", "the password has expired"),
        ("533", "the account is disabled"),
        ("701", "the account has expired"),
        ("775", "the account is locked out"),
    ]
    .map(|(data, said)| (response(1, BIND, 49, active_directory(data).as_bytes()), said))
    .to_vec();
    let echo = format!("no, {PASSWORD} is not the password of {USER}");
    refusals.extend(
        [1, 7, 8, 13, 32, 49, 51, 52, 53, 80]
            .map(|code| (response(1, BIND, code, echo.as_bytes()), "is not the password of")),
    );
    refusals.extend([
        (response(2, BIND, 0, b""), "a request that was never made"),
        (response(0, BIND, 0, b""), "a request that was never made"),
        (response(1, 0x65, 0, b""), "something else than was asked for"),
        (response(1, 0x78, 0, b""), "something else than was asked for"),
        (PASSWORD.as_bytes().to_vec(), "no LDAP message"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec(), "no LDAP message"),
        (vec![0x30, 0x80], "no LDAP message"),
        (vec![0x30, 0x84, 0x7f, 0xff, 0xff, 0xff], "no LDAP message"),
        (vec![0x30, 0x03, 0x02, 0x01, 0x01], ""),
        (vec![0x30, 0x05, 0x02, 0x01, 0x01, 0x61, 0x00], ""),
    ]);
    refusals
}

#[test]
fn a_bind_that_is_refused_or_answered_with_nonsense_tells_no_password() {
    let refusals = refusals();
    promised::at_least("answers to a bind with a password", refusals.len(), false);
    for (number, (reply, said)) in refusals.into_iter().enumerate() {
        let given = [Given::File, Given::Variable][number % 2];
        let as_json = run_all(given, &reading(&["check", "--format", "json", PLAIN], &raw(reply.clone(), false)));
        let output = run_all(given, &reading(&["check", "-v", PLAIN], &raw(reply, false)));
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{number}: {stderr}");
        // The document repeats the error; `run` looked at it as well.
        let document = String::from_utf8(as_json.stdout).unwrap();
        assert!(
            as_json.status.code() == Some(2) && document.contains("\"incomplete\"") && document.contains(said),
            "{document}"
        );
        assert!(stderr.contains("error: ") && stderr.contains("\nhint: ") && stderr.contains(said), "{said}: {stderr}");
    }
}

#[test]
fn a_connection_that_fails_tells_no_password() {
    let closed = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().to_string();
    for (words, server) in [
        (&["check", "-v", PLAIN][..], closed.clone()),
        (&["check", "-v", PLAIN], raw(Vec::new(), true)),
        (&["check", "-v", PLAIN], raw(Vec::new(), false)),
        (&["check", "-v", PLAIN], raw(response(1, BIND, 0, b"")[..9].to_vec(), true)),
        (&["check", "-v", PLAIN], raw(response(1, BIND, 0, b""), true)),
        (&["check", "-v", PLAIN], raw(response(1, BIND, 0, b""), false)),
        (&["check", "-v"], closed),
        (&["check", "-v", "--ldaps"], raw(response(1, BIND, 0, b""), false)),
        (&["check", "-v", "--starttls"], raw(response(1, BIND, 0, b""), false)),
        (&["check", "-v", "--starttls"], raw(response(1, 0x78, 52, b"no certificate"), false)),
        (&["check", "-v", "--starttls"], raw(response(1, 0x78, 0, b""), true)),
        (&["record", "-v", "-o", "out.ldif"], "host.invalid".to_owned()),
        (&["check", "-v"], "no server: none".to_owned()),
    ] {
        let output = run_all(Given::File, &reading(words, &server));
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{words:?}: {stderr}");
        assert!(stderr.contains("error: "), "{words:?}: {stderr}");
    }
}

#[test]
fn a_reading_that_succeeds_tells_no_password() {
    let mut objects = organisation(&["ex01.contoso.com"]);
    objects.push(computer("EX01", ROOT, &["HOST/ex01.contoso.com", "SMTPSVC/mail.contoso.com"]));
    let server = serve((Ipv4Addr::LOCALHOST, 0), root("TRUE"), objects, None).name();
    for given in [Given::File, Given::Variable] {
        for words in [
            &["check", PLAIN][..],
            &["check", PLAIN, "-v", "--setspn", "2003"],
            &["check", PLAIN, "-v", "--format", "json"],
            &["check", PLAIN, "-v", "--format", "json", "-o", "report.json"],
        ] {
            assert_eq!(run_all(given, &reading(words, &server)).status.code(), Some(1), "{words:?}");
        }
        for words in
            [&["record", PLAIN, "-v", "-o", "whole.ldif"][..], &["record", PLAIN, "--redact", "-o", "names.ldif"]]
        {
            assert_eq!(run_all(given, &reading(words, &server)).status.code(), Some(0), "{words:?}");
        }
    }
}

/// A server knows the password, and may repeat it in whatever it says later: in a refusal, a referral, a notice, a name.
#[test]
fn what_a_server_repeats_amid_the_reading_tells_no_password() {
    let echo = format!("why {PASSWORD}?");
    let mut tricks: Vec<Trick> = [
        LdapResultCode::OperationsError,
        LdapResultCode::StrongerAuthRequired,
        LdapResultCode::InsufficentAccessRights,
        LdapResultCode::Busy,
        LdapResultCode::Unavailable,
        LdapResultCode::Other,
    ]
    .map(|code| Trick::Say(code, echo.clone()))
    .to_vec();
    let notice =
        [element(0x0a, &[52]), element(4, b""), element(4, echo.as_bytes()), element(0x8a, b"1.3.6.1.4.1.1466.20036")];
    tricks.extend([
        Trick::Raw(element(0x30, &[element(2, &[0]), element(0x78, &notice.concat())].concat())),
        Trick::Refer(vec![format!("ldap://{PASSWORD}.contoso.com/DC={PASSWORD}")]),
        Trick::Instead(object(&format!("CN={PASSWORD},DC=elsewhere"), &[("cn", "x")])),
    ]);
    let mut objects = organisation(&["ex01.contoso.com"]);
    objects.push(computer("EX01", ROOT, &["HOST/ex01.contoso.com", "SMTPSVC/mail.contoso.com"]));
    for trick in tricks {
        let server = serve((Ipv4Addr::LOCALHOST, 0), root("TRUE"), objects.clone(), Some(("SMTPSVC", trick.clone())));
        for words in
            [&["check", PLAIN, "-v"][..], &["check", PLAIN, "--format", "json"], &["record", PLAIN, "-o", "out"]]
        {
            let output = run_all(Given::File, &reading(words, &server.name()));
            assert_eq!(output.status.code(), Some(2), "{words:?} {trick:?}");
            let said = [output.stdout, output.stderr].concat();
            assert!(!said.is_empty(), "{words:?} {trick:?}");
        }
    }
}

#[test]
fn a_wrong_use_tells_no_password() {
    let wrong: [&[&str]; 7] = [
        &["check", "--auth", "kerberos"],
        &["check", "--from", "password"],
        &["check", "--no-such-flag"],
        &["check", "--timeout", "soon"],
        &["record"],
        &["record", PLAIN, "--server", "127.0.0.1:1", "-o", "no/such/folder/out.ldif"],
        &["check", PLAIN, "--server", "127.0.0.1:1", "--ca-file", "password"],
    ];
    for words in wrong {
        for given in [Given::File, Given::Variable] {
            assert_eq!(run(given, words).status.code(), Some(2), "{words:?}");
        }
    }
    // A file of passwords is no recording and no list of certificates, and its lines are not quoted.
    let folder = tempfile::tempdir().unwrap();
    for words in [
        &["check", "--from", "password"][..],
        &[
            "check",
            "--ldaps",
            "--user",
            USER,
            "--password-file",
            "password",
            "--server",
            "127.0.0.1:1",
            "--ca-file",
            "password",
        ],
    ] {
        fs::write(folder.path().join("password"), PASSWORD).unwrap();
        let mut program = Command::new(env!("CARGO_BIN_EXE_spn-doctor"));
        let output = program.args(words).current_dir(folder.path()).output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        assert_secret(&output.stderr, &format!("{words:?}"));
    }
}

#[test]
fn a_program_that_is_killed_or_runs_out_of_memory_tells_no_password() {
    let mut objects = organisation(&["ex01.contoso.com"]);
    objects.push(computer("EX01", ROOT, &["HOST/ex01.contoso.com"]));
    let heavy =
        serve((Ipv4Addr::LOCALHOST, 0), root("TRUE"), objects, Some(("SMTPSVC", Trick::Heavy(8 << 20, 1)))).name();
    let silent = raw(Vec::new(), false);
    for (limits, server, signal) in [
        ("ulimit -c 0; ulimit -v 70000", &heavy, None),
        ("ulimit -c 0", &silent, Some("-ABRT")),
        ("ulimit -c 0", &silent, Some("-INT")),
        ("ulimit -c 0", &silent, Some("-TERM")),
    ] {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("password"), PASSWORD).unwrap();
        let script = format!(
            "{limits}; exec '{}' check -v {PLAIN} --timeout 9 --user {USER} --password-file password --server {server}",
            env!("CARGO_BIN_EXE_spn-doctor")
        );
        let mut shell = Command::new("sh");
        shell.args(["-c", &script]).current_dir(folder.path()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = shell.spawn().unwrap();
        if let Some(signal) = signal {
            thread::sleep(Duration::from_millis(300));
            assert!(Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap().success());
        }
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(signal.is_some() || said.contains("memory allocation"), "{script}: {said}");
        assert_ne!(output.status.code(), Some(0));
        assert_ne!(output.status.code(), Some(1));
        assert_secret(&output.stdout, script.as_str());
        assert_secret(&output.stderr, script.as_str());
    }
}

/// `script` gives it a terminal; who sits there waits for the prompt.
#[test]
fn a_password_that_is_typed_is_not_shown() {
    let server = raw(response(1, BIND, 49, b"data 52e,"), false);
    let line =
        format!("{} check -v {PLAIN} --timeout 5 --user {USER} --server {server}", env!("CARGO_BIN_EXE_spn-doctor"));
    let mut terminal = Command::new("script")
        .args(["--quiet", "--return", "--command", &line, "/dev/null"])
        .env_remove("SPN_DOCTOR_PASSWORD")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let (mut keyboard, mut screen) = (terminal.stdin.take().unwrap(), terminal.stdout.take().unwrap());
    let mut shown = Vec::new();
    while !contains(&shown, b"Password: ") {
        let mut byte = [0];
        assert_eq!(screen.read(&mut byte).unwrap(), 1, "{}", String::from_utf8_lossy(&shown));
        shown.push(byte[0]);
    }
    // The terminal is told to hide what is typed just after the prompt is shown; nobody types that fast.
    thread::sleep(Duration::from_secs(1));
    keyboard.write_all(format!("{PASSWORD}\n").as_bytes()).unwrap();
    screen.read_to_end(&mut shown).unwrap();
    assert_eq!(terminal.wait().unwrap().code(), Some(2));
    assert!(contains(&shown, b"the user name or the password is wrong"), "{}", String::from_utf8_lossy(&shown));
    assert_secret(&shown, "at a terminal");
}

/// How often the password stands in the memory of a process that may be written.
fn copies(process: u32) -> usize {
    use std::os::unix::fs::FileExt as _;
    let memory = fs::File::open(format!("/proc/{process}/mem")).unwrap();
    let maps = fs::read_to_string(format!("/proc/{process}/maps")).unwrap();
    let mut copies = 0;
    for line in maps.lines().filter(|line| line.split(' ').nth(1).is_some_and(|rights| rights.starts_with("rw"))) {
        let (start, end) = line.split(' ').next().unwrap().split_once('-').unwrap();
        let [start, end] = [start, end].map(|number| u64::from_str_radix(number, 16).unwrap());
        let mut bytes = vec![0; usize::try_from(end - start).unwrap()];
        if memory.read_exact_at(&mut bytes, start).is_ok() {
            copies += bytes.windows(PASSWORD.len()).filter(|window| *window == PASSWORD.as_bytes()).count();
        }
    }
    copies
}

#[test]
fn a_password_that_was_sent_stands_in_memory_once() {
    let folder = tempfile::tempdir().unwrap();
    // The bind succeeds, and then nothing comes any more.
    let server = raw(response(1, BIND, 0, b""), false);
    let mut program = command(Given::File, folder.path(), &["check", PLAIN, "--server", &server])
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    thread::sleep(Duration::from_millis(700));
    let copies = copies(program.id());
    program.kill().unwrap();
    program.wait().unwrap();
    assert_eq!(copies, 1, "the one is kept for the next server");
}

/// What the server is sent as the password, where it can read it.
fn sent(file: &[u8]) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("password"), file).unwrap();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let server = listener.local_addr().unwrap().to_string();
    let mut program = Command::new(env!("CARGO_BIN_EXE_spn-doctor"))
        .args(["check", PLAIN, "--server", &server, "--user", USER, "--password-file", "password"])
        .current_dir(folder.path())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut request = vec![0; 4096];
    let length = listener.accept().unwrap().0.read(&mut request).unwrap();
    program.kill().unwrap();
    program.wait().unwrap();
    // The password is the last element of a bind, behind the user, its tag and its length.
    let user = request.windows(USER.len()).position(|window| window == USER.as_bytes()).unwrap();
    request[user + USER.len() + 2..length].to_vec()
}

#[test]
fn the_first_line_of_a_password_file_is_sent_whatever_marks_or_ends_it() {
    for (before, after) in [("", ""), ("", "\n"), ("", "\r\nsecond line"), ("\u{feff}", "\r\n"), ("\u{feff}", "")] {
        let file = format!("{before}{PASSWORD}{after}");
        assert_eq!(sent(file.as_bytes()), PASSWORD.as_bytes(), "{file:?}");
    }
}

#[test]
fn a_password_file_without_end_is_an_error() {
    for file in ["/dev/zero", "long"] {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("long"), format!("{PASSWORD}\n{}", "x".repeat(64 * 1024))).unwrap();
        let script = format!(
            "ulimit -c 0; ulimit -v 400000; exec '{}' check --user {USER} --server 127.0.0.1:1 --password-file {file}",
            env!("CARGO_BIN_EXE_spn-doctor")
        );
        let output = Command::new("sh").args(["-c", &script]).current_dir(folder.path()).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.starts_with(&format!("error: the password file {file} is longer than 64 KiB\nhint: ")), "{said}");
        assert_secret(said.as_bytes(), file);
    }
}

#[test]
fn a_password_file_in_another_encoding_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let utf16: Vec<u8> = format!("\u{feff}{PASSWORD}\r\n").encode_utf16().flat_map(u16::to_le_bytes).collect();
    fs::write(folder.path().join("password"), utf16).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_spn-doctor"))
        .args(["check", "--user", USER, "--server", "127.0.0.1:1", "--password-file", "password"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(
        said,
        "error: the password file password is not UTF-8\nhint: save it as UTF-8; its first line is the password\n"
    );
}
