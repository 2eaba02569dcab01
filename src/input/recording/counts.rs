//! How much `ldapsearch` and `ldbsearch` say they wrote, held against what is there.
//!
//! `ldapsearch` counts all pages of a search together, and tells it once, behind the last: `# numResponses:`, of entries, references and
//! the result of each page, and `# numEntries:`, which it leaves out where it is zero, up to version 2.3 also where it is zero on the
//! last page: so that it is not there says nothing. `-f` makes a search of each line of a file, but in pages the count goes on from one
//! to the next: there it is not used. `ldbsearch` counts all pages together too: `# returned`, of entries and referrals.

use crate::directory::gap::Prose;

/// Of very many, the first tell enough.
const MOST: usize = 20;

/// What came by now.
#[derive(Clone, Copy, Default)]
struct Tally {
    entries: u64,
    references: u64,
    results: u64,
}

impl Tally {
    fn since(self, start: Self) -> Self {
        Self {
            entries: self.entries - start.entries,
            references: self.references - start.references,
            results: self.results - start.results,
        }
    }

    fn all(self) -> u64 {
        self.entries + self.references + self.results
    }
}

/// Counts what a file holds while its lines go by.
#[derive(Default)]
pub(super) struct Counts {
    all: Tally,
    /// As it was where the search of `ldapsearch` began, and its current page.
    search: Tally,
    page: Tally,
    /// What `ldapsearch` tells of a search, with what there is of it.
    told: Option<Told>,
    is_pattern: bool,
    /// As it was where the records of `ldbsearch` began.
    records: Option<Tally>,
    referrals: u64,
    wrong: Vec<Prose>,
}

#[derive(Clone, Copy)]
struct Told {
    there: Tally,
    responses: Option<u64>,
    entries: Option<u64>,
}

impl Counts {
    pub(super) fn entry(&mut self) {
        self.all.entries += 1;
    }

    /// The heading of a page begins: of another search, if the one before was counted.
    pub(super) fn heading(&mut self) {
        if self.compare() {
            self.search = self.all;
        }
        self.page = self.all;
        self.is_pattern = false;
    }

    /// The heading asks something else than the one before.
    pub(super) fn another_question(&mut self) {
        self.search = self.page;
    }

    /// Looks at a comment that is no heading.
    pub(super) fn comment(&mut self, line: &[u8]) {
        match line {
            b"# search reference" => self.all.references += 1,
            b"# search result" => self.all.results += 1,
            b"# Referral" => self.referrals += 1,
            _ => self.count(line),
        }
    }

    fn count(&mut self, line: &[u8]) {
        if line.starts_with(b"# filter pattern: ") {
            self.is_pattern = true;
        } else if let Some(responses) = number(line, b"# numResponses: ", b"") {
            self.told().responses = Some(responses);
        } else if let Some(entries) = number(line, b"# numEntries: ", b"") {
            self.told().entries = Some(entries);
        } else if let Some(number) = number(line, b"# record ", b"") {
            // Another search of the same run begins, though the one before was not counted.
            if number == 1 && self.records.is_some() {
                (self.records, self.referrals) = (None, 0);
            }
            self.records.get_or_insert(self.all);
        } else if let Some(returned) = number(line, b"# returned ", b" records") {
            self.returned(returned);
        }
    }

    fn told(&mut self) -> &mut Told {
        let there = self.all.since(self.search);
        self.told.get_or_insert(Told { there, responses: None, entries: None })
    }

    fn returned(&mut self, returned: u64) {
        let entries = self.records.take().map_or(0, |start| self.all.since(start).entries);
        let there = entries + std::mem::take(&mut self.referrals);
        if there != returned {
            self.note("its closing line `# returned …` counts ", returned, " records", there);
        }
    }

    /// Holds what was told against what is there, if something was.
    fn compare(&mut self) -> bool {
        let Some(Told { there, responses, entries }) = self.told.take() else { return false };
        let differs = |told: Option<u64>, there: u64| told.filter(|told| *told != there && !self.is_pattern);
        if let Some(told) = differs(entries, there.entries) {
            self.note("its trailer `# numEntries:` counts ", told, " entries", there.entries);
        } else if let Some(told) = differs(responses, there.all()) {
            let unit = " responses, which are entries, references and the result of each page";
            self.note("its trailer `# numResponses:` counts ", told, unit, there.all());
        }
        true
    }

