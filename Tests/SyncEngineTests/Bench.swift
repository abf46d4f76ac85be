import Mapping
import Support
import SyncEngine
import SyncModel

/// The engine between two simulated directories, one move at a time. What each move starts comes back in lines: "ad modify 5 mail: [a] -> [b]".
final class Bench {
    let directories = PerSide(ad: SimulatedDirectory(.ad), miniorange: SimulatedDirectory(.miniorange))
    let store = InMemoryStore()
    private(set) var configuration: EngineConfiguration
    var engine: Engine
    var now = Timestamp(milliseconds: 1_800_000_000_000)
    /// Started and not answered, in the order of starting.
    private(set) var sent: [Write] = []
    private var told = PerSide<Int>(both: 0)
    /// What the engine has told of accounts since the bench began.
    private(set) var accountChanges: [AccountChange] = []

    static let bases = PerSide(ad: "OU=People,DC=syncline,DC=test", miniorange: "ou=people,dc=syncline,dc=test")

    /// Both sides have the base, and below it a container `North`; both are connected and completely read.
    convenience init(window: Int = 32, _ specify: (inout ObjectSpecification) -> Void = { _ in }) throws {
        var specification = try Bench.specification()
        specify(&specification)
        try self.init(window: window, objects: [specification])
    }

    init(window: Int = 32, objects: [ObjectSpecification]) throws {
        configuration = EngineConfiguration(
            objects: try ObjectSpecification.linked(objects).map { try ObjectMapping($0) },
            writesInFlight: PerSide(both: window)
        )
        engine = Engine(configuration: configuration)
        for side in Side.allCases {
            let people = try container(side, side == .ad ? "People" : "people", below: directories[side].top)
            _ = try container(side, "North", below: people)
        }
        try start()
        for side in Side.allCases {
            _ = try connect(side)
            _ = try tell(side)
            _ = try complete(side)
        }
    }

    static func specification() throws -> ObjectSpecification {
        func scope(_ side: Side) throws -> ScopeSpecification {
            ScopeSpecification(
                base: try DistinguishedName(parsing: bases[side]),
                filter: try Filter(parsing: side == .ad ? "(objectClass=user)" : "(objectClass=inetOrgPerson)"),
                objectClasses: side == .ad ? ["top", "person", "organizationalPerson", "user"] : ["inetOrgPerson"],
                rdn: side == .ad ? "cn" : "uid"
            )
        }
        func value(_ ad: String, _ miniorange: String, _ type: RuleType = .value) -> AttributeSpecification {
            AttributeSpecification(
                ad: ad,
                miniorange: miniorange,
                type: type,
                isSingleValuedAtAD: AttributePreset.isSingleValuedAtAD(ad)
            )
        }
        return ObjectSpecification(
            name: "people",
            kind: .user,
            scopes: PerSide(ad: try scope(.ad), miniorange: try scope(.miniorange)),
            match: [
                MatchSpecification(ad: "sAMAccountName", miniorange: "uid"),
                MatchSpecification(ad: "mail", miniorange: "mail"),
            ],
            attributes: [
                value("sAMAccountName", "uid"), value("cn", "cn"), value("sn", "sn"), value("mail", "mail"),
                value("displayName", "displayName"), value("postOfficeBox", "postOfficeBox"),
                value("manager", "manager", .reference),
            ]
        )
    }

    // MARK: The engine

    /// A new process on the same store.
    func start(mapping: Octets = "bench") throws {
        engine = Engine(configuration: configuration)
        sent = []
        try store.write { try engine.recover($0, mapping: mapping, now: now) }
    }

    func demand(_ side: Side) throws -> ReadingDemand { try store.write { try Engine.readingDemand(side, $0) } }

    /// A new process with another configuration, of the same mapping unless told otherwise.
    func configure(
        mapping: Octets = "bench",
        others: [ObjectSpecification] = [],
        _ specify: (inout ObjectSpecification) -> Void
    ) throws {
        var specification = try Bench.specification()
        specify(&specification)
        configuration.objects = try ObjectSpecification.linked([specification] + others).map { try ObjectMapping($0) }
        engine = Engine(configuration: configuration)
        sent = []
        try store.write { try engine.recover($0, mapping: mapping, conflicts: "other", now: now) }
        for side in Side.allCases { _ = try connect(side) }
    }

    @discardableResult
    func step(_ event: EngineEvent = .tick) throws -> [String] {
        var lines: [String] = []
        var event = event
        repeat {
            let writes = try store.write { try engine.step([event], $0, now: now) }
            sent += writes
            accountChanges += engine.accountChanges
            lines += writes.map { "\($0.side.name) \($0.operation.line)" }
            event = .tick
        } while engine.hasWork
        return lines
    }

    func connect(_ side: Side, stepBack: StepBack? = nil) throws -> [String] {
        let name = try DistinguishedName(parsing: Bench.bases[side])
        let roots = directories[side].anchor(named: name).flatMap(directories[side].snapshot).map { [$0] } ?? []
        return try step(.feed(side, .connected(server: "bench", roots: roots, stepBack: stepBack)))
    }

    func disconnect(_ side: Side) throws { try step(.feed(side, .disconnected)) }

    /// The feed tells what changed since it last did.
    @discardableResult
    func tell(_ side: Side) throws -> [String] {
        let records = directories[side].log[told[side]...]
        told[side] = directories[side].log.count
        let changes = records.map { record in record.snapshot.map { Change.present($0) } ?? .deleted(record.anchor) }
        return try step(.feed(side, .changes(changes, cursor: cursor(side))))
    }

    /// What is told of it otherwise the feed does not tell once more.
    func skip(_ side: Side) { told[side] = directories[side].log.count }

