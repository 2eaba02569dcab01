"""The part of the Exchange schema that the lab's organisation needs, as LDIF.

Names, superclasses and object categories are Microsoft's (`CN=ms-Exch-Exchange-Server` for msExchExchangeServer): Exchange
and the program tell a server from what only derives from one by its category. Numbers are Microsoft's where they are public,
else from an arc made up for this lab.
"""

import re

import ldif

MS_CLASS, MS_ATTRIBUTE = "1.2.840.113556.1.5.7000.62", "1.2.840.113556.1.4.7000.102"
LAB_CLASS, LAB_ATTRIBUTE = "1.3.6.1.4.1.99999.914137.2", "1.3.6.1.4.1.99999.914137.1"

# attributeSyntax, oMSyntax, oMObjectClass
STRING, INTEGER, BOOLEAN = ("2.5.5.12", 64, None), ("2.5.5.9", 2, None), ("2.5.5.8", 1, None)
LARGE_INTEGER, DN = ("2.5.5.16", 65, None), ("2.5.5.1", 127, bytes.fromhex("2B0C0287731C00854A"))

ATTRIBUTES = [  # name, number, syntax, single-valued
    # servers
    ("msExchCurrentServerRoles", f"{LAB_ATTRIBUTE}.5", INTEGER, True),
    ("msExchVersion", f"{LAB_ATTRIBUTE}.6", LARGE_INTEGER, True),
    ("msExchMinAdminVersion", f"{LAB_ATTRIBUTE}.7", INTEGER, True),
    ("msExchTransportFlags", f"{LAB_ATTRIBUTE}.8", INTEGER, True),
    ("msExchServerSite", f"{LAB_ATTRIBUTE}.9", DN, True),
    ("msExchHomeRoutingGroup", f"{LAB_ATTRIBUTE}.10", DN, True),
    ("msExchMDBAvailabilityGroupLink", f"{LAB_ATTRIBUTE}.11", DN, True),
    # SMTP virtual servers
    ("msExchSmtpFullyQualifiedDomainName", f"{MS_ATTRIBUTE}.5029", STRING, True),
    ("msExchServerBindings", f"{MS_ATTRIBUTE}.2001", STRING, False),
    ("msExchAuthenticationFlags", f"{MS_ATTRIBUTE}.2003", INTEGER, True),
    ("msExchNTAuthenticationProviders", f"{LAB_ATTRIBUTE}.12", STRING, True),
    ("msExchServerAutoStart", f"{LAB_ATTRIBUTE}.13", BOOLEAN, True),
    ("msExchSmtpMasqueradeDomain", f"{LAB_ATTRIBUTE}.14", STRING, True),
    # receive connectors
    ("msExchSMTPReceiveConnectorFQDN", f"{LAB_ATTRIBUTE}.1", STRING, True),
    ("msExchSMTPReceiveInboundSecurityFlag", f"{LAB_ATTRIBUTE}.2", INTEGER, True),
    ("msExchSmtpReceiveRole", f"{LAB_ATTRIBUTE}.3", INTEGER, True),
    ("msExchSmtpReceiveEnabled", f"{LAB_ATTRIBUTE}.4", BOOLEAN, True),
    ("msExchSmtpReceiveProtocolRestrictions", f"{LAB_ATTRIBUTE}.15", INTEGER, True),
    ("msExchSmtpReceiveProtocolOptions", f"{LAB_ATTRIBUTE}.16", INTEGER, True),
    ("msExchSmtpReceiveBindings", f"{LAB_ATTRIBUTE}.17", STRING, False),
    ("msExchSmtpReceiveRemoteIPRanges", f"{LAB_ATTRIBUTE}.18", STRING, False),
    # send connectors and routing group connectors
    ("msExchSourceBridgeheadServersDN", f"{LAB_ATTRIBUTE}.19", DN, False),
    ("msExchTargetBridgeheadServersDN", f"{LAB_ATTRIBUTE}.20", DN, False),
    ("msExchDestinationRGDN", f"{LAB_ATTRIBUTE}.21", DN, True),
    ("msExchSMTPSendConnectorFQDN", f"{LAB_ATTRIBUTE}.22", STRING, True),
    ("msExchSmtpSmartHost", f"{LAB_ATTRIBUTE}.23", STRING, True),
    ("msExchSmtpSendEnabled", f"{LAB_ATTRIBUTE}.24", BOOLEAN, True),
    ("msExchSmtpSendFlags", f"{LAB_ATTRIBUTE}.25", INTEGER, True),
    ("routingList", f"{LAB_ATTRIBUTE}.26", STRING, False),
]
CLASSES = [  # name, number, superclass, parents allowed, attributes
    ("msExchOrganizationContainer", f"{MS_CLASS}.50020", "container", ["msExchConfigurationContainer"], []),
    ("msExchAdminGroupContainer", f"{MS_CLASS}.50019", "container", ["msExchOrganizationContainer"], []),
    ("msExchAdminGroup", f"{MS_CLASS}.50011", "top", ["msExchAdminGroupContainer"], []),
    # servers, and the three kinds of object that derive from them
    ("msExchServersContainer", f"{MS_CLASS}.50013", "container", ["msExchAdminGroup"], []),
    ("msExchExchangeServer", f"{MS_CLASS}.50009", "server", ["msExchServersContainer"],
     ["networkAddress", "serialNumber", "versionNumber", "legacyExchangeDN", "msExchCurrentServerRoles", "msExchVersion",
      "msExchMinAdminVersion", "msExchTransportFlags", "msExchServerSite", "msExchHomeRoutingGroup",
      "msExchMDBAvailabilityGroupLink"]),
    ("msExchExchangeTransportCfgContainer", f"{LAB_CLASS}.2", "container", ["msExchExchangeServer"], ["msExchVersion"]),
    ("msExchExchangeTransportServer", f"{LAB_CLASS}.3", "msExchExchangeServer",
     ["msExchExchangeTransportCfgContainer"], []),
    ("msExchClientAccessArray", f"{LAB_CLASS}.4", "msExchExchangeServer", ["container"], []),
    ("msExchPoliciesContainer", f"{LAB_CLASS}.5", "container", ["msExchAdminGroup"], []),
    ("msExchExchangeServerPolicy", f"{LAB_CLASS}.6", "msExchExchangeServer", ["msExchPoliciesContainer"], []),
    ("msExchMDBAvailabilityGroupContainer", f"{LAB_CLASS}.7", "container", ["msExchAdminGroup"], []),
    ("msExchMDBAvailabilityGroup", f"{LAB_CLASS}.8", "top", ["msExchMDBAvailabilityGroupContainer"], ["msExchVersion"]),
    # below a server: CN=Protocols is of another class since 2007
    ("msExchProtocolCfgProtocolContainer", f"{MS_CLASS}.2000", "container", ["msExchExchangeServer"], []),
    ("protocolCfgShared", f"{LAB_CLASS}.9", "top", [], []),
    ("protocolCfgSharedServer", f"{LAB_CLASS}.10", "protocolCfgShared", ["msExchExchangeServer"], []),
    ("msExchProtocolCfgSharedContainer", f"{MS_CLASS}.2001", "container",
     ["msExchProtocolCfgProtocolContainer", "protocolCfgSharedServer"], []),
    ("msExchProtocolCfgSMTPContainer", f"{MS_CLASS}.5010", "msExchProtocolCfgSharedContainer", [], []),
    ("protocolCfg", "1.2.840.113556.1.3.68", "top", ["container"], []),
    ("protocolCfgSMTP", f"{MS_CLASS}.5001", "protocolCfg", [], []),
    ("protocolCfgSMTPServer", f"{MS_CLASS}.5002", "protocolCfgSMTP", ["msExchProtocolCfgSMTPContainer"],
     ["msExchSmtpFullyQualifiedDomainName", "msExchServerBindings", "msExchAuthenticationFlags",
      "msExchNTAuthenticationProviders", "msExchServerAutoStart", "msExchSmtpMasqueradeDomain"]),
    ("msExchSmtpReceiveConnector", f"{LAB_CLASS}.1", "top", ["msExchProtocolCfgSMTPContainer", "lostAndFound"],
     ["msExchSMTPReceiveConnectorFQDN", "msExchSMTPReceiveInboundSecurityFlag", "msExchSmtpReceiveRole",
      "msExchSmtpReceiveEnabled", "msExchSmtpReceiveProtocolRestrictions", "msExchSmtpReceiveProtocolOptions",
      "msExchSmtpReceiveBindings", "msExchSmtpReceiveRemoteIPRanges", "msExchVersion"]),
    # routing
    ("msExchRoutingGroupContainer", f"{LAB_CLASS}.11", "container", ["msExchAdminGroup"], []),
    ("msExchRoutingGroup", f"{LAB_CLASS}.12", "container", ["msExchRoutingGroupContainer"], []),
    ("msExchConnectors", f"{LAB_CLASS}.13", "container", ["msExchRoutingGroup"], []),
    ("msExchConnector", f"{LAB_CLASS}.14", "top", ["msExchConnectors"], ["msExchSourceBridgeheadServersDN", "msExchVersion"]),
    ("mailGateway", f"{LAB_CLASS}.15", "msExchConnector", [], ["routingList"]),
    ("msExchRoutingSMTPConnector", f"{LAB_CLASS}.16", "mailGateway", [],
     ["msExchSMTPSendConnectorFQDN", "msExchSmtpSmartHost", "msExchSmtpSendEnabled", "msExchSmtpSendFlags"]),
    ("msExchRoutingGroupConnector", f"{LAB_CLASS}.17", "msExchConnector", [],
     ["msExchTargetBridgeheadServersDN", "msExchDestinationRGDN"]),
]
# A filter on one of these finds the others, too: objectClass matches what derives from a class.
BASE_CLASSES = [name for name, _, superclass, *_ in CLASSES if superclass not in {name for name, *_ in CLASSES}]

