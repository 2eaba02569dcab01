//! A bad network between the program and a server, at every byte: the answer is exactly right, or there is none.
//!
//! Not every byte with every fault each time; `SPN_DOCTOR_FAULTS=all` leaves out nothing.

use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use crate::support::organisation::{
    CHILD, Object, ROOT, computer, configuration, every_domain_has, organisation, root,
};
use crate::support::program;
use crate::support::promised;
use crate::support::proxy::{Disturbance, Fault, Proxy, Way};
use crate::support::server::{serve, serve_with};
use crate::support::sweep;
use crate::support::sweep::{Case, Scene, Tally, boundaries, every, structure, sweep};
use rcgen::{CertificateParams, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use spn_doctor::input::ldap::{Auth, Security, Settings};

const CORRUPTIONS: [Fault; 5] = [Fault::Flip(1), Fault::Flip(0x80), Fault::Replace(0), Fault::Duplicate, Fault::Drop];

/// One domain in which every object matters to the report.
fn forest() -> Vec<Object> {
    let mut objects = organisation(&["ex01.contoso.com", "ex02.contoso.com"]);
    objects.push(computer("EX01", ROOT, &["HOST/ex01.contoso.com", "SMTPSVC/ex01.contoso.com"]));
    objects.push(computer("EX02", ROOT, &["HOST/ex02.contoso.com"]));
    objects.push(computer("OTHER", ROOT, &["SMTPSVC/ex02.contoso.com"]));
    objects
}

fn settings(security: Security) -> Settings {
    Settings {
        auth: Auth::Anonymous,
        security,
        page_size: 2,
        step_timeout: Duration::from_millis(500),
        timeout: Duration::from_secs(5),
        ..Settings::default()
    }
}

fn plain() -> Scene {
    let server = || serve((Ipv4Addr::LOCALHOST, 0), root("TRUE"), forest(), None);
    Scene::new(server().address, Some(server().address), settings(Security::InsecurePlaintext))
}

/// A server's TLS, and the file with the certificate to trust.
fn tls_of_a_server() -> (Arc<ServerConfig>, tempfile::TempPath) {
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap().self_signed(&key).unwrap();
    let private = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = config.with_no_client_auth().with_single_cert(vec![certificate.der().clone()], private).unwrap();
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(certificate.pem().as_bytes()).unwrap();
    (Arc::new(config), file.into_temp_path())
}

/// The scene, and the file that has to stay until it was played.
fn tls() -> (Scene, tempfile::TempPath) {
    let (config, file) = tls_of_a_server();
    let server = || serve_with((Ipv4Addr::LOCALHOST, 0), root("TRUE"), forest(), None, Some(config.clone()));
    let settings = Settings { ca_file: Some(file.to_path_buf()), ..settings(Security::Ldaps) };
    (Scene::new(server().address, Some(server().address), settings), file)
}

/// Faults at these offsets of both ways, on the only server and on the first of two: by turns, unless there is time for both.
fn cases(scene: &Scene, faults: &[Fault], step: usize, phase: usize) -> Vec<Case> {
    let mut cases = Vec::new();
    for way in [Way::Requests, Way::Replies] {
        let heard = scene.heard(way);
        for (number, fault) in faults.iter().enumerate() {
            for at in every(heard.len(), step, phase + number, &boundaries(heard)) {
                let disturbance = Disturbance { way, at, fault: *fault };
                let both = [true, false].map(|alone| Case { disturbance, alone });
                let turn = cases.len() % 2;
                cases.extend(if sweep::all() { &both[..] } else { &both[turn..=turn] });
            }
        }
    }
    cases
}

fn step(usual: usize) -> usize {
    if sweep::all() { 1 } else { usual }
}

fn show(name: &str, tally: &Tally) {
    println!("{name}: {tally}");
}

/// How many faults there were, none of which led to a wrong answer.
fn never_wrong(name: &str, tally: &Tally) -> usize {
    show(name, tally);
    assert!(tally.wrong.is_empty(), "{name}: {:#?}", tally.wrong);
    tally.cases()
}

/// Holds the number of faults against CONTRIBUTING.md.
fn promised(row: &str, tried: usize) {
    promised::at_least(row, tried, sweep::all());
}

#[test]
fn connections_that_are_cut_at_any_byte_give_the_right_answer_or_none() {
    let scene = plain();
    let cut = cases(&scene, &[Fault::Close, Fault::Truncate], step(19), 0);
    let plain = never_wrong("cut, plain", &sweep(&scene, &cut, 8));
    let (scene, _file) = tls();
    let cut = cases(&scene, &[Fault::Close, Fault::Truncate], step(131), 0);
    let tls = never_wrong("cut, TLS", &sweep(&scene, &cut, 8));
    promised("connections closed or cut", plain + tls);
}

#[test]
fn a_line_that_goes_silent_at_any_byte_ends_in_time() {
    let scene = plain();
    let stalls = cases(&scene, &[Fault::Stall], step(151), 3);
    let plain = never_wrong("silent, plain", &sweep(&scene, &stalls, 32));
    let (scene, _file) = tls();
    let stalls = cases(&scene, &[Fault::Stall], step(257), 3);
    let tls = never_wrong("silent, TLS", &sweep(&scene, &stalls, 32));
    promised("connections that fall silent", plain + tls);
}

#[test]
fn however_a_reply_is_torn_and_late_the_answer_is_the_same() {
    let scene = plain();
    let late = cases(&scene, &[Fault::Delay], step(61), 1);
    let tally = sweep(&scene, &late, 16);
    let plain = never_wrong("late, plain", &tally);
    assert_eq!(tally.none, 0);
    let (scene, _file) = tls();
    let late = cases(&scene, &[Fault::Delay], step(211), 1);
    let tally = sweep(&scene, &late, 16);
    let tls = never_wrong("late, TLS", &tally);
    assert_eq!(tally.none, 0);
    promised("replies late and torn", plain + tls);
}

#[test]
fn a_byte_changed_within_tls_is_never_believed() {
    let (scene, _file) = tls();
    let corrupted = cases(&scene, &CORRUPTIONS, step(331), 0);
    promised("bytes changed, doubled or lost under TLS", never_wrong("changed, TLS", &sweep(&scene, &corrupted, 16)));
}

/// Nothing protects plain text: a value that was changed into another cannot be told from one that was sent. But no object
/// goes missing, and none appears, because a message was damaged.
#[test]
fn a_reply_damaged_in_plain_text_is_never_taken_for_whole() {
    let scene = plain();
    let damaging = |case: &Case| {
        let Disturbance { way, at, fault } = case.disturbance;
        matches!(fault, Fault::Duplicate | Fault::Drop) || way == Way::Replies && structure(scene.heard(way))[at]
    };
    let corrupted = cases(&scene, &CORRUPTIONS, step(61), 0);
    let (damaged, changed): (Vec<Case>, Vec<Case>) = corrupted.into_iter().partition(damaging);
    promised("messages damaged in plain text", never_wrong("damaged, plain", &sweep(&scene, &damaged, 24)));
    let tally = sweep(&scene, &changed, 24);
    show("changed values, plain", &tally);
    assert!(tally.cases() >= 300);
}

#[test]
fn a_catalog_behind_a_bad_line_is_read_whole_or_missed() {
    let mut configuration = configuration(&[ROOT, CHILD], &["ex01.contoso.com", "ex02.child.contoso.com"]);
    let mut accounts = vec![
        computer("EX01", ROOT, &["HOST/ex01.contoso.com", "SMTPSVC/ex01.contoso.com"]),
        computer("EX02", CHILD, &["HOST/ex02.child.contoso.com"]),
        computer("OTHER", CHILD, &["SMTPSVC/ex02.child.contoso.com"]),
    ];
    accounts.extend([ROOT, CHILD].into_iter().flat_map(every_domain_has));
    configuration.push(accounts[0].clone());
    let controller = serve((Ipv4Addr::UNSPECIFIED, 0), root("TRUE"), configuration, None);
    accounts.rotate_left(1);
    let catalog = serve((Ipv4Addr::LOCALHOST, 0), root("TRUE"), accounts, None);
    let settings = settings(Security::InsecurePlaintext);
    let scene = Scene::of_a_catalog(controller.address.port(), catalog.address, settings);
    let mut cases = cases(&scene, &[Fault::Close, Fault::Truncate, Fault::Drop], step(211), 0);
    for case in &mut cases {
        case.alone = true;
    }
    let tally = sweep(&scene, &cases, 16);
    promised("connections to a global catalog", never_wrong("catalog, plain", &tally));
}

#[test]
fn the_program_ends_with_exit_code_2_and_one_error_wherever_the_line_is_cut() {
    let server = serve((Ipv4Addr::LOCALHOST, 0), root("TRUE"), forest(), None).address;
    let here = SocketAddr::new(server.ip(), 0);
    let check = |disturbance| {
        let proxy = Proxy::between(here, server, disturbance);
        let address = proxy.address.to_string();
        let flags = ["--auth", "anonymous", "--insecure-plaintext", "--timeout", "2", "--server", &address];
        let run = program::run(["check"].iter().chain(&flags));
        (run, proxy.heard(Way::Replies))
    };
    let (undisturbed, replies) = check(None);
    assert_eq!((undisturbed.code, undisturbed.stderr.as_str()), (1, ""));
    let boundaries = boundaries(&replies);
    assert!(boundaries.len() > 10);
    for at in boundaries.iter().flat_map(|at| [*at, at + 1]) {
        for fault in [Fault::Close, Fault::Truncate, Fault::Drop, Fault::Replace(0xff)] {
            let (run, _) = check(Some(Disturbance { way: Way::Replies, at, fault }));
            assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{at} {fault:?}");
            let lines: Vec<&str> = run.stderr.lines().map(|line| line.split(':').next().unwrap()).collect();
            assert_eq!(lines, ["error", "hint"], "{at} {fault:?}: {}", run.stderr);
        }
    }
}
