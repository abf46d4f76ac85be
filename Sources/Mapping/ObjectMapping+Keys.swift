package import SyncModel

extension ObjectMapping {
    /// The first octet of the keys by which commands find entries; match rules are numbered below it.
    static let commandKeyPrefix: UInt8 = 0xFF

    /// What an entry is found by, sorted: for each match rule its number and the value without case and with single spaces; for commands 0xFF and
    /// the names that people use.
    package func keys(_ side: Side, _ attributes: Attributes) -> [Octets] {
        var keys: Set<Octets> = []
        for (number, match) in specification.match.enumerated() {
            let name = CaseFolding.lowercaseName(side == .ad ? match.ad : match.miniorange)
            for value in attributes[name] {
                if let key = Self.key(UInt8(number), value) { keys.insert(key) }
            }
        }
        for name in side == .ad ? Self.commandNamesAtAD : Self.commandNamesAtMiniOrange {
            for value in attributes[name] {
                if let key = Self.key(Self.commandKeyPrefix, value) { keys.insert(key) }
            }
        }
        for linkKey in specification.links[side].keys {
            for value in attributes[linkKey.attribute] {
                if let key = linkKey.key(ofEntryWith: value) { keys.insert(key) }
            }
        }
        return keys.sorted()
    }

    /// The key by which a command finds the entries with this name.
    package static func commandKey(_ text: String) -> Octets {
        Octets([commandKeyPrefix] + CaseFolding.fold(Array(text.utf8)))
    }

    private static let commandNamesAtAD = ["samaccountname", "mail", "cn"]
    private static let commandNamesAtMiniOrange = ["uid", "mail", "cn"]

    private static func key(_ number: UInt8, _ value: Octets) -> Octets? {
        let folded = CaseFolding.fold(value.bytes)
        // A value of nothing but spaces names no one.
        guard !folded.isEmpty, folded != [0x20] else { return nil }
        return Octets([number] + folded)
    }
}
