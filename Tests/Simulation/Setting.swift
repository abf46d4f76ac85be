import Mapping
import SyncModel

/// What administrators change in the configuration of a world while it runs.
struct Setting: Hashable, Sendable {
    /// AD's name of an attribute that is not kept in agreement for now.
    var leftOut: String?
    /// Whether people with an account that ends in 7 are left out at AD.
    var isNarrow = false
    /// Of people.
    var direction = Direction.both
    var conflict = ConflictRule.newest

    static let narrowEnding = UInt8(ascii: "7")

    var filter: String {
        isNarrow ? "(&(objectClass=user)(!(sAMAccountName=*7)))" : "(objectClass=user)"
    }

    /// Stands for what decides which entries and attributes are kept in agreement, as the product's digest does.
    var mapping: Octets {
        let parts = ["simulated", leftOut.map { "without \($0)" }, isNarrow ? "narrow" : nil, Self.name(direction)]
        return Octets(parts.compactMap(\.self).joined(separator: ", "))
    }

    /// Stands for the rules by which conflicts are settled.
    var conflicts: Octets { conflict == .newest ? Octets([]) : Octets("\(conflict)") }

    var text: String { "\(mapping.lossyText), conflicts by \(conflict)" }

    private static func name(_ direction: Direction) -> String? {
        switch direction {
        case .both: nil
        case .toAD: "to ad"
        case .toMiniOrange: "to miniorange"
        }
    }

    /// The side whose changes count for nothing.
    var deafTo: Side? {
        switch direction {
        case .both: nil
        case .toAD: .ad
        case .toMiniOrange: .miniorange
        }
    }
}
