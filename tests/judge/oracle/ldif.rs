//! Entries as the LDIF that ldifde, ldapsearch and ldbsearch write.

use std::collections::BTreeSet;

use crate::judge::oracle::entries::{Entry, base_name};
use crate::judge::oracle::generate::{FileFault, Organisation};
use crate::judge::oracle::questions::ENTRIES_MAY_BE_SPLIT;
use crate::support::chance::Chance;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Tool {
    Ldifde,
    LdifdeUnicode,
    Ldapsearch,
    LdapsearchTerse,
    Ldbsearch,
}

const TOOLS: [Tool; 5] = [Tool::Ldifde, Tool::LdifdeUnicode, Tool::Ldapsearch, Tool::LdapsearchTerse, Tool::Ldbsearch];

/// How attribute names are spelled throughout a file.
#[derive(Clone, Copy)]
enum Spelling {
    AsInSchema,
    Lower,
    Upper,
}

struct Style {
    tool: Tool,
    all_base64: bool,
    fold_at: Option<usize>,
    spelling: Spelling,
    recase_dns: bool,
    paged: bool,
    fault: Option<FileFault>,
}

/// One file of a recording: records whose order means nothing.
pub(crate) struct Recording {
    style: Style,
    records: Vec<Record>,
}

struct Record {
    dn: String,
    attributes: Vec<(String, Vec<u8>)>,
    /// Whether ldifde ran out of room for the values and went on in a second record.
    goes_on: bool,
}

/// Distributes the entries, and here and there the attributes of one entry, over files.
pub(crate) fn record(organisation: &Organisation, rng: &mut Chance) -> Vec<Recording> {
    let count = rng.pick(&[1, 1, 2, 2, 3]);
    let mut files: Vec<Recording> = (0..count).map(|_| Recording { style: style(rng), records: Vec::new() }).collect();
    for (number, entry) in organisation.entries.iter().enumerate() {
        // The first file has a record whatever happens: a fault has to show.
        let home = if number == 0 { 0 } else { rng.below(count) };
        let whole = count == 1 || entry.attributes.iter().any(|(name, _)| name.contains(';'));
        match rng.below(12) {
            0 if !whole && ENTRIES_MAY_BE_SPLIT => split(entry, home, &mut files, rng),
            1 if !whole => {
                files[home].push(entry, rng);
                files[(home + 1) % count].push(entry, rng);
            }
            _ => files[home].push(entry, rng),
        }
    }
    spoil(organisation, &mut files, rng);
    for file in &mut files {
        file.shuffle(rng);
    }
    files
}

/// Puts the attributes into two files, some of them with all their values into both.
fn split(entry: &Entry, home: usize, files: &mut [Recording], rng: &mut Chance) {
    let other = (home + 1) % files.len();
    let names: BTreeSet<&str> = entry.attributes.iter().map(|(name, _)| base_name(name)).collect();
    let (mut here, mut there) = (Entry::new(&entry.dn, &[]), Entry::new(&entry.dn, &[]));
    for name in names {
        let values = || entry.attributes.iter().filter(|(other, _)| base_name(other) == name).cloned();
        let place = if name == "objectClass" { 0 } else { rng.below(5) };
        if place != 1 {
            there.attributes.extend(values());
        }
        if place < 3 {
            here.attributes.extend(values());
        }
    }
    files[home].push(&here, rng);
    files[other].push(&there, rng);
}

fn style(rng: &mut Chance) -> Style {
    let tool = rng.pick(&TOOLS);
    let folds = !matches!(tool, Tool::Ldifde | Tool::LdifdeUnicode) && rng.percent(85);
    Style {
        tool,
        all_base64: rng.percent(10),
        fold_at: folds.then_some(76),
        spelling: rng.pick(&[Spelling::AsInSchema, Spelling::AsInSchema, Spelling::Lower, Spelling::Upper]),
        recase_dns: rng.percent(40),
        paged: rng.percent(20),
        fault: None,
    }
}

