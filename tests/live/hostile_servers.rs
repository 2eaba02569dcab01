//! Servers that mean ill: neither memory nor time runs out, and nothing of theirs is taken for a directory.

#![cfg(target_os = "linux")]

use std::net::Ipv4Addr;
use std::process::{Command, Stdio};
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use crate::support::organisation::{Object, ROOT, SERVERS, computer, configuration, object, organisation, root};
use crate::support::server::{NUMBER, Server, Trick, element, own_address, serve};
use crate::support::usage::peak;
use ldap3_proto::proto::LdapResultCode;

const HOLDERS: &str = "SMTPSVC";
/// What is promised. What is kept is bounded by half of it, as what is made of it comes on top. Without a bound these servers would send
/// without end.
const MOST_MEGABYTES: usize = 512;

fn forest() -> Vec<Object> {
    let mut objects = organisation(&["ex01.contoso.com"]);
    objects.push(computer("EX01", ROOT, &["HOST/ex01.contoso.com", "SMTPSVC/ex01.contoso.com"]));
    objects
}

fn hostile(part: &str, trick: Trick) -> Server {
    serve((Ipv4Addr::LOCALHOST, 0), root("TRUE"), forest(), Some((part, trick)))
}

/// How the program ended: its exit code, what it said, the most memory it ever had, and how long it took.
#[derive(Debug)]
struct End {
    code: i32,
    said: String,
    megabytes: usize,
    took: Duration,
}

fn check(servers: &[&Server], more: &[&str]) -> End {
    let started = Instant::now();
    let mut flags = vec!["check", "--auth", "anonymous", "--insecure-plaintext"];
    if !more.contains(&"--timeout") {
        flags.extend(["--timeout", "60"]);
    }
    let names: Vec<String> = servers.iter().map(|server| server.name()).collect();
    for name in &names {
        flags.extend(["--server", name]);
    }
    // The system gives it no more: whoever asks for it all the same is aborted, and has no exit code.
    let limited = format!("ulimit -v {} && exec \"$0\" \"$@\"", MOST_MEGABYTES << 10);
    let mut program = Command::new("sh")
        .args(["-c", &limited, env!("CARGO_BIN_EXE_spn-doctor")])
        .args(flags.iter().chain(more))
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut megabytes = 0;
    // The peak only grows, so the last look counts.
    while program.try_wait().unwrap().is_none() {
        megabytes = peak(program.id()).unwrap_or(megabytes);
        thread::sleep(Duration::from_millis(5));
    }
    let output = program.wait_with_output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    let code = output.status.code().unwrap_or_else(|| panic!("memory ran out: {said}"));
    End { code, said, megabytes, took: started.elapsed() }
}

/// The program ends with an error that says so, soon and with little memory; and where another server follows, it answers.
fn refused(name: &str, part: &str, trick: &Trick, said: &str) {
    let end = check(&[&hostile(part, trick.clone())], &[]);
    println!("{name}: exit {}, {} MB, {:.1} s: {}", end.code, end.megabytes, end.took.as_secs_f32(), end.said);
    assert_eq!(end.code, 2, "{name}: {}", end.said);
    assert!(end.said.contains(said), "{name}: {}", end.said);
    assert!(end.said.lines().count() == 2 && end.said.contains("\nhint: "), "{name}: {}", end.said);
    assert!(end.megabytes < MOST_MEGABYTES, "{name}: {} MB", end.megabytes);
    assert!(end.took < Duration::from_secs(50), "{name}: {:?}", end.took);
    let good = serve((Ipv4Addr::LOCALHOST, 0), root("TRUE"), forest(), None);
    let end = check(&[&hostile(part, trick.clone()), &good], &[]);
    assert!(end.code == 0 && end.said.starts_with("note: "), "{name}: {end:?}");
    assert!(end.megabytes < MOST_MEGABYTES, "{name}: {} MB", end.megabytes);
}

#[test]
fn a_page_of_gigantic_objects_is_refused_before_it_fills_the_memory() {
    refused("gigantic objects", HOLDERS, &Trick::Heavy(8 << 20, 1), "more than any directory has");
}

#[test]
fn objects_of_countless_attributes_or_values_are_refused_before_they_fill_the_memory() {
    refused("countless values", HOLDERS, &Trick::Heavy(0, 1 << 20), "more than 262144 parts");
    refused("countless attributes", HOLDERS, &Trick::Hollow(1 << 19), "more than 262144 parts");
}

