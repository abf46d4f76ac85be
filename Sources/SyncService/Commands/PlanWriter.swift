import Mapping
import SyncEngine
import SyncModel
import Synchronization

/// A writer that reads and never writes. Reads go through the real writer; of everything else it is noted what would be asked for.
///
/// An add is answered as the server would, with the entry under its name, since children, members and references wait for it; and a rename, since
/// what else changed of the entry is decided after it. All else is not answered before `abandon`: nothing follows from it.
final class PlanWriter: DirectoryWriter {
    private struct State {
        var recorded: [Write] = []
        var readsUnderWay = 0
        /// Entries that exist in this plan alone, by their anchors.
        var imagined: [Anchor: EntrySnapshot] = [:]
        var nextAnchor: UInt64 = 1
        var renamed: Set<PairID> = []
        var unanswered: [@Sendable (WriteOutcome) -> Void] = []
    }

    private let real: any DirectoryWriter
    private let side: Side
    private let mappings: [ObjectMapping]
    private let imagines: Bool
    private let state = Mutex(State())

    /// `imagines`: whether adds and renames are answered; else nothing is.
    init(_ real: any DirectoryWriter, _ side: Side, mappings: [ObjectMapping], imagines: Bool = true) {
        self.imagines = imagines
        self.real = real
        self.side = side
        self.mappings = mappings
    }

    var recorded: [Write] { state.withLock(\.recorded) }
    var recordedCount: Int { state.withLock(\.recorded.count) }
    var readsUnderWay: Int { state.withLock(\.readsUnderWay) }

    func perform(_ write: Write, completion: @escaping @Sendable (WriteOutcome) -> Void) {
        switch write.operation {
        case .read(let anchor), .confirmAbsence(let anchor, _), .confirmEmpty(let anchor, _), .readMembers(let anchor):
            if let entry = state.withLock({ $0.imagined[anchor] }) { return completion(.done(entry)) }
            read(write, completion)
        case .readBelow(let anchor), .readGroups(let anchor):
            if state.withLock({ $0.imagined[anchor] }) != nil { return completion(.found([])) }
            read(write, completion)
        case .readStamps(let anchor, _):
            // Nobody but us has touched what we have only imagined.
            if let entry = state.withLock({ $0.imagined[anchor] }) { return completion(.stamped(entry, [])) }
            read(write, completion)
        case .readName:
            read(write, completion)
        case .add, .rename:
            if imagines { imagine(write, completion) } else { keep(write, completion) }
        case .modify, .delete, .editValues:
            keep(write, completion)
        }
    }

    private func imagine(_ write: Write, _ completion: @escaping @Sendable (WriteOutcome) -> Void) {
        switch write.operation {
        case .add(let name, let objectClasses, let attributes):
            guard let entry = imagine(write, name, objectClasses, attributes) else {
                return keep(write, completion)
            }
            completion(.done(entry))
        case .rename(let anchor, _, _, let newName):
            rename(write, anchor, to: newName, completion)
        default:
            keep(write, completion)
        }
    }

    /// Answers what was recorded, as not done, so that the engine's loop can end.
    func abandon() {
        let unanswered = state.withLock { state in
            defer { state.unanswered = [] }
            return state.unanswered
        }
        for completion in unanswered { completion(.unavailable) }
    }

    private func keep(_ write: Write, _ completion: @escaping @Sendable (WriteOutcome) -> Void) {
        state.withLock { state in
            state.recorded.append(write)
            state.unanswered.append(completion)
        }
    }

    /// The entry as it would stand; nil where the object would not take it in, since then the add would be asked for again and again.
    private func imagine(
        _ write: Write,
        _ name: DistinguishedName,
        _ objectClasses: [String],
        _ attributes: Attributes
    ) -> EntrySnapshot? {
        var attributes = attributes
        attributes["objectclass"] = PlanWriter.withSuperiors(objectClasses).map { Octets($0) }
        let mapping = mappings.first { $0.specification.name == write.object }
        guard case .inScope? = mapping?.standing(side, name: name, attributes: attributes) else {
            return nil
        }
        return state.withLock { state in
            state.recorded.append(write)
            // No server makes a UUID that is nothing but a small number.
            let anchor = Anchor(high: 0, low: state.nextAnchor)
            state.nextAnchor += 1
            let entry = EntrySnapshot(
                anchor: anchor,
                name: name,
                attributes: attributes,
                version: .unordered
            )
            state.imagined[anchor] = entry
            return entry
        }
    }

    /// The entry is read as it is, and told as it would be.
    private func rename(
        _ write: Write,
        _ anchor: Anchor,
        to newName: DistinguishedName,
        _ completion: @escaping @Sendable (WriteOutcome) -> Void
    ) {
        // A second one in one plan would be the first again.
        guard state.withLock({ $0.renamed.insert(write.pair).inserted }) else { return keep(write, completion) }
        var reading = write
        reading.operation = .read(anchor)
        state.withLock { $0.readsUnderWay += 1 }
        real.perform(reading) { [self] outcome in
            if case .done(var entry) = outcome, let rdn = newName.leaf {
                state.withLock { $0.recorded.append(write) }
                let attribute = CaseFolding.lowercaseName(rdn.type)
                let old = entry.name.leaf?.value
                entry.attributes[attribute] = entry.attributes[attribute].filter { $0 != old } + [rdn.value]
                entry.name = newName
                entry.version = .unordered
                completion(.done(entry))
            } else {
                keep(write, completion)
            }
            state.withLock { $0.readsUnderWay -= 1 }
        }
    }

    /// Servers add the superiors of a class, and filters ask for them.
    static func withSuperiors(_ classes: [String]) -> [String] {
        var all: [String] = []
        for name in classes {
            let superiors: [String] =
                switch CaseFolding.lowercaseName(name) {
                case "groupofnames", "groupofuniquenames", "posixgroup", "groupofmembers": ["top"]
                case "user", "inetorgperson": ["top", "person", "organizationalPerson"]
                case "organizationalperson": ["top", "person"]
                default: ["top"]
                }
            for name in superiors + [name] where !all.contains(name) { all.append(name) }
        }
        return all
    }

    private func read(_ write: Write, _ completion: @escaping @Sendable (WriteOutcome) -> Void) {
        state.withLock { $0.readsUnderWay += 1 }
        real.perform(write) { [self] outcome in
            completion(outcome)
            state.withLock { $0.readsUnderWay -= 1 }
        }
    }

    func close() async { await real.close() }
}
