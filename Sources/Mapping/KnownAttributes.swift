import SyncModel

/// What the schemas of both sides say of attributes that mappings use. Names in lower case.
enum KnownAttributes {
    /// AD holds one value only: isSingleValued in its schema, or held to one by the account manager.
    static let singleValuedAtAD: Set<String> = [
        "accountexpires", "c", "cn", "co", "comment", "company", "countrycode", "department", "description",
        "displayname", "displaynameprintable", "division", "employeeid", "employeenumber", "employeetype",
        "facsimiletelephonenumber", "gecos", "generationqualifier", "gidnumber", "givenname", "grouptype",
        "homedirectory",
        "homedrive", "homephone", "homepostaladdress", "info", "initials", "ipphone", "l", "lockouttime",
        "loginshell", "mail", "mailnickname", "managedby", "manager", "middlename", "mobile",
        "ou", "pager", "personaltitle", "physicaldeliveryofficename", "postalcode",
        "preferreddeliverymethod", "preferredlanguage", "primaryinternationalisdnnumber", "primarytelexnumber",
        "profilepath",
        "pwdlastset", "samaccountname", "scriptpath", "sn", "st", "street", "streetaddress",
        "telephoneassistant", "telephonenumber", "thumbnailphoto", "title", "uidnumber", "unixhomedirectory",
        "useraccountcontrol", "userprincipalname", "wwwhomepage",
    ]

    /// The LDAP side holds one value only, by RFC 2798, RFC 2307, RFC 4519 and the password policy draft, so a rule needs no
    /// place for further ones.
    static let singleValuedAtMiniOrange: Set<String> = [
        "c", "displayname", "employeenumber", "gecos", "gidnumber", "homedirectory", "loginshell", "preferredlanguage",
        "pwdaccountlockedtime", "pwdreset", "shadowexpire", "uidnumber",
    ]

    /// rangeUpper of AD's schema, in characters (UTF-16) or octets; sAMAccountName is 20 for users alone.
    static func maximumLengthAtAD(_ attribute: String, kind: ObjectKind) -> Int? {
        if attribute == "samaccountname" { return kind == .user ? 20 : 256 }
        return maximumLengths[attribute]
    }

    private static let maximumLengths: [String: Int] = [
        "cn": 64, "ou": 64, "company": 64, "department": 64, "description": 1024, "displayname": 256, "employeeid": 16,
        "employeenumber": 512, "employeetype": 256, "facsimiletelephonenumber": 64, "givenname": 64, "homephone": 64,
        "info": 1024, "initials": 6, "l": 128, "mail": 256, "middlename": 64, "mobile": 64, "pager": 64,
        "physicaldeliveryofficename": 128, "postalcode": 40, "postofficebox": 40, "sn": 64, "st": 128, "street": 1024,
        "streetaddress": 1024, "telephonenumber": 64, "thumbnailphoto": 102_400, "title": 128,
        "userprincipalname": 1024,
    ]

    /// What AD keeps for itself, what guards the directory, what other parts of Syncline write, and what no one can read.
    static let neverAtAD: Set<String> = [
        "admincount", "badpasswordtime", "badpwdcount", "dbcspwd", "directreports", "distinguishedname",
        "iscriticalsystemobject", "isdeleted", "lastlogon", "lastlogontimestamp", "lmpwdhistory", "logoncount",
        "managedobjects", "memberof", "name", "ntpwdhistory", "ntsecuritydescriptor", "objectcategory", "objectclass",
        "objectguid", "objectsid", "parentguid", "primarygroupid", "replpropertymetadata", "samaccounttype",
        "sidhistory", "supplementalcredentials", "systemflags", "unicodepwd", "userpassword", "usnchanged",
        "usncreated",
        "whenchanged", "whencreated", "member", "tokengroups", "canonicalname", "instancetype",
    ]

    static let neverAtMiniOrange: Set<String> = [
        "contextcsn", "createtimestamp", "creatorsname", "entrycsn", "entrydn", "entryuuid", "hassubordinates",
        "memberof", "modifiersname", "modifytimestamp", "objectclass", "pwdchangedtime", "pwdfailuretime", "pwdhistory",
        "structuralobjectclass", "subschemasubentry", "userpassword", "member", "uniquemember", "memberuid",
        "authpassword", "sambantpassword", "sambalmpassword",
    ]

    /// Attributes without which an entry of the class is refused (RFC 4519, RFC 2798, RFC 2307); members are another matter.
    static func requiredAtMiniOrange(objectClasses: [String]) -> Set<String> {
        var required: Set<String> = []
        for objectClass in objectClasses {
            switch CaseFolding.lowercaseName(objectClass) {
            case "person", "organizationalperson", "inetorgperson": required.formUnion(["cn", "sn"])
            case "account": required.insert("uid")
            case "posixaccount": required.formUnion(["cn", "uid", "uidnumber", "gidnumber", "homedirectory"])
            case "shadowaccount": required.insert("uid")
            case "posixgroup": required.formUnion(["cn", "gidnumber"])
            case "groupofnames", "groupofuniquenames": required.insert("cn")
            case "organizationalunit": required.insert("ou")
            default: break
            }
        }
        return required
    }

    /// Which of the preset's attributes a group of these classes, in lower case, may hold (RFC 4519, RFC 2307); nil where one of them isn't known.
    static func permittedInGroups(objectClasses: [String]) -> Set<String>? {
        var permitted: Set<String> = ["cn"]
        for objectClass in objectClasses where objectClass != "top" {
            switch objectClass {
            case "groupofnames", "groupofuniquenames", "groupofmembers": permitted.formUnion(["description", "owner"])
            case "posixgroup": permitted.formUnion(["description", "gidnumber"])
            default: return nil
            }
        }
        return permitted
    }

    /// What sAMAccountName must not hold besides control characters ([MS-SAMR] 3.1.1.6).
    static let forbiddenInAccountName: Set<UInt8> = Set("\"/\\[]:;|=,+*?<>".utf8)
}
