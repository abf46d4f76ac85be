import SyncModel
import Testing

extension SharedLabTests {
    /// What the first start makes of two directories.
    @Suite(.serialized)
    struct FirstLoadTests {
        @Test("two empty sides are live and nothing is written")
        func emptySides() async throws {
            let ground = try await Ground.make("em")
            try await withDaemon(ground) { daemon in
                let status = try await daemon.settled()
                #expect(status.ad.writesMade == 0 && status.miniorange.writesMade == 0)
                #expect(status.quarantined == 0 && status.conflicts == 0 && status.problems.isEmpty)
                #expect(try await daemon.tool("status").status == 0)
            }
        }

        @Test("everybody on one side comes to stand on the empty other", arguments: Side.allCases)
        func oneFullSide(full: Side) async throws {
            let ground = try await Ground.make("full\(full.name.prefix(2))")
            for side in Side.allCases { try await ground[side].addContainer("Verkauf Süd") }
            try await ground[full].apply(crowd(ground, full))
            let before = try await ground[full].people()
            try await withDaemon(ground) { daemon in
                try await Agreement.reached(ground)
                let status = try await daemon.settled()
                #expect(status[full].writesMade == 0, "nothing is written where everything came from")
                #expect(status.quarantined == 0)
            }
            let after = try await ground[full].people()
            #expect(Set(before.map { $0.comparable() }) == Set(after.map { $0.comparable() }))
            for person in try await ground.ad.people() {
                let isDisabled = person.text("description") == "disabled"
                #expect(person.text("useraccountcontrol") == (isDisabled ? "514" : "512"))
            }
            let deep = try await ground[full.opposite].people().filter { $0.dn.lowercased().contains("verkauf s") }
            #expect(deep.count == 10)
        }

        private func crowd(_ ground: Ground, _ side: Side) -> [DirectoryChange] {
            (0..<40).flatMap { number -> [DirectoryChange] in
                let directory = ground[side]
                let name = ground.person("p\(number)")
                let place = number % 4 == 0 ? "ou=Verkauf Süd,\(directory.base)" : directory.base
                var attributes: [(String, [Octets])] = [
                    ("givenName", [Octets("Zoë \(number)")]), ("sn", ["Ångström"]),
                    ("mail", [Octets("\(name)@syncline.test")]), ("title", ["Director, \"Ops\" <x>;\\ +="]),
                ]
                let isDisabled = number % 10 == 3
                if isDisabled { attributes.append(("description", ["disabled"])) }
                let cn = "Zoë, \(name) \"the\" + #1"
                switch side {
                case .ad:
                    let add = directory.newPerson(name, cn: cn, under: place, attributes)
                    let control = isDisabled ? "514" : "512"
                    // Without a password an account can't be enabled at once by everybody; the administrator may say that none is needed.
                    return [
                        add,
                        .replace("CN=\(escaped(cn)),\(place)", "unicodePwd", [Self.password]),
                        .replace("CN=\(escaped(cn)),\(place)", "userAccountControl", [Octets(control)]),
                    ]
                case .miniorange:
                    if isDisabled { attributes.append(("pwdAccountLockedTime", ["000001010000Z"])) }
                    return [directory.newPerson(name, cn: cn, under: place, attributes)]
                }
            }
        }

        private static let password = Octets(
            Array("\"Aa1-sample-password\"".utf16).flatMap { [UInt8($0 & 0xff), UInt8($0 >> 8)] }
        )

        @Test("two full sides are joined by the match rules, and who is ambiguous is named and not guessed")
        func partlyAgreeing() async throws {
            let ground = try await Ground.make("pa")
            let (ad, miniorange) = (ground.ad, ground.miniorange)
            func mail(_ name: String) -> (String, [Octets]) { ("mail", [Octets("\(name)@pa.test")]) }
            try await ad.apply(
                ad.newPerson(ground.person("same"), [("title", ["One"])]),
                ad.newPerson(ground.person("differs"), [("title", ["from AD"]), ("l", ["Köln"])]),
                ad.newPerson(ground.person("bymail"), [mail("shared")]),
                ad.newPerson(ground.person("unsure"), [mail("twice")]),
                ad.newPerson(ground.person("onlyad"))
            )
            try await miniorange.apply(
                miniorange.newPerson(ground.person("SAME"), cn: ground.person("same"), [("title", ["One"])]),
                miniorange.newPerson(ground.person("differs"), [("title", ["from LDAP"]), ("pager", ["7"])]),
                miniorange.newPerson(ground.person("other"), [mail("SHARED")]),
                miniorange.newPerson(ground.person("first"), [mail("twice")]),
                miniorange.newPerson(ground.person("second"), [mail("twice")]),
                miniorange.newPerson(ground.person("onlyldap"))
            )
            let anchors = try await miniorange.people().map { $0["entryUUID"] }
            try await withDaemon(ground) { daemon in
                let status = try await daemon.settled()
                #expect(status.quarantined == 3)
                for name in ["unsure", "first", "second"] {
                    #expect(
                        status.quarantine.contains {
                            $0.entry.contains(ground.person(name)) && $0.reason.contains("match rule 2")
                        },
                        "\(name) is named: \(status.quarantine)"
                    )
                }
                #expect(try await daemon.tool("status").status == 1)
                #expect(status.conflicts > 0)
            }
            #expect(try await ad.people().count == 6)
            #expect(try await miniorange.people().count == 7)
            #expect(Set(try await miniorange.people().map { $0["entryUUID"] }).isSuperset(of: anchors))
            let differs = try #require(try await miniorange.person(ground.person("differs")))
            #expect(differs.text("title") == "from AD" && differs.text("l") == "Köln" && differs.text("pager") == "7")
            #expect(try await ad.person(ground.person("differs"))?.text("pager") == "7")
            // Joined by mail: the names then agree as any attribute does.
            #expect(try await miniorange.person(ground.person("bymail")) != nil)
            #expect(try await miniorange.person(ground.person("other")) == nil)
            #expect(try await miniorange.person(ground.person("onlyad")) != nil)
            #expect(try await ad.person(ground.person("onlyldap")) != nil)
        }
    }
}
