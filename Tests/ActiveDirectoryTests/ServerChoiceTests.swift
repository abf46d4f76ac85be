import LDAPClient
import Testing

@testable import ActiveDirectory

@Suite("Which server the writer goes to")
struct ServerChoiceTests {
    private static let one = LDAPEndpoint(transport: .ldaps, host: "dc1")
    private static let two = LDAPEndpoint(transport: .ldaps, host: "dc2")
    private static let three = LDAPEndpoint(transport: .ldaps, host: "dc3")

    @Test(
        arguments: [
            (nil, [one, two]),
            (one, [one, two]),
            (two, [two, one]),
            // What isn't configured any more is not asked.
            (three, [one, two]),
        ] as [(LDAPEndpoint?, [LDAPEndpoint])]
    )
    func theFeedsServerComesFirst(current: LDAPEndpoint?, expected: [LDAPEndpoint]) {
        #expect(ServerChoice.order([Self.one, Self.two], startingWith: current) == expected)
    }

    @Test(
        arguments: [
            (one, nil, nil, false),
            (one, nil, one, false),
            (one, nil, two, true),
            (one, one, two, true),
            // The feed's server could not be reached: another attempt with each write would be no better.
            (one, two, two, false),
            (one, two, three, true),
        ] as [(LDAPEndpoint, LDAPEndpoint?, LDAPEndpoint?, Bool)]
    )
    func aConnectionFollowsTheFeed(
        endpoint: LDAPEndpoint,
        wanted: LDAPEndpoint?,
        current: LDAPEndpoint?,
        isLeft: Bool
    ) {
        #expect(ServerChoice.isLeft(endpoint, wanted: wanted, current: current) == isLeft)
    }

    @Test func theLastServerIsKept() {
        let choice = ServerChoice()
        #expect(choice.current == nil)
        choice.choose(Self.two)
        #expect(choice.current == Self.two)
    }
}
