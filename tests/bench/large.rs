//! A forest as large as any, on a scripted server: what reading and judging it takes. `tests/bench/run` shows the numbers.

#![cfg(target_os = "linux")]

use std::fs;
use std::net::Ipv4Addr;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use crate::support::organisation::{Object, connector, organisation, root, well_named};
use crate::support::server::serve;
use crate::support::usage::peak;

/// Exchange servers with four endpoints each, and other holders of SMTPSVC names.
fn forest(servers: usize, holders: usize) -> Vec<Object> {
    let names: Vec<String> = (0..servers).map(|number| format!("ex{number:05}.contoso.com")).collect();
    let mut objects = organisation(&names.iter().map(String::as_str).collect::<Vec<_>>());
    for number in 0..servers {
        // Beside the default connector.
        for endpoint in 2..=4 {
            let fqdn = format!("mail{endpoint}-{number:05}.contoso.com");
            objects.push(connector(&format!("Mail {endpoint}"), &format!("ex{number:05}"), &fqdn, "31"));
        }
        objects.push(well_named(&format!("ex{number:05}"), &[]));
    }
    objects.extend((0..holders).map(|number| well_named(&format!("pc{number:06}"), &[])));
    objects
}

/// Seconds of processor time and megabytes at the peak that `check` takes.
fn check(servers: usize, holders: usize) -> (f64, usize) {
    let server = serve((Ipv4Addr::LOCALHOST, 0), root("TRUE"), forest(servers, holders), None);
    let mut program = Command::new(env!("CARGO_BIN_EXE_spn-doctor"))
        .args(["check", "--auth", "anonymous", "--insecure-plaintext", "--timeout", "600", "--format", "json"])
        .args(["--server", &server.name()])
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let (mut seconds, mut megabytes) = (0.0, 0);
    // Both only grow, so the last look counts.
    let status = loop {
        seconds = processor_time(program.id()).unwrap_or(seconds);
        megabytes = peak(program.id()).unwrap_or(megabytes);
        match program.try_wait().unwrap() {
            Some(status) => break status,
            None => thread::sleep(Duration::from_millis(2)),
        }
    };
    assert_eq!(status.code(), Some(1), "three in four of the names are missing");
    (seconds, megabytes)
}

/// Seconds in the program and in the kernel.
fn processor_time(process: u32) -> Option<f64> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    let ticks = stat.rsplit_once(')')?.1.split(' ').skip(12).take(2).map(|ticks| ticks.parse().unwrap_or(0));
    Some(f64::from(ticks.sum::<u32>()) / 100.0)
}

#[test]
#[ignore = "takes a release build and a minute: tests/bench/run"]
fn a_forest_of_5000_servers_20000_endpoints_and_100000_holders_fits_in_256_mb() {
    let (part, _) = check(1250, 23_750);
    let (all, megabytes) = check(5000, 95_000);
    println!("scripted server: a quarter {part:.2} s, all {all:.2} s of processor time, {megabytes} MB");
    assert!(megabytes < 256, "{megabytes} MB");
}
