//! What setspn would do, done to a recording: a strict reader of the printed commands.

use std::collections::BTreeMap;
use std::fmt;

/// A recording whose `servicePrincipalName` values can be changed.
#[derive(Clone, Debug)]
pub(crate) struct Recording {
    /// Unfolded lines of every record.
    records: Vec<Vec<String>>,
}

impl Recording {
    pub(crate) fn read(text: &str) -> Self {
        let unfolded = text.replace("\r\n", "\n").replace("\n ", "");
        let records = unfolded.split("\n\n").filter(|record| record.contains("dn:"));
        let lines =
            |record: &str| record.lines().filter(|line| !line.starts_with(['#', 'v'])).map(ToOwned::to_owned).collect();
        Self { records: records.map(lines).collect() }
    }

    /// Carries out one command, as setspn understands its words.
    pub(crate) fn run(&mut self, command: &str) {
        let words: Vec<&str> = command.split(' ').collect();
        let (switches, [spn, account]) = words.split_last_chunk::<2>().unwrap();
        assert_eq!(switches[0], "setspn");
        let (domain, name) = account.split_once('\\').unwrap();
        assert!(!domain.is_empty());
        let target = format!("sAMAccountName: {name}");
        let mut accounts =
            self.records.iter_mut().filter(|lines| lines.iter().any(|line| line.eq_ignore_ascii_case(&target)));
        let account = accounts.next().unwrap_or_else(|| panic!("no account for {command}"));
        assert!(accounts.next().is_none(), "several accounts for {command}");
        let is_user = !account.iter().any(|line| line == "objectClass: computer");
        assert_eq!(switches.contains(&"-U"), is_user, "{command}");
        let value = format!("servicePrincipalName: {spn}");
        match switches[1..].iter().copied().filter(|switch| !["-U", "-F"].contains(switch)).collect::<Vec<_>>()[..] {
            ["-S"] => account.push(value),
            ["-D"] => {
                let held =
                    account.iter().position(|line| *line == value).unwrap_or_else(|| panic!("{command}: not held"));
                account.remove(held);
            }
            _ => panic!("unknown: {command}"),
        }
    }

    /// The values of every object, sorted.
    pub(crate) fn values(&self) -> BTreeMap<&str, Vec<&str>> {
        self.records
            .iter()
            .map(|lines| {
                let mut values: Vec<&str> = lines[1..].iter().map(String::as_str).collect();
                values.sort_unstable();
                (lines[0].as_str(), values)
            })
            .collect()
    }
}

impl fmt::Display for Recording {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.records.iter().try_for_each(|lines| write!(f, "{}\n\n", lines.join("\n")))
    }
}
