"""Turns organisation.toml, whose heading explains its keys, into directory objects: what setup writes, and what administrators
changed.
"""

import re

import ldif
from ldif import rdn
from schema import WHO_MAY_READ

DNS, BASE = "contoso.test", "DC=contoso,DC=test"
CONFIG = f"CN=Configuration,{BASE}"
SITE = f"CN=Default-First-Site-Name,CN=Sites,{CONFIG}"

MAILBOX, HUB, EDGE, PROVISIONED, FRONT_END = 2, 32, 64, 4096, 16384  # msExchCurrentServerRoles
ALL_METHODS, CLIENT_METHODS = 31, 15  # msExchSMTPReceiveInboundSecurityFlag of the default connectors
GSSAPI = 16  # msExchSmtpReceiveProtocolRestrictions: EnableAuthGSSAPI
SMTP_UTF8 = 65536  # msExchSmtpReceiveProtocolOptions: on by default in 2019
SINCE_2007 = {"msExchVersion": 4535486012416}  # the same on every generation

# What setup creates: name, the role it belongs to, security flag, restrictions, options, port.
CONNECTORS_OF_2007 = [
    ("Default {}", HUB, ALL_METHODS, 0, 447, 25),
    ("Client {}", HUB, CLIENT_METHODS, GSSAPI, 445, 587),
]
CONNECTORS_OF_2013 = [
    ("Default {}", HUB, ALL_METHODS, 0, 447, 2525),
    ("Client Proxy {}", HUB, ALL_METHODS, GSSAPI, 445, 465),
    ("Default Frontend {}", FRONT_END, ALL_METHODS, 0, 957, 25),
    ("Outbound Proxy Frontend {}", FRONT_END, ALL_METHODS, 0, 957, 717),
    ("Client Frontend {}", FRONT_END, CLIENT_METHODS, GSSAPI, 445, 587),
]
EVERYWHERE = ["0.0.0.0-255.255.255.255", "::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"]


# ---------------------------------------------------------------------------------------------- what a server is


def version(server):
    """Major, minor and build of its serialNumber; a server that is only prepared has none."""
    found = re.match(r"Version (\d+)\.(\d+) \(Build (\d+)", server.get("version", ""))
    return tuple(map(int, found.groups())) if found else None


def version_number(server):
    """What setup writes beside the serialNumber, whose build has 30000 added since 2007."""
    if not version(server):
        return None
    major, minor, build = version(server)
    return 0x70008000 + (major << 22) + (minor << 16) + build - 30000 if major >= 8 else build


def is_2003(server):
    return bool(version(server)) and version(server)[0] < 8


def is_2013(server):
    """2013 or later."""
    return bool(version(server)) and version(server)[0] >= 15


def has_role(server, *roles):
    return any(server.get("roles", 0) & role for role in roles)


def moves_mail(server):
    return is_2003(server) or has_role(server, HUB, FRONT_END)


def fqdn(server):
    return server.get("fqdn", f"{server['name'].lower()}.{DNS}")


def configured_name(server):
    """What networkAddress says, and therefore every connector that setup made."""
    return server.get("network_address", fqdn(server))


def network_addresses(server):
    if has_role(server, PROVISIONED):
        return []
    tcp = f"ncacn_ip_tcp:{configured_name(server)}"
    if has_role(server, EDGE):
        return [tcp]
    before = [f"{protocol}:{server['name']}" for protocol in ("ncacn_vns_spp", "netbios", "ncacn_np", "ncacn_spx")]
    return [*before, tcp, f"ncalrpc:{server['name']}"]


def identity(server):
    """What a transport role object has a copy of."""
    return {"networkAddress": network_addresses(server), "serialNumber": server.get("version"),
            "versionNumber": version_number(server)}


# ---------------------------------------------------------------------------------------------- endpoints


def default_connectors(server):
    rows = CONNECTORS_OF_2013 if is_2013(server) else CONNECTORS_OF_2007
    for pattern, role, flags, restrictions, options, port in rows:
        if not has_role(server, role):
            continue
        if port == 2525 and not has_role(server, FRONT_END):
            port = 25  # nobody else listens there
        yield {
            "name": pattern.format(server["name"]), "fqdn": configured_name(server), "flags": flags,
            "restrictions": restrictions, "options": usual_options(server, options), "role": written_role(server, role),
            "bindings": [f"0.0.0.0:{port}", f"[::]:{port}"], "ranges": EVERYWHERE,
        }


def usual_options(server, options=445):
    return options | (SMTP_UTF8 if version(server)[:2] >= (15, 2) else 0)


def written_role(server, role):
    """Written since 2013."""
    return role if is_2013(server) else None