/// Lets the first file, or one more, show what went wrong.
fn spoil(organisation: &Organisation, files: &mut Vec<Recording>, rng: &mut Chance) {
    let first = &mut files[0].style;
    first.fault.clone_from(&organisation.fault);
    match &organisation.fault {
        None => {}
        Some(FileFault::NoClosingCount) => first.tool = Tool::Ldbsearch,
        Some(FileFault::FarReferral) => first.tool = rng.pick(&[Tool::Ldapsearch, Tool::Ldbsearch]),
        Some(FileFault::Cookie) => {
            first.tool = Tool::Ldapsearch;
            first.paged = true;
        }
        Some(FileFault::SizeLimit | FileFault::NoTrailer) => first.tool = Tool::Ldapsearch,
        Some(FileFault::OtherDay(dn)) => {
            let mut file = Recording { style: style(rng), records: Vec::new() };
            if let Some(entry) = organisation.entries.iter().find(|entry| entry.dn == *dn) {
                let changed = entry.clone().with("servicePrincipalName", "SMTPSVC/other-day.contoso.com");
                file.push(&changed, rng);
            }
            files.push(file);
        }
    }
}

impl Recording {
    fn push(&mut self, entry: &Entry, rng: &mut Chance) {
        let dn = if self.style.recase_dns { rng.recase(&entry.dn) } else { entry.dn.clone() };
        self.records.push(Record { dn, attributes: entry.attributes.clone(), goes_on: rng.percent(8) });
    }

    /// Another order of the same records and values.
    pub(crate) fn shuffle(&mut self, rng: &mut Chance) {
        rng.shuffle(&mut self.records);
        for record in &mut self.records {
            rng.shuffle(&mut record.attributes);
        }
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut text = self.header();
        for (number, record) in self.records.iter().enumerate() {
            text += &self.record_text(number, record);
            if number % 7 == 3 {
                text += &self.reference("DomainDnsZones.contoso.com", "DC=DomainDnsZones,DC=contoso,DC=com");
                text += &self.reference("contoso.com", "CN=Configuration,DC=contoso,DC=com");
            }
        }
        if self.style.fault == Some(FileFault::FarReferral) {
            text += &self.reference("far.contoso.com", "DC=far,DC=contoso,DC=com");
        }
        text += &self.trailer(text.matches("\nref: ").count());
        self.encode(&text)
    }

    fn encode(&self, text: &str) -> Vec<u8> {
        match self.style.tool {
            Tool::Ldifde => text.replace('\n', "\r\n").into_bytes(),
            Tool::LdifdeUnicode => {
                let marked = format!("\u{feff}{}", text.replace('\n', "\r\n"));
                marked.encode_utf16().flat_map(u16::to_le_bytes).collect()
            }
            _ => text.as_bytes().to_vec(),
        }
    }

    fn header(&self) -> String {
        let paged = if self.style.paged { "# with pagedResults control: size=500\n" } else { "" };
        match self.style.tool {
            Tool::Ldapsearch => format!(
                "# extended LDIF\n#\n# LDAPv3\n# base <DC=contoso,DC=com> with scope subtree\n\
                 # filter: (objectClass=*)\n# requesting: ALL\n{paged}#\n\n"
            ),
            _ => String::new(),
        }
    }

    fn record_text(&self, number: usize, record: &Record) -> String {
        let mut text = self.heading(number, record);
        text += &self.line("dn", record.dn.as_bytes());
        let by_ldifde = matches!(self.style.tool, Tool::Ldifde | Tool::LdifdeUnicode);
        if by_ldifde {
            text += "changetype: add\n";
        }
        let is_spn = |name: &str| name == "servicePrincipalName";
        let spns = record.attributes.iter().filter(|(name, _)| is_spn(name)).count();
        let goes_on = by_ldifde && record.goes_on && spns > 1;
        let last = record.attributes.iter().rposition(|(name, _)| is_spn(name)).filter(|_| goes_on);
        for (at, (name, value)) in record.attributes.iter().enumerate() {
            if Some(at) != last {
                text += &self.line(&self.spell(name), value);
            }
        }
        if let Some((name, value)) = last.map(|last| &record.attributes[last]) {
            let (dn, name) = (self.line("dn", record.dn.as_bytes()), self.spell(name));
            let value = self.line(&name, value);
            text += &["\n", &dn, "changetype: modify\nadd: ", &name, "\n", &value, "-\n"].concat();
        }
        text + "\n"
    }

