//! The whole program against a scripted server: what it finds live, it finds in a recording of the same reading, whole or not.

use crate::support::organisation::{Object, ROOT, SERVERS, computer, connector, object, organisation, root};
use crate::support::program::{Run, check, run};
use crate::support::server::{Server, Trick, own_address, serve};
use serde_json::{Value, json};

const FQDN: &str = "HOST/ex01.contoso.com";

/// Two servers, nothing wrong with them, and a file server that has nothing to do with Exchange.
fn healthy() -> Vec<Object> {
    let mut objects = organisation(&["ex01.contoso.com", "ex02.contoso.com"]);
    for name in ["EX01", "EX02"] {
        let host = name.to_lowercase();
        let names = [name.to_owned(), format!("{host}.contoso.com")];
        let spns = ["HOST", "SmtpSvc"].map(|class| names.each_ref().map(|name| format!("{class}/{name}"))).concat();
        objects.push(computer(name, ROOT, &spns.iter().map(String::as_str).collect::<Vec<_>>()));
    }
    objects.push(computer("FILE01", ROOT, &["HOST/FILE01", "HOST/file01.contoso.com"]));
    objects
}

fn with(more: impl IntoIterator<Item = Object>) -> Vec<Object> {
    healthy().into_iter().chain(more).collect()
}

/// A connector with Exchange authentication on the first server, under this name.
fn announcing(name: &str) -> Object {
    connector("Relay", "ex01", name, "31")
}

fn controller(objects: Vec<Object>, trick: Option<(&str, Trick)>) -> Server {
    serve((own_address(), 0), root("TRUE"), objects, trick)
}

fn live(words: &[&str], server: &Server) -> Run {
    let name = server.name();
    let how = ["--auth", "anonymous", "--insecure-plaintext", "--server", &name];
    run(words.iter().chain(&how))
}

/// The report on a live reading, which a recording of it has to repeat, whether it is whole or not.
fn judged(objects: Vec<Object>, trick: Option<(&str, Trick)>) -> Value {
    let server = controller(objects, trick);
    let read = live(&["check", "--format", "json"], &server);
    let report = read.report();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("forest.ldif");
    let recorded = live(&["record", "-o", path.to_str().unwrap()], &server);
    let is_whole = report["problems"].as_array().unwrap().is_empty();
    assert_eq!(recorded.code, if is_whole { 0 } else { 2 }, "{}", recorded.stderr);
    let replayed = check([&path]);
    assert_eq!(replayed.code, read.code, "{}", replayed.stderr);
    for part in ["verdict", "summary", "servers", "findings"] {
        assert_eq!(replayed.report()[part], report[part], "{part}");
    }
    assert_eq!(problems(&replayed.report()), problems(&report));
    report
}

/// Where something is missing, and what. The commands that get it are others where a file has to be exported again.
fn problems(report: &Value) -> Vec<(&Value, &Value)> {
    report["problems"].as_array().unwrap().iter().map(|problem| (&problem["where"], &problem["what"])).collect()
}

/// Code, SPN and servers of each finding.
fn outline(report: &Value) -> Vec<(&str, Option<&str>, String)> {
    let findings = report["findings"].as_array().unwrap().iter();
    findings
        .map(|finding| (finding["code"].as_str().unwrap(), finding["spn"].as_str(), finding["servers"].to_string()))
        .collect()
}

/// Each of these is found, and nothing else, with the verdict that goes with it.
fn found(report: &Value, expected: &[(&str, Option<&str>)]) {
    let found: Vec<_> = outline(report).into_iter().map(|(code, spn, _)| (code, spn)).collect();
    assert_eq!(found, expected, "{}", report["problems"]);
}

/// The remedies that can be run without anybody's deciding anything.
fn ready(report: &Value) -> usize {
    let findings = report["findings"].as_array().unwrap().iter();
    let remedies = findings.flat_map(|finding| finding["remedies"].as_array().unwrap());
    let is_ready = |remedy: &&Value| remedy["confirm"].is_null() && remedy["commands"] != json!([]);
    remedies.filter(is_ready).count()
}

