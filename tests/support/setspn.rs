//! What setspn and a domain controller would do, done to a recording: a strict reader of the printed commands.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

/// A recording whose `servicePrincipalName` values can be changed.
#[derive(Clone, Debug)]
pub(crate) struct Recording {
    objects: Vec<Object>,
}

#[derive(Clone, Debug)]
struct Object {
    dn: String,
    values: Vec<(String, Vec<u8>)>,
}

/// A printed command, taken apart.
pub(crate) struct Command<'a> {
    adds: bool,
    /// Whether it says that it means a user.
    user: bool,
    pub(crate) spn: &'a str,
    account: &'a str,
}

impl<'a> Command<'a> {
    pub(crate) fn read(line: &'a str) -> Self {
        let words: Vec<&str> = line.split(' ').collect();
        let (switches, [spn, account]) = words.split_last_chunk::<2>().unwrap();
        let (adds, user) = match switches {
            ["setspn", "-F", "-S"] | ["setspn", "-A"] => (true, false),
            ["setspn", "-U", "-F", "-S"] => (true, true),
            ["setspn", "-D"] => (false, false),
            ["setspn", "-U", "-D"] => (false, true),
            _ => panic!("unknown: {line}"),
        };
        Self { adds, user, spn, account }
    }
}

impl Recording {
    /// Reads the files of a recording as one.
    pub(crate) fn read(files: &[Vec<u8>]) -> Self {
        let mut recording = Self { objects: Vec::new() };
        for file in files {
            let text = text_of(file).replace("\r\n", "\n");
            let lines = text.lines().filter(|line| !line.starts_with("version:"));
            let text = lines.collect::<Vec<_>>().join("\n").replace("\n ", "");
            text.split("\n\n").for_each(|record| recording.take(record));
        }
        recording
    }

    /// Takes a record, if it is one: a second one of an object goes on where the first ended.
    fn take(&mut self, record: &str) {
        let mut lines = record.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        let Some(("dn", dn)) = lines.next().map(attribute_and_value) else { return };
        let dn = String::from_utf8(dn).unwrap();
        let structure = ["-", "changetype", "add"];
        let values = lines.map(attribute_and_value).filter(|(name, _)| !structure.contains(name));
        let values: Vec<(String, Vec<u8>)> = values.map(|(name, value)| (name.to_owned(), value)).collect();
        match self.objects.iter_mut().find(|object| object.dn.eq_ignore_ascii_case(&dn)) {
            Some(object) => {
                let new: Vec<_> = values.into_iter().filter(|value| !object.values.contains(value)).collect();
                object.values.extend(new);
            }
            None => self.objects.push(Object { dn, values }),
        }
    }

    /// Carries out one command as setspn understands its words, and as a domain controller allows it; whether anything changed. A name
    /// that somebody holds is not added, one that the account does not hold is not deleted.
    pub(crate) fn run(&mut self, line: &str) -> bool {
        let command = Command::read(line);
        if command.adds && self.holders(command.spn) > 0 {
            return false;
        }
        self.force(line)
    }

    /// The same without the domain controller's look at who else holds a name, as replication brings it about.
    pub(crate) fn force(&mut self, line: &str) -> bool {
        let command = Command::read(line);
        let place = self.account(&command, line);
        let account = &mut self.objects[place];
        match (command.adds, account.position(command.spn)) {
            (true, None) => account.values.push(("servicePrincipalName".to_owned(), command.spn.into())),
            (false, Some(held)) => drop(account.values.remove(held)),
            _ => return false,
        }
        true
    }

    /// The one object that a command means.
    fn account(&self, command: &Command<'_>, line: &str) -> usize {
        let called = |name: &str, domain: Option<&str>| -> Vec<usize> {
            let is_meant = |object: &Object| {
                object.is("sAMAccountName", name) && domain.is_none_or(|domain| object.domain() == domain)
            };
            self.objects.iter().enumerate().filter(|(_, object)| is_meant(object)).map(|(place, _)| place).collect()
        };
        let found = match command.account.split_once('\\') {
            Some((domain, name)) => called(name, Some(&self.domain_called(domain))),
            // The setspn of Windows 2003: a computer of that name, else a user.
            None => Some(called(&format!("{}$", command.account), None))
                .filter(|found| !found.is_empty())
                .unwrap_or_else(|| called(command.account, None)),
        };
        let [place] = found[..] else { panic!("{} accounts for {line}", found.len()) };
        let is_user = !self.objects[place].is("objectClass", "computer");
        assert!(!command.account.contains('\\') || command.user == is_user || !command.user, "{line}");
        place
    }

