import LDAPClient
import SyncModel
import Testing

@testable import Gateway

/// What a connection answers, without a socket.
@Suite struct ConnectionMachineTests {
    private static let anna = Account(
        key: .pair(PairID(1)),
        names: PerSide(ad: nil, miniorange: DistinguishedName([RelativeDistinguishedName(type: "uid", value: "anna")]))
    )
    private static let purpose = "this gateway checks and changes passwords, and nothing else"

    private func machine(isSecure: Bool = true, waiting: Int = 8) -> ConnectionMachine {
        ConnectionMachine(isSecure: isSecure, waitingLimit: waiting)
    }

    private func bound() throws -> ConnectionMachine {
        var machine = machine()
        _ = machine.received(try MessageBytes.decoded(MessageBytes.bind(1, "anna", "secret")))
        _ = machine.finished(GatewayAnswer(.success, account: Self.anna))
        return machine
    }

    private func code(_ action: ConnectionMachine.Action?) -> Int? {
        guard case .send(let message) = action else { return nil }
        var octets = message.encoded()[...]
        // The enumerated value of the LDAPResult: the first of its kind.
        while octets.count > 2 {
            if octets.starts(with: [0x0A, 0x01]) { return Int(octets[octets.startIndex + 2]) }
            octets = octets.dropFirst()
        }
        return nil
    }

    struct Refusal: Sendable {
        var octets: [UInt8]
        var plain: Int
        var secure: Int
    }

    @Test(
        "What is refused is refused by the right code, before TLS and after it",
        arguments: [
            Refusal(octets: MessageBytes.bind(1, "anna", ""), plain: 13, secure: 53),
            Refusal(octets: MessageBytes.bind(1, "", "secret"), plain: 13, secure: 49),
            Refusal(octets: MessageBytes.bind(1, "anna", "secret", version: 2), plain: 2, secure: 2),
            Refusal(octets: MessageBytes.saslBind(1), plain: 13, secure: 7),
            Refusal(octets: MessageBytes.search(1, base: "dc=x", scope: 2), plain: 13, secure: 53),
            Refusal(octets: MessageBytes.search(1, base: "", scope: 2), plain: 13, secure: 53),
            Refusal(octets: MessageBytes.modify(1, "uid=a", [(2, "userPassword", ["n"])]), plain: 13, secure: 8),
            Refusal(
                octets: MessageBytes.modify(1, "uid=a", [(1, "userPassword", ["o"]), (0, "title", ["n"])]),
                plain: 13,
                secure: 8
            ),
            Refusal(octets: MessageBytes.passwordModify(1, nil, "o", "n"), plain: 13, secure: 8),
            Refusal(octets: MessageBytes.passwordModify(1, "anna", nil, "n"), plain: 13, secure: 8),
            Refusal(octets: MessageBytes.passwordModify(1, "anna", "o", nil), plain: 13, secure: 53),
            Refusal(octets: MessageBytes.extended(1, "1.2.3"), plain: 2, secure: 2),
            Refusal(octets: MessageBytes.extended(1, ObjectIdentifiers.startTLS), plain: 0, secure: 1),
            Refusal(
                octets: MessageBytes.extended(1, ObjectIdentifiers.whoAmI, controls: [("1.2.3", true)]),
                plain: 12,
                secure: 12
            ),
            Refusal(octets: MessageBytes.message(1) { $0.string("cn=x", tag: 0x4A) }, plain: 13, secure: 53),
            Refusal(octets: MessageBytes.message(1) { $0.sequence(tag: 0x68) { _ in } }, plain: 13, secure: 53),
        ]
    )
    func refusals(_ refusal: Refusal) throws {
        for (isSecure, expected) in [(false, refusal.plain), (true, refusal.secure)] {
            var machine = machine(isSecure: isSecure)
            let actions = machine.received(try MessageBytes.decoded(refusal.octets))
            #expect(code(actions.first) == expected, "TLS: \(isSecure)")
            #expect(!actions.contains { if case .begin = $0 { true } else { false } })
        }
    }

