//! Whatever a live reading lacks, the report names a command that helps, with the forest's own names.

use crate::support::organisation::{
    CHILD, Object, ROOT, SERVERS, computer, configuration, every_domain_has, object, organisation, root, send_connector,
};
use crate::support::program::{list, run};
use crate::support::server::{NUMBER, Server, Trick, own_address, serve};
use ldap3_proto::proto::LdapResultCode as Code;
use serde_json::Value;

/// Problems that no command helps against, by a part of what they say: none. An object whose name cannot be read would be one, as a command
/// could not name it either; but a server that sends one is not read at all.
const NO_COMMAND: [&str; 0] = [];

/// What a command may begin with, and what may stand in it.
const TOOLS: [&str; 9] = [
    "dsacls \"",
    "ldifde -f ",
    "ldapsearch -Y GSSAPI ",
    "nltest /dclist:",
    "nltest /dsgetdc:",
    "nslookup -type=SRV _gc._tcp.",
    "setspn -F -X",
    "spn-doctor check --domain ",
    "spn-doctor check --server ",
];

/// Two servers of which one sends for both, and their accounts, one of which holds more names than come at a time.
fn forest() -> Vec<Object> {
    let mut objects = organisation(&["ex01.contoso.com", "ex02.contoso.com"]);
    let many: Vec<String> = (0..1600).map(|number| format!("SMTPSVC/site{number}.contoso.com")).collect();
    objects.push(computer("EX01", ROOT, &["HOST/ex01.contoso.com", "SMTPSVC/ex01.contoso.com"]));
    objects.push(computer("EX02", ROOT, &["HOST/ex02.contoso.com", "SMTPSVC/ex02.contoso.com"]));
    objects.push(computer("MANY", ROOT, &many.iter().map(String::as_str).collect::<Vec<_>>()));
    let source = format!("CN=ex02,{SERVERS}");
    // Not set there, which has to be asked.
    let silent = objects.iter_mut().find(|object| object.dn.starts_with("CN=Default ex02")).unwrap();
    silent.clear("msExchSmtpReceiveRole");
    objects.push(send_connector("Out", &source, "ex02.contoso.com"));
    objects
}

fn controller(objects: Vec<Object>, trick: Option<(&str, Trick)>) -> Server {
    serve((own_address(), 0), root("TRUE"), objects, trick)
}

/// The problems that the program reports, each with its commands.
fn problems(server: &str) -> Vec<(String, Vec<String>)> {
    let run = run(["check", "--format", "json", "--auth", "anonymous", "--insecure-plaintext", "--server", server]);
    let report = run.report();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let fixes = |problem: &Value| list(&problem["fix"]).map(text).collect();
    list(&report["problems"]).map(|problem| (text(&problem["what"]), fixes(problem))).collect()
}

/// Whether a problem helps whoever reads it.
fn fault((what, fixes): &(String, Vec<String>)) -> Option<String> {
    let is_known = |fix: &String| TOOLS.iter().any(|tool| fix.starts_with(tool));
    let is_plain = |fix: &String| fix.chars().all(|c| c.is_ascii_alphanumeric() || " \"\\\\/:,=.-_()|*%>;".contains(c));
    let helps = !fixes.is_empty() && fixes.iter().all(|fix| is_known(fix) && is_plain(fix));
    let is_hopeless = NO_COMMAND.iter().any(|part| what.contains(part));
    (!helps && !is_hopeless).then(|| format!("{what}: {fixes:?}"))
}