def custom_connector(server):
    """What New-ReceiveConnector fills in."""
    role = FRONT_END if has_role(server, FRONT_END) else HUB
    return {"fqdn": configured_name(server), "restrictions": 0, "options": usual_options(server),
            "role": written_role(server, role), "bindings": ["0.0.0.0:25"], "ranges": ["192.0.2.128-192.0.2.191"]}


def connectors(server):
    """Those of setup, changed or joined by those which the organisation names."""
    usual = default_connectors(server) if server.get("default_connectors", True) else []
    found = {connector["name"]: connector for connector in usual}
    for connector in server.get("connector", []):
        found[connector["name"]] = found.get(connector["name"], custom_connector(server)) | connector
    return found.values()


def connector_entry(parent, connector):
    return ldif.entry(f"CN={rdn(connector['name'])},{parent}", SINCE_2007 | {
        "objectClass": "msExchSmtpReceiveConnector",
        "msExchSMTPReceiveConnectorFQDN": connector.get("fqdn"),
        "msExchSMTPReceiveInboundSecurityFlag": connector.get("flags"),
        "msExchSmtpReceiveProtocolRestrictions": connector.get("restrictions"),
        "msExchSmtpReceiveProtocolOptions": connector.get("options"),
        "msExchSmtpReceiveRole": connector.get("role"),
        "msExchSmtpReceiveEnabled": connector.get("enabled"),
        "msExchSmtpReceiveBindings": connector.get("bindings"),
        "msExchSmtpReceiveRemoteIPRanges": connector.get("ranges"),
    })


def virtual_servers(server):
    """On 2003 those that listen. Later transport servers keep number 1, because send connectors name their sources through it."""
    if is_2003(server):
        return server["virtual_server"]
    phantom = {"name": "Default SMTP Virtual Server", "fqdn": server.get("phantom_fqdn", configured_name(server))}
    return [phantom] if moves_mail(server) else []


def virtual_server_entry(parent, number, virtual_server):
    return ldif.entry(f"CN={number},{parent}", {
        "objectClass": "protocolCfgSMTPServer", "adminDisplayName": virtual_server["name"],
        "msExchSmtpFullyQualifiedDomainName": virtual_server.get("fqdn"),
        "msExchSmtpMasqueradeDomain": virtual_server.get("masquerade"),
        "msExchServerBindings": virtual_server.get("bindings", [":25:"]),
        "msExchAuthenticationFlags": virtual_server.get("flags", 7),
        "msExchNTAuthenticationProviders": virtual_server.get("providers", "GSSAPI,NTLM"),
        "msExchServerAutoStart": virtual_server.get("auto_start", True),
    })


def virtual_server_of_edge(parent, server):
    """As New-EdgeSubscription writes it: the name and nothing else."""
    return ldif.entry(f"CN=1,{parent}", {
        "objectClass": "protocolCfgSMTPServer", "msExchSmtpFullyQualifiedDomainName": fqdn(server)})


# ---------------------------------------------------------------------------------------------- below a server


def server_entries(group, server):
    dn = server_dn(group, server)
    text = ldif.entry(dn, server_attributes(group, server)) + protocol_entries(dn, server)
    if has_role(server, PROVISIONED) or is_2013(server) and not has_role(server, EDGE):
        text += transport_entries(dn, server)
    return text


def server_dn(group, server):
    return f"CN={server['name']},CN=Servers,{group['dn']}"


def server_attributes(group, server):
    attributes = {"objectClass": "msExchExchangeServer"} | identity(server) | {
        "legacyExchangeDN": f"/o={group['organisation']}/ou={group['name']}/cn=Configuration/cn=Servers/cn={server['name']}",
        "msExchHomeRoutingGroup": routing_group_dn(group),
    }
    if is_2003(server):
        return attributes
    return attributes | SINCE_2007 | {
        "msExchCurrentServerRoles": server["roles"], "msExchMinAdminVersion": -2147453113, "msExchServerSite": SITE,
        "msExchTransportFlags": server.get("transport_flags"),
        "msExchMDBAvailabilityGroupLink": dag_dn(group, server["dag"]) if "dag" in server else None,
    }


def protocol_entries(server_dn, server):
    dn = f"CN=Protocols,{server_dn}"
    protocols = "msExchProtocolCfgProtocolContainer" if is_2003(server) else "protocolCfgSharedServer"
    smtp, receive = f"CN=SMTP,{dn}", f"CN=SMTP Receive Connectors,{dn}"
    text = ldif.entry(dn, {"objectClass": protocols})
    text += ldif.entry(smtp, {"objectClass": "msExchProtocolCfgSMTPContainer"})
    if has_role(server, EDGE):
        return text + virtual_server_of_edge(smtp, server)  # its connectors are in its own AD LDS
    for number, virtual_server in enumerate(virtual_servers(server), 1):
        text += virtual_server_entry(smtp, number, virtual_server)
    if not is_2003(server) and moves_mail(server):
        text += ldif.entry(receive, {"objectClass": "msExchProtocolCfgSMTPContainer"})
        text += "".join(connector_entry(receive, connector) for connector in connectors(server))
    return text


