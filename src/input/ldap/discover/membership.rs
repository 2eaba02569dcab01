//! What a Windows machine knows of its own place: its domain, and the site whose controllers are near. Only an administrator
//! can write where that is kept.

use crate::directory::dn::Dn;

/// The domain that this machine is a member of: Group Policy keeps the name of the machine's own object.
pub(super) fn domain() -> Option<String> {
    let object = read(r"SOFTWARE\Microsoft\Windows\CurrentVersion\Group Policy\State\Machine", "Distinguished-Name")?;
    domain_of(&object)
}

fn domain_of(object: &str) -> Option<String> {
    let domain = Dn::parse(object).ok()?.dns_domain();
    domain.contains('.').then_some(domain)
}

/// The site of this machine: an administrator's word, else what a domain controller told it.
pub(super) fn site() -> Option<String> {
    const NETLOGON: &str = r"SYSTEM\CurrentControlSet\Services\Netlogon\Parameters";
    read(NETLOGON, "SiteName").or_else(|| read(NETLOGON, "DynamicSiteName"))
}

#[cfg(windows)]
fn read(key: &str, name: &str) -> Option<String> {
    let value = windows_registry::LOCAL_MACHINE.open(key).ok()?.get_string(name).ok()?;
    let value = value.trim_matches(|letter: char| letter == '\0' || letter.is_whitespace());
    (!value.is_empty()).then(|| value.to_owned())
}

#[cfg(not(windows))]
fn read(_key: &str, _name: &str) -> Option<String> {
    None
}

#[cfg(test)]
mod tests {
    use super::domain_of;

    #[test]
    fn the_domain_is_that_of_the_machines_object() {
        let object = "CN=EX01,OU=Mail\\, old,DC=emea,DC=contoso,DC=com";
        assert_eq!(domain_of(object).as_deref(), Some("emea.contoso.com"));
        for no_member in ["", "CN=EX01", "WORKGROUP"] {
            assert_eq!(domain_of(no_member), None);
        }
    }
}
