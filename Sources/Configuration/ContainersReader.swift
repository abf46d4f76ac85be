import SyncModel

/// Reads an object's table of container pairs.
struct ContainersReader {
    /// The object.
    let section: Section
    /// The object's own; a root where it is not known.
    let bases: PerSide<DistinguishedName>

    func read() -> [PerSide<DistinguishedName>] {
        guard let value = section["containers"], let items = value.asList() else { return [] }
        if items.isEmpty {
            value.report("`\(value.path)` is empty", remedy: "remove it, or name a pair of containers")
        }
        var lines = PerSide<[Octets: Int]>(both: [:])
        return items.compactMap { item in
            guard let pair = item.asSection() else { return nil }
            let ad = readName(.ad, pair, &lines.ad)
            let miniorange = readName(.miniorange, pair, &lines.miniorange)
            guard let ad, let miniorange else { return nil }
            return PerSide(ad: ad, miniorange: miniorange)
        }
    }

    private func readName(_ side: Side, _ pair: Section, _ lines: inout [Octets: Int]) -> DistinguishedName? {
        guard let value = pair.require(side.name), let name = value.asDistinguishedName() else { return nil }
        let base = bases[side]
        if !base.isRoot, !name.isEqualOrDescendant(of: base) {
            value.report(
                "`\(value.path)`: `\(name)` is not below the object's `\(side.name).base`",
                remedy: "write a container that ends in `\(base)`"
            )
        }
        if let line = lines[name.normalized] {
            value.report(
                "`\(value.path)`: `\(name)` has its counterpart already, on line \(line)",
                remedy: "keep one pair for each container"
            )
        } else {
            lines[name.normalized] = value.position.line
        }
        return name
    }
}