    /// Up to what was told last. Nothing is on its way at either server.
    func cursor(_ side: Side) -> Cursor { SimulatedFeed.cursor(told[side], knownUntil: now) }

    /// A complete read has ended.
    @discardableResult
    func complete(_ side: Side) throws -> [String] {
        let present = directories[side].entries.keys.sorted()
        return try step(.feed(side, .complete(present: present, cursor: cursor(side))))
    }

    /// The server carries out the first write that it was sent, and its answer arrives.
    @discardableResult
    func answer() throws -> [String] {
        let write = sent.removeFirst()
        return try step(.settled(write.id, directory(write.side).perform(write.operation)))
    }

    /// As `answer`, of the write that was sent last; or it ends like this.
    @discardableResult
    func answerLast(_ outcome: WriteOutcome? = nil) throws -> [String] {
        let write = sent.removeLast()
        return try step(.settled(write.id, outcome ?? directory(write.side).perform(write.operation)))
    }

    /// The first write ends like this, whatever the server did.
    @discardableResult
    func answer(_ outcome: WriteOutcome, carriedOut: Bool = false) throws -> [String] {
        let write = sent.removeFirst()
        if carriedOut { _ = directory(write.side).perform(write.operation) }
        return try step(.settled(write.id, outcome))
    }

    /// Everything is told and answered until nothing happens any more; what was started meanwhile.
    @discardableResult
    func settle() throws -> [String] {
        var lines: [String] = []
        for _ in 0..<200 {
            if !sent.isEmpty {
                lines += try answer()
            } else if let side = Side.allCases.first(where: { told[$0] < directories[$0].log.count }) {
                lines += try tell(side)
            } else {
                return lines
            }
        }
        return lines + ["does not come to rest"]
    }

    func pass(milliseconds: Int64) throws -> [String] {
        now = now.advanced(byMilliseconds: milliseconds)
        return try step()
    }

    // MARK: The users

    /// The directory at this moment.
    private func directory(_ side: Side) -> SimulatedDirectory {
        directories[side].now = now.milliseconds
        return directories[side]
    }

    func container(_ side: Side, _ name: String, below parent: Anchor) throws -> Anchor {
        try directories[side].add(
            below: parent,
            RelativeDistinguishedName(type: side == .ad ? "OU" : "ou", value: Octets(name)),
            ["objectclass": ["top", "organizationalUnit"], "ou": [Octets(name)]]
        ).get()
    }

    func place(_ side: Side, _ path: String = "") throws -> Anchor {
        let base = try DistinguishedName(parsing: path + Bench.bases[side])
        guard let anchor = directories[side].anchor(named: base) else { throw SimulatedRefusal.noParent }
        return anchor
    }

    /// A person whose cn, sn and account follow from one name, so that both sides' entries match.
    @discardableResult
    func create(_ side: Side, _ name: String, _ attributes: Attributes = [:], path: String = "") throws -> Anchor {
        var held = attributes
        let lower = Octets(name.lowercased())
        held["objectclass"] = side == .ad ? ["top", "person", "organizationalPerson", "user"] : ["inetOrgPerson"]
        held["cn"] = [Octets(name)]
        if held["sn"].isEmpty { held["sn"] = ["Lee"] }
        let account = side == .ad ? "samaccountname" : "uid"
        if held[account].isEmpty { held[account] = [lower] }
        let rdn =
            side == .ad
            ? RelativeDistinguishedName(type: "CN", value: Octets(name))
            : RelativeDistinguishedName(type: "uid", value: held[account][0])
        return try directory(side).add(below: try place(side, path), rdn, held).get()
    }

    func set(_ side: Side, _ anchor: Anchor, _ attribute: String, _ values: [Octets]) throws {
        if let refusal = directory(side).modify(anchor, [(attribute, values)]) { throw refusal }
    }

    func delete(_ side: Side, _ anchor: Anchor) throws {
        if let refusal = directory(side).delete(anchor) { throw refusal }
    }

    func move(_ side: Side, _ anchor: Anchor, to path: String, rdn: RelativeDistinguishedName? = nil) throws {
        guard let entry = directories[side].entries[anchor] else { throw SimulatedRefusal.noSuchEntry }
        if let refusal = directory(side).rename(anchor, below: try place(side, path), rdn ?? entry.rdn) {
            throw refusal
        }
    }

    /// The entry of the same person on the other side, by account.
    func counterpart(_ side: Side, _ account: String) -> Anchor? {
        let name = side == .ad ? "samaccountname" : "uid"
        return directories[side].sorted.first { $0.attributes[name].contains(Octets(account)) }?.anchor
    }

    func values(_ side: Side, _ account: String, _ attribute: String) -> String {
        counterpart(side, account).flatMap { directories[side].entries[$0] }?.attributes[attribute].line ?? "no entry"
    }

    var quarantine: [String] {
        store.quarantined(after: nil, limit: .max).map { _, record in
            switch record.reason {
            case .refused(let side, let refusal): "refused by \(side.name): \(refusal.reason)"
            case .ambiguousMatch(let rule, let candidates): "ambiguous by rule \(rule): \(candidates.count)"
            case .noCounterpartForParent: "no counterpart for parent"
            case .missingRequiredValue(let name): "missing \(name)"
            case .vanished(let side): "vanished at \(side.name)"
            case .returned(let side): "returned at \(side.name)"
            case .unreadable(let side, let attributes):
                "\(attributes.joined(separator: ",")) unreadable at \(side.name)"
            case .protected(let side): "protected at \(side.name)"
            case .members(let side, let count, let refusal):
                "\(count) members refused by \(side.name): \(refusal.reason)"
            }
        }
    }
}