    fn heading(&self, number: usize, record: &Record) -> String {
        match self.style.tool {
            Tool::Ldapsearch if record.dn.is_ascii() => self.folded(&format!("# {}", record.dn.replace(',', ", "))),
            Tool::Ldbsearch => format!("# record {}\n", number + 1),
            _ => String::new(),
        }
    }

    fn reference(&self, host: &str, dn: &str) -> String {
        match self.style.tool {
            Tool::Ldifde | Tool::LdifdeUnicode => String::new(),
            Tool::Ldapsearch => format!("# search reference\nref: ldap://{host}/{dn}\n\n"),
            Tool::LdapsearchTerse => format!("# refldap://{host}/{dn}\n\n"),
            Tool::Ldbsearch => format!("# Referral\nref: ldap://{host}/{dn}\n\n"),
        }
    }

    /// The tool counts entries and references.
    fn trailer(&self, references: usize) -> String {
        let entries = self.records.len();
        match (self.style.tool, &self.style.fault) {
            (Tool::Ldapsearch, Some(FileFault::NoTrailer)) | (Tool::Ldbsearch, Some(FileFault::NoClosingCount)) => {
                String::new()
            }
            (Tool::Ldapsearch, fault) => {
                let cut = fault == &Some(FileFault::SizeLimit);
                let result = if cut { "4 Size limit exceeded" } else { "0 Success" };
                let referred = if references > 0 { format!("# numReferences: {references}\n") } else { String::new() };
                format!(
                    "# search result\nsearch: 2\nresult: {result}\n{}\n# numResponses: {}\n# numEntries: {entries}\n{referred}",
                    self.cookie(),
                    entries + references + 1
                )
            }
            (Tool::Ldbsearch, _) => {
                format!("# returned {} records\n# {entries} entries\n# {references} referrals\n", entries + references)
            }
            _ => String::new(),
        }
    }

    /// What a paged search answers: an empty cookie, unless there was more.
    fn cookie(&self) -> String {
        let cookie = if self.style.fault == Some(FileFault::Cookie) { "AAAAAAAAAAA=" } else { "" };
        let control = "control: 1.2.840.113556.1.4.319 false MIQAAAAFAgEABAA=\n";
        if self.style.paged { format!("{control}pagedresults: cookie={cookie}\n") } else { String::new() }
    }

    fn spell(&self, name: &str) -> String {
        match self.style.spelling {
            Spelling::AsInSchema => name.to_owned(),
            Spelling::Lower => name.to_lowercase(),
            Spelling::Upper => name.to_uppercase(),
        }
    }

    fn line(&self, name: &str, value: &[u8]) -> String {
        let text = std::str::from_utf8(value).ok().filter(|text| self.writes_plainly(text));
        match text {
            Some(text) => self.folded(&format!("{name}: {text}")),
            None => self.folded(&format!("{name}:: {}", base64(value))),
        }
    }

    fn writes_plainly(&self, text: &str) -> bool {
        let awkward_start = text.starts_with([' ', ':', '<']);
        let charset = self.style.tool == Tool::LdifdeUnicode || text.is_ascii();
        !self.style.all_base64 && charset && !awkward_start && !text.ends_with(' ') && !text.contains(char::is_control)
    }

    fn folded(&self, line: &str) -> String {
        let Some(width) = self.style.fold_at else { return format!("{line}\n") };
        let mut text = String::new();
        let mut column = 0;
        for c in line.chars() {
            if column == width {
                text += "\n ";
                column = 1;
            }
            text.push(c);
            column += 1;
        }
        text + "\n"
    }
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let byte = |index: usize| u32::from(chunk.get(index).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for digit in 0..4 {
            let index = usize::try_from(bits >> (18 - 6 * digit) & 63).expect("six bits");
            text.push(if digit > chunk.len() { '=' } else { char::from(DIGITS[index]) });
        }
    }
    text
}

#[test]
fn base64_is_that_of_rfc_4648() {
    let pairs = [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg==")];
    for (plain, coded) in pairs {
        assert_eq!(base64(plain.as_bytes()), coded);
    }
}
