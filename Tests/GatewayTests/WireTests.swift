import LDAPClient
import SyncModel
import Testing

@testable import Gateway

/// What clients send, and what they must not be able to do with it.
@Suite struct WireTests {
    private func frame(_ octets: [UInt8], limit: Int = 65_536) -> MessageFrame {
        octets.withUnsafeBytes { MessageFrame($0, limit: limit) }
    }

    @Test(
        "The first octets tell how long a message is, and whether it is one",
        arguments: [
            ([], .incomplete), ([0x30], .incomplete), ([0x30, 0x82, 0x01], .incomplete),
            ([0x30, 0x05], .octets(7)), ([0x30, 0x81, 0xFF], .octets(258)),
            ([0x30, 0x82, 0xFF, 0xFC], .octets(65_536)),
            ([0x30, 0x82, 0xFF, 0xFD], .refused), ([0x30, 0x84, 0x7F, 0xFF, 0xFF, 0xFF], .refused),
            ([0x30, 0x84, 0xFF, 0xFF, 0xFF, 0xFF], .refused), ([0x30, 0x85, 1, 1, 1, 1, 1], .refused),
            ([0x30, 0x80], .refused), ([0x30, 0xFF], .refused), ([0x16, 0x03, 0x01], .refused),
            ([0x47, 0x45, 0x54], .refused), ([0x30, 0x84, 0, 0, 0, 5], .octets(11)),
        ] as [([UInt8], MessageFrame)]
    )
    func frames(octets: [UInt8], expected: MessageFrame) {
        #expect(frame(octets) == expected)
    }

    @Test func whatClientsAskForIsRead() throws {
        let password = MessageBytes.password
        let expected: [([UInt8], ClientRequest)] = [
            (
                MessageBytes.bind(7, "uid=a,dc=x", "pässword"),
                .bind(BindRequest(version: 3, name: "uid=a,dc=x", authentication: .simple(password("pässword"))))
            ),
            (MessageBytes.saslBind(7), .bind(BindRequest(version: 3, name: "", authentication: .other))),
            (MessageBytes.unbind(7), .unbind), (MessageBytes.abandon(7, of: 3), .abandon(3)),
            (
                MessageBytes.search(7, base: "", attributes: ["supportedExtension", "+"]),
                .search(
                    SearchQuery(
                        isOfRootDSE: true,
                        attributes: ["supportedextension", "+"],
                        typesOnly: false,
                        takesAll: true
                    )
                )
            ),
            (MessageBytes.extended(7, ObjectIdentifiers.startTLS), .extended(.startTLS)),
            (MessageBytes.extended(7, ObjectIdentifiers.whoAmI), .extended(.whoAmI)),
            (MessageBytes.extended(7, "1.2.3"), .extended(.unknown)),
            (
                MessageBytes.passwordModify(7, "anna", "old", "new"),
                .extended(.passwordModify(identity: "anna", former: password("old"), password: password("new")))
            ),
            (
                MessageBytes.extended(7, ObjectIdentifiers.passwordModify),
                .extended(.passwordModify(identity: nil, former: nil, password: nil))
            ),
        ]
        for (octets, request) in expected {
            #expect(try MessageBytes.decoded(octets) == ClientMessage(id: 7, request: request))
        }
    }

    struct Modify: Sendable {
        var changes: [(Int64, String, [Octets])]
        var change: ModifyRequest.Change?
    }

    @Test(
        "A modify is a password change only where it is nothing else",
        arguments: [
            Modify(changes: [(2, "userPassword", ["new"])], change: .init(password: MessageBytes.password("new"))),
            Modify(
                changes: [(1, "userPassword", ["old"]), (0, "USERPASSWORD", ["new"])],
                change: .init(former: MessageBytes.password("old"), password: MessageBytes.password("new"))
            ),
            Modify(
                changes: [
                    (1, "unicodePwd", [MessageBytes.unicode("ält")]), (0, "unicodePwd", [MessageBytes.unicode("n𝄞u")]),
                ],
                change: .init(former: MessageBytes.password("ält"), password: MessageBytes.password("n𝄞u"))
            ),
            Modify(changes: [(2, "unicodePwd", ["no quotes"])], change: nil),
            Modify(changes: [(2, "userPassword", ["a", "b"])], change: nil),
            Modify(changes: [(2, "userPassword", [])], change: nil),
            Modify(changes: [(2, "userPassword", ["a"]), (2, "mail", ["x"])], change: nil),
            Modify(changes: [(2, "mail", ["x"])], change: nil),
            Modify(
                changes: [(1, "userPassword", ["old"]), (0, "unicodePwd", [MessageBytes.unicode("n")])],
                change: nil
            ),
            Modify(changes: [(0, "userPassword", ["a"]), (1, "userPassword", ["b"])], change: nil),
            Modify(changes: [(2, "userPassword", ["a"]), (2, "userPassword", ["b"])], change: nil),
            Modify(changes: [], change: nil),
        ]
    )
    func modifies(_ modify: Modify) throws {
        let message = try MessageBytes.decoded(MessageBytes.modify(2, "uid=a", modify.changes))
        #expect(message.request == .modify(ModifyRequest(name: "uid=a", change: modify.change)))
    }

