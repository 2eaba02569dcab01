//! What the beginning of a file looks like.

/// The beginning of a file: its bytes, and those of its lines that say anything.
pub(super) struct Head<'a> {
    pub(super) bytes: &'a [u8],
    /// Neither empty nor comments, each with its number from 1, without white space at its end.
    lines: Vec<(u64, &'a [u8])>,
}

/// What `ldapsearch` writes in front of its comments is none: these begin a line of LDIF outside of an entry.
const OF_LDIF: [&[u8]; 10] = [
    b"dn:",
    b"version:",
    b"search:",
    b"result:",
    b"ref:",
    b"control:",
    b"pagedresults:",
    b"matcheddn:",
    b"text:",
    b"sortresult:",
];

/// How a distinguished name begins.
const OF_NAMES: [&[u8]; 3] = [b"cn=", b"ou=", b"dc="];

impl<'a> Head<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        let text = bytes.strip_prefix(super::super::lines::BYTE_ORDER_MARK).unwrap_or(bytes);
        let mut lines = Vec::new();
        let mut is_comment = false;
        for (number, line) in (1..).zip(text.split(|byte| *byte == b'\n')) {
            is_comment = line.starts_with(b"#") && !is_no_comment(line) || is_comment && line.starts_with(b" ");
            let line = line.trim_ascii_end();
            if !is_comment && !line.is_empty() {
                lines.push((number, line));
            }
        }
        Self { bytes, lines }
    }

    /// The first line that says anything.
    pub(super) fn first(&self) -> &'a [u8] {
        self.line(0)
    }

    /// Its number from 1.
    pub(super) fn first_number(&self) -> u64 {
        self.lines.first().map_or(1, |(number, _)| *number)
    }

    fn line(&self, place: usize) -> &'a [u8] {
        self.lines.get(place).map(|(_, line)| *line).unwrap_or_default()
    }

    fn rest(&self) -> impl Iterator<Item = &'a [u8]> {
        self.lines.iter().skip(1).map(|(_, line)| *line)
    }
}

pub(super) fn begins_as_ldif(head: &Head<'_>) -> bool {
    OF_LDIF.iter().any(|start| begins(head.first(), start))
}

pub(super) fn is_bzip2(head: &Head<'_>) -> bool {
    head.bytes.starts_with(b"BZh") && head.bytes.get(4..10) == Some(b"1AY&SY")
}

/// Its header has a mark, and in old ones at least a name and the permissions in octal.
pub(super) fn is_tar(head: &Head<'_>) -> bool {
    let permissions = head.bytes.get(99..108).unwrap_or_default();
    head.bytes.get(257..262) == Some(b"ustar")
        || matches!(permissions, [0, octal @ .., 0] if octal.iter().all(|byte| (b'0'..b'8').contains(byte)))
}

/// A zip archive with the parts that all documents of Office have.
pub(super) fn is_office_document(head: &Head<'_>) -> bool {
    let parts: [&[u8]; 4] = [b"[Content_Types].xml", b"_rels/.rels", b"xl/", b"docProps/"];
    head.bytes.starts_with(b"PK\x03\x04")
        && parts.iter().any(|part| head.bytes.get(30..).is_some_and(|name| name.starts_with(part)))
}

pub(super) fn is_ese(head: &Head<'_>) -> bool {
    head.bytes.get(4..8) == Some(b"\xef\xcd\xab\x89")
}

pub(super) fn has_only_carriage_returns(head: &Head<'_>) -> bool {
    // The last one may have its line feed behind what was read.
    let ended = head.bytes.split_last().map(|(_, before)| before).unwrap_or_default();
    ended.contains(&b'\r') && !head.bytes.contains(&b'\n')
}

/// `dn:CN=…`, and each attribute behind a `>`.
pub(super) fn is_adfind(head: &Head<'_>) -> bool {
    begins(head.first(), b"dn:") && head.line(1).starts_with(b">")
}

/// `Dn: CN=…`, and below it how many values an attribute has: `objectClass (5): top; …`, or first of all `5> objectClass: top; …`.
pub(super) fn is_ldp(head: &Head<'_>) -> bool {
    begins(head.first(), b"dn:") && (has_count_before(head.line(1)) || head.rest().any(has_count_behind))
}

/// `user@host:~$`, `[root@dc1 ~]#`, `bash-5.1$`, or a folder of Windows.
pub(super) fn is_prompt(head: &Head<'_>) -> bool {
    let line = head.first();
    if let [drive, b':', b'\\', ..] = line {
        return drive.is_ascii_alphabetic();
    }
    let is_end = |pair: &[u8]| matches!(pair, [b'$' | b'#' | b'%', b' ']);
    let end = line.windows(2).position(is_end).or_else(|| {
        let is_alone = matches!(line.last(), Some(b'$' | b'#' | b'%'));
        is_alone.then(|| line.len() - 1)
    });
    let before = end.and_then(|end| line.get(..end)).unwrap_or_default();
    let is_shell = [&b"bash-"[..], b"sh-", b"zsh-"].iter().any(|shell| before.starts_with(shell));
    is_shell || before.contains(&b'@') && !before.windows(2).any(|pair| pair == b": ")
}

