import Support
import SyncEngine
import SyncModel

/// What people and other programs do to the two directories.
extension World {
    private enum Act {
        case create, createOnBoth, write, add, remove, account, refer, rename, renameAccount, move, delete
        case grow, renameContainer, moveContainer, deleteContainer, deleteSeveral, deleteReferred
        case createGroup, createGroupOnBoth, renameGroup, moveGroup, deleteGroup
        case addMember, removeMember, changeMembersOnBoth, primaryGroup, unwelcome

        /// Acts on a person who is there.
        var isPersonal: Bool {
            switch self {
            case .write, .add, .remove, .account, .refer, .rename, .renameAccount, .move, .delete: true
            default: false
            }
        }
    }

    func makeContainers() throws {
        for side in Side.allCases {
            let directory = directories[side]
            let type = side == .ad ? "OU" : "ou"
            func make(_ name: String, below parent: Anchor) throws -> Anchor {
                try directory.add(
                    below: parent,
                    RelativeDistinguishedName(type: type, value: Octets(name)),
                    ["objectclass": ["top", "organizationalUnit"], "ou": [Octets(name)]]
                ).get()
            }
            let people = try make(side == .ad ? "People" : "people", below: directory.top)
            _ = try make(side == .ad ? "Elsewhere" : "elsewhere", below: directory.top)
            let north = try make("North", below: people)
            _ = try make("South", below: people)
            _ = try make("Coast", below: north)
            if options.groups != nil { try makeStrangers(side) }
        }
    }

    func persons(_ side: Side) -> [SimulatedDirectory.Entry] {
        directories[side].sorted.filter { !$0.attributes[WorldMapping.person].isEmpty }
    }

    private func nextAct() -> Act {
        var personal: [(Int, Act)] = [
            (10, .create), (3, .createOnBoth), (25, .write), (8, .add), (6, .remove), (5, .account), (8, .refer),
            (5, .rename), (4, .renameAccount), (5, .move), (6, .delete), (3, .grow), (2, .renameContainer),
        ]
        if options.isFull { personal.append((4, .deleteReferred)) }
        if options.deletesTogether { personal += [(8, .deleteSeveral), (4, .deleteContainer)] }
        guard options.groups != nil else { return random.pick(weighted: personal) }
        return random.pick(weighted: [
            (10, .create), (2, .createOnBoth), (5, .write), (2, .refer), (2, .rename), (4, .renameAccount),
            (5, .move), (6, .delete), (2, .grow), (2, .renameContainer), (2, .moveContainer), (2, .deleteContainer),
            (6, .createGroup), (2, .createGroupOnBoth), (3, .renameGroup), (3, .moveGroup), (3, .deleteGroup),
            (30, .addMember), (12, .removeMember), (8, .changeMembersOnBoth), (3, .primaryGroup), (1, .unwelcome),
        ])
    }

    func someoneActs() {
        let side: Side = random.chance(50) ? .ad : .miniorange
        let act = nextAct()
        if act == .create || persons(side).isEmpty { return create(on: [side]) }
        if act.isPersonal {
            guard let entry = random.pick(persons(side)), let person = entry.attributes[WorldMapping.person].first
            else { return }
            return change(entry, person, side, act)
        }
        switch act {
        case .createOnBoth: create(on: Side.allCases)
        case .grow: grow(side)
        case .renameContainer: renameContainer(side)
        case .moveContainer: moveContainer(side)
        case .deleteContainer: deleteContainer(side)
        case .deleteSeveral: deleteSeveral(side)
        case .deleteReferred: deleteReferred(side)
        case .createGroup: createGroup(on: [side])
        case .createGroupOnBoth: createGroup(on: Side.allCases)
        case .renameGroup: renameGroup(side)
        case .moveGroup: moveGroup(side)
        case .deleteGroup: deleteGroup(side)
        case .addMember: changeMember(side, isAdded: true)
        case .removeMember: changeMember(side, isAdded: false)
        case .changeMembersOnBoth: changeMembersOnBoth()
        case .primaryGroup: if includesPrimaryGroup { changePrimaryGroup() }
        case .unwelcome: makeUnwelcome()
        default: break
        }
    }

