use proptest::prelude::*;

use super::*;
use crate::directory::entry::entry;
use crate::directory::gap::Prose;

/// What no redacted recording may hold, in any spelling.
const MARKS: [&str; 6] = ["fritz", "zyx", "77.88", "4917155501234", "49171", "55501"];

fn written(reading: &Reading) -> String {
    let mut out = Vec::new();
    let header = crate::input::recording::Header { gaps: reading.gaps.clone(), ..Default::default() };
    crate::input::recording::write(&mut out, &header, reading.entries()).unwrap();
    String::from_utf8(out).unwrap()
}

/// A recording without folded lines and base64, in lower case.
fn readable(reading: &Reading) -> String {
    let mut text = written(reading);
    for entry in reading.entries() {
        text += entry.dn.key();
        for (_, value) in entry.attributes() {
            text.push('\n');
            text.push_str(value);
        }
    }
    text.to_lowercase()
}

fn assert_no_mark(reading: &Reading) {
    let text = readable(&redact(reading));
    for mark in MARKS {
        assert!(!text.contains(mark), "{mark} in {text}");
    }
}

#[test]
fn names_that_are_words_elsewhere_are_replaced_where_they_are_names() {
    let mut pseudonyms = Pseudonyms::default();
    let dn = pseudonyms
        .dn("CN=RELAY,CN=Servers,CN=First Administrative Group,CN=Administrative Groups,CN=Managed Services,\
                            CN=Microsoft Exchange,CN=Services,CN=Configuration,DC=servers,DC=com");
    assert_eq!(
        dn,
        "CN=n4,CN=Servers,CN=First Administrative Group,CN=Administrative Groups,CN=n3,\
         CN=Microsoft Exchange,CN=Services,CN=Configuration,DC=n2,DC=n1"
    );
    assert_eq!(pseudonyms.dn("CN=a\\0ACNF:zyx,OU=Users,DC=com").split(',').count(), 3);
}

#[test]
fn what_belongs_together_still_does() {
    let mut reading = Reading::default();
    reading.add(entry("CN=EX01,DC=zyx", &[("sAMAccountName", "EX01$"), ("servicePrincipalName", "host/Ex01.zyx")]));
    let redacted = redact(&reading);
    let account = redacted.entries().next().unwrap();
    assert_eq!(account.dn.key(), "cn=n2,dc=n1");
    assert!(account.values(Attribute::SamAccountName).eq(["n2$"]));
    assert!(account.values(Attribute::ServicePrincipalName).eq(["HOST/n2.n1"]));
}

#[test]
fn numbers_say_nothing_beyond_their_value() {
    let mut pseudonyms = Pseudonyms::default();
    let mut redacted = |attribute, value| pseudonyms.value(attribute, value);
    assert_eq!(redacted(Attribute::UserAccountControl, " +0514 ").as_deref(), Some("514"));
    assert_eq!(redacted(Attribute::UserAccountControl, "4917155501234").as_deref(), Some("n1"));
    assert_eq!(redacted(Attribute::LastLogonTimestamp, "133500000000000000"), None);
    assert_eq!(
        redacted(Attribute::SerialNumber, "Version 10.77.88.99").as_deref(),
        Some("Version 14.3 (Build 30123.4)")
    );
}

#[test]
fn an_incomplete_range_stays_incomplete() {
    let mut reading = Reading::default();
    reading.add(entry("CN=EX01,DC=zyx", &[("sAMAccountName", "EX01$"), ("servicePrincipalName;range=0-1", "HOST/x")]));
    let cut_off = |reading: &Reading| reading.entries().find_map(Entry::cut_off);
    assert_eq!(cut_off(&redact(&reading)), Some(Attribute::ServicePrincipalName));
    assert!(redact(&reading).gaps.iter().any(|gap| gap.what.contains("read only in part")));
}

#[test]
fn what_is_no_host_name_stays_none_for_the_same_reason() {
    use crate::directory::host::HostName;
    let long = ["zyx"; 70].join(".");
    for text in ["", "localhost", "10.1.2.3", "a.b.", "a..b", "a b", "-.", "...", "10.1.2.3.", "mäil", &long, "a.b"] {
        let redacted = Pseudonyms::default().host(text);
        let reason =
            |text: &str| HostName::announced(text).map_err(|reason| std::mem::discriminant(&reason)).map(|_| ());
        assert_eq!(reason(&redacted), reason(text), "{text} became {redacted}");
    }
}

