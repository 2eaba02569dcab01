//! What `ldapsearch` and `ldbsearch` say of their own output: whether it is whole, and where more would be.

use std::collections::BTreeSet;

use super::counts::Counts;
use crate::directory::dn::Dn;
use crate::directory::gap::{Kind, Prose};
use crate::input::coverage::searches::Search;
use crate::input::referral;

/// `ldapsearch` begins its output with this unless told otherwise, and then ends it with `result:`.
const LDAPSEARCH: &[u8] = b"# extended LDIF";
/// What `ldbsearch` writes before each object, and behind the last.
const LDBSEARCH: (&[u8], &[u8]) = (b"# record ", b"# returned ");
/// What stands before a reference: `ldapsearch` writes `ref: ldap://…`, with `-LLL` `# refldap://…`.
const REFERENCES: [&[u8]; 2] = [b"ref: ", b"# ref"];
/// What is asked, in the heading of `ldapsearch`, from the base on; whatever `-L` leaves out of it, these three lines are there.
const QUESTION: [&[u8]; 2] = [b"# base ", b"# filter"];
const ASKED: &[u8] = b"# requesting: ";
const LONGEST_QUESTION: usize = 64 * 1024;
const LONGEST_RESULT: usize = 1024;
/// More than any forest has.
const MOST_REFERENCES: usize = 10_000;

/// Whether the last search of a file is open, and whether one before it ended so.
#[derive(Default)]
struct Open {
    now: bool,
    before: bool,
}

impl Open {
    /// Another search begins.
    fn begin(&mut self) {
        self.before |= std::mem::take(&mut self.now);
    }

    fn is_cut(&self) -> bool {
        self.now || self.before
    }
}

/// The marks seen so far.
#[derive(Default)]
pub(super) struct ToolTrailers {
    headers: usize,
    results: usize,
    /// Results other than success.
    failures: BTreeSet<String>,
    pages: Open,
    /// Base and filter of the current search, and of the one before: `ldapsearch` writes its heading on every page.
    asked: Vec<u8>,
    asked_before: Vec<u8>,
    /// The current search, if its heading can be read.
    search: Option<Search>,
    /// The [keys](Dn::domain_key) of the domains that searches covered.
    covered: BTreeSet<String>,
    /// Whether objects came behind the last closing line of `ldbsearch`.
    records: Open,
    /// A reference that may go on in the next line.
    reference: Option<Vec<u8>>,
    references: BTreeSet<String>,
    counts: Counts,
}

impl ToolTrailers {
    /// Whether the next line, whatever it is, goes on with a reference or ends it.
    pub(super) fn is_in_reference(&self) -> bool {
        self.reference.is_some()
    }

    /// Looks at a physical line. Only those that begin with `#`, `r`, `p` or `dn:` say anything.
    pub(super) fn line(&mut self, line: &[u8]) {
        if let (Some(reference), [b' ', more @ ..]) = (&mut self.reference, line) {
            // Longer ones lead nowhere.
            if reference.len() < 4096 {
                reference.extend_from_slice(more);
            }
            return;
        }
        self.end_reference();
        match line.first() {
            Some(b'#') => self.comment(line),
            Some(b'r') if line.starts_with(b"result: ") => self.result(line),
            Some(b'p') => self.page(line),
            Some(b'd') if line.starts_with(b"dn:") => self.counts.entry(),
            _ => {}
        }
        if let Some(url) = REFERENCES.iter().find_map(|start| line.strip_prefix(*start)) {
            self.reference = url.starts_with(b"ldap").then(|| url.to_vec());
        }
    }