    @Test func requestsAreCarriedOutOneAfterTheOther() throws {
        var machine = machine()
        let password = MessageBytes.password("secret")
        #expect(
            machine.received(try MessageBytes.decoded(MessageBytes.bind(1, "anna", "secret")))
                == [.begin(.bind(name: "anna", password))]
        )
        #expect(machine.received(try MessageBytes.decoded(MessageBytes.extended(2, ObjectIdentifiers.whoAmI))) == [])
        #expect(machine.received(try MessageBytes.decoded(MessageBytes.bind(3, "berta", "secret"))) == [])
        #expect(
            machine.finished(GatewayAnswer(.success, account: Self.anna)) == [
                .send(.result(1, .bind, .success, "")),
                .send(.extended(2, .success, "", name: nil, value: "dn:uid=anna")),
                .begin(.bind(name: "berta", password)),
            ]
        )
        // A bind that fails leaves the connection to nobody.
        #expect(machine.finished(.wrong) == [.send(.result(3, .bind, .invalidCredentials, ""))])
        #expect(machine.identity == nil)
    }

    @Test func aBindMakesNobodyOfSomebodyBeforeItIsAnswered() throws {
        var machine = try bound()
        #expect(machine.identity == Self.anna)
        _ = machine.received(try MessageBytes.decoded(MessageBytes.bind(2, "berta", "secret")))
        #expect(machine.identity == nil)
    }

    @Test func anAnonymousBindLeavesTheConnectionToNobody() throws {
        var machine = try bound()
        let actions = machine.received(try MessageBytes.decoded(MessageBytes.bind(2, "", "")))
        #expect(actions == [.send(.result(2, .bind, .success, ""))])
        #expect(machine.identity == nil)
    }

    @Test func whatWaitsIsLimitedAndCanBeAbandoned() throws {
        var machine = machine(waiting: 2)
        _ = machine.received(try MessageBytes.decoded(MessageBytes.bind(1, "anna", "secret")))
        #expect(machine.takesMessages)
        _ = machine.received(try MessageBytes.decoded(MessageBytes.bind(2, "anna", "secret")))
        _ = machine.received(try MessageBytes.decoded(MessageBytes.extended(3, ObjectIdentifiers.whoAmI)))
        #expect(!machine.takesMessages)
        _ = machine.received(try MessageBytes.decoded(MessageBytes.abandon(4, of: 2)))
        #expect(machine.takesMessages)
        #expect(
            machine.finished(.wrong) == [
                .send(.result(1, .bind, .invalidCredentials, "")),
                .send(.extended(3, .success, "", name: nil, value: "")),
            ]
        )
    }

    @Test func nothingFollowsStartTLSInTheClear() throws {
        let start = try MessageBytes.decoded(MessageBytes.extended(1, ObjectIdentifiers.startTLS))
        let bind = try MessageBytes.decoded(MessageBytes.bind(2, "anna", "secret"))
        var machine = machine(isSecure: false)
        let answer = ServerMessage.extended(1, .success, "", name: ObjectIdentifiers.startTLS, value: nil)
        #expect(machine.received(start) == [.send(answer), .startTLS])
        #expect(machine.received(bind) == [.close])
        #expect(machine.secured() == [])
        #expect(machine.received(bind) == [])
    }

    @Test func afterStartTLSBindsAreTaken() throws {
        var machine = machine(isSecure: false)
        _ = machine.received(try MessageBytes.decoded(MessageBytes.extended(1, ObjectIdentifiers.startTLS)))
        _ = machine.secured()
        let actions = machine.received(try MessageBytes.decoded(MessageBytes.bind(2, "anna", "secret")))
        #expect(actions == [.begin(.bind(name: "anna", MessageBytes.password("secret")))])
    }

    @Test func passwordChangesAreBegunForWhoAsks() throws {
        func change(_ octets: [UInt8], _ machine: ConnectionMachine) throws -> ConnectionMachine.Action? {
            var machine = machine
            return machine.received(try MessageBytes.decoded(octets)).first
        }
        func expected(_ requester: Account?, _ name: String?, _ former: String?, _ new: String)
            -> ConnectionMachine
            .Action
        {
            let former = former.map(MessageBytes.password)
            let password = MessageBytes.password(new)
            return .begin(
                .change(
                    PasswordChangeRequest(requester: requester, name: name, former: former, password: password)
                )
            )
        }
        let own = try change(MessageBytes.passwordModify(2, nil, "o", "n"), try bound())
        #expect(own == expected(Self.anna, nil, "o", "n"))
        let other = try change(MessageBytes.passwordModify(2, "berta", nil, "n"), try bound())
        #expect(other == expected(Self.anna, "berta", nil, "n"))
        let nobody = try change(MessageBytes.passwordModify(2, "berta", "o", "n"), machine())
        #expect(nobody == expected(nil, "berta", "o", "n"))
        let modify = MessageBytes.modify(2, "uid=b", [(1, "userPassword", ["o"]), (0, "userPassword", ["n"])])
        #expect(try change(modify, try bound()) == expected(Self.anna, "uid=b", "o", "n"))
        #expect(try change(modify, machine()) == expected(nil, "uid=b", "o", "n"))
    }

    @Test func theEndIsAnnouncedOnceWhatIsCarriedOutIsAnswered() throws {
        var machine = machine()
        let notice = ConnectionMachine.Action.send(.disconnection(.unavailable, "the gateway is stopping"))
        _ = machine.received(try MessageBytes.decoded(MessageBytes.bind(1, "anna", "secret")))
        _ = machine.received(try MessageBytes.decoded(MessageBytes.extended(2, ObjectIdentifiers.whoAmI)))
        #expect(machine.drain() == [])
        #expect(machine.finished(.wrong) == [.send(.result(1, .bind, .invalidCredentials, "")), notice, .close])
        var idle = self.machine()
        #expect(idle.drain() == [notice, .close])
        #expect(idle.drain() == [])
    }

    @Test func whatIsNotLDAPEndsTheConnection() {
        var machine = machine()
        #expect(machine.malformed() == [.send(.disconnection(.protocolError, "this is not LDAP")), .close])
        #expect(!machine.takesMessages)
    }

    @Test(arguments: [(false, 3), (true, 2)])
    func theRootDSETellsWhatIsOffered(isSecure: Bool, extensions: Int) throws {
        var machine = machine(isSecure: isSecure)
        let query = MessageBytes.search(1, base: "", attributes: ["supportedExtension"])
        let actions = machine.received(try MessageBytes.decoded(query))
        guard case .send(.entry(1, let attributes)) = actions.first else { throw WireTestFailure() }
        #expect(attributes.map(\.name) == ["supportedExtension"])
        #expect(attributes.first?.values.count == extensions)
        #expect(actions.last == .send(.result(1, .search, .success, "")))
    }
}
