internal import LDAPClient
internal import SyncModel
internal import Synchronization

/// What it takes to understand stamps and rights at one server, asked for once a connection: the numbers and ids of attributes, the names of servers, and whom the
/// server takes the account for.
///
/// Whoever first needs an attribute asks for it in the same round trip as for the entry; others that come meanwhile wait for that answer.
final class ServerDictionary: Sendable {
    /// What the schema tells of an attribute.
    struct Attribute: Hashable, Sendable {
        /// Nil where the schema does not tell.
        var number: AttributeNumber?
        /// Its values have stamps of their own, and the attribute has none ([MS-ADTS] 3.1.1.2.4).
        var isLink: Bool
        /// What is not, or is made up when it is read, has no stamp.
        var isReplicated: Bool
        /// schemaIDGUID, by which rights are given for it.
        var identifier: Octets?
        /// attributeSecurityGUID: the set of attributes that it is in, by which rights may be given as well.
        var propertySet: Octets?
        /// Whether reading it takes the right of control, too ([MS-ADTS] 3.1.1.4.4).
        var isConfidential = false

        static let unknown = Attribute(number: nil, isLink: false, isReplicated: false)
    }

    /// All that is known, for what was asked.
    struct Words: Hashable, Sendable {
        /// By lower-cased name.
        var attributes: [String: Attribute]
        /// Host names, by invocationId.
        var servers: [Anchor: String]
        /// The SIDs that stand for the account; none where the server does not tell.
        var token: Set<Octets> = []
    }

    /// Questions that one asker puts for all.
    struct Questions: Sendable {
        fileprivate var attributes: [String]
        /// Whether the servers and the account are asked for.
        fileprivate var asksServers: Bool
        let requests: [SearchRequest]
    }

    private struct State {
        var attributes: [String: Attribute] = [:]
        var askedAttributes: Set<String> = []
        var servers: [Anchor: String]?
        var token: Set<Octets>?
        var isAskingServers = false
        /// Whether this account has seen replPropertyMetaData here.
        var showsMetadata = false
        var waiting: [(names: [String], then: @Sendable (Words?) -> Void)] = []
    }

    private let state = Mutex(State())

    /// What is to be asked along with the entry; none where others have, or had, asked it.
    func questions(for names: [String], at controller: DomainController) -> Questions {
        state.withLock { state in
            let attributes = Set(names).filter { state.attributes[$0] == nil && !state.askedAttributes.contains($0) }
            let asksServers = (state.servers == nil || state.token == nil) && !state.isAskingServers
            state.askedAttributes.formUnion(attributes)
            state.isAskingServers = state.isAskingServers || asksServers
            let sorted = attributes.sorted()
            var requests: [SearchRequest] = []
            if !sorted.isEmpty { requests.append(Self.schemaRequest(sorted, at: controller)) }
            if asksServers { requests += [Self.serversRequest(at: controller), Self.tokenRequest] }
            return Questions(attributes: sorted, asksServers: asksServers, requests: requests)
        }
    }

    /// Takes the answers to all requests of `questions`, and goes on with whoever waits for them.
    func take(_ answers: some Collection<Result<PipelinedAnswer, LDAPError>>, to questions: Questions) {
        var answers = Array(answers)[...]
        var attributes: [String: Attribute]?
        if !questions.attributes.isEmpty, let answer = answers.popFirst() {
            attributes = Self.entries(in: answer).map { Self.attributes(questions.attributes, in: $0) }
        }
        var servers: [Anchor: String]?
        if questions.asksServers, let answer = answers.popFirst() {
            servers = Self.entries(in: answer).map(Self.servers)
        }
        var token: Set<Octets>?
        if questions.asksServers, let answer = answers.popFirst() {
            token = Self.entries(in: answer).map { Set($0.first?["tokenGroups"] ?? []) }
        }
        let ready = state.withLock { state -> [(then: @Sendable (Words?) -> Void, words: Words?)] in
            state.askedAttributes.subtract(questions.attributes)
            state.attributes.merge(attributes ?? [:]) { $1 }
            if questions.asksServers {
                state.isAskingServers = false
                state.servers = servers ?? state.servers
                state.token = token ?? state.token
            }
            let (ready, waiting) = state.waiting.split { Self.isSettled($0.names, state) }
            state.waiting = waiting
            return ready.map { ($0.then, Self.words($0.names, state)) }
        }
        for (then, words) in ready { then(words) }
    }

    /// Calls `then` as soon as what was asked about the attributes is answered; with nil where no answer came.
    func whenKnown(_ names: [String], _ then: @escaping @Sendable (Words?) -> Void) {
        let words = state.withLock { state -> Words?? in
            if Self.isSettled(names, state) { return .some(Self.words(names, state)) }
            state.waiting.append((names, then))
            return nil
        }
        if let words { then(words) }
    }

    func notesMetadata(_ isShown: Bool) {
        state.withLock { $0.showsMetadata = isShown }
    }

    /// Whether the numbers alone tell all, so that what Windows writes out in words (msDS-Repl…MetaData, twenty times as long) is not needed.
    func needsNoFragments(_ names: [String]) -> Bool {
        state.withLock { state in
            state.showsMetadata && names.allSatisfy { state.attributes[$0]?.number != nil }
        }
    }