def transport_entries(server_dn, server):
    """The role objects, which are of a class that derives from that of a server and look much like one."""
    dn = f"CN=Transport Configuration,{server_dn}"
    text = ldif.entry(dn, SINCE_2007 | {"objectClass": "msExchExchangeTransportCfgContainer"})
    for name, owned, role in (("Frontend", FRONT_END, 16384), ("Mailbox", MAILBOX, 2)):
        if has_role(server, owned):
            text += ldif.entry(f"CN={name},{dn}", identity(server) | SINCE_2007 | {
                "objectClass": "msExchExchangeTransportServer", "msExchCurrentServerRoles": role})
    return text


# ---------------------------------------------------------------------------------------------- beside the servers


def routing_group_dn(group):
    return f"CN={rdn(group['routing_group'])},CN=Routing Groups,{group['dn']}"


def dag_dn(group, name):
    return f"CN={name},CN=Database Availability Groups,{group['dn']}"


def group_entries(group):
    """An administrative group without its servers and connectors."""
    dn, routing_group = group["dn"], routing_group_dn(group)
    return "".join(ldif.entry(place, {"objectClass": kind}) for place, kind in (
        (dn, "msExchAdminGroup"), (f"CN=Servers,{dn}", "msExchServersContainer"),
        (f"CN=Routing Groups,{dn}", "msExchRoutingGroupContainer"), (routing_group, "msExchRoutingGroup"),
        (f"CN=Connections,{routing_group}", "msExchConnectors"),
    )) + policy_entries(group) + array_entries(group) + dag_entries(group)


def policy_entries(group):
    """2000 and 2003. Of a class that derives from that of a server, and often left over from then."""
    return contained(f"CN=System Policies,{group['dn']}", "msExchPoliciesContainer", {
        name: {"objectClass": "msExchExchangeServerPolicy"} for name in group.get("policies", [])})


def array_entries(group):
    """2010. Of such a class, too."""
    return contained(f"CN=Arrays,{group['dn']}", "container", {
        array["name"]: SINCE_2007 | {
            "objectClass": "msExchClientAccessArray", "networkAddress": f"ncacn_ip_tcp:{array['fqdn']}",
            "msExchServerSite": SITE}
        for array in group.get("array", [])})


def dag_entries(group):
    return contained(f"CN=Database Availability Groups,{group['dn']}", "msExchMDBAvailabilityGroupContainer", {
        name: SINCE_2007 | {"objectClass": "msExchMDBAvailabilityGroup"} for name in group.get("dags", [])})


def contained(container, kind, objects):
    """A container with objects; nothing if there are none."""
    if not objects:
        return ""
    inside = (ldif.entry(f"CN={rdn(name)},{container}", attributes) for name, attributes in objects.items())
    # A plain container would let guests list what is in it.
    return ldif.entry(container, {"objectClass": kind, "nTSecurityDescriptor": WHO_MAY_READ}) + "".join(inside)


def bridgeheads(groups, names):
    """The virtual servers through which connectors name servers: "EX01", or "EX01/2" for its second."""
    found = {server["name"]: server_dn(group, server) for group in groups for server in group["server"]}
    pairs = [name.partition("/") for name in names]
    return [f"CN={number or 1},CN=SMTP,CN=Protocols,{found[server]}" for server, _, number in pairs]


def send_connector_entry(groups, group, connector):
    """The class is that of the SMTP connectors of 2003, which have no flags."""
    return ldif.entry(f"CN={rdn(connector['name'])},CN=Connections,{routing_group_dn(group)}", {
        "objectClass": "msExchRoutingSMTPConnector", "routingList": connector.get("routing", ["SMTP:*;1"]),
        "msExchSourceBridgeheadServersDN": bridgeheads(groups, connector["sources"]),
        "msExchSMTPSendConnectorFQDN": connector.get("fqdn"), "msExchSmtpSmartHost": connector.get("smart_host"),
        "msExchSmtpSendFlags": connector.get("flags"), "msExchSmtpSendEnabled": connector.get("enabled"),
    })


def routing_group_connector_entry(groups, group, connector):
    destination = next(each for each in groups if each["routing_group"] == connector["to"])
    return ldif.entry(f"CN={rdn(connector['name'])},CN=Connections,{routing_group_dn(group)}", {
        "objectClass": "msExchRoutingGroupConnector", "msExchDestinationRGDN": routing_group_dn(destination),
        "msExchSourceBridgeheadServersDN": bridgeheads(groups, connector["sources"]),
        "msExchTargetBridgeheadServersDN": bridgeheads(groups, connector["targets"]),
    })


