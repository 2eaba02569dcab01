//! A server that accepts and then says nothing: the program still ends, by itself or at once when told to.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "tests stop at the first surprise")]

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

fn check(server: &str, timeout: &str) -> Child {
    Command::new(env!("CARGO_BIN_EXE_spn-doctor"))
        .args(["check", "--auth", "anonymous", "--insecure-plaintext", "--server", server, "--timeout", timeout])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Exit code, standard output and standard error.
fn outcome(child: Child) -> (Option<i32>, String, String) {
    let output = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn an_interrupt_is_answered_at_once() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let child = check(&silent.local_addr().unwrap().to_string(), "60");
    let _connection = silent.accept().unwrap();
    std::thread::sleep(Duration::from_millis(200));
    let interrupted = Instant::now();
    let kill = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(kill.success());
    let (code, stdout, stderr) = outcome(child);
    assert!(interrupted.elapsed() < Duration::from_secs(2));
    assert_eq!((code, stdout.as_str()), (Some(2), ""));
    assert!(stderr.starts_with("error: interrupted"), "{stderr}");
}

#[test]
fn a_stalled_server_ends_in_an_error_when_the_time_is_up() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let started = Instant::now();
    let (code, stdout, stderr) = outcome(check(&silent.local_addr().unwrap().to_string(), "1"));
    assert!(started.elapsed() < Duration::from_secs(5));
    assert_eq!((code, stdout.as_str()), (Some(2), ""));
    assert!(stderr.starts_with("error: ") && stderr.contains("\nhint: "), "{stderr}");
}