    @Test func aControlThatMustBeUnderstoodIsNoticed() throws {
        let whoAmI = ObjectIdentifiers.whoAmI
        let known = [("1.2.3", false), ("2.16.840.1.113730.3.4.2", true)]
        #expect(try !MessageBytes.decoded(MessageBytes.extended(1, whoAmI, controls: known)).hasUnknownCriticalControl)
        let unknown = [("1.2.3", true)]
        #expect(try MessageBytes.decoded(MessageBytes.extended(1, whoAmI, controls: unknown)).hasUnknownCriticalControl)
    }

    @Test func anOperationWhoseContentsAreBrokenIsAnsweredAndNotTheEnd() throws {
        let broken = MessageBytes.message(4) { message in
            message.sequence(tag: 0x60) { $0.string("no version") }
        }
        #expect(try MessageBytes.decoded(broken) == ClientMessage(id: 4, request: .unreadable(.bind)))
    }

    @Test(
        "What is no LDAP message is refused",
        arguments: [
            [0x30, 0x03, 0x02, 0x01, 0x01], [0x30, 0x05, 0x02, 0x01, 0xFF, 0x42, 0x00],
            [0x30, 0x05, 0x02, 0x01, 0x01, 0x42], [0x30, 0x06, 0x02, 0x01, 0x01, 0x7F, 0x01, 0x00],
            [0x30, 0x07, 0x02, 0x01, 0x00, 0x77, 0x02, 0x80, 0x00], [0x30, 0x0C, 0x02, 0x84, 0x7F, 0xFF, 0xFF, 0xFF],
        ] as [[UInt8]]
    )
    func malformed(octets: [UInt8]) {
        #expect(throws: WireError.self) { try MessageBytes.decoded(octets) }
    }

    @Test func nestingHoweverDeepEndsNothing() throws {
        // A filter that is nested 10,000 times: it is stepped over.
        var filter: [UInt8] = []
        for _ in 0..<10_000 {
            let count = filter.count
            filter = [0xA2, 0x83, UInt8(count >> 16), UInt8(count >> 8 & 0xFF), UInt8(count & 0xFF)] + filter
        }
        let octets = MessageBytes.message(1) { message in
            message.sequence(tag: 0x63) { search in
                search.string("")
                for _ in 0..<2 { search.enumerated(0) }
                for _ in 0..<2 { search.integer(0) }
                search.boolean(false)
                search.octetString(Octets(Array(filter.dropFirst(5))), tag: 0xA2)
                search.sequence { _ in }
            }
        }
        let message = try MessageBytes.decoded(octets)
        guard case .search(let query) = message.request else { throw WireTestFailure() }
        #expect(!query.takesAll)
    }

    @Test func noOctetsMakeTheDecoderDoAnythingButAnswer() {
        var random: UInt64 = 0x9E37_79B9_7F4A_7C15
        func next(_ bound: Int) -> Int {
            random ^= random << 13
            random ^= random >> 7
            random ^= random << 17
            return Int(random % UInt64(bound))
        }
        let sound = [
            MessageBytes.bind(1, "uid=a,dc=x", "secret"), MessageBytes.passwordModify(2, "a", "b", "c"),
            MessageBytes.modify(3, "uid=a", [(1, "userPassword", ["x"]), (0, "userPassword", ["y"])]),
            MessageBytes.search(4, base: "", attributes: ["a", "b"]),
            MessageBytes.extended(5, "1.2", controls: [("1.3", true)]),
        ]
        var read = 0
        for round in 0..<20_000 {
            var octets = sound[round % sound.count]
            for _ in 0...next(4) {
                switch next(3) {
                case 0: octets[next(octets.count)] = UInt8(next(256))
                case 1: octets.remove(at: next(octets.count))
                default: octets.insert(UInt8(next(256)), at: next(octets.count))
                }
            }
            _ = frame(octets)
            if (try? MessageBytes.decoded(octets)) != nil { read += 1 }
        }
        // Else the changes were too wild to test anything but the outermost length.
        #expect(read > 500)
    }

    @Test func aPasswordShowsItselfNowhere() {
        let password = MessageBytes.password("hunter2-hunter2")
        var text = ""
        dump(ClientRequest.bind(BindRequest(version: 3, name: "a", authentication: .simple(password))), to: &text)
        #expect(!text.contains("hunter2"))
        #expect(!"\(password)".contains("hunter2"))
    }

    @Test(
        arguments: [
            ("{SSHA}abc", true), ("{CRYPT}$6$", true), ("{x-foo/1.0}a", true), ("{}a", false), ("{a b}c", false),
            ("a{SSHA}", false), ("{unclosed", false),
        ]
    )
    func aHashIsToldFromAPassword(text: String, isHash: Bool) {
        #expect(MessageBytes.password(text).isHash == isHash)
    }
}

struct WireTestFailure: Error {}
