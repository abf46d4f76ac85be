import LDAPClient
import Logging
import SyncModel
import Synchronization
import Testing

@testable import Gateway

/// What becomes of binds and changes, with directories that answer as told.
@Suite struct PasswordGatewayTests {
    private static let name = DistinguishedName([RelativeDistinguishedName(type: "uid", value: "anna")])
    static let anna = Account(key: .pair(PairID(1)), names: PerSide(both: name))
    private let directories = FakeDirectories(["anna": anna])

    private func gateway(
        authority: Side = .ad,
        memory: GatewayMemory? = nil,
        _ change: (inout GatewaySettings) -> Void = { _ in }
    ) throws -> PasswordGateway {
        var settings = GatewaySettings(authority: authority)
        change(&settings)
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        return PasswordGateway(
            settings: settings,
            directories: directories,
            memory: try memory ?? GatewayMemory(),
            logger: logger,
            audit: logger
        )
    }

    private func bind(_ name: String = "anna", _ password: String, _ gateway: PasswordGateway) async -> GatewayAnswer {
        await gateway.perform(.bind(name: name, MessageBytes.password(password)), from: "192.0.2.1")
    }

    private func change(
        _ former: String?,
        _ password: String,
        by requester: Account? = anna,
        _ gateway: PasswordGateway
    ) async -> GatewayAnswer {
        let request = PasswordChangeRequest(
            requester: requester,
            name: "anna",
            former: former.map(MessageBytes.password),
            password: MessageBytes.password(password)
        )
        return await gateway.perform(.change(request), from: "192.0.2.1")
    }

    private func delivering<Value: Sendable>(
        _ gateway: PasswordGateway,
        _ body: @Sendable () async throws -> Value
    ) async throws -> Value {
        let delivery = Task { await gateway.deliver() }
        defer { delivery.cancel() }
        return try await body()
    }

    private func eventually(_ holds: @Sendable () -> Bool) async throws {
        let end = ContinuousClock.now + .seconds(120)
        while !holds() {
            try #require(ContinuousClock.now < end, "it did not come")
            try await Task.sleep(for: .milliseconds(5))
        }
    }

