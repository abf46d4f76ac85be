import LDAPClient
import SyncModel
import Testing

@testable import ActiveDirectory

@Suite("The dictionary of stamps and rights")
struct ServerDictionaryTests {
    private typealias Answer = Result<PipelinedAnswer, LDAPError>

    private static func controller() throws -> DomainController {
        DomainController(
            endpoint: try LDAPEndpoint("ldaps://127.0.0.1"),
            namingContext: "DC=syncline,DC=test",
            service: "CN=NTDS Settings,CN=DC1",
            invocationID: Anchor(high: 1, low: 1),
            highestCommittedUSN: 1
        )
    }

    private static func answer(_ entries: [LDAPEntry]) -> Answer {
        .success(.search(SearchResult(entries: entries, result: LDAPResult(code: .success))))
    }

    private static let title = LDAPEntry(
        dn: "CN=Title",
        attributes: [LDAPAttribute("lDAPDisplayName", ["title"]), LDAPAttribute("attributeID", ["2.5.4.12"])]
    )

    private static let root = LDAPEntry(dn: "", attributes: [LDAPAttribute("tokenGroups", ["me", "everyone"])])

    private static let lost = LDAPError.timedOut(.search, wasSent: true)
    private static let refused = LDAPError.refused(.search, LDAPResult(code: .insufficientAccessRights))

    @Test func oneAsksForAllAndTheOthersWaitForItsAnswer() throws {
        let dictionary = ServerDictionary()
        let controller = try Self.controller()
        let first = dictionary.questions(for: ["title"], at: controller)
        #expect(
            first.requests.map(\.base) == [
                "CN=Schema,CN=Configuration,DC=syncline,DC=test", "CN=Sites,CN=Configuration,DC=syncline,DC=test", "",
            ]
        )
        #expect(first.requests.first?.filter == "(|(lDAPDisplayName=title))")
        let second = dictionary.questions(for: ["title", "mail"], at: controller)
        #expect(second.requests.map(\.filter) == ["(|(lDAPDisplayName=mail))"])
        let known = Collected<[String]>()
        dictionary.whenKnown(["title", "mail"]) { known.add($0?.attributes.keys.sorted() ?? []) }
        dictionary.take([Self.answer([Self.title]), Self.answer([]), Self.answer([Self.root])], to: first)
        #expect(known.all.isEmpty)
        dictionary.take([Self.answer([])], to: second)
        #expect(known.all == [["mail", "title"]])
        #expect(dictionary.questions(for: ["mail", "title"], at: controller).requests.isEmpty)
        dictionary.whenKnown(["title"]) {
            known.add([$0?.attributes["title"]?.number == AttributeNumber(rawValue: 12) ? "12" : ""])
        }
        #expect(known.all.last == ["12"])
        let token = Collected<Set<Octets>?>()
        dictionary.whenKnown(["title"]) { token.add($0?.token) }
        #expect(token.all == [["everyone", "me"]])
    }

    @Test func withoutAnAnswerNobodyWaitsOnAndItIsAskedAgain() throws {
        let dictionary = ServerDictionary()
        let controller = try Self.controller()
        let questions = dictionary.questions(for: ["title"], at: controller)
        let known = Collected<Bool>()
        dictionary.whenKnown(["title"]) { known.add($0 != nil) }
        dictionary.take([.failure(Self.lost), .failure(Self.lost), .failure(Self.lost)], to: questions)
        #expect(known.all == [false])
        #expect(dictionary.questions(for: ["title"], at: controller).requests.count == 3)
    }

    @Test func aRefusalIsAnAnswer() throws {
        let dictionary = ServerDictionary()
        let controller = try Self.controller()
        let questions = dictionary.questions(for: ["title"], at: controller)
        dictionary.take([.failure(Self.refused), .failure(Self.refused), .failure(Self.refused)], to: questions)
        let known = Collected<ServerDictionary.Words?>()
        dictionary.whenKnown(["title"]) { known.add($0) }
        #expect(known.all == [ServerDictionary.Words(attributes: ["title": .unknown], servers: [:])])
        #expect(dictionary.questions(for: ["title"], at: controller).requests.isEmpty)
    }

    @Test func fragmentsAreAskedForUntilTheNumbersAreSeenToServe() throws {
        let dictionary = ServerDictionary()
        let questions = dictionary.questions(for: ["title", "mail"], at: try Self.controller())
        dictionary.take([Self.answer([Self.title]), Self.answer([]), Self.answer([])], to: questions)
        #expect(!dictionary.needsNoFragments(["title"]))
        dictionary.notesMetadata(true)
        #expect(dictionary.needsNoFragments(["title"]))
        #expect(!dictionary.needsNoFragments(["title", "mail"]))
        dictionary.notesMetadata(false)
        #expect(!dictionary.needsNoFragments(["title"]))
    }
}
