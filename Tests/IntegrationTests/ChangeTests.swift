import Foundation
import SyncModel
import Testing

extension SharedLabTests {
    /// Every kind of change, made on either side by somebody else, arrives on the other.
    @Suite(.serialized)
    struct ChangeTests {
        /// Makes a person on `origin`, waits for the counterpart, and hands both over.
        private func pair(
            _ name: String,
            _ ground: Ground,
            _ attributes: [(String, [Octets])] = [],
            from origin: Side = .ad
        ) async throws -> (ad: Entry, miniorange: Entry) {
            let account = ground.person(name)
            try await ground[origin].apply(ground[origin].newPerson(account, attributes))
            return try await both(account, ground)
        }

        private func both(_ account: String, _ ground: Ground) async throws -> (ad: Entry, miniorange: Entry) {
            var found: (Entry?, Entry?)
            try await eventually("\(account) on both sides") {
                found = (try await ground.ad.person(account), try await ground.miniorange.person(account))
                return found.0 != nil && found.1 != nil
            }
            return (try #require(found.0), try #require(found.1))
        }

        private func arrives(
            _ values: [Octets],
            in attribute: String,
            of dn: String,
            _ directory: Directory,
            at location: SourceLocation = #_sourceLocation
        ) async throws {
            var last: [Octets] = []
            try await eventually(
                "\(attribute) of \(dn) is \(values.map(\.lossyText)), not \(last.map(\.lossyText))",
                at: location
            ) {
                last = try await directory.entry(dn)?[attribute] ?? []
                return last.sorted() == values.sorted()
            }
        }

        @Test("a value that is set, replaced and removed", arguments: Side.allCases)
        func values(origin: Side) async throws {
            let ground = try await Ground.make("va\(origin.name.prefix(1))")
            try await withDaemon(ground) { daemon in
                let entries = try await pair("anna", ground, from: origin)
                let dn = PerSide(ad: entries.ad.dn, miniorange: entries.miniorange.dn)
                let names: [(PerSide<String>, [[Octets]])] = [
                    (PerSide(ad: "title", miniorange: "title"), [["One"], ["Two"], []]),
                    (PerSide(ad: "department", miniorange: "departmentNumber"), [["A"], ["a"], []]),
                    (PerSide(ad: "streetAddress", miniorange: "street"), [["Am Bach 1\r\nHinterhaus"], ["x"]]),
                    (PerSide(ad: "postOfficeBox", miniorange: "postOfficeBox"), [["1", "2", "3"], ["2", "4"], []]),
                    (PerSide(ad: "mail", miniorange: "mail"), [["a@b.test"], ["A@b.test"], []]),
                ]
                for (name, steps) in names {
                    for values in steps {
                        try await ground[origin].apply(.replace(dn[origin], name[origin], values))
                        let target = origin.opposite
                        try await arrives(values, in: name[target], of: dn[target], ground[target])
                    }
                }
                #expect(try await daemon.settled().conflicts == 0)
            }
        }

        @Test("every awkward character arrives as it was written", arguments: Side.allCases)
        func awkwardValues(origin: Side) async throws {
            let ground = try await Ground.make("aw\(origin.name.prefix(1))")
            let values: [Octets] = [
                "#a, \"b\" <c>;\\ +=", " leading", "trailing ", "  ", "e\u{301} is not é", "👩‍👩‍👧 family",
                "\u{202E}right to left",
                "*()\\2a", "line\nbreak", "tab\t", "ΑΣΣ straße ﬁ", "null \\00 not",
            ]
            try await withDaemon(ground) { daemon in
                try await ground[origin].apply(
                    values.indices.map { ground[origin].newPerson(ground.person("w\($0)")) }
                )
                try await Agreement.reached(ground)
                let people = try await ground[origin].people()
                let key = origin == .ad ? "sAMAccountName" : "uid"
                var dn: [String: String] = [:]
                for person in people { dn[person.text(key) ?? ""] = person.dn }
                var changes: [DirectoryChange] = []
                for (number, value) in values.enumerated() {
                    changes.append(.replace(try #require(dn[ground.person("w\(number)")]), "displayName", [value]))
                }
                try await ground[origin].apply(changes)
                for (number, value) in values.enumerated() {
                    let entry = try #require(try await ground[origin.opposite].person(ground.person("w\(number)")))
                    try await arrives([value], in: "displayName", of: entry.dn, ground[origin.opposite])
                }
                #expect(try await daemon.settled().quarantined == 0)
            }
        }

        @Test("a person with awkward characters in the name can be made, referred to and renamed")
        func awkwardNames() async throws {
            let ground = try await Ground.make("an")
            let names = ["#a, \"b\" <c>;\\ += d", "Zoë e\u{301} 👩‍🚀", "Müller\\, Jürgen", "a  b"]
            try await withDaemon(ground) { daemon in
                for (number, name) in names.enumerated() {
                    let account = ground.person("n\(number)")
                    try await ground.ad.apply(ground.ad.newPerson(account, cn: name))
                    let made = try await both(account, ground)
                    #expect(made.miniorange["cn"].contains(Octets(name)))
                    let report = ground.person("r\(number)")
                    try await ground.ad.apply(ground.ad.newPerson(report, [("manager", [Octets(made.ad.dn)])]))
                    let second = try await both(report, ground)
                    try await arrives(
                        [Octets(made.miniorange.dn)],
                        in: "manager",
                        of: second.miniorange.dn,
                        ground.miniorange
                    )
                }
                #expect(try await daemon.settled().quarantined == 0)
            }
        }

        @Test("a renamed account is renamed, and stays the same entry", arguments: Side.allCases)
        func renamedAccount(origin: Side) async throws {
            let ground = try await Ground.make("rn\(origin.name.prefix(1))")
            try await withDaemon(ground) { _ in
                let old = try await pair("old", ground, [("pager", ["1"])], from: origin)
                let account = ground.person("new")
                if origin == .ad {
                    try await ground.ad.set(old.ad.dn, "sAMAccountName", Octets(account))
                } else {
                    try await ground.miniorange.apply(.rename(old.miniorange.dn, to: "uid=\(account)", under: nil))
                }
                let renamed = try await both(account, ground)
                #expect(renamed.ad["objectGUID"] == old.ad["objectGUID"])
                #expect(renamed.miniorange["entryUUID"] == old.miniorange["entryUUID"])
                #expect(renamed.miniorange.dn.hasPrefix("uid=\(account),"))
            }
        }

        @Test("a new common name renames the entry in AD", arguments: Side.allCases)
        func renamedPerson(origin: Side) async throws {
            let ground = try await Ground.make("cn\(origin.name.prefix(1))")
            try await withDaemon(ground) { _ in
                let old = try await pair("maria", ground, from: origin)
                let name = "Maria, \"die\" Große"
                if origin == .ad {
                    try await ground.ad.apply(.rename(old.ad.dn, to: "CN=\(escaped(name))", under: nil))
                } else {
                    try await ground.miniorange.set(old.miniorange.dn, "cn", Octets(name))
                }
                try await eventually("the name on both sides") {
                    let now = try await both(ground.person("maria"), ground)
                    return now.ad["cn"] == [Octets(name)] && now.miniorange["cn"] == [Octets(name)]
                        && now.ad["objectGUID"] == old.ad["objectGUID"]
                }
            }
        }

        @Test(
            "a person who is moved into another container is moved, and stays the same entry",
            arguments: Side.allCases
        )
        func moved(origin: Side) async throws {
            let ground = try await Ground.make("mv\(origin.name.prefix(1))")
            for side in Side.allCases {
                try await ground[side].addContainer("A, one")
                try await ground[side].addContainer("B", under: "ou=\(escaped("A, one")),\(ground[side].base)")
            }
            try await withDaemon(ground) { daemon in
                let old = try await pair("mover", ground, from: origin)
                for place in ["ou=A\\, one,", "ou=B,ou=A\\, one,", ""] {
                    let now = try await both(ground.person("mover"), ground)
                    let entry = origin == .ad ? now.ad : now.miniorange
                    let rdn = origin == .ad ? "CN=\(ground.person("mover"))" : "uid=\(ground.person("mover"))"
                    try await ground[origin].apply(.rename(entry.dn, to: rdn, under: place + ground[origin].base))
                    try await eventually("\(place) on both sides") {
                        let now = try await both(ground.person("mover"), ground)
                        // slapd writes the same name with other escapes.
                        func isThere(_ dn: String, _ base: String) throws -> Bool {
                            let place = try DistinguishedName(parsing: place + base)
                            return try DistinguishedName(parsing: dn).parent?.normalized == place.normalized
                        }
                        return try isThere(now.ad.dn, ground.ad.base)
                            && isThere(now.miniorange.dn, ground.miniorange.base)
                            && now.ad["objectGUID"] == old.ad["objectGUID"]
                            && now.miniorange["entryUUID"] == old.miniorange["entryUUID"]
                    }
                }
                #expect(try await daemon.settled().quarantined == 0)
            }
        }

        @Test("who is deleted on one side is deleted on the other, and nobody else", arguments: Side.allCases)
        func deleted(origin: Side) async throws {
            let ground = try await Ground.make("de\(origin.name.prefix(1))")
            try await withDaemon(ground) { daemon in
                _ = try await pair("stays", ground)
                let goes = try await pair("goes", ground, from: origin)
                try await ground[origin].apply(.delete(origin == .ad ? goes.ad.dn : goes.miniorange.dn))
                try await eventually("gone on both sides") {
                    try await ground[origin.opposite].person(ground.person("goes")) == nil
                }
                _ = try await both(ground.person("stays"), ground)
                #expect(try await daemon.settled().quarantined == 0)
                // The name is free again, for somebody else.
                let again = try await pair("goes", ground, from: origin.opposite)
                #expect(again.ad["objectGUID"] != goes.ad["objectGUID"])
            }
        }

        @Test("octets arrive as octets")
        func octets() async throws {
            var settings = Ground.Settings()
            settings.attributes = """
                {preset: default, rules: [{ad: userCertificate, miniorange: "userCertificate;binary"}, {ad: jpegPhoto, miniorange: jpegPhoto}]}
                """
            let ground = try await Ground.make("oc", settings)
            // slapd takes nothing that is no certificate.
            let lines = try String(contentsOfFile: ground.lab["CA_FILE"], encoding: .utf8).split(separator: "\n")
            let body = lines.filter { !$0.hasPrefix("-----") }.joined()
            let certificate = Octets(Array(try #require(Data(base64Encoded: body))))
            let photo = Octets(
                [0xFF, 0xD8, 0xFF, 0xE0, 0x00, 0x00, 0x0A, 0x80, 0xC3, 0x28] + [UInt8](repeating: 0, count: 5_000)
            )
            try await withDaemon(ground) { _ in
                let entries = try await pair("pia", ground, [("userCertificate", [certificate])])
                try await arrives(
                    [photo],
                    in: "jpegPhoto",
                    of: entries.miniorange.dn,
                    ground.miniorange,
                    after: {
                        try await ground.ad.set(entries.ad.dn, "jpegPhoto", photo)
                    }
                )
                #expect(entries.miniorange["userCertificate;binary"] == [certificate])
                let other = Octets(photo.bytes.reversed())
                try await ground.miniorange.set(entries.miniorange.dn, "jpegPhoto", other)
                try await arrives([other], in: "jpegPhoto", of: entries.ad.dn, ground.ad)
            }
        }

        private func arrives(
            _ values: [Octets],
            in attribute: String,
            of dn: String,
            _ directory: Directory,
            after change: () async throws -> Void
        ) async throws {
            try await change()
            try await arrives(values, in: attribute, of: dn, directory)
        }

        @Test("a manager who comes later is set when he is there, and follows renames")
        func laterManager() async throws {
            let ground = try await Ground.make("ma")
            try await withDaemon(ground) { daemon in
                let clerk = try await pair("clerk", ground)
                // slapd does not mind a name that is not there yet.
                let later = "uid=\(ground.person("boss")),\(ground.miniorange.base)"
                try await ground.miniorange.set(clerk.miniorange.dn, "manager", Octets(later))
                try await eventually("known as waiting") {
                    try await daemon.settled().waitingReferences > 0
                }
                let boss = try await pair("boss", ground, from: .miniorange)
                try await arrives([Octets(boss.ad.dn)], in: "manager", of: clerk.ad.dn, ground.ad)
                // AD gives the other one; then none.
                let next = try await pair("next", ground)
                try await ground.ad.set(clerk.ad.dn, "manager", Octets(next.ad.dn))
                try await arrives(
                    [Octets(next.miniorange.dn)],
                    in: "manager",
                    of: clerk.miniorange.dn,
                    ground.miniorange
                )
                try await ground.ad.apply(.replace(clerk.ad.dn, "manager", []))
                try await arrives([], in: "manager", of: clerk.miniorange.dn, ground.miniorange)
            }
        }

        @Test("disabling and enabling move one bit and no other", arguments: Side.allCases)
        func accountState(origin: Side) async throws {
            let ground = try await Ground.make("ac\(origin.name.prefix(1))")
            try await withDaemon(ground) { _ in
                let entries = try await pair("dora", ground)
                // DONT_EXPIRE_PASSWORD, NOT_DELEGATED and PASSWD_NOTREQD are AD's own affair.
                let others = 0x10000 | 0x100000 | 0x20
                try await ground.ad.set(entries.ad.dn, "userAccountControl", Octets("\(512 | others)"))
                try await arrives([], in: "pwdAccountLockedTime", of: entries.miniorange.dn, ground.miniorange)
                for isDisabled in [true, false, true] {
                    if origin == .ad {
                        let control = 512 | others | (isDisabled ? 2 : 0)
                        try await ground.ad.set(entries.ad.dn, "userAccountControl", Octets("\(control)"))
                        try await arrives(
                            isDisabled ? ["000001010000Z"] : [],
                            in: "pwdAccountLockedTime",
                            of: entries.miniorange.dn,
                            ground.miniorange
                        )
                    } else {
                        try await ground.miniorange.apply(
                            .replace(entries.miniorange.dn, "pwdAccountLockedTime", isDisabled ? ["000001010000Z"] : [])
                        )
                        let control = Octets("\(512 | others | (isDisabled ? 2 : 0))")
                        try await arrives([control], in: "userAccountControl", of: entries.ad.dn, ground.ad)
                    }
                }
            }
        }

        @Test("a stand-in for a missing surname is never carried back")
        func surname() async throws {
            let ground = try await Ground.make("sn")
            try await withDaemon(ground) { daemon in
                let entries = try await pair("prince", ground)
                #expect(entries.ad["sn"].isEmpty && entries.miniorange["sn"] == entries.miniorange["cn"])
                try await ground.miniorange.set(entries.miniorange.dn, "title", "Artist")
                try await arrives(["Artist"], in: "title", of: entries.ad.dn, ground.ad)
                _ = try await daemon.settled()
                #expect(try await ground.ad.entry(entries.ad.dn)?["sn"] == [])
                try await ground.miniorange.set(entries.miniorange.dn, "sn", "Nelson")
                try await arrives(["Nelson"], in: "sn", of: entries.ad.dn, ground.ad)
            }
        }

        @Test("further numbers that AD has no place for stay where they are")
        func manyNumbers() async throws {
            let ground = try await Ground.make("te")
            try await withDaemon(ground) { daemon in
                let entries = try await pair("tel", ground, [("telephoneNumber", ["1", "2", "3"])], from: .miniorange)
                #expect(entries.ad["telephoneNumber"] == ["1"])
                try await ground.ad.set(entries.ad.dn, "telephoneNumber", "4")
                try await arrives(["4", "2", "3"], in: "telephoneNumber", of: entries.miniorange.dn, ground.miniorange)
                try await ground.ad.apply(.replace(entries.ad.dn, "telephoneNumber", []))
                try await eventually("the value that AD removed is gone") {
                    let now = try await ground.miniorange.entry(entries.miniorange.dn)
                    return now?["telephoneNumber"].contains("4") == false
                }
                #expect(try await daemon.settled().conflicts == 0)
            }
        }

        @Test("what is not mapped is not touched, on either side")
        func unmapped() async throws {
            let ground = try await Ground.make("un")
            try await withDaemon(ground) { daemon in
                let made = try await pair("una", ground)
                try await ground.ad.apply(
                    .replace(made.ad.dn, "info", ["AD's own"]),
                    .replace(made.ad.dn, "otherTelephone", ["1", "2"]),
                    .replace(made.ad.dn, "userPrincipalName", ["una@un.test"]),
                    .replace(made.ad.dn, "comment", ["x"])
                )
                try await ground.miniorange.apply(
                    .modify(
                        made.miniorange.dn,
                        [
                            DirectoryChange.Edit(kind: .add, name: "carLicense", values: ["K-SL 1", "K-SL 2"]),
                            DirectoryChange.Edit(kind: .add, name: "labeledURI", values: ["https://un.test own"]),
                            DirectoryChange.Edit(kind: .add, name: "userPassword", values: ["secret"]),
                        ]
                    )
                )
                _ = try await daemon.settled()
                let before = try await both(ground.person("una"), ground)
                try await ground.ad.set(made.ad.dn, "title", "from AD")
                try await arrives(["from AD"], in: "title", of: made.miniorange.dn, ground.miniorange)
                try await ground.miniorange.set(made.miniorange.dn, "mobile", "from LDAP")
                try await arrives(["from LDAP"], in: "mobile", of: made.ad.dn, ground.ad)
                let after = try await both(ground.person("una"), ground)
                let changed: Set<String> = ["title", "mobile"]
                #expect(before.ad.comparable(without: changed) == after.ad.comparable(without: changed))
                #expect(before.miniorange.comparable(without: changed) == after.miniorange.comparable(without: changed))
            }
        }
    }
}