#[test]
fn messages_of_countless_parts_are_refused_whatever_they_are_made_of() {
    const CONTROLS: u8 = 0xa0;
    let many = |unit: &[u8]| unit.repeat((15 << 20) / unit.len());
    let entry = element(0x64, &[element(4, format!("CN=a,{ROOT}").as_bytes()), element(0x30, &[])].concat());
    let done = |more: Vec<u8>| element(0x65, &[b"\x0a\x01\x0a\x04\0\x04\0", &more[..]].concat());
    let controls = element(CONTROLS, &many(b"\x30\x02\x04\0"));
    for (name, bomb) in [
        ("controls of an object", [&entry[..], &controls].concat()),
        ("controls of a result", [&done(Vec::new())[..], &controls].concat()),
        ("a reference", element(0x73, &many(b"\x04\0"))),
        ("a referral", done(element(0xa3, &many(b"\x04\0")))),
        ("names of a result", done(many(b"\x8a\0"))),
    ] {
        refused(name, HOLDERS, &Trick::Before(bomb), "more than 262144 parts");
    }
}

#[test]
fn a_page_of_objects_with_very_many_values_is_refused() {
    refused("very many values", HOLDERS, &Trick::Heavy(0, 100_000), "more than any directory has");
}

#[test]
fn a_million_objects_are_refused() {
    let end = check(&[&hostile(HOLDERS, Trick::NewPages)], &["--page-size", "50000"]);
    assert!(end.code == 2 && end.said.contains("more than any directory has"), "{end:?}");
    assert!(end.megabytes < MOST_MEGABYTES, "{end:?}");
}

#[test]
fn a_million_variants_of_one_object_are_refused() {
    let end = check(&[&hostile(HOLDERS, Trick::NewContents)], &["--page-size", "50000"]);
    assert!(end.code == 2 && end.said.contains("more than any directory has"), "{end:?}");
    assert!(end.megabytes < MOST_MEGABYTES && end.took < Duration::from_secs(50), "{end:?}");
}

/// Holders, each of so many names of this length, of which the first is of SMTPSVC.
fn holders(names: usize, length: usize) -> Object {
    let mut values = vec![("objectClass", "computer".to_owned()), ("sAMAccountName", format!("P{NUMBER}$"))];
    values.push(("userAccountControl", "4096".to_owned()));
    values.extend((0..names).map(|name| {
        let class = if name == 0 { "SMTPSVC" } else { "HTTP" };
        ("servicePrincipalName", format!("{class}/n{name}-{NUMBER}.{}", "x".repeat(length)))
    }));
    crowd(",CN=Computers,DC=contoso,DC=com", &values)
}

/// Connectors, each of which announces a name of its own and has a name of this length.
fn connectors(length: usize) -> Object {
    crowd(
        &format!(",CN=SMTP Receive Connectors,CN=Protocols,CN=ex01,{SERVERS}"),
        &[
            ("objectClass", "msExchSmtpReceiveConnector".to_owned()),
            ("msExchSMTPReceiveConnectorFQDN", format!("m{NUMBER}.contoso.com")),
            ("msExchSMTPReceiveInboundSecurityFlag", "31".to_owned()),
            ("msExchSmtpReceiveProtocolRestrictions", "16".to_owned()),
            ("msExchSmtpReceiveRole", "32".to_owned()),
            ("cn", "x".repeat(length)),
        ],
    )
}

/// Objects with these values, in this place.
fn crowd(below: &str, values: &[(&str, String)]) -> Object {
    let values: Vec<(&str, &str)> = values.iter().map(|(name, value)| (*name, value.as_str())).collect();
    object(&format!("CN=N{NUMBER}{below}"), &values)
}

/// So many of these, and nothing more.
fn crowd_of(most: usize, object: Object) -> Trick {
    Trick::Crowd(most, object, LdapResultCode::Success)
}

const EXCHANGE: &str = "<CN=Microsoft Exchange,";

/// The whole program, against servers that send as fast as they can.
fn check_crowds(name: &str, servers: &[&Server]) -> End {
    let end = check(servers, &["--page-size", "500", "--timeout", "600", "--format", "json"]);
    println!("{name}: {end:?}");
    assert!(end.megabytes < MOST_MEGABYTES, "{name}: {end:?}");
    end
}

#[test]
fn objects_without_end_are_one_error_within_the_memory_that_there_is() {
    for (name, part, object) in [
        ("holders of many names without end", HOLDERS, holders(400, 10)),
        ("holders of long names without end", HOLDERS, holders(4, 1 << 20)),
        ("connectors without end", EXCHANGE, connectors(10)),
        ("long connectors without end", EXCHANGE, connectors(1 << 20)),
    ] {
        let end = check_crowds(name, &[&hostile(part, crowd_of(usize::MAX, object))]);
        assert!(end.code == 2 && end.said.contains("more than any directory has"), "{name}: {end:?}");
        assert!(end.said.lines().count() == 2 && end.said.contains("\nhint: "), "{name}: {end:?}");
    }
}