#[test]
fn a_healthy_organisation_is_healthy() {
    let report = judged(healthy(), None);
    assert_eq!((&report["verdict"], ready(&report)), (&json!("healthy"), 0));
    let servers: Vec<&str> =
        report["servers"].as_array().unwrap().iter().map(|server| server["name"].as_str().unwrap()).collect();
    assert_eq!(servers, ["ex01", "ex02"], "transport roles are no servers");
    assert_eq!(report["servers"][0]["account"]["marks"], json!(["named", "host", "dns"]));
    assert_eq!(report["servers"][0]["endpoints"].as_array().unwrap().len(), 1, "nobody listens on CN=1");
}

#[test]
fn the_owner_of_an_announced_name_is_looked_up() {
    for (name, spn) in [
        // By the HOST name that it holds; and a short name by its logon name, though it does not hold that as a HOST name.
        ("print01.contoso.com", "SMTPSVC/print01.contoso.com"),
        ("PRINT01", "SMTPSVC/PRINT01"),
    ] {
        let owner = computer("PRINT01", ROOT, &["HOST/print01.contoso.com"]);
        let report = judged(with([announcing(name), owner]), None);
        found(&report, &[("foreign-fqdn", Some(spn))]);
        assert!(report["findings"][0]["message"].as_str().unwrap().contains("CN=PRINT01,"), "{report}");
    }
    // Whose it is decides: without an owner it is only a name that Exchange does not support.
    let report = judged(with([announcing("print01.contoso.com")]), None);
    found(&report, &[("exchange-auth-fqdn", Some("SMTPSVC/print01.contoso.com"))]);
}

#[test]
fn a_stray_host_name_on_another_machine_is_found_though_that_holds_nothing_of_smtp() {
    let report = judged(with([computer("FILE02", ROOT, &["HOST/file02.contoso.com", FQDN])]), None);
    found(&report, &[("stray-host-spn", Some(FQDN))]);
    let holders = report["findings"][0]["holders"].to_string();
    assert!(holders.contains("CN=FILE02,"), "{holders}");
    assert_eq!(ready(&report), 0, "it is live, so somebody has to look first");
    let mut dead = computer("OLD01", ROOT, &[FQDN]);
    dead.values
        .iter_mut()
        .filter(|(name, _)| name == "userAccountControl")
        .for_each(|(_, flags)| "4098".clone_into(flags));
    let report = judged(with([dead]), None);
    found(&report, &[("stray-host-spn", Some(FQDN))]);
    assert_eq!(ready(&report), 1);
}

#[test]
fn two_machines_that_answer_to_a_servers_name_are_ambiguous() {
    let mut objects = with([]);
    // Neither is more than called so, or known by HOST: each has one mark.
    objects.retain(|object| !object.dn.starts_with("CN=EX01,CN=Computers"));
    let mut named = computer("EX01", ROOT, &["HOST/EX01"]);
    named
        .values
        .iter_mut()
        .filter(|(name, _)| name == "dNSHostName")
        .for_each(|(_, dns)| "old.contoso.com".clone_into(dns));
    objects.extend([named, computer("NEW01", ROOT, &[FQDN])]);
    let report = judged(objects, None);
    found(&report, &[("ambiguous-computer-account", None)]);
    assert_eq!(report["summary"]["unresolved"], 2);
}

/// It is called otherwise and lost its SPNs: what it calls itself in DNS is left.
#[test]
fn a_machine_that_has_only_its_name_in_dns_is_found_by_it() {
    let lost = |values: &[(&str, &str)]| {
        let mut objects = with([]);
        objects.retain(|object| !object.dn.starts_with("CN=EX01,CN=Computers"));
        let classes = ["top", "user", "computer"].map(|class| ("objectClass", class));
        let own = [("objectCategory", "CN=Computer,CN=Schema,CN=Configuration,DC=contoso,DC=com")];
        let other = [("dNSHostName", "EX01.contoso.com"), ("userAccountControl", "4096")];
        let values = [&classes[..], &own, &other, values].concat();
        objects.push(object("CN=NEW01,CN=Computers,DC=contoso,DC=com", &values));
        judged(objects, None)
    };
    let report = lost(&[("sAMAccountName", "NEW01$")]);
    assert_eq!(report["servers"][0]["account"]["marks"], json!(["dns"]));
    assert_eq!(report["verdict"], "findings");
    let report = lost(&[]);
    assert_eq!(report["verdict"], "incomplete");
    let what = report["problems"][0]["what"].as_str().unwrap();
    assert!(what.starts_with("sAMAccountName was not read") && what.contains("CN=NEW01,"), "{what}");
}