    fn comment(&mut self, line: &[u8]) {
        let (record, returned) = LDBSEARCH;
        let [base, _] = QUESTION;
        if line.starts_with(base) {
            self.asked_before = std::mem::take(&mut self.asked);
            self.counts.heading();
        } else if line.starts_with(ASKED) && self.asked != self.asked_before {
            self.counts.another_question();
        }
        self.counts.comment(line);
        if line == LDAPSEARCH {
            self.headers += 1;
            self.search = None;
        } else if let Some(number) = line.strip_prefix(record).filter(|number| number.iter().all(u8::is_ascii_digit)) {
            if number == b"1" {
                self.records.begin();
            }
            self.records.now = true;
        } else if line.starts_with(returned) {
            self.records.now = false;
        } else if QUESTION.iter().any(|start| line.starts_with(start)) && self.asked.len() < LONGEST_QUESTION {
            self.asked.extend_from_slice(line);
            self.begin_search(line);
        } else {
            self.page(line.strip_prefix(b"# ").unwrap_or_default());
        }
    }

    /// Looks at what is asked. Another tool may write such a line too, but no heading before.
    fn begin_search(&mut self, line: &[u8]) {
        let search = Search::of_heading(&String::from_utf8_lossy(line)).filter(|_| self.results < self.headers);
        if search.is_some() {
            self.search = search;
        }
        let whole =
            self.search.as_ref().and_then(Search::whole_domain).filter(|_| self.covered.len() < MOST_REFERENCES);
        self.covered.extend(whole.map(str::to_owned));
    }

    fn result(&mut self, line: &[u8]) {
        self.results += 1;
        self.search = None;
        // Another page of the same search brings a cookie of its own, which takes the place of the last.
        if self.asked != self.asked_before {
            self.pages.begin();
        }
        let line = String::from_utf8_lossy(line.get(..LONGEST_RESULT).unwrap_or(line));
        // Any server's text may stand there; a few tell enough.
        if line.split_whitespace().nth(1) != Some("0") && self.failures.len() < 20 {
            self.failures.insert(line.into_owned());
        }
    }

    fn page(&mut self, line: &[u8]) {
        if let Some(cookie) = line.strip_prefix(b"pagedresults:").map(<[u8]>::trim_ascii) {
            self.pages.now = !cookie.is_empty() && !cookie.ends_with(b"cookie=");
        }
    }

    fn end_reference(&mut self) {
        let url = self.reference.take().map(|url| String::from_utf8_lossy(&url).into_owned());
        if self.references.len() < MOST_REFERENCES {
            self.references.extend(url);
        }
    }

    /// The search that what is read now belongs to.
    pub(super) fn search(&self) -> Option<&Search> {
        self.search.as_ref()
    }

    /// The domains that searches covered, whatever they found.
    pub(super) fn covered(&mut self) -> BTreeSet<String> {
        std::mem::take(&mut self.covered)
    }

    /// The objects that were referred to for more.
    pub(super) fn referrals(&mut self) -> Vec<Dn> {
        self.end_reference();
        self.references.iter().filter_map(|url| referral::target(url).or_else(|| referral::domain(url))).collect()
    }

