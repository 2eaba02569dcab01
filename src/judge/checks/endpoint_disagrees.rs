//! An endpoint that announces or offers something else than is configured.

use super::Check;
use super::manual::{Manual, ORGANIZATION_MANAGEMENT, SMTP_KERBEROS};
use crate::directory::text::shown;
use crate::judge::facts::Facts;
use crate::judge::finding::{Finding, Findings};
use crate::judge::proof::{Greeting, OfEndpoint, Proof};
use crate::judge::remedy::Remedy;
use crate::judge::requirements::{Judged, Requirement};
use crate::judge::severity::Severity;

pub(super) const CHECK: Check = Check {
    code: "endpoint-disagrees",
    manual: Manual {
        title: "an endpoint does not answer as it is configured",
        checked: "With --prove=smtp, each endpoint was asked what it announces and offers (EHLO, before and within STARTTLS). It announces another name than its configuration, or does not offer the Kerberos authentication that its configuration turns on: X-ANONYMOUSTLS or X-EXPS for Exchange Server authentication, X-EXPS GSSAPI or AUTH GSSAPI for an SMTP virtual server, AUTH GSSAPI for Integrated with EnableAuthGSSAPI.",
        impact: "The sender asks for a ticket for the name that the endpoint really announces. If that is another name, the SPNs that this check calls required are not the ones that are asked for. Without the authentication, Exchange servers cannot authenticate: 451 5.7.3.",
        fix: "Restart the Microsoft Exchange Transport service (on 2013 and later, also the Frontend Transport service), which reads its configuration at the start. If nothing changes, something else listens at this address: another connector with a narrower binding or remote IP range, a proxy, or a firewall that rewrites SMTP (for example SMTP fixup, which hides extensions behind XXXX).",
        permissions: ORGANIZATION_MANAGEMENT,
        false_positives: "The connector that answers depends on the address of the computer that asks. If another connector of the same server takes connections from here, its answer is shown.",
        sources: SMTP_KERBEROS,
    },
    run,
};

fn run(facts: &Facts<'_>, found: &mut Findings) {
    for (judged, requirement) in facts.requirements() {
        let Some(proof) = Proof::of(facts.directory, judged, requirement) else { return };
        found.extend(finding(judged, requirement, &proof.endpoints));
    }
}

fn finding(judged: &Judged<'_>, requirement: &Requirement<'_>, said: &[OfEndpoint<'_>]) -> Option<Finding> {
    let mut evidence = Vec::new();
    let mut reason = None;
    let mut endpoints = Vec::new();
    for said in said {
        let Ok(greeting) = &said.greeting else { continue };
        let Some((what, why)) = difference(requirement, greeting) else { continue };
        let offers = greeting.offers.iter().map(|offer| shown(offer)).collect::<Vec<_>>().join(", ");
        evidence.push(format!("{} at {} {what}", shown(&said.endpoint.name), shown(said.address)));
        evidence.push(format!("offered: {offers}"));
        reason.get_or_insert(why);
        endpoints.push(said.endpoint);
    }
    let advice = "Restart the transport service of the server. If nothing changes, find out which connector, proxy or firewall answers at this address.";
    let message = evidence.first()?.clone();
    let finding = Finding::new(CHECK.code, Severity::Error, message, reason?)
        .server(judged)
        .endpoints(judged, endpoints)
        .evidence(evidence)
        .spn(&requirement.spn, requirement.holders.iter().copied());
    Some(finding.remedy(Remedy::decide("Find out who answers", advice)))
}

fn difference(requirement: &Requirement<'_>, greeting: &Greeting<'_>) -> Option<(String, &'static str)> {
    if !greeting.is_named_so {
        let what = format!("announces {}, but {} is configured", shown(greeting.announces), requirement.name);
        let why = "Senders ask for a ticket for the name that is announced, so the SPN of the configured name does not help them.";
        return Some((what, why));
    }
    (!greeting.offers_kerberos).then(|| {
        let what = "does not offer the Kerberos authentication that is configured".to_owned();
        (what, "Exchange servers or clients cannot authenticate with Kerberos here.")
    })
}
