//! A bad network between the program and the lab's domain controller: the answer is exactly right, or there is none.
//! See `tests/lab/verify`; `SPN_DOCTOR_FAULTS=all` for many more.
#![cfg(unix)]

use std::env;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use crate::support::program;
use crate::support::promised;
use crate::support::proxy::{Disturbance, Fault, Proxy, Way};
use crate::support::sweep;
use crate::support::sweep::{Case, Scene, boundaries, every, sweep};
use spn_doctor::input::ldap::{Auth, Secret, Security, Settings};

const FAULTS: [Fault; 8] = [
    Fault::Close,
    Fault::Truncate,
    Fault::Delay,
    Fault::Flip(1),
    Fault::Flip(0x80),
    Fault::Replace(0),
    Fault::Duplicate,
    Fault::Drop,
];

fn lab(name: &str) -> String {
    env::var(name).unwrap_or_else(|_| panic!("{name} is not set: this runs within the lab"))
}

/// The domain controller listens on every address of the lab; the ticket is for its name, whatever the port.
fn controller(port: u16) -> SocketAddr {
    (Ipv4Addr::LOCALHOST, port).into()
}

fn settings(security: Security, auth: Auth) -> Settings {
    Settings {
        auth,
        security,
        ca_file: Some(PathBuf::from(lab("LAB_CA"))),
        step_timeout: Duration::from_secs(2),
        timeout: Duration::from_secs(10),
        ..Settings::default()
    }
}

fn reader() -> Auth {
    let password = std::fs::read_to_string(lab("LAB_READER_PASSWORD_FILE")).unwrap();
    let user = format!("{}@{}", lab("LAB_READER"), lab("LAB_DNS_DOMAIN"));
    Auth::Simple { user, password: Secret::new(password.trim_end().to_owned()) }
}

/// Faults of each kind at as many offsets of both ways: the lab's conversation is long, and Samba slow. In full at every so many
/// bytes, the kinds by turns, and at every message.
fn cases(scene: &Scene, faults: &[Fault], each: usize, in_full: usize) -> Vec<Case> {
    let mut cases = Vec::new();
    for way in [Way::Requests, Way::Replies] {
        let length = scene.heard(way).len();
        let boundaries = boundaries(scene.heard(way));
        println!("{way:?}: {length} bytes, {} messages", boundaries.len());
        let usual = (length / each, 7, boundaries.len().div_ceil(each));
        let (step, shift, messages) = if sweep::all() { (in_full, in_full / faults.len(), 1) } else { usual };
        for (number, fault) in faults.iter().enumerate() {
            let spread = every(length, step, number * shift, &[]);
            let thinned = boundaries.iter().step_by(messages).copied();
            let offsets = spread.into_iter().chain(thinned);
            cases.extend(offsets.map(|at| Case { disturbance: Disturbance { way, at, fault: *fault }, alone: true }));
        }
    }
    cases
}

/// In full there is a fault at every eighth byte, which takes Samba half an hour. CONTRIBUTING.md promises as many for each way of protecting a connection.
fn never_wrong(name: &str, scene: &Scene) {
    let mut tried = 0;
    for (kind, faults, in_full, threads) in
        [("faults", &FAULTS[..], 8 * FAULTS.len(), 12), ("silence", &[Fault::Stall], 251, 16)]
    {
        let tally = sweep(scene, &cases(scene, faults, 12, in_full), threads);
        println!("{name}, {kind}: {tally}, {} not reached", tally.unreached);
        assert!(tally.wrong.is_empty(), "{name}: {:#?}", tally.wrong);
        tried += tally.cases();
    }
    promised::at_least("all of these on a real domain controller", tried, sweep::all());
}

#[test]
#[ignore = "needs the lab"]
fn a_bad_line_to_a_sealed_connection_gives_the_right_answer_or_none() {
    let sealed = settings(Security::Sealed, Auth::default());
    never_wrong("Samba, sealed", &Scene::named(&lab("LAB_HOST"), controller(389), None, sealed));
}

#[test]
#[ignore = "needs the lab"]
fn a_bad_line_to_a_tls_connection_gives_the_right_answer_or_none() {
    for (name, security, port) in [("LDAPS", Security::Ldaps, 636), ("StartTLS", Security::StartTls, 389)] {
        let tls = settings(security, reader());
        let scene = Scene::named(&lab("LAB_HOST"), controller(port), None, tls);
        never_wrong(&format!("Samba, {name}"), &scene);
    }
}

#[test]
#[ignore = "needs the lab"]
fn the_program_ends_with_exit_code_2_where_the_sealed_line_is_cut_or_changed() {
    let host = lab("LAB_HOST");
    let check = |disturbance| {
        let proxy = Proxy::between(controller(0), controller(389), disturbance);
        let server = format!("{host}:{}", proxy.address.port());
        (program::run(["check", "--timeout", "5", "--server", &server]), proxy)
    };
    let (undisturbed, proxy) = check(None);
    assert_eq!((undisturbed.code, undisturbed.stderr.as_str()), (1, ""));
    let replies = proxy.heard(Way::Replies);
    for at in boundaries(&replies).into_iter().flat_map(|at| [at, at + 9]) {
        for fault in [Fault::Close, Fault::Truncate, Fault::Flip(1)] {
            let (run, proxy) = check(Some(Disturbance { way: Way::Replies, at, fault }));
            assert!(proxy.happened());
            assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{at} {fault:?}");
            assert!(run.stderr.starts_with("error: "), "{}", run.stderr);
        }
    }
}
