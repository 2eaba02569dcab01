//! The texts of events, as people paste them, on recordings of which the cause is known: each leads to it, and where nothing is wrong, none
//! is found. `tests/cli/events/index.toml` says where each text was published, and what leads to it.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use crate::support::organisation::{ROOT, computer, organisation, root};
use crate::support::program;
use crate::support::program::{list, run};
use crate::support::server;
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
struct Index {
    event: Vec<Event>,
}

#[derive(Deserialize)]
struct Event {
    file: String,
    names: Vec<String>,
    says: Vec<String>,
    causes: Vec<String>,
    forest: String,
    #[serde(rename = "event")]
    id: Option<i64>,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/events")
}

fn index() -> Vec<Event> {
    let text = std::fs::read_to_string(folder().join("index.toml")).unwrap();
    toml::from_str::<Index>(&text).unwrap().event
}

/// The text, whatever its encoding.
fn text_of(event: &Event) -> String {
    let bytes = std::fs::read(folder().join(&event.file)).unwrap();
    match bytes.strip_prefix(&[0xff, 0xfe]) {
        Some(rest) => {
            let units: Vec<u16> = rest.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
            String::from_utf16(&units).unwrap()
        }
        None => String::from_utf8(bytes).unwrap(),
    }
}

/// The recording of a forest in which something is wrong with one name.
fn recording(forest: &str, name: &str, cause: &str) -> String {
    let whole = std::fs::read_to_string(folder().join(format!("{forest}.ldif"))).unwrap();
    let spn = format!("servicePrincipalName: SMTPSVC/{name}\n");
    let without = || whole.replace(&spn, "");
    let given = |ldif: String, what: &str| {
        ldif.replace("sAMAccountName: svc-mail\n", &format!("sAMAccountName: svc-mail\n{what}"))
    };
    let owner = whole
        .split("\n\n")
        .find(|record| record.contains(&spn.to_lowercase()) || record.contains(&spn))
        .unwrap()
        .to_owned();
    let changed = |from: &str, to: &str| whole.replace(&owner, &owner.replace(from, to));
    match cause {
        "healthy" => whole,
        "missing" => without(),
        "misplaced" => given(without(), &spn),
        "duplicate" => given(whole, &spn),
        "disabled" => changed("userAccountControl: 4096", "userAccountControl: 4098"),
        "expired" => changed("accountExpires: 9223372036854775807", "accountExpires: 133000000000000000"),
        "encryption" => changed("msDS-SupportedEncryptionTypes: 28", "msDS-SupportedEncryptionTypes: 3"),
        "connector" if forest == "fabrikam" => {
            whole.replace("msExchAuthenticationFlags: 7", "msExchAuthenticationFlags: 3")
        }
        "connector" => whole.replace(
            "msExchSmtpReceiveRemoteIPRanges: 10.1.30.0/24",
            "msExchSmtpReceiveRemoteIPRanges: 192.168.10.0/24",
        ),
        other => panic!("{other}"),
    }
}

fn file(content: &[u8]) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(content).unwrap();
    file
}

/// The exit code and the answer.
fn why(text: &[u8], ldif: &str) -> (i32, Value) {
    let (text, ldif) = (file(text), file(ldif.as_bytes()));
    let words =
        ["why", "--format", "json", "--event", text.path().to_str().unwrap(), "--from", ldif.path().to_str().unwrap()];
    let run = run(words);
    let answer = run.report();
    assert_valid(&answer);
    (run.code, answer)
}

/// The host name that a text is about.
fn host(event: &Event) -> Option<String> {
    let name = event.names.first()?;
    let host = name.split_once('/').map_or(name.as_str(), |(_, host)| host).to_lowercase();
    Some(match (host.as_str(), event.forest.as_str()) {
        (host, _) if host.contains('.') && !host.starts_with("192.") => host.to_owned(),
        (host, forest) if host.starts_with("ex") || host.starts_with("mail") => format!("{host}.{forest}.com"),
        _ => return None,
    })
}

