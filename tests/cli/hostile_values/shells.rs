//! How cmd.exe, PowerShell and a POSIX shell split a line into words, strictly: a line that has any character with a meaning
//! of its own is no line of plain words.
//!
//! `CONTOSO\EX01$` is the agreed form of an account: on Windows, where setspn is, neither shell reads anything into `\` or a
//! `$` at the end of a word. In sh the two are the only characters that are not plain.

use spn_doctor::judge::remedy::setspn::Dialect;

type Words = Option<Vec<String>>;

fn split(line: &str) -> Vec<String> {
    line.split(' ').map(ToOwned::to_owned).collect()
}

/// `,` `;` and `=` separate words like spaces do.
fn cmd(line: &str) -> Words {
    let special = |c: char| "%^&|<>()!\",;=".contains(c) || c.is_control() || !c.is_ascii();
    (!line.contains(special)).then(|| split(line))
}

/// Dashes of any length begin an option, quotation marks of any shape a string, any space separates.
fn powershell(line: &str) -> Words {
    let special = |c: char| {
        "`'\"@(){};|&#,<>".contains(c)
            || c.is_control()
            || ('\u{2010}'..='\u{201f}').contains(&c)
            || (c.is_whitespace() && c != ' ')
    };
    let variable = |word: &String| word.strip_suffix('$').unwrap_or(word).contains('$');
    let words = split(line);
    let is_plain = !line.contains(special) && !words.iter().any(variable) && !words.iter().any(|word| word == "--%");
    is_plain.then_some(words)
}

/// As if within the one pair of quotes that `\` and `$` need there.
fn sh(line: &str) -> Words {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_./:-".contains(c);
    let is_word = |word: &String| {
        let word = word.strip_suffix('$').unwrap_or(word);
        !word.is_empty() && word.chars().all(|c| plain(c) || c == '\\') && word.matches('\\').count() <= 1
    };
    let words = split(line);
    words.iter().all(is_word).then_some(words)
}

/// What the shell of this machine makes of it.
fn real_sh(line: &str) -> Vec<String> {
    let output = std::process::Command::new("sh").args(["-c", &format!("printf '%s\\n' {line}")]).output().unwrap();
    String::from_utf8(output.stdout).unwrap().lines().map(ToOwned::to_owned).collect()
}

/// The words of a line that is the same to all three.
fn words(line: &str, about: &str) -> Vec<String> {
    let [cmd, powershell, sh] = [cmd(line), powershell(line), sh(line)];
    let words = cmd.clone().unwrap_or_else(|| panic!("{about}: cmd.exe reads something into {line}"));
    assert_eq!(powershell, cmd, "{about}: PowerShell reads something else into {line}");
    assert_eq!(sh, cmd, "{about}: sh reads something else into {line}");
    words
}

fn is_host(text: &str) -> bool {
    text.split('.')
        .all(|label| !label.is_empty() && label.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c)))
}

fn is_spn(word: &str) -> bool {
    word.split_once('/').is_some_and(|(class, host)| {
        ["smtpsvc", "host"].contains(&class.to_ascii_lowercase().as_str()) && is_host(host)
    })
}

fn is_account(word: &str) -> bool {
    let plain = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
            && part.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
    };
    let name = word.strip_suffix('$').unwrap_or(word);
    name.split_once('\\').map_or(plain(name), |(domain, name)| plain(domain) && plain(name))
}

/// setspn, known switches, the SPN and the account, and nothing else.
pub(crate) fn assert_plain(line: &str, about: &str) {
    let words = words(line, about);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let is_known = match words[..] {
        ["setspn", "-F", "-S", spn, account]
        | ["setspn", "-U", "-F", "-S", spn, account]
        | ["setspn", "-D" | "-A", spn, account]
        | ["setspn", "-U", "-D", spn, account] => is_spn(spn) && is_account(account),
        ["setspn", "-F", "-Q", spn] => is_spn(spn),
        ["setspn", "-L", account] => is_account(account),
        _ => false,
    };
    assert!(is_known, "{about}: {line} is no command that was meant");
}

/// A change names just the SPN and the account that the report says.
pub(crate) fn assert_change(line: &str, spn: &str, account: &str, dialect: Dialect, about: &str) {
    let words = words(line, about);
    let [.., last_but_one, last] = words.as_slice() else { panic!("{about}: {line}") };
    let account = match dialect {
        Dialect::Server2008 => account,
        Dialect::Server2003 => account.rsplit('\\').next().unwrap().trim_end_matches('$'),
    };
    assert_eq!((last_but_one.as_str(), last.as_str()), (spn, account), "{about}: {line}");
}

/// An export that gets what was not read, or a permission: plain words, and strings in double quotes in which no shell of those that
/// have the tool finds anything. `ldapsearch` is run in sh, where `%` is plain.
pub(crate) fn assert_export(line: &str, about: &str) {
    let acts = if line.starts_with("ldapsearch ") { "$`\\!" } else { "$`%!^" };
    assert!(line.matches('"').count().is_multiple_of(2), "{about}: {line}");
    for (number, part) in line.split('"').enumerate() {
        let is_quoted = number % 2 == 1;
        let is_plain = |c: char| c.is_ascii_alphanumeric() || " -_.:/=>".contains(c);
        let is_text = |c: char| (c.is_ascii_graphic() || c == ' ') && !acts.contains(c);
        assert!(part.chars().all(|c| if is_quoted { is_text(c) } else { is_plain(c) }), "{about}: {line}");
    }
    assert!(line.matches('>').count() <= 1, "{about}: {line}");
}

/// The tokenizers themselves.
pub(crate) fn assert_strict() {
    assert_plain(r"setspn -F -S SMTPSVC/mail.contoso.com CONTOSO\EX01$", "an account");
    assert_plain("setspn -L EX01", "a bare name");
    let refused = |line: &str| cmd(line).is_none() || powershell(line).is_none() || sh(line).is_none();
    for special in "%^&|<>()!\",;=`'@{}#$*?[]~\t\n\u{2013}\u{201c}\u{2019}\u{a0}\u{ff06}\u{212a}".chars() {
        assert!(refused(&format!("setspn -L a{special}b")), "{special:?}");
    }
    assert!(refused("setspn  -L x"), "two spaces");
    if cfg!(unix) {
        for special in ('\0'..='\u{ff}').filter(|c| *c != '\0') {
            for line in
                [format!("setspn -L a{special}b"), format!("setspn -L {special}b"), format!("setspn -L a{special}")]
            {
                // Within the quotes that these two need they mean nothing; a real shell knows no other exception.
                if let Some(words) = sh(&line).filter(|_| !['\\', '$'].contains(&special)) {
                    assert_eq!(real_sh(&line), words, "{line}");
                }
            }
        }
    }
}
