//! What must have been seen before an answer counts, live and recorded alike.
//!
//! Each rule but that on searches depends on the objects alone, not on how they were read: so a recording of an incomplete reading
//! shows the same problems again. Only the commands that get what is missing differ.

mod accounts;
mod attributes;
pub mod commands;
mod domains;
mod exchange;
mod mappings;
pub mod searches;

use std::collections::{BTreeSet, HashMap};

use self::commands::Commands;
use self::searches::Searches;
use crate::directory::dn::Dn;
use crate::directory::entry::{Entry, Reading};
use crate::directory::gap::Gap;
use crate::directory::{Directory, is_account};

/// Where the objects come from, and so what gets more of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// A directory that was asked: what is missing may not be seen.
    Live,
    /// Recordings: what is missing was not exported.
    Recorded,
}

/// What a reading tells beside its objects, by which one sees what is missing.
#[derive(Debug, Default)]
pub struct Beside {
    /// The domains, and objects in domains, that somebody spoke of: the rootDSE, or a referral.
    pub named: Vec<Dn>,
    /// The searches that recordings tell of.
    pub searches: Searches,
}

/// Adds what is missing to a reading's gaps, unless they tell of it.
pub fn complete(reading: &mut Reading, beside: &Beside, source: Source) {
    let missing = gaps(reading, beside, source);
    let told: HashMap<(String, String), usize> =
        (0..).zip(&reading.gaps).map(|(number, gap)| ((gap.place.to_string(), gap.what.to_string()), number)).collect();
    for gap in missing {
        match told.get(&(gap.place.to_string(), gap.what.to_string())).and_then(|number| reading.gaps.get_mut(*number))
        {
            // A recording tells of its problems, but no command that came with a file is believed.
            Some(known) if known.fix.is_empty() => known.fix = gap.fix,
            Some(_) => {}
            None => reading.gaps.push(gap),
        }
    }
}

/// The commands that export an object and its like anew.
#[must_use]
pub(crate) fn export_anew(dn: &Dn) -> Vec<String> {
    let commands = Commands::of(&[], &[], Source::Recorded);
    let is_configuration = dn.key().contains("cn=configuration,");
    if is_configuration { commands.below(dn.as_str()) } else { commands.accounts(dn.domain_key()) }
}

/// The commands that export all of the forest of a recording, as far as it is known.
#[must_use]
pub(crate) fn export_all(reading: &Reading) -> Vec<String> {
    let entries: Vec<&Entry> = reading.entries().collect();
    let commands = Commands::of(&entries, &[], Source::Recorded);
    let domains: BTreeSet<&str> =
        entries.iter().filter(|entry| is_account(entry)).map(|entry| entry.dn.domain_key()).collect();
    let domains = domains.into_iter().filter(|domain| !domain.is_empty()).take(MOST_DOMAINS);
    let accounts = domains.flat_map(|domain| commands.accounts(domain));
    commands.organization().into_iter().chain(accounts).collect()
}

/// Names commands for problems of recordings that name none: of an object, those that export it and its like anew; of a file, those
/// that export `all`.
pub fn add_exports(gaps: &mut [Gap], all: &[String]) {
    for gap in gaps.iter_mut().filter(|gap| gap.fix.is_empty()) {
        let object = Dn::parse(&gap.place).ok().filter(|dn| !dn.is_root());
        gap.fix = object.map_or_else(|| all.to_vec(), |dn| export_anew(&dn));
    }
}

/// Names commands for problems of a live reading that name none: those that show the object as it is.
pub fn add_looks(gaps: &mut [Gap]) {
    for gap in gaps.iter_mut().filter(|gap| gap.fix.is_empty()) {
        gap.fix = Dn::parse(&gap.place).map(|dn| commands::look_at(dn.as_str())).unwrap_or_default();
    }
}

/// What is missing from a reading.
#[must_use]
pub fn gaps(reading: &Reading, beside: &Beside, source: Source) -> Vec<Gap> {
    let entries: Vec<&Entry> = reading.entries().filter(|entry| !entry.is_deleted()).collect();
    let survey = Survey { commands: Commands::of(&entries, &beside.named, source), entries };
    let organization = survey.entries.iter().copied().filter(|entry| !is_account(entry));
    let directory = Directory::of(organization, Vec::new());
    let mut gaps = exchange::gaps(&survey, &directory);
    gaps.extend(mappings::gap(&survey));
    gaps.extend(domains::gaps(&survey, beside));
    gaps.extend(accounts::gaps(&survey));
    gaps
}

/// One problem has commands for no more domains than these: no forest has so many.
const MOST_DOMAINS: usize = 100;