    func isLink(_ name: String) -> Bool {
        state.withLock { $0.attributes[name]?.isLink ?? false }
    }

    private static func isSettled(_ names: [String], _ state: State) -> Bool {
        !state.isAskingServers && names.allSatisfy { !state.askedAttributes.contains($0) }
    }

    private static func words(_ names: [String], _ state: State) -> Words? {
        var words = Words(attributes: [:], servers: state.servers ?? [:], token: state.token ?? [])
        for name in names {
            guard let attribute = state.attributes[name] else { return nil }
            words.attributes[name] = attribute
        }
        return words
    }

    /// None where the server refuses; nil where there is no answer, and it may be asked again.
    private static func entries(in answer: Result<PipelinedAnswer, LDAPError>) -> [LDAPEntry]? {
        switch answer {
        case .success(.search(let result)): result.entries
        case .success(.response): []
        case .failure(let error): error.serverResult != nil && error.disposition == .refuse ? [] : nil
        }
    }
}

extension ConnectedServer {
    /// Reads an entry, and in the same round trip what is still to be known of these attributes to understand it; nil where that is not known, and it may be asked again.
    func read(
        _ request: SearchRequest,
        understanding names: [String],
        _ then: @escaping @Sendable (Result<PipelinedAnswer, LDAPError>, ServerDictionary.Words?) -> Void
    ) {
        let questions = dictionary.questions(for: names, at: controller)
        let requests = questions.requests + [request]
        connection.submit(requests.map(PipelinedRequest.search)) { [dictionary] answers in
            dictionary.take(answers.dropLast(), to: questions)
            dictionary.whenKnown(names) { then(answers[answers.count - 1], $0) }
        }
    }
}

// Questions and answers.
extension ServerDictionary {
    private static func schemaRequest(_ names: [String], at controller: DomainController) -> SearchRequest {
        SearchRequest(
            base: controller.schemaNamingContext ?? "CN=Schema,CN=Configuration,\(controller.namingContext)",
            scope: .oneLevel,
            filter: Filter.or(names.map { .equality("lDAPDisplayName", Octets($0)) }).description,
            attributes: [
                "lDAPDisplayName", "attributeID", "msDS-IntId", "linkID", "systemFlags", "searchFlags", "schemaIDGUID",
                "attributeSecurityGUID",
            ]
        )
    }

    /// Of the root DSE: the SIDs of whoever asks, as the server judges by them ([MS-ADTS] 3.1.1.3.2.24).
    private static let tokenRequest = SearchRequest(base: "", scope: .base, attributes: ["tokenGroups"])

    /// All servers of the forest at once: there are few, and any of them may have set anything.
    private static func serversRequest(at controller: DomainController) -> SearchRequest {
        let configuration = controller.configurationNamingContext ?? "CN=Configuration,\(controller.namingContext)"
        return SearchRequest(
            base: "CN=Sites,\(configuration)",
            scope: .subtree,
            filter: "(|(objectClass=nTDSDSA)(objectClass=server))",
            attributes: ["invocationId", "dNSHostName"]
        )
    }

    static func attributes(_ names: [String], in schema: [LDAPEntry]) -> [String: Attribute] {
        var attributes = Dictionary(uniqueKeysWithValues: names.map { ($0, Attribute.unknown) })
        for entry in schema {
            guard let name = entry.text("lDAPDisplayName")?.lowercased(), attributes[name] != nil else { continue }
            let number = entry.text("attributeID").flatMap {
                AttributeNumber(objectIdentifier: $0, internalNumber: entry.text("msDS-IntId"))
            }
            let flags = entry.text("systemFlags").flatMap { Int32($0) } ?? 0
            attributes[name] = Attribute(
                number: number,
                isLink: entry.first("linkID") != nil,
                isReplicated: flags & (notReplicated | constructed) == 0,
                identifier: entry.first("schemaIDGUID"),
                propertySet: entry.first("attributeSecurityGUID"),
                isConfidential: (entry.text("searchFlags").flatMap { Int32($0) } ?? 0) & confidential != 0
            )
        }
        return attributes
    }

    /// systemFlags of an attribute ([MS-ADTS] 2.2.10).
    private static let notReplicated: Int32 = 0x1
    private static let constructed: Int32 = 0x4
    /// searchFlags ([MS-ADTS] 2.2.9).
    private static let confidential: Int32 = 0x80

    /// An nTDSDSA stands right below its server ([MS-ADTS] 6.1.1.2.2.1.2.1.1).
    static func servers(in entries: [LDAPEntry]) -> [Anchor: String] {
        var hosts: [Octets: String] = [:]
        for entry in entries {
            guard let host = entry.text("dNSHostName"), let name = try? DistinguishedName(parsing: entry.dn) else {
                continue
            }
            hosts[name.normalized] = host
        }
        var servers: [Anchor: String] = [:]
        for entry in entries {
            guard let octets = entry.first("invocationId"), let invocationID = Anchor(octets: octets.bytes),
                let server = (try? DistinguishedName(parsing: entry.dn))?.parent
            else { continue }
            servers[invocationID] = hosts[server.normalized] ?? server.leaf?.value.text
        }
        return servers
    }
}

extension Array {
    fileprivate func split(_ isFirst: (Element) -> Bool) -> (first: [Element], rest: [Element]) {
        (filter(isFirst), filter { !isFirst($0) })
    }
}
