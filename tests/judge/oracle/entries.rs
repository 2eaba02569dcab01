//! Directory entries, as they lie between the generator, the files and the judge.

/// One object with its attributes, in the order in which they were read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) dn: String,
    pub(crate) attributes: Vec<(String, Vec<u8>)>,
}

impl Entry {
    pub(crate) fn new(dn: impl Into<String>, classes: &[&str]) -> Self {
        let attributes = classes.iter().map(|class| ("objectClass".to_owned(), class.as_bytes().to_vec()));
        Self { dn: dn.into(), attributes: attributes.collect() }
    }

    pub(crate) fn with(mut self, name: &str, value: impl AsRef<str>) -> Self {
        self.attributes.push((name.to_owned(), value.as_ref().as_bytes().to_vec()));
        self
    }

    pub(crate) fn with_some(self, name: &str, value: Option<impl AsRef<str>>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// The values of an attribute, whatever options (`;range=0-1499`) its name carries.
    pub(crate) fn values(&self, name: &str) -> Vec<String> {
        let named = self.attributes.iter().filter(|(other, _)| base_name(other).eq_ignore_ascii_case(name));
        named.map(|(_, value)| String::from_utf8_lossy(value).into_owned()).collect()
    }

    pub(crate) fn shows(&self, name: &str) -> bool {
        self.attributes.iter().any(|(other, _)| base_name(other).eq_ignore_ascii_case(name))
    }

    pub(crate) fn first(&self, name: &str) -> Option<String> {
        self.values(name).into_iter().next()
    }

    /// As it is named, which a DN may spell otherwise.
    pub(crate) fn name(&self) -> String {
        self.first("cn").unwrap_or_else(|| own_name(&self.dn))
    }

    pub(crate) fn number(&self, name: &str) -> Option<i64> {
        self.first(name)?.trim().parse().ok()
    }

    pub(crate) fn flag(&self, name: &str) -> Option<bool> {
        self.first(name).map(|value| value.eq_ignore_ascii_case("TRUE"))
    }

    pub(crate) fn is(&self, class: &str) -> bool {
        self.values("objectClass").iter().any(|other| other.eq_ignore_ascii_case(class))
    }

    pub(crate) fn remove(&mut self, name: &str) {
        self.attributes.retain(|(other, _)| !base_name(other).eq_ignore_ascii_case(name));
    }
}

pub(crate) fn base_name(name: &str) -> &str {
    name.split(';').next().unwrap_or_default()
}

/// Names and SPNs compare without case.
pub(crate) fn fold(text: &str) -> String {
    text.to_lowercase()
}

/// The parts of a DN, each as it is written.
pub(crate) fn parts(dn: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut start, mut escaped) = (0, false);
    for (at, c) in dn.char_indices() {
        if c == ',' && !escaped {
            parts.push(&dn[start..at]);
            start = at + 1;
        }
        escaped = c == '\\' && !escaped;
    }
    parts.push(&dn[start..]);
    parts
}

/// The name of the object itself, without its escapes and what a conflict added.
pub(crate) fn own_name(dn: &str) -> String {
    let part = parts(dn).first().copied().unwrap_or_default();
    let name = part.split_once('=').map_or(part, |(_, value)| value);
    name.split("\\0").next().unwrap_or_default().replace('\\', "")
}

/// Whether a folded DN lies below another folded one.
pub(crate) fn is_below(dn: &str, above: &str) -> bool {
    dn.strip_suffix(above).is_some_and(|rest| rest.ends_with(','))
}

/// The DNS name that the `DC=` parts of a DN spell, folded.
pub(crate) fn domain_of(dn: &str) -> String {
    let folded = fold(dn);
    let labels: Vec<&str> = parts(&folded).iter().filter_map(|part| part.strip_prefix("dc=")).collect();
    labels.join(".")
}

pub(crate) fn in_configuration(dn: &str) -> bool {
    parts(&fold(dn)).contains(&"cn=configuration")
}

#[test]
fn a_dn_is_split_at_commas_that_are_not_escaped() {
    assert_eq!(parts("CN=Doe\\, John,DC=contoso,DC=com"), ["CN=Doe\\, John", "DC=contoso", "DC=com"]);
    assert_eq!(own_name("CN=Doe\\, John,DC=contoso,DC=com"), "Doe, John");
    assert_eq!(domain_of("CN=A,DC=Contoso,DC=com"), "contoso.com");
}
