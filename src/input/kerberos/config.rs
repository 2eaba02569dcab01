//! What of `krb5.conf` is needed: the default realm, the realms' KDCs, where tickets are kept.

use std::collections::HashMap;
use std::path::Path;
use std::{env, fs};

/// As many files as may include one another.
const MOST_FILES: usize = 100;
/// More entries than any folder of them has.
const MOST_ENTRIES: usize = 10_000;
/// More bytes than any such file has.
const LONGEST: u64 = 1 << 20;

/// The settings that matter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Config {
    /// The realm of names without one.
    pub(crate) default_realm: Option<String>,
    /// Where tickets are kept, as written: `KCM:`, `FILE:/tmp/krb5cc_%{uid}`.
    pub(crate) cache: Option<String>,
    /// The socket of the daemon that keeps tickets.
    pub(crate) kcm_socket: Option<String>,
    /// Whether DNS is asked for KDCs that are not named, as written: unset, it is.
    pub(crate) dns_lookup_kdc: Option<String>,
    /// `HOST[:PORT]` of each realm's KDCs.
    pub(crate) kdcs: HashMap<String, Vec<String>>,
}

impl Config {
    /// The configuration of this machine; what cannot be read counts as empty.
    pub(crate) fn of_machine() -> Self {
        let files = env::var("KRB5_CONFIG").unwrap_or_else(|_| DEFAULT.to_owned());
        let mut reader = Reader::default();
        env::split_paths(&files).for_each(|file| reader.file(&file));
        reader.config
    }

    /// Whether DNS is asked for the KDCs of realms without any here. The words are those of MIT's library (`profile_get_boolean`).
    pub(crate) fn looks_up_kdcs(&self) -> bool {
        const NO: [&str; 6] = ["n", "no", "false", "nil", "0", "off"];
        !self.dns_lookup_kdc.as_ref().is_some_and(|word| NO.contains(&word.to_ascii_lowercase().as_str()))
    }

    /// The KDCs of a realm that are named.
    pub(crate) fn kdcs_of(&self, realm: &str) -> &[String] {
        self.kdcs.get(realm).map(Vec::as_slice).unwrap_or_default()
    }
}

#[cfg(unix)]
const DEFAULT: &str = "/etc/krb5.conf";
/// A `krb5.conf` on a drive of Windows is anybody's.
#[cfg(not(unix))]
const DEFAULT: &str = "";

#[derive(Default)]
struct Reader {
    config: Config,
    section: String,
    /// The name before each brace that is still open.
    open: Vec<String>,
    /// The name whose brace stands on the next line, if at all.
    due: Option<String>,
    files: usize,
}

impl Reader {
    fn file(&mut self, path: &Path) {
        if self.is_enough() {
            return;
        }
        let is_short = fs::metadata(path).is_ok_and(|about| about.is_file() && about.len() <= LONGEST);
        if !is_short {
            return;
        }
        let Ok(bytes) = fs::read(path) else { return };
        // A section goes on to the end of its file.
        self.section.clear();
        self.open.clear();
        String::from_utf8_lossy(&bytes).lines().for_each(|line| self.line(line.trim()));
        self.due = None;
    }

    /// Counts one more file or folder. More than there may be are not read.
    fn is_enough(&mut self) -> bool {
        self.files += 1;
        self.files > MOST_FILES
    }

    fn line(&mut self, line: &str) {
        let due = self.due.take();
        if line.is_empty() || line.starts_with(['#', ';']) {
        } else if let Some(path) = argument(line, "includedir") {
            self.folder(Path::new(path));
        } else if let Some(path) = argument(line, "include") {
            let (section, open) = (self.section.clone(), self.open.clone());
            self.file(Path::new(path));
            (self.section, self.open) = (section, open);
        } else if let Some(name) = line.strip_prefix('[').and_then(|line| line.split(']').next()) {
            name.trim().clone_into(&mut self.section);
            self.open.clear();
        } else if line.starts_with('}') {
            self.open.pop();
        } else if line.starts_with('{') {
            self.open.extend(due);
        } else if let Some((key, value)) = line.split_once('=') {
            self.setting(key.trim().trim_end_matches('*'), value.trim().trim_matches('"'));
        }
    }

    /// All files of a folder whose names are plain, in their order.
    fn folder(&mut self, path: &Path) {
        let is_plain = |name: &str| {
            let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
            plain || (Path::new(name).extension().is_some_and(|ending| ending == "conf") && !name.starts_with('.'))
        };
        if self.is_enough() {
            return;
        }
        let Ok(entries) = fs::read_dir(path) else { return };
        let mut paths: Vec<_> =
            entries.take(MOST_ENTRIES).filter_map(|entry| entry.ok().map(|entry| entry.path())).collect();
        paths.retain(|path| path.file_name().and_then(|name| name.to_str()).is_some_and(is_plain));
        paths.sort();
        let (section, open) = (self.section.clone(), self.open.clone());
        for path in &paths {
            self.file(path);
        }
        (self.section, self.open) = (section, open);
    }