def tree(organisation):
    """The whole tree, each object after those that it names."""
    exchange = f"CN=Microsoft Exchange,CN=Services,{CONFIG}"
    dn = f"CN={rdn(organisation['name'])},{exchange}"
    text = ldif.entry(exchange, {"objectClass": "msExchConfigurationContainer"})
    text += ldif.entry(dn, {"objectClass": "msExchOrganizationContainer"})
    dn = f"CN=Administrative Groups,{dn}"
    text += ldif.entry(dn, {"objectClass": "msExchAdminGroupContainer"})
    groups = [group | {"dn": f"CN={rdn(group['name'])},{dn}", "organisation": organisation["name"]}
              for group in organisation["admin_group"]]
    text += "".join(map(group_entries, groups))
    for group in groups:
        text += "".join(server_entries(group, server) for server in group["server"])
    for group in groups:
        for connector in group.get("send_connector", []):
            text += send_connector_entry(groups, group, connector)
        for connector in group.get("routing_group_connector", []):
            text += routing_group_connector_entry(groups, group, connector)
    for connector in organisation.get("lost_connector", []):
        text += connector_entry(f"CN=LostAndFoundConfig,{CONFIG}", connector)
    return text


# ---------------------------------------------------------------------------------------------- accounts


def usual_spns(server):
    """What a healthy server's computer account holds. Exchange 2007 and later spell it SmtpSvc, on those that move mail."""
    transport = ["SMTPSVC" if is_2003(server) else "SmtpSvc", "SMTP"] if moves_mail(server) else []
    classes = ["HOST"] if has_role(server, PROVISIONED) else ["HOST", *transport, "exchangeMDB", "exchangeRFR"]
    return [f"{service}/{host}" for service in classes for host in (server["name"], fqdn(server))]


def server_account(server):
    """The computer account of an Exchange server, described as other accounts are; None if it has none."""
    computer = server.get("computer", {})
    if computer is False:
        return None
    without = {spn.lower() for spn in computer.get("without", [])}
    kept = [spn for spn in usual_spns(server) if spn.lower() not in without]
    return {"kind": "computer", "dns": fqdn(server)} | computer | {
        "name": server["name"], "spns": kept + computer.get("spns", [])}


def accounts(organisation):
    servers = [server for group in organisation["admin_group"] for server in group["server"]]
    found = [account for server in servers if (account := server_account(server))]
    return found + organisation.get("account", [])


def account_dn(account):
    container = "Computers" if account["kind"] == "computer" else "Users"
    return f"CN={rdn(account.get('cn', account['name']))},CN={container},{BASE}"


def account_entry(account, password):
    computer = account["kind"] == "computer"
    logon_name = account["name"] + ("$" if computer else "")
    flags = (0x1000 if computer else 0x200) | (2 if account.get("disabled") else 0)
    return ldif.entry(account_dn(account), {
        "objectClass": account["kind"], "sAMAccountName": logon_name, "userAccountControl": flags,
        "dNSHostName": account.get("dns"), "servicePrincipalName": account.get("spns", []),
        "msDS-SupportedEncryptionTypes": account.get("etypes"), "accountExpires": account.get("expires"),
        "clearTextPassword": password.encode("utf-16-le") if password else None,
    })


def replicated(organisation):
    """Values a domain controller would refuse, but which arrive by replication or are older than its checks."""
    text = ""
    for account in accounts(organisation):
        dn = account_dn(account)
        if "replicated" in account:
            text += ldif.addition(dn, "servicePrincipalName", account["replicated"])
        if "conflict" in account:
            text += ldif.entry(dn, {
                "changetype": "modify", "replace": "sAMAccountName", "sAMAccountName": account["conflict"]})
    return text


# ---------------------------------------------------------------------------------------------- a crowd of accounts


def extra_computer(number):
    name = f"LOAD{number:05}"
    dns = f"{name.lower()}.{DNS}"
    spns = [f"{service}/{host}" for service in ("HOST", "RestrictedKrbHost", "SMTPSVC") for host in (name, dns)]
    return account_entry({"name": name, "kind": "computer", "dns": dns, "spns": spns}, None)


def computer_with_many_spns():
    spns = [f"HTTP/site{number:05}.{DNS}" for number in range(1, 2001)] + [f"SMTPSVC/last.{DNS}"]
    return account_entry({"name": "MANYSPN", "kind": "computer", "dns": f"manyspn.{DNS}", "spns": spns}, None)