    /// What is missing, in words.
    pub(super) fn cut(self) -> Vec<Prose> {
        let mut cut = Vec::new();
        if self.results < self.headers {
            cut.push("the output of ldapsearch is cut off: its `result:` line is missing; search again".into());
        }
        cut.extend(self.failures.iter().map(|result| {
            Prose::new("the search that was recorded did not succeed (")
                .name(Kind::Text, result)
                .say("); search again, with `-E pr=1000/noprompt` against size limits")
        }));
        if self.pages.is_cut() {
            cut.push(
                "the search that was recorded ended before its last page; search again, with `-E pr=1000/noprompt`"
                    .into(),
            );
        }
        if self.records.is_cut() {
            cut.push(
                "the output of ldbsearch is cut off: its closing line `# returned …` is missing; search again".into(),
            );
        }
        cut.extend(self.counts.wrong());
        cut
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(text: &str) -> ToolTrailers {
        let mut tools = ToolTrailers::default();
        text.lines().for_each(|line| tools.line(line.as_bytes()));
        tools
    }

    #[test]
    fn ldapsearch_output_must_end_in_success_and_without_a_cookie() {
        let head = "# extended LDIF\n#\n\ndn: CN=a\ncn: a\n\n# search result\nsearch: 2\n";
        for (trailer, gaps) in [
            ("result: 0 Success\n", 0),
            ("", 1),
            ("result: 4 Size limit exceeded\n", 1),
            ("result: 0 Success\ncontrol: 1.2.840.113556.1.4.319 false MAUCAQAEAA==\npagedresults: cookie=\n", 0),
            ("result: 0 Success\n# pagedresults: cookie=AQAAAA==\n", 1),
            ("result: 0 Success\npagedresults: cookie=AQAAAA==\n# extended LDIF\nresult: 0 Success\n", 1),
        ] {
            assert_eq!(seen(&format!("{head}{trailer}")).cut().len(), gaps, "{trailer}");
        }
    }

    /// `ldapsearch -E pr=20/noprompt` writes a heading and a result for each page.
    #[test]
    fn every_page_of_ldapsearch_has_a_heading_of_its_own() {
        let page = |base: &str, cookie: &str| {
            format!(
                "# extended LDIF\n#\n# LDAPv3\n# base <{base}> with scope subtree\n# filter: (a=*)\n#\n\ndn: CN=a\n\n\
                 # search result\nsearch: 2\nresult: 0 Success\ncontrol: 1.2.840.113556.1.4.319 false MA==\npagedresults: cookie={cookie}\n"
            )
        };
        let cut = |pages: &[String]| seen(&pages.concat()).cut().len();
        assert_eq!(cut(&[page("DC=a", "MQA="), page("DC=a", "MgA="), page("DC=a", "")]), 0);
        assert_eq!(cut(&[page("DC=a", "MQA="), page("DC=a", ""), page("DC=b", "MQA="), page("DC=b", "")]), 0);
        assert_eq!(cut(&[page("DC=a", "MQA="), page("DC=a", "MgA=")]), 1);
        assert_eq!(cut(&[page("DC=a", "MQA="), page("DC=b", "MQA="), page("DC=b", "")]), 1);
    }

    #[test]
    fn a_search_lasts_from_its_heading_to_its_result() {
        let heading = "# extended LDIF\n#\n# LDAPv3\n# base <CN=Users,DC=a> with scope subtree\n# filter: (a=*)\n#\n\n";
        assert!(seen(heading).search().is_some() && seen(&format!("{heading}dn: CN=a\n")).search().is_some());
        for other in [&heading[17..], "# extended LDIF\n", &format!("{heading}result: 0 Success\n")] {
            assert_eq!(seen(other).search(), None, "{other}");
        }
        let whole = heading.replace("CN=Users,DC=a", "DC=a");
        assert_eq!(
            seen(&format!("{whole}result: 0 Success\n{heading}")).covered().into_iter().collect::<Vec<_>>(),
            ["dc=a"]
        );
    }

    #[test]
    fn ldbsearch_output_must_be_closed() {
        let records = "# record 1\ndn: CN=a\n\n# record 2\ndn: CN=b\n\n";
        let closing = "# returned 2 records\n# 2 entries\n# 0 referrals\n";
        assert!(seen(&format!("{records}{closing}{records}{closing}")).cut().is_empty());
        for cut in [records.to_owned(), format!("{records}{records}{closing}"), format!("{records}{closing}{records}")]
        {
            assert_eq!(seen(&cut).cut().len(), 1, "{cut}");
        }
        assert!(seen("# record 1, Computers, contoso.com\ndn: CN=a\n").cut().is_empty());
    }

    #[test]
    fn references_are_read_however_they_are_written() {
        let text = "# search reference\nref: ldap://emea.contoso.com/DC=emea,DC=con\n toso,DC=com??sub\n\n\
                    # refldap://asia.contoso.com/DC=asia,DC=contoso,DC=com\nref: ldap://africa.contoso.com\nref: x\n";
        let names: Vec<String> = seen(text).referrals().iter().map(|dn| dn.key().to_owned()).collect();
        let of = |domain: &str| format!("dc={domain},dc=contoso,dc=com");
        assert_eq!(names, [of("africa"), of("asia"), of("emea")]);
    }
}