/// How many problems these ways come to; each has its commands.
fn helped(ways: impl IntoIterator<Item = (String, Server)>) -> usize {
    let (mut seen, mut faults) = (0, Vec::new());
    for (way, server) in ways {
        let problems = problems(&server.name());
        seen += problems.len();
        faults.extend(problems.iter().filter_map(fault).map(|fault| format!("{way}: {fault}")));
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    seen
}

/// Parts of the searches: the domains, the organisation, sPNMappings, the holders, the accounts, the rest of many names, and what is
/// hidden.
const SEARCHES: [&str; 7] =
    ["crossRef", "<CN=Microsoft Exchange", "<CN=Directory Service", "SMTPSVC", "HOST/", ";range", "Not("];

/// Otherwise the tests below would show nothing.
#[test]
fn nothing_is_missing_where_everything_may_be_read() {
    assert_eq!(problems(&controller(forest(), None).name()), []);
}

#[test]
fn what_a_server_refuses() {
    let codes = [
        Code::TimeLimitExceeded,
        Code::SizeLimitExceeded,
        Code::Referral,
        Code::AdminLimitExceeded,
        Code::NoSuchObject,
        Code::InsufficentAccessRights,
        Code::UnwillingToPerform,
        Code::Other,
    ];
    for code in codes {
        let refuse = |part: &&str| {
            let server = controller(forest(), Some((part, Trick::Result(code.clone(), 0))));
            (format!("{code:?} to {part}"), server)
        };
        let ways: Vec<_> = SEARCHES.iter().map(refuse).collect();
        assert!(helped(ways) >= SEARCHES.len(), "{code:?}");
    }
}

#[test]
fn what_a_server_leaves_out_replaces_or_has_elsewhere() {
    let elsewhere =
        ["ldap://child.contoso.com/DC=child,DC=contoso,DC=com", "ldap://emea.contoso.com", "nonsense", "ldap:///"];
    for part in SEARCHES {
        let empty = object(&format!("CN=X,CN=Users,{ROOT}"), &[("cn", "X")]);
        let tricks = elsewhere.iter().map(|url| Trick::Refer(vec![(*url).to_owned()]));
        let tricks = tricks.chain([Trick::Hide, Trick::Instead(empty), Trick::Die(0)]);
        let ways: Vec<_> =
            tricks.map(|trick| (format!("{trick:?} to {part}"), controller(forest(), Some((part, trick))))).collect();
        assert!(helped(ways) > 0, "{part}");
    }
    // Of so many the first twenty are told one by one.
    let crowd = Trick::Crowd(40, object(&format!("CN={NUMBER},{ROOT}"), &[("cn", "x")]), Code::Success);
    assert_eq!(helped([("many without names".to_owned(), controller(forest(), Some(("SMTPSVC", crowd))))]), 21);
}

#[test]
fn each_object_that_is_missing() {
    let all = forest();
    let without = |number: usize| {
        let mut objects = all.clone();
        let lost = objects.remove(number);
        (format!("without {}", lost.dn), controller(objects, None))
    };
    assert!(helped((0..all.len()).map(without)) >= 5);
}

/// Hidden, not set, nonsense, or there twice.
#[test]
fn each_attribute_that_cannot_be_used() {
    let all = forest();
    let mut seen = [0; 4];
    for (number, of) in all.iter().enumerate() {
        let mut names: Vec<&String> = of.values.iter().map(|(name, _)| name).collect();
        names.sort();
        names.dedup();
        for name in names {
            for (way, seen) in seen.iter_mut().enumerate() {
                let mut objects = all.clone();
                let changed = &mut objects[number];
                match way {
                    0 => changed.hidden.push(name.clone()),
                    1 => changed.clear(name),
                    2 => changed
                        .values
                        .iter_mut()
                        .filter(|(other, _)| other == name)
                        .for_each(|(_, value)| "x".clone_into(value)),
                    _ => changed.values.push((name.clone(), "twice".to_owned())),
                }
                *seen += helped([(format!("{name} of {}, way {way}", of.dn), controller(objects, None))]);
            }
        }
    }
    assert!(seen.iter().all(|seen| *seen > 5), "{seen:?}");
}

#[test]
fn a_forest_without_a_catalog() {
    let mut objects = configuration(&[ROOT, CHILD], &["ex01.contoso.com"]);
    objects.extend(every_domain_has(ROOT));
    objects.push(computer("EX01", ROOT, &["HOST/ex01.contoso.com", "SMTPSVC/ex01.contoso.com"]));
    assert_eq!(helped([("no catalog".to_owned(), controller(objects, None))]), 2);
}

#[test]
fn a_server_whose_name_nobody_knows() {
    let mut objects = forest();
    for object in &mut objects {
        object
            .values
            .iter_mut()
            .filter(|(_, value)| value == "ncacn_ip_tcp:ex01.contoso.com")
            .for_each(|(_, value)| "ncacn_ip_tcp:ex01".clone_into(value));
        object.values.retain(|(_, value)| value != "ex01.contoso.com");
    }
    assert!(helped([("short".to_owned(), controller(objects, None))]) > 0);
}

#[test]
fn a_reading_that_comes_to_nothing() {
    for server in ["127.0.0.1:1", "dc1.nowhere.invalid"] {
        let problems = problems(server);
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert_eq!(problems[0].1, [format!("spn-doctor check --server {server} --verbose")]);
    }
    for server in ["dc1;calc:1", "$(calc)", "-x"] {
        let server = format!("--server={server}");
        let run = run(["check", "--format", "json", "--auth", "anonymous", "--insecure-plaintext", &server]);
        assert_eq!(list(&run.report()["problems"][0]["fix"]).count(), 0, "{server}");
    }
}

/// The commands that go with one problem.
#[test]
fn commands_name_the_forest_of_the_reading() {
    let refused = |part: &str, code: Code| {
        let server = controller(forest(), Some((part, Trick::Result(code, 0))));
        problems(&server.name()).into_iter().find(|(what, _)| what.contains("(result ")).unwrap().1
    };
    let domain = "DC=contoso,DC=com";
    assert_eq!(
        refused("SMTPSVC", Code::UnwillingToPerform),
        ["nltest /dclist:contoso.com", "spn-doctor check --domain contoso.com"]
    );
    assert_eq!(
        refused("SMTPSVC", Code::InsufficentAccessRights),
        [format!("dsacls \"{domain}\" /I:T /G \"DOMAIN\\account:LCRP\"")]
    );
    assert_eq!(
        refused("crossRef", Code::InsufficentAccessRights),
        [format!("dsacls \"CN=Partitions,CN=Configuration,{domain}\" /I:T /G \"DOMAIN\\account:GR\"")]
    );
    let policy = refused("SMTPSVC", Code::SizeLimitExceeded);
    let dn = format!(
        "CN=Default Query Policy,CN=Query-Policies,CN=Directory Service,CN=Windows NT,CN=Services,CN=Configuration,{domain}"
    );
    assert_eq!(policy[0], format!("ldifde -f policy.ldf -d \"{dn}\" -p base -l lDAPAdminLimits"));
    assert!(policy[1].ends_with(&format!("-b \"{dn}\" -s base lDAPAdminLimits > policy.ldif")), "{policy:?}");
}