    private func change(_ entry: SimulatedDirectory.Entry, _ person: Octets, _ side: Side, _ act: Act) {
        if hasAnothersAccount(entry, side), act != .delete, act != .renameAccount { return }
        switch act {
        case .write: writeRegister(entry, person, side)
        case .add: addValue(entry, person, side)
        case .remove: removeValue(entry, person, side)
        case .account: toggleAccount(entry, person, side)
        case .refer: refer(entry, person, side)
        case .rename: rename(entry, person, side)
        case .renameAccount: renameAccount(entry, person, side)
        case .move: move(entry, person, side)
        case .delete: delete(entry, person, side)
        default: break
        }
    }

    /// Whether a server that was set back has an entry by an account that another one was given since. Where it tells only when an entry was changed last, whatever is changed
    /// there makes the account count, and two want it, which only a person can mend.
    private func hasAnothersAccount(_ entry: SimulatedDirectory.Entry, _ side: Side) -> Bool {
        guard isRestoredLately[side], !directories[side].tellsAttributeStamps,
            let account = account(of: entry, side)
        else { return false }
        return persons(side.opposite).contains { other in
            self.account(of: other, side.opposite) == account
                && other.attributes[WorldMapping.person] != entry.attributes[WorldMapping.person]
        }
    }

    private func delete(_ entry: SimulatedDirectory.Entry, _ person: Octets, _ side: Side) {
        guard !history.swapping.contains(person), directories[side].delete(entry.anchor) == nil else { return }
        history.deleted(person, side, account: account(of: entry, side), place: place(of: entry, side))
        memberships.becameUnsteady(person)
        note("user deletes \(person.lossyText) at \(side.name)")
    }

    func place(of entry: SimulatedDirectory.Entry, _ side: Side) -> [Octets]? {
        entry.parent.map { path(of: $0, side).map(\.caseFolded) }
    }

    func account(of entry: SimulatedDirectory.Entry, _ side: Side) -> Octets? {
        entry.attributes[WorldMapping.attribute("samaccountname", side)].first
    }

    /// Somebody whom others name is deleted on one side, and changed on the other, which brings him back.
    private func deleteReferred(_ side: Side) {
        let everyone = persons(side)
        let named = everyone.filter { entry in
            let reference = Reference.entry(entry.anchor).octets
            return everyone.contains { other in
                other.anchor != entry.anchor
                    && (other.attributes["manager"] + other.attributes["seealso"]).contains(reference)
            }
        }
        guard let entry = random.pick(named), let person = entry.attributes[WorldMapping.person].first,
            let other = persons(side.opposite).first(where: { $0.attributes[WorldMapping.person] == [person] })
        else { return }
        writeRegister(other, person, side.opposite)
        delete(entry, person, side)
    }

    /// As a script does that cleans up: some people at once.
    private func deleteSeveral(_ side: Side) {
        for _ in 0..<2 + random.below(3) {
            guard let entry = random.pick(persons(side)), let person = entry.attributes[WorldMapping.person].first
            else { return }
            delete(entry, person, side)
        }
    }

    /// People whom no configuration takes in.
    private func makeStrangers(_ side: Side) throws {
        guard let place = elsewhere(side) else { return }
        for name in ["Stranger", "Foreigner"] {
            let account = Octets("\(name.lowercased())\(side.rawValue)")
            var attributes: Attributes = ["cn": [Octets(name)], "sn": [Octets(name)]]
            attributes["objectclass"] = side == .ad ? ["top", "person", "user"] : ["inetOrgPerson"]
            attributes[WorldMapping.attribute("samaccountname", side)] = [account]
            let rdn =
                side == .ad
                ? RelativeDistinguishedName(type: "CN", value: Octets(name))
                : RelativeDistinguishedName(type: "uid", value: account)
            strangers[side].insert(try directories[side].add(below: place, rdn, attributes).get())
        }
    }

    func fresh(_ prefix: String) -> Octets { Octets("\(prefix)\(history.nextNumber())") }

    private static let commonNames = ["Ann Lee", "Bo Ek", "Cy Ray"]

    private func commonName() -> Octets {
        random.chance(30) ? Octets(random.pick(Self.commonNames) ?? "") : fresh("Name ")
    }

    private func create(on sides: [Side]) {
        let person = fresh("P")
        let account = fresh("acct")
        // The four containers that both sides have from the start, unless they can go; elsewhere the two would be different people.
        let place = options.groups == nil && !options.deletesTogether ? random.below(4) : 0
        for side in sides {
            guard let container = sides.count > 1 ? containers(side)[place] : random.pick(containers(side)) else {
                continue
            }
            create(person, account, on: side, below: container)
        }
    }