/// What shows that a cause was found: the code of a finding, or the name of a clue.
fn sign(cause: &str) -> &str {
    match cause {
        "missing" => "missing-spn",
        "misplaced" => "misplaced-spn",
        "duplicate" => "duplicate-spn",
        "disabled" => "disabled-account",
        "expired" => "account",
        "encryption" => "encryption-types",
        other => other,
    }
}

fn shows(answer: &Value, sign: &str) -> bool {
    // On Exchange 2003, a virtual server that offers nothing is a finding.
    let is_off = |finding: &Value| sign == "connector" && finding["code"] == "no-exchange-auth";
    list(&answer["findings"]).any(is_off)
        || list(&answer["findings"]).any(|finding| finding["code"] == sign)
        || list(&answer["clues"]).any(|clue| clue["cause"] == sign && clue["is_cause"] == true)
}

/// The causes of a text that a directory shows.
fn causes(event: &Event) -> impl Iterator<Item = &str> {
    event.causes.iter().map(String::as_str).filter(|cause| !["none-in-directory", "permission"].contains(cause))
}

/// The text as it is pasted from elsewhere: by name, each in bytes.
fn variants(text: &str) -> BTreeMap<&'static str, Vec<u8>> {
    let crlf = text.replace("\r\n", "\n").replace('\n', "\r\n");
    let mut broken = String::new();
    for line in text.lines() {
        for part in line.chars().collect::<Vec<_>>().chunks(80) {
            broken.extend(part);
            broken.push('\n');
        }
    }
    let utf16: Vec<u8> = [0xfeff].into_iter().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let coloured = text.replace("SMTPSVC", "\u{1b}[1;31mSMTPSVC").replace(".com", ".com\u{1b}[0m");
    [
        ("as it is", text.as_bytes().to_vec()),
        ("CRLF", crlf.into_bytes()),
        ("broken by a terminal", broken.into_bytes()),
        ("UTF-16", utf16),
        ("coloured", coloured.into_bytes()),
        ("quoted", [b"> ".to_vec(), text.replace('\n', "\n> ").into_bytes()].concat()),
    ]
    .into()
}

/// Whatever is answered has the shape that `spn-doctor schema answer` prints.
fn assert_valid(answer: &Value) {
    static SCHEMA: LazyLock<jsonschema::Validator> = LazyLock::new(|| {
        let printed = run(["schema", "answer"]).stdout;
        jsonschema::validator_for(&serde_json::from_str(&printed).unwrap()).unwrap()
    });
    let errors: Vec<String> =
        SCHEMA.iter_errors(answer).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(errors.is_empty(), "{errors:?}");
}

#[test]
fn each_text_leads_to_its_cause_and_to_none_where_all_is_fine() {
    let (mut faults, mut tried) = (Vec::new(), 0);
    for event in index() {
        let Some(host) = host(&event) else { continue };
        let text = text_of(&event);
        for cause in causes(&event).chain(["healthy"]) {
            let (code, answer) = why(text.as_bytes(), &recording(&event.forest, &host, cause));
            tried += 1;
            let is_right = if cause == "healthy" { code == 0 } else { code == 1 && shows(&answer, sign(cause)) };
            if !is_right {
                let found: Vec<_> = list(&answer["findings"]).map(|finding| &finding["code"]).collect();
                faults.push(format!(
                    "{} with {cause} of {host}: {code} {} {found:?} {}",
                    event.file, answer["verdict"], answer["names"]
                ));
            }
        }
        let (_, answer) = why(text.as_bytes(), &recording(&event.forest, &host, "healthy"));
        let said: Vec<_> = list(&answer["says"]).map(|said| said["name"].as_str().unwrap().to_owned()).collect();
        if let Some(id) = event.id
            && !said.iter().any(|name| name.split(", ").any(|number| number == id.to_string()))
        {
            faults.push(format!("{}: event {id} is not in {said:?}", event.file));
        }
        if said.is_empty() && !event.says.is_empty() {
            faults.push(format!("{}: nothing of {:?} was found", event.file, event.says));
        }
    }
    assert!(faults.is_empty(), "{} of {tried}:\n{}", faults.len(), faults.join("\n"));
    assert!(tried > 100);
}