# As for AD's own containers: every user may read, administrators may write. Guests may not, for the tests.
WHO_MAY_READ = ("D:(D;;RPLCLO;;;DG)(A;;RPWPCRCCDCLCLORCWOWDSDDTSW;;;DA)(A;;RPWPCRCCDCLCLORCWOWDSDDTSW;;;SY)"
                "(A;;RPLCLORC;;;AU)")
RELOAD = "dn:\nchangetype: modify\nadd: schemaUpdateNow\nschemaUpdateNow: 1\n\n"


def common_name(name):
    """ms-Exch-Exchange-Server of msExchExchangeServer, ms-Exch-Protocol-Cfg-SMTP-Server of protocolCfgSMTPServer."""
    words = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)
    if words[0] == "ms":
        return "-".join(words)
    return "-".join(["ms", "Exch", words[0].capitalize(), *words[1:]])


def attribute(schema_dn, name, number, syntax, single):
    return ldif.entry(f"CN={common_name(name)},{schema_dn}", {
        "changetype": "add", "objectClass": "attributeSchema", "lDAPDisplayName": name, "attributeID": number,
        "attributeSyntax": syntax[0], "oMSyntax": syntax[1], "oMObjectClass": syntax[2], "isSingleValued": single,
    })


def class_(schema_dn, name, number, superclass, parents, attributes):
    dn = f"CN={common_name(name)},{schema_dn}"
    return ldif.entry(dn, {
        "changetype": "add", "objectClass": "classSchema", "lDAPDisplayName": name, "governsID": number,
        "subClassOf": superclass, "objectClassCategory": 1, "rDNAttID": "cn", "defaultObjectCategory": dn,
        "possSuperiors": parents, "mayContain": attributes, "defaultSecurityDescriptor": WHO_MAY_READ,
    }) + RELOAD


def changes(schema_dn):
    attributes = "".join(attribute(schema_dn, *row) for row in ATTRIBUTES)
    classes = "".join(class_(schema_dn, *row) for row in CLASSES)
    # CN=Arrays is a plain container.
    containers = ldif.addition(f"CN=Container,{schema_dn}", "possSuperiors", ["msExchAdminGroup"])
    return attributes + RELOAD + classes + containers + RELOAD