    func create(_ person: Octets, _ account: Octets, on side: Side, below container: Anchor) {
        let name = commonName()
        var attributes: Attributes = [WorldMapping.person: [person], "cn": [name]]
        attributes["objectclass"] =
            side == .ad ? ["top", "person", "organizationalPerson", "user"] : ["inetOrgPerson"]
        attributes[WorldMapping.attribute("samaccountname", side)] = [account]
        if side == .ad { attributes["useraccountcontrol"] = ["512"] } else { attributes["sn"] = [fresh("sn")] }
        if random.chance(60) { attributes["displayname"] = [fresh("d")] }
        if random.chance(40) { attributes["mail"] = [Octets("m\(history.nextNumber())@syncline.test")] }
        if random.chance(30) { attributes[WorldMapping.set] = [fresh("b"), fresh("b")] }
        let rdn =
            side == .ad
            ? RelativeDistinguishedName(type: "CN", value: name)
            : RelativeDistinguishedName(type: "uid", value: account)
        guard case .success = directories[side].add(below: container, rdn, attributes) else { return }
        history.created(person, side)
        for item in attributes.items
        where WorldMapping.registers.contains(item.name) || item.name == WorldMapping.set {
            for value in item.values {
                history.wrote(person, side, item.name, value, item.name == WorldMapping.set ? .added : .replacedAll)
            }
        }
        history.wrote(person, side, "cn", name)
        history.wrote(person, side, "samaccountname", account)
        note("user creates \(person.lossyText) at \(side.name) \(describe(attributes))")
    }

    private func change(
        _ entry: SimulatedDirectory.Entry,
        _ person: Octets,
        _ side: Side,
        _ attribute: String,
        _ values: [Octets]
    ) -> Bool {
        guard directories[side].modify(entry.anchor, [(attribute, values)]) == nil else { return false }
        note("user sets \(attribute) of \(person.lossyText) at \(side.name) to \(describe(values))")
        return true
    }

    /// A user writes something of whoever may be written to.
    func touch(_ entry: SimulatedDirectory.Entry, _ side: Side) {
        guard let person = entry.attributes[WorldMapping.person].first, !hasAnothersAccount(entry, side) else { return }
        writeRegister(entry, person, side)
    }

    private func writeRegister(_ entry: SimulatedDirectory.Entry, _ person: Octets, _ side: Side) {
        guard let attribute = random.pick(WorldMapping.registers) else { return }
        if random.chance(20) {
            guard !entry.attributes[attribute].isEmpty, change(entry, person, side, attribute, []) else { return }
            history.wrote(person, side, attribute, nil)
            return
        }
        var value = fresh(String(attribute.prefix(2)))
        if attribute == "mail" { value = Octets("\(value.lossyText)@syncline.test") }
        if attribute == "title" && side == .miniorange && random.chance(10) { value = fresh("!") }
        guard change(entry, person, side, attribute, [value]) else { return }
        history.wrote(person, side, attribute, value)
    }

    /// One more value of an attribute that can hold several on this side.
    private func addValue(_ entry: SimulatedDirectory.Entry, _ person: Octets, _ side: Side) {
        let attribute =
            side == .ad ? WorldMapping.set : random.pick([WorldMapping.set, "telephonenumber", "mail"]) ?? ""
        let value = attribute == "mail" ? Octets("x\(history.nextNumber())@syncline.test") : fresh("a")
        guard change(entry, person, side, attribute, entry.attributes[attribute] + [value]) else { return }
        history.wrote(person, side, attribute, value, .added)
    }

    private func removeValue(_ entry: SimulatedDirectory.Entry, _ person: Octets, _ side: Side) {
        let attribute =
            side == .ad ? WorldMapping.set : random.pick([WorldMapping.set, "telephonenumber", "mail"]) ?? ""
        let values = entry.attributes[attribute]
        guard let value = random.pick(values),
            change(entry, person, side, attribute, values.filter { $0 != value })
        else { return }
        history.wrote(person, side, attribute, nil, .removed(value))
    }

    private func toggleAccount(_ entry: SimulatedDirectory.Entry, _ person: Octets, _ side: Side) {
        let isDone =
            if side == .ad {
                change(
                    entry,
                    person,
                    side,
                    "useraccountcontrol",
                    [entry.attributes["useraccountcontrol"] == ["512"] ? "514" : "512"]
                )
            } else {
                change(
                    entry,
                    person,
                    side,
                    "pwdaccountlockedtime",
                    entry.attributes["pwdaccountlockedtime"].isEmpty ? ["000001010000Z"] : []
                )
            }
        if isDone { history.wrote(person, side, "account", nil) }
    }

