//! The KDCs: each is asked for a ticket to each name. The tickets are looked at from outside, and thrown away.

use std::time::Duration;

use futures_util::StreamExt as _;
use tokio::time::{Instant, sleep_until};

use super::AT_ONCE;
use crate::directory::kerberos_error as code;
use crate::directory::testimony::{Answer, Questions, Statement, Witness};
use crate::input::kerberos::{AES, Credential, Failure, Tickets};
use crate::input::ldap::controllers::{self, Controller};
use crate::trouble::Trouble;

/// Between two questions to one KDC: 25 in a second, so that nobody takes it for an attack, or suffers from it.
const PACE: Duration = Duration::from_millis(40);
/// Asked for only where there is nothing better: who looks for attacks looks for this.
const RC4: [i32; 1] = [23];

/// Asks all KDCs, one question at a time each.
pub(super) async fn hear(tickets: &Tickets, controllers: &[Controller], questions: &Questions) -> Vec<Statement> {
    let asked = controllers
        .iter()
        .filter_map(|controller| Some((controller, &questions.domains.get(&controller.domain)?.spns)))
        .filter(|(_, spns)| !spns.is_empty())
        .map(|(controller, spns)| of_kdc(tickets, controller, spns));
    let said: Vec<Vec<Statement>> = futures_util::stream::iter(asked).buffer_unordered(AT_ONCE).collect().await;
    said.into_iter().flatten().collect()
}

async fn of_kdc(tickets: &Tickets, controller: &Controller, spns: &[String]) -> Vec<Statement> {
    let mut said = Vec::new();
    let tgt = match tickets.to_realm(&controller.domain, &controller.host).await {
        Ok(tgt) => tgt,
        Err(failure) => return unheard(controller, failure),
    };
    let mut next = Instant::now();
    for spn in spns {
        sleep_until(next).await;
        next = Instant::now() + PACE;
        match of_name(tickets, controller, &tgt, spn).await {
            Ok(answer) => said.push(Statement::Kdc {
                server: controller.host.clone(),
                domain: controller.domain.clone(),
                spn: spn.clone(),
                answer,
            }),
            // One that falls silent is not waited for once more with every name.
            Err(failure) => {
                said.extend(unheard(controller, failure));
                break;
            }
        }
    }
    said
}

/// Asks for AES, and for RC4 only where the account has nothing else.
async fn of_name(tickets: &Tickets, controller: &Controller, tgt: &Credential, spn: &str) -> Result<Answer, Failure> {
    let answer = once(tickets, controller, tgt, spn, &AES).await?;
    if !matches!(answer, Answer::Refused { code: code::NO_ETYPE, .. }) {
        return Ok(answer);
    }
    match once(tickets, controller, tgt, spn, &RC4).await? {
        issued @ Answer::Issued { .. } => Ok(issued),
        _ => Ok(answer),
    }
}

/// One question. A connection that is lost is tried once more: a KDC may be restarted.
async fn once(
    tickets: &Tickets,
    controller: &Controller,
    tgt: &Credential,
    spn: &str,
    etypes: &[i32],
) -> Result<Answer, Failure> {
    let ask = || tickets.ask(&controller.host, tgt, spn, etypes);
    let asked = match ask().await {
        Err(Failure::Unheard(_)) => ask().await,
        other => other,
    };
    match asked {
        Ok(given) => Ok(Answer::Issued { etype: given.seal.etype, kvno: given.seal.kvno, supported: given.etypes }),
        Err(Failure::Refused(refusal)) if code::is_about_something_else(refusal.code) => Err(Failure::Refused(refusal)),
        Err(Failure::Refused(refusal)) => Ok(match refusal.realm {
            Some(realm) if refusal.is_referral => {
                Answer::Referred { realm: String::from_utf8_lossy(&realm).into_owned() }
            }
            _ => Answer::Refused { code: refusal.code, status: refusal.status },
        }),
        Err(other) => Err(other),
    }
}

/// Why a KDC was not heard; and if that is its clock, what that shows.
fn unheard(controller: &Controller, failure: Failure) -> Vec<Statement> {
    let (server, domain) = (controller.host.clone(), controller.domain.clone());
    let clock = match &failure {
        Failure::Refused(refusal) if refusal.code == code::SKEW => {
            let there = i64::try_from(refusal.now.seconds).unwrap_or(i64::MAX);
            let ahead = there.saturating_sub(controllers::now());
            Some(Statement::Clock { server: server.clone(), domain: domain.clone(), ahead })
        }
        _ => None,
    };
    let trouble = in_words(failure);
    let statement = Statement::Unheard {
        asked: Witness::Kdcs,
        server,
        domain: Some(domain),
        endpoint: None,
        why: trouble.what().to_owned(),
        fix: trouble.advice().map(str::to_owned),
    };
    clock.into_iter().chain([statement]).collect()
}

fn in_words(failure: Failure) -> Trouble {
    match failure {
        Failure::Credentials(trouble) | Failure::Unheard(trouble) => trouble,
        Failure::Refused(refusal) => {
            Trouble::new(format!("the KDC refuses: {} (error {})", code::meaning(refusal.code), refusal.code))
                .hint("check the ticket with klist, and the clocks")
        }
    }
}
