//! Entries as the LDIF that ldifde, ldapsearch and ldbsearch write.

use crate::entries::Entry;
use crate::rng::Rng;

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
}

/// One file of a recording: records whose order means nothing.
pub(crate) struct Recording {
    style: Style,
    records: Vec<Record>,
}

struct Record {
    dn: String,
    attributes: Vec<(String, Vec<u8>)>,
}

/// Distributes the entries, and here and there the attributes of one entry, over files.
pub(crate) fn record(entries: Vec<Entry>, rng: &mut Rng) -> Vec<Recording> {
    let count = rng.pick(&[1, 1, 2, 2, 3]);
    let mut files: Vec<Recording> = (0..count).map(|_| Recording { style: style(rng), records: Vec::new() }).collect();
    for entry in entries {
        let home = rng.below(count);
        if count > 1 && rng.percent(20) {
            split(entry, home, &mut files, rng);
        } else {
            files[home].push(entry.dn, entry.attributes, rng);
        }
    }
    for file in &mut files {
        file.shuffle(rng);
    }
    files
}

/// Puts the attributes into two files, some of them into both.
fn split(entry: Entry, home: usize, files: &mut [Recording], rng: &mut Rng) {
    let other = (home + 1) % files.len();
    let (mut here, mut there) = (Vec::new(), Vec::new());
    for attribute in entry.attributes {
        match rng.below(5) {
            0 => {
                here.push(attribute.clone());
                there.push(attribute);
            }
            1 | 2 => here.push(attribute),
            _ => there.push(attribute),
        }
    }
    files[home].push(entry.dn.clone(), here, rng);
    files[other].push(entry.dn, there, rng);
}

fn style(rng: &mut Rng) -> Style {
    let tool = rng.pick(&TOOLS);
    let folds = !matches!(tool, Tool::Ldifde | Tool::LdifdeUnicode) && rng.percent(85);
    Style {
        tool,
        all_base64: rng.percent(10),
        fold_at: folds.then_some(76),
        spelling: rng.pick(&[Spelling::AsInSchema, Spelling::AsInSchema, Spelling::Lower, Spelling::Upper]),
        recase_dns: rng.percent(40),
        paged: rng.percent(20),
    }
}

impl Recording {
    fn push(&mut self, dn: String, attributes: Vec<(String, Vec<u8>)>, rng: &mut Rng) {
        let dn = if self.style.recase_dns { rng.recase(&dn) } else { dn };
        self.records.push(Record { dn, attributes });
    }

    /// Another order of the same records and values.
    pub(crate) fn shuffle(&mut self, rng: &mut Rng) {
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
                text += self.reference();
            }
        }
        text += &self.trailer();
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
        match self.style.tool {
            Tool::Ldapsearch if self.style.paged => {
                "# extended LDIF\n#\n# LDAPv3\n# base <DC=contoso,DC=com> with scope subtree\n\
                 # filter: (objectClass=*)\n# requesting: ALL\n# with pagedResults control: size=500\n#\n\n"
                    .to_owned()
            }
            Tool::Ldapsearch => "version: 1\n\n#\n# LDAPv3\n# filter: (objectClass=*)\n#\n\n".to_owned(),
            _ => String::new(),
        }
    }

    fn record_text(&self, number: usize, record: &Record) -> String {
        let mut text = self.heading(number, record);
        text += &self.line("dn", record.dn.as_bytes());
        if matches!(self.style.tool, Tool::Ldifde | Tool::LdifdeUnicode) {
            text += "changetype: add\n";
        }
        for (name, value) in &record.attributes {
            text += &self.line(&self.spell(name), value);
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

    fn reference(&self) -> &'static str {
        match self.style.tool {
            Tool::Ldifde | Tool::LdifdeUnicode => "",
            Tool::Ldapsearch => "# search reference\nref: ldap://far.contoso.com/DC=far,DC=contoso,DC=com\n\n",
            Tool::LdapsearchTerse => "# refldap://far.contoso.com/DC=far,DC=contoso,DC=com\n\n",
            Tool::Ldbsearch => "# Referral\nref: ldap://far.contoso.com/DC=far,DC=contoso,DC=com\n\n",
        }
    }

    fn trailer(&self) -> String {
        let entries = self.records.len();
        match self.style.tool {
            Tool::Ldapsearch if self.style.paged => format!(
                "# search result\nsearch: 3\nresult: 0 Success\n\
                 control: 1.2.840.113556.1.4.319 false MIQAAAAFAgEABAA=\npagedresults: cookie=\n\n\
                 # numResponses: {}\n# numEntries: {entries}\n",
                entries + 1
            ),
            Tool::Ldapsearch => format!(
                "# search result\nsearch: 2\nresult: 0 Success\n\n# numResponses: {}\n# numEntries: {entries}\n",
                entries + 1
            ),
            Tool::Ldbsearch => format!("# returned {entries} records\n# {entries} entries\n# 0 referrals\n"),
            _ => String::new(),
        }
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