    private func refer(_ entry: SimulatedDirectory.Entry, _ person: Octets, _ side: Side) {
        let attribute = random.pick(["manager", "seealso"]) ?? ""
        guard let target = random.pick(persons(side)) else { return }
        let reference = Reference.entry(target.anchor).octets
        let values: [Octets] =
            if random.chance(20) {
                []
            } else if attribute == "seealso" {
                entry.attributes[attribute].filter { $0 != reference } + [reference]
            } else {
                [reference]
            }
        guard directories[side].modify(entry.anchor, [(attribute, values)]) == nil else { return }
        note("user sets \(attribute) of \(person.lossyText) at \(side.name), \(values.count) with \(target.anchor.low)")
        history.wrote(person, side, attribute, nil)
    }

    private func rename(_ entry: SimulatedDirectory.Entry, _ person: Octets, _ side: Side) {
        guard side == .miniorange || isSettled(entry, person, side) else { return }
        let name = fresh("Name ")
        if side == .ad {
            let rdn = RelativeDistinguishedName(type: "CN", value: name)
            guard let parent = entry.parent,
                directories[side].rename(entry.anchor, below: parent, rdn) == nil
            else { return }
            note("user renames \(person.lossyText) at ad to \(name.lossyText)")
        } else {
            guard change(entry, person, side, "cn", [name]) else { return }
        }
        history.wrote(person, side, "cn", name)
    }

    private func renameAccount(_ entry: SimulatedDirectory.Entry, _ person: Octets, _ side: Side) {
        guard isSettled(entry, person, side), !history.swapping.contains(person) else { return }
        guard !options.isFull || !history.isBack(person) else { return }
        let account = fresh("acct")
        if side == .ad {
            guard change(entry, person, side, "samaccountname", [account]) else { return }
        } else {
            let rdn = RelativeDistinguishedName(type: "uid", value: account)
            guard let parent = entry.parent, directories[side].rename(entry.anchor, below: parent, rdn) == nil else {
                return
            }
            note("user renames \(person.lossyText) at miniorange to \(account.lossyText)")
        }
        history.wrote(person, side, "samaccountname", account)
        // A uid that was listed just now may have reached nobody before its owner got another. Where the feed has no order it may be told after that.
        let isTooLate =
            side == .miniorange && memberships.isMoving(person) || feeds.miniorange.way == .plainSynchronisation
        if options.groups == .memberUid && isTooLate { memberships.becameUnsteady(person) }
    }

    /// Before two entries are one pair, another name or place would make the one another person in everyone's eyes. So it would between the add of an
    /// entry and the lost answer.
    private func isSettled(_ entry: SimulatedDirectory.Entry, _ person: Octets, _ side: Side) -> Bool {
        if settledEntries[side].contains(entry.anchor) { return true }
        return history.people[person]?.creations.map(\.side) == [side]
            && history.people[person]?.deletes.isEmpty == true
    }

    private func move(_ entry: SimulatedDirectory.Entry, _ person: Octets, _ side: Side) {
        guard isSettled(entry, person, side), !history.swapping.contains(person) else { return }
        guard !options.isFull || !history.isBack(person) else { return }
        var targets = containers(side)
        if random.chance(15), let elsewhere = elsewhere(side) { targets = [elsewhere] }
        let wasInScope = isInScope(entry.anchor, side)
        guard let target = random.pick(targets), directories[side].rename(entry.anchor, below: target, entry.rdn) == nil
        else { return }
        if targets.count == 1 || !wasInScope { memberships.becameUnsteady(person) }
        resting[side].remove(entry.anchor)
        note("user moves \(person.lossyText) at \(side.name) below \(target.low)")
        history.wrote(person, side, targets.count == 1 ? "@elsewhere" : "@parent", nil)
    }

    /// What the other server will not take is mended, as its owner would when told.
    func mendRefusedValues() {
        for entry in persons(.miniorange)
        where entry.attributes["title"].contains(where: { $0.bytes.first == UInt8(ascii: "!") }) {
            guard let person = entry.attributes[WorldMapping.person].first else { continue }
            let value = fresh("ti")
            if change(entry, person, .miniorange, "title", [value]) {
                history.wrote(person, .miniorange, "title", value)
            }
        }
    }
}
