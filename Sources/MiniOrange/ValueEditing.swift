package import LDAPClient
package import SyncModel

/// How values of one attribute come and go by themselves although a server takes a modify as a whole or not at all: what it refuses is divided until
/// each refusal is one value's. Pure: it says what to send next and is told what came of it.
package struct ValueEditing: Hashable, Sendable {
    /// Values in one modify. A server writes an entry anew for each modify, so more are always faster; the engine hands over no more than this.
    package static let valuesPerRequest = 1000
    /// For fewer removals it is not worth a question which of them are absent.
    package static let removalsWorthSifting = 8

    package enum Unit: Hashable, Sendable {
        case add(Octets)
        case remove(Octets)
        /// Both are the same value to the server: apart, one of them would undo the other.
        case respell(old: Octets, new: Octets)

        fileprivate var isRemoval: Bool { if case .remove = self { true } else { false } }
        fileprivate var isAddition: Bool { if case .add = self { true } else { false } }

        fileprivate var removed: Octets? {
            switch self {
            case .add: nil
            case .remove(let value), .respell(let value, _): value
            }
        }

        fileprivate var added: Octets? {
            switch self {
            case .remove: nil
            case .add(let value), .respell(_, let value): value
            }
        }

        fileprivate var value: Octets? { added ?? removed }
    }

    /// One modify.
    package struct Request: Hashable, Sendable {
        package var units: [Unit]
        /// Added besides, since without it no value would be left.
        package var placeholder: Octets?
        /// Whether what it removes was there a moment ago.
        fileprivate var isSifted: Bool

        package init(_ units: [Unit], placeholder: Octets? = nil) {
            self.init(units, placeholder: placeholder, isSifted: false)
        }

        fileprivate init(_ units: [Unit], placeholder: Octets? = nil, isSifted: Bool) {
            self.units = units
            self.placeholder = placeholder
            self.isSifted = isSifted
        }

        /// What goes with it, in any case.
        package var removed: [Octets] { units.compactMap(\.removed) }

        /// Deletes come first: a value that is spelled anew must be gone before it comes.
        package func modifications(_ attribute: String) -> [Modification] {
            let removed = removed
            var added = units.compactMap(\.added)
            if let placeholder, !added.contains(placeholder) { added.append(placeholder) }
            return (removed.isEmpty ? [] : [Modification(.delete, attribute, removed)])
                + (added.isEmpty ? [] : [Modification(.add, attribute, added)])
        }
    }

    package enum Verdict: Hashable, Sendable {
        /// There may be something to send.
        case goOn
        /// It is to be asked which of the values that the request removes are there; ``sifted(_:_:present:)`` follows.
        case sift
        /// The entry isn't what or where it was thought to be: it is to be read. Where it turns out to be both, ``entryIsThere(_:_:)`` follows.
        case look
        case stop(WriteOutcome)
    }

    private let placeholder: Octets?
    private let isGuarded: Bool
    private let canSift: Bool
    /// The next one is the last.
    private var waiting: [Request] = []
    package private(set) var refused: [RefusedValue] = []
    /// What was to go and was not there.
    package private(set) var absent: [Octets] = []
    /// Whether a request was carried out.
    package private(set) var isBegun = false

    /// `canSift`: the server can be asked for some of an attribute's values.
    package init(_ edits: ValueEdits, canSift: Bool = false, valuesPerRequest: Int = Self.valuesPerRequest) {
        placeholder = edits.placeholder
        isGuarded = edits.isGuarded
        self.canSift = canSift
        let units = Self.units(edits)
        // What stands in for another comes with its going, or not at all.
        let size = edits.isGuarded ? units.count : valuesPerRequest
        var start = 0
        while start < units.count {
            let end = min(start + size, units.count)
            waiting.append(Request(Array(units[start..<end])))
            start = end
        }
        waiting.reverse()
    }

    /// The modify to send now; nil at the end.
    package mutating func next() -> Request? { waiting.popLast() }

    package mutating func succeeded() { isBegun = true }

    package mutating func failed(_ request: Request, _ error: LDAPError) -> Verdict {
        guard let result = error.serverResult else {
            if case .invalidRequest(_, let code, let message) = error {
                return .stop(.refused(Refusal(reason: .invalid, code: code.rawValue, message: message)))
            }
            return .stop(error.mayHaveTakenEffect ? .unknown : .unavailable)
        }
        switch result.code {
        case .busy, .unavailable, .timeLimitExceeded, .adminLimitExceeded, .operationsError:
            return .stop(.unavailable)
        case .assertionFailed, .noSuchObject:
            return .look
        case .undefinedAttributeType, .referral, .confidentialityRequired, .strongerAuthRequired,
            .unavailableCriticalExtension:
            // No value has a part in these.
            return .stop(.refused(WriteAnswer.refusal(result)))
        case .objectClassViolation where mayLackValues(request):
            waiting.append(Request(request.units, placeholder: placeholder, isSifted: request.isSifted))
        case .noSuchAttribute where isGuarded:
            return .look
        case .noSuchAttribute
        where canSift && !request.isSifted && request.removed.count >= Self.removalsWorthSifting:
            return .sift
        default:
            divide(request, result)
        }
        return .goOn
    }

    /// After a `look`: the entry is there, under its name, so that the refusal concerned a value.
    package mutating func entryIsThere(_ request: Request, _ error: LDAPError) {
        if let result = error.serverResult { divide(request, result) }
    }

    /// After a `sift`: `present` are those values that the server holds to equal one that the request removes, in its own spelling; nil where it did not
    /// say. An account removes only what it has read before, so that what is not seen is not there.
    package mutating func sifted(_ request: Request, _ error: LDAPError, present: [Octets]?) {
        guard let result = error.serverResult else { return }
        let removed = Set(request.removed.map(Self.key))
        let found = present.map { Set($0.map(Self.key)) }
        // A value that none here equals by its spelling leaves open which one the server means.
        guard let found, found.isSubset(of: removed) else {
            return divide(Request(request.units, isSifted: true), result)
        }
        let units = request.units.compactMap { unit -> Unit? in
            guard let value = unit.removed, !found.contains(Self.key(value)) else { return unit }
            guard let added = unit.added else {
                absent.append(value)
                return nil
            }
            return .add(added)
        }
        if !units.isEmpty { waiting.append(Request(units, isSifted: true)) }
    }

    private func mayLackValues(_ request: Request) -> Bool {
        placeholder != nil && request.placeholder == nil && !request.units.allSatisfy(\.isAddition)
    }

    private mutating func divide(_ request: Request, _ result: LDAPResult) {
        let units = request.units
        guard units.count > 1 else {
            if let unit = units.first { settle(unit, result) }
            return
        }
        if result.code == .noSuchAttribute {
            // A removal's fault: what comes is not held up by it, and comes first, so that there is always a value.
            let removals = units.filter(\.isRemoval)
            let others = units.filter { !$0.isRemoval }
            if !removals.isEmpty && !others.isEmpty {
                waiting.append(Request(removals, isSifted: request.isSifted))
                waiting.append(Request(others, isSifted: request.isSifted))
                return
            }
        }
        waiting.append(Request(Array(units[(units.count / 2)...]), isSifted: request.isSifted))
        waiting.append(Request(Array(units[..<(units.count / 2)]), isSifted: request.isSifted))
    }

    /// What is refused for one value alone.
    private mutating func settle(_ unit: Unit, _ result: LDAPResult) {
        switch (unit, result.code) {
        case (.remove(let value), .noSuchAttribute): absent.append(value)
        case (.add, .attributeOrValueExists): break
        case (.respell(_, let new), .noSuchAttribute):
            waiting.append(Request([.add(new)]))
        default:
            guard let value = unit.value else { return }
            refused.append(RefusedValue(value: value, refusal: WriteAnswer.refusal(result)))
        }
    }

    /// In the order of sending: what comes before what goes.
    private static func units(_ edits: ValueEdits) -> [Unit] {
        guard !edits.add.isEmpty && !edits.remove.isEmpty else {
            return edits.add.map(Unit.add) + edits.remove.map(Unit.remove)
        }
        var removals: [Octets: Octets] = [:]
        for value in edits.remove { removals[key(value)] = value }
        var respelled: Set<Octets> = []
        var units: [Unit] = edits.add.map { value in
            guard let old = removals.removeValue(forKey: key(value)) else { return .add(value) }
            respelled.insert(old)
            return .respell(old: old, new: value)
        }
        units += edits.remove.filter { !respelled.contains($0) }.map(Unit.remove)
        return units
    }

    /// Equal for values that a server may hold to be equal; it does no harm where it holds them to be different.
    private static func key(_ value: Octets) -> Octets {
        if let name = try? DistinguishedName(parsing: value) { return name.normalized }
        return value.text.map { Octets(CaseFolding.lowercaseName($0)) } ?? value
    }
}