/// What is found in half a forest is reported as well, but nothing of it is ready to be run, and the exit code is 2.
#[test]
fn an_incomplete_reading_is_replayed_as_one() {
    let stray = || computer("OLD01", ROOT, &["HOST/old01.contoso.com", FQDN, "SMTPSVC/old01.contoso.com"]);
    let owner = || computer("PRINT01", ROOT, &["HOST/print01.contoso.com"]);
    let objects = || with([announcing("print01.contoso.com"), stray(), owner()]);
    let whole = judged(objects(), None);
    found(&whole, &[("foreign-fqdn", Some("SMTPSVC/print01.contoso.com")), ("stray-host-spn", Some(FQDN))]);
    let code = || ldap3_proto::LdapResultCode::SizeLimitExceeded;
    let without = |part: &str| objects().into_iter().filter(|object| !object.dn.contains(part)).collect::<Vec<_>>();
    for (objects, trick) in [
        (without("krbtgt"), None),
        (without("nothing"), Some(("SMTPSVC", Trick::Result(code(), 1)))),
        (without("nothing"), Some(("crossRef", Trick::Hide))),
        (without("CN=Default ex02"), None),
    ] {
        let report = judged(objects, trick.clone());
        assert_eq!(report["verdict"], "incomplete", "{trick:?}");
        assert_eq!(outline(&report), outline(&whole), "{trick:?}");
        assert_eq!(ready(&report), 0, "{trick:?}");
    }
}

#[test]
fn a_domain_without_krbtgt_is_a_problem_with_the_right_that_shows_it() {
    let objects = healthy().into_iter().filter(|object| !object.dn.contains("krbtgt")).collect();
    let report = judged(objects, None);
    let problems = report["problems"].as_array().unwrap();
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert_eq!(problems[0]["where"], "contoso.com");
    assert!(problems[0]["what"].as_str().unwrap().contains("krbtgt"), "{problems:?}");
    let fix = problems[0]["fix"][0].as_str().unwrap().to_lowercase();
    assert_eq!(fix, "dsacls \"dc=contoso,dc=com\" /i:t /g \"domain\\account:lcrp\"");
}

#[test]
fn a_judged_server_without_an_endpoint_is_a_problem_with_the_right_that_shows_it() {
    let objects = healthy().into_iter().filter(|object| !object.dn.starts_with("CN=Default ex02")).collect();
    let report = judged(objects, None);
    let dn = format!("CN=ex02,{SERVERS}");
    assert_eq!(report["problems"].as_array().unwrap().len(), 1, "{}", report["problems"]);
    assert_eq!(report["problems"][0]["where"], dn.as_str());
    assert_eq!(report["problems"][0]["fix"], json!([format!("dsacls \"{dn}\" /I:T /G \"DOMAIN\\account:GR\"")]));
}

#[test]
fn whatever_fails_there_is_a_document_where_one_was_asked_for() {
    let closed = "127.0.0.1:1";
    let nobody = serve((own_address(), 0), object("", &[("namingContexts", "dc=example")]), Vec::new(), None);
    for (server, said) in [(closed, "nothing listens on port 1"), (&nobody.name(), "is no domain controller")] {
        let flags = ["--auth", "anonymous", "--insecure-plaintext", "--server", server];
        let table = run(["check"].iter().chain(&flags));
        assert_eq!((table.code, table.stdout.as_str()), (2, ""));
        let run = run(["check", "--format", "json"].iter().chain(&flags));
        assert_eq!(run.code, 2);
        assert_eq!(run.stderr, table.stderr, "people are told the same");
        let report = run.report();
        assert_eq!((&report["schema_version"], &report["verdict"]), (&json!(2), &json!("incomplete")));
        assert_eq!((&report["source"]["kind"], &report["source"]["server"]), (&json!("ldap"), &json!(server)));
        assert_eq!((&report["servers"], &report["findings"]), (&json!([]), &json!([])));
        let problems = report["problems"].as_array().unwrap();
        assert_eq!(problems.len(), 1);
        assert!(problems[0]["what"].as_str().unwrap().contains(said), "{problems:?}");
    }
}
