//! What `ldapsearch` says it searched. An export of accounts has to cover its domain whole, and the rest of what it found cannot show that.

use std::collections::{BTreeMap, BTreeSet};

use crate::directory::dn::Dn;
use crate::directory::gap::{Kind, Prose};

/// A search as the heading of `ldapsearch` tells it: `# base <DC=contoso,DC=com> with scope subtree`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Search {
    base: Dn,
    scope: Scope,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scope {
    Base,
    OneLevel,
    Deep,
}

impl Scope {
    fn name(self) -> &'static str {
        match self {
            Self::Base => "baseObject",
            Self::OneLevel => "oneLevel",
            Self::Deep => "subtree",
        }
    }
}

impl Search {
    /// The search of a line of the heading; none of another line, or where the base is written in a special way, as by its GUID.
    #[must_use]
    pub(crate) fn of_heading(line: &str) -> Option<Self> {
        let (base, scope) = line.strip_prefix("# base <")?.rsplit_once(" with scope ")?;
        let base = base.strip_suffix(" (default)").unwrap_or(base).strip_suffix('>')?;
        let scope = match scope.trim_end() {
            "baseObject" => Scope::Base,
            "oneLevel" => Scope::OneLevel,
            "subtree" | "children" => Scope::Deep,
            _ => return None,
        };
        Some(Self { base: Dn::parse(base).ok()?, scope })
    }

    /// The [key](Dn::domain_key) of the domain that it covers, if it covers one from top to bottom.
    #[must_use]
    pub(crate) fn whole_domain(&self) -> Option<&str> {
        let key = self.base.key();
        (self.scope == Scope::Deep && !key.is_empty() && self.base.domain_key() == key).then_some(key)
    }

    /// Whether it found this object in a part of a domain only. What it cannot have found came from elsewhere: files may be joined.
    fn is_narrow_of(&self, found: &Dn) -> bool {
        let is_of_domain = self.base.domain_key() == found.domain_key();
        is_of_domain && self.whole_domain().is_none() && found.lineage().any(|above| above == self.base.key())
    }
}

/// The searches by which accounts came, as far as the recordings tell.
#[derive(Clone, Debug, Default)]
pub struct Searches {
    /// The domains that some search covered.
    whole: BTreeSet<String>,
    /// For each domain whose krbtgt was found by a search that covers only a part of it, the last such search.
    narrow: BTreeMap<String, Search>,
}

impl Searches {
    /// Notes domains that searches covered, whatever they found.
    pub fn covered(&mut self, domains: impl IntoIterator<Item = String>) {
        self.whole.extend(domains);
    }

    /// Notes that krbtgt of a domain was read, and the search that found it. Of what came without one nobody can say how much it covers.
    pub(crate) fn found_krbtgt(&mut self, krbtgt: &Dn, search: Option<&Search>) {
        let domain = krbtgt.domain_key().to_owned();
        match search.filter(|search| search.is_narrow_of(krbtgt)) {
            Some(search) => drop(self.narrow.insert(domain, search.clone())),
            None => drop(self.whole.insert(domain)),
        }
    }

    /// What is wrong with the searches of a domain.
    pub(super) fn missing(&self, domain: &str) -> Option<Prose> {
        let search = self.narrow.get(domain).filter(|_| !self.whole.contains(domain))?;
        let what = Prose::new("only a part of this domain was searched for accounts: from ")
            .name(Kind::Dn, search.base.as_str())
            .say(" with scope ")
            .say(search.scope.name());
        Some(what.say("; search all of it, with scope subtree"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EMEA: &str = "dc=emea,dc=contoso,dc=com";

    fn search(base: &str, scope: &str) -> Search {
        Search::of_heading(&format!("# base <{base}> with scope {scope}")).unwrap()
    }

    fn krbtgt() -> Dn {
        Dn::parse("CN=krbtgt,CN=Users,DC=emea,DC=contoso,DC=com").unwrap()
    }

    fn is_narrow(search: &Search) -> bool {
        let mut searches = Searches::default();
        searches.found_krbtgt(&krbtgt(), Some(search));
        searches.missing(EMEA).is_some()
    }

    #[test]
    fn a_search_in_a_domain_covers_it_from_its_top_to_its_bottom() {
        for base in ["DC=emea,DC=contoso,DC=com", "dc=emea, dc=Contoso,dc=com"] {
            assert!(!is_narrow(&search(base, "subtree")) && !is_narrow(&search(base, "children")), "{base}");
            assert!(is_narrow(&search(base, "oneLevel")) && is_narrow(&search(base, "baseObject")), "{base}");
        }
        for base in ["CN=Users,DC=emea,DC=contoso,DC=com", "CN=krbtgt,CN=Users,DC=emea,DC=contoso,DC=com"] {
            assert!(is_narrow(&search(base, "subtree")), "{base}");
        }
        let default = "# base <DC=emea,DC=contoso,DC=com> (default) with scope subtree";
        assert!(!is_narrow(&Search::of_heading(default).unwrap()));
    }

    #[test]
    fn a_search_of_a_global_catalog_and_one_that_cannot_have_found_it_tell_nothing() {
        let elsewhere =
            ["OU=All,DC=emea,DC=contoso,DC=com", "CN=Configuration,DC=contoso,DC=com", "DC=fabrikam,DC=com"];
        for base in ["", "DC=contoso,DC=com"].into_iter().chain(elsewhere) {
            assert!(!is_narrow(&search(base, "subtree")), "{base}");
        }
    }

    #[test]
    fn only_a_heading_that_can_be_read_tells_a_search() {
        for line in [
            "# base <<WKGUID=a9d1ca15768811d1aded00c04fd8d5cd,DC=contoso,DC=com>> with scope subtree",
            "# base DC=contoso,DC=com with scope subtree",
            "# base <DC=contoso,DC=com> with scope everything",
            "# base <DC=contoso,DC=com>",
            "# filter: (objectclass=*)",
        ] {
            assert_eq!(Search::of_heading(line), None, "{line}");
        }
    }

    #[test]
    fn another_search_or_an_export_without_a_heading_makes_up_for_a_narrow_one() {
        let narrow = search("CN=Users,DC=emea,DC=contoso,DC=com", "oneLevel");
        let whole = search("DC=emea,DC=contoso,DC=com", "subtree");
        let mut searches = Searches::default();
        searches.found_krbtgt(&krbtgt(), Some(&narrow));
        searches.covered(search("DC=contoso,DC=com", "subtree").whole_domain().map(str::to_owned));
        assert!(
            searches.missing(EMEA).unwrap().contains("from CN=Users,DC=emea,DC=contoso,DC=com with scope oneLevel")
        );
        for order in [[None, Some(&narrow)], [Some(&narrow), None], [Some(&whole), Some(&narrow)]] {
            let mut searches = Searches::default();
            for search in order {
                searches.found_krbtgt(&krbtgt(), search);
            }
            assert!(searches.missing(EMEA).is_none(), "{order:?}");
        }
        searches.covered(whole.whole_domain().map(str::to_owned));
        assert!(searches.missing(EMEA).is_none());
        assert_eq!(search("CN=Configuration,DC=contoso,DC=com", "subtree").whole_domain(), None);
    }
}
