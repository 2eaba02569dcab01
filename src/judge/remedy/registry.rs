//! Microsoft KB 914137, method 2: let a server connect to itself under another name without Kerberos.

use super::{Kind, Remedy};

/// The steps, and what they are good for. The list keeps what is already in it.
#[must_use]
pub(crate) fn loopback_exception() -> Remedy {
    const ADVICE: &str = r"Microsoft KB 914137, method 2. Use it only if the SPN cannot be registered.
1. On the server, show the current value:
  reg query HKLM\SYSTEM\CurrentControlSet\Control\Lsa\MSV1_0 /v BackConnectionHostNames
2. In regedit, open that key. If BackConnectionHostNames is a REG_DWORD, delete it. If it is missing, create it as a multi-string value (REG_MULTI_SZ).
3. Keep the lines that are already there, and add the name (without SMTPSVC/) below them.
4. Restart the IIS Admin service, which restarts SMTP. To be certain, restart the computer.
It only helps connections that the server makes to itself: other servers still need the SPN. To undo it, remove the line that you added and restart again. Do not set DisableLoopbackCheck, which turns off the protection for every name.";
    Remedy::new(Kind::Registry, "Allow the server to connect to itself with NTLM").advice(ADVICE)
}
