//! Bytes of an enemy for everything that reads: a stored corpus first, then changed cases for some seconds.
//!
//! A case that was ever found to break something stays in `corpus/`. What reads the live connection is tried beside its
//! code, in `src/input/ldap/fuzz.rs`.

use std::path::Path;
use std::time::{Duration, Instant};

use crate::support::mutate::Mutator;
use spn_doctor::directory::dn::Dn;
use spn_doctor::directory::entry::Entry;
use spn_doctor::directory::host::HostName;
use spn_doctor::directory::spn::Spn;
use spn_doctor::input::ldif::{LineWatch, Reader, write_entry};

/// No case of at most 64 KiB takes longer, even in a debug build on a busy machine.
const LONGEST: Duration = Duration::from_secs(5);

struct Nobody;

impl LineWatch for Nobody {
    fn line(&mut self, _: &[u8]) {}
}

/// The stored cases of a harness, each whole file and each of its lines.
fn corpus(name: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/fuzz/corpus").join(name);
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let whole: Vec<Vec<u8>> = paths.iter().map(|path| std::fs::read(path).unwrap()).collect();
    let lines = whole.iter().flat_map(|bytes| bytes.split(|byte| *byte == b'\n')).map(<[u8]>::to_vec);
    lines.chain(whole.iter().cloned()).collect()
}

/// Runs a harness and says how much it tried.
fn fuzz(name: &str, words: &'static [&'static str], property: impl Fn(&[u8])) {
    let tried = Mutator::new(words).run(&corpus(name), |bytes| {
        let begun = Instant::now();
        property(bytes);
        assert!(begun.elapsed() < LONGEST, "{} bytes took {:?}", bytes.len(), begun.elapsed());
    });
    println!("{name}: {tried} changed cases");
    assert!(tried > 0);
}

/// The entries up to the end or the first refusal.
fn entries(bytes: &[u8]) -> Vec<Entry> {
    let mut nobody = Nobody;
    let Ok(mut reader) = Reader::new(bytes, &mut nobody) else { return Vec::new() };
    let mut entries = Vec::new();
    while let Ok(Some(entry)) = reader.next_entry() {
        entries.push(entry);
    }
    entries
}

/// What of an entry has to survive being written.
fn facts(entry: &Entry) -> (&str, &str, Vec<(&str, &str)>) {
    let values = entry.attributes().map(|(attribute, value)| (attribute.name(), value));
    (entry.dn.as_str(), entry.dn.key(), values.collect())
}

#[test]
fn what_is_read_of_any_ldif_is_the_same_when_written_and_read_again() {
    const WORDS: &[&str] = &[
        "\n",
        "\r\n",
        "\n ",
        ":",
        "::",
        ": ",
        ":<",
        "dn: ",
        "dn:: ",
        "#",
        "cn: x\n",
        "\n\n",
        "DC=com",
        "version: 1\n",
        "=",
        "servicePrincipalName;range=0-1: ",
        "objectClass: computer\n",
        "QQ==",
        "\u{feff}",
        "\0",
        "search: 2\n",
    ];
    fuzz("ldif", WORDS, |bytes| {
        let read = entries(bytes);
        let mut written = Vec::new();
        for entry in &read {
            write_entry(&mut written, entry).unwrap();
        }
        let again = entries(&written);
        assert_eq!(
            again.iter().map(facts).collect::<Vec<_>>(),
            read.iter().map(facts).collect::<Vec<_>>(),
            "{bytes:?}"
        );
    });
}

#[test]
fn a_name_that_is_read_prints_and_is_read_as_the_same_name() {
    const WORDS: &[&str] = &[
        ",",
        "=",
        "\\",
        "\\2C",
        "\\,",
        "\"",
        "+",
        " ",
        "\\ ",
        "CN=",
        "DC=",
        "<GUID=1>;",
        "\u{a0}",
        "\u{130}",
        "\u{212a}",
        "ß",
        ";",
        "#04",
        "\\0A",
    ];
    fuzz("dn", WORDS, |bytes| {
        let Ok(dn) = Dn::parse(&String::from_utf8_lossy(bytes)) else { return };
        let again = Dn::parse(dn.as_str()).unwrap();
        assert_eq!((again.as_str(), again.key(), again.name()), (dn.as_str(), dn.key(), dn.name()));
        assert!(dn.lineage().any(|above| above == dn.domain_key()) || dn.domain_key().is_empty());
        assert!(dn.lineage().all(|above| dn.key().ends_with(above)));
        assert_eq!(dn.lineage().count(), dn.key().matches(',').count() + 1);
        // Putting a name below another keeps the two apart.
        let below = Dn::parse(&format!("CN=x,{}", dn.as_str()));
        assert!(dn.is_root() || below.unwrap().lineage().nth(1) == Some(dn.key()));
    });
}

#[test]
fn an_spn_is_made_of_its_parts_and_a_host_name_is_plain() {
    const WORDS: &[&str] =
        &["/", ":", "SMTPSVC/", "smtpsvc/", ".", "-", "_", "25", ":0", "\u{212a}", "\u{17f}", " ", "\\", "\0"];
    fuzz("spn", WORDS, |bytes| {
        let text = String::from_utf8_lossy(bytes);
        let spn = Spn::held(&text);
        assert_eq!(spn.as_str(), text);
        assert_eq!(Spn::held(&text.to_ascii_uppercase()), spn);
        assert_eq!(Spn::held(spn.key()).key(), spn.key(), "the key is its own key");
        if let Some(parts) = spn.parts() {
            let (before, port) = (format!("{}/{}", parts.class, parts.host), parts.port);
            assert!(text.starts_with(&before));
            assert!(port.is_some() || parts.name.is_some() || text == before);
            assert!(![parts.class, parts.host].iter().any(|part| part.contains(char::is_whitespace)));
        }
        if let Ok(host) = HostName::parse(&text) {
            assert_eq!(host.as_str(), text);
            assert!(
                text.len() <= 253 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
            );
            assert_eq!(Spn::smtpsvc(&host).parts().unwrap().host, text);
        }
    });
}
