import Support
import SyncModel

/// What administrators do to the tree.
extension World {
    /// Containers that may hold people, in the order of anchors.
    func containers(_ side: Side) -> [Anchor] {
        directories[side].sorted.filter { entry in
            guard entry.attributes["objectclass"].contains("organizationalUnit"),
                let name = directories[side].name(of: entry.anchor)
            else { return false }
            return name.isEqualOrDescendant(of: WorldMapping.base(side))
        }.map(\.anchor)
    }

    /// A new container on one side.
    func grow(_ side: Side) {
        guard let parent = random.pick(containers(side)) else { return }
        let name = fresh("Area ")
        guard case .success(let anchor) = addContainer(name, below: parent, side) else { return }
        note("user makes \(name.lossyText) at \(side.name) below \(parent.low): \(anchor.low)")
    }

    func addContainer(
        _ name: Octets,
        below parent: Anchor,
        _ side: Side
    ) -> Result<Anchor, SimulatedRefusal> {
        directories[side].add(
            below: parent,
            RelativeDistinguishedName(type: side == .ad ? "OU" : "ou", value: name),
            ["objectclass": ["top", "organizationalUnit"], "ou": [name]]
        )
    }

    func renameContainer(_ side: Side) {
        guard let anchor = settledContainer(side), let parent = directories[side].entries[anchor]?.parent else {
            return
        }
        let name = fresh("Area ")
        let rdn = RelativeDistinguishedName(type: side == .ad ? "OU" : "ou", value: name)
        guard directories[side].rename(anchor, below: parent, rdn) == nil else { return }
        note("user renames container \(anchor.low) at \(side.name) to \(name.lossyText)")
    }

    /// With everything in it, of which no feed tells.
    func moveContainer(_ side: Side) {
        if options.hasExile && random.chance(40) { return moveAcrossScope(side) }
        guard options.groups != nil, let anchor = settledContainer(side),
            let rdn = directories[side].entries[anchor]?.rdn,
            let target = random.pick(containers(side)),
            directories[side].rename(anchor, below: target, rdn) == nil
        else { return }
        note("user moves container \(anchor.low) at \(side.name) below \(target.low)")
    }

    /// Out of the scope, or back into it.
    private func moveAcrossScope(_ side: Side) {
        move(random.pick(exiles(side)), side)
    }

    var hasExiles: Bool { Side.allCases.contains { !exiles($0).isEmpty } }

    func bringExilesHome() {
        for side in Side.allCases {
            for exile in exiles(side) { move(exile, side) }
        }
    }

    private func move(_ exile: Anchor?, _ side: Side) {
        guard let elsewhere = elsewhere(side), exile != nil || history.swapping.isEmpty else { return }
        guard let anchor = exile ?? settledContainer(side), let rdn = directories[side].entries[anchor]?.rdn,
            let target = exile == nil ? elsewhere : random.pick(containers(side)),
            directories[side].rename(anchor, below: target, rdn) == nil, let top = directories[side].name(of: anchor)
        else { return }
        note("user moves container \(anchor.low) at \(side.name) \(exile == nil ? "out of" : "into") the scope")
        for entry in directories[side].sorted {
            guard let name = directories[side].name(of: entry.anchor), name.isEqualOrDescendant(of: top) else {
                continue
            }
            resting[side].remove(entry.anchor)
            if let id = id(of: entry.anchor, side) { memberships.becameUnsteady(id) }
            if let person = entry.attributes[WorldMapping.person].first {
                history.wrote(person, side, "@elsewhere", nil)
            }
        }
    }

    /// Containers that were moved out of the scope. Nothing tells which of the other side's they are.
    func exiles(_ side: Side) -> [Anchor] {
        let place = elsewhere(side)
        return directories[side].sorted.filter {
            $0.parent == place && $0.attributes["objectclass"].contains("organizationalUnit")
        }.map(\.anchor)
    }

    /// An empty one, or one with all that is in it.
    func deleteContainer(_ side: Side) {
        guard options.groups != nil || options.deletesTogether, let anchor = settledContainer(side),
            let top = directories[side].name(of: anchor)
        else { return }
        let content = directories[side].sorted.filter { entry in
            directories[side].name(of: entry.anchor)?.isDescendant(of: top) ?? false
        }
        guard content.count < 4,
            content.allSatisfy({ $0.attributes[WorldMapping.person].allSatisfy { !history.swapping.contains($0) } })
        else { return }
        let deepestFirst = content.map(\.anchor).sorted { one, other in
            let depths = [one, other].map { directories[side].name(of: $0)?.rdns.count ?? 0 }
            return (depths[1], one) < (depths[0], other)
        }
        for entry in deepestFirst + [anchor] { deleteForGood(entry, side) }
        note("user deletes container \(anchor.low) at \(side.name) with \(content.count) entries")
    }

    private func deleteForGood(_ anchor: Anchor, _ side: Side) {
        let entry = directories[side].entries[anchor]
        let id = id(of: anchor, side)
        guard directories[side].delete(anchor) == nil else { return }
        if let person = entry?.attributes[WorldMapping.person].first {
            history.deleted(
                person,
                side,
                account: entry.flatMap { account(of: $0, side) },
                place: entry.flatMap { place(of: $0, side) }
            )
            memberships.becameUnsteady(person)
        } else if entry?.attributes["objectclass"].contains("organizationalUnit") == true {
            memberships.deletedContainer(side)
        } else if let id {
            memberships.deletedGroup(id)
        }
    }

    private func settledContainer(_ side: Side) -> Anchor? {
        guard hasUnits, let anchor = random.pick(Array(containers(side).dropFirst())),
            settledEntries[side].contains(anchor)
        else { return nil }
        return anchor
    }

    /// Where the engine does not make containers, an administrator makes those that one side lacks.
    func mendContainers() {
        guard !hasUnits else { return }
        for side in Side.allCases {
            for anchor in containers(side) {
                guard let name = directories[side].name(of: anchor), let leaf = name.leaf,
                    let path = name.relative(to: WorldMapping.base(side)), !path.isEmpty
                else { continue }
                let other = side.opposite
                var parent = WorldMapping.base(other)
                for rdn in path.dropFirst().reversed() { parent = parent.child(rdn) }
                guard let below = directories[other].anchor(named: parent) else { continue }
                _ = addContainer(leaf.value, below: below, other)
            }
        }
    }
}
