use super::*;
use crate::input::kerberos::principal::NT_PRINCIPAL;

/// A cache of version 3 or 4, written as MIT's documentation describes it.
#[derive(Default)]
struct Writer(Vec<u8>);

impl Writer {
    fn data(&mut self, bytes: &[u8]) {
        self.0.extend(u32::try_from(bytes.len()).unwrap().to_be_bytes());
        self.0.extend(bytes);
    }

    fn principal(&mut self, kind: i32, realm: &str, parts: &[&str]) {
        self.0.extend(kind.to_be_bytes());
        self.0.extend(u32::try_from(parts.len()).unwrap().to_be_bytes());
        self.data(realm.as_bytes());
        for part in parts {
            self.data(part.as_bytes());
        }
    }

    fn credential(&mut self, version: u8, server: (&str, &[&str]), etype: u16, key: &[u8], ticket: &[u8]) {
        self.principal(1, "CONTOSO.COM", &["alice"]);
        self.principal(2, server.0, server.1);
        self.0.extend(etype.to_be_bytes());
        if version == 3 {
            self.0.extend(etype.to_be_bytes());
        }
        self.data(key);
        for time in [1_u32, 2, 2_000_000_000, 4] {
            self.0.extend(time.to_be_bytes());
        }
        self.0.extend([0, 0, 0, 0, 0]);
        self.0.extend([0, 0, 0, 1, 0, 2]);
        self.data(b"address");
        self.0.extend([0, 0, 0, 0]);
        self.data(ticket);
        self.data(b"");
    }
}

pub(in crate::input::kerberos) fn cache(version: u8, last: u16) -> Vec<u8> {
    let mut writer = Writer(vec![5, version]);
    if version == 4 {
        writer.0.extend([0, 12, 0, 1, 0, 8, 0xff, 0xff, 0xff, 0xf6, 0, 0, 0, 0]);
    }
    writer.principal(1, "CONTOSO.COM", &["alice"]);
    let own: (&str, &[&str]) = ("CONTOSO.COM", &["krbtgt", "CONTOSO.COM"]);
    writer.credential(version, ("X-CACHECONF:", &["krb5_ccache_conf_data", "fast_avail"]), 0, b"", b"yes");
    writer.credential(version, own, 18, &[1; 32], b"old");
    writer.credential(version, ("CONTOSO.COM", &["krbtgt", "EMEA.CONTOSO.COM"]), 18, &[2; 32], b"other");
    let key = if last == 18 { vec![3; 32] } else { vec![3; 16] };
    writer.credential(version, own, last, &key, b"new");
    writer.0
}

fn config(path: &Path) -> Config {
    Config { cache: Some(format!("FILE:{}", path.display())), ..Config::default() }
}

fn current_of(bytes: &[u8]) -> Result<Cache, Trouble> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cache");
    fs::write(&path, bytes).unwrap();
    // The environment of the tests may name another cache, so `current` is not called.
    let name = format!("FILE:{}", path.display());
    best_of(&read(&name, &config(&path))?, &name)
}

#[test]
fn the_newest_ticket_of_the_own_realm_is_read_from_both_versions() {
    for (version, offset) in [(3, 0), (4, -10)] {
        let found = current_of(&cache(version, 18)).unwrap();
        assert_eq!((found.tgt.ticket.as_slice(), found.offset, found.tgt.end), (&b"new"[..], offset, 2_000_000_000));
        assert_eq!((found.tgt.client.kind, found.tgt.client.to_string().as_str()), (NT_PRINCIPAL, "alice@CONTOSO.COM"));
    }
}

#[test]
fn a_cache_cut_anywhere_is_an_error_or_lacks_its_last_tickets() {
    let whole = cache(4, 18);
    let mut whole_ones = 0;
    for end in 0..whole.len() {
        if let Ok(contents) = file::parse(&whole[..end]) {
            // Only where one ticket ends and the next begins.
            whole_ones += 1;
            assert!(contents.credentials.len() < 4);
        }
    }
    assert_eq!(whole_ones, 4);
}

#[test]
fn no_changed_byte_makes_the_reader_fail() {
    let whole = cache(4, 23);
    for at in 0..whole.len() {
        for value in [0, 1, 0x7f, 0x80, 0xff] {
            let mut changed = whole.clone();
            changed[at] = value;
            let _ = file::parse(&changed);
        }
    }
}

#[test]
fn places_are_told_apart() {
    assert_eq!(place("/tmp/x"), Place::File("/tmp/x".into()));
    assert_eq!(place("FILE:/tmp/x"), Place::File("/tmp/x".into()));
    assert_eq!(place("DIR:/tmp/x"), Place::Folder("/tmp/x".into()));
    assert_eq!(place("DIR::/tmp/x/tkt1"), Place::File("/tmp/x/tkt1".into()));
    assert_eq!(place("KCM:"), Place::Kcm(None));
    assert_eq!(place("KCM:1000:7"), Place::Kcm(Some("1000:7".to_owned())));
    assert_eq!(place("KEYRING:persistent:0"), Place::Other("KEYRING".to_owned()));
    assert!(read("KEYRING:persistent:0", &Config::default()).unwrap_err().advice().unwrap().contains("kvno"));
    assert!(!expanded("FILE:/tmp/krb5cc_%{uid}").contains('%'));
}

#[test]
fn the_primary_cache_of_a_folder_is_the_one_that_is_read() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("tktfirst"), cache(4, 18)).unwrap();
    let name = format!("DIR:{}", folder.path().display());
    assert!(read(&name, &Config::default()).is_err());
    for (primary, found) in [("tktfirst\n", true), ("../tktfirst\n", false), ("", false)] {
        fs::write(folder.path().join("primary"), primary).unwrap();
        assert_eq!(read(&name, &Config::default()).is_ok(), found, "{primary}");
    }
}

#[test]
fn the_type_of_a_name_does_not_matter() {
    let mut bytes = cache(4, 18);
    assert_eq!(bytes[16..20], [0, 0, 0, 1]);
    bytes[19] = 0;
    current_of(&bytes).unwrap();
}

#[test]
fn a_ticket_that_cannot_be_used_hides_no_other() {
    assert_eq!(current_of(&cache(4, 23)).unwrap().tgt.ticket, b"old");
}

#[test]
fn a_ticket_that_was_removed_hides_no_other() {
    let mut bytes = cache(4, 18);
    let end = 2_000_000_000_u32.to_be_bytes();
    let at = bytes.windows(4).rposition(|window| window == end).unwrap();
    bytes[at..at + 4].copy_from_slice(&[0; 4]);
    assert_eq!(current_of(&bytes).unwrap().tgt.ticket, b"old");
}
