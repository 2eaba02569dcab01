//! Attributes hidden in the lab's directory, each on one object by one deny entry: what the program notices on Samba, to which an
//! attribute that may not be read is absent. `tests/live/hidden.rs` has the same with Active Directory's semantics. See `tests/lab/verify`.
#![cfg(unix)]

use std::env;
use std::process::Command;

use crate::support::program::{feed, run};
use serde_json::Value;

/// What hiding an attribute comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    /// The same findings, and nothing missing.
    Right,
    /// A problem names the object or the attribute, and the exit code is 2.
    Named,
    /// Other findings, and nobody says that something is missing.
    Unnoticed,
}
use Outcome::{Named, Right, Unnoticed};

/// The object, by a filter and a part of its DN; the attribute; what comes of hiding it.
type Case = (&'static str, &'static str, &'static str, Outcome);

const SERVER: &str = "(objectClass=msExchExchangeServer)";
const RECEIVE: &str = "(objectClass=msExchSmtpReceiveConnector)";
const VIRTUAL: &str = "(objectClass=protocolCfgSMTPServer)";
const SEND: &str = "(objectClass=msExchRoutingSMTPConnector)";
const ROUTING: &str = "(objectClass=msExchRoutingGroupConnector)";
const COMPUTER: &str = "(objectClass=computer)";
const CROSS_REF: &str = "(nCName=DC=contoso,DC=test)";
const KRBTGT: &str = "(sAMAccountName=krbtgt)";

/// What is `Unnoticed` here is an attribute that may be absent: Samba says that it is, and answers both `(a=*)` and `(!(a=*))` so. An
/// object's replication metadata would list it, but by numbers that each forest gives to the attributes of Exchange itself.
const CASES: &[Case] = &[
    (SERVER, "CN=EX16A,CN=Servers,", "networkAddress", Named),
    (SERVER, "CN=EX10M,CN=Servers,", "msExchCurrentServerRoles", Named),
    (SERVER, "CN=EX16A,CN=Servers,", "versionNumber", Right),
    (SERVER, "CN=EX16A,CN=Servers,", "serialNumber", Right),
    (SERVER, "CN=EX16A,CN=Servers,", "objectClass", Named),
    (SERVER, "CN=EX16A,CN=Servers,", "objectCategory", Right),
    (SERVER, "CN=EX16A,CN=Servers,", "cn", Right),
    (RECEIVE, "CN=Partner Inbound,", "msExchSMTPReceiveConnectorFQDN", Unnoticed),
    (RECEIVE, "CN=Anonymous Relay,", "msExchSMTPReceiveInboundSecurityFlag", Unnoticed),
    (RECEIVE, "CN=Scan to Mail,", "msExchSmtpReceiveProtocolRestrictions", Unnoticed),
    (RECEIVE, "CN=Default EX10E,", "msExchSmtpReceiveProtocolOptions", Unnoticed),
    // It would go unnoticed too, but here it changes nothing: the name is its server's own.
    (RECEIVE, "CN=Default Frontend EX13C,", "msExchSmtpReceiveRole", Right),
    (RECEIVE, "CN=Old Partner,", "msExchSmtpReceiveEnabled", Unnoticed),
    (RECEIVE, "CN=Partner Inbound,", "objectClass", Named),
    (VIRTUAL, "CN=1,CN=SMTP,CN=Protocols,CN=EX2003A,", "msExchSmtpFullyQualifiedDomainName", Unnoticed),
    (VIRTUAL, "CN=1,CN=SMTP,CN=Protocols,CN=EX2003D,", "msExchAuthenticationFlags", Unnoticed),
    (VIRTUAL, "CN=5,CN=SMTP,CN=Protocols,CN=EX2003A,", "msExchNTAuthenticationProviders", Unnoticed),
    (VIRTUAL, "CN=4,CN=SMTP,CN=Protocols,CN=EX2003A,", "msExchServerAutoStart", Unnoticed),
    (VIRTUAL, "CN=1,CN=SMTP,CN=Protocols,CN=EX2003A,", "objectClass", Named),
    (SEND, "CN=Archive,", "msExchSmtpSendFlags", Unnoticed),
    (SEND, "CN=Archive,", "msExchSMTPSendConnectorFQDN", Unnoticed),
    (SEND, "CN=Archive,", "msExchSmtpSmartHost", Unnoticed),
    (SEND, "CN=Old archive,", "msExchSmtpSendEnabled", Unnoticed),
    (SEND, "CN=Archive,", "msExchSourceBridgeheadServersDN", Unnoticed),
    (SEND, "CN=Archive,", "objectClass", Named),
    (ROUTING, "CN=To the old servers,", "objectClass", Named),
    (CROSS_REF, "CN=CONTOSO,", "nCName", Named),
    (CROSS_REF, "CN=CONTOSO,", "systemFlags", Right),
    (CROSS_REF, "CN=CONTOSO,", "nETBIOSName", Right),
    (CROSS_REF, "CN=CONTOSO,", "objectClass", Named),
    ("(sPNMappings=*)", "CN=Directory Service,", "sPNMappings", Named),
    (COMPUTER, "CN=EX16A,", "servicePrincipalName", Named),
    (COMPUTER, "CN=EX16A,", "sAMAccountName", Named),
    (COMPUTER, "CN=EX16C,", "dNSHostName", Named),
    (COMPUTER, "CN=EX16D,", "userAccountControl", Named),
    (COMPUTER, "CN=EX16A,", "objectClass", Named),
    (KRBTGT, "CN=krbtgt,", "servicePrincipalName", Named),
    (KRBTGT, "CN=krbtgt,", "sAMAccountName", Named),
    (KRBTGT, "CN=krbtgt,", "userAccountControl", Named),
    (KRBTGT, "CN=krbtgt,", "objectClass", Named),
];

#[test]
#[ignore = "needs the lab"]
fn whatever_one_deny_entry_hides_the_answer_is_right_or_says_what_is_missing_where_samba_can_tell() {
    let whole = answer();
    assert_eq!((whole.0, &whole.1["problems"]), (1, &serde_json::json!([])));
    let mut faults = Vec::new();
    for (filter, part, attribute, expected) in CASES.iter().copied() {
        let dn = one_object(filter, part);
        let hidden = {
            let _deny = Deny::set(&dn, attribute);
            answer()
        };
        let outcome = outcome(&whole, &hidden, &dn, attribute);
        println!("{part} | {attribute} | {outcome:?}");
        if outcome != Some(expected) {
            faults.push(format!("{attribute} of {dn}: {outcome:?}, not {expected:?}: {}", hidden.1["problems"]));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert_eq!(answer(), whole, "every deny entry is gone again");
}

/// None is exit code 2 without a problem that names anything.
fn outcome(whole: &(i32, Value), hidden: &(i32, Value), dn: &str, attribute: &str) -> Option<Outcome> {
    let problems = hidden.1["problems"].to_string().to_lowercase();
    let name = dn.split(',').next().unwrap().trim_start_matches("CN=");
    let is_named =
        [dn, attribute, &format!("{name} was not read")].iter().any(|part| problems.contains(&part.to_lowercase()));
    let is_same = ["summary", "findings"].iter().all(|part| outline(&hidden.1, part) == outline(&whole.1, part));
    match hidden.0 {
        2 => is_named.then_some(Named),
        code if code == whole.0 && is_same => Some(Right),
        _ => Some(Unnoticed),
    }
}

/// What has to be the same: not the commands, which need names that nothing else needs.
fn outline(report: &Value, part: &str) -> Value {
    let mut outline = report[part].clone();
    if let Some(summary) = outline.as_object_mut() {
        summary.remove("ready");
    }
    for finding in outline.as_array_mut().into_iter().flatten() {
        finding.as_object_mut().unwrap().remove("remedies");
    }
    outline
}

/// What the reader sees now.
fn answer() -> (i32, Value) {
    let user = format!("{}@{}", lab("LAB_READER"), lab("LAB_DNS_DOMAIN"));
    let password = lab("LAB_READER_PASSWORD_FILE");
    let run =
        run(["check", "--format", "json", "--user", &user, "--password-file", &password, "--ca-file", &lab("LAB_CA")]);
    (run.code, run.report())
}

/// An entry that denies the reader to read an attribute of an object, until it is dropped.
struct Deny {
    dn: String,
    /// The access list as it was.
    before: String,
}

impl Deny {
    fn set(dn: &str, attribute: &str) -> Self {
        let before = ldb("ldbsearch", &["-b", dn, "-s", "base", "nTSecurityDescriptor"], "");
        let before = before.lines().find(|line| line.starts_with("nTSecurityDescriptor:")).unwrap().to_owned();
        let sid = value("(sAMAccountName=reader)", &lab("LAB_BASE_DN"), "objectSid");
        let schema = format!("CN=Schema,CN=Configuration,{}", lab("LAB_BASE_DN"));
        let guid = value(&format!("(lDAPDisplayName={attribute})"), &schema, "schemaIDGUID");
        let sddl = format!("--sddl=(OD;;RP;{guid};;{sid})");
        let (conf, sam) = (place("etc/smb.conf"), place("private/sam.ldb"));
        let mut command = Command::new("samba-tool");
        command.args(["dsacl", "set", &format!("--configfile={conf}"), "-H", &sam]);
        let output = feed(command.args([&format!("--objectdn={dn}"), &sddl]), b"");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Self { dn: dn.to_owned(), before }
    }
}

impl Drop for Deny {
    fn drop(&mut self) {
        let restored = format!("dn: {}\nchangetype: modify\nreplace: nTSecurityDescriptor\n{}\n", self.dn, self.before);
        ldb("ldbmodify", &[], &restored);
    }
}

fn lab(name: &str) -> String {
    env::var(name).unwrap_or_else(|_| panic!("{name} is not set: this runs within the lab"))
}

fn place(file: &str) -> String {
    format!("{}/dc/{file}", lab("LAB_DIR"))
}

/// Runs a tool on the domain controller's own file.
fn ldb(program: &str, arguments: &[&str], input: &str) -> String {
    let mut command = Command::new(program);
    command.args([&format!("--configfile={}", place("etc/smb.conf")), "-H", &place("private/sam.ldb")]).args(arguments);
    let output = feed(&mut command, input.as_bytes());
    let (text, said) =
        (String::from_utf8(output.stdout).unwrap(), String::from_utf8_lossy(&output.stderr).into_owned());
    assert!(output.status.success(), "{program} {arguments:?}: {said}");
    text.replace("\n ", "")
}

fn value(filter: &str, base: &str, attribute: &str) -> String {
    let found = ldb("ldbsearch", &["-b", base, filter, attribute], "");
    let start = format!("{attribute}: ");
    found.lines().find_map(|line| line.strip_prefix(&start)).unwrap_or_else(|| panic!("{filter}: {found}")).to_owned()
}

/// The object that matches, whose DN begins so.
fn one_object(filter: &str, part: &str) -> String {
    let configuration = format!("CN=Configuration,{}", lab("LAB_BASE_DN"));
    let search = |base: &str| ldb("ldbsearch", &["-b", base, filter, "cn"], "");
    let found = [search(&configuration), search(&lab("LAB_BASE_DN"))].concat();
    let mut dns: Vec<&str> = found.lines().filter_map(|line| line.strip_prefix("dn: ")).collect();
    dns.retain(|dn| dn.starts_with(part));
    dns.dedup();
    let [dn] = dns[..] else { panic!("{filter}, {part}: {dns:?}") };
    dn.to_owned()
}