/// A single name within quotation marks.
pub(super) fn is_quoted_name(head: &Head<'_>) -> bool {
    let inner = head.first().strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\""));
    inner.is_some_and(|inner| is_name(inner) && !inner.contains(&b'"'))
}

/// Two spaces, and the names of attributes.
pub(super) fn is_dsquery_table(head: &Head<'_>) -> bool {
    let Some(columns) = head.first().strip_prefix(b"  ") else { return false };
    words(columns).all(is_word) && head.line(1).starts_with(b"  ")
}

/// Names of attributes between commas, semicolons or tabs.
pub(super) fn is_csv(head: &Head<'_>) -> bool {
    let is_header = |separator: &u8| {
        let mut fields = head.first().split(|byte| byte == separator);
        head.first().contains(separator) && fields.all(|field| is_word(unquoted(field)))
    };
    b",;\t".iter().any(is_header)
}

/// A name, and below it `objectClass=top`.
pub(super) fn is_attribute_equals_value(head: &Head<'_>) -> bool {
    let name = head.line(1).split(|byte| *byte == b'=').next().unwrap_or_default();
    is_name(head.first()) && !is_name(head.line(1)) && head.line(1).contains(&b'=') && is_word(name)
}

pub(super) fn lists_names(head: &Head<'_>) -> bool {
    is_name(head.first()) && is_name(head.line(1))
}

/// SPNs, or below a line of whatever language indented ones, or indented names of those who hold them.
pub(super) fn lists_spns(head: &Head<'_>) -> bool {
    let is_indented = |line: &&[u8]| line.starts_with(b"\t") || line.starts_with(b" ");
    is_spn(head.first().trim_ascii_start())
        || head.rest().filter(is_indented).map(<[u8]>::trim_ascii).any(|line| is_spn(line) || is_name(line))
}

/// `DistinguishedName : CN=…`
pub(super) fn is_format_list(head: &Head<'_>) -> bool {
    let line = head.first();
    let colon = line.iter().position(|byte| *byte == b':').unwrap_or(0);
    let name = line.get(..colon).unwrap_or_default();
    name.ends_with(b" ") && is_word(name.trim_ascii()) && matches!(line.get(colon + 1), None | Some(b' '))
}

/// A line of hyphens below the names of the columns.
pub(super) fn is_format_table(head: &Head<'_>) -> bool {
    let line = head.line(1).trim_ascii();
    line.starts_with(b"--") && line.iter().all(|byte| b"- ".contains(byte))
}

/// A domain in the middle of a sentence of whatever language: `setspn -X` and `-Q` begin with it.
pub(super) fn names_domain(head: &Head<'_>) -> bool {
    let starts: [&[u8]; 2] = [b"\"dc=", b" dc="];
    let line = head.first();
    starts.iter().any(|start| line.windows(start.len()).any(|part| part.eq_ignore_ascii_case(start)))
}

/// Whether a line begins so, whatever the case.
pub(super) fn begins(line: &[u8], start: &[u8]) -> bool {
    line.get(..start.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(start))
}

/// What PowerShell writes above its files.
fn is_no_comment(line: &[u8]) -> bool {
    begins(line, b"#type ") || begins(line, b"#< clixml")
}

fn words(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty())
}

/// Whether a text may be the name of an attribute.
fn is_word(text: &[u8]) -> bool {
    text.first().is_some_and(u8::is_ascii_alphabetic)
        && text.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(byte))
}

fn unquoted(field: &[u8]) -> &[u8] {
    let field = field.trim_ascii();
    field.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\"")).unwrap_or(field)
}

fn is_name(line: &[u8]) -> bool {
    OF_NAMES.iter().any(|start| begins(line, start))
}

/// `SMTPSVC/ex01`
fn is_spn(text: &[u8]) -> bool {
    let mut parts = text.splitn(2, |byte| *byte == b'/');
    let (class, host) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let is_plain = |byte: &u8| byte.is_ascii_graphic();
    is_word(class) && host.first().is_some_and(u8::is_ascii_alphanumeric) && host.iter().all(is_plain)
}

/// `objectClass (5): `
fn has_count_behind(line: &[u8]) -> bool {
    let Some((name, rest)) = split_at_byte(line, b'(') else { return false };
    let count = split_at_byte(rest, b')').filter(|(_, behind)| behind.starts_with(b":")).map(|(count, _)| count);
    name.ends_with(b" ") && is_word(name.trim_ascii()) && count.is_some_and(is_number)
}

/// `5> objectClass: `
fn has_count_before(line: &[u8]) -> bool {
    let Some((count, rest)) = split_at_byte(line, b'>') else { return false };
    let name = split_at_byte(rest, b':').map(|(name, _)| name);
    is_number(count.trim_ascii()) && rest.starts_with(b" ") && name.is_some_and(|name| is_word(name.trim_ascii()))
}

fn is_number(text: &[u8]) -> bool {
    !text.is_empty() && text.iter().all(u8::is_ascii_digit)
}

fn split_at_byte(line: &[u8], byte: u8) -> Option<(&[u8], &[u8])> {
    let place = line.iter().position(|other| *other == byte)?;
    Some((line.get(..place)?, line.get(place + 1..)?))
}