/// What is read, judged and reported takes more than what is kept. None of this is too much to be kept.
#[test]
fn as_much_as_is_believed_is_judged_or_not_within_the_memory_that_there_is() {
    for (name, part, most, object, code) in [
        ("as many holders as are believed", HOLDERS, 225_000, holders(1, 10), 2),
        ("as many names as are believed", HOLDERS, 5_000, holders(400, 10), 2),
        ("as long names as are believed", HOLDERS, 20, holders(1, 1 << 20), 2),
        ("as many connectors as are judged", EXCHANGE, 15_000, connectors(10), 1),
        ("as many connectors as are believed", EXCHANGE, 60_000, connectors(10), 2),
        ("as long connectors as are believed", EXCHANGE, 20, connectors(1 << 20), 1),
    ] {
        let end = check_crowds(name, &[&hostile(part, crowd_of(most, object))]);
        assert_eq!((end.code, end.said.as_str()), (code, ""), "{name}");
    }
}

/// Each of them alone would be believed.
#[test]
fn what_several_servers_send_shares_the_memory_that_there_is() {
    const TOO_MUCH: &str = "more than any directory has";
    let address = own_address();
    let domains = configuration(&[ROOT, "DC=child,DC=contoso,DC=com"], &["ex01.contoso.com"]);
    let settings = Some((EXCHANGE, crowd_of(12, connectors(1 << 20))));
    let controller = serve((address, 0), root("TRUE"), domains, settings);
    let accounts = Some((HOLDERS, crowd_of(20, holders(1, 1 << 20))));
    let _catalog = serve((address, 3268), root("TRUE"), Vec::new(), accounts);
    let end = check_crowds("controller and catalog", &[&controller]);
    assert!(end.code == 2 && end.said.contains("the global catalog") && end.said.contains(TOO_MUCH), "{end:?}");
    let refusing = || hostile(HOLDERS, Trick::Crowd(20, holders(1, 1 << 20), LdapResultCode::Other));
    let end = check_crowds("several controllers", &[&refusing(), &refusing(), &refusing()]);
    assert!(end.code == 2 && end.said.contains("refuses a part") && end.said.contains(TOO_MUCH), "{end:?}");
}

#[test]
fn pages_of_nothing_but_referrals_come_to_an_end() {
    refused("referrals for ever", HOLDERS, &Trick::ReferPages(0), "over and over");
}

#[test]
fn pages_of_new_long_referrals_are_refused_before_they_fill_the_memory() {
    refused("long referrals", HOLDERS, &Trick::ReferPages(8 << 20), "more than any directory has");
}

#[test]
fn a_reply_that_drips_is_no_reply() {
    let end = check(&[&hostile(HOLDERS, Trick::Drip)], &["--timeout", "3"]);
    assert!(end.code == 2 && end.said.contains("took longer than 3 seconds"), "{end:?}");
    assert!(end.took < Duration::from_secs(6));
}

#[test]
fn a_notice_of_disconnection_is_told() {
    // Message 0, an extended response: unavailable, with the name that Active Directory sends.
    let notice = b"\x30\x24\x02\x01\x00\x78\x1f\x0a\x01\x34\x04\x00\x04\x00\x8a\x161.3.6.1.4.1.1466.20036";
    refused("notice of disconnection", HOLDERS, &Trick::Raw(notice.to_vec()), "it hung up");
}

#[test]
fn an_answer_without_objects_still_needs_its_paging_control() {
    let mut nobody = forest();
    nobody.pop();
    let trick = Some((HOLDERS, Trick::NoPagingControl));
    let end = check(&[&serve((Ipv4Addr::LOCALHOST, 0), root("TRUE"), nobody, trick)], &[]);
    assert!(end.code == 2 && end.said.contains("left out the paging control"), "{end:?}");
}

#[test]
fn referrals_in_a_circle_are_not_followed() {
    let server = serve((Ipv4Addr::LOCALHOST, 0), root("TRUE"), forest(), None);
    let circle = format!("ldap://{}/{ROOT}", server.name());
    let circling = hostile(HOLDERS, Trick::Refer(vec![circle]));
    let end = check(&[&circling], &[]);
    assert_eq!((end.code, end.said.as_str()), (2, ""));
    assert_eq!(circling.connections.load(Ordering::Relaxed), 1);
    assert_eq!(server.connections.load(Ordering::Relaxed), 0);
}