#[test]
fn a_text_leads_to_its_cause_however_it_was_pasted() {
    let (mut faults, mut tried) = (Vec::new(), 0);
    for event in index() {
        let (Some(host), Some(cause)) = (host(&event), causes(&event).next()) else { continue };
        let text = text_of(&event);
        let ldif = recording(&event.forest, &host, cause);
        for (way, bytes) in variants(&text) {
            let (code, answer) = why(&bytes, &ldif);
            tried += 1;
            if code != 1 || !shows(&answer, sign(cause)) {
                faults.push(format!("{} {way}: {code} {}", event.file, answer["names"]));
            }
        }
        // Half of a text that still has the name and what happened to it.
        let middle = text.char_indices().nth(text.chars().count() / 2).map_or(0, |(at, _)| at);
        for half in [&text[..middle], &text[middle..]] {
            let short = host.split('.').next().unwrap();
            let has = |word: &String| half.to_lowercase().contains(&word.to_lowercase());
            let names_it = half.to_lowercase().contains(&host) || half.contains(&short.to_uppercase());
            if names_it && event.says.iter().any(has) && event.names.iter().take(1).all(has) {
                let (code, answer) = why(half.as_bytes(), &ldif);
                tried += 1;
                if code != 1 || !shows(&answer, sign(cause)) {
                    faults.push(format!("{} half: {code} {}", event.file, answer["names"]));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{} of {tried}:\n{}", faults.len(), faults.join("\n"));
    assert!(tried > 300, "{tried}");
}

fn asked(words: &[&str], ldif: &str) -> program::Run {
    let ldif = file(ldif.as_bytes());
    let from = ["--from", ldif.path().to_str().unwrap()];
    run(["why"].into_iter().chain(words.iter().copied()).chain(from))
}

#[test]
fn a_name_is_asked_about_without_any_event() {
    let whole = recording("contoso", "ex02.contoso.com", "healthy");
    let missing = recording("contoso", "ex02.contoso.com", "missing");
    for name in [
        "SMTPSVC/ex02.contoso.com",
        "smtpsvc/EX02.CONTOSO.COM",
        "ex02.contoso.com",
        "EX02",
        "CONTOSO\\EX02$",
        "HOST/ex02",
    ] {
        let (fine, wrong) = (asked(&[name], &whole), asked(&[name], &missing));
        assert_eq!(fine.code, 0, "{name}: {}{}", fine.stdout, fine.stderr);
        assert_eq!(wrong.code, 1, "{name}: {}{}", wrong.stdout, wrong.stderr);
        assert!(wrong.stdout.contains("setspn -F -S SMTPSVC/ex02.contoso.com CONTOSO\\EX02$"), "{}", wrong.stdout);
    }
    let other = asked(&["EX01"], &missing);
    assert_eq!(other.code, 0, "{}", other.stdout);
}

#[test]
fn a_name_that_no_endpoint_announces_is_looked_up_all_the_same() {
    let whole = recording("contoso", "ex02.contoso.com", "healthy");
    // A host need not have an SPN; whoever asks for one gets no ticket.
    for (name, code) in [("SMTPSVC/alias.contoso.com", 1), ("alias.contoso.com", 2)] {
        let nobody = asked(&[name], &whole);
        assert_eq!(nobody.code, code, "{}", nobody.stdout);
        assert!(
            nobody.stdout.contains("alias.contoso.com") && nobody.stdout.contains("no account holds"),
            "{}",
            nobody.stdout
        );
    }
    let held = whole.replace("HTTP/intranet.contoso.com", "SMTPSVC/alias.contoso.com");
    let one = asked(&["SMTPSVC/alias.contoso.com"], &held);
    assert_eq!(one.code, 0, "{}", one.stdout);
    assert!(
        one.stdout.contains("No endpoint in this directory") && one.stdout.contains("CN=svc-mail"),
        "{}",
        one.stdout
    );
}

#[test]
fn an_address_shows_the_connector_that_takes_it() {
    let caught = recording("contoso", "ex02.contoso.com", "connector");
    let told = asked(&["451 5.7.3 from 192.168.10.11"], &caught);
    assert_eq!(told.code, 1, "{}", told.stdout);
    assert!(told.stdout.contains("Relay EX02") && told.stdout.contains("192.168.10.11 on port 25"), "{}", told.stdout);
    let whole = recording("contoso", "ex02.contoso.com", "healthy");
    assert_eq!(asked(&["451 5.7.3 from 192.168.10.11 EX02"], &whole).code, 0);
}

#[test]
fn an_expired_account_is_a_cause() {
    let told = asked(&["EX02"], &recording("contoso", "ex02.contoso.com", "expired"));
    assert_eq!(told.code, 1, "{}", told.stdout);
    assert!(told.stdout.contains("EX02$ expired on 2022-06-18"), "{}", told.stdout);
}

/// 1035 does not name the sender; its SPN is the one that is missing.
#[test]
fn where_the_sender_is_not_named_any_server_may_be_it() {
    let text =
        "Event 1035, MSExchangeTransport on EX01: Inbound authentication failed with error LogonDenied, ExchangeAuth";
    let told = asked(&[text], &recording("contoso", "ex02.contoso.com", "missing"));
    assert_eq!(told.code, 1, "{}", told.stdout);
    assert!(told.stdout.contains("SMTPSVC/ex02.contoso.com"), "{}", told.stdout);
}

#[test]
fn what_was_not_read_leaves_the_answer_open() {
    let whole = recording("contoso", "ex02.contoso.com", "healthy");
    let krbtgt = whole.split("\n\n").find(|record| record.contains("CN=krbtgt")).unwrap().to_owned();
    let told = asked(&["EX02"], &whole.replace(&krbtgt, ""));
    assert_eq!(told.code, 2, "{}", told.stdout);
    assert!(told.stdout.starts_with("NOT ESTABLISHED") && told.stdout.contains("krbtgt"), "{}", told.stdout);
}

#[test]
fn an_answer_fits_a_screen_and_acts_on_no_terminal() {
    for event in index() {
        let host = host(&event).unwrap_or_else(|| format!("ex02.{}.com", "contoso"));
        for cause in causes(&event).chain(["healthy"]) {
            let ldif = file(recording(&event.forest, &host, cause).as_bytes());
            let text = folder().join(&event.file);
            let run = run(["why", "--event", text.to_str().unwrap(), "--from", ldif.path().to_str().unwrap()]);
            assert!(
                run.stdout.lines().count() <= 30,
                "{} {cause}: {} lines\n{}",
                event.file,
                run.stdout.lines().count(),
                run.stdout
            );
            assert!(!run.stdout.contains(|c: char| c.is_control() && c != '\n'), "{}", event.file);
            // What puts it right is never what there is no room for.
            let (_, answer) = why(text_of(&event).as_bytes(), &recording(&event.forest, &host, cause));
            let worst = list(&answer["findings"]).find(|finding| finding["severity"] == "error");
            let remedy = worst.and_then(|finding| list(&finding["remedies"]).next());
            for command in remedy.into_iter().flat_map(|remedy| list(&remedy["commands"])) {
                let command = command["run"].as_str().unwrap();
                assert!(run.stdout.contains(command), "{} {cause}: {command} is not in\n{}", event.file, run.stdout);
            }
        }
    }
}

#[test]
fn hostile_text_gets_one_error() {
    let ldif = recording("contoso", "ex02.contoso.com", "healthy");
    let ldif = file(ldif.as_bytes());
    let from = ldif.path().to_str().unwrap();
    let long = vec![b'a'; 3 * 1024 * 1024];
    let many: Vec<u8> =
        (0..60_000).flat_map(|number| format!("SMTPSVC/x{number}.a ").into_bytes()).take(1 << 20).collect();
    let many_files = [
        (b"".to_vec(), "is empty"),
        (b"\x1b]0;evil\x07\x1b[2J\n\x00\xff".to_vec(), "contains no known event"),
        (b"Lorem ipsum dolor sit amet, consectetur 2017 adipiscing.".to_vec(), "contains no known event"),
        (long, "longer than 1 MiB"),
    ];
    for (text, what) in many_files {
        let text = file(&text);
        let run = run(["why", "--event", text.path().to_str().unwrap(), "--from", from]);
        assert_eq!(run.code, 2, "{}{}", run.stdout, run.stderr);
        assert!(
            run.stdout.is_empty() && run.stderr.starts_with("error: ") && run.stderr.contains(what),
            "{}",
            run.stderr
        );
        assert!(run.stderr.lines().count() <= 3 && !run.stderr.contains('\u{1b}'), "{:?}", run.stderr);
    }
    let text = file(&many);
    let run = run(["why", "--event", text.path().to_str().unwrap(), "--from", from]);
    assert!(run.code == 1 && run.stdout.lines().count() <= 30, "{}{}", run.stdout, run.stderr);
    let gone = program::run(["why", "--event", "no such file", "--from", from]);
    assert!(gone.code == 2 && gone.stderr.contains("no such file"), "{}", gone.stderr);
}

#[test]
fn a_switch_of_the_forest_that_allows_duplicates_is_shown() {
    let ldif = recording("contoso", "ex02.contoso.com", "healthy")
        .replace("dSHeuristics: 0000000001", "dSHeuristics: 000000000100000000022");
    let told = asked(&["setspn: Duplicate SPN found, aborting operation! EX02"], &ldif);
    assert!(told.stdout.contains("dSHeuristics"), "{}", told.stdout);
}

#[test]
fn a_live_directory_is_asked_for_what_else_it_may_be() {
    let mut objects = organisation(&["ex01.contoso.com"]);
    let account = computer("EX01", ROOT, &["HOST/ex01.contoso.com", "SMTPSVC/ex01.contoso.com"])
        .with("pwdLastSet", "134200000000000000")
        .with("msDS-SupportedEncryptionTypes", "24")
        .with("accountExpires", "0");
    objects.push(account);
    let served = server::serve((server::own_address(), 0), root("TRUE"), objects, None);
    let live = ["--auth", "anonymous", "--insecure-plaintext", "--server", &served.name()];
    let told = run(["why", "EX01"].into_iter().chain(live));
    assert_eq!(told.code, 0, "{}{}", told.stdout, told.stderr);
    assert!(told.stdout.contains("EX01$ allows AES128, AES256; password set on 2026-04-07"), "{}", told.stdout);
}

/// What an enemy and a careless eye made of it: each text, the recording it is asked about, and what has to come.
#[test]
fn neither_bystanders_nor_halves_of_names_lead_astray() {
    let whole = recording("contoso", "ex02.contoso.com", "healthy");
    let without = |host: &str| recording("contoso", host, "missing");
    let sender = without("ex01.contoso.com");
    let http = "Kerberos client received a KRB_AP_ERR_MODIFIED error from the server svc-mail. The target name used was HTTP/ex02.contoso.com.";
    let cases: [(&str, &str, i32, &str); 21] = [
        // Both sides ask for a ticket; the text names one of them.
        ("454 4.7.0 Temporary authentication failure SMTPSVC/ex02.contoso.com", &sender, 1, "SMTPSVC/ex01.contoso.com"),
        ("454 4.7.0 Temporary authentication failure SMTPSVC/ex02.contoso.com", &whole, 0, "NAMES ARE FINE"),
        // One of two names is wrong.
        (
            "TargetUnknown SMTPSVC/ex01.contoso.com, TargetUnknown SMTPSVC/relay.contoso.com",
            &whole,
            1,
            "SMTPSVC/relay.contoso.com",
        ),
        ("TargetUnknown ex09.contoso.com, logged on EX01", &whole, 2, "ex09.contoso.com"),
        // A name that was cut is not the name.
        ("failed with error TargetUnknown. The target is SMTPSVC/ex02.cont...", &whole, 0, "SMTPSVC/ex02.contoso.com"),
        (
            "failed with error TargetUnknown. The target is SMTPSVC/ex02.cont...",
            &without("ex02.contoso.com"),
            1,
            "CONTOSO\\EX02$",
        ),
        ("The target is SMTPSVC/ex02=2Econtoso=2Ecom", &without("ex02.contoso.com"), 1, "CONTOSO\\EX02$"),
        ("\\u0027SMTPSVC\\/ex02.contoso.com\\u0027.\\r\\n", &without("ex02.contoso.com"), 1, "CONTOSO\\EX02$"),
        ("SMTPSVC/ex02.contoso.com。 EX01へ", &without("ex02.contoso.com"), 1, "CONTOSO\\EX02$"),
        // Another service is none of ours.
        (http, &without("ex02.contoso.com"), 2, "HTTP/ex02.contoso.com"),
        ("HTTP/intranet.contoso.com", &whole, 2, "another service"),
        // A password that was wrong is nobody's SPN.
        (
            "MSExchangeTransport Event ID: 1035 LogonDenied Default EX01. The authentication mechanism is Login. 203.0.113.77",
            &without("ex02.contoso.com"),
            0,
            "NAMES ARE FINE",
        ),
        // The address of the receiver is not that of the sender.
        ("451 5.7.3 Last endpoint attempted was 192.168.10.12:2525 ex02.contoso.com", &whole, 0, "10.1.30.0/24"),
        (
            "451 5.7.3 ex02 from ::ffff:192.168.10.11",
            &recording("contoso", "ex02.contoso.com", "connector"),
            1,
            "192.168.10.11",
        ),
        (
            "454 4.7.5 Certificate validation failure ex02.contoso.com",
            &without("ex02.contoso.com"),
            1,
            "ALSO WRONG HERE",
        ),
        ("gmail.com", &whole, 2, "NOT ESTABLISHED"),
        ("EX01", &without("mail.contoso.com"), 1, "SMTPSVC/mail.contoso.com"),
        ("2017", &whole, 2, "Event 2017"),
        ("454 4.7.0", &whole, 2, "NOT ESTABLISHED"),
        ("EX09\\12 454 4.7.0 Temporary authentication failure", &whole, 2, "NOT ESTABLISHED"),
        (
            "MSExchangeTransport Ereignis-ID: 1035 LogonDenied Default EX02 EX02.contoso.com Login 10.9.9.9",
            &sender,
            0,
            "NAMES ARE FINE",
        ),
    ];
    for (text, ldif, code, word) in cases {
        let told = asked(&[text], ldif);
        assert_eq!(told.code, code, "{text}: {}{}", told.stdout, told.stderr);
        assert!(told.stdout.contains(word), "{text}: {}", told.stdout);
    }
}

/// Who logged it is another's account, which has to be able to log on.
#[test]
fn the_account_of_the_server_that_logged_it_counts() {
    let event = index().into_iter().find(|event| event.file == "2017-viewer-en.txt").unwrap();
    for cause in ["disabled", "expired", "encryption"] {
        let (code, answer) = why(text_of(&event).as_bytes(), &recording("contoso", "ex01.contoso.com", cause));
        assert!(code == 1 && list(&answer["clues"]).any(|clue| clue["is_cause"] == true), "{cause}: {answer}");
    }
}

#[test]
fn a_recording_of_ours_has_what_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let (whole, redacted) = (folder.path().join("whole.ldif"), folder.path().join("redacted.ldif"));
    let from = folder_of_events("contoso.ldif");
    for (file, words) in [(&whole, &[][..]), (&redacted, &["--redact"])] {
        let words = words.iter().copied().chain(["-o", file.to_str().unwrap(), "--from", &from]);
        assert_eq!(run(["record"].into_iter().chain(words)).code, 0);
    }
    let answer = |ldif: &str| {
        let mut answer = run(["why", "--format", "json", "451 5.7.3 EX02 from 10.1.30.7", "--from", ldif]).report();
        answer.as_object_mut().unwrap().remove("source");
        answer
    };
    let recorded = answer(whole.to_str().unwrap());
    assert_eq!(recorded, answer(&from));
    assert!(recorded.to_string().contains("Relay EX02"), "{recorded}");
    // Addresses and times are nobody's business.
    let text = std::fs::read_to_string(redacted).unwrap();
    for private in ["10.1.30", "1342000", "0000000001", "RemoteIPRanges"] {
        assert!(!text.contains(private), "{private} is in {text}");
    }
    assert!(text.contains("msDS-SupportedEncryptionTypes: 28") && !text.contains("pwdLastSet"), "{text}");
}

fn folder_of_events(file: &str) -> String {
    folder().join(file).display().to_string()
}