#[test]
fn problems_keep_their_number_and_our_words_but_no_name() {
    let mut reading = Reading::default();
    reading.add(entry("CN=a,DC=zyx", &[("sAMAccountName", "fritz"), ("objectClass", "user")]));
    coverage::complete(&mut reading, &coverage::Beside::default(), coverage::Source::Recorded);
    let shown = reading.gaps.len();
    let words = |text: &str| Gap::new(text.to_owned(), text.to_owned()).fixed_by(["dsacls zyx".to_owned()]);
    reading.gaps.push(words("dc1.zyx.test:3269 refuses fritz"));
    let dn = Dn::parse("CN=Fritz,CN=Services,CN=Configuration,DC=zyx,DC=test").unwrap();
    let what =
        Prose::new("the list could not be read (result ").count(53).say(": ").name(Kind::Text, "no, fritz").say(")");
    reading.gaps.push(Gap::at(&dn, what));
    let redacted = redact(&reading);
    assert_eq!(redacted.gaps.len(), shown + 2);
    let kept = redacted.gaps.iter().find(|gap| gap.what.contains("result 53")).unwrap();
    assert!(kept.what.starts_with("the list could not be read (result 53: “n"), "{kept:?}");
    assert!(kept.place.contains(",CN=Services,CN=Configuration,DC=n"), "{kept:?}");
    assert_no_mark(&reading);
}

/// Texts with a mark in every form that names take.
const FORMS: &[&str] = &[
    "fritz",
    "FRITZ$",
    "fritz.zyx.test",
    "fritz.zyx.test.",
    "SMTPSVC/fritz.zyx.test",
    "SMTPSVC:fritz.zyx.test/x",
    "SMTPSVC\\fritz.zyx.test/x",
    "SMTPSVC fritz.zyx.test/x",
    "HOST:fritz/y",
    "HOST/fritz",
    "SMTPSVC/10.77.88.99:25",
    "SMTPSVC/a/fritz",
    "Relay 10.77.88.99-10.77.88.120",
    "[10.77.88.99]",
    "10.77.88.99.",
    "10.77.88.99",
    "zyxcorpManagedHost",
    "host=http,zyxsvc",
    "zyx=smtpsvc",
    "ncacn_ip_tcp:fritz.zyx.test",
    "zyx:fritz",
    "TRUE fritz",
    "77.88",
    "Version 15.1 (Build zyx)",
    "CN=\\66\\72\\69\\74\\7A,DC=zyx",
    "CN=Fritz\\0ACNF:zyx,DC=zyx",
    "$DUPLICATE-fritz",
    "GSSAPI,zyx",
    "x;fritz.zyx,--",
    "krbtgt-fritz",
    "fritz/changepw",
    "Fritz Müller, zyx",
    "+49 77.88",
    "4917155501234",
    "-4917155501234 ",
    "+0000004917155501234",
    "Version 49171 55501 23477 (Build 1)",
    "Version 49171.55501 (Build 1)",
    "Version 10.77.88.99",
    "SMTPSVC/a:49171/zyx",
];

proptest! {
    #[test]
    fn no_mark_is_left_of_any_value_in_any_place(
        places in proptest::collection::vec((0..Attribute::ALL.len(), 0..FORMS.len()), 1..30),
        class in 0..4_usize,
    ) {
        let class = [schema::EXCHANGE_SERVER, schema::RECEIVE_CONNECTOR, "computer", "zyxcorpClass"][class];
        let mut reading = Reading::default();
        let above = "CN=Servers,CN=Fritz Group,CN=Administrative Groups,CN=zyx,CN=Microsoft Exchange,CN=Services,CN=Configuration,DC=zyx";
        for dn in [format!("CN=Fritz,{above}"), format!("CN=\\66ritz,CN=SMTP,CN=Protocols,CN=zyx,{above}"), "OU=fritz,DC=zyx".to_owned()] {
            let mut object = entry(&dn, &[("objectClass", class)]);
            for (attribute, form) in &places {
                object.add(Attribute::ALL[*attribute].name(), FORMS[*form].as_bytes());
            }
            reading.add(object);
        }
        reading.gaps.push(Gap::new("zyxcorp/fritz.ldf".to_owned(), "fritz".to_owned()));
        for (_, form) in &places {
            let what = [Kind::Dn, Kind::Host, Kind::Text].into_iter().fold(Prose::new("of "), |what, kind| what.name(kind, FORMS[*form]));
            reading.gaps.push(Gap::new(Prose::place(Kind::Dn, FORMS[*form]), what));
        }
        reading.gaps = Directory::new(&reading).gaps;
        assert_no_mark(&reading);
    }
}
