import Support
import SyncModel

/// Where everything stands on each side, judged from the two directories alone.
extension World {
    /// The names from an entry up to the base, without case.
    func path(of anchor: Anchor, _ side: Side) -> [Octets] {
        let names = directories[side].name(of: anchor)?.relative(to: WorldMapping.base(side)) ?? []
        return names.map(\.normalized)
    }

    /// Both trees have the same containers.
    func checkContainers() {
        guard hasUnits, !hasExiles else { return }
        let found = PerSide(
            ad: Set(containers(.ad).map { path(of: $0, .ad) }),
            miniorange: Set(containers(.miniorange).map { path(of: $0, .miniorange) })
        )
        for side in Side.allCases {
            let here = found[side].subtracting(found[side.opposite])
            for path in here.sorted(by: { $0.lexicographicallyPrecedes($1) }) where !isHeld(path, side) {
                fail("\(path.map(\.lossyText).joined(separator: ",")) is only at \(side.name)")
            }
        }
    }

    /// A container that was deleted on the other side stays while something stands in it that has nothing to do with the other side.
    private func isHeld(_ path: [Octets], _ side: Side) -> Bool {
        (persons(side) + groups(side)).contains { entry in
            guard self.path(of: entry.anchor, side).suffix(path.count).elementsEqual(path),
                let id = id(of: entry.anchor, side)
            else { return false }
            if options.groups?.hasEntries == false && side == .ad && entry.attributes["objectclass"].contains("group") {
                return true
            }
            let counterparts = (persons(side.opposite) + groups(side.opposite)).filter {
                self.id(of: $0.anchor, side.opposite) == id
            }
            return counterparts.contains { !isInScope($0.anchor, side.opposite) }
        }
    }
}