    @Test(arguments: Side.allCases)
    func aGoodBindAsksTheAuthorityOnceAndTheOtherSideOnlyTheFirstTime(authority: Side) async throws {
        let gateway = try gateway(authority: authority)
        let directories = directories
        try await delivering(gateway) {
            #expect(await bind("anna", "secret", gateway).code == .success)
            try await eventually { directories.asked(.check(authority.opposite)) == 1 }
            try await eventually { gateway.pendingCount == 0 }
            for _ in 0..<10 { #expect(await bind("anna", "secret", gateway).code == .success) }
        }
        #expect(directories.asked(.check(authority)) == 11)
        #expect(directories.asked(.check(authority.opposite)) == 1)
        #expect(directories.asked(.reset(authority.opposite)) == 0)
    }

    @Test(arguments: Side.allCases)
    func aWrongPasswordIsOneAttemptAtTheAuthorityAndNoneAtTheOtherSide(authority: Side) async throws {
        let gateway = try gateway(authority: authority)
        let directories = directories
        directories.state.withLock { $0.passwords[authority] = "another" }
        try await delivering(gateway) {
            #expect(await bind("anna", "secret", gateway) == .wrong)
        }
        #expect(directories.state.withLock { $0.asked } == [.check(authority)])
    }

    @Test(arguments: Side.allCases)
    func aStaleSideIsBroughtUpToDateByABind(authority: Side) async throws {
        let gateway = try gateway(authority: authority)
        let directories = directories
        directories.state.withLock { $0.passwords[authority] = "newer" }
        try await delivering(gateway) {
            #expect(await bind("anna", "newer", gateway).code == .success)
            try await eventually { directories.passwords == PerSide(both: "newer") }
        }
        #expect(directories.asked(.check(authority.opposite)) == 1)
    }

    @Test func aDisabledAccountIsNotBroughtUpToDateAndNotAskedAgainAtEachBind() async throws {
        let gateway = try gateway()
        let directories = directories
        directories.state.withLock { $0.passwords.ad = "newer" }
        directories.answer(.objection(.miniorange), with: .refused(.disabled))
        try await delivering(gateway) {
            for _ in 0..<3 {
                #expect(await bind("anna", "newer", gateway).code == .success)
                try await eventually { gateway.pendingCount == 0 }
            }
        }
        #expect(directories.asked(.reset(.miniorange)) == 0)
        #expect(directories.asked(.check(.miniorange)) == 1)
    }

    @Test func aChangeThatReachesOneSideIsKeptShownAndDelivered() async throws {
        let memory = try GatewayMemory()
        let gateway = try gateway(memory: memory)
        let directories = directories
        directories.answer(.reset(.miniorange), with: .unavailable("down"))
        directories.answer(.objection(.miniorange), with: .unavailable("down"))
        let answer = await change("secret", "newer", gateway)
        #expect(answer.code == .unavailable)
        #expect(answer.words.contains("Active Directory has the new password"))
        #expect(directories.passwords == PerSide(ad: "newer", miniorange: "secret"))
        let shown = memory.pendingReport()
        #expect(shown.map(\.account) == ["uid=anna"])
        #expect(shown.map(\.side) == [.miniorange])
        // A reload of the configuration takes it along.
        let next = try self.gateway(memory: memory)
        directories.answer(.reset(.miniorange), with: nil)
        directories.answer(.objection(.miniorange), with: nil)
        try await delivering(next) {
            try await eventually { directories.passwords == PerSide(both: "newer") }
            try await eventually { memory.pendingReport().isEmpty }
        }
    }

    @Test func aLaterChangeTakesThePlaceOfOneThatIsPending() async throws {
        let memory = try GatewayMemory()
        let gateway = try gateway(memory: memory)
        let directories = directories
        directories.answer(.reset(.miniorange), with: .unavailable("down"))
        _ = await change("secret", "second", gateway)
        directories.answer(.reset(.miniorange), with: nil)
        #expect(await change("second", "third", gateway).code == .success)
        #expect(memory.pendingReport().isEmpty)
        try await delivering(gateway) { try await Task.sleep(for: .milliseconds(150)) }
        #expect(directories.passwords == PerSide(both: "third"))
    }

    @Test func whatIsPendingIsGivenUpWhenItsTimeIsOver() async throws {
        let memory = try GatewayMemory()
        let gateway = try gateway(memory: memory) { $0.keepsPending = .milliseconds(50) }
        let directories = directories
        directories.answer(.reset(.miniorange), with: .unavailable("down"))
        _ = await change("secret", "newer", gateway)
        #expect(memory.pendingReport().count == 1)
        try await delivering(gateway) { try await eventually { memory.pendingReport().isEmpty } }
        #expect(directories.passwords.miniorange == "secret")
    }

    @Test func whoFailsTooOftenIsNotAskedAboutAnyMoreAtTheAuthority() async throws {
        let gateway = try gateway {
            $0.limits.failuresPerAccount = 3
            $0.limits.window = .seconds(86_400)
        }
        for _ in 0..<3 { #expect(await bind("anna", "wrong", gateway) == .wrong) }
        #expect(await bind("anna", "wrong", gateway).code == .busy)
        // Whether the account exists makes no difference.
        for _ in 0..<3 { #expect(await bind("nobody", "wrong", gateway) == .wrong) }
        #expect(await bind("nobody", "wrong", gateway).code == .busy)
        #expect(directories.asked(.check(.ad)) == 3)
    }

    @Test func oneAddressFailsOnlySoOftenWhoeverItTries() async throws {
        let gateway = try gateway {
            $0.limits.failuresPerAddress = 2
            $0.limits.window = .seconds(86_400)
        }
        _ = await bind("x", "wrong", gateway)
        _ = await bind("y", "wrong", gateway)
        #expect(await bind("anna", "secret", gateway).code == .busy)
        let other = GatewayRequest.bind(name: "anna", MessageBytes.password("secret"))
        #expect(await gateway.perform(other, from: "192.0.2.2").code == .success)
    }

    @Test func goodBindsAreNotLimited() async throws {
        let gateway = try gateway { $0.limits.failuresPerAccount = 2 }
        for _ in 0..<20 { #expect(await bind("anna", "secret", gateway).code == .success) }
    }

    @Test func nobodyAndAWrongPasswordAreAnsweredAlikeAndNotSooner() async throws {
        let gateway = try gateway()
        let clock = ContinuousClock()
        var answers: [GatewayAnswer] = []
        for name in ["anna", "nobody"] {
            let took = await clock.measure { answers.append(await bind(name, "wrong", gateway)) }
            #expect(took >= .milliseconds(195))
        }
        #expect(answers == [.wrong, .wrong])
    }

    @Test func aPasswordThatHasExpiredIsSaidToWhoKnowsIt() async throws {
        let gateway = try gateway()
        directories.answer(.check(.ad), with: .demand(.mustChangePassword))
        #expect(
            await bind("anna", "secret", gateway)
                == GatewayAnswer(.invalidCredentials, "the password must be changed first")
        )
    }

    @Test func passwordsThatNeitherSideCouldTakeReachNeither() async throws {
        let gateway = try gateway()
        for password in ["", "{SSHA}0123456789"] {
            #expect(await change("secret", password, gateway).code == .constraintViolation)
        }
        #expect(directories.state.withLock { $0.asked }.isEmpty)
    }

    @Test func whereTheNamesCannotBeLookedUpNothingIsAsked() async throws {
        let gateway = try gateway()
        directories.state.withLock { $0.isUnavailable = true }
        #expect(await bind("anna", "secret", gateway).code == .unavailable)
        #expect(directories.state.withLock { $0.asked }.isEmpty)
    }

    @Test func changesOfOneAccountHappenOneAfterTheOther() async throws {
        let gateway = try gateway()
        let answers = await withTaskGroup { group in
            for number in 0..<8 {
                group.addTask { await change("secret", "newer\(number)", gateway).code }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        // One of them had the former password; both sides have what it set.
        #expect(answers.count { $0 == .success } == 1)
        #expect(directories.passwords.ad == directories.passwords.miniorange)
    }
}
