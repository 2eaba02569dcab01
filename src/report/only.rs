//! A report of some servers only.

use super::{Report, Server};
use crate::directory::text::{fold, printable};

impl Report {
    /// Leaves only the servers of these names and what concerns them. What could not be read concerns every server. A name is a NetBIOS
    /// name or an FQDN, and may have `*` in it.
    pub fn restrict_to(&mut self, names: &[String]) -> Result<(), UnknownServer> {
        let is_one_of = |names: &[String], server: &Server| is_meant(names, &server.name, server.fqdn.as_deref());
        let is_known = |name: &String| self.servers.iter().any(|server| is_one_of(std::slice::from_ref(name), server));
        let unknown = names.iter().find(|name| !is_known(name));
        if let Some(unknown) = unknown {
            return Err(UnknownServer(printable(unknown)));
        }
        self.servers.retain(|server| is_one_of(names, server));
        let left: Vec<String> = self.servers.iter().map(|server| fold(&server.name)).collect();
        self.findings.retain(|finding| finding.servers.iter().any(|server| left.contains(&fold(server))));
        self.only = names.iter().map(|name| printable(name)).collect();
        self.conclude();
        Ok(())
    }
}

/// Whether a server is one of these, by its NetBIOS name or its FQDN.
#[must_use]
pub fn is_meant(names: &[String], name: &str, fqdn: Option<&str>) -> bool {
    names.iter().any(|pattern| is_like(pattern, name) || fqdn.is_some_and(|fqdn| is_like(pattern, fqdn)))
}

/// Whether a name is like a pattern, in which `*` stands for anything.
pub(super) fn is_like(pattern: &str, name: &str) -> bool {
    let (pattern, name) = (fold(pattern), fold(name));
    let Some((start, rest)) = pattern.split_once('*') else { return pattern == name };
    let Some(mut left) = name.strip_prefix(start) else { return false };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let end = parts.pop().unwrap_or_default();
    for part in parts {
        let Some((_, behind)) = left.split_once(part) else { return false };
        left = behind;
    }
    left.ends_with(end)
}

/// A server that was asked for is not in the directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownServer(pub String);

impl std::fmt::Display for UnknownServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "no Exchange server is called {}", self.0)
    }
}

impl std::error::Error for UnknownServer {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_anything() {
        for (pattern, name) in
            [("ex*", "EX01"), ("*", "x"), ("*01", "EX01"), ("E*0*", "ex01"), ("ex01", "EX01"), ("e**1", "ex01")]
        {
            assert!(is_like(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in [("ex*", "mx"), ("ex0", "ex01"), ("*02", "ex01"), ("ex01*1", "ex01"), ("", "x")] {
            assert!(!is_like(pattern, name), "{pattern} {name}");
        }
    }
}