    /// The naming context of a domain, in lower case.
    fn domain_called(&self, netbios: &str) -> String {
        let mut found = self.objects.iter().filter(|object| object.is("nETBIOSName", netbios));
        let (Some(cross_ref), None) = (found.next(), found.next()) else { panic!("not one domain called {netbios}") };
        cross_ref.values("nCName").next().unwrap().to_lowercase()
    }

    pub(crate) fn holds(&self, dn: &str, spn: &str) -> bool {
        self.objects.iter().any(|object| object.dn.eq_ignore_ascii_case(dn) && object.position(spn).is_some())
    }

    /// How many objects hold a name.
    pub(crate) fn holders(&self, spn: &str) -> usize {
        self.objects.iter().filter(|object| object.position(spn).is_some()).count()
    }

    /// The values of every object, sorted.
    pub(crate) fn values(&self) -> BTreeMap<&str, Vec<&(String, Vec<u8>)>> {
        let mut all: BTreeMap<&str, Vec<_>> =
            self.objects.iter().map(|object| (object.dn.as_str(), object.values.iter().collect())).collect();
        for values in all.values_mut() {
            values.sort();
        }
        all
    }

    /// All as plain LDIF, in base64 so that every byte arrives.
    pub(crate) fn ldif(&self) -> Vec<u8> {
        let mut ldif = String::new();
        for object in &self.objects {
            ldif.extend(["dn:: ", &BASE64.encode(&object.dn), "\n"]);
            for (name, value) in &object.values {
                ldif.extend([name, ":: ", &BASE64.encode(value), "\n"]);
            }
            ldif.push('\n');
        }
        ldif.into_bytes()
    }
}

impl Object {
    fn values(&self, attribute: &str) -> impl Iterator<Item = &str> {
        let of_it = self.values.iter().filter(move |(name, _)| name.eq_ignore_ascii_case(attribute));
        of_it.filter_map(|(_, value)| std::str::from_utf8(value).ok())
    }

    fn is(&self, attribute: &str, value: &str) -> bool {
        self.values(attribute).any(|found| found.eq_ignore_ascii_case(value))
    }

    /// Where it holds a name.
    fn position(&self, spn: &str) -> Option<usize> {
        let is_it = |(name, value): &(String, Vec<u8>)| {
            name.eq_ignore_ascii_case("servicePrincipalName") && value.eq_ignore_ascii_case(spn.as_bytes())
        };
        self.values.iter().position(is_it)
    }

    /// The naming context of its domain, in lower case.
    fn domain(&self) -> String {
        let name = self.dn.to_lowercase();
        let parts: Vec<&str> = name.split(',').collect();
        let first = parts.iter().rposition(|part| !part.starts_with("dc=")).map_or(0, |last| last + 1);
        parts[first..].join(",")
    }
}

/// The text of a file in any of the encodings that recordings have.
fn text_of(bytes: &[u8]) -> String {
    if let Some(wide) = bytes.strip_prefix(b"\xff\xfe") {
        let units: Vec<u16> = wide.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
        return String::from_utf16(&units).unwrap();
    }
    String::from_utf8_lossy(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)).into_owned()
}

/// An attribute and its value, as plain text or in base64.
fn attribute_and_value(line: &str) -> (&str, Vec<u8>) {
    let Some((name, value)) = line.split_once(':') else { return (line, Vec::new()) };
    match value.strip_prefix(':') {
        Some(encoded) => (name, BASE64.decode(encoded.trim()).unwrap()),
        None => (name, value.trim_start_matches(' ').as_bytes().to_vec()),
    }
}