    fn note(&mut self, says: &'static str, told: u64, unit: &'static str, there: u64) {
        if self.wrong.len() < MOST {
            let what = Prose::new(says).count(told).say(unit).say(", but the file holds ").count(there);
            self.wrong.push(what.say(": it was cut or changed in the middle; search again"));
        }
    }

    /// Where the file holds more or less than it says, once it was read to its end.
    pub(super) fn wrong(mut self) -> Vec<Prose> {
        self.compare();
        self.wrong
    }
}

/// The number between these words, which are all of the line.
fn number(line: &[u8], before: &[u8], behind: &[u8]) -> Option<u64> {
    let digits = line.strip_prefix(before)?.strip_suffix(behind)?;
    let is_number = digits.iter().all(u8::is_ascii_digit);
    std::str::from_utf8(digits).ok().filter(|_| is_number)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use crate::input::recording::tools::ToolTrailers;

    /// What is wrong with the numbers of a file.
    fn wrong(text: &str) -> Vec<String> {
        let mut tools = ToolTrailers::default();
        text.lines().for_each(|line| tools.line(line.as_bytes()));
        tools.cut().iter().map(ToString::to_string).filter(|what| what.contains("the file holds")).collect()
    }

    fn heading(base: &str, filter: &str) -> String {
        format!(
            "# extended LDIF\n#\n# LDAPv3\n# base <{base}> with scope subtree\n# filter: {filter}\n# requesting: ou \n#\n\n"
        )
    }

    fn entry(name: &str) -> String {
        format!("# {name}, com\ndn: ou={name},dc=com\nou: {name}\ndescription: x\n\n")
    }

    const REFERENCE: &str =
        "# search reference\nref: ldap://emea.contoso.com/dc=emea??sub\nref: ldap://other.contoso.com/dc=emea??sub\n\n";

    fn result(cookie: &str) -> String {
        format!("# search result\nsearch: 2\nresult: 0 Success\npagedresults: cookie={cookie}\n")
    }

    fn trailer(responses: u64, entries: u64, references: u64) -> String {
        let counted = |name: &str, number: u64| match number {
            0 => String::new(),
            number => format!("# num{name}: {number}\n"),
        };
        let all = ["Responses", "Entries", "References"].into_iter().zip([responses, entries, references]);
        format!("\n{}", all.map(|(name, number)| counted(name, number)).collect::<String>())
    }

    /// What `ldapsearch -E pr=2/noprompt` 2.5.13 writes.
    fn pages() -> String {
        let head = heading("dc=com", "(objectClass=*)");
        [
            head.clone(),
            entry("u0"),
            REFERENCE.to_owned(),
            entry("u1"),
            result("AwAAAAAAAAA="),
            head.clone(),
            entry("u2"),
            entry("u3"),
            result("BQAAAAAAAAA="),
            head,
            entry("u4"),
            result(""),
            trailer(9, 5, 1),
        ]
        .concat()
    }

    #[test]
    fn the_count_of_a_search_is_that_of_all_its_pages() {
        assert_eq!(wrong(&pages()), [""; 0]);
        assert_eq!(wrong(&pages().replace("# extended LDIF\n", "version: 1\n\n")), [""; 0]);
        for lost in [entry("u0"), entry("u2"), entry("u4")] {
            let said = wrong(&pages().replace(&lost, ""));
            assert!(said.len() == 1 && said[0].contains("counts 5 entries, but the file holds 4: "), "{said:?}");
        }
        let said = wrong(&pages().replace(&entry("u2"), &[entry("u2"), entry("u5")].concat()));
        assert!(said.len() == 1 && said[0].contains("counts 5 entries, but the file holds 6: "), "{said:?}");
    }

    #[test]
    fn a_reference_or_a_page_that_was_lost_is_noticed() {
        let said = wrong(&pages().replace(REFERENCE, ""));
        assert!(said.len() == 1 && said[0].contains("counts 9 responses") && said[0].contains("holds 8: "), "{said:?}");
        let said = wrong(&pages().replacen(&result("AwAAAAAAAAA="), "", 1));
        assert!(said.len() == 1 && said[0].contains("counts 9 responses") && said[0].contains("holds 8: "), "{said:?}");
        let whole = pages();
        let second = whole.match_indices("# extended").nth(1).unwrap().0;
        let third = whole.match_indices("# extended").nth(2).unwrap().0;
        let said = wrong(&[&whole[..second], &whole[third..]].concat());
        assert!(said.len() == 1 && said[0].contains("counts 5 entries, but the file holds 3: "), "{said:?}");
    }

    #[test]
    fn each_search_of_joined_files_has_a_count_of_its_own() {
        let single = |base: &str, names: &[&str], told: u64| {
            let entries: String = names.iter().map(|name| entry(name)).collect();
            let responses = if told == 0 { 1 } else { told + 1 };
            heading(base, "(a=*)")
                + &entries
                + &result("").replace("pagedresults: cookie=\n", "")
                + &trailer(responses, told, 0)
        };
        let foreign = "dn: CN=a,DC=com\nchangetype: add\ncn: a\n\n";
        let (one, two) = (single("dc=com", &["a", "b"], 2), single("dc=org", &["c"], 1));
        let none = single("dc=net", &[], 0);
        for order in [[&one, &two, &one], [&one, &one, &two], [&two, &none, &one], [&none, &two, &one]] {
            let joined: Vec<String> = order.iter().map(|search| format!("{foreign}{search}")).collect();
            assert_eq!(wrong(&joined.concat()), [""; 0]);
            assert_eq!(wrong(&[joined.concat(), pages()].concat()), [""; 0]);
        }
        let short = single("dc=org", &["c"], 3);
        let said = wrong(&[one.as_str(), &short, &one].concat());
        assert!(said.len() == 1 && said[0].contains("counts 3 entries, but the file holds 1: "), "{said:?}");
        // What stands behind the last count belongs to no search.
        assert_eq!(wrong(&[one.as_str(), foreign].concat()), [""; 0]);
    }

    /// `ldapsearch -f` in pages goes on counting from one search to the next.
    #[test]
    fn a_count_of_several_searches_together_is_not_believed() {
        let one = |name: &str| format!("#\n# filter: (ou={name})\n#\n{}{}", entry(name), result(""));
        let head = heading("dc=com", "x").replace("# filter: x", "# filter pattern: (ou=%s)");
        let text = [head, one("u1"), trailer(2, 1, 0), one("u2"), trailer(4, 2, 0)].concat();
        assert_eq!(wrong(&text), [""; 0]);
    }

    /// Up to version 2.3 it is missing where the last page has no entry.
    #[test]
    fn a_count_that_is_not_there_says_nothing() {
        assert_eq!(wrong(&pages().replace("# numEntries: 5\n", "")), [""; 0]);
        assert_eq!(wrong(&pages().replace("# numResponses: 9\n", "")), [""; 0]);
        assert_eq!(wrong(&(pages() + "# numEntries: 7, contoso.com\n# numEntries: \n# numEntries: -1\n")), [""; 0]);
    }

    #[test]
    fn the_records_of_ldbsearch_are_counted_with_its_referrals() {
        let record = |number: u64| format!("# record {number}\ndn: CN={number},DC=com\ncn: {number}\n\n");
        let referral = "# Referral\nref: ldap://emea.contoso.com/DC=emea,DC=contoso,DC=com\n\n";
        let closing = |entries: u64, referrals: u64| {
            format!("# returned {} records\n# {entries} entries\n# {referrals} referrals\n", entries + referrals)
        };
        let whole = [&record(1), &record(2), referral, &closing(2, 1)].concat();
        let none = closing(0, 0);
        let foreign = "dn: CN=a,DC=com\ncn: a\n\n";
        for text in [[&whole, &whole], [&none, &whole], [&whole, &none]] {
            assert_eq!(wrong(&text.map(|part| format!("{foreign}{part}")).concat()), [""; 0]);
        }
        assert_eq!(wrong(&[referral, &record(1), &closing(1, 1)].concat()), [""; 0]);
        for lost in [record(1), record(2), "dn: CN=2,DC=com\ncn: 2\n\n".to_owned(), referral.to_owned()] {
            let said = wrong(&whole.replace(&lost, ""));
            assert!(said.len() == 1 && said[0].contains("counts 3 records, but the file holds 2: "), "{said:?}");
        }
        let said = wrong(&closing(2, 0));
        assert!(said.len() == 1 && said[0].contains("counts 2 records, but the file holds 0: "), "{said:?}");
    }

    #[test]
    fn of_very_many_wrong_counts_the_first_are_told() {
        assert_eq!(wrong(&"# returned 5 records\n".repeat(100)).len(), super::MOST);
        assert_eq!(wrong(&"# returned 99999999999999999999999 records\n".repeat(100)).len(), 0);
    }
}