/// What the rules look at.
struct Survey<'a> {
    /// All objects that exist.
    entries: Vec<&'a Entry>,
    commands: Commands,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::directory::entry::entry;

    /// Objects, one a line: `DN | attribute: value | attribute: value`.
    fn reading(text: &str) -> Reading {
        let mut reading = Reading::default();
        for line in text.lines().filter(|line| !line.trim().is_empty()) {
            let mut parts = line.split(" | ").map(str::trim);
            let dn = parts.next().unwrap();
            let attributes: Vec<_> = parts.map(|part| part.split_once(": ").unwrap()).collect();
            reading.add(entry(dn, &attributes));
        }
        reading
    }

    const EXCHANGE: &str = "CN=Microsoft Exchange,CN=Services,CN=Configuration,DC=contoso,DC=com";

    fn whole() -> String {
        format!(
            "CN=CONTOSO,CN=Partitions,CN=Configuration,DC=contoso,DC=com | objectClass: crossRef | nCName: DC=contoso,DC=com | nETBIOSName: CONTOSO | systemFlags: 3
             CN=DNS,CN=Partitions,CN=Configuration,DC=contoso,DC=com | objectClass: crossRef | nCName: DC=zones,DC=contoso,DC=com | systemFlags: 5
             CN=Directory Service,CN=Windows NT,CN=Services,CN=Configuration,DC=contoso,DC=com | objectClass: nTDSService | sPNMappings: host=http
             CN=EX01,CN=Servers,{EXCHANGE} | objectClass: msExchExchangeServer | networkAddress: ncacn_ip_tcp:ex01.contoso.com | versionNumber: 1942063563 | msExchCurrentServerRoles: 16439
             CN=Default,CN=SMTP Receive Connectors,CN=Protocols,CN=EX01,CN=Servers,{EXCHANGE} | objectClass: msExchSmtpReceiveConnector | msExchSMTPReceiveConnectorFQDN: ex01.contoso.com | msExchSMTPReceiveInboundSecurityFlag: 31 | msExchSmtpReceiveProtocolRestrictions: 0
             CN=Internet,CN=Connections,{EXCHANGE} | objectClass: msExchRoutingSMTPConnector | msExchSmtpSendFlags: 0 | msExchSourceBridgeheadServersDN: CN=1,CN=SMTP,CN=Protocols,CN=EX01,CN=Servers,{EXCHANGE}
             CN=krbtgt,CN=Users,DC=contoso,DC=com | objectClass: user | sAMAccountName: krbtgt | userAccountControl: 514 | servicePrincipalName: kadmin/changepw
             CN=DC01,OU=Domain Controllers,DC=contoso,DC=com | objectClass: user | objectClass: computer | sAMAccountName: DC01$ | userAccountControl: 532480 | servicePrincipalName: HOST/dc01.contoso.com | dNSHostName: dc01.contoso.com
             CN=EX01,CN=Computers,DC=contoso,DC=com | objectClass: user | objectClass: computer | sAMAccountName: EX01$ | userAccountControl: 4096 | servicePrincipalName: HOST/ex01.contoso.com"
        )
    }

    fn found(text: &str, named: &[&str]) -> Vec<Gap> {
        let named = named.iter().map(|name| Dn::parse(name).unwrap()).collect();
        gaps(&reading(text), &Beside { named, ..Beside::default() }, Source::Recorded)
    }

    fn without(start: &str) -> String {
        whole().lines().filter(|line| !line.trim().starts_with(start)).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn what_is_whole_has_no_gap() {
        assert_eq!(found(&whole(), &["DC=contoso,DC=com", "DC=zones,DC=contoso,DC=com"]), []);
        assert_eq!(found(&whole(), &["CN=Configuration,DC=contoso,DC=com", "DC=ForestDnsZones,DC=contoso,DC=com"]), []);
    }

    #[test]
    fn each_object_that_has_to_be_there_is_missed_once() {
        for (start, place, word, command) in [
            (
                "CN=EX01,CN=Servers,",
                "CN=EX01,CN=Servers,",
                "endpoints of this server",
                "-d \"CN=EX01,CN=Servers,CN=Microsoft",
            ),
            (
                "CN=Directory Service,",
                "CN=Directory Service,",
                "sPNMappings",
                "-d \"CN=Directory Service,CN=Windows NT,CN=Services,CN=Configuration,DC=contoso,DC=com\"",
            ),
            ("CN=Default,", "CN=EX01,CN=Servers,", "no SMTP endpoint", "-d \"CN=EX01,CN=Servers,CN=Microsoft"),
            ("CN=krbtgt,", "contoso.com", "krbtgt", "-d \"DC=contoso,DC=com\""),
            ("CN=DC01,", "contoso.com", "no domain controller", "-d \"DC=contoso,DC=com\""),
            ("CN=CONTOSO,", "directory", "no crossRef", "-d \"CN=Partitions,CN=Configuration,DC=contoso,DC=com\""),
        ] {
            let gaps: Vec<Gap> = found(&without(start), &[])
                .into_iter()
                .filter(|gap| !gap.what.starts_with("no Exchange server"))
                .collect();
            assert_eq!(gaps.len(), 1, "{start}: {gaps:?}");
            assert!(gaps[0].place.starts_with(place) && gaps[0].what.contains(word), "{gaps:?}");
            assert!(gaps[0].fix.iter().all(|fix| fix.contains(command) || fix.contains("-b ")), "{gaps:?}");
            assert_eq!(gaps[0].fix.len(), 2, "{gaps:?}");
        }
    }

    #[test]
    fn a_domain_of_which_nothing_was_read_is_one_problem_whoever_names_it() {
        let child = "CN=EMEA,CN=Partitions,CN=Configuration,DC=contoso,DC=com | objectClass: crossRef | nCName: DC=emea,DC=contoso,DC=com | nETBIOSName: EMEA | systemFlags: 3";
        let gaps = found(&format!("{}\n{child}", whole()), &["DC=emea,DC=contoso,DC=com"]);
        assert_eq!(gaps.len(), 1, "{gaps:?}");
        assert_eq!(gaps[0].place.as_str(), "emea.contoso.com");
        assert!(gaps[0].fix[0].contains("-s emea.contoso.com"), "{gaps:?}");
        assert_eq!(found(&whole(), &["DC=emea,DC=contoso,DC=com"]).len(), 1);
    }

    /// A server of 2003 with two virtual servers, a connector that sends from it, and one between routing groups.
    fn old_server() -> String {
        let virtual_server = "objectClass: protocolCfgSMTPServer | msExchSmtpFullyQualifiedDomainName: mail.contoso.com | msExchAuthenticationFlags: 7 | msExchServerAutoStart: TRUE";
        let first = format!("CN=1,CN=SMTP,CN=Protocols,CN=OLD,CN=Servers,{EXCHANGE}");
        format!(
            "CN=OLD,CN=Servers,{EXCHANGE} | objectClass: msExchExchangeServer | networkAddress: ncacn_ip_tcp:old.contoso.com | versionNumber: 7638
             {first} | {virtual_server}
             CN=2,CN=SMTP,CN=Protocols,CN=OLD,CN=Servers,{EXCHANGE} | {virtual_server}
             CN=Old,CN=Connections,{EXCHANGE} | objectClass: msExchRoutingSMTPConnector | msExchSourceBridgeheadServersDN: {first}
             CN=Between,CN=Connections,{EXCHANGE} | objectClass: msExchRoutingGroupConnector | msExchSourceBridgeheadServersDN: CN=1,CN=SMTP,CN=Protocols,CN=EX01,CN=Servers,{EXCHANGE} | msExchTargetBridgeheadServersDN: {first}"
        )
    }

    #[test]
    fn one_virtual_server_may_lack_what_another_shows() {
        let text = format!("{}\n{}", whole(), old_server());
        assert_eq!(found(&text, &[]), []);
        for attribute in ["msExchSmtpFullyQualifiedDomainName", "msExchAuthenticationFlags", "msExchServerAutoStart"] {
            assert_eq!(found(&text.replacen(&format!("| {attribute}:"), "| info:", 1), &[]), [], "{attribute}");
            let gaps = found(&text.replace(&format!("| {attribute}:"), "| info:"), &[]);
            assert!(
                gaps.len() == 1 && gaps[0].what.starts_with(&format!("{attribute} was read of no virtual")),
                "{gaps:?}"
            );
        }
    }

    #[test]
    fn a_connector_of_2003_alone_has_no_flags() {
        let text = format!("{}\n{}", without("CN=Internet,"), old_server());
        assert_eq!(found(&text, &[]), []);
    }

    #[test]
    fn virtual_servers_of_later_servers_show_what_they_like() {
        let phantom =
            format!("CN=1,CN=SMTP,CN=Protocols,CN=EX01,CN=Servers,{EXCHANGE} | objectClass: protocolCfgSMTPServer");
        assert_eq!(found(&format!("{}\n{phantom}", whole()), &[]), []);
    }

    #[test]
    fn the_connectors_of_each_server_show_what_they_are_made_with() {
        let second = whole()
            .lines()
            .filter(|line| line.contains("EX01,CN=Servers,") && !line.contains("CN=Internet,"))
            .collect::<Vec<_>>()
            .join("\n")
            .replace("EX01", "EX02");
        let third = format!(
            "CN=Silent,CN=SMTP Receive Connectors,CN=Protocols,CN=EX02,CN=Servers,{EXCHANGE} | objectClass: msExchSmtpReceiveConnector"
        );
        assert_eq!(found(&format!("{}\n{second}\n{third}", whole()), &[]), []);
        for attribute in [
            "msExchSMTPReceiveConnectorFQDN",
            "msExchSMTPReceiveInboundSecurityFlag",
            "msExchSmtpReceiveProtocolRestrictions",
        ] {
            let silent = second.replace(&format!("| {attribute}:"), "| info:");
            let gaps = found(&format!("{}\n{silent}", whole()), &[]);
            assert!(
                gaps.len() == 1
                    && gaps[0]
                        .what
                        .starts_with(&format!("{attribute} was read of no receive connector of this server")),
                "{gaps:?}"
            );
            assert!(
                gaps[0].place.starts_with("CN=EX02,CN=Servers,") && gaps[0].fix[0].contains("-d \"CN=EX02,CN=Servers,"),
                "{gaps:?}"
            );
        }
    }

    #[test]
    fn a_server_that_a_connector_names_is_missed() {
        let server = |connector: &str| {
            connector.replace(&format!("CN=EX01,CN=Servers,{EXCHANGE}"), &format!("CN=EX09,CN=Servers,{EXCHANGE}"))
        };
        let text = format!("{}\n{}", whole(), old_server());
        let of = |name: &str| text.lines().find(|line| line.trim().starts_with(name)).unwrap();
        for name in ["CN=Internet,", "CN=Between,"] {
            let gaps = found(&text.replace(of(name), &server(of(name))), &[]);
            assert!(
                gaps.iter().any(
                    |gap| gap.place.starts_with("CN=EX09,CN=Servers,") && gap.what.contains("a connector was read")
                ),
                "{gaps:?}"
            );
            assert!(gaps.len() == 1 && gaps[0].fix[0].contains("-d \"CN=EX09,CN=Servers,"), "{gaps:?}");
        }
        let source = format!("CN=1,CN=SMTP,CN=Protocols,CN=EX01,CN=Servers,{EXCHANGE}");
        let deleted =
            of("CN=Internet,").replace(&source, "CN=1\\0ADEL:8a,CN=Deleted Objects,CN=Configuration,DC=contoso,DC=com");
        let lost = of("CN=Internet,")
            .replace("CN=Connections,CN=Microsoft Exchange,CN=Services,", "CN=LostAndFoundConfig,")
            .replace("EX01", "EX09");
        for more in [deleted.replace("CN=Internet,", "CN=Gone,"), lost] {
            assert_eq!(found(&format!("{text}\n{more}"), &[]), [], "{more}");
        }
    }

    #[test]
    fn what_was_lost_and_found_without_a_class_is_named() {
        let lost = "CN=Default,CN=LostAndFoundConfig,CN=Configuration,DC=contoso,DC=com | msExchSMTPReceiveConnectorFQDN: mail.contoso.com";
        let gaps = found(&format!("{}\n{lost}", whole()), &[]);
        assert!(
            gaps.len() == 1
                && gaps[0].what.contains("objectClass was not read of 1 object below CN=LostAndFoundConfig"),
            "{gaps:?}"
        );
        assert!(gaps[0].fix[0].contains("-d \"CN=LostAndFoundConfig,CN=Configuration,DC=contoso,DC=com\""), "{gaps:?}");
    }

    #[test]
    fn what_every_domain_has_is_missed_in_each() {
        let child = "CN=EMEA,CN=Partitions,CN=Configuration,DC=contoso,DC=com | objectClass: crossRef | nCName: DC=emea,DC=contoso,DC=com | nETBIOSName: EMEA | systemFlags: 3
             CN=krbtgt,CN=Users,DC=emea,DC=contoso,DC=com | objectClass: user | sAMAccountName: krbtgt | userAccountControl: 514 | servicePrincipalName: KADMIN/changepw
             CN=DC02,OU=Domain Controllers,DC=emea,DC=contoso,DC=com | objectClass: computer | sAMAccountName: DC02$ | userAccountControl: 83890176 | userAccountControl: 532480 | servicePrincipalName: HOST/dc02 | dNSHostName: dc02.emea.contoso.com
             CN=PC1,CN=Computers,DC=emea,DC=contoso,DC=com | objectClass: computer | sAMAccountName: PC1$ | userAccountControl: 4096 | servicePrincipalName: SMTPSVC/pc1 | dNSHostName: pc1.emea.contoso.com";
        assert_eq!(found(&format!("{}\n{child}", whole()), &[]), []);
        for (whole_child, part, word) in [
            ("servicePrincipalName:", "info:", "servicePrincipalName of krbtgt"),
            ("KADMIN/changepw", "HOST/a", "servicePrincipalName of krbtgt"),
            ("userAccountControl: 532480 |", "", "no domain controller"),
            ("| dNSHostName: dc02.", "| info: dc02.", "dNSHostName was read of no domain controller"),
            ("| servicePrincipalName: HOST/dc02", "", "servicePrincipalName was read of no domain controller"),
        ] {
            let gaps = found(&format!("{}\n{}", whole(), child.replace(whole_child, part)), &[]);
            assert!(gaps.len() == 1 && gaps[0].what.contains(word), "{part}: {gaps:?}");
            assert_eq!(gaps[0].place.as_str(), "emea.contoso.com");
            assert!(gaps[0].fix[0].contains("-d \"DC=emea,DC=contoso,DC=com\""), "{gaps:?}");
        }
    }

    #[test]
    fn whoever_exported_without_object_class_is_told_that_and_nothing_else() {
        let text = whole().replace(&format!("{EXCHANGE} | objectClass: msExch"), &format!("{EXCHANGE} | cn: "));
        let gaps = found(&text, &[]);
        assert_eq!(gaps.len(), 1, "{gaps:?}");
        assert!(gaps[0].what.contains("3 objects") && gaps[0].what.contains("objectClass"), "{gaps:?}");
    }

    #[test]
    fn an_attribute_that_nobody_shows_is_named() {
        for attribute in [
            "msExchSMTPReceiveConnectorFQDN",
            "msExchSMTPReceiveInboundSecurityFlag",
            "msExchSmtpReceiveProtocolRestrictions",
            "msExchSmtpSendFlags",
            "msExchSourceBridgeheadServersDN",
            "msExchCurrentServerRoles",
            "networkAddress",
            "servicePrincipalName",
            "userAccountControl",
            "dNSHostName",
        ] {
            let gaps = found(&whole().replace(&format!("| {attribute}:"), "| info:"), &[]);
            assert_eq!(gaps.len(), 1, "{attribute}: {gaps:?}");
            assert!(gaps[0].what.contains(attribute), "{gaps:?}");
        }
        let nameless = found(&whole().replace("sAMAccountName: EX01$", "info: x"), &[]);
        assert!(nameless.len() == 1 && nameless[0].what.contains("sAMAccountName"), "{nameless:?}");
    }

    #[test]
    fn a_machine_that_shows_only_what_it_is_called_in_dns_lacks_its_logon_name() {
        let shown = "objectClass: computer | userAccountControl: 4096 | dNSHostName: ex02.contoso.com";
        let machine = format!("{}\nCN=EX02,CN=Computers,DC=contoso,DC=com | {shown}", whole());
        let gaps = found(&machine, &[]);
        assert!(gaps.len() == 1 && gaps[0].what.starts_with("sAMAccountName was not read"), "{gaps:?}");
        assert!(gaps[0].what.contains("CN=EX02,CN=Computers,") && gaps[0].fix.len() == 2, "{gaps:?}");
        // That of a domain controller in its site is no account.
        let site = "CN=Servers,CN=Site,CN=Sites,CN=Configuration,DC=contoso,DC=com";
        for class in ["objectClass: server | ", ""] {
            assert_eq!(found(&format!("{}\nCN=EX01,{site} | {class}dNSHostName: ex01.contoso.com", whole()), &[]), []);
        }
    }

    #[test]
    fn what_is_told_already_is_not_told_again() {
        let mut reading = reading(&without("CN=krbtgt,"));
        complete(&mut reading, &Beside::default(), Source::Live);
        let first = reading.gaps.clone();
        complete(&mut reading, &Beside::default(), Source::Recorded);
        assert_eq!((reading.gaps.len(), &reading.gaps), (1, &first));
    }

    #[test]
    fn no_command_is_printed_for_a_name_that_a_command_line_could_misread() {
        for name in ["CN=a&calc", "CN=%PATH%", "CN=$(calc)x", "CN=a`b", "CN=a'b"] {
            let text = without("CN=Default,").replace("CN=EX01,CN=Servers", &format!("{name},CN=Servers"));
            let gaps = found(&text, &[]);
            assert!(gaps.iter().any(|gap| gap.place.starts_with(name) && gap.fix.is_empty()), "{name}: {gaps:?}");
        }
    }
}