    fn setting(&mut self, key: &str, value: &str) {
        match value {
            "{" => return self.open.push(key.to_owned()),
            "" => return self.due = Some(key.to_owned()),
            _ => {}
        }
        // The first setting counts, as with MIT's library.
        let first = |setting: &mut Option<String>| {
            setting.get_or_insert_with(|| value.to_owned());
        };
        match (self.section.as_str(), self.open.as_slice(), key) {
            ("libdefaults", [], "default_realm") => first(&mut self.config.default_realm),
            ("libdefaults", [], "default_ccache_name") => first(&mut self.config.cache),
            ("libdefaults", [], "dns_lookup_kdc") => first(&mut self.config.dns_lookup_kdc),
            ("libdefaults", [], "kcm_socket") => first(&mut self.config.kcm_socket),
            ("realms", [realm], "kdc") => {
                let kdcs = self.config.kdcs.entry(realm.clone()).or_default();
                // A proxy that speaks HTTPS is none that can be asked.
                if !value.contains("//") && kdcs.len() < MOST_FILES {
                    kdcs.push(value.to_owned());
                }
            }
            _ => {}
        }
    }
}

fn argument<'a>(line: &'a str, word: &str) -> Option<&'a str> {
    let rest = line.strip_prefix(word)?;
    rest.starts_with(char::is_whitespace).then(|| rest.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Config {
        let mut reader = Reader::default();
        text.lines().for_each(|line| reader.line(line.trim()));
        reader.config
    }

    #[test]
    fn settings_are_read_from_their_sections_only() {
        let config = read(
            "[realms]\n default_realm = WRONG.COM\n CONTOSO.COM = {\n  kdc = dc1.contoso.com\n  kdc = dc2.contoso.com:1088\n  kdc = https://proxy/KdcProxy\n admin_server = dc1\n }\n\
             [libdefaults]\n# default_realm = NO.COM\n  default_realm = CONTOSO.COM\n default_realm = LATER.COM\n default_ccache_name = KCM:\n",
        );
        assert_eq!(config.default_realm.as_deref(), Some("CONTOSO.COM"));
        assert_eq!(config.cache.as_deref(), Some("KCM:"));
        assert_eq!(config.kdcs_of("CONTOSO.COM"), ["dc1.contoso.com", "dc2.contoso.com:1088"]);
        assert!(config.kdcs_of("WRONG.COM").is_empty());
    }

    #[test]
    fn dns_is_asked_for_kdcs_unless_that_is_forbidden() {
        let with = |line: &str| read(&format!("[libdefaults]\n {line}\n")).looks_up_kdcs();
        assert!(with("") && with("dns_lookup_kdc = true") && with("dns_lookup_kdc = perhaps"));
        assert!(!with("dns_lookup_kdc = false") && !with("dns_lookup_kdc = No"));
    }

    #[test]
    fn files_include_others_and_themselves_without_end() {
        let folder = tempfile::tempdir().unwrap();
        let (main, parts) = (folder.path().join("krb5.conf"), folder.path().join("krb5.conf.d"));
        fs::create_dir(&parts).unwrap();
        fs::write(parts.join("kcm_default_ccache"), "[libdefaults]\n default_ccache_name = KCM:\n").unwrap();
        fs::write(parts.join("left.rpmsave"), "[libdefaults]\n default_realm = OLD.COM\n").unwrap();
        let text = format!(
            "includedir {}\ninclude {}\n[libdefaults]\n default_realm = CONTOSO.COM\n",
            parts.display(),
            main.display()
        );
        fs::write(&main, text).unwrap();
        let mut reader = Reader::default();
        reader.file(&main);
        assert_eq!(reader.config.cache.as_deref(), Some("KCM:"));
        assert_eq!(reader.config.default_realm.as_deref(), Some("CONTOSO.COM"));
    }

    #[test]
    fn a_brace_may_stand_on_the_next_line() {
        let config = read(
            "[realms]\n A.COM =\n {\n  kdc = dc1\n }\n EMPTY =\n B.COM = {\n kdc = dc2\n }\n[libdefaults]\n x =\n default_realm = C.COM\n",
        );
        assert_eq!(config.kdcs_of("A.COM"), ["dc1"]);
        assert_eq!(config.kdcs_of("B.COM"), ["dc2"]);
        assert_eq!(config.default_realm.as_deref(), Some("C.COM"));
    }

    #[test]
    fn a_file_that_ends_before_its_value_closes_nothing_of_another() {
        let folder = tempfile::tempdir().unwrap();
        let part = folder.path().join("part");
        fs::write(&part, " x =\n").unwrap();
        let config = read(&format!("[realms]\n A.COM = {{\n include {}\n kdc = dc1\n }}\n", part.display()));
        assert_eq!(config.kdcs_of("A.COM"), ["dc1"]);
    }

    #[test]
    fn files_that_include_each_other_come_to_an_end() {
        let folder = tempfile::tempdir().unwrap();
        let (main, parts) = (folder.path().join("krb5.conf"), folder.path().join("parts"));
        fs::create_dir(&parts).unwrap();
        for number in 0..100 {
            fs::write(parts.join(number.to_string()), "").unwrap();
        }
        let line = format!("includedir {}\n", parts.display());
        fs::write(&main, format!("include {}\n{}", main.display(), line.repeat(200))).unwrap();
        let mut reader = Reader::default();
        reader.file(&main);
        assert!(reader.files < 100_000, "{}", reader.files);
    }
}
